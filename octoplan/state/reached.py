"""Whom a state has reached, as values: for caps, which count messages by the moments at which they arrive."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from octoplan.state.records import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """A frame that may have reached its people. `no`: its number in this state; `due`: None for at once."""

    no: int
    campaign: str
    edition: int
    status: Status
    first_attempt: datetime | None
    last_change: datetime | None
    due: datetime | None


class Reaches(Protocol):
    """The part of a state that is about it."""

    def holding(self) -> frozenset[str]:
        """Campaigns that hold people, or held some that were pruned; others have only left people out, or nothing."""

    def reached(self, since: datetime) -> Sequence[Reached]:
        """Frames that may have reached their people after a moment, test sends apart, by campaign and edition."""

    def placed(self, editions: Sequence[tuple[str, int]], at_least: int) -> Iterator[Sequence[str]]:
        """Who is in `at_least` so many frames of some editions, by (campaign, edition), and in which, in batches.

        Each text has many, divided by blanks: 32 hex digits of a person and the number of a frame.
        """
