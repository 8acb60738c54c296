"""A Query → SQL over the sandbox's tables, and rows → Tickets, Messages, Entries and Callbacks."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from octoplan.sandbox.casting import Forgiven
from octoplan.sandbox.records import Callback, Entry, Message, Query, Ticket

Row = tuple[Any, ...]
Found = TypeVar("Found")

_STATE = "CASE WHEN d.canceled IS NOT NULL THEN 'canceled' WHEN d.due > :now THEN 'held' ELSE 'sent' END"
_LIKE = "LIKE :search ESCAPE '\\'"
_SOUGHT = f"r.ticket {_LIKE} OR r.list_name {_LIKE} OR d.text {_LIKE} OR d.sender {_LIKE} OR d.options {_LIKE}"
_OF_REQUEST = MappingProxyType(
    {
        "ticket": "r.ticket = :ticket",
        "channel": "r.channel = :channel",
        "list_name": "r.list_name = :list_name",
        "request": "r.id = :request",
        "refused": "(r.status >= 400) = :refused",
    }
)
_ANY_MESSAGE = "EXISTS (SELECT 1 FROM messages AS m WHERE m.request = r.id AND"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing(Generic[Found]):
    """One thing that can be listed: its columns and tables, what a Query's fields mean to it, and how a row is read."""

    columns: str
    tables: str
    key: str
    conditions: Mapping[str, str]
    read: Callable[[Row], Found]

    def select(self, query: Query, now: datetime) -> tuple[str, dict[str, Any]]:
        """Write the statement that lists, and its parameters."""
        order = f"ORDER BY {self.key}{' DESC' * query.newest} LIMIT :limit OFFSET :offset"
        return f"SELECT {self.columns} FROM {self.tables}{self._where(query)} {order}", _bind(query, now)

    def count(self, query: Query, now: datetime) -> tuple[str, dict[str, Any]]:
        """Write the statement that counts all, whatever the limit."""
        return f"SELECT count(*) FROM {self.tables}{self._where(query)}", _bind(query, now)

    def _where(self, query: Query) -> str:
        wanted = [self.conditions[name] for name in self.conditions if getattr(query, name) is not None]
        return f" WHERE {' AND '.join(wanted)}" if wanted else ""


@lru_cache(maxsize=32)  # a batch asks for the same few moments again and again
def stamp(at: datetime) -> str:
    """Write a moment so that text order is time order."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _bind(query: Query, now: datetime) -> dict[str, Any]:
    sought = (query.search or "").replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    limit = -1 if query.limit is None else query.limit
    return asdict(query) | {"search": f"%{sought}%", "limit": limit, "now": stamp(now)}


def _read_message(row: Row) -> Message:
    number, at, request, ticket, channel, address, text, sender, purpose, list_name, send_at, due, state, *rest = row
    return Message(
        id=number,
        at=datetime.fromisoformat(at),
        request=request,
        ticket=ticket,
        channel=channel,
        address=address,
        text=text,
        sender=sender,
        purpose=purpose,
        list_name=list_name,
        send_at=send_at,
        due=datetime.fromisoformat(due),
        state=state,
        parts=rest[0],
        options=json.loads(rest[1]),
    )


def _read_ticket(row: Row) -> Ticket:
    ticket, request, at, channel, list_name, sender, options, text, purpose, due, state, *rest = row
    contacts, units, cost, forgiven, first = rest
    return Ticket(
        ticket=ticket,
        request=request,
        at=datetime.fromisoformat(at),
        channel=channel,
        list_name=list_name,
        sender=sender,
        subject=str(json.loads(options).get("subject", "")),
        text=text,
        purpose=purpose,
        due=datetime.fromisoformat(due),
        state=state,
        contacts=contacts,
        units=units,
        cost=Decimal(cost),
        forgiven=forgiven,
        first_message=first,
    )


def _read_entry(row: Row) -> Entry:
    number, at, endpoint, body, status, code, answer, ticket, channel, list_name, simulated, contacts, forgiven = row
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
        contacts=contacts,
        forgiven=tuple(Forgiven(**one) for one in json.loads(forgiven)),
    )


def _read_callback(row: Row) -> Callback:
    number, kind, ticket, message, due, url, form, body, state, status, error = row
    return Callback(
        id=number,
        kind=kind,
        ticket=ticket,
        message=message,
        due=datetime.fromisoformat(due),
        url=url,
        format=form,
        body=body,
        state=state,
        status=status,
        error=error,
    )


MESSAGES = Listing(
    columns=(
        "m.id, r.at, r.id, r.ticket, r.channel, m.address, coalesce(m.text, d.text), d.sender, d.purpose, r.list_name,"
        f" d.send_at, d.due, {_STATE}, coalesce(m.parts, d.parts), d.options"
    ),
    # in this order, so that a page of the newest is read from the end and not sorted
    tables="messages AS m CROSS JOIN requests AS r ON r.id = m.request CROSS JOIN deliveries AS d ON d.request = r.id",
    key="m.id",
    conditions=MappingProxyType(
        {
            **_OF_REQUEST,
            "message": "m.id = :message",
            "address": "m.address = :address",
            "state": f"{_STATE} = :state",
            "search": f"({_SOUGHT} OR m.address {_LIKE} OR m.text {_LIKE})",
        }
    ),
    read=_read_message,
)
TICKETS = Listing(
    columns=(
        "r.ticket, r.id, r.at, r.channel, r.list_name, d.sender, d.options, substr(d.text, 1, 200), d.purpose, d.due,"
        f" {_STATE}, d.contacts, d.units, d.cost, json_array_length(r.forgiven),"
        " (SELECT min(m.id) FROM messages AS m WHERE m.request = r.id)"
    ),
    tables="deliveries AS d CROSS JOIN requests AS r ON r.id = d.request",
    key="d.request",
    conditions=MappingProxyType(
        {
            **_OF_REQUEST,
            "address": f"{_ANY_MESSAGE} m.address = :address)",
            "state": f"{_STATE} = :state",
            "search": f"({_SOUGHT} OR {_ANY_MESSAGE} (m.address {_LIKE} OR m.text {_LIKE})))",
        }
    ),
    read=_read_ticket,
)
REQUESTS = Listing(
    columns=(
        "r.id, r.at, r.endpoint, r.body, r.status, r.code, r.answer, r.ticket, r.channel, r.list_name, r.simulated,"
        " r.contacts, r.forgiven"
    ),
    tables="requests AS r",
    key="r.id",
    conditions=MappingProxyType(
        {
            **_OF_REQUEST,
            "address": f"{_ANY_MESSAGE} m.address = :address)",
            "search": f"(r.ticket {_LIKE} OR r.list_name {_LIKE} OR CAST(r.body AS TEXT) {_LIKE})",
        }
    ),
    read=_read_entry,
)
CALLBACKS = Listing(
    columns="c.id, c.kind, c.ticket, c.message, c.due, c.url, c.format, c.body, c.state, c.status, c.error",
    tables="callbacks AS c",
    key="c.id",
    conditions=MappingProxyType({"message": "c.message = :message", "ticket": "c.ticket = :ticket"}),
    read=_read_callback,
)
