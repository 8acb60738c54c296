"""People who share a rule, holidays and zones → the Window that they are reached in. Pure."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from octoplan.windows import moments
from octoplan.windows.opens import Opens, all_of
from octoplan.windows.rules import Rule


@dataclass(frozen=True, slots=True)
class Window:
    """A rule in some zones. `country`: whose holidays count, blank where the rule knows none."""

    rule: Rule
    country: str
    zones: tuple[str, ...]

    def opens(self, at: datetime) -> Opens:
        """When it is open, around a moment."""
        return _opens(self, at)

    def shown(self, at: datetime) -> datetime:
        """A moment → the same, as a clock of its first zone shows it."""
        return at.astimezone(moments.zone(self.zones[0]))


def windows(
    country: str, rules: Mapping[str, Rule], zones: Mapping[str, tuple[str, ...]], default: str | None
) -> dict[str, Window | None]:
    """A country's rules and zones, each by how numbers begin → the Window by how they begin; None: no zone is known.

    `default`: the zone of whoever has none. What says no more than a shorter beginning is left out.
    """
    found: dict[str, Window | None] = {}
    for prefix in sorted({"", *rules, *zones}, key=len):
        rule, known = rules[_longest(prefix, rules)], zones.get(_longest(prefix, zones)) or ()
        there = tuple(sorted(known)) or ((default,) if default else ())
        window = Window(rule, country if rule.holidays else "", there) if there else None
        if prefix == "" or found[_longest(prefix, found)] != window:
            found[prefix] = window
    return _alone(found, zones)


def _alone(found: dict[str, Window | None], zones: Mapping[str, tuple[str, ...]]) -> dict[str, Window | None]:
    """Beginnings of which one is the calling code, before every number → that stands for all."""
    code = min(zones, key=len, default="")
    if code and code in found and all(prefix.startswith(code) for prefix in found if prefix):
        return {"" if prefix == code else prefix: window for prefix, window in found.items() if prefix}
    return found


def fits_all(some: Iterable[Window], at: datetime) -> datetime | None:
    """Windows and a moment → the first moment from there on at which all are open; None: not in the next days."""
    return all_of(window.opens(at) for window in some).first_from(at)


def _longest(prefix: str, among: Container[str]) -> str:
    """How a number begins → the longest of its own beginnings that is known; blank for none."""
    return next((prefix[:end] for end in range(len(prefix), 0, -1) if prefix[:end] in among), "")


@cache
def _opens(window: Window, at: datetime) -> Opens:
    return moments.opens(window.rule, window.country, window.zones, at)


def merged(some: Mapping[str, Window], at: datetime) -> Mapping[str, str]:
    """Windows by key → each key → that of the first which is open at the same moments."""
    first: dict[Opens, str] = {}
    return {key: first.setdefault(window.opens(at), key) for key, window in some.items()}
