"""A frame's moments, as a state keeps them → whether it may be sent, and who is left waiting for theirs."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

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


def why_outside(text: str, now: datetime) -> str:
    """Moments, as a state keeps them → why nothing may be sent now; blank where it may."""
    opens = parse(text)
    if opens.holds(now):
        return ""
    until = opens.first_from(now)
    return f"outside its window until {until:%Y-%m-%d %H:%M} UTC" if until else "outside its window"


def is_waiting(frame: FrameRecord, now: datetime) -> bool:
    """Whether a frame that was not begun has to wait, about now."""
    return bool(why_outside(frame.opens, now) or why_outside(frame.opens, now + CLOSING))


def waiting(
    steps: Iterable[Step], planned: Iterable[FrameRecord], due: Mapping[str, int], now: datetime
) -> Iterator[Waiting]:
    """The steps of a plan, and frames that its run left planned → who has to wait, until when.

    `due`: the wave of a campaign that was sent; who is in a later one waits for that, which is said elsewhere.
    """
    for step in steps:
        for wait in (*(step.waits if step.sends and not step.is_due else ()), *step.held_back):
            name = step.held_as or step.campaign
            yield Waiting(campaign=name, recipients=wait.people, until=wait.until, why=wait.why)
    people: dict[tuple[str, datetime | None], int] = {}
    for frame in planned:
        if is_waiting(frame, now) and frame.wave <= due.get(frame.campaign, frame.wave):
            key = frame.campaign, parse(frame.opens).first_from(now + CLOSING)
            people[key] = people.get(key, 0) + frame.size
    for (campaign, until), count in people.items():
        yield Waiting(campaign=campaign, recipients=count, until=until, why="outside the window")
