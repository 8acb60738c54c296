"""Lines of an export that are about no frame: who was left out, what was heard, who is forgotten or suppressed."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from octoplan.state import fields
from octoplan.state.fields import Check
from octoplan.state.ndjson import Line
from octoplan.state.records import Forgotten, Skipped, Suppressed
from octoplan.state.told import STANDING, Delivery, Optout, Reply

Aside = Skipped | Delivery | Optout | Reply | Forgotten | Suppressed
KINDS: Final[Mapping[str, type[Aside]]] = MappingProxyType(
    {
        "skipped": Skipped,
        "delivery": Delivery,
        "optout": Optout,
        "reply": Reply,
        "forgotten": Forgotten,
        "suppressed": Suppressed,
    }
)
"""In the order in which they stand."""

_WHEN: Final = fields.optional(fields.moment)
_KEYS: Final[Mapping[str, Mapping[str, Check]]] = MappingProxyType(
    {
        "skipped": {
            "campaign": fields.text(),
            "edition": fields.whole(1),
            "person": fields.person,
            "why": fields.text(),
        },
        "delivery": {
            "ticket": fields.text(),
            "person": fields.person,
            "status": fields.one_of(*STANDING),
            "at": _WHEN,
        },
        "optout": {"person": fields.person, "ticket": fields.text(), "at": _WHEN, "heard_at": fields.moment},
        "reply": {"ticket": fields.text(), "person": fields.person, "mark": fields.digits(32), "at": _WHEN},
        "forgotten": {"person": fields.person, "at": fields.moment},
        "suppressed": {"entry": fields.text(1_000_000), "person": fields.person},
    }
)
SHAPES: Final[Mapping[str, Mapping[str, Check]]] = MappingProxyType(
    {kind: MappingProxyType({"kind": fields.one_of(kind), **keys}) for kind, keys in _KEYS.items()}
)
"""What each kind of line holds."""
_ORDER: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "skipped": ("campaign", "edition", "person"),
        "delivery": ("person", "ticket"),
        "reply": ("person", "ticket", "mark"),
        "forgotten": ("person",),
        "suppressed": ("entry", "person"),
    }
)
# Opt-outs stand in the order in which they were heard, which tells of no second one: there are few.


class Reading:
    """What was read so far of these lines."""

    def __init__(self) -> None:
        self._last: tuple[Any, ...] = ()
        self._optouts: set[tuple[int, str]] = set()

    def check(self, line: Line, values: Mapping[str, Any]) -> Aside:
        """A line and its values → its record; StateError where it stands there twice."""
        if line.kind == "optout":
            here = (values["person"], values["ticket"])
            if here in self._optouts:
                raise line.wrong("import/twice", "it stands there twice", "person")
            self._optouts.add(here)
        else:
            order = (line.kind, *(values[key] for key in _ORDER[line.kind]))
            if self._last[:1] == order[:1] and order <= self._last:
                raise line.wrong("import/order", "it stands there twice, or after a later one", "person")
            self._last = order
        return KINDS[line.kind](**values)
