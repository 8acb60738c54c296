"""What happened during an apply, one frozen value each; reports and progress read them, nothing steers by them."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling:
    """An earlier run left this many frames open; they come first."""

    frames: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A run is recorded and begins."""

    run: str
    recipients: int
    requests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameDone:
    """A frame reached `status`: sent, refused, unknown, open, split, planned (not begun) or opted_out. Counts only.

    opted_out: so many of its people said STOP since the plan was drawn; the others, if any, are in a new frame.
    `person`: the key of the only one in it, where it was refused for their own fault; no report shows it.
    """

    campaign: str
    frame: str
    status: str
    recipients: int
    ticket: str | None = None
    cost: Decimal | None = None
    units: int | None = None
    code: int | None = None
    why: str = ""
    person: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """Somebody was refused for their own fault. `who`: their address, masked, and where it stands."""

    campaign: str
    frame: str
    who: str
    code: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrying:
    """A frame had no answer and is tried again after `seconds`."""

    campaign: str
    frame: str
    why: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """The run, or one campaign of it, begins nothing more."""

    why: str
    campaign: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """People of a campaign who were not sent to, since they may not be yet; a later apply sends to them.

    `is_unsure`: whether they may cannot be told, and somebody has to see to that. `wave`: the first one that waits for
    those before it, 0: it is not for them that they wait.
    """

    campaign: str
    recipients: int
    until: datetime | None
    why: str
    is_unsure: bool = False
    wave: int = 0


Event = Settling | Started | FrameDone | Listed | Retrying | Stopped | Waiting
