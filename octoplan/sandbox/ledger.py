"""One open transaction: what a batch of requests finds, and what it writes down."""

import json
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from itertools import repeat

from octoplan.sandbox.queries import MESSAGES, Row, stamp
from octoplan.sandbox.records import Callback, Delivery, Entry, Message, Query

_NO_NOTES = "[]"
_TABLES = ("callbacks", "messages", "deliveries", "requests", "request_ids", "account", "settings", "blacklist")
_LISTED = "(SELECT value FROM json_each(?))"
_REMOVE = (
    f"DELETE FROM callbacks WHERE ticket IN (SELECT ticket FROM requests WHERE id IN {_LISTED})",
    f"DELETE FROM messages WHERE request IN {_LISTED}",
    f"DELETE FROM deliveries WHERE request IN {_LISTED}",
    f"DELETE FROM requests WHERE id IN {_LISTED}",
)


class Ledger:
    """What stands in the storage while a transaction is open, and the pen to write in it."""

    def __init__(self, connection: sqlite3.Connection, real_time: datetime) -> None:
        self._connection = connection
        self._real_time = real_time
        self._next: int | None = None
        self._next_message: int | None = None
        self._credit: Decimal | None = None
        self._spent = False

    def next_id(self) -> int:
        """Give out the number of the next request; numbers are never given out twice, a reset included."""
        if self._next is None:
            row = self._ask("SELECT seq FROM sqlite_sequence WHERE name = 'requests'")
            self._next = row[0] if row else 0
        self._next += 1
        return self._next

    def load_settings(self) -> str:
        """Load what was set, as JSON."""
        row = self._ask("SELECT stored FROM settings")
        return str(row[0]) if row else "{}"

    def store_settings(self, stored: str) -> None:
        """Store what was set, as JSON."""
        self._connection.execute("DELETE FROM settings")
        self._connection.execute("INSERT INTO settings VALUES (?)", (stored,))

    def is_used(self, request_id: str, since: datetime) -> bool:
        """Tell whether `request_id` was used after `since`."""
        return bool(self._ask("SELECT 1 FROM request_ids WHERE request_id = ? AND at > ?", request_id, stamp(since)))

    def remember(self, request_id: str, at: datetime) -> None:
        """Remember when `request_id` was last used."""
        self._connection.execute("INSERT OR REPLACE INTO request_ids VALUES (?, ?)", (request_id, stamp(at)))

    def load_credit(self) -> Decimal | None:
        """Load the credit left, in EUR; None on a new account."""
        if self._credit is None:
            row = self._ask("SELECT credit FROM account")
            self._credit = Decimal(row[0]) if row else None
        return self._credit

    def set_credit(self, credit: Decimal | None) -> None:
        """Set the credit left, in EUR; None makes it a new account again."""
        self._credit, self._spent = credit, True

    def finish(self) -> None:
        """Write down what a batch changes again and again, once, at its end: the credit."""
        if self._spent:
            self._connection.execute("DELETE FROM account")
            if self._credit is not None:
                self._connection.execute("INSERT INTO account VALUES (?)", (str(self._credit),))

    def find_blacklisted(self, addresses: Sequence[str]) -> frozenset[str]:
        """Find those of `addresses` that want nothing."""
        if self._ask("SELECT 1 FROM blacklist LIMIT 1") is None:
            return frozenset()
        rows = self._connection.execute(
            "SELECT address FROM blacklist WHERE address IN (SELECT value FROM json_each(?))", (json.dumps(addresses),)
        )
        return frozenset(address for (address,) in rows)

    def blacklist(self, addresses: Iterable[str]) -> None:
        """Add addresses to the blacklist."""
        self._connection.executemany("INSERT OR IGNORE INTO blacklist VALUES (?)", ((one,) for one in addresses))

    def unblacklist(self, addresses: Iterable[str]) -> None:
        """Take addresses from the blacklist."""
        self._connection.executemany("DELETE FROM blacklist WHERE address = ?", ((one,) for one in addresses))

    def record(self, entry: Entry, delivery: Delivery | None) -> int | None:
        """Write down a request, and the messages it sends if it was accepted; the id of the first of them."""
        forgiven = json.dumps([asdict(one) for one in entry.forgiven]) if entry.forgiven else _NO_NOTES
        self._connection.execute(
            "INSERT INTO requests VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(entry.id, stamp(entry.at), entry.endpoint, entry.body, entry.status, entry.code, entry.answer),
                *(entry.ticket, entry.channel, entry.list_name, entry.simulated, forgiven, entry.contacts),
                stamp(self._real_time),
            ),
        )
        return None if delivery is None else self._record_delivery(entry.id, delivery)

    def _record_delivery(self, request: int, delivery: Delivery) -> int:
        contacts = len(delivery.addresses)
        units = sum(delivery.units) if delivery.personal else delivery.units[0] * contacts
        self._connection.execute(
            "INSERT INTO deliveries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
            (
                *(request, delivery.text, delivery.sender, delivery.purpose, delivery.send_at, delivery.units[0]),
                *(json.dumps(dict(delivery.options)), contacts, units, str(delivery.cost), stamp(delivery.due)),
            ),
        )
        first = self._next_messages(contacts)
        parts = delivery.units if delivery.personal else repeat(None)
        self._connection.executemany(
            "INSERT INTO messages VALUES (?, ?, ?, ?, ?)",
            zip(
                range(first, first + contacts),
                repeat(request),
                delivery.addresses,
                delivery.personal or repeat(None),
                parts,
                strict=False,
            ),
        )
        return first

    def _next_messages(self, number: int) -> int:
        if self._next_message is None:
            row = self._ask("SELECT max(id) FROM messages")
            self._next_message = ((row and row[0]) or 0) + 1
        first = self._next_message
        self._next_message += number
        return first

    def find_ticket(self, ticket: str) -> Row | None:
        """Find an accepted request: its id, channel, contacts, when it is due, when it was canceled, and its cost."""
        return self._ask(
            "SELECT r.id, r.channel, d.contacts, d.due, d.canceled, d.cost FROM requests AS r"
            " JOIN deliveries AS d ON d.request = r.id WHERE r.ticket = ?",
            ticket,
        )

    def count_cancellations(self, since: datetime) -> int:
        """Count what was canceled since a moment."""
        row = self._ask("SELECT count(*) FROM deliveries WHERE canceled >= ?", stamp(since))
        return int(row[0]) if row else 0

    def cancel(self, request: int, at: datetime, ticket: str) -> None:
        """Mark a request's messages as canceled, and forget the callbacks that wait for them."""
        self._connection.execute("UPDATE deliveries SET canceled = ? WHERE request = ?", (stamp(at), request))
        self._connection.execute("DELETE FROM callbacks WHERE ticket = ? AND state = 'waiting'", (ticket,))

    def queue_callbacks(self, callbacks: Iterable[Callback]) -> int | None:
        """Queue callbacks, whose ids do not count; the id of the last one."""
        last = None
        for one in callbacks:
            last = self._connection.execute(
                "INSERT INTO callbacks VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(one.kind, one.ticket, one.message, stamp(one.due), one.url, one.format, one.body),
                    *(one.state, one.status, one.error),
                ),
            ).lastrowid
        return last

    def find_held(self, addresses: Collection[str], now: datetime) -> Sequence[Row]:
        """Find the reports about these addresses that are not due yet: id, ticket, message or None, and format."""
        return self._connection.execute(
            "SELECT DISTINCT c.id, c.ticket, c.message, c.format FROM callbacks AS c JOIN requests AS r"
            " ON r.ticket = c.ticket JOIN messages AS m ON m.request = r.id AND m.id = coalesce(c.message, m.id)"
            f" WHERE c.state = 'waiting' AND c.kind = 'delivery' AND c.due > ? AND m.address IN {_LISTED}",
            (stamp(now), json.dumps([*addresses])),
        ).fetchall()

    def find_messages(self, query: Query, now: datetime) -> tuple[Message, ...]:
        """Find the messages that `query` asks for."""
        return tuple(MESSAGES.read(row) for row in self._connection.execute(*MESSAGES.select(query, now)))

    def rewrite_callback(self, number: int, body: bytes) -> None:
        """Let a callback that waits say something else."""
        self._connection.execute("UPDATE callbacks SET body = ? WHERE id = ?", (body, number))

    def note_callback(self, number: int, status: int | None, error: str) -> None:
        """Note what a callback's receiver answered, or why nothing was."""
        state = "failed" if status is None else "sent"
        self._connection.execute(
            "UPDATE callbacks SET state = ?, status = ?, error = ? WHERE id = ?", (state, status, error, number)
        )

    def remove(self, before: datetime, now: datetime) -> int:
        """Remove the requests that arrived `before`, by the real clock, with all they sent; how many there were.

        What is still held at `now`, by the sandbox's clock, stays, and so do request ids and credit.
        """
        rows = self._connection.execute(
            "SELECT r.id FROM requests AS r LEFT JOIN deliveries AS d ON d.request = r.id"
            " WHERE r.arrived < ? AND (d.due IS NULL OR d.due <= ? OR d.canceled IS NOT NULL)",
            (stamp(before), stamp(now)),
        ).fetchall()
        gone = json.dumps([number for (number,) in rows])
        for statement in _REMOVE if rows else ():
            self._connection.execute(statement, (gone,))
        return len(rows)

    def forget_all(self) -> None:
        """Forget messages, requests, request ids, credit, blacklist and settings; request numbers go on."""
        for table in _TABLES:
            self._connection.execute(f"DELETE FROM {table}")
        self._credit, self._spent, self._next_message = None, False, None

    def _ask(self, statement: str, *values: object) -> Row | None:
        row: Row | None = self._connection.execute(statement, values).fetchone()
        return row
