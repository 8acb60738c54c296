"""What a state has of one person, and how that, or a whole closed campaign's people, goes: as values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from octoplan.errors import StateError
from octoplan.state.records import Status
from octoplan.state.told import Heard

PRUNED: Final = "its people were pruned"
"""Why a frame of whose people nothing is left but their number stands there."""


class OutcomeOpen(StateError):  # noqa: N818 - it says what is the case
    """A frame whose outcome is not known holds somebody: they may not go before it is."""

    exit_code = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One message of a person, as the state has it. `left_out`: why they got nothing, blank where they did."""

    campaign: str
    edition: int
    channel: str
    status: Status
    refusals: int = 0
    frame: str | None = None
    ticket: str | None = None
    first_attempt: datetime | None = None
    last_change: datetime | None = None
    due: str = ""
    arm: str = ""
    left_out: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Everything:
    """All that a state has of one person. `lists`: the suppressions in which they stood at the last apply."""

    messages: tuple[Kept, ...]
    heard: tuple[Heard, ...]
    lists: tuple[str, ...]
    forgotten: datetime | None

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing of them."""
        return not (self.messages or self.heard or self.lists or self.forgotten)


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What was erased of a person: messages that count on without them, messages that never were, and the rest."""

    messages: int
    unsent: int
    told: int


class Rights(Protocol):
    """The part of a state that is about it."""

    def everything(self, person: int) -> Everything:
        """All that the state has of one person."""

    def forgotten_at(self, person: int) -> datetime | None:
        """When somebody asked to be forgotten; None where they did not."""

    def any_forgotten(self) -> bool:
        """Whether anybody did."""

    def forget(self, epoch: int, person: int, at: datetime, tombstone: Callable[[], bytes]) -> Erased:
        """One transaction: the person is erased, and suppressed for good; OutcomeOpen where that may not be yet.

        Each message that may have reached them counts on under a key of its own, 16 bytes of chance.
        """

    def prune(self, epoch: int, campaign: str, note: Mapping[str, Any]) -> int:
        """One transaction: a campaign's people go, and their numbers stay; how many went. OutcomeOpen likewise.

        `note`: what its definition says from then on, as `pruned`.
        """

    def scrub(self) -> None:
        """Leave no byte of what was erased in the files of the state, as far as that is ours to do."""
