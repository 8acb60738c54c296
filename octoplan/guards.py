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
_EMPTY: Final = MappingProxyType[str, tuple[str, ...]]({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Guards:
    """The rules above all campaigns.

    `limits`: the project's, by name; `caps`: as `Cap.written`; `suppressions`: purpose → files, as written.
    """

    gateway: str
    require_plan: bool
    require_simulation: bool
    limits: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    suppressions: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: _EMPTY)
    optouts: str = _WHOLESALE
    caps: tuple[Mapping[str, Any], ...] = ()


def guards_of(project: Project, environment: Environment) -> Guards:
    """A project and one of its environments → the Guards of that."""
    return Guards(
        gateway=environment.gateway,
        require_plan=environment.require_plan,
        require_simulation=environment.require_simulation,
        optouts=project.optouts,
        limits=MappingProxyType(dict(project.limits.written)),
        caps=tuple(cap.written for cap in project.caps),
        suppressions=MappingProxyType(
            {
                purpose: tuple(sorted(source for spec in specs for source in spec.sources))
                for purpose, specs in project.suppressions.items()
            }
        ),
    )


def dump(guards: Guards) -> str:
    """Guards → text, the same for the same Guards; what earlier versions did not know is said only where it is so."""
    plain = {key: dict(value) if isinstance(value, Mapping) else value for key, value in _fields(guards).items()}
    if guards.optouts == _WHOLESALE:
        del plain["optouts"]
    if not guards.caps:
        del plain["caps"]
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
    for purpose, files in before.suppressions.items():
        gone = [file for file in files if file not in now.suppressions.get(purpose, ())]
        if gone:
            yield f"suppressions of {purpose} are without {', '.join(gone)}"


def _fields(guards: Guards) -> dict[str, object]:
    return {name: getattr(guards, name) for name in guards.__slots__}
