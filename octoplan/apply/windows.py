"""A frame's moments, as a state keeps them → whether it may be sent, and who is left waiting for theirs."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from octoplan.apply.age import LOCAL, Clocks, judges
from octoplan.apply.events import Event, Stopped, Waiting
from octoplan.plan import Step
from octoplan.state.interface import FrameRecord
from octoplan.windows.moments import AHEAD
from octoplan.windows.opens import Opens

CLOSING: Final = timedelta(minutes=1)
"""How long before its window closes a frame is not begun any more: what is begun should have an answer by then."""


@lru_cache(maxsize=4096)
def parse(text: str) -> Opens:
    """Moments, as a state keeps them → the same."""
    return Opens.parse(text)


def why_outside(text: str, now: Clocks, *, begins: bool = False) -> str:
    """Moments, as a state keeps them, and what clocks say → why nothing may be sent now; blank where it may.

    Where clocks differ it may be sent only if it may by each of them. `begins`: it is not begun right before the end.
    """
    opens = parse(text)
    if opens.is_always:
        return ""
    ahead = CLOSING if begins else timedelta()
    closed = {
        name: moment
        for name, moment in judges(now).items()
        if not (opens.holds(moment) and opens.holds(moment + ahead))
    }
    if not closed:
        return ""
    if LOCAL in closed:
        until = opens.first_from(now.local + ahead)
        return f"outside its window until {until:%Y-%m-%d %H:%M} UTC" if until else "outside its window"
    name, moment = next(iter(closed.items()))
    said = f"it is {moment:%Y-%m-%d %H:%M} UTC by {name}, which is outside its window"
    return f"clocks differ: {said}, and {now.local:%Y-%m-%d %H:%M} by {LOCAL}; set them right"


def is_in_time(frame: FrameRecord, at: datetime) -> bool:
    """Whether a frame that was not begun may be begun before its `not_after`, from a moment on."""
    if frame.not_after is None:
        return True
    opens = parse(frame.opens)
    first = at if opens.is_always else opens.first_from(at + CLOSING)
    return (first or at + AHEAD) <= frame.not_after


def is_waiting(frame: FrameRecord, now: datetime) -> bool:
    """Whether a frame that was not begun has to wait, about now by this machine's clock, and its time is to come."""
    return _is_outside(frame, now) and is_in_time(frame, now)


def _is_outside(frame: FrameRecord, now: datetime) -> bool:
    return bool(why_outside(frame.opens, Clocks(local=now), begins=True))


def too_late(people: int) -> str:
    """So many people whose time comes only after `not_after` → what is said of them."""
    return f"{people:,} {'person' if people == 1 else 'people'} cannot be sent to before not_after any more"


def left_out(planned: Iterable[FrameRecord], told: Iterable[Event], now: datetime) -> Iterator[FrameRecord]:
    """Frames that a run left planned, and what it told → those that wait for nothing, or for a moment too late."""
    later = _later(told)
    for frame in planned:
        wave = _behind(frame, later)
        if not (is_waiting(frame, now) if wave is None else is_in_time(frame, max(now, wave.until or now))):
            yield frame


def waiting(
    steps: Iterable[Step], planned: Iterable[FrameRecord], told: Iterable[Event], now: Clocks
) -> Iterator[Stopped | Waiting]:
    """The steps of a plan, frames that its run left planned, what it told → who has to wait, until when.

    Who waits for the waves before is named in `told`. Whose window opens only after `not_after` does not wait, and is
    told of as stopped.
    """
    for step in steps:
        for wait in (*(step.waits if step.sends and not step.is_due else ()), *step.held_back):
            name = step.held_as or step.campaign
            yield Waiting(campaign=name, recipients=wait.people, until=wait.until, why=wait.why)
    later = _later(told)
    left = [frame for frame in planned if _behind(frame, later) is None]
    yield from _outside(left, now.local)
    yield from _unsure(left, now)


def _outside(left: Iterable[FrameRecord], now: datetime) -> Iterator[Stopped | Waiting]:
    people: Counter[tuple[str, datetime | None]] = Counter()
    late: Counter[str] = Counter()
    for frame in left:
        if is_waiting(frame, now):
            people[frame.campaign, parse(frame.opens).first_from(now + CLOSING)] += frame.size
        elif _is_outside(frame, now):
            late[frame.campaign] += frame.size
    for (campaign, until), count in people.items():
        yield Waiting(campaign=campaign, recipients=count, until=until, why="outside the window")
    for campaign, count in late.items():
        yield Stopped(campaign=campaign, why=too_late(count))


def _unsure(left: Iterable[FrameRecord], now: Clocks) -> Iterator[Waiting]:
    """Whom this machine's clock alone would send to."""
    unsure: dict[str, tuple[int, str]] = {}
    for frame in left:
        if not _is_outside(frame, now.local) and (why := why_outside(frame.opens, now, begins=True)):
            unsure[frame.campaign] = unsure.get(frame.campaign, (0,))[0] + frame.size, why
    for campaign, (count, why) in unsure.items():
        yield Waiting(campaign=campaign, recipients=count, until=None, why=why, is_unsure=True)


def _later(told: Iterable[Event]) -> Mapping[str, Waiting]:
    """What a run told → campaign → the first of its waves that waits for those before it."""
    return {event.campaign: event for event in told if isinstance(event, Waiting) and event.wave}


def _behind(frame: FrameRecord, later: Mapping[str, Waiting]) -> Waiting | None:
    """What was told of the wave that a frame waits for, if it waits for one."""
    found = later.get(frame.campaign)
    return found if found is not None and frame.wave >= found.wave else None
