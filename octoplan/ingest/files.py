"""A file of callbacks, a JSON array or one a line → into the state, a batch at a time, and what could not be used."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from octoplan.errors import Place, Problem
from octoplan.ingest.bodies import LONGEST, Fields
from octoplan.ingest.callbacks import Unusable
from octoplan.ingest.matching import Ear, counts
from octoplan.state.interface import Store
from octoplan.state.told import Heard

_AT_ONCE: Final = 5_000
_ARRAY: Final = 64 * 1024 * 1024
_SHOWN: Final = 20
_HINT: Final = "all others were kept; mend it and ingest the file again: nothing is counted twice"
_TOO_LONG: Final = Unusable(rule="ingest/length", reason=f"it is longer than {LONGEST:,} bytes")
_Said = tuple[tuple[Heard, ...], tuple[Unusable, ...]]


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
    for place, (heard, unusable) in _said(stream, shown, ear):
        told.update(dict(zip(("deliveries", "stops", "replies"), counts(heard), strict=True)))
        told["unusable"] += len(unusable)
        problems += [_problem(place, one) for one in unusable[: _SHOWN - len(problems)]]
        batch += heard
        if len(batch) >= _AT_ONCE:
            told["new"] += store.hear(batch)
            batch = []
    told["new"] += store.hear(batch) if batch else 0
    names = ("deliveries", "stops", "replies", "new", "unusable")
    return Ingested(problems=tuple(problems), **{name: told[name] for name in names})


def _said(stream: BinaryIO, shown: str, ear: Ear) -> Iterator[tuple[Place, _Said]]:
    """A file → what each of its lines says, or the array that it is."""
    first = stream.readline(LONGEST + 1)
    if first.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[") and (listed := _array(first + stream.read(_ARRAY))):
        yield from ((Place(file=shown), ear.match([one])) for one in listed)
        return
    number = 0
    while first:
        number += 1
        whole = first.endswith(b"\n") or len(first) <= LONGEST
        if first.strip():
            yield Place(file=shown, line=number), ear.hear(first) if whole else ((), (_TOO_LONG,))
        while not whole and not first.endswith(b"\n") and first:
            first = stream.readline(LONGEST)
        first = stream.readline(LONGEST + 1)


def _array(text: bytes) -> list[Fields]:
    """The whole of a file → the objects of the array that it is; nothing where it is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return []
    return found if isinstance(found, list) and all(isinstance(one, dict) for one in found) else []


def _problem(place: Place, unusable: Unusable) -> Problem:
    return Problem(place=place, rule=unusable.rule, message=unusable.reason, hint=_HINT)
