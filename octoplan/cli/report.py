"""`octoplan report`: the variants of a campaign, compared."""

import click

from octoplan.cli.console import Console
from octoplan.cli.options import agreed, common
from octoplan.cli.session import open_session
from octoplan.errors import UsageError


@click.command(name="report", short_help="Compare the variants of a campaign.")
@click.argument("campaign")
@click.option("--edition", type=click.IntRange(1), help="Which edition.  [default: the one applied last]")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="How to say it.",
)
@common
@click.pass_obj
def command(console: Console, campaign: str, edition: int | None, form: str) -> None:
    """Compare the variants of a campaign: sent, delivered, opted out, replies, with 95 % confidence.

    CAMPAIGN is called as in the project, or as the state knows it.
    """
    from octoplan.pipeline.comparing import compare  # noqa: PLC0415 - loaded when called
    from octoplan.report import variants  # noqa: PLC0415

    console.wanted.json = agreed(console, form) == "json"
    session = open_session(console)
    session.check_state()
    with session.state() as state:
        named = session.held_as(state, campaign)
        record = next((record for record in state.store.campaigns() if record.name == named), None)
        if record is None:
            raise UsageError(f"the state knows no campaign {named!r}", hint="octoplan state list")
        found = compare(state.store, named, edition or record.edition)
    if console.wanted.json:
        console.data(variants.json_variants(found))
    elif form == "markdown":
        console.document(variants.markdown_variants(found))
    else:
        console.lines(variants.text_variants(found))
