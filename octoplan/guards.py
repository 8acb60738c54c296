"""What keeps an environment from sending too much, or unseen → its Guards, and what a change of them loosens. Pure."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from octoplan.caps import looser
from octoplan.project import Environment, Project

NOTE: Final = "guards"
"""Under which name a state keeps those of the last apply."""

_CREDIT: Final = "credit_left"
"""The one limit from below."""
_WHOLESALE: Final = "wholesale"
_NO_WINDOW: Final = "pack none"
"""What a rule says that lets all hours through: nothing that stands in its place lets more."""
_EMPTY: Final = MappingProxyType[str, tuple[str, ...]]({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Guards:
    """The rules above all campaigns.

    `limits`: the project's, by name; `caps`: as `Cap.written`; `suppressions`: purpose → files, as written; `windows`:
    country → when messages may be sent there, as written, and `*` where windows are only shown outside the sandbox.
    """

    gateway: str
    require_plan: bool
    require_simulation: bool
    limits: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    suppressions: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: _EMPTY)
    optouts: str = _WHOLESALE
    caps: tuple[Mapping[str, Any], ...] = ()
    windows: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def guards_of(project: Project, environment: Environment) -> Guards:
    """A project and one of its environments → the Guards of that."""
    return Guards(
        gateway=environment.gateway,
        require_plan=environment.require_plan,
        require_simulation=environment.require_simulation,
        optouts=project.optouts,
        limits=MappingProxyType(dict(project.limits.written)),
        caps=tuple(cap.written for cap in project.caps),
        windows=_windows(project, environment),
        suppressions=MappingProxyType(
            {
                purpose: tuple(sorted(source for spec in specs for source in spec.sources))
                for purpose, specs in project.suppressions.items()
            }
        ),
    )


def _windows(project: Project, environment: Environment) -> Mapping[str, str]:
    """What a project says of windows; of a rule of its own nobody can say that it is as strict as the pack's."""
    said = {
        country: ", ".join(f"{key} {value}" for key, value in sorted(written.items()) if key != "why")
        for country, written in project.windows.items()
    }
    only_shown = not environment.enforces_windows and not environment.is_sandbox
    return MappingProxyType(said | ({"*": "only shown"} if only_shown else {}))


def dump(guards: Guards) -> str:
    """Guards → text, the same for the same Guards; what earlier versions did not know is said only where it is so."""
    plain = {key: dict(value) if isinstance(value, Mapping) else value for key, value in _fields(guards).items()}
    if guards.optouts == _WHOLESALE:
        del plain["optouts"]
    for name in ("caps", "windows"):
        if not plain[name]:
            del plain[name]
    return json.dumps(plain, sort_keys=True, ensure_ascii=False)


def load(text: str | None) -> Guards | None:
    """What `dump` made, also by an earlier version → the Guards; None where there are none."""
    if text is None:
        return None
    said = json.loads(text)
    return Guards(
        gateway=said["gateway"],
        require_plan=said["require_plan"],
        require_simulation=said["require_simulation"],
        limits=MappingProxyType(said["limits"]),
        caps=tuple(said.get("caps", ())),
        windows=MappingProxyType(said.get("windows", {})),
        suppressions=MappingProxyType({purpose: tuple(files) for purpose, files in said["suppressions"].items()}),
        optouts=said.get("optouts", _WHOLESALE),
    )


def loosened(before: Guards | None, now: Guards) -> tuple[str, ...]:
    """Two Guards → what the later allow that the earlier did not, in plain words; another gateway always counts."""
    return () if before is None else tuple(_loosened(before, now))


def looser_limits(before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    """Limits as a definition keeps them, then and now → what the later allow that the earlier did not."""
    for name, was in before.items():
        from_below, limit = name == _CREDIT, now.get(name)
        if limit is None or (Decimal(limit) < Decimal(was) if from_below else Decimal(limit) > Decimal(was)):
            yield f"{'min' if from_below else 'max'}_{name} is {limit or 'gone'}, it was {was}"


def _loosened(before: Guards, now: Guards) -> Iterator[str]:
    if before.gateway != now.gateway:
        yield f"the gateway is {now.gateway}, it was {before.gateway}"
    yield from looser_limits(before.limits, now.limits)
    yield from looser(before.caps, now.caps)
    for key in ("require_plan", "require_simulation"):
        if getattr(before, key) and not getattr(now, key):
            yield f"{key} is off"
    if before.optouts != _WHOLESALE and now.optouts == _WHOLESALE:
        yield "a STOP counts for wholesale only, it counted for all"
    yield from _other_windows(before, now)
    for purpose, files in before.suppressions.items():
        gone = [file for file in files if file not in now.suppressions.get(purpose, ())]
        if gone:
            yield f"suppressions of {purpose} are without {', '.join(gone)}"


def _other_windows(before: Guards, now: Guards) -> Iterator[str]:
    for country, rule in now.windows.items():
        if rule != before.windows.get(country):
            where = "windows are" if country == "*" else f"the window of {country} is"
            yield f"{where} {rule}"
    for country, rule in before.windows.items():
        if country not in now.windows and country != "*" and _NO_WINDOW not in rule:
            yield f"the window of {country} is no longer {rule}"


def _fields(guards: Guards) -> dict[str, object]:
    return {name: getattr(guards, name) for name in guards.__slots__}
