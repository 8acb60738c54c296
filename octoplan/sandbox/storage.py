"""Entries and deliveries → one SQLite file, and back. One durable transaction a request; threads share one lock."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

from octoplan.sandbox.casting import Forgiven
from octoplan.sandbox.database import open_database
from octoplan.sandbox.errors import StorageError
from octoplan.sandbox.records import Delivery, Entry, Message, Query
from octoplan.sandbox.rules import Facts

_MESSAGES = (
    "FROM messages AS m JOIN requests AS r ON r.id = m.request JOIN deliveries AS d ON d.request = m.request WHERE 1"
)
_REQUESTS = "FROM requests AS r WHERE 1"
_FILTERS = {
    "ticket": " AND r.ticket = :ticket",
    "channel": " AND r.channel = :channel",
    "list_name": " AND r.list_name = :list_name",
}
_OF_ADDRESS = " AND m.address = :address"
_TO_ADDRESS = " AND EXISTS (SELECT 1 FROM messages AS m WHERE m.request = r.id AND m.address = :address)"


class Storage:
    """The memory of one sandbox: use `at` for a file, `in_memory` for none; close it, or use it as a context."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    @classmethod
    def at(cls, path: Path) -> Self:
        """Open or make the file at `path`; StorageError if it cannot be used."""
        return cls(open_database(path))

    @classmethod
    def in_memory(cls) -> Self:
        """Remember until closed."""
        return cls(open_database(None))

    def close(self) -> None:
        """Close the file; safe to call twice."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator["Ledger"]:
        """Hold the storage for one request: all of it is written at the end, durably, or none of it; StorageError."""
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    yield Ledger(self._connection)
                    self._connection.execute("COMMIT")
                except BaseException:
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
                    raise
            except sqlite3.Error:
                raise StorageError("the sandbox's file cannot be written") from None

    def list_messages(self, query: Query) -> tuple[Message, ...]:
        """List the messages that `query` asks for."""
        columns = (
            "SELECT m.id, r.at, r.ticket, r.channel, m.address, d.text, d.sender, d.purpose, r.list_name, d.send_at,"
            " d.parts, d.options"
        )
        rows = self._list(f"{columns} {_MESSAGES}{_filter(query, _OF_ADDRESS)} {_page('m.id', query)}", query)
        return tuple(_read_message(row) for row in rows)

    def list_requests(self, query: Query) -> tuple[Entry, ...]:
        """List the requests that `query` asks for, refused and simulated ones too."""
        columns = (
            "SELECT r.id, r.at, r.endpoint, r.body, r.status, r.code, r.answer, r.ticket, r.channel, r.list_name,"
            " r.simulated, r.forgiven"
        )
        rows = self._list(f"{columns} {_REQUESTS}{_filter(query, _TO_ADDRESS)} {_page('r.id', query)}", query)
        return tuple(_read_entry(row) for row in rows)

    def count_messages(self, query: Query) -> int:
        """Count the messages that `query` asks for, whatever its limit."""
        return int(self._list(f"SELECT count(*) {_MESSAGES}{_filter(query, _OF_ADDRESS)}", query)[0][0])

    def _list(self, statement: str, query: Query) -> list[tuple[Any, ...]]:
        with self._lock:
            try:
                return self._connection.execute(statement, asdict(query) | _bounds(query)).fetchall()
            except sqlite3.Error:
                raise StorageError("the sandbox's file cannot be read") from None


class Ledger:
    """One open transaction of a Storage."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def next_id(self) -> int:
        """Tell the number of the next request; numbers are never given out twice, a reset included."""
        row = self._connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'requests'").fetchone()
        return row[0] + 1 if row else 1

    def load_facts(self, request_id: str, since: datetime, credit: Decimal) -> Facts:
        """Look up whether `request_id` was used after `since`, and the credit left: `credit` on a new account."""
        used = (
            request_id
            and self._connection.execute(
                "SELECT 1 FROM request_ids WHERE request_id = ? AND at > ?", (request_id, _stamp(since))
            ).fetchone()
        )
        row = self._connection.execute("SELECT credit FROM account").fetchone()
        return Facts(request_id_used=bool(used), credit=Decimal(row[0]) if row else credit)

    def record(self, entry: Entry, delivery: Delivery | None) -> None:
        """Write down a request, and the messages it sends if it was accepted."""
        forgiven = json.dumps([asdict(one) for one in entry.forgiven]) if entry.forgiven else "[]"
        self._connection.execute(
            "INSERT INTO requests VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(entry.id, _stamp(entry.at), entry.endpoint, entry.body, entry.status, entry.code, entry.answer),
                *(entry.ticket, entry.channel, entry.list_name, entry.simulated, forgiven),
            ),
        )
        if delivery is not None:
            self._record_delivery(entry.id, delivery)

    def _record_delivery(self, request: int, delivery: Delivery) -> None:
        options = json.dumps(dict(delivery.options))
        self._connection.execute(
            "INSERT INTO deliveries VALUES (?, ?, ?, ?, ?, ?, ?)",
            (request, delivery.text, delivery.sender, delivery.purpose, delivery.send_at, delivery.parts, options),
        )
        self._connection.executemany(
            "INSERT INTO messages (request, address) VALUES (?, ?)", [(request, one) for one in delivery.addresses]
        )

    def remember(self, request_id: str, at: datetime) -> None:
        """Remember when `request_id` was last used."""
        self._connection.execute("INSERT OR REPLACE INTO request_ids VALUES (?, ?)", (request_id, _stamp(at)))

    def set_credit(self, credit: Decimal) -> None:
        """Set the credit left, in EUR."""
        self._connection.execute("DELETE FROM account")
        self._connection.execute("INSERT INTO account VALUES (?)", (str(credit),))

    def forget_all(self) -> None:
        """Forget messages, requests, request ids and credit; request numbers go on."""
        for table in ("messages", "deliveries", "requests", "request_ids", "account"):
            self._connection.execute(f"DELETE FROM {table}")


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _filter(query: Query, address: str) -> str:
    wanted = "".join(condition for name, condition in _FILTERS.items() if getattr(query, name) is not None)
    return wanted + address * (query.address is not None)


def _page(key: str, query: Query) -> str:
    return f"ORDER BY {key}{' DESC' * query.newest} LIMIT :limit OFFSET :offset"


def _bounds(query: Query) -> dict[str, int]:
    return {"limit": -1 if query.limit is None else query.limit, "offset": query.offset}


def _read_message(row: tuple[Any, ...]) -> Message:
    number, at, ticket, channel, address, text, sender, purpose, list_name, send_at, parts, options = row
    return Message(
        id=number,
        at=datetime.fromisoformat(at),
        ticket=ticket,
        channel=channel,
        address=address,
        text=text,
        sender=sender,
        purpose=purpose,
        list_name=list_name,
        send_at=send_at,
        parts=parts,
        options=json.loads(options),
    )


def _read_entry(row: tuple[Any, ...]) -> Entry:
    number, at, endpoint, body, status, code, answer, ticket, channel, list_name, simulated, forgiven = row
    return Entry(
        id=number,
        at=datetime.fromisoformat(at),
        endpoint=endpoint,
        body=body,
        status=status,
        code=code,
        answer=answer,
        ticket=ticket,
        channel=channel,
        list_name=list_name,
        simulated=bool(simulated),
        forgiven=tuple(Forgiven(**one) for one in json.loads(forgiven)),
    )
