"""A frame's moments, as a state keeps them → whether it may be sent, and who is left waiting for theirs."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from octoplan.apply.age import LOCAL, Clocks, judges
from octoplan.apply.events import Waiting
from octoplan.plan import Step
from octoplan.state.interface import FrameRecord
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


def is_waiting(frame: FrameRecord, now: datetime) -> bool:
    """Whether a frame that was not begun has to wait, about now by this machine's clock."""
    return bool(why_outside(frame.opens, Clocks(local=now), begins=True))


def waiting(
    steps: Iterable[Step], planned: Iterable[FrameRecord], due: Mapping[str, int], now: Clocks
) -> Iterator[Waiting]:
    """The steps of a plan, and frames that its run left planned → who has to wait, until when.

    `due`: the wave of a campaign that was sent; who is in a later one waits for that, which is said elsewhere.
    """
    for step in steps:
        for wait in (*(step.waits if step.sends and not step.is_due else ()), *step.held_back):
            name = step.held_as or step.campaign
            yield Waiting(campaign=name, recipients=wait.people, until=wait.until, why=wait.why)
    here = [frame for frame in planned if frame.wave <= due.get(frame.campaign, frame.wave)]
    people: Counter[tuple[str, datetime | None]] = Counter()
    unsure: dict[str, tuple[int, str]] = {}
    for frame in here:
        if is_waiting(frame, now.local):
            people[frame.campaign, parse(frame.opens).first_from(now.local + CLOSING)] += frame.size
        elif why := why_outside(frame.opens, now, begins=True):
            unsure[frame.campaign] = unsure.get(frame.campaign, (0,))[0] + frame.size, why
    for (campaign, until), count in people.items():
        yield Waiting(campaign=campaign, recipients=count, until=until, why="outside the window")
    for campaign, (count, why) in unsure.items():
        yield Waiting(campaign=campaign, recipients=count, until=None, why=why, is_unsure=True)
