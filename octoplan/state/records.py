"""What a state holds, as values: campaigns, runs, frames and people by their keys; `interface` hands these on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

TEST: Final = "test:"
"""How the name begins under which a state keeps the test sends of a campaign: no campaign can be called so."""
FIRST: Final = "seeds-first:"
"""Likewise for what own staff get when an edition of a campaign begins, and `LAST`: when it is over."""
LAST: Final = "seeds-last:"


def is_own(name: str) -> bool:
    """Under which name a state keeps something → whether it was for own staff: a test send, or seeds of a campaign."""
    return name.startswith((TEST, FIRST, LAST))


def is_seed(name: str) -> bool:
    """The same → whether it was for the seeds of a campaign."""
    return name.startswith((FIRST, LAST))


def owner(name: str) -> str:
    """The same → the campaign that it goes with and is stopped with; a test send goes with none."""
    return name.removeprefix(FIRST).removeprefix(LAST)


def owner_sql(column: str) -> str:
    """What `owner` says, in SQL over a column of names."""
    return f"replace(replace({column}, '{FIRST}', ''), '{LAST}', '')"


class Status(StrEnum):
    """Where a frame, and with it each of its messages, is in its life. FREE is a message's alone: no frame holds it."""

    FREE = "free"
    PLANNED = "planned"
    SENDING = "sending"
    SENT = "sent"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Which state this is. `lineage` names it for life; `serial` counts changes; `epoch` how often it was unlocked."""

    format: int
    lineage: str
    serial: int
    epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignRecord:
    """A campaign as it was last sent. `definition` holds no personal data."""

    name: str
    edition: int
    channel: str
    definition: Mapping[str, Any]
    applied_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One apply. `ended_at` is None while it lasts, or if it died."""

    id: str
    environment: str
    started_at: datetime
    ended_at: datetime | None
    recipients: int
    requests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameRecord:
    """One request's record. `content`: digest in hex; `why`: our words for its status; `cost` in the account's money.

    `first_attempt` is when its first byte may have left; None while it is planned. `opens`: the moments when it may be
    sent, blank for always; `wave`: which one of a run it is in; `arm`: the label of its variant; `due`:
    when the gateway hands it on, blank for at once.
    """

    id: str
    campaign: str
    edition: int
    status: Status
    size: int
    content: str
    run: str
    refusals: int = 0
    attempts: int = 0
    first_attempt: datetime | None = None
    last_change: datetime | None = None
    not_after: datetime | None = None
    ticket: str | None = None
    cost: Decimal | None = None
    units: int | None = None
    code: int | None = None
    why: str = ""
    opens: str = ""
    wave: int = 0
    arm: str = ""
    due: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What the state holds of one person in one edition. `refusals`: more than any refused frame of theirs counted."""

    person: int
    status: Status
    refusals: int
    frame: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """Somebody who by decision gets nothing in an edition. `why`: such as `holdout` or `cap`."""

    campaign: str
    edition: int
    person: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """Somebody who asked to be forgotten: what is left of them."""

    person: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppressed:
    """Somebody who stood in a list of suppressions, `entry`, at the last apply."""

    entry: str
    person: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFrame:
    """A frame about to be recorded as planned; `number` ties people to it within one recording."""

    number: int
    id: str
    size: int
    content: str
    refusals: int
    opens: str = ""
    wave: int = 0
    arm: str = ""
    due: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCampaign:
    """One campaign's share of a recording. `people` comes in batches of (person, frame number), in person order.

    `retry_refused`: people whose message was refused are in it again. `skipped`: who by decision gets nothing in this
    edition, in batches of (person, why). `notes`: what the state says of itself from now on, by name.
    """

    record: CampaignRecord
    not_after: datetime | None
    frames: Iterable[NewFrame]
    people: Iterable[Sequence[tuple[int, int]]]
    retry_refused: bool = False
    notes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    skipped: Iterable[Sequence[tuple[int, str]]] = ()
