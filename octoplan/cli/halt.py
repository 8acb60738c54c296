"""`octoplan halt`: begin nothing more, from whichever machine, also while an apply runs."""

import os
from typing import TYPE_CHECKING

import click

from octoplan.cli.console import Console, legible
from octoplan.cli.options import common
from octoplan.cli.session import Session, open_session

if TYPE_CHECKING:
    from octoplan.state.interface import InFlight

campaign = click.option("--campaign", metavar="NAME", help="Only this campaign; the others go on.")


@click.command(name="halt", short_help="Begin nothing more.")
@campaign
@click.option("--why", default="", metavar="TEXT", help="Said to whoever finds it halted; kept in the state.")
@common
@click.pass_obj
def command(console: Console, campaign: str | None, why: str) -> None:
    """Begin nothing more in an environment, or of one campaign. `octoplan resume` lets it go on.

    It waits for nobody: a run on this or another machine ends what is in flight, begins nothing, and stops.
    """
    from octoplan.report.safe import words  # noqa: PLC0415 - loaded when called
    from octoplan.state.interface import Halted  # noqa: PLC0415

    session = open_session(console, sending=True)
    with session.state(writable=True) as state:
        named = "" if campaign is None else session.held_as(state, campaign)
        flag = Halted(campaign=named, who=_who(console), at=console.clock.now(), why=words(why))
        found = state.store.halt(flag)
    facts = {"campaign": named or None, "is_new": found.is_new, "frames": found.frames, "people": found.people}
    console.done(_said(session, found), **facts)
    more = f" --campaign {named}" if named else ""
    console.talk(f"Go on with: octoplan resume{more} --env {session.environment.name}")


def _who(console: Console) -> str:
    return f"{console.user} on {legible(os.uname().nodename)}"


def _said(session: Session, found: "InFlight") -> str:
    from octoplan.report.lines import people, several  # noqa: PLC0415 - loaded when called

    name, campaign = session.environment.name, found.halted.campaign
    what = f"{campaign} in {name}" if campaign else name
    begun = f"Halted {what}" if found.is_new else f"{what} was halted already, by {found.halted.who}"
    flying = (
        f"in flight, and all that can still leave: {several(found.frames, 'frame')}, {people(found.people)}"
        if found.frames
        else "nothing is in flight"
    )
    return f"{begun}: nothing more is begun; {flying}."
