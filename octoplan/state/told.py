"""What the gateway tells after it took a message: what became of it, and what its person answered. People as keys.

A callback may come twice, late, in any order, and before the state knows the ticket that it is about: what is kept does
not depend on that. Nothing of it changes a frame, so that it is heard while somebody else holds the lock.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final, Protocol

# What a status says of a message, the later standing counts: on its way, at an end, read, clicked.
_READ, _CLICKED, _ENDED, _UNDER_WAY = 3, 4, 2, 1
STANDING: Final[Mapping[str, int]] = MappingProxyType(
    {
        "ACK": _UNDER_WAY,
        "TRANSMITTED": _UNDER_WAY,
        "PROCESSED": _UNDER_WAY,
        "ISP_SEND": _UNDER_WAY,
        "UNKNOWN_DELIVERY": _UNDER_WAY,
        "UNDEFINED": _UNDER_WAY,
        "DELIVERED": _ENDED,
        "NOT_DELIVERED": _ENDED,
        "NOT_ALLOWED": _ENDED,
        "BAD_DESTINATION": _ENDED,
        "BLACKLISTED_NUMBER": _ENDED,
        "SPAM_PRESUMPTION": _ENDED,
        "EXPIRED": _ENDED,
        "READ": _READ,
        "OPENED": _READ,
        "CLICKED": _CLICKED,
    }
)
"""A status of a delivery → how far it stands; one that is not in here stands at 0. Of two that stand alike, the later
counts."""
DELIVERED: Final = frozenset(("DELIVERED", "READ", "OPENED", "CLICKED"))
FAILED: Final = frozenset(status for status, at in STANDING.items() if at == _ENDED) - DELIVERED


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What became of one message. `at`: when, None where that was not told."""

    ticket: str
    person: int
    status: str
    at: datetime | None

    @property
    def standing(self) -> int:
        """How far its status stands."""
        return STANDING.get(self.status, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Optout:
    """Somebody said STOP. `ticket`: to which message, blank where that was not told; `heard_at`: when we heard it."""

    person: int
    ticket: str
    at: datetime | None
    heard_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """Somebody answered. `mark`: a keyed hash of the answer, by which it is told from others."""

    ticket: str
    person: int
    mark: str
    at: datetime | None


Heard = Delivery | Optout | Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """How the people of one edition took it, in messages: what became of them, and how many people answered."""

    statuses: Mapping[str, int]
    optouts: int = 0
    replies: int = 0

    @property
    def delivered(self) -> int:
        """Messages that arrived."""
        return sum(self.statuses.get(status, 0) for status in DELIVERED)

    @property
    def failed(self) -> int:
        """Messages that never will."""
        return sum(self.statuses.get(status, 0) for status in FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """How many people of one variant of an edition were sent to, and how many of them it is known of what they did.

    `arm`: blank where the campaign has no variants. Each person counts once.
    """

    arm: str
    sent: int
    delivered: int = 0
    opted_out: int = 0
    replied: int = 0


class Told(Protocol):
    """The part of a state that is about it."""

    def hear(self, heard: Sequence[Heard]) -> int:
        """One durable transaction: what is new or later than what was known is kept; how many were. No lock needed."""

    def responses(self) -> Mapping[tuple[str, int], Response]:
        """Campaign and edition → how its people took it, as far as anything was heard."""

    def took(self, campaign: str, edition: int) -> tuple[Took, ...]:
        """How the people of an edition took it, by variant."""

    def last_optout(self) -> int:
        """The number of the latest opt-out, 0 before the first: whoever knows it need not ask again until it grows."""

    def optouts(self, since: int = 0) -> Iterator[Sequence[Optout]]:
        """All opt-outs after the one of this number, in batches, in the order in which they were heard."""

    def stopped(self) -> Iterator[Sequence[int]]:
        """Everybody who opted out, in batches of person keys, each once."""

    def opted_out(self, people: Sequence[int], since: int = 0) -> frozenset[int]:
        """Those of some people who opted out after the opt-out of this number."""

    def deliveries(self) -> Iterator[Sequence[Delivery]]:
        """All that is known of deliveries, in batches."""

    def replies(self) -> Iterator[Sequence[Reply]]:
        """All replies, in batches."""

    def told_of(self, person: int) -> tuple[Heard, ...]:
        """All that was heard of one person."""
