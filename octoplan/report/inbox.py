"""What the sandbox received → text or JSON. Its messages are whole: the inbox is a named exception to masking."""

from collections.abc import Sequence
from dataclasses import asdict

from octoplan.durations import moment
from octoplan.report.document import document
from octoplan.report.lines import count
from octoplan.report.safe import plain
from octoplan.report.style import BLANK, Line, Style
from octoplan.sandbox.records import Message

_SHOWN = 100


def text_inbox(messages: Sequence[Message], total: int) -> list[Line]:
    """The newest messages → a line each, and how many there are."""
    if not total:
        return [Line(Style.SAME, "The inbox is empty: nothing was sent to the sandbox yet.")]
    channel = max(len(message.channel) for message in messages)
    address = max(len(plain(message.address)) for message in messages)
    lines = [
        Line(
            Style.PLAIN,
            f"{moment(message.at)}  {message.channel:<{channel}}  {plain(message.address):<{address}}  "
            f"{_short(message)}",
        )
        for message in messages
    ]
    return [
        *lines,
        BLANK,
        Line(Style.TOTAL, f"Inbox: {count(len(messages))} of {count(total)} messages, newest first."),
    ]


def json_inbox(messages: Sequence[Message], total: int) -> str:
    """The newest messages → a versioned document."""
    shown = [
        {
            **asdict(message),
            "at": message.at.isoformat(),
            "due": message.due.isoformat(),
            "options": dict(message.options),
        }
        for message in messages
    ]
    return document("inbox", total=total, messages=shown)


def _short(message: Message) -> str:
    said = plain(message.text)
    return said if len(said) <= _SHOWN else f"{said[: _SHOWN - 1]}…"
