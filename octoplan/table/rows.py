"""Rows that travel between the table and the modules after it, as values; free of DuckDB."""

from collections.abc import Mapping, Sequence
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

HELD: Final = (("person", "UHUGEINT"), ("status", "VARCHAR"), ("refusals", "INTEGER"), ("frame", "VARCHAR"))
"""What a state has of a person, likewise in lines; the key as 0x and hex digits, `frame` empty where there is none."""

DECIDED: Final = (("person", "UHUGEINT"), ("why", "VARCHAR"))
"""Who by decision gets nothing in an edition, likewise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Combination:
    """A distinct combination of variables: how many people have it, and the first row that does, as (file, record)."""

    number: int
    people: int
    row: tuple[int, int]
    values: tuple[Any, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedFrame:
    """A frame as it is sent: its people in order of their keys, with address, country and the message's parts of each.

    `id`: blank where frames have not been identified. `text` with placeholders, if the gateway is to fill them, with
    the `values` of each person by placeholder, and the digest of each one's words; then `content` is one of them only.
    `lot`: the number of theirs, 0 where there are none.
    """

    number: int
    id: str
    content: str
    digest: str
    refusals: int
    lot: int
    people: tuple[int, ...] = field(repr=False)
    addresses: tuple[str, ...] = field(repr=False)
    countries: tuple[str | None, ...] = field(repr=False)
    parts: tuple[int, ...]
    text: str | None = field(default=None, repr=False)
    values: tuple[dict[str, str], ...] = field(default=(), repr=False)
    digests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """SQL that tells a good address.

    `steps`: each a name and an expression over `f0` and the names before it; then `address`, in canonical form,
    NULL where undecided; then `country`, over `address`. `folded`: addresses have no capital letters.
    `left_out`: over the names of the steps, why an address that is good and undecided is not wanted, NULL where it is.
    `cell`: the column of the loaded rows that the steps know by this name, blank where they need none but `f0`; of it
    they make `home`, of two characters. `further`: others like it, for what this one leaves undecided.
    """

    address: str
    country: str
    folded: bool
    steps: tuple[tuple[str, str], ...] = ()
    left_out: str = ""
    cell: str = ""
    further: tuple["Check", ...] = ()

    @property
    def raw(self) -> str:
        """SQL of what is asked about where the check is undecided: the text, after its `home` where it has one."""
        return "home || f0" if self.cell else "f0"

    @property
    def unraw(self) -> str:
        """SQL of `raw` → that of what the steps are over."""
        return "left(raw, 2) AS cell, substr(raw, 3) AS f0" if self.cell else "raw AS f0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """A segment of a template, printed: `columns` by number are what it depends on; `tongue`: its language, by number.

    `flow`: its text has a shape and slots; otherwise all of it is one slot. `bare`: it is one column of text as it
    stands, and only values that may be blank were printed.
    """

    number: int
    tongue: int
    columns: tuple[int, ...]
    flow: bool
    bare: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What SQL measures a text by: patterns of characters, how many units fit, and when a text is looked at closely.

    `special`: a character that is not plain; `foreign`: one that forces the wide alphabet; `double`: one that takes
    two units of the narrow one, and `wide_double` of the wide one; `narrow`, `wide`: units of the only part, and of
    each of several; `doubtful`: SQL over `text`; `replaced`: characters that may be replaced, and by what.
    """

    special: str
    foreign: str
    double: str
    wide_double: str
    narrow: Sequence[int]
    wide: Sequence[int]
    doubtful: str
    replaced: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Where a value of each text stands: what segment `part` printed, or one of its slots by `index`.

    `plain`: with every character replaced in it that may be.
    """

    part: int
    index: int | None = None
    plain: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """The values of one cell: the least, the greatest, about how many there are, and whether all may be filled in."""

    least: str = field(repr=False)
    greatest: str = field(repr=False)
    distinct: int
    fit: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """How texts of one shape are asked for: fixed texts and cells, in order, and the placeholder of a cell, if any.

    `fits`: SQL over `value` that tells what may be filled in, which is known of all values of the cells `fit`;
    `longest`: characters of a text.
    """

    pieces: tuple[str | Cell, ...] = field(repr=False)
    names: Mapping[Cell, str]
    fit: frozenset[Cell]
    fits: str
    longest: int
