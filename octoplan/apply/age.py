"""What several clocks say of a frame's age → whether it can be told at all. Pure.

Any clock may lie: this machine's, the API's (the `Date` of its answers) and a database's. Each is asked how long ago
the first attempt was, and answers that differ hold the frame: sent again too late, it would be a second message. A
clock that is always wrong by the same says the right age: what counts is how the clocks stood to each other before.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from octoplan.state.interface import OLDEST

SLACK: Final = timedelta(minutes=5)
"""By how much ages may differ where all clocks are right: answers are slow, and clocks are set by small steps."""

LOCAL: Final = "this machine's clock"
_NAMES: Mapping[str, str] = MappingProxyType({"local": LOCAL, "api": "the API's", "store": "the database's"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """What each clock said at about the same moment; None: it was not asked, or said nothing."""

    local: datetime
    api: datetime | None = None
    store: datetime | None = None

    @property
    def said(self) -> Mapping[str, datetime]:
        """The clocks that said something, by field."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: moment for name, moment in values.items() if moment is not None}


def judges(now: Clocks) -> Mapping[str, datetime]:
    """What clocks say now → by which of them the hour is judged, by name: this machine's if they agree, else each."""
    said = now.said
    if max(said.values()) - min(said.values()) <= SLACK:
        return {LOCAL: now.local}
    return {_NAMES[name]: moment for name, moment in said.items()}


def dump(clocks: Clocks) -> str:
    """What clocks said → text, for `load`."""
    return json.dumps({name: moment.isoformat() for name, moment in clocks.said.items()})


def load(text: str | None) -> Clocks | None:
    """What `dump` wrote → the Clocks; None for nothing, and for what it never wrote."""
    try:
        said = {name: datetime.fromisoformat(moment) for name, moment in json.loads(text or "").items()}
        known = all(moment.tzinfo is not None for moment in said.values())
        return Clocks(**said) if known else None
    except (ValueError, AttributeError, TypeError):
        return None


def ages(first_attempt: datetime, then: Clocks | None, now: Clocks) -> Mapping[str, timedelta]:
    """A first attempt by the local clock, the clocks before it and the clocks now → how long ago it was by each.

    A clock that said nothing then is taken to have agreed with the local one.
    """
    ahead = {name: moment - then.local for name, moment in then.said.items()} if then else {}
    return {name: moment - first_attempt - ahead.get(name, timedelta()) for name, moment in now.said.items()}


def doubt(first_attempt: datetime, then: Clocks | None, now: Clocks) -> str:
    """The same → why nobody can tell the age; blank where all clocks agree, or all say that it is too old."""
    found = ages(first_attempt, then, now)
    youngest, oldest = min(found.values()), max(found.values())
    if oldest - youngest <= SLACK or youngest >= OLDEST:
        return ""
    said = ", ".join(f"{_hours(age)} by {_NAMES[name]}" for name, age in found.items())
    return f"clocks differ on how long ago its first attempt was: {said}; set them right"


def lead(then: Clocks | None, now: Clocks) -> timedelta:
    """What clocks said then and say now → by how much the local one has gained on any other since; 0 at least.

    Whatever is begun now is dated by so much less: once the clock is mended, it must not look younger than it is.
    """
    return -min(ages(now.local, then, now).values())


def _hours(age: timedelta) -> str:
    return f"{age / timedelta(hours=1):.1f} h"
