"""What crosses the wire: a Request comes in, an Answer goes out. Plain values, so that both doors build the same."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.utils import format_datetime
from types import MappingProxyType

LARGEST_BODY = 10 * 1024 * 1024
"""Bytes; our own bound, since the API documents none."""

JSON_HEADERS: Mapping[str, str] = MappingProxyType({"content-type": "application/json"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request: `path` without `query`, `headers` with names in any case, `body` as received."""

    method: str
    path: str
    headers: Mapping[str, str] = field(repr=False)  # holds credentials: never kept, never shown
    query: str = ""
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP answer: `status`, `headers` with lower-case names, `body` in JSON."""

    status: int
    headers: Mapping[str, str] = field(default_factory=lambda: JSON_HEADERS)
    body: bytes = b""


def http_date(moment: datetime) -> str:
    """A moment in UTC → as HTTP writes it (RFC 9110, 5.6.7)."""
    return format_datetime(moment.replace(microsecond=0), usegmt=True)


def dated(answer: Answer, date: str) -> Answer:
    """An answer and the time by the sandbox's clock → the answer that says it."""
    return replace(answer, headers={**answer.headers, "date": date})
