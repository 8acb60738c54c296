"""The named SQL over people whose address the fast check could not tell: verdicts on their texts, and who is left out.

A table of verdicts has a raw text, its address or NULL, its country, the reason against it or NULL, and what its person
is known by, which is the address in one spelling.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from octoplan.table.connection import Table
from octoplan.table.rows import Check

BLANK = "blank"


def undecided(table: Table, people: str) -> tuple[int, int]:
    """A table of people → all its rows, and those whose address the fast check could not tell."""
    everyone, known = table.rows(f"SELECT count(*), count(address) FROM {people}")[0]
    return int(everyone), int(everyone - known)


def raw_values(table: Table, people: str, verdicts: str = "") -> Iterator[list[str]]:
    """A table of people → the distinct undecided texts, in batches; without those of which there is a verdict."""
    told = f" AND raw NOT IN (SELECT raw FROM {verdicts})" if verdicts else ""
    for batch in table.batches(f"SELECT DISTINCT raw FROM {people} WHERE address IS NULL AND raw IS NOT NULL{told}"):
        yield [row[0] for row in batch]


def tell(table: Table, people: str, verdicts: str, check: Check) -> None:
    """A table of people → verdicts on the undecided texts that SQL can tell: good ones, and good ones not wanted."""
    steps = (
        f"SELECT DISTINCT raw, {check.unraw} FROM {people} "
        f"WHERE address IS NULL AND raw IS NOT NULL AND raw NOT IN (SELECT raw FROM {verdicts})"
    )
    for name, expression in check.steps:
        steps = f"SELECT *, {expression} AS {name} FROM ({steps})"
    reason = check.left_out or "NULL"
    table.execute(
        f"INSERT INTO {verdicts} "
        f"SELECT raw, address, {check.country}, CASE WHEN address IS NULL THEN reason END, address AS known "
        f"FROM (SELECT raw, {check.address} AS address, {reason} AS reason FROM ({steps})) "
        "WHERE address IS NOT NULL OR reason IS NOT NULL"
    )


def make_verdicts(table: Table) -> str:
    """Nothing → the name of an empty table for verdicts: raw, address, country, reason and known."""
    verdicts = table.name("verdicts")
    columns = ", ".join(f"{name} VARCHAR" for name in ("raw", "address", "country", "reason", "known"))
    table.execute(f"CREATE TABLE {verdicts} ({columns})")
    return verdicts


def rejected(table: Table, people: str, verdicts: str) -> tuple[tuple[str, int], ...]:
    """Settled people → how many are left out by reason, the most frequent first."""
    rows = table.rows(
        f"SELECT coalesce(d.reason, '{BLANK}') AS reason, count(*) AS many "
        f"FROM {people} p LEFT JOIN {verdicts} d ON p.raw = d.raw WHERE p.address IS NULL GROUP BY 1 ORDER BY 2 DESC, 1"
    )
    return tuple((str(reason), int(many)) for reason, many in rows)


def first_rejected(
    table: Table, people: str, verdicts: str, shown: tuple[int, Collection[str]]
) -> list[tuple[int, str]]:
    """Settled people → so many of those left out, but for some reasons, in file order: record and reason."""
    limit, but = shown
    rows = table.rows(
        f"SELECT p.record, coalesce(d.reason, '{BLANK}') FROM {people} p LEFT JOIN {verdicts} d ON p.raw = d.raw "
        f"WHERE p.address IS NULL AND NOT list_contains(?::VARCHAR[], coalesce(d.reason, '{BLANK}')) "
        f"ORDER BY p.record LIMIT {limit}",
        (sorted(but),),
    )
    return [(int(record), str(reason)) for record, reason in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """Settled people, and the verdicts on those without an address; blank where there are none."""

    name: str
    verdicts: str


def each_rejected(table: Table, left_out: Rejected, rows: str) -> Iterator[tuple[int, str, str | None]]:
    """Those left out, and the loaded rows → record, reason and, where rows are kept, the whole row; in file order."""
    if not left_out.verdicts:
        return
    whole, join = ("r.whole", f"JOIN {rows} r ON r.rowid = p.record") if table.keeps_rows else ("NULL", "")
    sql = (
        f"SELECT p.record, coalesce(d.reason, '{BLANK}'), {whole} FROM {left_out.name} p "
        f"LEFT JOIN {left_out.verdicts} d ON p.raw = d.raw {join} WHERE p.address IS NULL ORDER BY p.record"
    )
    for batch in table.batches(sql):
        yield from batch


def drop_rejected(table: Table, people: str) -> None:
    """Settled people → only those with an address."""
    table.execute(f"DELETE FROM {people} WHERE address IS NULL")
