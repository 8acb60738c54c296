"""Lines of an export that steer what may be begun: which flags are set, and where editions are cut into waves."""

from collections.abc import Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Final

from octoplan.state import fields
from octoplan.state.cuts import Cuts
from octoplan.state.fields import Check
from octoplan.state.halts import Halted
from octoplan.state.halts import dump as dump_halt

Steering = Halted | Cuts


def _waves(value: Any) -> list[Mapping[str, Any]]:
    """Waves as their author wrote them."""
    if not isinstance(value, list) or not value:
        raise ValueError("a list of waves")
    return [fields.definition(one) for one in value]


def _cuts(value: Any) -> tuple[int, ...]:
    """Hashes in ascending order, as hexadecimal digits."""
    if not isinstance(value, list):
        raise ValueError("a list of cuts")  # noqa: TRY004 - one kind of error for whatever does not fit
    cuts = tuple(int(_CUT(one), 16) for one in value)
    if any(one > other for one, other in pairwise(cuts)):
        raise ValueError("cuts in ascending order")
    return cuts


_CUT: Final = fields.digits(1, 17)  # one that is behind everybody has 17, any other 16 at most
SHAPES: Final[Mapping[str, Mapping[str, Check]]] = MappingProxyType(
    {
        "halt": MappingProxyType(
            {
                "kind": fields.one_of("halt"),
                "campaign": fields.text(),
                "who": fields.text(),
                "at": fields.moment,
                "why": fields.text(1_000_000),
            }
        ),
        "waves": MappingProxyType(
            {
                "kind": fields.one_of("waves"),
                "campaign": fields.text(),
                "edition": fields.whole(1),
                "waves": _waves,
                "cuts": _cuts,
            }
        ),
    }
)
"""What each kind of line holds, in the order in which they stand."""


def record(kind: str, values: Mapping[str, Any]) -> Steering:
    """A line's kind and values → its record; ValueError where the cuts are not one less than the waves."""
    if kind == "halt":
        return Halted(**values)
    found = Cuts(**values)
    if len(found.cuts) != len(found.waves) - 1:
        raise ValueError("one cut less than there are waves")
    return found


def values_of(one: Steering) -> Mapping[str, Any]:
    """A record → the values of its line, beside its kind."""
    if isinstance(one, Halted):
        return {"campaign": one.campaign, "who": one.who, "at": one.at.isoformat(), "why": one.why}
    return {
        "campaign": one.campaign,
        "edition": one.edition,
        "waves": list(one.waves),
        "cuts": [f"{cut:x}" for cut in one.cuts],
    }


def note_of(one: Steering) -> tuple[str, str]:
    """A record → under which name a state keeps it, and as what text."""
    return (one.name, dump_halt(one)) if isinstance(one, Halted) else one.note
