"""Values that a database gives → the SQL type that holds all of a column, and their texts, which are cast to it."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

_TEXT = "VARCHAR"
_DIGITS = 38


@dataclass(slots=True)
class Column:
    """A column while it is filled. `kind`: of all values so far, blank at first.

    `scale`, `whole`: the most digits after the point, and before it, of decimal and of whole numbers.
    """

    kind: str = ""
    scale: int = 0
    whole: int = 0

    @property
    def sql(self) -> str:
        """The SQL type that holds them."""
        if self.kind == "DECIMAL":
            return f"DECIMAL({_DIGITS},{self.scale})"
        return self.kind or _TEXT

    def grow(self, values: Iterable[Any]) -> bool:
        """More values → whether all of them can be held; the type becomes one that holds those before, too."""
        for value in values:
            if value is None:
                continue
            kind = _kind(value)
            if not kind:
                return False
            if kind in ("DECIMAL", "HUGEINT"):
                whole, scale = _digits(value)
                self.whole, self.scale = max(self.whole, whole), max(self.scale, scale)
            if kind != self.kind:
                self.kind = _common(self.kind, kind)
        if self.kind == "DECIMAL" and self.whole + self.scale > _DIGITS:
            self.kind = _TEXT
        return True

    def texts(self, values: Sequence[Any]) -> list[str | None]:
        """Values → their texts, which are cast to the type."""
        return [None if value is None else _text(value) for value in values]


def _kind(value: object) -> str:
    """A value → its SQL type; blank where it has none that a row could hold."""
    if isinstance(value, bool):
        return "BOOLEAN"
    if isinstance(value, int):
        return "HUGEINT" if value.bit_length() < 127 else _TEXT  # noqa: PLR2004 - one of 128 bits is the sign
    if isinstance(value, Decimal):
        return "DECIMAL" if value.is_finite() and sum(_digits(value)) <= _DIGITS else _TEXT
    for python, sql in ((float, "DOUBLE"), (datetime, "TIMESTAMP"), (date, "DATE"), (time, "TIME")):
        if isinstance(value, python):
            return sql
    return _TEXT if isinstance(value, str | UUID | list | tuple | dict) else ""


def _digits(value: int | Decimal) -> tuple[int, int]:
    """A number → its digits before the point, and after it."""
    if isinstance(value, int):
        return len(str(abs(value))), 0
    return max(value.adjusted() + 1, 0), max(-int(value.as_tuple().exponent), 0)


def _common(one: str, other: str) -> str:
    """Two types → one that holds both."""
    numbers = ("HUGEINT", "DECIMAL", "DOUBLE")
    if one in numbers and other in numbers:
        return max(one, other, key=numbers.index)
    return other if one in ("", other) else _TEXT


def _text(value: object) -> str:
    if isinstance(value, datetime):
        # Without an offset a moment in a message would be the reader's; a column of rows has one zone: UTC.
        plain = value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
        return plain.isoformat(sep=" ")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal) and value.is_finite():
        return format(value, "f")
    if isinstance(value, list | tuple | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return value.isoformat() if isinstance(value, date | time) else str(value)
