"""A length of time as people write it → a timedelta, and back; a moment, too. Pure; the one place for it.

A whole number and a unit: `90s`, `15m`, `36h`, `7d`. Its form is in the JSON Schema too, as `duration`, so that what
gets here has it.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_UNITS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_FORM: Final = re.compile(r"([1-9][0-9]{0,5})([smhd])")
EARLIEST: Final = datetime(2, 1, 1, tzinfo=UTC)
LATEST: Final = datetime.max.replace(tzinfo=UTC)
"""Between these a moment exists in every zone."""


def parse(written: str) -> timedelta:
    """`15m` → the timedelta; ValueError for anything else."""
    found = _FORM.fullmatch(written)
    if found is None:
        raise ValueError("a length of time is a whole number and s, m, h or d, such as 15m")
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]])


def write(length: timedelta) -> str:
    """A timedelta → the shortest text that `parse` reads as the same; parts of a second are dropped."""
    seconds = int(length.total_seconds())
    unit = next(unit for unit, size in reversed(_UNITS.items()) if seconds % size == 0)
    return f"{seconds // _UNITS[unit]}{unit}"


def read_moment(written: str, before: datetime = LATEST) -> datetime:
    """A date and time in ISO 8601 with its zone → the moment; ValueError where none exists, or none sooner."""
    found = datetime.fromisoformat(written)
    if found.tzinfo is None or not EARLIEST <= found < before:
        raise ValueError("a moment has a zone, and exists in every other")
    return found


def moment(when: datetime) -> str:
    """A moment → date, time and offset, as its author wrote the offset: `2026-12-01 08:00 +01:00`, or `... UTC`."""
    zone = "UTC" if when.utcoffset() == UTC.utcoffset(None) else when.strftime("%z")
    return f"{when:%Y-%m-%d %H:%M} {zone if zone == 'UTC' else f'{zone[:3]}:{zone[3:5]}'}"
