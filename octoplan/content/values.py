"""A value of a row in; its text out, or the fact that it is blank.

`FORMS` is the one table of how a value becomes text; `docs/templates.md` shows it and a test compares the two.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from jinja2.runtime import StrictUndefined, Undefined

from octoplan.content.faults import BlankError, FaultError, LimitError, NothingError
from octoplan.content.limits import MAX_ITEMS


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How one type is written: `kind` and `rule` for people, an `example` value, and `write` to do it."""

    kind: str
    rule: str
    example: object
    write: Callable[[Any], str]


def _write_float(value: float) -> str:
    if not math.isfinite(value):
        raise FaultError("an infinite number cannot be printed")
    return repr(value + 0.0).removesuffix(".0")  # -0.0 is 0, as where rows that are equal are found


def _write_decimal(value: Decimal) -> str:
    if not value.is_finite():
        raise FaultError("an infinite number cannot be printed")
    if abs(value.adjusted()) > MAX_ITEMS or len(value.as_tuple().digits) > MAX_ITEMS:
        raise LimitError("a number of too many digits cannot be printed")
    return format(value, "f")


def _write_int(value: int) -> str:
    try:
        return str(value)
    except ValueError as error:  # Python's own limit, 4300 digits
        raise LimitError("a number of too many digits cannot be printed") from error


FORMS: Final[Mapping[type, Form]] = MappingProxyType(
    {
        str: Form(kind="text", rule="as it is", example="Zoë", write=str),
        int: Form(kind="whole number", rule="its digits", example=1200, write=_write_int),
        float: Form(kind="floating-point number", rule="the shortest form, no `.0`", example=3.0, write=_write_float),
        Decimal: Form(
            kind="decimal number", rule="plain, with its own places", example=Decimal("12.50"), write=_write_decimal
        ),
        bool: Form(
            kind="true or false", rule="`true` or `false`", example=True, write=lambda value: str(value).lower()
        ),
        date: Form(kind="date", rule="ISO 8601", example=date(2026, 12, 1), write=date.isoformat),
        datetime: Form(
            kind="date with time",
            rule="ISO 8601",
            example=datetime(2026, 12, 1, 10, 0),  # noqa: DTZ001 - a column without a zone is common
            write=datetime.isoformat,
        ),
        time: Form(kind="time", rule="ISO 8601", example=time(18, 30), write=time.isoformat),
        UUID: Form(kind="UUID", rule="lower case, with hyphens", example=UUID(int=1), write=str),
    }
)


def text_of(value: object) -> str:
    """Write a value as text, by FORMS. A blank raises BlankError; what has no form raises FaultError."""
    if type(value) is str:
        return value
    form = FORMS.get(type(value))
    if form is not None:
        return form.write(value)
    if isinstance(value, str):  # Markup, which HTML bodies use: it stays what it is
        return value
    demand(value)
    if value is None:
        raise FaultError("there is nothing to print: the value is `none`")
    if isinstance(value, list | tuple | dict | range):
        raise FaultError("a list or a struct cannot be printed; pick an element, or use `| join`")
    raise FaultError("a value of this type cannot be printed")


def is_blank(value: object) -> bool:
    """Tell whether a value counts as missing: nothing, an empty text, only white space, or not a number."""
    if isinstance(value, str):
        return not value or value.isspace()
    if isinstance(value, float):
        return math.isnan(value)
    return value is None or (isinstance(value, Decimal) and value.is_nan())


class Blank(StrictUndefined):
    """A blank value: false, equal to no text, not defined, caught by `default`; any other use raises BlankError.

    `name` is the column's (or constant's) name; it is empty for an element found inside a value.
    """

    __slots__ = ()

    def __init__(self, name: str) -> None:
        super().__init__(name=name, exc=BlankError)

    @property
    def _undefined_message(self) -> str:
        return self._undefined_name or ""

    def __bool__(self) -> bool:  # type: ignore[override]  # a Blank answers where its parent raises
        return False

    def __eq__(self, other: object) -> bool:  # type: ignore[override]  # as above
        return isinstance(other, Blank)

    def __ne__(self, other: object) -> bool:  # type: ignore[override]  # as above
        return not isinstance(other, Blank)

    def __hash__(self) -> int:  # type: ignore[override]  # as above
        return hash(Blank)


def nothing(what: str) -> StrictUndefined:
    """Make the value of an element that does not exist; `what` says so. `default` catches it, any other use raises."""
    return StrictUndefined(hint=what, exc=NothingError)


def demand(*values: object) -> None:
    """Raise BlankError (or NothingError) if one of the values is blank or does not exist."""
    for value in values:
        if isinstance(value, Undefined):
            str(value)


def nested(value: object, name: str = "") -> object:
    """Pass on a value found inside another; a blank one becomes a Blank."""
    return Blank(name) if is_blank(value) else value
