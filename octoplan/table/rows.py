"""Rows that travel between the table and the modules after it, as values; free of DuckDB."""

from dataclasses import dataclass, field
from typing import Any, Final

RENDERED: Final = (
    ("combo", "BIGINT"),
    ("digest", "VARCHAR"),
    ("content", "VARCHAR"),
    ("units", "INTEGER"),
    ("parts", "INTEGER"),
    ("over", "INTEGER"),
    ("narrow", "INTEGER"),
    ("costly", "VARCHAR"),
    ("replaced", "VARCHAR"),
    ("saved", "INTEGER"),
    ("language", "VARCHAR"),
)
"""What a combination renders to, column by column; a *line* has them in this order, joined by newlines.

`content`: canonical JSON; `over`: units that must go for one part less; `narrow`: parts if nothing forced UCS-2;
`costly`: the characters that do, in order; `replaced`: the typographic characters that were replaced, each as often as
it was, and `saved`: the parts which that saved; `language`: empty where there is only one.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Combination:
    """A distinct combination of variables: how many people have it, and the first row that does, as (file, record)."""

    number: int
    people: int
    row: tuple[int, int]
    values: tuple[Any, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedFrame:
    """A frame as it is sent: its people in order of their keys, with address and country of each.

    `parts`: of one message. `id`: blank where frames have not been identified.
    """

    number: int
    id: str
    content: str
    digest: str
    parts: int
    refusals: int
    people: tuple[int, ...] = field(repr=False)
    addresses: tuple[str, ...] = field(repr=False)
    countries: tuple[str | None, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """SQL that tells a good address.

    `steps`: each a name and an expression over `f0` and the names before it; then `address`, in canonical form,
    NULL where undecided; then `country`, over `address`. `folded`: addresses have no capital letters.
    """

    address: str
    country: str
    folded: bool
    steps: tuple[tuple[str, str], ...] = ()
