"""Requests, a rate and windows → when the last of them has left, and who cannot be reached in time. Pure.

Requests are taken to leave one after the other at an even rate, those of an earlier load before those of a later one;
a load waits while its window is closed, and lets later ones pass. Sending is taken to go on whenever a window opens.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from octoplan.windows.opens import ALWAYS, Opens

LATENCY: Final = timedelta(seconds=0.5)
"""How long a request is taken to be under way: an assumption, for estimates only."""
_ENOUGH: Final = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Requests for some people, that leave while `opens`, and not after `not_after`."""

    requests: int
    people: int
    opens: Opens = ALWAYS
    not_after: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """When the last request of a load leaves, None: not in the days that were looked at; and who is too late for it."""

    at: datetime | None
    late: int


@dataclass(slots=True)
class _Left:
    load: Load
    requests: float = 0.0
    ended: datetime | None = None
    late: float = field(default=0.0)


def estimate_rate(per_second: float | None, at_once: int) -> float:
    """Requests a second that an environment allows, and how many at once → how many really leave, about."""
    possible = at_once / LATENCY.total_seconds()
    return possible if per_second is None else min(per_second, possible)


def lasting(loads: Sequence[Load], start: datetime, rate: float | None) -> tuple[Ended, ...]:
    """Loads in the order in which they leave, from a moment on → when each ends. `rate` None: as fast as you like."""
    left = [_Left(load, float(load.requests), ended=None if load.requests else start) for load in loads]
    moments = sorted({moment for load in loads for moment in _turns(load) if moment > start})
    for begin, end in zip([start, *moments], [*moments, None], strict=True):
        _give_up(left, begin)
        _serve(left, begin, end, rate)
    return tuple(Ended(one.ended, _people(one)) for one in left)


def _turns(load: Load) -> list[datetime]:
    """Moments at which something about a load changes."""
    spans = load.opens.spans or ()
    return [*(moment for span in spans for moment in span), *([load.not_after] if load.not_after else [])]


def _give_up(left: Sequence[_Left], at: datetime) -> None:
    """What has not left by its last moment is too late."""
    for one in left:
        if one.load.not_after is not None and one.load.not_after <= at and one.requests > _ENOUGH:
            one.late, one.requests, one.ended = one.requests, 0.0, one.load.not_after


def _serve(left: Sequence[_Left], begin: datetime, end: datetime | None, rate: float | None) -> None:
    """Between two moments: what is open leaves, in order, as far as the time allows."""
    used = timedelta()
    for one in left:
        if one.requests <= _ENOUGH or not one.load.opens.holds(begin):
            continue
        needed = timedelta(seconds=one.requests / rate) if rate else timedelta()
        if end is None or begin + used + needed <= end:
            used += needed
            one.requests, one.ended = 0.0, begin + used
        else:
            one.requests -= (end - begin - used).total_seconds() * (rate or 0.0)
            return


def _people(one: _Left) -> int:
    """How many people are in requests that are too late, or never leave."""
    missing = one.late or (one.requests if one.load.not_after is not None else 0.0)
    return min(one.load.people, ceil(one.load.people * missing / one.load.requests - _ENOUGH)) if missing else 0
