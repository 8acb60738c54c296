"""The named SQL over people: who a row is, who stands there twice, who is excluded, how many were left out and why.

A table of people has `person` (UHUGEINT), `address` (E.164, or an e-mail as written), `country` (ISO region, NULL for
e-mail), `file` and `record` (which file it came from, and which row of the loaded table, counted on through all files)
and v0, v1, ... While it is made it also has `raw`: what stands in the file where the fast check could not decide, see
`rows.Check`.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from octoplan.table.connection import Table, TableError
from octoplan.table.keys import KEY_BYTES, person_key_sql
from octoplan.table.rows import Check
from octoplan.table.where import SECONDS, Condition

_SPLIT = 1 << 18  # below as many rows DuckDB's own parallelism (122,880 rows a thread) leaves cores idle


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """What a table of people is made from. `fields`: columns of `rows` as v0, v1, ...

    `firsts`: the first row of each file; `only`: SQL over fi, which rows count at all. `tests`: which rows stay, one
    after the other; the last `later` of them are only noted, as k0, k1, ..., for `keep`. `drawn`: SQL over `person`
    that is kept as the v after those of `fields`; blank where there is nothing to draw.
    """

    rows: str
    count: int
    check: Check
    key: bytes
    only: str = "true"
    firsts: Sequence[int] = (0,)
    tests: Sequence["Filter"] = ()
    later: int = 0
    fields: Sequence[str] = ()
    drawn: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A Condition, and the columns of the loaded rows that it is over."""

    condition: Condition
    fields: Sequence[str]

    @property
    def named(self) -> str:
        """The SQL that gives these columns the names in the condition."""
        prefix = self.condition.prefix
        return "".join(f", {field} AS {prefix}{number}" for number, field in enumerate(self.fields))


def make(table: Table, making: Making) -> str:
    """Loaded rows → the name of a table of people with those that `where` keeps; TableError where it fails on a row."""
    people = table.name("people")
    parts = " UNION ALL ".join(_part(making, rows) for rows in _parts(making.count))
    with table.limit(SECONDS):
        table.execute(f"CREATE TABLE {people} AS {parts}")
    return people


def _parts(count: int) -> Iterator[str]:
    if count >= _SPLIT:
        yield "true"
        return
    yield f"rowid < {count // 2}"
    yield f"rowid >= {count // 2}"


def _part(making: Making, rows: str) -> str:
    fields = "".join(f", {field} AS v{number}" for number, field in enumerate(making.fields))
    values = "".join(f", v{number}" for number in range(len(making.fields)))
    values += "".join(f", k{number}" for number in range(making.later))
    tested = "".join(test.named for test in making.tests)
    cell = f", {making.check.cell} AS cell" if making.check.cell else ""
    steps = f"SELECT rowid AS record, f0{cell}{fields}{tested} FROM {making.rows} WHERE {rows} AND {making.only}"
    now = making.tests[: len(making.tests) - making.later]
    if now:
        steps = f"SELECT * FROM ({steps}) WHERE {_all(now)}"
    for number, test in enumerate(making.tests[len(now) :]):
        steps = f"SELECT *, coalesce({test.condition.sql}, false) AS k{number} FROM ({steps})"
    for name, expression in making.check.steps:
        steps = f"SELECT *, {expression} AS {name} FROM ({steps})"
    key = person_key_sql("address", making.key, folded=making.check.folded)
    return _with_drawn(
        making,
        f"SELECT {key} AS person, address, {making.check.country} AS country, {_file(making)} AS file, record, "
        f"CASE WHEN address IS NULL THEN {making.check.raw} END AS raw{values} FROM ("
        f"SELECT *, {making.check.address} AS address FROM ({steps}))",
    )


def _with_drawn(making: Making, people: str) -> str:
    """SQL of people → the same with what is drawn for each."""
    return f"SELECT *, {making.drawn} AS v{len(making.fields)} FROM ({people})" if making.drawn else people


def _all(tests: Sequence[Filter]) -> str:
    """Tests → the SQL of whether all of them hold; none is asked of a row that one before it leaves out."""
    *former, last = [f"({test.condition.sql})" for test in tests]
    for condition in reversed(former):
        last = f"(CASE WHEN {condition} THEN {last} ELSE false END)"
    return last


def _file(making: Making) -> str:
    """The SQL of the number of the file that a record came from."""
    later = "".join(
        f" WHEN record >= {first} THEN {number}" for number, first in reversed([*enumerate(making.firsts)][1:])
    )
    return f"CASE{later} ELSE 0 END" if later else "0"


def check_condition(table: Table, making: Making, test: Filter) -> str:
    """What is to be made, and one of its tests → the SQL type of that; TableError where it has none."""
    tested = test.named.removeprefix(", ") or "1"
    return str(
        table.rows(f"DESCRIBE SELECT ({test.condition.sql}) AS x FROM (SELECT {tested} FROM {making.rows})")[0][1]
    )


def fails(table: Table, making: Making, tests: Sequence[Filter]) -> bool:
    """What is to be made, and some of its tests → whether asking them of all rows fails."""
    named = "".join(test.named for test in tests)
    try:
        with table.limit(SECONDS):
            table.value(
                f"SELECT count(*) FROM (SELECT 1{named} FROM {making.rows} WHERE {making.only}) WHERE {_all(tests)}"
            )
    except TableError:
        return True
    return False


def keep(table: Table, people: str, number: int) -> int:
    """A table of people → those for whom a test holds that was only noted, by its number; how many rows went."""
    gone = table.execute(f"DELETE FROM {people} WHERE NOT k{number}")
    table.execute(f"ALTER TABLE {people} DROP COLUMN k{number}")
    return gone


def draw(table: Table, people: str, many: int, name: str) -> int:
    """A table of people → the rows of so many of them, drawn by a hash of `name` and address; how many rows went.

    The same ones with every key and in every environment, so that what is validated is what is sent. Somebody who joins
    takes the place of one other at most; another name draws others.
    """
    number = person_key_sql("address", hashlib.sha256(name.encode()).digest()[:KEY_BYTES])
    drawn = f"SELECT person FROM {people} GROUP BY person ORDER BY min({number}), person LIMIT {many}"
    return _only(table, people, drawn)


def take_first(table: Table, people: str, many: int) -> int:
    """A table of people → the rows of the first so many of them, in the order of the rows; how many rows went."""
    return _only(table, people, f"SELECT person FROM {people} GROUP BY person ORDER BY min(record) LIMIT {many}")


def _only(table: Table, people: str, chosen: str) -> int:
    kept = table.name("chosen")
    table.execute(f"CREATE TABLE {kept} AS {chosen}")
    gone = table.execute(f"DELETE FROM {people} WHERE person NOT IN (SELECT person FROM {kept})")
    table.execute(f"DROP TABLE {kept}")
    return gone


def count(table: Table, people: str) -> int:
    """A table of people → how many rows it has."""
    return int(table.value(f"SELECT count(*) FROM {people}"))


def settle(table: Table, people: str, verdicts: str, making: Making) -> None:
    """Verdicts on the undecided texts → the addresses of those that are good; the others stay, without an address."""
    values = "".join(f", p.v{number}" for number in range(len(making.fields)))
    values += "".join(f", p.k{number}" for number in range(making.later))
    key = person_key_sql("d.known", making.key, folded=making.check.folded)
    settled = _with_drawn(
        making,
        f"SELECT {key} AS person, d.address, d.country, p.file, p.record, NULL AS raw{values} "
        f"FROM {people} p JOIN {verdicts} d ON p.raw = d.raw WHERE p.address IS NULL AND d.address IS NOT NULL",
    )
    table.execute(f"INSERT INTO {people} {settled}")
    table.execute(
        f"DELETE FROM {people} WHERE address IS NULL AND raw IN (SELECT raw FROM {verdicts} WHERE address IS NOT NULL)"
    )


def finish(table: Table, people: str) -> None:
    """A table of people that is made → without `raw`, which nobody needs any more."""
    table.execute(f"ALTER TABLE {people} DROP COLUMN raw")


def drop_duplicates(table: Table, people: str) -> int:
    """A table of people → each person once, by the first row in file order; how many rows went."""
    everyone, persons = table.rows(f"SELECT count(*), count(DISTINCT person) FROM {people}")[0]
    if everyone == persons:
        return 0
    return table.execute(
        f"DELETE FROM {people} p USING (SELECT person, min(record) AS first FROM {people} GROUP BY person "
        "HAVING count(*) > 1) d WHERE p.person = d.person AND p.record > d.first"
    )


def drop_excluded(table: Table, people: str, others: str) -> int:
    """Two tables of people → the first without those of the second; how many went."""
    return table.execute(f"DELETE FROM {people} WHERE person IN (SELECT person FROM {others})")


def make_listed(table: Table, batches: Iterable[Sequence[int]]) -> str:
    """Person keys, in batches → the name of a table of them, each as often as it comes."""
    name = table.name("listed")
    table.execute(f"CREATE TABLE {name} (person UHUGEINT)")
    for batch in batches:
        table.append(name, (batch,))
    return name


def is_listed(table: Table, name: str, person: int) -> bool:
    """A table of person keys, and one → whether it is there."""
    return bool(table.value(f"SELECT count(*) FROM {name} WHERE person = ?::UHUGEINT", (hex(person),)))


def records_of(table: Table, people: str, person: int) -> list[int]:
    """A table of people and a person key → the records in which that person stands, in order."""
    found = table.rows(f"SELECT record FROM {people} WHERE person = ?::UHUGEINT ORDER BY record", (hex(person),))
    return [int(record) for (record,) in found]


def rows_of(table: Table, people: str, persons: Sequence[int]) -> Mapping[int, tuple[str, int, int]]:
    """A table of people and some of them, by key → address, file and record of each that is in it."""
    found = table.rows(
        f"SELECT hex(person), address, file, record FROM {people} "
        "WHERE person IN (SELECT unnest(?::VARCHAR[])::UHUGEINT) ORDER BY record",
        ([hex(person) for person in persons],),
    )
    return {int(person, 16): (str(address), int(file), int(record)) for person, address, file, record in found}


def values_of(table: Table, people: str, person: int, count: int) -> tuple[Any, ...]:
    """A table of people and one of them, by key → the first `count` of their values v0, v1, ..."""
    listed = "".join(f", v{number}" for number in range(count))
    ((_, *values),) = table.rows(f"SELECT record{listed} FROM {people} WHERE person = ?::UHUGEINT", (hex(person),))
    return tuple(values)


def country_of(table: Table, people: str, person: int) -> str:
    """A table of people and one of them, by key → the ISO region of their number; blank where there is none."""
    asked = f"SELECT coalesce(country, '') FROM {people} WHERE person = ?::UHUGEINT"
    ((country,),) = table.rows(asked, (hex(person),))
    return str(country)
