"""Whom a state has reached lately, as values: for caps, which count messages by the moments at which they arrive."""

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

    def reached(self, since: datetime) -> Sequence[Reached]:
        """Frames that may have reached their people after a moment, test sends apart, by campaign and edition."""

    def placed(self, campaign: str, edition: int) -> Iterator[Sequence[tuple[str, int]]]:
        """Who is in which frame of an edition, as (person in hex digits, number of the frame), in batches."""
