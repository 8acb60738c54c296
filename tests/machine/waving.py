"""The machine on the whole road, with a campaign in waves: each begins once the one before is over (see `Wire`)."""

from dataclasses import dataclass
from math import ceil

from tests.machine.halting import WholeHaltMachine
from tests.machine.machine import PAUSE
from tests.machine.whole import WholeRoad


@dataclass(slots=True, kw_only=True)
class WaveRoad(WholeRoad):
    """The campaign goes out in three waves."""

    more: str = "waves: [{people: 2}, {share: 30%, after: 1h}, {rest: true, after: 2h}]\n"


class WaveMachine(WholeHaltMachine):
    """It is halted at times, too."""

    waits = 3

    def _finish(self) -> None:
        """A wave's time is counted from when the one before ended: by a clock that ran ahead, that is to come yet."""
        with self.road.ground.look() as state:
            ended = [frame.last_change for frame in state.store.frames() if frame.last_change is not None]
        mended = self.world.local - self.world.offset
        self.waits += max(0, ceil((max(ended, default=mended) - mended) / PAUSE))
        super()._finish()
