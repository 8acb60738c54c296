"""When a frame was first attempted, and whether anybody can tell how long ago: what a run asks of its clocks."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from octoplan.apply.age import Clocks, doubt, lead
from octoplan.apply.pace import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Dates:
    """The clocks of a run. `read`: what each of them says now; `then`: what they said when nothing was open.

    `start` and `since`: what the local clock said when the run began, less what it had gained, and how many seconds
    the machine had run then. Both may be asked by several threads.
    """

    read: Callable[[], Clocks]
    then: Clocks | None
    clock: Clock
    start: datetime
    since: float

    @classmethod
    def of(cls, clock: Clock, read: Callable[[], Clocks], then: Clocks | None, now: Clocks) -> Self:
        """What clocks said then and say now, at the beginning of a run → its Dates."""
        return cls(read=read, then=then, clock=clock, start=now.local - lead(then, now), since=clock.monotonic())

    def now(self) -> datetime:
        """The time by what passed since the run began, which no clock that is set moves: it dates what is begun."""
        return self.start + timedelta(seconds=self.clock.monotonic() - self.since)

    def doubt(self, first_attempt: datetime | None, not_after: datetime | None) -> str:
        """A first attempt → why nobody can tell how long ago it was; blank where that is clear, or past `not_after`.

        It asks all clocks, which may take seconds.
        """
        if first_attempt is None or (not_after is not None and self.clock.now() > not_after):
            return ""
        return doubt(first_attempt, self.then, self.read())
