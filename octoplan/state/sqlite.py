"""A state in one SQLite file: WAL, synchronous=FULL, 0600; the default store."""

import fcntl
import os
import sqlite3
import threading
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from octoplan.errors import StateError
from octoplan.state import database, faults, formats
from octoplan.state.database import check_file, connect, mapped, mapped_files
from octoplan.state.questions import Breach
from octoplan.state.store import BATCH, SqlStore
from octoplan.state.writer import PLACED, Fill, Placed, Writer, nothing

# Who is free is put into the frame; who is in a frame already is left there, and so not counted.
_PLACE = f"""INSERT INTO messages ({PLACED}) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET frame = excluded.frame WHERE frame IS NULL"""


def create(path: Path, meta: Mapping[str, str], fill: Fill = nothing) -> None:
    """Make a state that says `meta` of itself and holds what `fill` adds; StateError where the file exists."""
    database.create(path, meta, lambda connection: fill(_SqliteWriter(connection)))


class SqliteStore(SqlStore):
    """A `Store` in the file `path`; `writable` False refuses every change, so that reading commands cannot make one."""

    _join, _hex = "group_concat", "hex(m.person)"

    def __init__(self, path: Path, *, writable: bool) -> None:
        check_file(path)
        self.path = path = path.resolve()  # whoever comes by another link has to meet the same lock
        self._writing = threading.Lock()
        self._reading = threading.Lock()
        with mapped():
            self._reader = connect(path, "query_only = ON")
        try:
            self._check_format(path.name)
            with mapped():
                self._writer = connect(path, "secure_delete = ON") if writable else None
        except BaseException:
            self._reader.close()
            raise

    @contextmanager
    def _hold(self) -> Iterator[int]:
        """Hold the state for this process, as the epoch given; the system lets go of it when the process dies."""
        epoch = self.identity.epoch
        with mapped_files("the lock of the state"):
            descriptor = os.open(f"{self.path}.lock.{epoch}", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _hold_file(descriptor)
            if self.identity.epoch != epoch:
                raise faults.unlocked_now()
            yield epoch
        finally:
            os.close(descriptor)

    def lurking(self) -> tuple[str, ...]:
        """Processes that were shut out and live on: they hold the lock of an earlier epoch."""
        epoch = self.identity.epoch
        with mapped_files("the lock of the state"):
            locks = sorted((number, path) for path in self.path.parent.iterdir() if (number := self._epoch_of(path)))
            found = (_holder(path) for number, path in locks if number < epoch)
            return tuple(one for one in found if one)

    def _epoch_of(self, path: Path) -> int:
        """A file beside the state → the epoch of which it is the lock, 0 where it is none."""
        number = path.name.removeprefix(f"{self.path.name}.lock.")
        return int(number) if number != path.name and number.isascii() and number.isdigit() else 0

    def breaches(self) -> tuple[Breach, ...]:
        """What QUESTIONS find, in their order; StateError where pages of the file contradict each other."""
        with self._reading, mapped():
            self._reader.execute("PRAGMA ignore_check_constraints = ON")  # a status is asked for below, by name
            (said,) = self._reader.execute("PRAGMA integrity_check(1)").fetchone()
        if said != "ok":
            raise faults.unusable(None)
        return super().breaches()

    def scrub(self) -> None:
        """Write the file anew, and empty the log: pages that were given up, and copies of rows in inner ones, go.

        StateError where somebody reads on from what there was before, such as an export: copies stay for as long.
        """
        connection = self._writer
        if connection is None:
            raise StateError("this state is open for reading only")
        with self._writing, mapped():
            connection.execute("VACUUM")
            if not _empty_log(connection):
                raise faults.still_read()

    def close(self) -> None:
        """Let go of the file, the write-ahead log emptied, so that nothing erased stays readable in it.

        Where somebody is in the middle of reading, whoever closes it next does that: an apply is not kept waiting.
        """
        self._reader.close()
        if self._writer is not None:
            try:
                with mapped():
                    self._writer.execute("PRAGMA busy_timeout = 1000")
                    _empty_log(self._writer)
            finally:
                self._writer.close()

    def _read(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        with self._reading, mapped():
            return self._reader.execute(self._asked(sql), values).fetchall()

    def _stream(self, sql: str, *values: Any) -> Generator[list[sqlite3.Row]]:
        with self._reading, mapped():
            cursor = self._reader.execute(self._asked(sql), values)
        try:
            while True:
                with self._reading, mapped():
                    batch = cursor.fetchmany(BATCH)
                if not batch:
                    return
                yield batch
        finally:
            with suppress(sqlite3.ProgrammingError):  # after Ctrl-C the connection may be closed sooner
                cursor.close()  # an unfinished reading would show this connection the state as it was then

    @contextmanager
    def _begin(self) -> Iterator[Writer]:
        connection = self._writer
        if connection is None:
            raise StateError("this state is open for reading only")
        with self._writing, mapped():
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield _SqliteWriter(connection)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:  # a full disk makes SQLite roll back by itself
                    connection.execute("ROLLBACK")
                raise


class _SqliteWriter(Writer):
    """A transaction of SQLite's only writing connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._before = connection.total_changes
        self.epoch = int(self.value("SELECT value FROM meta WHERE name = 'epoch'"))

    @property
    def touched(self) -> bool:
        """Whether a row was changed so far."""
        return self._connection.total_changes != self._before

    def change(self, sql: str, *values: Any) -> int:
        return self._connection.execute(sql, values).rowcount

    def value(self, sql: str, *values: Any) -> Any:
        return self._connection.execute(sql, values).fetchone()[0]

    def rows(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        return self._connection.execute(sql, values).fetchall()

    def each(self, sql: str, rows: Sequence[Sequence[Any]]) -> int:
        return self._connection.executemany(sql, rows).rowcount

    def upgrade(self, after: int) -> None:
        for text in formats.texts(after):
            for statement in text.split(";"):  # a script would end the transaction
                self._connection.execute(statement)

    def insert(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        marks = ", ".join("?" * len(columns))
        self._connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)

    def place(self, people: Iterable[Placed]) -> int:
        return self._connection.executemany(_PLACE, people).rowcount


def _empty_log(connection: sqlite3.Connection) -> bool:
    """Put all of the log into the file; whether nobody, who reads what was there before, kept it from being emptied."""
    busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy


def _hold_file(descriptor: int) -> None:
    """The open lock file → locked, with our process's number in it; StateLocked where another process has it."""
    with mapped_files("the lock of the state"):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise faults.held(_named(descriptor)) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()} on {os.uname().nodename}\n".encode("ascii", "replace"), 0)


def _holder(path: Path) -> str:
    """A lock file → the process that holds it, blank where none does."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return ""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _named(descriptor) or "a process"
    finally:
        os.close(descriptor)
    return ""


def _named(descriptor: int) -> str:
    """An open lock file that another process holds → that process, blank where it has not said yet who it is."""
    holder = os.pread(descriptor, 100, 0).decode("ascii", "replace").strip()
    return f"process {holder}" if holder else ""
