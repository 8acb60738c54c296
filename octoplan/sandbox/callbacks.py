"""What happened to a message → the body of a callback, as JSON or as a form. Source: the pages on callbacks.

Told apart, as documented, by `delivery_date`, `stop_date` or `reception_date`. What the pages leave open stands in
`ASSUMPTIONS`.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from octoplan.sandbox.errors import SandboxError
from octoplan.sandbox.prices import LETTERS_A_SECOND, SECONDS_A_BLOCK
from octoplan.sandbox.records import Message

STATUSES = (
    "ACK",
    "TRANSMITTED",
    "PROCESSED",
    "ISP_SEND",
    "DELIVERED",
    "NOT_DELIVERED",
    "NOT_ALLOWED",
    "BAD_DESTINATION",
    "BLACKLISTED_NUMBER",
    "SPAM_PRESUMPTION",
    "EXPIRED",
    "UNKNOWN_DELIVERY",
    "UNDEFINED",
    "READ",
    "OPENED",
    "CLICKED",
)
"""Every status that a page of the documentation or published code names; which channel gets which is not said."""

ASSUMPTIONS: Mapping[str, str] = MappingProxyType(
    {
        "callback_time_zone": "The dates in callbacks are in UTC.",
        "callback_form": "A form writes nested fields as PHP does: meta_data[call_duration], deliveries[0][email];"
        " what is null, and a list or an object of nothing, is left out.",
        "callback_unit_price": "unit_price is what the whole message cost, all of its parts, in EUR, also where"
        " nothing was delivered.",
        "callback_email_group": "The e-mails of one ticket share one callback; their status_history is empty.",
        "callback_phones_only": "STOPs and replies come from phones; an e-mail has neither.",
        "callback_reply": "A reply is also received where with_replies was not asked for, by the short number 12345.",
        "callback_call": "A call that was delivered lasts as long as its text, at 15 characters a second, is charged in"
        " blocks of 30 seconds, and nobody presses a key.",
        "callback_once": "A callback is posted once, whatever is answered.",
    }
)
"""What is assumed about callbacks, by id; everything else in this module is documented."""

CONTENT_TYPES: Mapping[str, str] = MappingProxyType(
    {"json": "application/json", "form": "application/x-www-form-urlencoded"}
)
"""The format of a body → its media type."""

LONGEST_TEXT = 1224

_RECEIVER = "12345"
_DELIVERED = "DELIVERED"
_EMAIL = "email"
_VOICE = "voice_sms"

Content = Mapping[str, Any]
"""The fields of one callback, in their documented order."""


class CallbackError(SandboxError, ValueError):
    """A callback that cannot come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReport:
    """What became of one message; `unit_price` in EUR."""

    message: Message
    status: str
    at: datetime
    unit_price: Decimal

    def __post_init__(self) -> None:
        if self.status not in STATUSES:
            raise CallbackError(f"no such status: {str(self.status)[:40]}", hint=f"there are: {', '.join(STATUSES)}")


def describe_delivery(report: DeliveryReport) -> Content:
    """Describe what became of a message; an e-mail is a group of its own."""
    message = report.message
    if message.channel == _EMAIL:
        return describe_group((report,))
    return {
        "channel": message.channel,
        "message_id": message.ticket,
        "list_name": message.list_name,
        "number": message.address,
        "status": report.status,
        "unit_price": float(report.unit_price),
        "delivery_date": _write_date(report.at),
        "meta_data": _describe_call(report) if message.channel == _VOICE else {},
    }


def describe_group(reports: Sequence[DeliveryReport]) -> Content:
    """Describe what became of e-mails of one ticket, of which there is at least one; CallbackError for others."""
    first = reports[0].message
    if any(one.message.channel != _EMAIL or one.message.ticket != first.ticket for one in reports):
        raise CallbackError("only e-mails of one ticket are reported together")
    return {
        "channel": _EMAIL,
        "message_id": first.ticket,
        "list_name": first.list_name,
        "meta_data": {"template_name": first.options.get("template_name") or ""},
        "deliveries": [
            {
                "email": one.message.address,
                "status": one.status,
                "unit_price": float(one.unit_price),
                "delivery_date": _write_date(one.at),
                "status_history": [],
            }
            for one in reports
        ],
    }


def describe_stop(message: Message, text: object, at: datetime) -> Content:
    """Describe that the person answered `message` with a STOP; CallbackError if that cannot be."""
    return _describe_answer(message, text) | {"stop_date": _write_date(at)}


def describe_reply(message: Message, text: object, at: datetime) -> Content:
    """Describe that the person answered `message`; CallbackError if that cannot be."""
    return _describe_answer(message, text) | {"sim_card_number": _RECEIVER, "reception_date": _write_date(at)}


def encode_callback(content: Content, form: str) -> bytes:
    """Write the body in the format `json` or `form`: ASCII only, so that no text can break it."""
    if form == "form":
        return urlencode(list(_flatten(content)), errors="replace").encode("ascii")
    return json.dumps(content, separators=(",", ":")).encode("ascii")


def _describe_answer(message: Message, text: object) -> dict[str, Any]:
    if message.channel == _EMAIL:
        raise CallbackError("a STOP or a reply comes from a phone", hint="of an e-mail only deliveries are reported")
    if not isinstance(text, str) or not 1 <= len(text) <= LONGEST_TEXT or not _is_whole(text):
        raise CallbackError(f"text: 1 to {LONGEST_TEXT} characters are needed", hint="such as STOP")
    return {"message_id": message.ticket, "number": message.address, "text": text}


def _describe_call(report: DeliveryReport) -> dict[str, Any]:
    spoken = math.ceil(len(report.message.text) / LETTERS_A_SECOND) if report.status == _DELIVERED else 0
    charged = math.ceil(spoken / SECONDS_A_BLOCK) * SECONDS_A_BLOCK
    return {"pressed_keys_code": "", "call_duration": spoken, "charged_duration": charged}


def _write_date(at: datetime) -> str:
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="seconds")


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _flatten(content: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Write nested fields as pairs of one level, in the manner of PHP's http_build_query."""
    if isinstance(content, Mapping):
        for key, value in content.items():
            yield from _flatten(value, f"{name}[{key}]" if name else key)
    elif isinstance(content, list):
        for at, value in enumerate(content):
            yield from _flatten(value, f"{name}[{at}]")
    elif content is not None:
        yield name, str(content)
