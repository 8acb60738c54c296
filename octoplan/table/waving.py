"""SQL that puts the people of a campaign in an order of its own, in which waves are cut; it is the same on any machine.

The order is that of a hash of person, campaign and edition: it is not that of the keys, by which frames are made, so
that a wave is a fair sample, and each edition begins with other people.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from octoplan.table.connection import Table
from octoplan.table.lots import Division

EVERYBODY: Final = 1 << 64
"""More than any hash: a cut behind the last one."""


def cuts(table: Table, people: str, seed: str, ends: Sequence[int]) -> tuple[int, ...]:
    """A table of people, and how many are before each cut → the first hash behind it."""
    ranked = f"SELECT {_hash(seed, 'person')} AS hash, row_number() OVER (ORDER BY hash) AS rank FROM {people}"
    rows = table.rows(f"SELECT rank, hash FROM ({ranked}) WHERE list_contains(?, rank)", ([end + 1 for end in ends],))
    found = dict(rows)
    return tuple(int(found.get(end + 1, EVERYBODY)) for end in ends)


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What earlier applies made of the same waves: the wave of each frame that was planned, and the latest `begun`."""

    planned: Mapping[str, int]
    begun: int


def division(table: Table, name: str, seed: str, at: Sequence[int], before: Before | None) -> Division:
    """The messages of `name`, and the cuts → what divides them by wave, from 1.

    After the first apply, `before` not None: who is planned keeps their wave, whom the state does not hold (`held`) has
    joined since and is in the last, and who is free again is in none that others have left behind.
    """
    hashed = _hash(seed, "m.person")
    wave = " + ".join(("1", *(f"({hashed} >= {cut}::HUGEINT)::INTEGER" for cut in at)))
    if before is None:
        return Division(wave=wave)
    table.execute(f"CREATE TABLE planned_{name} (id VARCHAR, wave INTEGER)")
    if before.planned:
        table.append(f"planned_{name}", (list(before.planned), list(before.planned.values())))
    return Division(
        wave=f"""CASE WHEN planned.wave IS NOT NULL THEN planned.wave WHEN known.person IS NULL THEN {len(at) + 1}
            ELSE greatest({min(before.begun, len(at) + 1)}, {wave}) END""",
        joins=(
            f"LEFT JOIN held_{name} known ON known.person = m.person",
            f"LEFT JOIN planned_{name} planned ON planned.id = m.held",
        ),
    )


def seed_of(campaign: str, edition: int) -> str:
    """A campaign's edition → what its order follows from, hex digits."""
    return hashlib.sha256(f"{campaign}\x1f{edition}".encode()).hexdigest()[:16]


def _hash(seed: str, person: str) -> str:
    return f"('0x' || left(md5('{seed}' || hex({person})), 16))::UBIGINT"
