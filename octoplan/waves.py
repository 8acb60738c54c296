"""`waves` and `stop_if` of a campaign → how large each wave is, when it may begin, and why it must not. Pure.

A wave goes out once the one before is over: none of its frames is planned or open. Between them people look, and the
numbers are held against `stop_if`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from math import ceil
from typing import Any, Final

from octoplan import durations
from octoplan.errors import Problem, ProjectInvalid
from octoplan.source import Document

_PERCENT: Final = 100
_FEW: Final = 20
SHARES: Final = ("refused", "undelivered", "opted_out")
"""What `stop_if` looks at, each a share of people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """So many `people`, or a `share` of all; neither: the rest. `after`: how long after the wave before is over."""

    people: int | None = None
    share: Decimal | None = None
    after: timedelta = timedelta()

    def size(self, people: int) -> int:
        """How many of so many people it is for, if there are as many."""
        if self.people is not None:
            return self.people
        return people if self.share is None else ceil(self.share * people)


@dataclass(frozen=True, slots=True, kw_only=True)
class StopIf:
    """Shares, by name, above which no further wave begins; they are not looked at for fewer than `min_people`."""

    shares: Mapping[str, Decimal] = field(default_factory=dict)
    min_people: int = _FEW


@dataclass(frozen=True, slots=True, kw_only=True)
class Waves:
    """The waves of a campaign, numbered from 1; none: everybody at once. `written`: what its author wrote of them."""

    each: tuple[Wave, ...] = ()
    stop_if: StopIf = field(default_factory=StopIf)
    written: Mapping[str, Any] = field(default_factory=dict)

    def ends(self, people: int) -> tuple[int, ...]:
        """So many people, in some order → how many are in the first wave, in the first two, and so on, but the last."""
        ends, so_far = [], 0
        for wave in self.each[:-1]:
            so_far = min(people, so_far + wave.size(people))
            ends.append(so_far)
        return tuple(ends)

    def said(self, number: int) -> str:
        """A wave's number → `wave 2 of 3`."""
        return f"wave {number} of {len(self.each)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """What the waves before one have come to. `under_way`: frames planned or open; `ended`: when the last one ended."""

    under_way: int = 0
    ended: datetime | None = None
    sent: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)


def begins(waves: Waves, number: int, passed: Passed) -> datetime | None:
    """When a wave may begin, if the one before is over and any time must pass; None: at once."""
    after = waves.each[number - 1].after
    return passed.ended + after if passed.ended is not None and after else None


def too_bad(waves: Waves, passed: Passed) -> tuple[str, ...]:
    """Why no further wave may begin: each share that is above what `stop_if` allows, with its numbers."""
    return tuple(_too_bad(waves.stop_if, passed))


def _too_bad(stop_if: StopIf, passed: Passed) -> Iterator[str]:
    asked = passed.sent + passed.counts.get("refused", 0)
    if asked < max(stop_if.min_people, 1):
        return
    for name, most in stop_if.shares.items():
        found = passed.counts.get(name, 0)
        if Decimal(found) > most * asked:
            share = Decimal(found) * _PERCENT / asked
            yield f"{found:,} of {asked:,} people ({share:.1f} %) {_SAID[name]}, more than {_percent(most)} %"


def _percent(share: Decimal) -> str:
    return f"{(share * _PERCENT).normalize():f}"


_SAID: Final = {"refused": "were refused", "undelivered": "were not reached", "opted_out": "opted out"}


def waves_of(document: Document) -> Waves:
    """A campaign's file, valid by the schema → its Waves; ProjectInvalid where the last is not the rest, or another."""
    written: Sequence[Mapping[str, Any]] = document.data.get("waves") or ()
    problems = [*_misplaced(document, written)]
    if problems:
        raise ProjectInvalid(*problems)
    stop_if = document.data.get("stop_if") or {}
    return Waves(
        each=tuple(_wave(one) for one in written),
        stop_if=StopIf(
            shares={name: _share(stop_if[name]) for name in SHARES if name in stop_if},
            min_people=stop_if.get("min_people", _FEW),
        ),
        written={key: document.data[key] for key in ("waves", "stop_if") if key in document.data},
    )


def _misplaced(document: Document, written: Sequence[Mapping[str, Any]]) -> Iterator[Problem]:
    if not written:
        return
    last = len(written) - 1
    for number, one in enumerate(written):
        if ("rest" in one) != (number == last):
            yield Problem(
                place=document.place(("waves", number)),
                rule="campaign/waves",
                message="the last wave is the rest, and no other is",
                hint="end with `{rest: true, after: 1h}`",
            )
    if "after" in written[0]:
        yield Problem(
            place=document.place(("waves", 0, "after")),
            rule="campaign/waves",
            message="nothing comes before the first wave that it could go out after",
            hint="leave `after` out; a window says at which hours it may be sent",
        )


def _wave(written: Mapping[str, Any]) -> Wave:
    return Wave(
        people=written.get("people"),
        share=_share(written["share"]) if "share" in written else None,
        after=durations.parse(written["after"]) if "after" in written else timedelta(),
    )


def _share(written: str) -> Decimal:
    return Decimal(written.removesuffix("%").strip()) / _PERCENT
