"""Rows and columns as a parquet file, a database or a query gives them → the SQL of them as loaded rows hold them."""

import re
from collections.abc import Mapping, Sequence

from octoplan.table.quoting import literal

_FLOAT = re.compile(r"""\bFLOAT\b|"(?:[^"]|"")*"|'(?:[^']|'')*'""")
_ZONED, _PLAIN = "TIMESTAMP WITH TIME ZONE", "TIMESTAMP"


def rows_sql(rows: str, types: Mapping[str, str], names: Sequence[str], *, whole: bool) -> str:
    """SQL that holds rows, its columns and their types, and those needed, the address first → SQL of f0, f1, ...

    `whole`: and of all of a row, as JSON. Columns get names of ours before anything is said about them: one of theirs
    may be called as the row is, or as `rowid`, by which it can be told in which order the rows stand.
    """
    ours = {name: f"c{number}" for number, name in enumerate(types)}
    address, *others = names
    fields = [address_sql(ours[address], types[address]), *(value_sql(ours[name], types[name]) for name in others)]
    listed = [f"{field} AS f{number}" for number, field in enumerate(fields)]
    if whole:
        pairs = ", ".join(f"{literal(name)}: {value_sql(column, types[name])}" for name, column in ours.items())
        listed.append(f"to_json({{{pairs}}})::VARCHAR AS whole")
    return f"SELECT {', '.join(listed)} FROM {rows} AS held ({', '.join(ours.values())})"


def address_sql(column: str, kind: str) -> str:
    """A column of addresses and its SQL type → SQL of their texts; of whole numbers without decimals.

    What a FLOAT is as a number is not what somebody wrote: it keeps seven digits. All of it has decimals, and so is
    refused by whoever reads it.
    """
    if kind == "FLOAT":
        return f"printf('%.2f', {column})"
    if kind == "DOUBLE" or kind.startswith("DECIMAL"):
        digits = f"try_cast({column} AS HUGEINT)::VARCHAR"
        return f"CASE WHEN {column} = trunc({column}) THEN {digits} ELSE {column}::VARCHAR END"
    return f"{column}::VARCHAR"


def held_type(kind: str) -> str:
    """The SQL type of a column → that of loaded rows: a moment is one of UTC, as from a database; see `values`.

    A floating-point number of 32 bits becomes one of 64, whatever it stands in.
    """
    return _with_float(kind.replace(_ZONED, _PLAIN), "DOUBLE")


def value_sql(column: str, kind: str) -> str:
    """A column and its SQL type → SQL of its values in the type that loaded rows hold."""
    held, texts = held_type(kind), _with_float(kind.replace(_ZONED, _PLAIN), "VARCHAR")
    if held == kind:
        return column
    # As it is written, 12.99 keeps its digits; as a number it would become 12.989999771118164.
    return f"{column}::{held}" if texts == held else f"{column}::{texts}::{held}"


def _with_float(kind: str, instead: str) -> str:
    """An SQL type → the same with another one in the place of FLOAT; names of fields, in quotes, stay."""
    return _FLOAT.sub(lambda found: instead if found[0] == "FLOAT" else found[0], kind)
