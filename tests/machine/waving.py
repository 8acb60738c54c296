"""The machine on the whole road, with a campaign in waves: each begins once the one before is over (see `Wire`)."""

from dataclasses import dataclass

from tests.machine.halting import WholeHaltMachine
from tests.machine.whole import WholeRoad


@dataclass(slots=True, kw_only=True)
class WaveRoad(WholeRoad):
    """The campaign goes out in three waves."""

    more: str = "waves: [{people: 2}, {share: 30%, after: 1h}, {rest: true, after: 2h}]\n"


class WaveMachine(WholeHaltMachine):
    """It is halted at times, too."""

    waits = 3
