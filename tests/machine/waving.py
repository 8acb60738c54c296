"""The machine on the whole road, with a campaign in waves: each begins once the one before is over (see `Wire`)."""

from dataclasses import dataclass
from datetime import timedelta
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
        truth = self.world.truth
        with self.road.ground.look() as state:
            ended = max((frame.last_change or truth for frame in state.store.frames()), default=truth)
        ahead = max(ended - truth, timedelta())
        assert ahead <= self._ahead, "a frame ended later than any clock ever said"
        self.waits += ceil(ahead / PAUSE)
        super()._finish()
