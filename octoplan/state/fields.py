"""One value of a line → the value that is meant, or ValueError with what it had to be. What is not known is refused."""

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

Check = Callable[[Any], Any]
MOST: Final = 2**31 - 1
"""The largest whole number that every store keeps."""
COUNTED: Final = 10**12
"""The largest number of parts that a gateway's answer is believed; see `kept`."""
PEOPLE: Final = 500
"""The most people of one request."""
KEY: Final = 16
_MONEY: Final = re.compile(r"-?\d{1,20}(\.\d{1,20})?(E[+-]?\d{1,2})?", re.ASCII)


def whole(least: int, most: int = MOST) -> Check:
    """A range → the check of a whole number in it."""

    def check(value: Any) -> int:
        if type(value) is not int or not least <= value <= most:
            raise ValueError(f"a whole number from {least:,} to {most:,}")
        return value

    return check


def kept(count: int | None) -> int | None:
    """A count that comes from outside → the same, None where no store could keep it."""
    return count if count is None or count <= MOST else None


def text(most: int = 1000) -> Check:
    """A length → the check of a text of at most so many characters that can be kept and shown."""

    def check(value: Any) -> str:
        if not isinstance(value, str) or len(value) > most or not _can_be_kept(value):
            raise ValueError(f"a text of at most {most} characters")
        return value

    return check


def digits(least: int, most: int | None = None) -> Check:
    """Lengths → the check of so many hexadecimal digits in lower case."""
    form = re.compile(rf"[0-9a-f]{{{least},{most or least}}}")

    def check(value: Any) -> str:
        if not isinstance(value, str) or not form.fullmatch(value):
            raise ValueError(f"{least if most is None else f'{least} to {most}'} hexadecimal digits")
        return value

    return check


def one_of(*words: str) -> Check:
    """Words → the check of one of them."""

    def check(value: Any) -> str:
        if not isinstance(value, str) or value not in words:
            raise ValueError(f"one of {', '.join(words)}")
        return value

    return check


def optional(check: Check) -> Check:
    """A check → the same, which lets null pass as well."""
    return lambda value: None if value is None else check(value)


def flag(value: Any) -> bool:
    """A truth value."""
    if not isinstance(value, bool):
        raise ValueError("true or false")  # noqa: TRY004 - one kind of error for whatever does not fit
    return value


def moment(value: Any) -> datetime:
    """ISO 8601 with an offset."""
    try:
        if isinstance(value, str) and (read := datetime.fromisoformat(value)).tzinfo:
            return read.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ValueError("a moment in ISO 8601 with its offset")


def money(value: Any) -> Decimal:
    """A decimal number as text."""
    if not isinstance(value, str) or not _MONEY.fullmatch(value):
        raise ValueError("a decimal number in quotes")
    return Decimal(value)


def definition(value: Any) -> Mapping[str, Any]:
    """A campaign's definition: an object that can be kept."""
    try:
        if isinstance(value, dict) and _can_be_kept(json.dumps(value, ensure_ascii=False, allow_nan=False)):
            return value
    except (ValueError, RecursionError):
        pass
    raise ValueError("an object that can be kept")


def person(value: Any) -> int:
    """A person key as 32 hexadecimal digits."""
    return int(digits(2 * KEY)(value), 16)


def people(value: Any) -> tuple[int, ...]:
    """Person keys of 16 bytes each, in ascending order, as base64."""
    try:
        packed = base64.b64decode(value, validate=True) if isinstance(value, str) else b"?"
    except (ValueError, binascii.Error):
        packed = b"?"
    if len(packed) % KEY or len(packed) > PEOPLE * KEY:
        raise ValueError(f"at most {PEOPLE} person keys in base64")
    found = keys(packed)
    if any(one >= other for one, other in pairwise(found)):
        raise ValueError("person keys in ascending order, each of them once")
    return found


def keys(packed: bytes | bytearray) -> tuple[int, ...]:
    """The bytes of person keys → the keys."""
    return tuple(int.from_bytes(packed[at : at + KEY], "big") for at in range(0, len(packed), KEY))


def packed(people: tuple[int, ...]) -> str:
    """Person keys in order → what `people` reads."""
    return base64.b64encode(b"".join(person.to_bytes(KEY, "big") for person in people)).decode("ascii")


def _can_be_kept(value: str) -> bool:
    """Whether every store can keep a text: no half characters, no zero bytes."""
    try:
        return b"\0" not in value.encode()
    except UnicodeEncodeError:
        return False
