"""What may happen to one frame, an arrow of its life each; drawn in `interface`, which hands these on."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin:
    """planned → sending: durable, with the sealed body, before the first byte leaves."""

    frame: str
    run: str
    at: datetime
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class PutBack:
    """sending, without a byte sent → planned, as it was before it was begun. The body is erased; its id was never used.

    Only for whoever began it: of a frame that another run left nobody knows that nothing was sent.
    """

    frame: str
    run: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """sending → sending: a further attempt, or a frame taken over by `run` from the dead run that `held_by` names."""

    frame: str
    run: str
    at: datetime
    held_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """sending → sent: accepted by the gateway. The body is erased."""

    frame: str
    run: str
    at: datetime
    ticket: str | None = None
    cost: Decimal | None = None
    units: int | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """sending → refused. `keep`: the message stays refused (one recipient's fault); else its people are free again."""

    frame: str
    run: str
    at: datetime
    code: int | None
    why: str
    keep: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """One part of a split frame: its request id and its people, in order of their keys."""

    id: str
    people: tuple[int, ...]
    refusals: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """sending → refused, and its people into planned frames, all at once: they are never free in between."""

    frame: str
    run: str
    at: datetime
    code: int | None
    why: str
    children: tuple[Child, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenOut:
    """planned, or sending without a byte sent → no more, and its people in `rest`, planned, but those who are `gone`.

    They are free: they said STOP, and are left out of every plan from now on. Its id was never used.
    """

    frame: str
    run: str
    at: datetime
    begun: bool
    gone: tuple[int, ...]
    rest: Child | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """sending → unknown: only a person can tell now. The body is erased."""

    frame: str
    run: str
    at: datetime
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """sending stays sending: `why` no answer was had so far."""

    frame: str
    run: str
    at: datetime
    why: str


Change = Begin | PutBack | Again | Sent | Refused | Split | TakenOut | Unknown | Open
