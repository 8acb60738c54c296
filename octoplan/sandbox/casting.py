"""One value of a JSON body → the value that its field wants, and how it was forgiven: cast, changed or ignored.

Source: the contract's "How our API deals with incorrect data". Which cast leads where is an assumption.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from types import MappingProxyType
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from octoplan.sandbox.fields import Field, Kind

How = Literal["cast", "changed", "defaulted", "ignored"]

_YES = frozenset({"true", "1", "yes", "on"})
_NO = frozenset({"false", "0", "no", "off"})
_NOT_IN_A_SENDER = re.compile(r"[^a-zA-Z0-9]")
_DEEPEST = 50
_BROKEN = "broken Unicode, or a number beyond all bounds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgiven:
    """One thing that the API would mend or drop without a word; `times` counts contacts that share it.

    It names fields and rules; the content of a field never stands in it.
    """

    field: str
    how: How
    note: str
    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """A value as understood; `value` None means that nothing was understood; `how` None that it came as documented."""

    value: object = None
    how: How | None = None
    note: str = ""


def cast_value(field: Field, value: object) -> Cast:
    """Read the JSON `value` as what `field` wants."""
    cast = _READERS[field.kind](field, value)
    if cast.value is None and cast.how is None:
        return Cast(how="ignored", note=f"{_kind_of(value)} cannot be read as {_WANTED[field.kind]}")
    return cast


def cast_text(value: object) -> Cast:
    """Read text as it is, numbers and truth values as their JSON spelling; half surrogates become U+FFFD."""
    if isinstance(value, str):
        whole = _mend(value)
        return Cast(value=whole) if whole == value else Cast(value=whole, how="changed", note="broken Unicode replaced")
    if isinstance(value, bool):
        return Cast(value=str(value).lower(), how="cast", note="truth value to text")
    if isinstance(value, int | float):
        return Cast(value=str(value), how="cast", note="number to text")
    return Cast()


def _mend(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def _read_text(field: Field, value: object) -> Cast:
    cast = cast_text(value)
    if not isinstance(cast.value, str):
        return cast
    if not cast.value:
        return Cast(how="ignored", note="blank")
    if field.longest is not None and len(cast.value) > field.longest:
        return Cast(value=cast.value[: field.longest], how="changed", note=f"cut to {field.longest} characters")
    return cast


def _read_sender(field: Field, value: object) -> Cast:
    cast = _read_text(field, value)
    if not isinstance(cast.value, str):
        return cast
    clean = _NOT_IN_A_SENDER.sub("", cast.value)
    if clean == cast.value:
        return cast
    return Cast(value=clean or None, how="changed", note="characters that are not allowed were deleted")


def _read_choice(field: Field, value: object) -> Cast:
    cast = cast_text(value)
    if not isinstance(cast.value, str) or cast.value in field.choices:
        return cast
    wanted = cast.value.strip().casefold()
    for choice in field.choices:
        if choice.casefold() == wanted:
            return Cast(value=choice, how="changed", note=f"read as {choice}")
    return Cast(how="ignored", note=f"none of {', '.join(field.choices)}")


def _read_flag(_field: Field, value: object) -> Cast:
    if isinstance(value, bool):
        return Cast(value=value)
    word = str(value).strip().casefold() if isinstance(value, str | int | float) else ""
    if word in _YES or word in _NO:
        return Cast(value=word in _YES, how="cast", note=f"{_kind_of(value)} to truth value")
    return Cast()


def _read_moment(_field: Field, value: object) -> Cast:
    if not isinstance(value, str):
        return Cast()
    try:
        moment = datetime.fromisoformat(value.strip())
        local = moment if moment.tzinfo else moment.replace(tzinfo=_central_europe())
        local.astimezone(UTC)  # the first and last days of the calendar have no time everywhere
    except (ValueError, OverflowError):
        return Cast(how="ignored", note="not an ISO 8601 date; the message is sent at once")
    if moment.tzinfo is None:
        return Cast(value=local.isoformat(), how="changed", note="no offset: read as Central European Time")
    return Cast(value=moment.isoformat())


def _central_europe() -> tzinfo:
    try:
        return ZoneInfo("Europe/Paris")
    except ZoneInfoNotFoundError:  # a machine without time zone data
        return timezone(timedelta(hours=1))


def _read_objects(_field: Field, value: object) -> Cast:
    if isinstance(value, dict):
        return _bounded([value], how="cast", note="one object to an array")
    if not isinstance(value, list):
        return Cast()
    usable: list[object] = [item for item in value if isinstance(item, dict)]
    if len(usable) < len(value):
        return _bounded(usable, how="changed", note="what is not an object was dropped")
    return _bounded(usable)


def _bounded(value: list[object], *, how: How | None = None, note: str = "") -> Cast:
    level: list[object] = [value]
    for _ in range(_DEEPEST):
        level = [item for thing in level for item in _inside(thing)]
        if not level:
            return Cast(value=value, how=how, note=note) if _is_whole(value) else Cast(how="ignored", note=_BROKEN)
    return Cast(how="ignored", note=f"nested deeper than {_DEEPEST} levels")


def _is_whole(value: object) -> bool:
    """Whether JSON can hold a value: half surrogates and numbers beyond all bounds come in, and cannot go out."""
    try:
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except ValueError:
        return False
    return True


def _inside(thing: object) -> list[object]:
    if isinstance(thing, dict):
        return list(thing.values())
    return thing if isinstance(thing, list) else []


def _kind_of(value: object) -> str:
    return _KINDS.get(type(value), "a value")


_KINDS: Mapping[type, str] = MappingProxyType(
    {str: "text", bool: "a truth value", int: "a number", float: "a number", dict: "an object", list: "an array"}
    | {type(None): "null"}
)
_WANTED: Mapping[Kind, str] = MappingProxyType(
    {
        "text": "text",
        "sender": "text",
        "choice": "text",
        "flag": "a truth value",
        "moment": "a date",
        "objects": "an array of objects",
    }
)
_READERS: Mapping[Kind, Callable[[Field, object], Cast]] = MappingProxyType(
    {
        "text": _read_text,
        "sender": _read_sender,
        "choice": _read_choice,
        "flag": _read_flag,
        "moment": _read_moment,
        "objects": _read_objects,
    }
)
