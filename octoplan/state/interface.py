"""What a state is asked and told; `sqlite` and `postgres` are the stores beside this one interface.

A frame's life, of which each arrow is one `Change`, made only if frame, run and epoch are as the change says:

    planned ──► sending ──► sent
                   │  ├───► refused
                   │  └───► unknown
                   └──────► sending

One of which nothing was sent, and which must wait, is planned again. One of which nothing was sent, and of whose people
somebody has said STOP, is gone, and the others are in a new one.
`planned` means certainly not sent: who is in such a frame of a run that is over is as free to be sent to as who is in
none, but keeps the request id if nothing else changes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

from octoplan.errors import StateError
from octoplan.state.changes import Again, Begin, Change, Child, Open, PutBack, Refused, Sent, Split, TakenOut, Unknown
from octoplan.state.formats import FORMAT
from octoplan.state.halts import Clearance, Haltable, Halted, InFlight
from octoplan.state.questions import Breach
from octoplan.state.reached import Reaches
from octoplan.state.records import (
    CampaignRecord,
    Forgotten,
    FrameRecord,
    Held,
    Identity,
    NewCampaign,
    NewFrame,
    RunRecord,
    Skipped,
    Status,
    Suppressed,
)
from octoplan.state.rights import Rights
from octoplan.state.told import Delivery, Optout, Reply, Told

if TYPE_CHECKING:
    from octoplan.state.receipts import Entry
    from octoplan.state.restoring import Brought

__all__ = [
    "FORMAT",
    "OLDEST",
    "Again",
    "Begin",
    "BodyLost",
    "CampaignRecord",
    "Change",
    "Child",
    "Clearance",
    "Delivery",
    "Forgotten",
    "FrameRecord",
    "Halted",
    "Held",
    "Identity",
    "InFlight",
    "Missing",
    "NewCampaign",
    "NewFrame",
    "Open",
    "Optout",
    "PutBack",
    "Refused",
    "Reply",
    "RunRecord",
    "Sent",
    "Skipped",
    "Split",
    "Status",
    "Store",
    "Suppressed",
    "TakenOut",
    "Unknown",
]

# The API forgets a request id after 24 hours; an hour less leaves room for slow answers and clocks that differ.
OLDEST: Final = timedelta(hours=23)


class Missing(StateError):  # noqa: N818 - it says what is the case
    """There is no state where one was looked for."""


class BodyLost(StateError):  # noqa: N818 - it says what is the case
    """An open frame's body is missing or damaged: it cannot be sent again as it was."""


class Store(Told, Haltable, Reaches, Rights, Protocol):
    """A state that is open. Every method may raise StateError; nothing else.

    Every method may be called from any thread.
    """

    @property
    def identity(self) -> Identity:
        """Which state this is, read anew."""

    def campaigns(self) -> tuple[CampaignRecord, ...]:
        """Every campaign that was ever applied, by name."""

    def counts(self, campaign: str, edition: int) -> Mapping[Status, int]:
        """How many messages of an edition stand where."""

    def messages(self, campaign: str, edition: int) -> Iterator[Sequence[Held]]:
        """All messages of an edition, in batches."""

    def key_total(self, campaign: str, edition: int) -> tuple[int, int]:
        """How many people an edition holds, and the sum of their keys: who has the same holds the same people."""

    def editions(self, campaign: str) -> tuple[int, ...]:
        """Every edition of a campaign that holds people, lowest first."""

    def held(self, campaign: str, person: int) -> Mapping[int, Held]:
        """What is held of one person, by edition, the latest first."""

    def find(self, campaign: str, edition: int, people: Sequence[int]) -> Mapping[int, Held]:
        """What is held of some people in an edition, by person; who is not in it is not in the answer."""

    def skipped(self, campaign: str, edition: int) -> Iterator[Sequence[Skipped]]:
        """Who by decision gets nothing in an edition, in batches, in person order."""

    def all_skipped(self) -> Iterator[Sequence[Skipped]]:
        """Who by decision gets nothing in which edition, in batches."""

    def forgotten(self) -> Iterator[Sequence[Forgotten]]:
        """Who asked to be forgotten, and when, in batches."""

    def suppressed(self) -> Iterator[Sequence[Suppressed]]:
        """Who stood in which list of suppressions at the last apply, in batches."""

    def suppressed_in(self, entry: str) -> Iterator[Sequence[int]]:
        """Who stood in one list of suppressions at the last apply, in batches."""

    def all_frames(self) -> Iterator[Sequence[FrameRecord]]:
        """All frames, in batches, oldest first."""

    def frames(self, *status: Status, campaign: str | None = None) -> Iterator[FrameRecord]:
        """Frames of these statuses, oldest first."""

    def frame(self, prefix: str) -> FrameRecord:
        """The one frame whose id begins so; StateError where none or several do."""

    def people(self, frame: str) -> tuple[int, ...]:
        """The person keys of a frame, in order."""

    def body(self, frame: str) -> bytes:
        """The sealed body of a frame in `sending`; BodyLost where there is none."""

    def bodies(self) -> tuple[tuple[str, bytes], ...]:
        """Every sealed body of a frame in `sending`, with the frame's id."""

    def breaches(self) -> tuple[Breach, ...]:
        """What the state's rules say must not be, and is so nevertheless."""

    def runs(self) -> tuple[RunRecord, ...]:
        """Every run, oldest first."""

    def now(self) -> datetime | None:
        """The time by the clock of the server that keeps the state; None where it is a file."""

    def meta(self) -> Mapping[str, str]:
        """Everything the state says of itself."""

    def note(self, epoch: int, name: str, value: str) -> None:
        """Have the state say this of itself from now on."""

    def lock(self) -> AbstractContextManager[int]:
        """Hold the state for this process, as the epoch given, in the latest format; StateLocked if another does."""

    def record(self, run: RunRecord, epoch: int, campaigns: Sequence[NewCampaign]) -> None:
        """One transaction: release what dead runs left planned, claim again what `campaigns` holds, add the rest."""

    def remember(self, epoch: int, entry: str, left: Iterable[Sequence[int]], joined: Iterable[Sequence[int]]) -> None:
        """One transaction: who left a list of suppressions, and who joined it, by key, are known to have."""

    def commit(self, epoch: int, changes: Sequence[Change]) -> tuple[bool, ...]:
        """One durable transaction for all changes; True for each whose frame was as it said, none in another epoch."""

    def end(self, run: str, epoch: int, at: datetime) -> None:
        """The run has ended; what it left planned stays so, for the next one to claim under the same ids."""

    def resolve(self, frame: str, *, sent: bool, why: str, at: datetime) -> bool:
        """A person's word on an unknown frame; False where it is not unknown any more."""

    def bring(self, epoch: int, entries: "Iterable[Entry]", *, rehearse: bool) -> "Brought":
        """One transaction: receipts of this state come back as far as it has forgotten them; undone if a rehearsal."""

    def unlock(self) -> int:
        """Raise the epoch, so that whoever held the state can change nothing more; the new epoch."""

    def lurking(self) -> tuple[str, ...]:
        """Processes that were shut out and live on, as far as can be seen, such as `process 4711 on host`."""

    def close(self) -> None:
        """Let go of files and connections."""
