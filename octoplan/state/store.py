"""A `Store` in SQL: every question and every change, with one text for all databases.

What stands here is read by SQLite and PostgreSQL alike. What they do differently (how to connect, to lock, to stream,
to write much at once) is a method that each has itself.
"""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from datetime import datetime

from octoplan.errors import StateError
from octoplan.state import faults, recording, restoring, rows
from octoplan.state.erasing import Erasing
from octoplan.state.halting import Halting
from octoplan.state.interface import (
    FORMAT,
    BodyLost,
    CampaignRecord,
    Change,
    FrameRecord,
    Held,
    Identity,
    NewCampaign,
    RunRecord,
    Status,
)
from octoplan.state.questions import QUESTIONS, Breach, bounded
from octoplan.state.reaching import Reaching
from octoplan.state.receipts import Entry
from octoplan.state.restoring import Brought
from octoplan.state.rights import PRUNED
from octoplan.state.statements import moment, person_bytes, resolution
from octoplan.state.told import Heard
from octoplan.state.writer import Writer

BATCH = 20_000
IDENTITY = ", ".join(
    f"(SELECT value FROM meta WHERE name = '{name}') AS {name}" for name in ("format", "lineage", "serial", "epoch")
)
_FRAME = "SELECT f.*, c.name AS campaign_name FROM frames f JOIN campaigns c ON c.no = f.campaign"
_EDITION = "m.campaign = (SELECT no FROM campaigns WHERE name = ?) AND m.edition = ?"
_STATUS = "coalesce(f.status, 'free') AS status"
_RAISE = "UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE name = ?"


class SqlStore(Erasing, Halting, Reaching):
    """Everything that a `Store` is asked, in SQL."""

    @abstractmethod
    def _hold(self) -> AbstractContextManager[int]:
        """Hold the state for this process, as the epoch given; StateLocked where another one holds it."""

    @abstractmethod
    def lurking(self) -> tuple[str, ...]:
        """Processes that were shut out and live on, as far as can be seen, such as `process 4711 on host`."""

    @abstractmethod
    def close(self) -> None:
        """Let go of files and connections."""

    @contextmanager
    def lock(self) -> Iterator[int]:
        """Hold the state for this process, as the epoch given, in the latest format; StateLocked if another does."""
        with self._hold() as epoch:
            if self.identity.format < FORMAT:
                self._upgrade(epoch)
            self._format = FORMAT
            yield epoch

    @property
    def identity(self) -> Identity:
        """Which state this is, read anew."""
        return rows.decode(self._read(f"SELECT {IDENTITY}"), rows.identity)[0]

    def meta(self) -> Mapping[str, str]:
        """Everything the state says of itself."""
        return {row["name"]: row["value"] for row in self._read("SELECT name, value FROM meta")}

    def now(self) -> datetime | None:
        """A file has no clock."""
        return None

    def note(self, epoch: int, name: str, value: str) -> None:
        """Have the state say this of itself from now on."""
        with self._transaction() as writer:
            _check_epoch(writer, epoch)
            writer.change(recording.NOTE, name, value)

    def campaigns(self) -> tuple[CampaignRecord, ...]:
        """Every campaign that was ever applied, by name."""
        return tuple(rows.decode(self._read("SELECT * FROM campaigns ORDER BY name"), rows.campaign))

    def counts(self, campaign: str, edition: int) -> Mapping[Status, int]:
        """How many messages of an edition stand where."""
        (whole,) = self._read(
            f"""SELECT count(m.person) AS people, count(m.frame) AS held,
                    min(s.least) AS least, min(s.most) AS most
                FROM (SELECT min(f.status) AS least, max(f.status) AS most FROM frames f
                        JOIN campaigns c ON c.no = f.campaign WHERE c.name = ? AND f.edition = ?) s
                    LEFT JOIN messages m ON {_EDITION}""",
            *(campaign, edition) * 2,
        )
        if (
            whole["people"] and whole["least"] == whole["most"]
        ):  # all frames stand alike: nobody's own need be looked up
            return rows.decode([whole], rows.alike)[0]
        if not whole["people"]:
            return self._pruned(campaign, edition)
        counted = self._read(
            f"""SELECT {_STATUS}, count(*) AS n FROM messages m LEFT JOIN frames f ON f.no = m.frame
                WHERE {_EDITION} GROUP BY 1""",
            campaign,
            edition,
        )
        return dict(rows.decode(counted, lambda row: (Status(row["status"]), row["n"])))

    def _pruned(self, campaign: str, edition: int) -> Mapping[Status, int]:
        """An edition that holds nobody → how many it held, where they were pruned."""
        found = self._read(
            """SELECT f.status, sum(f.size) AS n FROM frames f JOIN campaigns c ON c.no = f.campaign
               WHERE c.name = ? AND f.edition = ? AND f.why = ? GROUP BY f.status""",
            *(campaign, edition, PRUNED),
        )
        return dict(rows.decode(found, lambda row: (Status(row["status"]), int(row["n"]))))

    def messages(self, campaign: str, edition: int) -> Iterator[Sequence[Held]]:
        """All messages of an edition, in batches, in person order."""
        asked = f"""SELECT m.person, {_STATUS}, m.refusals, f.id AS frame
            FROM messages m LEFT JOIN frames f ON f.no = m.frame WHERE {_EDITION} ORDER BY m.person"""
        return self._batches(rows.held, asked, campaign, edition)

    def key_total(self, campaign: str, edition: int) -> tuple[int, int]:
        """How many people an edition holds, and the sum of their keys."""
        count = total = 0
        with closing(self._stream(f"SELECT m.person FROM messages m WHERE {_EDITION}", campaign, edition)) as batches:
            for batch in batches:
                count += len(batch)
                total += rows.sum_of_keys(batch)
        return count, total

    def editions(self, campaign: str) -> tuple[int, ...]:
        """Every edition of a campaign that holds people, lowest first."""
        asked = """SELECT m.edition FROM messages m JOIN campaigns c ON c.no = m.campaign WHERE c.name = ?
            UNION SELECT f.edition FROM frames f JOIN campaigns c ON c.no = f.campaign WHERE c.name = ? AND f.why = ?
            ORDER BY 1"""
        found = self._read(asked, campaign, campaign, PRUNED)
        return tuple(rows.decode(found, lambda row: int(row["edition"])))

    def held(self, campaign: str, person: int) -> Mapping[int, Held]:
        """What is held of one person, by edition, the latest first."""
        asked = f"""SELECT m.edition, m.person, {_STATUS}, m.refusals, f.id AS frame
            FROM messages m JOIN campaigns c ON c.no = m.campaign LEFT JOIN frames f ON f.no = m.frame
            WHERE c.name = ? AND m.person = ? ORDER BY m.edition DESC"""
        return dict(rows.decode(self._read(asked, campaign, person_bytes(person)), rows.held_in))

    def find(self, campaign: str, edition: int, people: Sequence[int]) -> Mapping[int, Held]:
        """What is held of some people in an edition, by person; who is not in it is not in the answer."""
        marks = ", ".join("?" * len(people))
        asked = f"""SELECT m.person, {_STATUS}, m.refusals, f.id AS frame
            FROM messages m LEFT JOIN frames f ON f.no = m.frame WHERE {_EDITION} AND m.person IN ({marks})"""
        found = self._read(asked, campaign, edition, *map(person_bytes, people)) if people else ()
        return {one.person: one for one in rows.decode(found, rows.held)}

    def all_frames(self) -> Iterator[Sequence[FrameRecord]]:
        """All frames, in batches, oldest first."""
        return self._batches(rows.frame, f"{_FRAME} ORDER BY f.no")

    def frames(self, *status: Status, campaign: str | None = None) -> Iterator[FrameRecord]:
        """Frames of these statuses (all, if none is named), oldest first."""
        wanted = status or tuple(Status)
        marks = ", ".join("?" * len(wanted))
        found = self._read(
            f"{_FRAME} WHERE f.status IN ({marks}) AND (CAST(? AS TEXT) IS NULL OR c.name = ?) ORDER BY f.no",
            *wanted,
            campaign,
            campaign,
        )
        yield from rows.decode(found, rows.frame)

    def frame(self, prefix: str) -> FrameRecord:
        """The one frame whose id begins so; StateError where none or several do."""
        found = self._read(f"{_FRAME} WHERE substr(f.id, 1, ?) = ? LIMIT 2", len(prefix), prefix)
        if len(found) != 1 or not prefix:
            many = "several frames begin" if found else "no frame begins"
            raise StateError(f"{many} with {prefix!r}", hint="`octoplan status` shows the frames and their ids")
        return rows.decode(found, rows.frame)[0]

    def people(self, frame: str) -> tuple[int, ...]:
        """The person keys of a frame, in order."""
        found = self._read(
            """SELECT person FROM messages m JOIN frames f ON f.no = m.frame AND m.campaign = f.campaign
               AND m.edition = f.edition WHERE f.id = ? ORDER BY person""",
            frame,
        )
        return tuple(rows.decode(found, rows.person))

    def body(self, frame: str) -> bytes:
        """The sealed body of a frame in `sending`; BodyLost where there is none."""
        found = self._read("SELECT sealed FROM bodies WHERE frame = ?", frame)
        if not found:
            raise BodyLost(f"the state holds no body for frame {frame}", hint=faults.RESTORE)
        return rows.decode(found, rows.sealed)[0]

    def bodies(self) -> tuple[tuple[str, bytes], ...]:
        """Every sealed body of a frame in `sending`, with the frame's id."""
        asked = "SELECT b.frame, b.sealed FROM bodies b JOIN frames f ON f.id = b.frame WHERE f.status = 'sending'"
        return tuple(rows.decode(self._read(f"{asked} ORDER BY b.frame"), rows.body))

    def breaches(self) -> tuple[Breach, ...]:
        """What QUESTIONS find, in their order."""
        answers = ((rule, self._read(bounded(question))) for rule, question in QUESTIONS.items())
        return tuple(rows.breach(rule, found) for rule, found in answers if found)

    def runs(self) -> tuple[RunRecord, ...]:
        """Every run, oldest first."""
        return tuple(rows.decode(self._read("SELECT * FROM runs ORDER BY no"), rows.run))

    def record(self, run: RunRecord, epoch: int, campaigns: Sequence[NewCampaign]) -> None:
        """One transaction: release what dead runs left planned, claim again what `campaigns` holds, add the rest."""
        with self._transaction() as writer:
            _check_epoch(writer, epoch)
            recording.record(writer, run, campaigns)

    def commit(self, epoch: int, changes: Sequence[Change]) -> tuple[bool, ...]:
        """One durable transaction for all changes; True for each whose frame was as it said."""
        with self._transaction() as writer:
            return writer.make(changes) if writer.epoch == epoch else (False,) * len(changes)

    def end(self, run: str, epoch: int, at: datetime) -> None:
        """The run has ended; what it left planned stays so, for the next one to claim under the same ids."""
        with self._transaction() as writer:
            _check_epoch(writer, epoch)
            writer.change("UPDATE runs SET ended_at = ? WHERE id = ?", moment(at), run)

    def resolve(self, frame: str, *, sent: bool, why: str, at: datetime) -> bool:
        """A person's word on an unknown frame; False where it is not unknown any more."""
        with self._transaction() as writer:
            return writer.swap(resolution(frame, sent=sent, why=why, at=at))

    def bring(self, epoch: int, entries: Iterable[Entry], *, rehearse: bool) -> Brought:
        """One transaction: receipts of this state come back as far as it has forgotten them; undone if a rehearsal."""
        brought: list[Brought] = []
        with suppress(_RehearsedError), self._transaction() as writer:
            _check_epoch(writer, epoch)
            brought.append(restoring.bring(writer, entries))
            if rehearse:
                raise _RehearsedError
        return brought[0]

    def hear(self, heard: Sequence[Heard]) -> int:
        """One durable transaction: what is new or later than what was known is kept; how many were."""
        if self._format < FORMAT:
            with self.lock():  # nobody else is at work who would be disturbed by new tables
                pass
        return super().hear(heard)

    def unlock(self) -> int:
        """Raise the epoch, so that whoever held the state can change nothing more; the new epoch."""
        with self._transaction() as writer:
            writer.change(_RAISE, "epoch")
            return writer.epoch + 1

    def _upgrade(self, epoch: int) -> None:
        """A state of an earlier format, held → of the latest, whole or not at all."""
        with self._transaction() as writer:
            _check_epoch(writer, epoch)
            writer.upgrade(self.identity.format)
            writer.change(recording.NOTE, "format", str(FORMAT))

    @contextmanager
    def _transaction(self) -> Iterator[Writer]:
        """A transaction whose end counts in the serial if it changed anything."""
        with self._begin() as writer:
            yield writer
            if writer.touched:
                writer.change(_RAISE, "serial")

    def _check_format(self, name: str) -> None:
        """StateError where what is open under this name is no state that this octoplan can read."""
        try:
            found = self.identity.format
        except faults.Damaged:
            raise StateError(f"{name} is no octoplan state, or it is damaged", hint=faults.RESTORE) from None
        if found > FORMAT:
            raise StateError(
                f"{name} has format {found}; this octoplan reads up to {FORMAT}", hint="install a newer octoplan"
            )
        self._format = found


class _RehearsedError(Exception):
    """Undoes a transaction that was only to be looked at."""


def _check_epoch(writer: Writer, epoch: int) -> None:
    if writer.epoch != epoch:
        raise faults.shut_out()
