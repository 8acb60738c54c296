"""Counts of a campaign → what an apply would do with it, and why: the one place that chooses. Pure."""

from collections.abc import Sequence

from octoplan.durations import moment
from octoplan.plan import Action, Standing, Wait


def decide(
    *, recipients: int, standing: Standing, known: bool, blocked: Sequence[str], waits: Sequence[Wait] = ()
) -> tuple[Action, str]:
    """Counts of a campaign that is not closed → its action and the reason. `known`: this edition was applied before."""
    if blocked:
        return Action.BLOCKED, blocked[0]
    if recipients and sum(wait.people for wait in waits) >= recipients:
        return Action.WAITING, _waiting(waits)
    if not recipients:
        if standing.open or standing.unknown:
            return Action.NOTHING, "nobody new; some outcomes are not known"
        return Action.NOTHING, "everybody has had it"
    if known and (standing.sent or standing.open or standing.unknown or standing.refused):
        return Action.EXTEND, "people who joined since"
    return Action.SEND, "not sent yet"


def decide_over(decided: tuple[Action, str], capped: int, held_back: Sequence[Wait]) -> tuple[Action, str]:
    """What was decided of a campaign → the same, unless nothing is left of it but who is over a cap."""
    if decided[0] is not Action.NOTHING or not (capped or held_back):
        return decided
    if held_back:
        return Action.WAITING, _waiting(held_back)
    return Action.NOTHING, f"nobody new; {capped:,} {'person is' if capped == 1 else 'people are'} over a cap"


def _waiting(waits: Sequence[Wait]) -> str:
    """Waits of everybody who is left → until when the first of them waits, and why."""
    known = sorted((wait.until, wait.why) for wait in waits if wait.until is not None)
    if not known:
        return f"waiting: {waits[0].why}"
    until, why = known[0]
    return f"waiting until {moment(until)}: {why}"
