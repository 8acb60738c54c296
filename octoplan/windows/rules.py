"""What is written about days and hours → a Rule: when a message may be sent, in local time. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any, Final, Literal

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Confidence = Literal["law", "operator", "courtesy", "own"]
_MINUTES: Final = 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """On which weekdays (0: Monday) it is open, from which minute of the day to which, the second not included."""

    days: frozenset[int]
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """When messages may be sent. `holidays`: closed on public holidays, as far as they are known.

    `name`: of its pack, or `own`, with the part of the country that it is for, if any. `source` says where the rule is
    from, `checked_on` when that was last looked at; for a rule of one's own, `why` is what its author wrote.
    """

    name: str
    hours: tuple[Hours, ...]
    holidays: bool
    confidence: Confidence
    source: str = ""
    checked_on: str = ""
    why: str = ""

    @property
    def said(self) -> str:
        """In a few words: `mon-sat 08:00-20:00, not on holidays`."""
        spans: dict[str, list[str]] = {}
        for one in self.hours:
            spans.setdefault(_days(one.days), []).append(f"{_clock(one.start)}-{_clock(one.end)}")
        told = "; ".join(f"{days} {' and '.join(hours)}" for days, hours in spans.items())
        return f"{told}, not on holidays" if self.holidays else told


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruled:
    """A rule of when messages may be sent, in words, and how many people it is for; `outside`: of them, not now.

    `confidence`: law, operator, courtesy or own; `source`: where it is from. Not `enforced`: it is only shown.
    """

    rule: str
    said: str
    confidence: str
    source: str
    people: int
    outside: int
    enforced: bool = True


def hours(written: Sequence[Mapping[str, Any]]) -> tuple[Hours, ...]:
    """`open:` of a pack, a list of days and hours → the Hours."""
    return tuple(one for entry in written for one in spans(entry.get("days", "mon-sun"), entry["hours"]))


def spans(days: str, written: str | Sequence[str]) -> tuple[Hours, ...]:
    """`mon-sat` and `08:00-20:00`, or a list of such → the Hours."""
    on = weekdays(days)
    return tuple(_hours(on, one) for one in ([written] if isinstance(written, str) else written))


def weekdays(written: str) -> frozenset[int]:
    """`mon-fri`, `sat`, `mon-wed, fri` → numbers of weekdays; a range may go over Sunday."""
    found: set[int] = set()
    for part in written.split(","):
        first, _, last = part.strip().partition("-")
        start, end = DAYS.index(first), DAYS.index(last or first)
        found.update(day % len(DAYS) for day in range(start, end + 1 + (len(DAYS) if end < start else 0)))
    return frozenset(found)


def _hours(days: frozenset[int], written: str) -> Hours:
    start, end = (_minute(one) for one in written.split("-"))
    if not start < end:
        raise ValueError("hours end after they begin, on the same day; 24:00 is the end of a day")
    return Hours(days=days, start=start, end=end)


def _minute(written: str) -> int:
    hour, minute = (int(part) for part in written.split(":"))
    return _MINUTES if (hour, minute) == (24, 0) else time(hour, minute).hour * 60 + minute


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _days(days: frozenset[int]) -> str:
    """Weekdays → the shortest way to write them."""
    runs: list[list[int]] = []
    for day in sorted(days):
        if runs and day == runs[-1][-1] + 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ", ".join(DAYS[run[0]] if len(run) == 1 else f"{DAYS[run[0]]}-{DAYS[run[-1]]}" for run in runs)
