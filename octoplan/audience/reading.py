"""A Reading, which is an AudienceSpec whose files are known → the rows of these files.

Used alike for audiences, segments, exclusions and suppressions. What builds on a segment is a Reading of the segment
with one more *layer*: rows go through the layers from the inside out.
"""

import difflib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from octoplan.audience.locating import unreadable
from octoplan.audience.values import Origin, Reject
from octoplan.errors import Place, Problem, ProjectInvalid
from octoplan.region import Region
from octoplan.spec import AudienceSpec
from octoplan.table import files, where
from octoplan.table import query as queries
from octoplan.table.connection import Table, TableError
from octoplan.table.dialect import Unreadable
from octoplan.table.files import ContactFile, LoadedFile
from octoplan.table.query import Query


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One spec on the way from the files to the audience, and its `where`, checked but not yet run.

    `mapping`, `region`: as they are up to here, for the exclusions that inherit them.
    """

    spec: AudienceSpec
    condition: where.Condition | None = None
    mapping: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    region: Region = field(default_factory=Region)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """The query of a segment, and the contact files of each source that it reads."""

    query: Query
    inputs: Mapping[str, tuple[ContactFile, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The opened files of one spec. `mapping`: our name → theirs, where given. `layers`: from the inside out.

    `region`: its column as the files call it.
    Of a query, `files` is the one that stands for its rows.
    """

    spec: AudienceSpec
    files: tuple[ContactFile, ...] = ()
    mapping: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    region: Region = field(default_factory=Region)
    layers: tuple[Layer, ...] = ()
    asking: Asking | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def own(self) -> tuple[str, ...]:
        """What the files call their columns; of several files, all names that occur."""
        return tuple(dict.fromkeys(name for file in self.files for name in file.columns))

    @property
    def columns(self) -> tuple[str, ...]:
        """The names that a template or a where may use: ours, then the files'."""
        return tuple(dict.fromkeys((*self.mapping, *self.own)))

    @property
    def inputs(self) -> tuple[str, ...]:
        """What the sources of a query call their columns."""
        found = self.asking.inputs.values() if self.asking else ()
        return tuple(dict.fromkeys(name for files in found for file in files for name in file.columns))

    @property
    def conditions(self) -> tuple[where.Condition, ...]:
        """The `where`s of all layers."""
        return tuple(layer.condition for layer in self.layers if layer.condition is not None)

    def theirs(self, name: str) -> str:
        """A name as used → the files' name of that column."""
        return self.mapping.get(name, name)

    def needed(self, kind: str) -> tuple[str, ...]:
        """A kind of address → the files' names of the columns without which it cannot be read; itself is not there."""
        column = self.region.column if kind == "phone_number" else None
        return () if column is None else (column,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Loaded rows: the table `name` with f0, f1, ...; `fields`: the files' names of the columns → fi.

    Of a query that has yet to run, `name` is blank and `inputs` are the tables of its sources; `read`: what these
    came from.
    """

    name: str
    count: int
    fields: Mapping[str, str]
    origins: tuple[Origin, ...]
    only: str = "true"  # SQL over fi: which rows count at all
    inputs: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    read: tuple[LoadedFile, ...] = ()

    @property
    def files(self) -> tuple[LoadedFile, ...]:
        """The files that rows were read from, those of a query's sources too."""
        return (*(origin.file for origin in self.origins if origin.file is not None), *self.read)

    @property
    def lost(self) -> int:
        """How many rows could not be read."""
        return sum(file.bad.rows for file in self.files)

    @property
    def first_lost(self) -> Iterator[Reject]:
        """The first of these, of each file."""
        for file in self.files:
            for bad in file.bad.first:
                yield Reject(place=Place(file=file.file.shown, line=bad.line), reason=bad.reason)


def where_problem(spec: AudienceSpec, message: str, hint: str = "") -> Problem:
    """What is wrong with a `where` → the Problem."""
    return Problem(
        place=spec.document.value_place((*spec.pointer, "where")), rule="audience/where", message=message, hint=hint
    )


def missing_column(name: str, file: ContactFile, place: Place) -> Problem:
    """A column that a file lacks → the Problem, with the columns there are."""
    near = difflib.get_close_matches(name, file.columns, 1)
    meant = f"did you mean {near[0]}? " if near else ""
    return Problem(
        place=place,
        rule="audience/column",
        message=f"{file.shown} has no column {name}",
        hint=f"{meant}it has: {listed(file.columns)}",
    )


def listed(names: Sequence[str], most: int = 20) -> str:
    """Names → one line."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return (", ".join(names[:most]) + more) or "none"


def address_column(reading: Reading, key: str) -> str | None:
    """A Reading and an address field → the files' name of the column that holds it, or None."""
    name = reading.theirs(key)
    return name if all(name in file.types for file in reading.files) else None


def load_reading(reading: Reading, table: Table, names: Sequence[str], loose: Collection[str] = ()) -> Rows:
    """A Reading and the files' names of the columns needed, the address first → Rows; of a query, those of its sources.

    `loose`: in a file that lacks one of these, the address stands for it, unless a `where` asks for it. Raises
    ProjectInvalid: a file that lacks another one, or that cannot be read to its end.
    """
    asked = [name for one in reading.conditions for name in one.columns]
    names = tuple(dict.fromkeys((*names, *asked)))
    place = reading.spec.source_place(0)
    fields = MappingProxyType({name: f"f{number}" for number, name in enumerate(names)})
    loose = set(loose).difference(asked)
    _raise_if_lacking(reading.files, [name for name in names if name not in loose], place)
    if reading.asking is not None:
        return _load_inputs(reading.asking, table, fields, place)
    columns = [tuple(names[0] if one in loose - file.types.keys() else one for one in names) for file in reading.files]
    name, loaded = _load(reading.files, table, columns, place)
    return Rows(
        name=name,
        count=sum(file.count for file in loaded),
        fields=fields,
        origins=tuple(Origin(first=file.first, count=file.count, file=file) for file in loaded),
    )


def _load_inputs(asking: Asking, table: Table, fields: Mapping[str, str], place: Place) -> Rows:
    """A query → its sources in tables, under their columns' own names."""
    inputs: dict[str, str] = {}
    read: list[LoadedFile] = []
    for source, needed in asking.query.sources.items():
        found = asking.inputs[source]
        _raise_if_lacking(found, needed, place)
        # The first column of a load is an address, and so text: it is not looked at here.
        name, loaded = _load(found, table, [(needed[0], *needed)] * len(found), place)
        inputs[source] = files.named_view(table, name, needed)
        read += loaded
    return Rows(name="", count=0, fields=fields, origins=(), inputs=MappingProxyType(inputs), read=tuple(read))


def _raise_if_lacking(found: Sequence[ContactFile], names: Sequence[str], place: Place) -> None:
    lacking = [missing_column(name, file, place) for name in names for file in found if name not in file.types]
    if lacking:
        raise ProjectInvalid(*lacking)


def _load(
    found: Sequence[ContactFile], table: Table, columns: Sequence[tuple[str, ...]], place: Place
) -> tuple[str, list[LoadedFile]]:
    name = table.name("rows")
    try:
        return name, files.load(table, found, columns, name)
    except Unreadable as error:
        raise ProjectInvalid(unreadable(error, error.shown, place)) from None


def ready(reading: Reading, rows: Rows, table: Table) -> Rows:
    """Rows → themselves; of a query that has yet to run, its result. ProjectInvalid where it fails on a row."""
    if reading.asking is None or rows.name:
        return rows
    spec = reading.layers[0].spec
    try:
        name, count = queries.run(table, reading.asking.query, rows.inputs, tuple(rows.fields))
    except TableError as error:
        raise ProjectInvalid(_query_failed(spec, error)) from None
    loaded = LoadedFile(file=reading.files[0], first=0, count=count, bad=reading.files[0].bad)
    return replace(rows, name=name, count=count, origins=(Origin(first=0, count=count, file=loaded),))


def _query_failed(spec: AudienceSpec, error: TableError) -> Problem:
    words = {
        "value": ("query fails on a row: a value is not what it is cast to", "try_cast(x as integer) is NULL then"),
        "expression": ("query does not fit its sources", "columns of CSV files are text: cast them"),
        "file": ("query fails: a pattern or an argument in it is not valid", "is the regular expression closed?"),
        "interrupted": ("query takes longer than 30 seconds", "does every join have its condition?"),
    }
    if error.kind not in words:
        raise error
    message, hint = words[error.kind]
    place = spec.document.value_place((*spec.pointer, "query"))
    return Problem(place=place, rule="segment/query", message=message, hint=hint)
