"""What stops an environment, or one campaign of it, until somebody resumes it: a flag that anybody may set or clear.

It needs no lock: whoever sees something go wrong is not whoever holds the state. No frame is begun once it is durable,
so that what is in flight then is all that can still leave.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

from octoplan.state.records import owner

ALL: Final = "halt"
"""Under which name a state keeps the flag of everything; of one campaign: `halt:` and its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Halted:
    """A flag. `campaign`: as the state calls it, blank for everything; `who`: user and host; `why`: their words."""

    campaign: str = ""
    who: str
    at: datetime
    why: str = ""

    @property
    def name(self) -> str:
        """Under which name a state keeps it."""
        return name_of(self.campaign)

    @property
    def said(self) -> str:
        """Who halted what, when and why, in a sentence."""
        what = f"{self.campaign} was" if self.campaign else "everything was"
        when = self.at.astimezone(UTC)
        return f"{what} halted by {self.who} at {when:%Y-%m-%d %H:%M} UTC{f': {self.why}' if self.why else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class InFlight:
    """A flag as it stands, whether it `is_new`, and what was open when it was looked at: all that can still leave."""

    halted: Halted
    is_new: bool
    frames: int
    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Clearance:
    """What is asked before every first byte. `holds`: nobody unlocked the state; `halts`: every flag that is set.

    `heard`: the number of the last STOP.
    """

    holds: bool
    halts: tuple[Halted, ...] = ()
    heard: int = 0

    def halt_of(self, campaign: str) -> Halted | None:
        """The flag that stops a campaign, that of everything first."""
        return halt_of(self.halts, campaign)


class Haltable(Protocol):
    """The part of a state that is about it."""

    def clearance(self, epoch: int) -> Clearance:
        """Asked before every first byte, in one journey; StateError where the lock is lost."""

    def halts(self) -> tuple[Halted, ...]:
        """Every flag that is set, that of everything first."""

    def halt(self, halted: Halted) -> InFlight:
        """Set a flag, durably, from whichever machine; one that is set already stays as it is."""

    def resume(self, campaign: str) -> bool:
        """Clear the flag of a campaign, blank for that of everything; whether it was set."""


def halt_of(halts: tuple[Halted, ...], campaign: str) -> Halted | None:
    """Flags → the one that stops a campaign and the seeds that go with it, that of everything first."""
    return next((one for name in ("", owner(campaign)) for one in halts if one.campaign == name), None)


def name_of(campaign: str) -> str:
    """A campaign, blank for everything → under which name a state keeps its flag."""
    return f"{ALL}:{campaign}" if campaign else ALL


def dump(halted: Halted) -> str:
    """A flag → its text in a state."""
    said = {"who": halted.who, "at": halted.at.isoformat(), "why": halted.why}
    return json.dumps(said, ensure_ascii=False)


def load(name: str, text: str) -> Halted:
    """What a state keeps under a name → the flag; ValueError, TypeError or LookupError for what `dump` never wrote."""
    said: dict[str, str] = json.loads(text)
    campaign = name.removeprefix(ALL).removeprefix(":")
    return Halted(campaign=campaign, who=said["who"], at=datetime.fromisoformat(said["at"]), why=said["why"])
