"""A draft → who of its people may not be sent to yet, until when, and why: each guard rail says so here.

People are counted once: of several reasons the one counts that lasts longest.
"""

from collections.abc import Iterator
from datetime import datetime

from octoplan import durations
from octoplan.pipeline.course import Course
from octoplan.pipeline.drafts import Draft
from octoplan.plan import Wait
from octoplan.table.lots import Lot

Reason = tuple[datetime | None, str]
"""Until when, None where that cannot be told, and why."""


def waits(draft: Draft, course: Course) -> tuple[Wait, ...]:
    """A draft → its Waits, those that end first before the others."""
    ahead = _ahead(draft, course)
    if ahead is not None:
        return (Wait(people=draft.recipients, until=ahead[0], why=ahead[1]),)
    if draft.windows is None:
        return draft.waves.waits if draft.waves is not None else ()
    found: dict[Reason, int] = {}
    for lot in draft.lots:
        reasons = sorted(_reasons(draft, lot), key=_order)
        if reasons:
            found[reasons[-1]] = found.get(reasons[-1], 0) + lot.people
    return tuple(Wait(people=found[reason], until=reason[0], why=reason[1]) for reason in sorted(found, key=_order))


def waits_of(draft: Draft, course: Course, person: int) -> tuple[Wait, ...]:
    """One person of a draft → all that they wait for beside their window; nothing where they have no message in it."""
    number = draft.messages.framing.lot_of(person) if draft.recipients else None
    if number is None:
        return ()
    found = [ahead] if (ahead := _ahead(draft, course)) is not None else []
    found += [reason for lot in draft.lots if lot.number == number for reason in _by_wave(draft, lot)]
    return tuple(Wait(people=1, until=until, why=why) for until, why in found)


def _reasons(draft: Draft, lot: Lot) -> Iterator[Reason]:
    yield from _by_wave(draft, lot)
    window = draft.windows.wait(lot) if draft.windows is not None else None
    if window is not None:
        yield window


def _by_wave(draft: Draft, lot: Lot) -> Iterator[Reason]:
    if draft.waves is not None and lot.wave != draft.waves.due:
        pending = [number for number in sorted(draft.waves.left) if number != draft.waves.due]
        wait = draft.waves.waits[pending.index(lot.wave)]
        yield wait.until, wait.why


def _ahead(draft: Draft, course: Course) -> Reason | None:
    """A `send_at` further away than `max_ahead` of the campaign, or else of the environment."""
    most, send_at = draft.campaign.max_ahead or course.environment.max_ahead, draft.campaign.send_at
    if most is None or send_at is None or send_at - course.now <= most:
        return None
    return send_at - most, f"send_at is further away than max_ahead ({durations.write(most)})"


def _order(reason: Reason) -> tuple[bool, float, str]:
    until, why = reason
    return until is None, until.timestamp() if until is not None else 0.0, why
