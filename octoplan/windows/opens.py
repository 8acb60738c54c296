"""Moments at which something may be sent, as spans of UTC, and their text, which a state keeps. Pure.

The text is `20261130T0700/20261130T1900 20261201T0700/...`: minutes of UTC, the second of each pair is the first at
which it is closed again. Blank: always open. `never`: not in the days that were looked at.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Self

Span = tuple[datetime, datetime]
"""From when, and until when: the second is not in it any more."""

_FORM: Final = "%Y%m%dT%H%M"
_NEVER: Final = "never"
EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""From when on a span is that has no beginning."""


@dataclass(frozen=True, slots=True)
class Opens:
    """When something is open: spans in order that do not touch; None: always."""

    spans: tuple[Span, ...] | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """What `text` wrote → the same; ValueError for what it never writes."""
        if not text:
            return cls()
        if text == _NEVER:
            return cls(())
        return cls(tuple(_span(one) for one in text.split(" ")))

    @property
    def text(self) -> str:
        """As a state keeps it, to the minute: never longer than it is open."""
        if self.spans is None:
            return ""
        kept = [(_up(start), end.replace(second=0, microsecond=0)) for start, end in self.spans]
        return " ".join(f"{start:{_FORM}}/{end:{_FORM}}" for start, end in kept if start < end) or _NEVER

    @property
    def is_always(self) -> bool:
        """Whether nothing is ever closed."""
        return self.spans is None

    def holds(self, at: datetime) -> bool:
        """Whether it is open at a moment."""
        if self.spans is None:
            return True
        index = bisect_right(self.spans, at, key=_start) - 1
        return index >= 0 and at < self.spans[index][1]

    def first_from(self, at: datetime) -> datetime | None:
        """The first moment, from `at` on, at which it is open; None where that is not known."""
        if self.holds(at):
            return at
        return next((start for start, _ in self.spans or () if start > at), None)

    def closes(self, at: datetime) -> datetime | None:
        """When it closes that is open at a moment; None: never, or it is not open."""
        found = self.around(at)
        return found[1] if found is not None else None

    def around(self, at: datetime) -> Span | None:
        """The span that a moment is in; None: it is always open, or not then."""
        return next(((start, end) for start, end in self.spans or () if start <= at < end), None)

    def before(self, at: datetime) -> "Opens":
        """As it is, and at any moment before `at` too."""
        if self.spans is None:
            return self
        return joined(((EVER, at.astimezone(UTC)), *self.spans))

    def within(self, other: "Opens") -> "Opens":
        """When both are open."""
        if self.spans is None or other.spans is None:
            return other if self.spans is None else self
        return Opens(tuple(_overlaps(self.spans, other.spans)))


ALWAYS: Final = Opens()


def joined(spans: Iterable[Span]) -> Opens:
    """Spans in any order → Opens, in which those that touch are one."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if start >= end:
            continue
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return Opens(tuple(found))


def all_of(opens: Iterable[Opens]) -> Opens:
    """Several → when all of them are open; of none: always."""
    found = ALWAYS
    for one in opens:
        found = found.within(one)
    return found


def _overlaps(one: Sequence[Span], other: Sequence[Span]) -> Iterable[Span]:
    for start, end in one:
        for begin, finish in other:
            if max(start, begin) < min(end, finish):
                yield max(start, begin), min(end, finish)


def _start(span: Span) -> datetime:
    return span[0]


def _span(text: str) -> Span:
    start, end = (datetime.strptime(one, _FORM).replace(tzinfo=UTC) for one in text.split("/"))
    return start, end


def _up(moment: datetime) -> datetime:
    """A moment → the first whole minute that is not before it."""
    whole = moment.replace(second=0, microsecond=0)
    return whole if whole == moment else datetime.fromtimestamp(whole.timestamp() + 60, UTC)
