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
    ("otherwise", "INTEGER"),
    ("costly", "VARCHAR"),
    ("replaced", "VARCHAR"),
    ("language", "VARCHAR"),
)
"""What a combination renders to, column by column; a *line* has them in this order, joined by newlines.

`content`: canonical JSON; `over`: units that must go for one part less; `otherwise`: parts without what `optimize`
replaces if that was replaced, or with it if it was not; `costly`: the characters that force UCS-2, in order;
`replaced`: the characters that were replaced, each as often as it was; `language`: empty where there is only one.
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
