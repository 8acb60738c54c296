"""What project and campaign say about windows → the Rule for a country and a number. Pure.

The nearer word counts: the campaign's `window`, then the project's `windows` for the country, then the country's pack,
then what the project says by default, then the pack for anywhere. An alert is bound by its campaign's `window` alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from octoplan.windows.calendars import home_of
from octoplan.windows.packs import Pack, default_pack, packs
from octoplan.windows.rules import Rule, spans

NONE: Final = "none"
TELEPHONE: Final = ("sms", "voice_sms", "rcs")
_DEFAULT: Final = "default"
_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The rules of one campaign. `own`: its `window`; `shared`: the project's `windows`, both as written."""

    channel: str
    purpose: str
    own: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    shared: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: _NOTHING)

    @property
    def binds(self) -> bool:
        """Whether anybody can be bound by a rule at all."""
        if self.own.get("pack") == NONE:
            return False
        if "hours" in self.own or "pack" in self.own:
            return True
        return self.purpose == "wholesale" and (
            self.channel in TELEPHONE or any(self.channel in one.get("channels", ()) for one in self.shared.values())
        )

    @property
    def refuses(self) -> bool:
        """Whether people outside their window block the campaign, instead of waiting."""
        return self.own.get("outside") == "refuse"

    def rules(self, country: str) -> Mapping[str, Rule]:
        """A country → how a number begins → its rule; blank: any other. None where no rule binds anybody there."""
        for written, found in self._said(country):
            if written.get("pack") == NONE:
                return {}
            if "hours" in written:
                return {"": _own(written)}
            if found is not None:
                return {"": found.rule, **found.stricter}
        return {}

    def _said(self, country: str) -> list[tuple[Mapping[str, Any], Pack | None]]:
        """What is said about a country, nearest first, each with the pack that it names, if that is for it."""
        said = [self.own]
        if self.purpose == "wholesale":
            said += [self._shared(country), self._shared(home_of(country))]
        found = [(one, self._named(one, country)) for one in said if one]
        if self.purpose != "wholesale":
            return found
        default = default_pack(country, self.channel, self.purpose)
        if default is not None and default.name == "courtesy":
            elsewhere = self._shared(_DEFAULT)
            found += [(elsewhere, self._named(elsewhere, country))] if elsewhere else []
        return [*found, (_NOTHING, default)]

    def _shared(self, key: str) -> Mapping[str, Any]:
        written = self.shared.get(key, _NOTHING)
        return written if self.channel in written.get("channels", TELEPHONE) else _NOTHING

    def _named(self, written: Mapping[str, Any], country: str) -> Pack | None:
        found = packs().get(written.get("pack", ""))
        return found if found is not None and found.covers(country, self.channel) else None


def _own(written: Mapping[str, Any]) -> Rule:
    return Rule(
        name="own",
        hours=spans(written.get("days", "mon-sun"), written["hours"]),
        holidays=written.get("holidays", "closed") == "closed",
        confidence="own",
        why=written["why"],
    )
