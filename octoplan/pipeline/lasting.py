"""Steps and their drafts → the same with when they would end, and blocked where people cannot be reached in time."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from octoplan.pipeline.course import Course
from octoplan.pipeline.drafts import Draft
from octoplan.plan import Action, Step
from octoplan.windows.lasting import Ended, Load, estimate_rate, lasting
from octoplan.windows.moments import AHEAD
from octoplan.windows.opens import Opens

_LONG = timedelta(days=3_650)
_SHORT = timedelta(minutes=1)


def with_ends(steps: Sequence[Step], drafts: Sequence[Draft], course: Course) -> tuple[Step, ...]:
    """Steps in the order in which they are sent → with `ends`, and `blocked` for those who are late for `not_after`.

    Only what is known blocks: the rate that the environment allows and windows, never how long an answer takes.
    """
    by_name = {draft.campaign.name: draft for draft in drafts}
    sending = [step for step in steps if step.sends and step.recipients]  # whoever only waits for a cap needs no time
    loads = [list(_loads(step, by_name[step.campaign])) for step in sending]
    every = [load for some in loads for load in some]
    environment = course.environment
    surely = iter(lasting(every, course.now, environment.requests_per_second))
    rate = estimate_rate(environment.requests_per_second, environment.max_in_flight)
    about = iter(lasting(every, course.now, rate))
    found: dict[str, Step] = {}
    for step, some in zip(sending, loads, strict=True):
        late = sum(next(surely).late for _ in some)
        found[step.campaign] = _late(replace(step, ends=_latest([next(about) for _ in some], course.now)), late)
    return tuple(found.get(step.campaign, step) for step in steps)


def _loads(step: Step, draft: Draft) -> Iterator[Load]:
    """A draft's lots → their requests; those of a campaign that waits begin then.

    Where windows are not known until `not_after`, nobody knows who is late for it.
    """
    from_then = _waits_for_all(step, draft)
    requests = draft.messages.framing.by_lot() if len(draft.lots) > 1 else {0: draft.requests}
    lots = [(lot.number, lot.people) for lot in draft.lots] or [(0, draft.recipients)]
    for number, people in lots:
        opens = draft.opens(number)
        not_after = draft.campaign.not_after if opens.is_always else _known(draft)
        yield Load(requests=requests[number], people=people, opens=opens.within(from_then), not_after=not_after)


def _known(draft: Draft) -> datetime | None:
    """The `not_after` of a draft with windows, if these are known until then."""
    last, windows = draft.campaign.not_after, draft.windows
    return last if last is not None and windows is not None and last - windows.at <= AHEAD else None


def _waits_for_all(step: Step, draft: Draft) -> Opens:
    """A campaign with a `send_at` that everybody has to wait for → when that is over."""
    until = step.waits[0].until if step.waits and draft.campaign.send_at is not None else None
    return Opens() if until is None else Opens(((until, until + _LONG),))


def _latest(ended: Sequence[Ended], now: datetime) -> datetime | None:
    """When loads end → the last of them; None where nobody knows, and where it is not worth a word."""
    moments = [one.at for one in ended if one.at is not None]
    known = len(moments) == len(ended) and moments
    return max(moments) if known and max(moments) - now > _SHORT else None


def _late(step: Step, late: int) -> Step:
    if not late:
        return step
    people = f"{late:,} {'person' if late == 1 else 'people'}"
    why = f"{people} cannot be sent to before not_after, at this rate and in their windows"
    return replace(step, action=Action.BLOCKED, reason=why, blocked=(*step.blocked, why))
