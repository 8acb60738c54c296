"""What the sandbox remembers → JSON values, as the doors under /_sandbox show them."""

import base64
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from octoplan.sandbox.counting import measure
from octoplan.sandbox.records import Callback, Entry, Message, Ticket
from octoplan.sandbox.rules import RULES
from octoplan.sandbox.settings import Settings


def show_ticket(ticket: Ticket) -> dict[str, Any]:
    """Show a ticket; its cost as a number of EUR."""
    return asdict(ticket) | {"at": _show(ticket.at), "due": _show(ticket.due), "cost": float(ticket.cost)}


def show_message(message: Message) -> dict[str, Any]:
    """Show a message."""
    return asdict(message) | {"at": _show(message.at), "due": _show(message.due), "options": dict(message.options)}


def show_sms(message: Message) -> dict[str, Any] | None:
    """Show how a phone network counts an SMS; None on other channels."""
    return asdict(measure(message.text)) if message.channel == "sms" else None


def show_entry(entry: Entry) -> dict[str, Any]:
    """Show a request; its body as text where it is UTF-8, and always its bytes in base64."""
    return asdict(entry) | {
        "at": _show(entry.at),
        "body": entry.body.decode("utf-8", "replace"),
        "body_base64": base64.b64encode(entry.body).decode("ascii"),
        "answer": entry.answer.decode("ascii"),
    }


def show_entry_briefly(entry: Entry) -> dict[str, Any]:
    """Show a request without its body, which may be large."""
    whole = show_entry(replace(entry, body=b""))
    return {name: value for name, value in whole.items() if name not in ("body", "body_base64")}


def show_callback(callback: Callback) -> dict[str, Any]:
    """Show a callback with the bytes that are, or were, posted."""
    shown = {"due": _show(callback.due), "body": callback.body.decode("utf-8", "replace")}
    return asdict(callback) | shown


def show_clock(settings: Settings, now: datetime) -> dict[str, Any]:
    """Show the sandbox's clock: what it shows, how far it is ahead, whether it stands still."""
    return {
        "now": _show(now),
        "offset_seconds": settings.offset / timedelta(seconds=1),
        "frozen": settings.frozen is not None,
    }


def show_rules(settings: Settings) -> list[dict[str, Any]]:
    """Show the table of rules, and which of them hold."""
    return [
        {
            "id": rule.id,
            "code": rule.code,
            "what": rule.what,
            "off": rule.off,
            "source": rule.source,
            "assumption": rule.assumption,
            "on": rule.id not in settings.rules_off,
        }
        for rule in RULES
    ]


def _show(at: datetime) -> str:
    return at.isoformat()
