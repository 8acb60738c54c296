"""`octoplan resume`: clear what `octoplan halt` set."""

import click

from octoplan.cli.console import Console
from octoplan.cli.halt import campaign as of_campaign
from octoplan.cli.options import common
from octoplan.cli.session import open_session


@click.command(name="resume", short_help="Let what was halted go on.")
@of_campaign
@common
@click.pass_obj
def command(console: Console, campaign: str | None) -> None:
    """Let an environment, or one campaign, go on that was halted. It sends nothing: the next apply does."""
    session = open_session(console, sending=True)
    with session.state(writable=True) as state:
        named = "" if campaign is None else session.held_as(state, campaign)
        was_set = state.store.resume(named)
        left = state.store.halts()
    what = f"{named} in {session.environment.name}" if named else session.environment.name
    said = f"Resumed {what}: the next apply sends what is left." if was_set else f"{what} was not halted."
    console.done(said, campaign=named or None, was_halted=was_set, halted=[one.campaign or None for one in left])
    for one in left:
        console.talk(f"Still halted: {one.said}")
