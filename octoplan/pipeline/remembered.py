"""Suppressions as they are, and as the state remembers them of the last apply → who is suppressed no more.

A commit that takes somebody out of a list of people who said no is easily made, by a merge or an export that was cut
off, and nothing else would show it. The state keeps the keys of each list; only where a list's number or sum of keys is
another are they looked at.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from octoplan.project import Project
from octoplan.state.interface import Store
from octoplan.table import remembered
from octoplan.table.connection import Table

NOTE: Final = "suppressions"
"""Under which name a state keeps how many each list holds, and the sum of their keys."""
Batches = Callable[[], Iterable[Sequence[int]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A list that is not what it was: who left it and who joined it, by key, in batches."""

    entry: str
    left: Batches
    joined: Batches


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """`loosened`: who is suppressed no more, in plain words. `changes` and `note`: what an apply writes down."""

    loosened: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    note: str = ""


def compare(project: Project, store: Store, table: Table) -> Compared:
    """The lists that a plan looked at, and the state → what is otherwise; nothing where the project has no lists."""
    if not project.suppressions:
        return Compared()
    before = {entry: (int(count), int(total, 16)) for entry, (count, total) in _known(store).items()}
    now = dict(remembered.totals(table))
    changed = [entry for entry, total in now.items() if before.get(entry, (0, 0)) != total]
    for entry in changed:
        remembered.was(table, entry, store.suppressed_in(entry))
    kept = before | now
    return Compared(
        loosened=tuple(_loosened(remembered.gone(table) if changed else {})),
        changes=tuple(_change(table, entry) for entry in changed),
        note=json.dumps({entry: [count, f"{total:x}"] for entry, (count, total) in sorted(kept.items())}),
    )


def _change(table: Table, entry: str) -> Change:
    left, joined = (partial(ask, table, entry) for ask in (remembered.left, remembered.joined))
    return Change(entry=entry, left=left, joined=joined)


def _known(store: Store) -> dict[str, list[str]]:
    known: dict[str, list[str]] = json.loads(store.meta().get(NOTE) or "{}")
    return known


def _loosened(gone: Mapping[str, int]) -> Iterator[str]:
    for entry, count in gone.items():
        are = "person is" if count == 1 else "people are"
        yield f"{count:,} {are} no longer suppressed ({entry.split(' ', 2)[2]})"
