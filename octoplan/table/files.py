"""A contact file → its columns, and its rows in a table: csv, tsv, ndjson, json and parquet, `.gz` but for parquet.

`inspect` reads what it must to know the columns; `load` fills a table with those that are needed and says which rows
cannot be read. Columns of CSV are text, an empty field is NULL; JSON and parquet keep their types.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from octoplan.table import csvfiles, jsonfiles
from octoplan.table.casting import held_type, rows_sql
from octoplan.table.connection import Table, TableError
from octoplan.table.dialect import Dialect, Unreadable, read_dialect
from octoplan.table.jsontypes import TEXT, Structure, sql_type
from octoplan.table.quoting import literal, quoted
from octoplan.table.records import LeftOut, Record, array_items, csv_records, lines_of, text_lines

Format = Literal["csv", "tsv", "ndjson", "json", "parquet", "rows"]
_FORMATS: Mapping[str, Format] = MappingProxyType(
    {".csv": "csv", ".tsv": "tsv", ".ndjson": "ndjson", ".jsonl": "ndjson", ".json": "json", ".parquet": "parquet"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactFile:
    """A file as `inspect` found it. `types`: its columns, in order, and their SQL types; `structures`: of JSON.

    `bad`: rows of a JSON file that are no objects, known from the start; of CSV they are known after `load`.
    `remote`: the address of a parquet file that is an object in a store; `held`: the table with all of it, of what is
    no file (`rows`). `stored`: the types that parquet and a table of such rows have before they are loaded.
    """

    path: Path
    shown: str
    format: Format
    gzipped: bool
    types: Mapping[str, str]
    dialect: Dialect | None = None
    structures: Mapping[str, Structure] = field(default_factory=lambda: MappingProxyType({}))
    bad: LeftOut = field(default_factory=LeftOut)
    remote: str = ""
    held: str = ""
    stored: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def is_text(self) -> bool:
        """Whether it has lines, in which its rows can be read again."""
        return self.format not in ("parquet", "rows")

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of its columns."""
        return tuple(self.types)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedFile:
    """The rows of a file in a table: from row `first`, `count` of them; `bad`: those left out."""

    file: ContactFile
    first: int
    count: int
    bad: LeftOut

    def lines(self, rows: Sequence[int]) -> Mapping[int, int]:
        """Rows of the table that came from this file → their lines; of what has none, their number."""
        wanted = {row - self.first for row in rows}
        if not self.file.is_text:
            return {row: row - self.first + 1 for row in rows}
        found = lines_of(self.records(), wanted, set(self.bad.lines))
        return {self.first + number: line for number, line in found.items()}

    def records(self, raw: list[str] | None = None) -> Iterator[Record]:
        """All records of a file that has lines, read again; `raw` then holds the lines of the present one, of CSV."""
        file = self.file
        if file.dialect is not None:
            return csv_records(file.path, file.dialect, gzipped=file.gzipped, raw=raw)
        if file.format == "json":
            return array_items(file.path, gzipped=file.gzipped)
        return text_lines(file.path, gzipped=file.gzipped)


def format_of(path: Path) -> tuple[Format, bool]:
    """A path → its format by name, and whether it is gzipped; Unreadable for any other name."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    gzipped = suffixes[-1:] == [".gz"]
    suffix = (suffixes[:-1] if gzipped else suffixes)[-1:]
    found = _FORMATS.get(suffix[0]) if suffix else None
    if found is None or (gzipped and found == "parquet"):
        raise Unreadable(
            "file/format", "the file's name does not say what it is", "csv, tsv, ndjson, json (.gz too) or parquet"
        )
    return found, gzipped


def inspect(table: Table, path: Path, shown: str, form: str | None = None) -> ContactFile:
    """A file and its name as shown → a ContactFile; Unreadable with why. `form`: what it is, whatever its name."""
    kind, gzipped = format_of(path if form is None else Path(f"contacts.{form}"))
    if kind in ("csv", "tsv"):
        dialect = read_dialect(path, gzipped=gzipped, tabs=kind == "tsv")
        types = dict.fromkeys(dialect.columns, TEXT)
        return ContactFile(path=path, shown=shown, format=kind, gzipped=gzipped, types=types, dialect=dialect)
    if kind == "parquet":
        stored = _parquet_types(table, str(path))
        types = _held_types(stored)
        return ContactFile(path=path, shown=shown, format=kind, gzipped=False, types=types, stored=stored)
    found = jsonfiles.inspect(table, path, gzipped=gzipped)
    return ContactFile(
        path=path,
        shown=shown,
        format="json" if found.array else "ndjson",
        gzipped=gzipped,
        types={key: sql_type(structure) for key, structure in found.structures.items()},
        structures=found.structures,
        bad=found.bad,
    )


def inspect_remote(table: Table, address: str) -> ContactFile:
    """The address of a parquet file in a store that the table can reach → a ContactFile; Unreadable with the reason."""
    stored = _parquet_types(table, address)
    return ContactFile(
        path=Path(address.rpartition("/")[2]),
        shown=address,
        format="parquet",
        gzipped=False,
        types=_held_types(stored),
        stored=stored,
        remote=address,
    )


def held(table: Table, name: str, shown: str) -> ContactFile:
    """The name of a table that holds all rows of something → a ContactFile; the table goes when all is loaded."""
    table.passing.append(name)
    stored = {str(row[0]): str(row[1]) for row in table.rows(f"DESCRIBE {quoted(name)}")}
    types = _held_types(stored)
    return ContactFile(path=Path(), shown=shown, format="rows", gzipped=False, types=types, stored=stored, held=name)


def _held_types(stored: Mapping[str, str]) -> dict[str, str]:
    return {name: held_type(kind) for name, kind in stored.items()}


def _parquet_types(table: Table, address: str) -> dict[str, str]:
    try:
        described = table.rows(f"DESCRIBE SELECT * FROM {_parquet(address)}")
    except TableError:
        raise Unreadable("file/unreadable", "the file is no parquet file, or a broken one", "write it anew") from None
    return {str(row[0]): str(row[1]) for row in described}


def _parquet(address: str) -> str:
    return f"read_parquet({literal(csvfiles.escaped(address))}, hive_partitioning = false)"


def load(table: Table, files: Sequence[ContactFile], columns: Sequence[tuple[str, ...]], into: str) -> list[LoadedFile]:
    """Files and, per file, its columns that are needed → the table `into` with columns f0, f1, ... in file order.

    `columns[i][k]` is what file i calls column k. The first column becomes text; another keeps its type where all files
    agree on it, and becomes text where they do not. `rowid` numbers the rows. Raises Unreadable with the file's name.
    Where the table keeps rows, `whole` is all of a row that has no line to be read again from, as JSON.
    """
    types = [
        common_type([file.types[names[k]] for file, names in zip(files, columns, strict=True)]) for k in _range(columns)
    ]
    types[0] = TEXT
    listed = [f"f{k} {kind}" for k, kind in enumerate(types)] + ["whole VARCHAR"] * table.keeps_rows
    table.execute(f"CREATE TABLE {quoted(into)} ({', '.join(listed)})")
    loaded: list[LoadedFile] = []
    first = 0
    for file, names in zip(files, columns, strict=True):
        try:
            bad = _load_one(table, file, names, into)
        except Unreadable as error:
            error.shown = file.shown
            raise
        count = table.value(f"SELECT count(*) FROM {quoted(into)}") - first
        loaded.append(LoadedFile(file=file, first=first, count=count, bad=bad))
        first += count
    return loaded


def _range(columns: Sequence[tuple[str, ...]]) -> range:
    return range(len(columns[0]))


def common_type(types: Sequence[str]) -> str:
    """The types of a column in several files → the one that it gets in a table."""
    return types[0] if len(set(types)) == 1 else TEXT


def named_view(table: Table, name: str, columns: Sequence[str]) -> str:
    """A table of loaded rows, and what its columns but the first are called → the name of a view with these names."""
    fields = ", ".join(f"f{number} AS {quoted(column)}" for number, column in enumerate(columns, 1))
    view = table.name("source")
    table.execute(f"CREATE VIEW {view} AS SELECT {fields} FROM {name}")
    return view


def _load_one(table: Table, file: ContactFile, names: tuple[str, ...], into: str) -> LeftOut:
    if file.dialect is not None:
        return csvfiles.load(table, csvfiles.CsvFile(file.path, file.gzipped, file.dialect), names, into)
    try:
        if file.is_text:
            reading = jsonfiles.Reading(file.path, file.gzipped, file.format == "json")
            structures = [(names[0], TEXT), *((name, file.structures[name]) for name in names[1:])]
            jsonfiles.load(table, reading, structures, into)
        else:
            _copy(table, file, names, into)
    except TableError as error:
        raise jsonfiles.broken(error) from None
    return file.bad


def _copy(table: Table, file: ContactFile, names: tuple[str, ...], into: str) -> None:
    """Rows that DuckDB holds, or reads as they are → rows of the table `into`."""
    columns = [f"f{number}" for number in range(len(names))] + ["whole"] * table.keeps_rows
    held = quoted(file.held) if file.held else _parquet(file.remote or str(file.path))
    rows = rows_sql(held, file.stored, names, whole=table.keeps_rows) + " ORDER BY rowid" * bool(file.held)
    table.execute(f"INSERT INTO {quoted(into)} ({', '.join(columns)}) {rows}")
