"""The machine, and a window that closes at noon and at night: nothing leaves outside of it (see `Wire`)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import rule

from octoplan.state.interface import Status
from tests.machine.ends import GATE, MOMENTS, Process
from tests.machine.halting import HaltMachine
from tests.machine.machine import FAULT_LISTS
from tests.machine.short import Flags, ShortRoad
from tests.machine.world import DAY, World

_SECONDS = st.sampled_from((-3600, -61, -59, -10, -2, 0, 60))


class WindowRoad(ShortRoad):
    """People may be reached from 9 to 12, and from 14 to 18, by UTC."""

    @classmethod
    def begin(cls, world: World, folder: Path) -> ShortRoad:
        """A folder → the road, its state made."""
        world.hours = ((9, 12), (14, 18))
        return super().begin(world, folder)


class WindowMachine(HaltMachine):
    """Applies come around the edges of the window, and hang beyond them. It is halted at times, too."""

    waits = 12

    @rule(faults=FAULT_LISTS, seconds=_SECONDS)
    def apply_around_an_edge(self, faults: Sequence[str], seconds: int) -> None:
        """A little before or after the window opens or closes: what gets no answer is tried again across it."""
        self.world.pass_time(self._next_edge() + timedelta(seconds=seconds) - self.world.local)
        self._apply(Process(world=self.world), faults)

    @rule(faults=FAULT_LISTS, where=st.sampled_from(MOMENTS), nth=st.sampled_from((0, 0, 1)))
    def apply_and_hang_until_it_is_closed(self, faults: Sequence[str], where: str, nth: int) -> None:
        """A process stands still, but for right before a byte, until the window has closed; then it goes on."""

        def hang(_process: Process, where: str) -> None:
            if where != GATE:
                self.world.pass_time(self._next_edge() - self.world.local)
                self.world.note(f"closed: {where}")

        self._apply(Process(world=self.world, where=where, nth=nth, then=hang), faults)

    def _call(self, process: Process, flags: Flags) -> int:
        if not self.world.is_open(self.world.local) and self._frames(Status.SENDING):
            self.world.note("outside, with a frame open")
        return super()._call(process, flags)

    def _next_edge(self) -> datetime:
        """The next moment, an hour from now or later, at which it opens or closes by the local clock."""
        now = self.world.local
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        days = (midnight, midnight + DAY)
        edges = (day + timedelta(hours=hour) for day in days for hours in self.world.hours for hour in hours)
        return next(edge for edge in edges if edge >= now + timedelta(hours=1, minutes=1))
