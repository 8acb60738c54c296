"""What an audience is: its counts, the first rows left out, and the name of its table. No value of a row in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from octoplan.errors import Place, Problem

if TYPE_CHECKING:
    from octoplan.table.files import LoadedFile

SHOWN = 10
_NONE: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """A row left out: where it stands (line 0 where that cannot be said) and why; never what stands there."""

    place: Place
    reason: str

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many rows were read and what became of them; all but `rows` add up to `rows`.

    `rejected`: rows that cannot be used, by reason; `unreachable`: good numbers that the channel does not reach.
    """

    rows: int = 0
    unreadable: int = 0
    filtered: int = 0
    rejected: Mapping[str, int] = field(default_factory=lambda: _NONE)
    unreachable: Mapping[str, int] = field(default_factory=lambda: _NONE)
    duplicates: int = 0
    excluded: int = 0
    suppressed: int = 0
    opted_out: int = 0
    unchosen: int = 0
    people: int = 0

    @property
    def left_out(self) -> tuple[tuple[str, int], ...]:
        """Reason and number of rows, in the order of the funnel, without those that are 0."""
        steps = (
            ("unreadable", self.unreadable),
            ("left out by where", self.filtered),
            *self.rejected.items(),
            *self.unreachable.items(),
            ("duplicates", self.duplicates),
            ("excluded", self.excluded),
            ("suppressed", self.suppressed),
            ("said STOP", self.opted_out),
            ("outside sample or limit", self.unchosen),
        )
        return tuple((reason, number) for reason, number in steps if number)

    def __str__(self) -> str:
        """The funnel in words, as in `4,000 rows, 12 blank, 3 duplicates`."""
        return ", ".join([f"{self.rows:,} row{'s' * (self.rows != 1)}", *(f"{n:,} {why}" for why, n in self.left_out)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """The people of a campaign, as the table `people` in DuckDB: person, address, country, file, record, v0, ...

    `variables[i]` is the name of column vi. `record` numbers the rows in file order, on through all files; `places`
    says where they stand.
    Where there are `problems` the table may be missing (``people == ""``) and nothing may be sent.
    """

    people: str
    variables: tuple[str, ...]
    counts: Counts
    rejects: tuple[Reject, ...]
    problems: tuple[Problem, ...]
    origins: tuple["Origin", ...] = ()

    def places(self, rows: Sequence[tuple[int, int]]) -> tuple[Place, ...]:
        """Values of the columns `file` and `record` → where they stand. Reads the files again: for few rows."""
        return places(self.origins, [record for _, record in rows])


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where rows came from: a file, or the places of inline recipients, which begin at row `first`."""

    first: int
    count: int
    file: "LoadedFile | None" = None
    inline: tuple[Place, ...] = ()

    def places(self, rows: Sequence[int]) -> Mapping[int, Place]:
        """Rows of this origin → their places."""
        if self.file is None:
            return {row: self.inline[row - self.first] for row in rows}
        lines = self.file.lines(rows)
        return {row: Place(file=self.file.file.shown, line=lines.get(row, 0)) for row in rows}


def places(origins: Sequence[Origin], rows: Sequence[int]) -> tuple[Place, ...]:
    """Rows of any origin → their places, in the order asked for."""
    found: dict[int, Place] = {}
    for origin in origins:
        mine = [row for row in rows if origin.first <= row < origin.first + origin.count]
        if mine:
            found.update(origin.places(mine))
    return tuple(found[row] for row in rows)
