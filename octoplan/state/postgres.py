"""A state in one schema of a PostgreSQL database: for teams, whose machines share it.

The lock is an advisory one of the session that writes, and ends with that connection, whichever side ends it. Another
connection reads, and asks the server before every first byte whether the lock is still there.
"""

import hashlib
import itertools
import threading
import time
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

import psycopg

from octoplan.errors import StateError
from octoplan.state import faults, server
from octoplan.state.address import Address
from octoplan.state.halting import CLEARANCE, cleared
from octoplan.state.interface import Change, Clearance, Identity, Missing, Split, TakenOut
from octoplan.state.server import Connection, connect, has_state, mapped, server_of
from octoplan.state.statements import Statement, statements
from octoplan.state.store import BATCH, SqlStore
from octoplan.state.writer import PLACED, Fill, Placed, Writer, nothing

_TRIES, _PAUSE = 10, 0.05
# An advisory lock of a bigint is shown in two halves, with 1 behind them.
_ANY_LOCKS = """FROM pg_catalog.pg_locks l WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted
    AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
    AND (l.classid::bigint << 32) | l.objid::bigint"""
_LOCKS = f"{_ANY_LOCKS} = %s"
_CLEARANCE = CLEARANCE.replace("SELECT", f"SELECT EXISTS (SELECT {_LOCKS} AND l.pid = %s) AS held,", 1)
_SAME = "(m.campaign, m.edition, m.person) = (p.campaign, p.edition, p.person)"
_PLACE_KNOWN = f"UPDATE messages m SET frame = p.frame FROM placed p WHERE {_SAME} AND m.frame IS NULL"
_PLACE_NEW = f"""INSERT INTO messages ({PLACED}) SELECT {PLACED} FROM placed p
    WHERE NOT EXISTS (SELECT 1 FROM messages m WHERE {_SAME})"""
_NAMES = "SELECT (SELECT application_name FROM pg_catalog.pg_stat_activity a WHERE a.pid = l.pid) AS name"
_HOLDER = f"{_NAMES} {_LOCKS}"
_HOLDERS = f"{_NAMES} {_ANY_LOCKS} = ANY(%s::bigint[]) ORDER BY l.pid"


def create(address: Address, meta: Mapping[str, str], fill: Fill = nothing) -> None:
    """Make a state that says `meta` of itself and holds what `fill` adds; StateError where the schema has one."""
    server.create(address, meta, lambda connection: fill(_PostgresWriter(connection, begun=True)))


class PostgresStore(SqlStore):
    """A `Store` at an Address; `writable` False needs a role that may SELECT, and can change nothing."""

    _join, _hex = "string_agg", "encode(m.person, 'hex')"

    def __init__(self, address: Address, *, writable: bool) -> None:
        self._writing = threading.Lock()
        self._names = itertools.count()
        self._lock: int | None = None
        self._warnings: list[faults.Reason] = []
        self._writer: Connection | None = None
        self._reader = connect(address, writable=False)
        try:
            self._check_there(address)
            if writable:
                self._writer = connect(address, writable=True)
                self._writer.add_notice_handler(self._hear)
                self._check_server(self._writer)
        except BaseException:
            self.close()
            raise

    def clearance(self, epoch: int) -> Clearance:
        """Asked before every first byte; StateError where the lock that this store took is lost."""
        if self._lock is None or self._writer is None:
            return super().clearance(epoch)
        with mapped():
            found = self._reader.execute(_CLEARANCE.encode(), (self._lock, self._writer.info.backend_pid)).fetchall()
        if not found[0]["held"]:
            raise faults.unusable(faults.Reason.LOST)
        return cleared(found, epoch)

    def now(self) -> datetime | None:
        """The time by the server's clock."""
        with mapped():
            found = self._reader.execute("SELECT clock_timestamp() AS now").fetchone()
        return cast("datetime", found["now"]) if found else None

    @contextmanager
    def _hold(self) -> Iterator[int]:
        """Hold the state for this process, as the epoch given; the server lets go of it when the connection ends."""
        connection = self._writable()
        found = self.identity
        key = _key(found)
        self._take(connection, key)
        try:
            if self.identity.epoch != found.epoch:
                raise faults.unlocked_now()
            yield found.epoch
        finally:
            self._lock = None
            with suppress(psycopg.Error), self._writing:  # a connection that broke has let go already
                connection.execute("SELECT pg_advisory_unlock(%s)", (key,))

    def lurking(self) -> tuple[str, ...]:
        """Processes that were shut out and live on: their sessions hold the lock of an earlier epoch.

        One whose session has ended is not seen; it asks whether it holds the lock before every byte, and does not.
        """
        found = self.identity
        earlier = [_key(replace(found, epoch=epoch)) for epoch in range(1, found.epoch)]
        with mapped():
            holders = self._reader.execute(_HOLDERS, (earlier,)).fetchall()
        return tuple(_named(row["name"]) or "a process" for row in holders)

    def close(self) -> None:
        """Let go of the connections, and with them of the lock."""
        self._reader.close()
        if self._writer is not None:
            self._writer.close()

    def _take(self, connection: Connection, key: int) -> None:
        """Take the lock; StateLocked where another connection has it, or this very store.

        A server takes a moment to see that a process has died, and nobody should have to try twice for that.
        """
        for _ in range(_TRIES):
            if self._lock is None and self._ask(connection, "SELECT pg_try_advisory_lock(%s)", key):
                self._lock = key
                return
            time.sleep(_PAUSE)
        raise faults.held(_named(self._ask(connection, _HOLDER, key)))

    def _ask(self, connection: Connection, question: str, key: int) -> Any:
        with self._writing, mapped():
            row = connection.execute(question.encode(), (key,)).fetchone()
        return next(iter(row.values())) if row else None

    def _read(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        with mapped(), self._reader.cursor(binary=True) as cursor:
            return cursor.execute(server.text(self._asked(sql)), values).fetchall()

    def _stream(self, sql: str, *values: Any) -> Generator[list[dict[str, Any]]]:
        # Held by the server beyond its transaction: no transaction stays open while the rows are worked on.
        with mapped(), self._reader.cursor(f"stream_{next(self._names)}", binary=True, withhold=True) as cursor:
            cursor.execute(server.text(self._asked(sql)), values)
            while batch := cursor.fetchmany(BATCH):
                yield batch

    @contextmanager
    def _begin(self) -> Iterator[Writer]:
        connection = self._writable()
        with self._writing, mapped():
            try:
                yield _PostgresWriter(connection)
                self._commit(connection)
            except BaseException:
                with suppress(psycopg.Error):
                    connection.execute("ROLLBACK")
                raise

    def _commit(self, connection: Connection) -> None:
        """Make the transaction durable; StateError where it is not, or where nobody can tell.

        A commit that was told to stop waiting for a standby only warns: it may be lost when that standby takes over. A
        server that is being ended may say so here as well.
        """
        self._warnings.clear()
        done = connection.execute("COMMIT", prepare=False)  # in so many words: tests listen for them
        if done.statusmessage != "COMMIT":
            raise faults.unusable(faults.Reason.CANCELLED)
        if self._warnings:
            raise faults.unusable(self._warnings[0])

    def _hear(self, said: psycopg.errors.Diagnostic) -> None:
        self._warnings.append(server.reason_of(said.sqlstate or "") or faults.Reason.CANCELLED)

    def _writable(self) -> Connection:
        if self._writer is None:
            raise StateError("this state is open for reading only")
        return self._writer

    def _check_there(self, address: Address) -> None:
        if not has_state(self._reader, address.schema):
            raise Missing(f"{address.shown} holds no state")
        self._check_format(address.shown)

    def _check_server(self, writer: Connection) -> None:
        """StateError where an address of several servers led the two connections to two of them."""
        if server_of(self._reader) != server_of(writer):
            raise StateError(
                "the address of the state leads to several servers at once",
                hint="add target_session_attrs=primary to it",
            )


class _PostgresWriter(Writer):
    """A transaction of the writing connection. The row of the epoch is locked, so there is one at a time everywhere."""

    def __init__(self, connection: Connection, *, begun: bool = False) -> None:
        self._connection = connection
        self._touched = 0
        with connection.pipeline():
            if not begun:
                connection.execute("BEGIN ISOLATION LEVEL READ COMMITTED")
            found = connection.execute("SELECT value FROM meta WHERE name = 'epoch' FOR UPDATE")
        self.epoch = int((found.fetchone() or {"value": 0})["value"])

    @property
    def touched(self) -> bool:
        """Whether a row was changed so far."""
        return self._touched > 0

    def change(self, sql: str, *values: Any) -> int:
        touched = self._connection.execute(server.text(sql), values).rowcount
        self._touched += touched
        return touched

    def value(self, sql: str, *values: Any) -> Any:
        found = self._connection.execute(server.text(sql), values)
        row = found.fetchone()
        return next(iter(row.values())) if row else None

    def rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        with self._connection.cursor(binary=True) as cursor:
            return cursor.execute(server.text(sql), values).fetchall()

    def each(self, sql: str, rows: Sequence[Sequence[Any]]) -> int:
        with self._connection.cursor() as cursor:
            cursor.executemany(server.text(sql), rows)
            self._touched += cursor.rowcount
            return cursor.rowcount

    def upgrade(self, after: int) -> None:
        server.define(self._connection, after)

    def insert(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        with (
            self._connection.cursor() as cursor,
            cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN".encode()) as copy,
        ):
            for row in rows:
                copy.write_row(row)

    def place(self, people: Iterable[Placed]) -> int:
        # COPY knows no conflict: everybody goes to a table of this transaction first. Two statements that each do one
        # thing take half the time of one INSERT that asks of every row whether it conflicts.
        self._connection.execute("CREATE TEMPORARY TABLE placed (LIKE messages INCLUDING DEFAULTS) ON COMMIT DROP")
        with (
            self._connection.cursor() as cursor,
            cursor.copy(f"COPY placed ({PLACED}) FROM STDIN (FORMAT BINARY)".encode()) as copy,
        ):
            copy.set_types(["int4", "int4", "bytea", "int4"])
            for row in people:
                copy.write_row(row)
        self._connection.execute("ANALYZE placed")
        placed = self.change(_PLACE_KNOWN) + self.change(_PLACE_NEW)
        self._connection.execute("DROP TABLE placed")
        return placed

    def make(self, changes: Sequence[Change]) -> tuple[bool, ...]:
        return tuple(itertools.chain.from_iterable(self._make(group) for group in _independent(changes)))

    def _make(self, changes: Sequence[Change]) -> Iterator[bool]:
        """Changes of different frames → their compare-and-swaps in one journey to the server, the rest in another."""
        made = [statements(change) for change in changes]
        swapped = [touched == 1 for touched in self._run([first for first, *_ in made])]
        self._run([each for (_, *rest), done in zip(made, swapped, strict=True) if done for each in rest])
        return iter(swapped)

    def _run(self, wanted: Sequence[Statement]) -> list[int]:
        """Statements → how many rows each touched; sent together, run in order."""
        with self._connection.pipeline():
            done = [self._connection.execute(server.text(sql), values) for sql, values in wanted]
        touched = [cursor.rowcount for cursor in done]
        self._touched += sum(touched)
        return touched


def _independent(changes: Sequence[Change]) -> Iterator[list[Change]]:
    """Changes → the same, in order, in groups within which no change can bear on another."""
    group: list[Change] = []
    for change in changes:
        if any(other.frame == change.frame or isinstance(other, Split | TakenOut) for other in group):
            yield group
            group = []
        group.append(change)
    yield group


def _named(application: str | None) -> str:
    """What a session is called at the server → its process, blank where that is not told."""
    return (application or "").removeprefix("octoplan ")


def _key(found: Identity) -> int:
    """A state and its epoch → the number of its lock; the same for a copy of it in another schema."""
    name = f"octoplan {found.lineage} {found.epoch}".encode()
    return int.from_bytes(hashlib.sha256(name).digest()[:8], "big", signed=True)
