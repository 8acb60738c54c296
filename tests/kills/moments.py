"""A moment in a process's life, and the ambush that waits for it there."""

import random
import signal
import threading
import time
from dataclasses import dataclass
from typing import Final

from tests.conftest import PATIENCE
from tests.kills.forks import Process
from tests.kills.sandbox import Counted, Phase, Served

SILENT: Final = 1.2
"""Seconds after the last request in which whoever is alive is waiting to try again: a moment like any other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """So many `seconds` after the start, or after the request of this `number` from now has come to this `phase`."""

    seconds: float
    phase: Phase | None = None
    number: int = 0


def draw(chance: random.Random, usual: float) -> Moment:
    """Draw a moment: most of them at a request, or a little after it; else in the `usual` seconds of a life."""
    if chance.random() < 0.4:
        return Moment(seconds=usual * chance.random())
    late = chance.choice((0.0, 0.0, chance.uniform(0.0, 0.02)))
    phase: Phase = chance.choice(("arrives", "is answered"))
    return Moment(seconds=late, phase=phase, number=chance.choice((1, 1, 2, 3, 5, 8)))


def draw_early(chance: random.Random) -> Moment:
    """Draw a moment at one of the first requests, of which one asks what time it is."""
    return Moment(seconds=0.0, phase="arrives", number=chance.choice((2, 2, 3, 4)))


def is_silent(process: Process, counted: Counted) -> bool:
    """Whether a process that has sent something does nothing any more, for now."""
    now = time.monotonic()
    assert now < process.since + PATIENCE, f"it hangs: {process.said}"
    return process.since < counted.at < now - SILENT


class Ambush:
    """Sends a process one signal at a moment: where it is that of a request, before the sandbox goes on with it."""

    def __init__(self, served: Served, moment: Moment) -> None:
        """Lie in wait, before the process is started."""
        self._counted = served.counted
        self._moment = moment
        self._lock = threading.Lock()
        self._reached = threading.Event()
        self._victim: tuple[Process, signal.Signals] | None = None
        self._until = self._counted.seen[moment.phase] + moment.number if moment.phase else 0
        self._counted.watch = self._watch

    def strike(self, process: Process, number: signal.Signals) -> bool:
        """Wait for the moment and send the signal; whether the process lived to see it."""
        with self._lock:
            self._victim = (process, number)
        try:
            return self._wait(process) and self._send()
        finally:
            self._counted.watch = lambda _phase, _seen: None
            with self._lock:  # whoever watches has done so, and does so no more
                self._victim = None

    def _watch(self, phase: Phase, seen: int) -> None:
        if phase == self._moment.phase and seen >= self._until and not self._reached.is_set():
            if not self._moment.seconds:
                self._send()
            self._reached.set()

    def _wait(self, process: Process) -> bool:
        """Whether it is alive when the moment comes."""
        while self._moment.phase is not None and not self._reached.is_set():
            if process.has_ended(0.02):
                return self._victim is None
            if is_silent(process, self._counted):
                return True
        return self._victim is None or not process.has_ended(self._moment.seconds)

    def _send(self) -> bool:
        with self._lock:
            if self._victim is not None:
                process, number = self._victim
                process.send_signal(number)
                self._victim = None
        return True
