"""`octoplan state prune`: the people of campaigns that are long over go; their numbers stay."""

from typing import TYPE_CHECKING, Any

import click

from octoplan import durations
from octoplan.cli.console import Console
from octoplan.cli.options import common
from octoplan.cli.session import Session, open_session
from octoplan.errors import UsageError

if TYPE_CHECKING:
    from octoplan.pruning import Prunable
    from octoplan.state.home import State


@click.command(name="prune")
@click.option("--older-than", default="400d", show_default=True, metavar="LENGTH", help="Since the last that happened.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@common
@click.pass_obj
def command(console: Console, older_than: str, *, yes: bool) -> None:
    """Remove the people of closed campaigns from the state; how many there were stays, and so does what was sent.

    A campaign whose people are gone is never sent again in that edition.
    """
    try:
        age = durations.parse(older_than)
    except ValueError as error:
        raise UsageError(f"--older-than {older_than}: {error}", hint="such as 400d") from None
    session = open_session(console, sending=True)
    session.check_state()
    with session.state(writable=True) as state, state.store.lock() as epoch:
        judged = _judge(session, state, age)
        wanted = [one for one in judged if not one.kept and one.people]
        _tell(console, judged)
        if wanted and not yes:
            people = sum(one.people for one in wanted)
            console.confirm(f"Remove {people:,} messages' people, of {len(wanted)} campaigns, for good")
        gone = sum(state.store.prune(epoch, one.name, _note(console, state, one.name)) for one in wanted)
        if wanted:
            state.store.scrub()
    console.done(
        f"Pruned: {gone:,} messages of {len(wanted)} campaigns lost their people.", messages=gone, campaigns=len(wanted)
    )
    console.exit_code = 9 if any(one.is_doubtful for one in judged) else 0


def _judge(session: Session, state: "State", age: Any) -> "list[Prunable]":
    from octoplan import pruning  # noqa: PLC0415 - loaded when called

    terms = pruning.Terms(
        older_than=age,
        now=session.console.clock.now(),
        caps=session.project.caps,
        campaigns=session.campaigns(),
    )
    return [
        pruning.judge(
            record,
            state.store.frames(campaign=record.name),
            sum(state.store.key_total(record.name, edition)[0] for edition in state.store.editions(record.name)),
            terms,
        )
        for record in state.store.campaigns()
    ]


def _note(console: Console, state: "State", campaign: str) -> dict[str, Any]:
    """What is said of a campaign from now on: when its people went, and how they had taken it."""
    told = {
        str(edition): {"delivered": one.delivered, "failed": one.failed, "optouts": one.optouts, "replies": one.replies}
        for (name, edition), one in state.store.responses().items()
        if name == campaign
    }
    return {"at": console.clock.now().isoformat(), "told": told}


def _tell(console: Console, judged: "list[Prunable]") -> None:
    from octoplan.report.lines import several  # noqa: PLC0415 - loaded when called
    from octoplan.report.safe import plain  # noqa: PLC0415

    for one in judged:
        if one.people:
            console.talk(f"{plain(one.name)}: {several(one.people, 'message')}, {one.kept or 'to be pruned'}")
