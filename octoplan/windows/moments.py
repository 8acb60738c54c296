"""A rule, zones and a time → when it is open in all of them, as spans of UTC. Pure but for the zones' own data.

A zone's offset is looked up, never worked out: between two changes of it local time runs as UTC does, so that each
stretch of one offset is cut by itself. A local time that a change skips or repeats is open as often as clocks show it.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from octoplan.windows.calendars import is_holiday
from octoplan.windows.opens import Opens, Span, all_of, joined
from octoplan.windows.rules import Rule

AHEAD = timedelta(days=9)
"""How far is looked: an open frame is settled long before. What opens only later, nobody knows yet: a rule of one's
own may be closed for longer, and the next days are looked at by the next apply."""

_BEFORE = timedelta(days=2)
_HOUR = timedelta(hours=1)
_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)


@cache
def zone(name: str) -> ZoneInfo | None:
    """An IANA name → the zone; None where there is no such."""
    try:
        return ZoneInfo(name) if name and not name.startswith(("/", ".")) else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def opens(rule: Rule, country: str, zones: Sequence[str], now: datetime) -> Opens:
    """When a rule is open, from a little before `now` to AHEAD of it, in every one of `zones`, whose names are known.

    `country`: whose holidays they are. The present span is there from its beginning.
    """
    since, until = now.astimezone(UTC) - _BEFORE, now.astimezone(UTC) + AHEAD
    return all_of(_opens(rule, country, name, (since, until)) for name in zones)


def _opens(rule: Rule, country: str, name: str, within: Span) -> Opens:
    found = zone(name)
    if found is None:
        raise ValueError("no such time zone")
    return joined(
        span
        for (start, end), offset in _stretches(found, within)
        for span in _open_spans(rule, country, (start + offset, end + offset), offset)
    )


def _stretches(at: ZoneInfo, within: Span) -> Iterator[tuple[Span, timedelta]]:
    """A zone and a span of UTC → the stretches of it that have one offset, each with that."""
    start, until = within
    while start < until:
        offset, end = _offset(at, start), start
        while end < until and _offset(at, end) == offset:
            end += _HOUR
        if end < until:
            end = _change(at, end - _HOUR, end)
        yield (start, min(end, until)), offset
        start = end


def _change(at: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """Two moments of different offsets → the first second that has the later one."""
    offset = _offset(at, before)
    while after - before > _SECOND:
        middle = before + timedelta(seconds=(after - before) // _SECOND // 2)
        before, after = (middle, after) if _offset(at, middle) == offset else (before, middle)
    return after


def _offset(at: ZoneInfo, moment: datetime) -> timedelta:
    return moment.astimezone(at).utcoffset() or timedelta()


def _open_spans(rule: Rule, country: str, local: Span, offset: timedelta) -> Iterator[Span]:
    """A stretch of local time, written as if it were UTC → the open spans of it, in UTC."""
    start, end = local
    day = start.date()
    while datetime(day.year, day.month, day.day, tzinfo=UTC) < end:
        if not (rule.holidays and is_holiday(country, day)):
            for first, last in _hours_of(rule, day):
                yield max(first, start) - offset, min(last, end) - offset
        day += _DAY


def _hours_of(rule: Rule, day: date) -> Iterator[Span]:
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    for one in rule.hours:
        if day.weekday() in one.days:
            yield midnight + timedelta(minutes=one.start), midnight + timedelta(minutes=one.end)
