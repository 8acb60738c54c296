"""The rule packs, which are YAML files in `packs/` → Packs: whom they are for, and the Rules in them.

They are no legal advice: each says where it is from, when that was last looked at, and how sure it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from octoplan import source
from octoplan.windows.calendars import home_of
from octoplan.windows.rules import Rule, hours

FOLDER: Final = Path(__file__).parent / "packs"
_ANYWHERE: Final = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """Rules for some countries, channels and purposes. `default`: it is the one, where nobody says another.

    `rule` is for everybody; `stricter`: how a number begins → the rule for those, where a part of a country has one.
    """

    name: str
    title: str
    countries: frozenset[str]
    channels: frozenset[str]
    purposes: frozenset[str]
    default: bool
    rule: Rule
    stricter: Mapping[str, Rule]

    def covers(self, country: str, channel: str) -> bool:
        """Whether it says anything about messages there."""
        return channel in self.channels and bool({country, _ANYWHERE} & self.countries)


@cache
def packs() -> Mapping[str, Pack]:
    """Every pack, by name."""
    found = [_pack(source.load(path, path.name).data) for path in sorted(FOLDER.glob("*.yaml"))]
    return MappingProxyType({pack.name: pack for pack in found})


def default_pack(country: str, channel: str, purpose: str) -> Pack | None:
    """The pack of a country, else the one for anywhere; None where none is for such messages."""
    fitting = [one for one in packs().values() if one.default and purpose in one.purposes and channel in one.channels]
    for place in (country, home_of(country), _ANYWHERE):
        found = next((one for one in fitting if place in one.countries), None)
        if found is not None:
            return found
    return None


def _pack(data: Mapping[str, Any]) -> Pack:
    applies = data["applies"]
    rule = Rule(
        name=data["name"],
        hours=hours(data["open"]),
        holidays=data["holidays"] == "closed",
        confidence=data["confidence"],
        source=data["source"],
        checked_on=data["checked_on"],
    )
    return Pack(
        name=data["name"],
        title=data["title"],
        countries=frozenset(applies["countries"]),
        channels=frozenset(applies["channels"]),
        purposes=frozenset(applies["purposes"]),
        default=data["default"],
        rule=rule,
        stricter=MappingProxyType(dict(_stricter(data, rule))),
    )


def _stricter(data: Mapping[str, Any], rule: Rule) -> list[tuple[str, Rule]]:
    return [
        (
            prefix,
            Rule(
                name=f"{rule.name} {part['name']}",
                hours=hours(part["open"]),
                holidays=rule.holidays,
                confidence=rule.confidence,
                source=part["source"],
                checked_on=rule.checked_on,
            ),
        )
        for part in data.get("stricter", ())
        for prefix in part["prefixes"]
    ]
