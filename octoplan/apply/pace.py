"""When the next request may leave: at most so many a second, over all threads."""

import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from octoplan.state.records import owner


class Clock(Protocol):
    """Time as the composition root gives it."""

    def now(self) -> datetime:
        """The wall clock, with its zone."""

    def monotonic(self) -> float:
        """Seconds that only grow."""


class Stop:
    """Why a run must not begin anything new. Set once and for all; waiting on it is how a run sleeps.

    `halted`: somebody set a flag that stops all or some of it.
    """

    def __init__(self) -> None:
        self._event = threading.Event()
        self._guard = threading.Lock()
        self.interrupted = False
        self.account = False
        self.halted = False
        self.reasons: list[str] = []
        self.campaigns: set[str] = set()

    def interrupt(self) -> None:
        """The person wants an end: finish what is in flight, begin nothing."""
        self.interrupted = True
        self._event.set()

    def run(self, why: str, *, account: bool = False) -> None:
        """The whole run ends for this reason; `account`: the gateway refused account or credentials."""
        with self._guard:
            self.account = self.account or account
            if why not in self.reasons:
                self.reasons.append(why)
        self._event.set()

    def campaign(self, name: str) -> bool:
        """Nothing more of this campaign, nor of its seeds; whether that is news."""
        with self._guard:
            known = owner(name) in self.campaigns
            self.campaigns.add(owner(name))
        return not known

    @property
    def is_set(self) -> bool:
        """Whether the run is to end."""
        return self._event.is_set()

    def holds(self, campaign: str) -> bool:
        """Whether nothing more of this campaign may begin."""
        return self.is_set or owner(campaign) in self.campaigns

    def wait(self, seconds: float) -> bool:
        """Sleep so long, or until the run is to end; whether it is."""
        return self._event.wait(max(seconds, 0.0))


class Streak:
    """How many frames in a row were refused for their campaign's sake, over all threads."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._length = 0

    def grow(self) -> int:
        """One more was refused; how many in a row that makes."""
        with self._guard:
            self._length += 1
            return self._length

    def end(self) -> None:
        """One was accepted."""
        with self._guard:
            self._length = 0


@dataclass(slots=True)
class _Slot:
    at: float = 0.0


class Pace:
    """Hands out moments `1/per_second` apart; None: as fast as it goes."""

    def __init__(self, per_second: float | None, clock: Clock) -> None:
        self._gap = 1.0 / per_second if per_second else 0.0
        self._clock = clock
        self._guard = threading.Lock()
        self._next = _Slot()

    def wait(self, stop: Stop) -> bool:
        """Sleep until it is our turn; False if the run is to end meanwhile."""
        if not self._gap:
            return not stop.is_set
        with self._guard:
            turn = max(self._next.at, self._clock.monotonic())
            self._next.at = turn + self._gap
        return not stop.wait(turn - self._clock.monotonic())
