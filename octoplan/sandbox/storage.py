"""Entries and deliveries → one SQLite file, and back. One durable transaction a batch; writers share one lock."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self, TypeVar

from octoplan.sandbox.database import open_database, open_reader
from octoplan.sandbox.errors import StorageError
from octoplan.sandbox.ledger import Ledger
from octoplan.sandbox.queries import CALLBACKS, MESSAGES, REQUESTS, Listing, is_found, stamp
from octoplan.sandbox.records import Callback, Entry, Message, Query
from octoplan.sandbox.turn import Turn

Found = TypeVar("Found")
_INVENTED = "address LIKE '+336000%'"
"""Numbers that are given to nobody: those of examples and tests."""
_EXAMPLE = " OR ".join(
    f"address LIKE '%{end}'"
    for end in ("@example.com", "@example.org", "@example.net", ".example", ".test", ".invalid", "@localhost")
)
"""Domains that are given to nobody: https://www.rfc-editor.org/rfc/rfc2606"""
_REAL = f"""SELECT count(*) FROM (
    SELECT DISTINCT address FROM messages WHERE NOT ({_INVENTED} OR {_EXAMPLE}) LIMIT :most)"""


class Storage:
    """The memory of one sandbox: use `at` for a file, `in_memory` for none; close it, or use it as a context.

    A file is read through a connection of its own, so that nobody who looks holds up who sends.
    """

    def __init__(
        self, connection: sqlite3.Connection, reader: sqlite3.Connection | None = None, path: Path | None = None
    ) -> None:
        self._connection = connection
        self._reader = reader or connection
        for one in (self._connection, self._reader):
            one.create_function("found", -1, is_found, deterministic=True)
        self._turn = Turn(path)
        self._lock = threading.Lock()
        self._reading = threading.Lock() if reader else self._lock

    @classmethod
    def at(cls, path: Path) -> Self:
        """Open or make the file at `path`; StorageError if it cannot be used."""
        connection = open_database(path)
        try:
            return cls(connection, open_reader(path), path)
        except StorageError:
            connection.close()
            raise

    @classmethod
    def in_memory(cls) -> Self:
        """Remember until closed."""
        return cls(open_database(None))

    def close(self) -> None:
        """Close the file; safe to call twice."""
        with self._lock:
            if self._reader is not self._connection:
                self._reader.close()
            self._connection.close()
            self._turn.give_back()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def transaction(self, real_time: datetime | None = None) -> Iterator[Ledger]:
        """Hold the storage for a batch: all of it is written at the end, durably, or none of it; StorageError.

        `real_time`: what arrives in it arrives then; this machine's time where none is given.
        """
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    ledger = Ledger(self._connection, real_time or datetime.now(UTC))
                    yield ledger
                    ledger.finish()
                    self._connection.execute("COMMIT")
                except BaseException:
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
                    raise
            except sqlite3.Error:
                raise StorageError("the sandbox's file cannot be written") from None

    def find(self, listing: Listing[Found], query: Query, now: datetime) -> tuple[Found, ...]:
        """List what `query` asks for, as of `now` by the sandbox's clock."""
        return tuple(listing.read(row) for row in self._read(*listing.select(query, now)))

    def count(self, listing: Listing[Found], query: Query, now: datetime) -> int:
        """Count what `query` asks for, whatever its limit."""
        return int(self._read(*listing.count(query, now))[0][0])

    def list_messages(self, query: Query) -> tuple[Message, ...]:
        """List the messages that `query` asks for, as of this machine's time."""
        return self.find(MESSAGES, query, datetime.now(UTC))

    def list_requests(self, query: Query) -> tuple[Entry, ...]:
        """List the requests that `query` asks for, refused and simulated ones too."""
        return self.find(REQUESTS, query, datetime.now(UTC))

    def load_settings(self) -> str:
        """Load what was set, as JSON."""
        rows = self._read("SELECT stored FROM settings", {})
        return str(rows[0][0]) if rows else "{}"

    def list_blacklist(self) -> tuple[str, ...]:
        """List the addresses that want nothing."""
        return tuple(address for (address,) in self._read("SELECT address FROM blacklist ORDER BY address", {}))

    def load_credit(self) -> str | None:
        """Load the credit left, in EUR; None on a new account."""
        rows = self._read("SELECT credit FROM account", {})
        return str(rows[0][0]) if rows else None

    def may_post(self) -> bool:
        """Whether it is ours to post callbacks: the first who asks has it until the file is closed. For one thread."""
        return self._turn.take()

    def list_waiting(self, now: datetime, limit: int) -> tuple[Callback, ...]:
        """List callbacks that are due and were not posted yet, oldest first."""
        statement = f"SELECT {CALLBACKS.columns} FROM {CALLBACKS.tables} WHERE state = 'waiting' AND due <= :now"
        rows = self._read(f"{statement} ORDER BY due, id LIMIT :limit", {"now": stamp(now), "limit": limit})
        return tuple(CALLBACKS.read(row) for row in rows)

    def empty_log(self) -> None:
        """Leave nothing that was removed in the write-ahead log, unless somebody is reading it just now."""
        with self._lock, suppress(sqlite3.Error):
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def is_older(self, before: datetime) -> bool:
        """Whether the first request that is kept arrived `before`, by the real clock."""
        rows = self._read("SELECT arrived FROM requests ORDER BY id LIMIT 1", {})
        return bool(rows) and rows[0][0] < stamp(before)

    def count_real(self, most: int) -> int:
        """Count the addresses that look like real people's, up to `most`: neither +33 6 00 0 nor of example domains."""
        return int(self._read(_REAL, {"most": most})[0][0])

    def version(self, now: datetime) -> str:
        """Name the present content: another name once anything was written, by whomever, or a held message was sent."""
        held = self._read("SELECT count(*) FROM deliveries WHERE due > :now", {"now": stamp(now)})[0][0]
        written = self._read("PRAGMA data_version", {})[0][0]
        own = self._connection.total_changes
        return f"{written}-{own}-{held}"

    def _read(self, statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        with self._reading:
            try:
                return self._reader.execute(statement, values).fetchall()
            except sqlite3.Error:
                raise StorageError("the sandbox's file cannot be read") from None
