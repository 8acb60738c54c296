"""`octoplan why`: whether one person gets a campaign, by which rule, and what was sent to them; or all of them."""

from contextlib import nullcontext

import click

from octoplan.cli.addresses import read_address, read_person
from octoplan.cli.console import Console
from octoplan.cli.options import common
from octoplan.cli.session import open_session
from octoplan.errors import UsageError


@click.command(name="why", short_help="Say whether one person gets a campaign, and why.")
@click.argument("campaign", required=False)
@click.option("--all", "everything", is_flag=True, help="Say all that the state has of this person, in any campaign.")
@common
@click.pass_obj
def command(console: Console, campaign: str | None, *, everything: bool) -> None:
    """Say whether one person gets a campaign, by which rule, and what was sent to them.

    Their phone number or e-mail address is read from stdin, one line: an argument would stay in the shell's history.
    """
    if everything == (campaign is not None):
        raise UsageError("why takes a campaign, or --all", hint="echo +33... | octoplan why CAMPAIGN")
    if campaign is None:
        _all(console)
    else:
        _one(console, campaign)


def _one(console: Console, campaign: str) -> None:
    from octoplan.pipeline import finding  # noqa: PLC0415 - loaded when called
    from octoplan.report import reason  # noqa: PLC0415

    session = open_session(console)
    (found,) = session.campaigns((campaign,))
    with session.state() if session.has_state else nullcontext() as state:
        asked = finding.Asked(
            project=session.project.without_stdin(),
            campaign=found,
            environment=session.environment,
            state=state,
            open_table=session.table,
            now=console.clock.now(),
        )
        wanted = found.address_field.replace("_", " ")
        address = read_address(console, wanted, "echo +33... | octoplan why CAMPAIGN")
        with console.progress() as say:
            say("reading contacts")
            answer = finding.why(asked, address)
    if console.wanted.json:
        console.data(reason.json_answer(answer))
    else:
        console.lines(reason.text_answer(answer))


def _all(console: Console) -> None:
    from octoplan.report import access  # noqa: PLC0415 - loaded when called

    session = open_session(console)
    session.check_state()
    with session.state() as state:
        address, person = read_person(console, state.keys.person)
        found = state.store.everything(person)
    if console.wanted.json:
        console.data(access.json_everything(address, found))
    else:
        console.lines(access.text_everything(address, found))
