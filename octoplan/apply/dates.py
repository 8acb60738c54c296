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

    `gained`: by how much the local clock had gained on another when the run began; what they `said` then, and `since`:
    how many seconds the machine had run. All of it may be asked by several threads.
    """

    read: Callable[[], Clocks]
    then: Clocks | None
    clock: Clock
    gained: timedelta
    said: Clocks
    since: float

    @classmethod
    def of(cls, clock: Clock, read: Callable[[], Clocks], then: Clocks | None, now: Clocks) -> Self:
        """What clocks said then and say now, at the beginning of a run → its Dates."""
        gained, since = lead(then, now), clock.monotonic()
        return cls(read=read, then=then, clock=clock, gained=gained, said=now, since=since)

    def now(self) -> datetime:
        """What dates whatever is begun: the earlier of what the clock says, and of what passed since the run began."""
        return min(self.clock.now(), self.said.local + self._passed) - self.gained

    @property
    def told(self) -> Clocks:
        """What each clock says now: this machine's is asked, the others have gone on since as the machine ran."""
        others = {name: moment + self._passed for name, moment in self.said.said.items()}
        return Clocks(**{**others, "local": self.clock.now()})

    @property
    def _passed(self) -> timedelta:
        return timedelta(seconds=self.clock.monotonic() - self.since)

    def doubt(self, first_attempt: datetime | None, not_after: datetime | None) -> str:
        """A first attempt → why nobody can tell how long ago it was; blank where that is clear, or past `not_after`.

        It asks all clocks, which may take seconds.
        """
        if first_attempt is None or (not_after is not None and self.clock.now() > not_after):
            return ""
        return doubt(first_attempt, self.then, self.read())
