"""Lists of people who may not be reached, as they are now, in one table, and as they were: who is in one no more.

suppressed_now   entry, person     every list that was looked at; a row without a person says that it was
suppressed_was   entry, person     those that are not what they were
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from octoplan.table.connection import Table

_NOW, _WAS = "suppressed_now", "suppressed_was"
_BATCH = 10_000
_LOW = (1 << 64) - 1


def begin(table: Table) -> None:
    """Make both tables."""
    for name in (_NOW, _WAS):
        table.execute(f"CREATE TABLE {name} (entry VARCHAR, person UHUGEINT)")


def keep(table: Table, entry: str, people: str) -> None:
    """A list by its name, and the table of its people → it is known, once."""
    if not table.value(f"SELECT count(*) FROM {_NOW} WHERE entry = ? AND person IS NULL", (entry,)):
        table.execute(f"INSERT INTO {_NOW} SELECT ?, person FROM {people} UNION ALL SELECT ?, NULL", (entry, entry))


def totals(table: Table) -> Mapping[str, tuple[int, int]]:
    """Every list that was looked at → how many people it holds, and the sum of their keys, in any order."""
    rows = table.rows(
        f"""SELECT entry, count(person), coalesce(sum((person >> 64::UHUGEINT)::UBIGINT), 0),
            coalesce(sum((person & {_LOW}::UHUGEINT)::UBIGINT), 0)
            FROM (SELECT DISTINCT entry, person FROM {_NOW}) GROUP BY entry ORDER BY entry"""
    )
    return {str(entry): (int(count), (int(high) << 64) + int(low)) for entry, count, high, low in rows}


def was(table: Table, entry: str, batches: Iterable[Sequence[int]]) -> None:
    """A list as it was, by person keys, in batches → known too."""
    for batch in batches:
        table.append(_WAS, ([entry] * len(batch), batch))


def gone(table: Table) -> Mapping[str, int]:
    """Lists as they were → how many of each are in no list any more."""
    rows = table.rows(
        f"""SELECT entry, count(*) FROM {_WAS}
            WHERE person NOT IN (SELECT person FROM {_NOW} WHERE person IS NOT NULL) GROUP BY entry ORDER BY entry"""
    )
    return {str(entry): int(count) for entry, count in rows}


def left(table: Table, entry: str) -> Iterator[list[int]]:
    """A list → who was in it, and is no more, in batches."""
    return _minus(table, entry, _WAS, _NOW)


def joined(table: Table, entry: str) -> Iterator[list[int]]:
    """A list → who is in it, and was not, in batches."""
    return _minus(table, entry, _NOW, _WAS)


def _minus(table: Table, entry: str, these: str, those: str) -> Iterator[list[int]]:
    asked = f"""SELECT hex(person) FROM (SELECT DISTINCT person FROM {these} WHERE entry = ? AND person IS NOT NULL)
        WHERE person NOT IN (SELECT person FROM {those} WHERE entry = ? AND person IS NOT NULL) ORDER BY person"""
    for batch in table.batches(asked, (entry, entry), _BATCH):
        yield [int(person, 16) for (person,) in batch]
