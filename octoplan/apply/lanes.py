"""Flights → threads: one lane per request in flight, each with a connection of its own.

A frame left open keeps its lane: a state never holds more open frames than there are lanes.
"""

import queue
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing
from types import TracebackType
from typing import Self

from octoplan.apply.events import Event, Stopped
from octoplan.apply.flight import fly
from octoplan.apply.tower import Flight, Tower
from octoplan.errors import OctoplanError
from octoplan.gateways.interface import Gateway

_TICK = 0.05
_FULL = "open frames take every place in flight: the rest is sent by a later apply"


class Lanes:
    """`count` threads that fly what is handed in; the events they tell are taken out by whoever hands in."""

    def __init__(self, count: int, gateway: Gateway, tower: Tower, told: "queue.SimpleQueue[Event]") -> None:
        self._gateway = gateway
        self._tower = tower
        self._told = told
        self._waiting: queue.Queue[Flight | None] = queue.Queue(maxsize=max(count, 1))
        self._threads = [threading.Thread(target=self._lane, name=f"lane-{n}", daemon=True) for n in range(count)]
        self._failures: list[BaseException] = []
        self._refused = False

    def __enter__(self) -> Self:
        """Start the threads."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Begin nothing new if the block failed; wait for what is in flight."""
        if kind is not None:
            self._tower.stop.interrupt()
        while self._are_flying:
            self._offer(None)

    def run(self, flights: Iterable[Flight]) -> Iterator[Event]:
        """Fly them all, or until nothing more may begin; events as they come. A lane's error is raised at the end."""
        for flight in flights:
            if self._tower.stop.is_set:
                break
            if self._tower.stop.holds(flight.frame.origin.campaign):
                continue
            yield from self._hand_in(flight)
            if self._refused:
                break
        while self._are_flying:
            self._offer(None)
            yield from self._events()
        yield from self._events()
        if self._failures:
            raise self._failures[0]
        if not self._tower.stop.is_set and self._left_over:
            yield Stopped(why=_FULL)

    @property
    def _are_flying(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    @property
    def _left_over(self) -> bool:
        """Whether a flight was handed in, or would have been, that no lane was left to take."""
        waiting: list[Flight | None] = []
        while not self._waiting.empty():
            waiting.append(self._waiting.get())
        return self._refused or any(flight is not None for flight in waiting)

    def _hand_in(self, flight: Flight) -> Iterator[Event]:
        """Wait until a lane is near; if none is left, the flight is not begun."""
        while not self._offer(flight):
            yield from self._events()
            if not self._are_flying:
                self._refused = True
                return
        yield from self._events()

    def _offer(self, flight: Flight | None) -> bool:
        try:
            self._waiting.put(flight, timeout=_TICK)
        except queue.Full:
            return False
        return True

    def _events(self) -> Iterator[Event]:
        while not self._told.empty():
            yield self._told.get()

    def _lane(self) -> None:
        try:
            with closing(self._gateway.connect()) as connection:
                while (flight := self._waiting.get()) is not None:
                    if not fly(flight, connection, self._tower):
                        return
        except OctoplanError as error:
            self._failures.append(error)
            self._tower.stop.run(error.what)
        except BaseException as error:  # noqa: BLE001 - it is raised by `run`; here it would print a traceback
            self._failures.append(error)
            self._tower.stop.run("a fault in octoplan itself")
