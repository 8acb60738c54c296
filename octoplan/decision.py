"""Counts of a campaign → what an apply would do with it, and why: the one place that chooses. Pure."""

from collections.abc import Mapping, Sequence

from octoplan.durations import moment
from octoplan.plan import Action, Standing, Wait


def decide(
    *, recipients: int, standing: Standing, reached: int, blocked: Sequence[str], waits: Sequence[Wait] = ()
) -> tuple[Action, str]:
    """Counts of a campaign that is not closed → its action and the reason.

    `reached`: who has had this edition, or may have, or was refused it, in the audience or in it no more.
    """
    if blocked:
        return Action.BLOCKED, blocked[0]
    if recipients and sum(wait.people for wait in waits) >= recipients:
        return Action.WAITING, _waiting(waits)
    if not recipients:
        if standing.open or standing.unknown:
            return Action.NOTHING, "nobody new; some outcomes are not known"
        return Action.NOTHING, "nobody new" if standing.refused else "everybody has had it"
    if reached:
        return Action.EXTEND, "people who joined since"
    return Action.SEND, "not sent yet"


def decide_left_out(
    decided: tuple[Action, str], left_out: Mapping[str, int], held_back: Sequence[Wait], *, sent: int
) -> tuple[Action, str]:
    """What was decided of a campaign → the same, unless nothing is left of it but who is left out, or waits for a cap.

    `left_out`: how many people get nothing of this edition, by what is said of one of them; `sent`: how many have it.
    """
    if decided[0] is not Action.NOTHING or not (any(left_out.values()) or held_back):
        return decided
    if held_back:
        return Action.WAITING, _waiting(held_back)
    said = (
        f"{number:,} {'person is' if number == 1 else 'people are'} {why}" for why, number in left_out.items() if number
    )
    return Action.NOTHING, f"{'nobody new' if sent else 'nobody has had it'}; {', '.join(said)}"


def _waiting(waits: Sequence[Wait]) -> str:
    """Waits of everybody who is left → until when the first of them waits, and why."""
    known = sorted((wait.until, wait.why) for wait in waits if wait.until is not None)
    if not known:
        return f"waiting: {waits[0].why}"
    until, why = known[0]
    return f"waiting until {moment(until)}: {why}"
