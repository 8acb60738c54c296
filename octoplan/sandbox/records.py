"""What the sandbox remembers, as values: requests as received, messages as understood, and how to ask for them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from octoplan.sandbox.casting import Forgiven


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What one accepted request sends: one content to many addresses."""

    channel: str
    text: str
    sender: str
    purpose: str
    list_name: str
    send_at: str
    parts: int
    options: Mapping[str, object]
    addresses: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One request to be written down; never its credentials. `id` is the number that storage gave out."""

    id: int
    at: datetime
    endpoint: str
    body: bytes = field(repr=False)
    status: int
    code: int | None
    answer: bytes = field(repr=False)
    ticket: str | None = None
    channel: str = ""
    list_name: str = ""
    simulated: bool = False
    forgiven: tuple[Forgiven, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message as one person gets it. `options`: every further field of the request, defaults included."""

    id: int
    at: datetime
    ticket: str
    channel: str
    address: str
    text: str
    sender: str
    purpose: str
    list_name: str
    send_at: str
    parts: int
    options: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which messages or requests: None asks for any; oldest first unless `newest`; `limit` None for all."""

    ticket: str | None = None
    address: str | None = None
    channel: str | None = None
    list_name: str | None = None
    newest: bool = False
    limit: int | None = None
    offset: int = 0
