"""A column as a parquet file, a database or a query gives it → the SQL of it as loaded rows hold it."""

_ZONED, _PLAIN = "TIMESTAMP WITH TIME ZONE", "TIMESTAMP"


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
    """The SQL type of a column → that of loaded rows: a moment is one of UTC, as from a database; see `values`."""
    return kind.replace(_ZONED, _PLAIN)


def value_sql(column: str, kind: str) -> str:
    """A column and its SQL type → SQL of its values in the type that loaded rows hold."""
    return column if held_type(kind) == kind else f"{column}::{held_type(kind)}"
