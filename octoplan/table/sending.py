"""SQL over the people of one campaign: minus what the state has, by variant. Never a loop over people.

Tables, with the name of the people's table as suffix; `v0`..`vN` are the variables the templates use:

    people    person, address, country, file, record, v0..        what the audience gave
    held      person, status, refusals, frame                     what the state has of people
    decided   person, why                                         who by decision gets nothing in this edition
    todo      people who are free
    combos    combo, people, file, record, v0..                   the distinct combinations of variables among them
    rendered  combo, digest, content, ...                         what each combination renders to: `rows.RENDERED`
    variants  variant, digest, content, ...                       the distinct contents, with their language(s)
    messages  person, address, country, refusals, held, variant   who gets what
    optimized person, country, replaced, saved                    for whom something was replaced
    spread    variant, country, people                            how many get what, where

`framing` makes frames of them.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from octoplan.table.asking import Asking
from octoplan.table.breakdown import Breakdown
from octoplan.table.composing import Composition
from octoplan.table.connection import Table
from octoplan.table.framing import Framing
from octoplan.table.hashes import Hashes
from octoplan.table.rows import DECIDED, HELD, RENDERED, Combination, Measure
from octoplan.table.spread import Sample, Spread

_BATCH = 10_000


class Messages:
    """The messages of one campaign on their way from audience to frames; each method is one step, in this order."""

    def __init__(self, table: Table, people: str, variables: int) -> None:
        self._table = table
        self.audience = self._people = people
        self._values = [f"v{index}" for index in range(variables)]
        self._n = people
        self._without: list[str] = []
        self.spread = Spread(table, people)
        self.breakdown = Breakdown(table, people, self._values)
        self.framing = Framing(table, people)
        self.hashes = Hashes(table, people)

    @property
    def table(self) -> Table:
        """Where they are."""
        return self._table

    @property
    def name(self) -> str:
        """The table of who gets what."""
        return f"messages_{self._n}"

    def people(self, limit: int, person: int | None) -> list[tuple[Any, ...]]:
        """The first people in order of their rows, or the one of that key → (address, v0, ...); for `render`."""
        key = None if person is None else hex(person)
        listed = "".join(f", {name}" for name in self._values)
        return self._table.rows(
            f"""SELECT address{listed} FROM {self._people} WHERE ? IS NULL OR person = ?::UHUGEINT
                ORDER BY record LIMIT ?""",
            (key, key, limit),
        )

    def person(self, number: int) -> tuple[Any, ...] | None:
        """The person of this number, from 1, in order of their rows → (address, v0, ...); None if there are fewer."""
        listed = "".join(f", {name}" for name in self._values)
        asked = f"SELECT address{listed} FROM {self._people} ORDER BY record, file LIMIT 1 OFFSET ?"
        return next(iter(self._table.rows(asked, (number - 1,))), None)

    def samples(self, most: int) -> list[Sample]:
        """The variants that a report shows the shapes of, and what one person of each has: see `spread`."""
        return self.spread.samples(most, self._values)

    def key_total(self) -> tuple[int, int]:
        """How many people there are, and the sum of their keys, which is the same in any order."""
        low = (1 << 64) - 1
        (row,) = self._table.rows(
            f"""SELECT count(*), coalesce(sum((person >> 64::UHUGEINT)::UBIGINT), 0),
                coalesce(sum((person & {low}::UHUGEINT)::UBIGINT), 0) FROM {self._people}"""
        )
        count, high, rest = map(int, row)
        return count, (high << 64) + rest

    def hold(self, batches: Iterable[Sequence[str]]) -> None:
        """What the state has of these people, a line each, in batches: see `rows.HELD`."""
        n = self._n
        columns = ", ".join(f"{name} {kind}" for name, kind in HELD)
        self._table.execute(f"CREATE TABLE held_{n} ({columns})")
        for lines in batches:
            self._table.append_lines(f"held_{n}", HELD, lines)

    def standing(self) -> dict[str, int]:
        """How many people of the audience the state holds, by status."""
        rows = self._table.rows(
            f"SELECT status, count(*) FROM {self._people} JOIN held_{self._n} USING (person) GROUP BY 1"
        )
        return dict(rows)

    def free(self, statuses: Sequence[str], *, retried: str | None = None) -> int:
        """Who is in none but these statuses is to be sent to; people of status `retried` count one refusal more."""
        n = self._n
        if not self._count(f"held_{n}"):
            self._see_all()
            return self._count(self._people)
        kept = ", ".join(f"'{status}'" for status in ("", *statuses))
        again = f" + (h.status = '{retried}')::INTEGER" if retried else ""
        self._table.execute(
            f"""CREATE TABLE todo_{n} AS
                SELECT p.*, coalesce(h.refusals{again}, 0) AS refusals,
                    CASE WHEN h.status = 'planned' THEN h.frame END AS held
                FROM {self._people} p LEFT JOIN held_{n} h USING (person)
                WHERE h.person IS NULL OR h.status IN ({kept})"""
        )
        return self._count(f"todo_{n}")

    def _see_all(self) -> None:
        """Everybody is free but those who were left out, and nobody was ever refused."""
        people = self._people
        for without in self._without:
            people = f"(FROM {people} {without})"
        self._table.execute(
            f"CREATE OR REPLACE VIEW todo_{self._n} AS SELECT *, 0 AS refusals, NULL::VARCHAR AS held FROM {people}"
        )

    def leave_out(self, table: str, told: str = "") -> None:
        """Free people who stand in a table are free no more; `told`: SQL over people that tells just these."""
        n = self._n
        if self._count(f"held_{n}"):
            self._table.execute(f"DELETE FROM todo_{n} WHERE person IN (SELECT person FROM {table})")
        else:
            self._without.append(f"WHERE NOT ({told})" if told else f"ANTI JOIN {table} USING (person)")
            self._see_all()

    def count_free(self) -> int:
        """How many people are free."""
        return self._count(f"todo_{self._n}")

    def decide(self, batches: Iterable[Sequence[str]]) -> dict[str, int]:
        """Who by decision gets nothing in this edition, a line each: see `rows.DECIDED` → how many, by the reason."""
        n, made = self._n, False
        for lines in batches:
            if not made:
                columns = ", ".join(f"{name} {kind}" for name, kind in DECIDED)
                self._table.execute(f"CREATE TABLE decided_{n} ({columns})")
                made = True
            self._table.append_lines(f"decided_{n}", DECIDED, lines)
        if not made:
            return {}
        found = self._table.rows(
            f"SELECT why, count(*) FROM decided_{n} SEMI JOIN {self._people} USING (person) GROUP BY 1 ORDER BY 1"
        )
        self.leave_out(f"decided_{n}")
        return dict(found)

    def combine(self) -> int:
        """Find the distinct combinations of the variables in use; how many there are."""
        n = self._n
        grouped = f"GROUP BY {', '.join(self._values)}" if self._values else "HAVING count(*) > 0"
        listed = "".join(f", {name}" for name in self._values)
        self._table.execute(
            f"""CREATE TABLE combos_{n} AS SELECT row_number() OVER (ORDER BY record) AS combo, * FROM (
                SELECT count(*) AS people, arg_min(file, record) AS file, min(record) AS record{listed}
                FROM todo_{n} {grouped})"""
        )
        columns = ", ".join(f"{name} {kind}" for name, kind in RENDERED)
        self._table.execute(f"CREATE TABLE rendered_{n} ({columns})")
        return self._count(f"combos_{n}")

    def combinations(self) -> Iterator[list[Combination]]:
        """The combinations that were found, with their counts, in batches, by their first row."""
        for rows in self._table.batches(f"SELECT * FROM combos_{self._n} ORDER BY combo", (), _BATCH):
            yield [
                Combination(number=number, people=people, row=(file, record), values=tuple(values))
                for number, people, file, record, *values in rows
            ]

    def rendered(self, lines: Sequence[str]) -> None:
        """What combinations render to, a line each: see `rows.RENDERED`."""
        self._table.append_lines(f"rendered_{self._n}", RENDERED, lines)

    def without(self, pattern: str, country: str, composition: Composition | None) -> tuple[int, int]:
        """(people of a country, those among them in whose text a pattern is not found), before `vary` or `share`."""
        n = self._n
        said, same = f"FROM combos_{n} JOIN rendered_{n} USING (combo)", self._same
        if composition is not None:
            said, same = f"SELECT *, {composition.text} AS content FROM texts_{n}", composition.same("t", "c")
        (row,) = self._table.rows(
            f"""SELECT count(*), count(*) FILTER (NOT regexp_matches(content, ?))
                FROM todo_{n} t JOIN ({said}) c ON {same} WHERE t.country = ?""",
            (pattern, country),
        )
        return int(row[0]), int(row[1])

    def vary(self) -> int:
        """Combinations of equal content → variants, and who gets which; how many people get one."""
        n = self._n
        told = self._table.value(f"SELECT count(*) FROM rendered_{n} WHERE language <> ''")
        language = "string_agg(DISTINCT language, ', ' ORDER BY language)" if told else "''"
        kept = ", ".join(f"any_value({name}) AS {name}" for name in _OF_VARIANTS)
        self._table.execute(
            f"""CREATE TABLE variants_{n} AS
                SELECT row_number() OVER (ORDER BY digest) AS variant, digest, {kept}, {language} AS language
                FROM rendered_{n} GROUP BY digest"""
        )
        self._table.execute(
            f"""CREATE TABLE messages_{n} AS
                SELECT t.person, t.address, t.country, t.refusals, t.held, c.variant
                FROM todo_{n} t JOIN (
                    SELECT c.*, v.variant FROM combos_{n} c JOIN rendered_{n} r USING (combo)
                    JOIN variants_{n} v USING (digest)) AS c ON {self._same}"""
        )
        self._table.execute(
            f"""CREATE TABLE optimized_{n} AS SELECT t.person, t.country, c.replaced, c.saved FROM todo_{n} t JOIN (
                FROM combos_{n} JOIN rendered_{n} USING (combo) WHERE replaced <> '') AS c ON {self._same}"""
        )
        self.spread.count()
        for spent in ("combos", "rendered"):
            self._table.execute(f"DROP TABLE {spent}_{n}")
        return self.count()

    def composition(self, measure: Measure) -> Composition:
        """Begin to compose the texts, instead of rendering them."""
        return Composition(self._table, self._n, self._values, measure)

    def asking(self, composition: Composition) -> Asking:
        """Begin to look for what composed texts have in common."""
        asking = Asking(self._table, self._n, composition)
        asking.begin()
        return asking

    def share(self, asking: Asking) -> None:
        """What `vary` is for texts that were rendered."""
        asking.vary()
        self.spread.count()
        if asking.requests():
            self.framing.share()

    def keep(self, prefix: str, hashes: bytes) -> int:
        """Only messages whose hash is among `hashes` stay; how many."""
        self.hashes.keep(prefix, hashes)
        self.spread.count()
        return self.count()

    def count(self) -> int:
        """How many messages there are."""
        return self._count(f"messages_{self._n}")

    def first(self) -> tuple[str, int]:
        """The content and parts of the message whose person's row comes first; there must be one."""
        n = self._n
        (row,) = self._table.rows(
            f"""SELECT content, parts FROM variants_{n} JOIN (
                    SELECT variant FROM messages_{n} JOIN {self._people} USING (person)
                    ORDER BY record, file LIMIT 1) USING (variant)"""
        )
        return row[0], int(row[1] or 0)

    @property
    def _same(self) -> str:
        """SQL: whether a person, of table `t`, has a combination, of table `c`."""
        return " AND ".join(f"t.{name} IS NOT DISTINCT FROM c.{name}" for name in self._values) or "true"

    def overlap(self, batches: Iterable[Sequence[int]]) -> int:
        """Person keys → how many of them are in this audience."""
        n = self._n
        self._table.execute(f"CREATE TABLE others_{n} (person UHUGEINT)")
        for batch in batches:
            self._table.append(f"others_{n}", (batch,))
        found = int(self._table.value(f"SELECT count(*) FROM others_{n} JOIN {self._people} USING (person)"))
        self._table.execute(f"DROP TABLE others_{n}")
        return found

    def _count(self, name: str) -> int:
        return int(self._table.value(f"SELECT count(*) FROM {name}"))


_OF_VARIANTS = ("content", "units", "parts", "over", "narrow", "costly")
