"""Counts and money → the last lines, which scripts may rely on word for word, and how values are written everywhere."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import TYPE_CHECKING

from octoplan.errors import Problem
from octoplan.report.safe import plain, words

if TYPE_CHECKING:
    from octoplan.apply.events import Event, FrameDone
    from octoplan.plan import Cost, Plan
    from octoplan.report.survey import CampaignStanding

_CENT = Decimal("0.01")
_ROOM = 60


def loosened_line(drawn: "Plan") -> str:
    """A plan → what is allowed now that was not at the last apply: the first thing to be read; blank if nothing is."""
    return f"Loosened since the last apply: {'; '.join(map(words, drawn.loosened))}" if drawn.loosened else ""


def plan_line(plan: "Plan") -> str:
    """A plan → `Plan: 2 to send, 1 to extend, 4 unchanged.`; blocked and removed steps are none of the three.

    What has to wait stands behind them, where there is any: `4 unchanged, 1 waiting.`
    """
    from octoplan.plan import Action  # noqa: PLC0415 - problems are reported without loading it

    actions = [step.action for step in plan.steps]
    unchanged = actions.count(Action.NOTHING) + actions.count(Action.CLOSED)
    waiting = actions.count(Action.WAITING)
    also = f", {count(waiting)} waiting" if waiting else ""
    return (
        f"Plan: {count(actions.count(Action.SEND))} to send, {count(actions.count(Action.EXTEND))} to extend, "
        f"{count(unchanged)} unchanged{also}."
    )


def sends_line(plan: "Plan") -> str:
    """A plan → the line that begins with `Sends:`, people, requests, parts and money over all campaigns."""
    stops = opted_out(plan)
    also = f"; {count(stops)} opted out" if stops else ""
    return (
        f"Sends: {count(plan.recipients)} recipients in {count(plan.requests)} requests, {count(plan.parts)} parts, "
        f"{estimated(plan.cost)}; {count(suppressed(plan))} suppressed; {count(already_sent(plan))} already sent{also}"
        f"{_held_out(plan)}{_over(plan)}."
    )


def opted_out(plan: "Plan") -> int:
    """A plan → people left out since they have said STOP, over all campaigns whose audience was read."""
    return sum(step.counts.opted_out for step in plan.steps if step.counts is not None)


def _held_out(plan: "Plan") -> str:
    """Who is held out; blank where nobody is."""
    held = sum(step.held_out for step in plan.steps)
    return f"; {count(held)} held out" if held else ""


def _over(plan: "Plan") -> str:
    """Who is over a cap, left out or waiting; blank where nobody is."""
    over = sum(step.capped + sum(wait.people for wait in step.held_back) for step in plan.steps)
    return f"; {count(over)} over a cap" if over else ""


def suppressed(plan: "Plan") -> int:
    """A plan → people left out by a suppression, over all campaigns whose audience was read."""
    return sum(step.counts.suppressed for step in plan.steps if step.counts is not None)


def already_sent(plan: "Plan") -> int:
    """A plan → people who have had their message."""
    return sum(step.standing.sent for step in plan.steps)


def applied_line(events: Iterable["Event"]) -> str:
    """What an apply told → `Applied: 4,812 sent, 0 refused, 0 open, 0 unknown.`, in people.

    A frame counts by the last that was said of it; a split one lives on in its parts, a planned one was not begun.
    Who has to wait stands behind them, and who said STOP meanwhile: `0 unknown, 30 waiting, 1 opted out.` Last, how
    many messages the seeds of campaigns got, and what else became of these: `0 unknown, 4 to own staff.`
    """
    from octoplan.apply.events import FrameDone, Waiting  # noqa: PLC0415 - loads all that sends
    from octoplan.state.records import is_seed  # noqa: PLC0415

    events = tuple(events)
    done = {event.frame: event for event in events if isinstance(event, FrameDone)}
    last = {frame: event for frame, event in done.items() if not is_seed(event.campaign)}
    people = dict.fromkeys(("sent", "refused", "open", "unknown"), 0)
    for event in last.values():
        if event.status in people:
            people[event.status] += event.recipients
    waiting = sum(event.recipients for event in events if isinstance(event, Waiting))
    opted_out = sum(event.recipients for event in last.values() if event.status == "opted_out")
    also = {"waiting": waiting, "opted out": opted_out}
    people |= {status: number for status, number in also.items() if number}
    people |= _own_staff(event for frame, event in done.items() if frame not in last)
    return f"Applied: {', '.join(f'{count(number)} {status}' for status, number in people.items())}."


def _own_staff(done: "Iterable[FrameDone]") -> dict[str, int]:
    """What became of frames for the seeds of campaigns → numbers by their words, those that are none left out."""
    names = {"sent": "to own staff"} | {one: f"to own staff {one}" for one in ("refused", "open", "unknown")}
    found = dict.fromkeys(names, 0)
    for event in done:
        if event.status in found:
            found[event.status] += event.recipients
    return {names[status]: number for status, number in found.items() if number}


def valid_line(campaigns: int, recipients: int) -> str:
    """Counts → the line `Valid: 4 campaigns, 8,120 people.` of a project without Problems."""
    return f"Valid: {count(campaigns)} campaigns, {count(recipients)} people."


def problems_line(problems: Sequence[Problem]) -> str:
    """Problems → the line `3 problems in 2 files; nothing was sent.` below them; warnings beside them count alone."""
    files = len({problem.place.file for problem in problems})
    warnings = sum(problem.severity == "warning" for problem in problems)
    also = f" and {several(warnings, 'warning')}" if warnings else ""
    return f"{several(len(problems) - warnings, 'problem')}{also} in {several(files, 'file')}; nothing was sent."


def warnings_line(warnings: Sequence[Problem]) -> str:
    """Warnings → the line `2 warnings in 1 file.` below them, where nothing else is wrong."""
    files = len({warning.place.file for warning in warnings})
    return f"{several(len(warnings), 'warning')} in {several(files, 'file')}."


def status_line(standings: Sequence["CampaignStanding"]) -> str:
    """The campaigns of a state → `Status: 4,812 sent, 0 refused, 0 open, 0 unknown.`, in people."""
    return (
        f"Status: {count(sum(one.sent for one in standings))} sent, "
        f"{count(sum(one.refused for one in standings))} refused, "
        f"{count(sum(one.open for one in standings))} open, "
        f"{count(sum(one.unknown for one in standings))} unknown."
    )


def count(number: int) -> str:
    """A whole number → with thousands separators."""
    return f"{number:,}"


def several(number: int, noun: str) -> str:
    """A number and a noun → `1 request`, `2 requests`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def people(number: int) -> str:
    """A number of people → `1 person`, `2 people`."""
    return f"{number:,} {'person' if number == 1 else 'people'}"


def money(amount: Decimal) -> str:
    """An amount → two decimals, half up, with thousands separators."""
    with localcontext() as context:
        context.prec = _ROOM
        return f"{amount.quantize(_CENT, rounding=ROUND_HALF_UP):,}"


def estimated(cost: "Cost") -> str:
    """A cost → `est. 2,336.85 EUR`, or `cost unknown`."""
    return "cost unknown" if cost.amount is None else f"est. {money(cost.amount)} {plain(cost.currency)}"


def span(length: timedelta) -> str:
    """A length of time → `3 d`, `22 h 10 min` or `5 min`, never negative."""
    minutes = max(int(length.total_seconds()) // 60, 0)
    if minutes >= 48 * 60:
        return f"{minutes // 1440} d"
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"  # noqa: PLR2004 - minutes of an hour
