"""The fields of a callback → what it says, or why it cannot be used. Source: Octopush's pages on callbacks.

Told apart, as documented, by `delivery_date`, `stop_date` or `reception_date`; e-mails of one ticket come together, in
`deliveries`. What the pages leave open: dates without an offset are in UTC.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final, Literal

from octoplan.ingest.bodies import Fields, members
from octoplan.state.told import STANDING

Kind = Literal["delivery", "stop", "reply"]
UNDEFINED: Final = "UNDEFINED"
_LONGEST: Final = 200
_TELLING: Final[Mapping[str, Kind]] = MappingProxyType(
    {"stop_date": "stop", "reception_date": "reply", "deliveries": "delivery", "delivery_date": "delivery"}
)
"""By which field a kind is known. Where several stand, the first with something in it counts; else the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """One message, and what is said of it. `ticket`: blank where a STOP names none; `said`: an answer in its words."""

    kind: Kind
    ticket: str
    address: str = field(repr=False)
    at: datetime | None
    status: str = ""
    said: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusable:
    """A callback that says nothing that could be kept: the rule that it breaks, and our words for it."""

    rule: str
    reason: str


def read_callbacks(fields: object) -> Iterator[Callback | Unusable]:
    """The fields of a callback → one Callback for each message that it is about."""
    if not isinstance(fields, Mapping):
        yield Unusable(rule="ingest/json", reason="it is no object")
        return
    there = [name for name in _TELLING if name in fields]
    match next((name for name in there if not _is_blank(fields[name])), there[0] if there else None):
        case "deliveries":
            yield from _group(fields)
        case str(date):
            yield _read(_TELLING[date], fields, date)
        case None:
            yield Unusable(
                rule="ingest/kind", reason="it has none of delivery_date, stop_date, reception_date and deliveries"
            )


def _group(fields: Fields) -> Iterator[Callback | Unusable]:
    found = [*members(fields["deliveries"])]
    if not found:
        yield Unusable(rule="ingest/deliveries", reason="its deliveries are no list, or nothing is in it")
    for one in found:
        if isinstance(one, Mapping):
            yield _read("delivery", {"message_id": fields.get("message_id"), **one}, "delivery_date")
        else:
            yield Unusable(rule="ingest/deliveries", reason="one of its deliveries is no object")


def _read(kind: Kind, fields: Fields, date: str) -> Callback | Unusable:
    ticket, address = _text(fields, "message_id"), _text(fields, "number") or _text(fields, "email")
    if not address:
        return Unusable(rule="ingest/address", reason="it names neither a number nor an e-mail address")
    if not ticket and kind != "stop":
        return Unusable(rule="ingest/ticket", reason=f"a {kind} has to name the ticket that it is about: message_id")
    status = _text(fields, "status").upper()
    if kind == "delivery" and not status:
        return Unusable(rule="ingest/status", reason="a delivery has to say its status")
    return Callback(
        kind=kind,
        ticket=ticket,
        address=address,
        at=_moment(fields.get(date)),
        status=status if status in STANDING or kind != "delivery" else UNDEFINED,
        said=_text(fields, "text", 10_000) if kind == "reply" else "",
    )


def _is_blank(value: object) -> bool:
    return not (value.strip() if isinstance(value, str) else value)


def _text(fields: Fields, name: str, most: int = _LONGEST) -> str:
    """A field → its text; blank where it has none, or one that no store keeps."""
    value: Any = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    text = str(value).strip()
    whole = "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)
    return text if whole and len(text) <= most else ""


def _moment(written: object) -> datetime | None:
    """A date as a callback has it → the moment; None where it cannot be read: a STOP counts whenever it was said."""
    try:
        read = datetime.fromisoformat(written.strip()) if isinstance(written, str) else None
        return None if read is None else (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
