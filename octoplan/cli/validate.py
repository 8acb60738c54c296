"""`octoplan validate`: everything that needs no network."""

import click

from octoplan.cli.console import Console
from octoplan.cli.options import common, target
from octoplan.cli.session import open_session


@click.command(name="validate", short_help="Check everything that needs no network.")
@target
@common
@click.pass_obj
def command(console: Console, targets: tuple[str, ...]) -> None:
    """Check everything that needs no network: YAML, schema, templates, audience, parts."""
    from octoplan.pipeline.checking import check  # noqa: PLC0415 - loaded when called
    from octoplan.report import found  # noqa: PLC0415

    session = open_session(console)
    campaigns = session.campaigns(targets)
    with console.progress() as say:
        say("checking campaigns")
        people = check(session.project, campaigns, session.table, console.clock.now())
    if console.wanted.json:
        console.data(found.json_validated(len(campaigns), people))
    else:
        console.lines(found.validated(len(campaigns), people))
