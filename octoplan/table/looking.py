"""The named SQL that looks at people as a whole: what their columns hold, whom two tables share. No value leaves it."""

from collections.abc import Sequence
from dataclasses import dataclass

from octoplan.table.connection import Table
from octoplan.table.quoting import is_white

_KINDS = (
    ("[]", "list"),
    ("STRUCT", "struct"),
    ("MAP", "struct"),
    ("VARCHAR", "text"),
    ("BOOLEAN", "true or false"),
    ("DECIMAL", "decimal number"),
    ("DOUBLE", "floating-point number"),
    ("FLOAT", "floating-point number"),
    ("TIMESTAMP", "date with time"),
    ("DATE", "date"),
    ("TIME", "time"),
    ("UUID", "UUID"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """What a column holds: its kind, as docs/templates.md calls it, and in how many rows it is blank."""

    kind: str
    blank: int


def columns(table: Table, people: str, count: int) -> tuple[Column, ...]:
    """A table of people and how many values each has → what is in v0, v1, ..."""
    if not count:
        return ()
    described = table.rows(f"DESCRIBE SELECT {', '.join(f'v{number}' for number in range(count))} FROM {people}")
    types = [str(row[1]) for row in described]
    asked = ", ".join(f"count(*) FILTER (WHERE {_blank(f'v{number}', kind)})" for number, kind in enumerate(types))
    (blanks,) = table.rows(f"SELECT {asked} FROM {people}")
    return tuple(Column(kind=_kind(sql), blank=int(blank)) for sql, blank in zip(types, blanks, strict=True))


def _blank(name: str, sql: str) -> str:
    """A column and its type → the SQL of whether it is blank, as templates understand it."""
    if sql == "VARCHAR":
        return f"{name} IS NULL OR {is_white(name)}"
    return f"{name} IS NULL OR isnan({name})" if sql in ("DOUBLE", "FLOAT") else f"{name} IS NULL"


def _kind(sql: str) -> str:
    if sql.endswith("[]"):
        return "list"
    return next((kind for begins, kind in _KINDS if sql.startswith(begins)), "whole number")


def shared(table: Table, one: str, other: str) -> int:
    """Two tables of people → how many are in both."""
    return int(table.value(f"SELECT count(*) FROM {one} WHERE person IN (SELECT person FROM {other})"))


def some(table: Table, people: str, many: int) -> Sequence[str]:
    """A table of people → the addresses of a few, in the order of their keys; only to be shown masked."""
    return [str(row[0]) for row in table.rows(f"SELECT address FROM {people} ORDER BY person LIMIT ?", (many,))]


def together(table: Table, tables: Sequence[str]) -> list[int]:
    """Tables of people → of each, how many of its people are in another one too."""
    everyone = " UNION ALL ".join(f"SELECT person, {n} AS part FROM {name}" for n, name in enumerate(tables))
    found = dict(
        table.rows(
            f"""WITH everyone AS ({everyone})
                SELECT part, count(*) FROM everyone
                WHERE person IN (SELECT person FROM everyone GROUP BY person HAVING count(*) > 1) GROUP BY part"""
        )
    )
    return [int(found.get(number, 0)) for number in range(len(tables))]
