"""A Query → SQL over the sandbox's tables, and rows → Tickets, Messages, Entries and Callbacks."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Generic, TypeVar, get_args

from octoplan.sandbox.casting import Forgiven
from octoplan.sandbox.questions import BadQuestion
from octoplan.sandbox.records import Callback, CallbackState, Entry, Message, Query, State, Ticket

Row = tuple[Any, ...]
Found = TypeVar("Found")

_STATE = "CASE WHEN d.canceled IS NOT NULL THEN 'canceled' WHEN d.due > :now THEN 'held' ELSE 'sent' END"
_SOUGHT = "r.ticket, r.list_name, d.text, d.sender, json_extract(d.options, '$.subject')"
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
_TOLD_OF = "EXISTS (SELECT 1 FROM requests AS r WHERE r.ticket = c.ticket AND"
_ESCAPED = re.compile(r"(?:\\u[0-9a-fA-F]{4})+")
_STATES: tuple[State, ...] = get_args(State)
_CALLBACK_STATES: tuple[CallbackState, ...] = get_args(CallbackState)
_FILTERS = tuple(one.name for one in fields(Query) if one.name not in ("brief", "newest", "limit", "offset"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing(Generic[Found]):
    """One thing that can be listed: its columns and tables, what a Query's fields mean to it, and how a row is read."""

    columns: str
    tables: str
    key: str
    conditions: Mapping[str, str]
    read: Callable[[Row], Found]
    states: tuple[State, ...] | tuple[CallbackState, ...] = _STATES

    def select(self, query: Query, now: datetime) -> tuple[str, dict[str, Any]]:
        """Write the statement that lists, and its parameters."""
        order = f"ORDER BY {self.key}{' DESC' * query.newest} LIMIT :limit OFFSET :offset"
        return f"SELECT {self.columns} FROM {self.tables}{self._where(query)} {order}", _bind(query, now)

    def count(self, query: Query, now: datetime) -> tuple[str, dict[str, Any]]:
        """Write the statement that counts all, whatever the limit."""
        return f"SELECT count(*) FROM {self.tables}{self._where(query)}", _bind(query, now)

    def _where(self, query: Query) -> str:
        asked = [name for name in _FILTERS if getattr(query, name) is not None]
        if beside := [name for name in asked if name not in self.conditions]:
            raise BadQuestion(f"{beside[0]}: not known of these", hint=f"there are: {', '.join(self.conditions)}")
        wanted = [self.conditions[name] for name in asked]
        return f" WHERE {' AND '.join(wanted)}" if wanted else ""


@lru_cache(maxsize=32)  # a batch asks for the same few moments again and again
def stamp(at: datetime) -> str:
    """Write a moment so that text order is time order."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def is_found(sought: str, *texts: str | bytes | None) -> bool:
    """Whether `sought`, in folded case, stands in one of the texts, in any case: in SQL, `found(sought, ...)`.

    Bytes are a body as it was received, which may be JSON in ASCII.
    """
    return any(sought in (_unescape(text) if isinstance(text, bytes) else text).casefold() for text in texts if text)


def _unescape(body: bytes) -> str:
    return _ESCAPED.sub(lambda found: _read_units(found[0]), body.decode("utf-8", "replace"))


def _read_units(escaped: str) -> str:
    units = bytes.fromhex(escaped.replace("\\u", ""))
    return units.decode("utf-16-be", "replace")


def _bind(query: Query, now: datetime) -> dict[str, Any]:
    limit = -1 if query.limit is None else query.limit
    return asdict(query) | {"search": (query.search or "").casefold(), "limit": limit, "now": stamp(now)}


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
            "search": f"found(:search, {_SOUGHT}, m.address, m.text)",
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
            "message": f"{_ANY_MESSAGE} m.id = :message)",
            "state": f"{_STATE} = :state",
            "search": f"(found(:search, {_SOUGHT}) OR {_ANY_MESSAGE} found(:search, m.address, m.text)))",
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
            "message": f"{_ANY_MESSAGE} m.id = :message)",
            "state": f"EXISTS (SELECT 1 FROM deliveries AS d WHERE d.request = r.id AND {_STATE} = :state)",
            "search": "found(:search, r.ticket, r.list_name, r.body)",
        }
    ),
    read=_read_entry,
)
CALLBACKS = Listing(
    columns="c.id, c.kind, c.ticket, c.message, c.due, c.url, c.format, c.body, c.state, c.status, c.error",
    tables="callbacks AS c",
    key="c.id",
    conditions=MappingProxyType(
        {
            "ticket": "c.ticket = :ticket",
            "message": "c.message = :message",
            "state": "c.state = :state",
            "channel": f"{_TOLD_OF} r.channel = :channel)",
            "list_name": f"{_TOLD_OF} r.list_name = :list_name)",
            "request": f"{_TOLD_OF} r.id = :request)",
            "address": f"{_TOLD_OF} {_ANY_MESSAGE} m.address = :address AND m.id = coalesce(c.message, m.id)))",
        }
    ),
    read=_read_callback,
    states=_CALLBACK_STATES,
)
LISTINGS: Mapping[str, Listing[Any]] = MappingProxyType(
    {"tickets": TICKETS, "messages": MESSAGES, "requests": REQUESTS, "callbacks": CALLBACKS}
)
"""What can be listed, by the name of its door."""
