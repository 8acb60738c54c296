"""JSON files → rows of a table: one object a line, or one array of objects.

The types are those of JSON, found over the whole file: whole numbers, decimals, booleans, text, lists, objects. What
differs between rows becomes its text. Nothing is guessed: a date is text.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from octoplan.table.connection import Table, TableError
from octoplan.table.csvfiles import escaped
from octoplan.table.dialect import Unreadable, check_text, open_bytes
from octoplan.table.jsontypes import TEXT, Structure, as_text, merged_keys, shape, sql_type, with_floats
from octoplan.table.quoting import literal, quoted
from octoplan.table.records import Bad, LeftOut, Record, array_items, gathered, lines_of, text_lines

_NO_OBJECT = "not a JSON object"
_LONG = "(^|[^0-9.])[0-9]{16,}([^0-9.eE]|$)"


@dataclass(frozen=True, slots=True)
class Reading:
    """A JSON file: one array, or one object a line."""

    path: Path
    gzipped: bool
    array: bool

    @property
    def source(self) -> str:
        """The SQL that yields each row's text as `line`, in file order, blank lines left out."""
        name = literal(escaped(self.path))
        packing = f"compression = '{'gzip' if self.gzipped else 'none'}'"
        if self.array:
            return f"(SELECT json AS line FROM read_json_objects({name}, format = 'array', {packing}))"
        return (
            f"(SELECT line FROM read_csv({name}, auto_detect = false, header = false, "
            "delim = '\x01', quote = '', escape = '', "
            f"strict_mode = false, {packing}, columns = {{line: 'VARCHAR'}}) "
            "WHERE trim(line, chr(32) || chr(9) || chr(13) || chr(10)) <> '')"
        )

    def records(self) -> Iterator[Record]:
        """The same rows as Python finds them, with their lines."""
        return (array_items if self.array else text_lines)(self.path, gzipped=self.gzipped)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """A JSON file: whether it is one array, its keys and their structures, and the rows that are no objects."""

    array: bool
    structures: Mapping[str, Structure]
    bad: LeftOut


def inspect(table: Table, path: Path, *, gzipped: bool) -> Inspected:
    """A file → what it holds, from a pass over the whole of it.

    Raises Unreadable: not UTF-8, empty, or not JSON.
    """
    text = check_text(path, gzipped=gzipped, forbidden="\0\1")
    reading = Reading(path, gzipped, _starts_with(path, gzipped=gzipped) == b"[")
    if reading.array and text.last != b"]":  # DuckDB takes an array that was cut off after a comma for a whole one
        raise broken(TableError("file"))
    try:
        structure, bad = _scan(table, reading)
    except TableError as error:
        raise broken(error) from None
    if structure is None and not bad.rows:
        raise Unreadable("file/empty", "the file is empty", "it has to hold people")
    return Inspected(array=reading.array, structures=structure or {}, bad=bad)


def _starts_with(path: Path, *, gzipped: bool) -> bytes:
    with open_bytes(path, gzipped=gzipped) as stream:
        return stream.read(1 << 16).removeprefix(b"\xef\xbb\xbf").lstrip()[:1]


def _scan(table: Table, reading: Reading) -> tuple[dict[str, Structure] | None, LeftOut]:
    """A reading → its keys and their structure, None where there is no object, and the rows that are none.

    Structures are merged here: DuckDB's own `json_group_structure` keeps every row in memory.
    """
    is_object = "CASE WHEN json_valid(line) THEN json_type(line) = 'OBJECT' ELSE false END"
    counted = (
        f"SELECT CASE WHEN ok THEN json_structure(line::JSON)::VARCHAR END, count(*) "
        f"FROM (SELECT line, {is_object} AS ok FROM {reading.source}) GROUP BY 1"
    )
    structure: dict[str, Structure] | None = None
    strangers = 0
    for batch in table.batches(counted):
        for one, rows in batch:
            if one is None:
                strangers += rows
            else:
                structure = merged_keys(structure or {}, json.loads(one))
    if structure is not None:
        structure = _exact(table, reading, structure)
    if not strangers:
        return structure, LeftOut()
    numbered = f"SELECT line, row_number() OVER () AS number, {is_object} AS ok FROM {reading.source}"
    numbers = {row[0] - 1 for row in table.each(f"SELECT number FROM ({numbered}) WHERE NOT ok")}
    found = lines_of(reading.records(), numbers, ())
    bad = gathered(Bad(line=found.get(number, 0), reason=_NO_OBJECT) for number in sorted(numbers))
    return structure, bad


def _exact(table: Table, reading: Reading, structure: dict[str, Structure]) -> dict[str, Structure]:
    """Keys and their structures → the same, with text where whole numbers would lose digits beside decimal ones.

    DuckDB calls a whole number of more than 64 bits floating-point, too.
    """
    keys = with_floats(structure)
    if not keys:
        return structure
    listed = ", ".join(literal(_pointer(key)) for key in keys)
    values = f"array_to_string(json_extract_string(line, [{listed}]), ' ')"
    told = f"CASE WHEN {_is_long('line')} AND json_valid(line) THEN {_is_long(values)} ELSE false END"
    for batch in table.batches(f"SELECT line FROM {reading.source} WHERE {told}"):
        for (line,) in batch:
            # Of more digits Python makes no number; so many tell that it is large.
            structure = as_text(structure, json.loads(line, parse_int=lambda digits: int(digits[:40])))
    return structure


def _is_long(expression: str) -> str:
    """SQL of a text → SQL of whether a long whole number stands in it."""
    return f"regexp_matches({expression}, {literal(_LONG)})"


def load(table: Table, reading: Reading, structures: Sequence[tuple[str, Structure]], into: str) -> None:
    """A file, its needed keys and their structures → rows of the table `into`; only objects."""
    fields = ", ".join(_field(key, structure) for key, structure in structures)
    filled = ", ".join(f"f{number}" for number in range(len(structures)))
    table.execute(
        f"INSERT INTO {quoted(into)} ({filled}) SELECT {fields} FROM {reading.source} "
        "WHERE CASE WHEN json_valid(line) THEN json_type(line) = 'OBJECT' ELSE false END"
    )


def _field(key: str, structure: Structure) -> str:
    place = literal(_pointer(key))
    if sql_type(structure) == TEXT:
        return f"(line ->> {place})"
    return f"json_transform(json_extract(line, {place}), {literal(shape(structure))})"


def _pointer(key: str) -> str:
    """The key of an object → what points to it, by RFC 6901."""
    return "/" + key.replace("~", "~0").replace("/", "~1")


def broken(error: TableError) -> Unreadable:
    """What DuckDB refused → Unreadable for the author; what is not the file's fault stays what it is."""
    if error.kind in ("space", "interrupted"):
        raise error
    return Unreadable("file/unreadable", "the file is broken, or not what its name says", "write it anew, or rename it")
