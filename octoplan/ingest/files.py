"""A file of callbacks, in JSON arrays or one a line → into the state, a batch at a time, and what could not be used."""

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

from octoplan.errors import Place, Problem
from octoplan.ingest.callbacks import Unusable
from octoplan.ingest.matching import Ear, counts
from octoplan.ingest.pieces import cut
from octoplan.state.interface import Store

if TYPE_CHECKING:
    from octoplan.state.told import Heard

_AT_ONCE: Final = 5_000
_SHOWN: Final = 20
_HINT: Final = "whatever can be read was kept; mend it and ingest the file again: nothing is counted twice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingested:
    """What a file held. `new`: callbacks that told what was not known; `unusable`: those that say nothing."""

    deliveries: int
    stops: int
    replies: int
    new: int
    unusable: int
    problems: tuple[Problem, ...]
    """Of the first of these."""


def ingest(stream: BinaryIO, shown: str, store: Store, ear: Ear) -> Ingested:
    """A file, and how people call it → its callbacks in the state, each batch durable; StateError where it is not."""
    told: Counter[str] = Counter()
    problems: list[Problem] = []
    batch: list[Heard] = []
    for line, piece in cut(stream):
        heard, unusable = ((), (piece,)) if isinstance(piece, Unusable) else ear.hear(piece)
        told.update(dict(zip(("deliveries", "stops", "replies"), counts(heard), strict=True)))
        told["unusable"] += len(unusable)
        problems += [_problem(Place(file=shown, line=line), one) for one in unusable[: _SHOWN - len(problems)]]
        batch += heard
        if len(batch) >= _AT_ONCE:
            told["new"] += store.hear(batch)
            batch = []
    told["new"] += store.hear(batch) if batch else 0
    names = ("deliveries", "stops", "replies", "new", "unusable")
    return Ingested(problems=tuple(problems), **{name: told[name] for name in names})


def _problem(place: Place, unusable: Unusable) -> Problem:
    return Problem(place=place, rule=unusable.rule, message=unusable.reason, hint=_HINT)
