"""What the sandbox remembers, as values: requests as received, messages as understood, and how to ask for them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal

from octoplan.sandbox.casting import Forgiven

State = Literal["sent", "held", "canceled"]
"""A message is held until the sandbox's clock reaches the moment when it is due."""
CallbackState = Literal["waiting", "sent", "failed"]
"""A callback waits until it was posted; it failed where nothing was answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What one accepted request sends: one content to many addresses, or, with `personal`, one text to each.

    `units`: what each text takes, one for all or one an address. `cost`: of all together, in EUR.
    """

    channel: str
    text: str
    sender: str
    purpose: str
    send_at: str
    due: datetime
    units: tuple[int, ...]
    cost: Decimal
    options: Mapping[str, object]
    addresses: tuple[str, ...] = field(repr=False)
    personal: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One request to be written down; never its credentials. `id` is the number that storage gave out.

    `contacts`: how many were asked for, usable or not.
    """

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
    contacts: int = 0
    forgiven: tuple[Forgiven, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message as one person gets it. `options`: every further field of the request, defaults included.

    `request`: the id of its Entry. `due`: when it is sent, or was. `parts`: of its text; 1 where nothing is counted.
    """

    id: int
    at: datetime
    request: int
    ticket: str
    channel: str
    address: str
    text: str
    sender: str
    purpose: str
    list_name: str
    send_at: str
    due: datetime
    state: State
    parts: int
    options: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """One accepted request, as a campaign in the account's list: `units` and `cost` of all contacts together.

    `text` is the beginning of it; `forgiven` counts notes; `first_message` is the id of its first message.
    """

    ticket: str
    request: int
    at: datetime
    channel: str
    list_name: str
    sender: str
    subject: str
    text: str
    purpose: str
    due: datetime
    state: State
    contacts: int
    units: int
    cost: Decimal
    forgiven: int
    first_message: int | None


CallbackKind = Literal["delivery", "stop", "reply"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """One POST to the account's callback URL. `status`: what was answered; `error`: why nothing was.

    `message` is None where the callback speaks of a whole ticket. `id`: 0 until it is queued.
    """

    id: int
    kind: CallbackKind
    ticket: str
    message: int | None
    due: datetime
    url: str
    format: str
    body: bytes = field(repr=False)
    state: CallbackState = "waiting"
    status: int | None = None
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which tickets, messages, requests or callbacks: None asks for any; oldest first unless `newest`.

    `search`: what stands somewhere in text, address, list, sender, subject or ticket, in any case; in a request's body.
    `state`: of a message, a ticket or an accepted request, or of a callback. `refused`: requests with an error, or
    those without. `brief`: whoever asks does without the bodies of requests. `limit`: None for all.
    """

    ticket: str | None = None
    address: str | None = None
    channel: str | None = None
    list_name: str | None = None
    request: int | None = None
    message: int | None = None
    search: str | None = None
    state: State | CallbackState | None = None
    refused: bool | None = None
    brief: bool = False
    newest: bool = False
    limit: int | None = None
    offset: int = 0
