"""A state in one SQLite file: WAL, synchronous=FULL, 0600; the default store."""

import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from octoplan.errors import StateError, StateLocked
from octoplan.state import recording, rows
from octoplan.state.database import RESTORE, check_file, connect, create, mapped, mapped_files
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
from octoplan.state.statements import Statement, moment, resolution, statements

__all__ = ["SqliteStore", "create"]

_BATCH = 20_000
_FRAME = "SELECT f.*, c.name AS campaign_name FROM frames f JOIN campaigns c ON c.no = f.campaign"
_EDITION = "m.campaign = (SELECT no FROM campaigns WHERE name = ?) AND m.edition = ?"
_STATUS = "coalesce(f.status, 'free') AS status"


class SqliteStore:
    """A `Store` in the file `path`; `writable` False refuses every change, so that reading commands cannot make one."""

    def __init__(self, path: Path, *, writable: bool) -> None:
        check_file(path)
        self.path = path
        self._writing = threading.Lock()
        self._reading = threading.Lock()
        with mapped():
            self._reader = connect(path, "query_only = ON")
        try:
            self._check_format()
            with mapped():
                self._writer = connect(path, "secure_delete = ON") if writable else None
        except BaseException:
            self._reader.close()
            raise

    @property
    def identity(self) -> Identity:
        """Which state this is, read anew."""
        values = ", ".join(
            f"(SELECT value FROM meta WHERE name = '{name}') AS {name}"
            for name in ("format", "lineage", "serial", "epoch")
        )
        return rows.decode(self._read(f"SELECT {values}"), rows.identity)[0]

    def meta(self) -> Mapping[str, str]:
        """Everything the state says of itself."""
        return {row["name"]: row["value"] for row in self._read("SELECT name, value FROM meta")}

    def campaigns(self) -> tuple[CampaignRecord, ...]:
        """Every campaign that was ever applied, by name."""
        return tuple(rows.decode(self._read("SELECT * FROM campaigns ORDER BY name"), rows.campaign))

    def counts(self, campaign: str, edition: int) -> Mapping[Status, int]:
        """How many messages of an edition stand where."""
        counted = self._read(
            f"""SELECT {_STATUS}, count(*) AS n FROM messages m LEFT JOIN frames f ON f.no = m.frame
                WHERE {_EDITION} GROUP BY 1""",
            campaign,
            edition,
        )
        return dict(rows.decode(counted, lambda row: (Status(row["status"]), row["n"])))

    def messages(self, campaign: str, edition: int) -> Iterator[Sequence[Held]]:
        """All messages of an edition, in batches, in person order."""
        with self._reading, mapped():
            cursor = self._reader.execute(
                f"""SELECT m.person, {_STATUS}, m.refusals, f.id AS frame
                    FROM messages m LEFT JOIN frames f ON f.no = m.frame WHERE {_EDITION} ORDER BY m.person""",
                (campaign, edition),
            )
        try:
            while True:
                with self._reading, mapped():
                    batch = cursor.fetchmany(_BATCH)
                if not batch:
                    return
                yield rows.decode(batch, rows.held)
        finally:
            cursor.close()  # an unfinished reading would show this connection the state as it was then

    def frames(self, *status: Status, campaign: str | None = None) -> Iterator[FrameRecord]:
        """Frames of these statuses (all, if none is named), oldest first."""
        wanted = status or tuple(Status)
        found = self._read(
            f"{_FRAME} WHERE f.status IN ({', '.join('?' * len(wanted))}) AND (? IS NULL OR c.name = ?) ORDER BY f.no",
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
            raise BodyLost(f"the state holds no body for frame {frame}", hint=RESTORE)
        return rows.decode(found, rows.sealed)[0]

    def runs(self) -> tuple[RunRecord, ...]:
        """Every run, oldest first."""
        return tuple(rows.decode(self._read("SELECT * FROM runs ORDER BY no"), rows.run))

    @contextmanager
    def lock(self) -> Iterator[int]:
        """Hold the state for this process, as the epoch given; the system lets go of it when the process dies."""
        epoch = self.identity.epoch
        with mapped_files("the lock of the state"):
            descriptor = os.open(f"{self.path}.lock.{epoch}", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _hold(descriptor)
            if self.identity.epoch != epoch:
                raise StateLocked("this state was unlocked a moment ago", hint="try again")
            yield epoch
        finally:
            os.close(descriptor)

    def record(self, run: RunRecord, epoch: int, campaigns: Sequence[NewCampaign]) -> None:
        """One transaction: release what dead runs left planned, claim again what `campaigns` holds, add the rest."""
        with self._transaction() as writer:
            _check_epoch(writer, epoch)
            recording.record(writer, run, campaigns)

    def commit(self, epoch: int, changes: Sequence[Change]) -> tuple[bool, ...]:
        """One durable transaction for all changes; True for each whose frame was as it said."""
        with self._transaction() as writer:
            if _epoch(writer) != epoch:
                return tuple(False for _ in changes)
            return tuple(_make(writer, statements(change)) for change in changes)

    def end(self, run: str, epoch: int, at: datetime) -> None:
        """The run has ended; what it left planned stays so, for the next one to claim under the same ids."""
        with self._transaction() as writer:
            _check_epoch(writer, epoch)
            writer.execute("UPDATE runs SET ended_at = ? WHERE id = ?", (moment(at), run))

    def resolve(self, frame: str, *, sent: bool, why: str, at: datetime) -> bool:
        """A person's word on an unknown frame; False where it is not unknown any more."""
        with self._transaction() as writer:
            return _make(writer, resolution(frame, sent=sent, why=why, at=at))

    def unlock(self) -> int:
        """Raise the epoch, so that whoever held the state can change nothing more; the new epoch."""
        with self._transaction() as writer:
            writer.execute("UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE name = 'epoch'")
            return _epoch(writer)

    def close(self) -> None:
        """Let go of the file, the write-ahead log emptied, so that nothing erased stays readable in it."""
        self._reader.close()
        if self._writer is not None:
            try:
                with mapped():
                    self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                self._writer.close()

    def _check_format(self) -> None:
        try:
            found = self.identity.format
        except StateError:
            raise StateError(f"{self.path.name} is no octoplan state, or it is damaged", hint=RESTORE) from None
        if found > FORMAT:
            raise StateError(
                f"{self.path.name} has format {found}; this octoplan reads up to {FORMAT}",
                hint="install a newer octoplan",
            )

    def _read(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        with self._reading, mapped():
            return self._reader.execute(sql, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything inside becomes durable together, or nothing does; the serial counts it if it changed anything."""
        writer = self._writer
        if writer is None:
            raise StateError("this state is open for reading only")
        with self._writing, mapped():
            writer.execute("BEGIN IMMEDIATE")
            before = writer.total_changes
            try:
                yield writer
                if writer.total_changes != before:
                    writer.execute("UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE name = 'serial'")
                writer.execute("COMMIT")
            except BaseException:
                if writer.in_transaction:  # a full disk makes SQLite roll back by itself
                    writer.execute("ROLLBACK")
                raise


def _hold(descriptor: int) -> None:
    """The open lock file → locked, with our process's number in it; StateLocked where another process has it."""
    with mapped_files("the lock of the state"):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 100, 0).decode("ascii", "replace").strip()
            raise StateLocked(
                f"another octoplan holds this state{f' (process {holder})' if holder else ''}",
                hint="wait for it; if it hangs, `octoplan state unlock` shuts it out for good",
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)


def _epoch(writer: sqlite3.Connection) -> int:
    return int(writer.execute("SELECT value FROM meta WHERE name = 'epoch'").fetchone()[0])


def _check_epoch(writer: sqlite3.Connection, epoch: int) -> None:
    if _epoch(writer) != epoch:
        raise StateLocked("this run was shut out by `octoplan state unlock`", hint="nothing more is sent by it")


def _make(writer: sqlite3.Connection, made: list[Statement]) -> bool:
    first, *rest = made
    if writer.execute(*first).rowcount != 1:
        return False
    for statement in rest:
        writer.execute(*statement)
    return True
