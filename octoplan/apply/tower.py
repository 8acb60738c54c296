"""A frame on its way, and what all flights of a run share."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from octoplan.apply.dates import Dates
from octoplan.apply.events import Event, Stopped
from octoplan.apply.gone import Gone
from octoplan.apply.ledger import Ledger
from octoplan.apply.overrun import NOTHING_KNOWN, Expected, Tally
from octoplan.apply.pace import Clock, Pace, Stop, Streak
from octoplan.apply.witness import Nobody, Witness
from octoplan.frame import Frame
from octoplan.state.interface import Begin, Change, Halted
from octoplan.state.keys import Keys

SHUT_OUT: Final = "this run was shut out: the state was unlocked by somebody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """A frame on its way. `first_attempt`: None while nothing of it was ever sent; `doubt`: an acceptance may exist.

    `held_by`: the dead run that has it, None: nobody yet, or the present run. `last_change`: when the state last heard
    of it, which no honest clock runs behind. `expected`: what the plan says of it. `heard`: the number of the last STOP
    that it was planned with; None: no STOP counts for it.
    """

    frame: Frame
    not_after: datetime | None = None
    first_attempt: datetime | None = None
    doubt: bool = False
    held_by: str | None = None
    last_change: datetime | None = None
    expected: Expected = NOTHING_KNOWN
    heard: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tower:
    """What every flight of a run shares. `random` gives 0..1 for jitter; `tell` takes each Event as it happens.

    `witness`: told of every frame that came to an end, once the state knows it. `dates`: when a frame was first
    attempted, and whether its age can be told.
    """

    run: str
    ledger: Ledger
    keys: Keys = field(repr=False)
    clock: Clock
    pace: Pace
    dates: Dates
    stop: Stop
    tell: Callable[[Event], None]
    random: Callable[[], float]
    random_bytes: Callable[[int], bytes]
    abort_after: int
    adopt_duplicates: bool = False
    witness: Witness = field(default_factory=Nobody)
    streak: Streak = field(default_factory=Streak)
    gone: Gone = field(default_factory=Gone)
    tally: Tally = field(default_factory=Tally)

    def make(self, change: Change) -> bool:
        """Make a change durable; False, and the run is at its end, where the state is not ours any more."""
        done = self.ledger.write(change)
        if not done:
            self.stop.run(SHUT_OUT)
        return done

    def begin(self, change: Begin, campaign: str) -> bool:
        """Make it durable that a frame is begun; False where its campaign was halted, or the state is not ours."""
        if self.ledger.write(change):
            return True
        cleared = self.ledger.clearance()
        halted = cleared.halt_of(campaign)
        if cleared.holds and halted is not None:
            self.halt(halted)
            return False
        return self.make(change)  # a flag may be cleared as fast as it was set

    def halt(self, halted: Halted) -> None:
        """Begin nothing more of what somebody halted."""
        self.stop.halted = True
        if halted.campaign:
            self.stop_campaign(halted.campaign, halted.said)
        else:
            self.stop.run(halted.said)

    def stop_campaign(self, campaign: str, why: str) -> None:
        """Begin nothing more of a campaign, which is told once."""
        if self.stop.campaign(campaign):
            self.tell(Stopped(campaign=campaign, why=why))
