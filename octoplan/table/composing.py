"""SQL that composes texts of what their segments print: for each combination, without rendering it as a whole.

Tables, with the name of the people's table as suffix; k is a segment's number:

    tongue     id, value, tongue, by_default, fault
                                          who gets which language, by number, or why none
    part_k     id, v..                    the distinct combinations of a segment's own variables
    piece_k    id, text, shape, slots, fault
                                          what each prints; slots joined by SLOT, fault: why nothing
    cheap      combo, cheaper, replaced, saved
                                          the texts in which characters were replaced
    texts      combo, v.., tongue, by_default, t.., p.., cheaper, is_wide, key, units, parts, over, narrow, ...
                                          each combination, by its first record: what its segments print, and their
                                          slots; key: a hash of the text; over: where filling has told it; is_wide,
                                          units, parts, narrow: see `measuring`; fault, doubt: what may be wrong
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final

from octoplan.table import measuring
from octoplan.table.connection import Table
from octoplan.table.quoting import literal
from octoplan.table.rows import Cell, Combination, Measure, Printed

SLOT: Final = "\x1f"
"""Stands between the slots of a piece; a piece that holds one itself has no shape."""

PLAIN: Final = "plain,"
"""Stands before the shape of a text in which characters were replaced."""

_BATCH = 10_000
_SURELY_THERE = "[!-~]"
_TONGUE = "id BIGINT, tongue INTEGER, by_default BOOLEAN, fault INTEGER"
_PIECE = "id BIGINT, text VARCHAR, shape INTEGER, slots VARCHAR, fault INTEGER"
_CHEAP = "combo BIGINT, cheaper VARCHAR, replaced VARCHAR, saved INTEGER"

Parts = Sequence[str | Printed]
"""All texts of a language: fixed texts and printed segments, in order."""


class Composition:
    """The people of one campaign on their way from values to texts; each method is one step, in this order.

    `values`: the columns of the variables, v0, v1, ...
    """

    def __init__(self, table: Table, name: str, values: Sequence[str], measure: Measure) -> None:
        self._table = table
        self._n = name
        self._values = tuple(values)
        self.measured_by = measure
        self._columns: dict[int, str] = {}
        self._spoken: str | None = None  # the column of the language
        self._alone = False  # whether nearly everybody has values that nobody else has
        self._composed = ""
        self.text = "''"
        """The SQL of the whole text, over `texts`."""
        self.language = "''"
        """The SQL of its language, over `texts`."""
        self.replaces = False
        """Whether the table `cheap` is there."""

    @cached_property
    def distinct(self) -> int:
        """About how many distinct combinations of the variables there are."""
        query = f"SELECT approx_count_distinct(({', '.join(self._values)})) FROM todo_{self._n}"
        return int(self._table.value(query)) if self._values else 1

    def columns_of_text(self) -> frozenset[int]:
        """The variables, by number, that are text."""
        described = {name: kind for name, kind, *_ in self._table.rows(f"DESCRIBE todo_{self._n}")}
        return frozenset(at for at, name in enumerate(self._values) if described[name] == "VARCHAR")

    def spoken(self, column: int) -> Iterator[list[tuple[int, Any]]]:
        """The distinct values of the column, by number, that names languages: (id, value), in batches."""
        n, self._spoken = self._n, self._values[column]
        self._table.execute(
            f"""CREATE TABLE spoken_{n} AS SELECT row_number() OVER () AS id, value
                FROM (SELECT DISTINCT {self._spoken} AS value FROM todo_{n})"""
        )
        self._table.execute(f"CREATE TABLE told_{n} ({_TONGUE})")
        self._table.execute(f"CREATE VIEW tongue_{n} AS FROM spoken_{n} JOIN told_{n} USING (id)")
        yield from self._table.batches(f"FROM spoken_{n}", (), _BATCH)

    def speak(self, columns: Sequence[Sequence[Any]]) -> None:
        """Which language they name: columns (id, language by number, whether by default, fault)."""
        self._table.append(f"told_{self._n}", columns)

    def combinations(self, segment: Printed) -> Iterator[list[tuple[int, tuple[Any, ...]]]]:
        """The distinct combinations of a segment's variables that have to be printed: (id, values), in batches."""
        n, k = self._n, segment.number
        listed = ", ".join(self._values[column] for column in segment.columns)
        rare = f"({listed} IS NULL OR NOT regexp_matches({listed}, '{_SURELY_THERE}'))" if segment.bare else "true"
        grouped = f"GROUP BY {listed}" if listed else "HAVING count(*) > 0"
        also = f", {listed}" if listed else ""
        self._table.execute(
            f"""CREATE OR REPLACE TABLE part_{n}_{k} AS SELECT row_number() OVER (ORDER BY record) AS id{also} FROM (
                SELECT min(record) AS record{also} FROM todo_{n} WHERE {rare} AND {self._speaks(segment)} {grouped})"""
        )
        self._table.execute(f"CREATE OR REPLACE TABLE piece_{n}_{k} ({_PIECE})")
        for batch in self._table.batches(f"FROM part_{n}_{k} ORDER BY id", (), _BATCH):
            yield [(number, tuple(values)) for number, *values in batch]

    def _speaks(self, segment: Printed) -> str:
        """SQL over people: whether they get the language that a segment is in."""
        if self._spoken is None:
            return "true"
        n, named = self._n, f"tongue = {segment.tongue}"
        none = f"({self._spoken} IS NULL AND EXISTS (FROM tongue_{n} WHERE value IS NULL AND {named}))"
        return f"({self._spoken} IN (SELECT value FROM tongue_{n} WHERE value IS NOT NULL AND {named}) OR {none})"

    def printed(self, segment: Printed, columns: Sequence[Sequence[Any]]) -> None:
        """What combinations of a segment print: columns (id, text, shape, slots, fault)."""
        self._table.append(f"piece_{self._n}_{segment.number}", columns)

    def is_joined(self, segment: Printed) -> bool:
        """Whether a segment is joined where texts are composed; not if it is a column of which nothing was printed."""
        pieces = f"SELECT count(*) FROM piece_{self._n}_{segment.number}"
        return not segment.bare or bool(self._table.value(pieces))

    def compose(self, tongues: Mapping[str, Parts]) -> None:
        """Parts by language → what each combination of all variables says."""
        n = self._n
        segments = [part for parts in tongues.values() for part in parts if isinstance(part, Printed)]
        joined = [one for one in segments if self.is_joined(one)]
        self._columns = {one.number: self._values[one.columns[0]] for one in segments if one not in joined}
        self._columns |= {one.number: f"{'p' if one.flow else 't'}{one.number}" for one in joined}
        self.text = _by_tongue([f"concat('', {', '.join(map(self._said, parts))})" for parts in tongues.values()])
        self.language = _by_tongue([literal(tag) for tag in tongues])
        faults = ", ".join(["NULL", *(f"s{one.number}.fault" for one in joined)])
        tongue, spoken = "0 AS tongue, false AS by_default", ""
        if self._spoken is not None:
            tongue, faults = "g.tongue, g.by_default", f"g.fault, {faults}"
            spoken = f"JOIN tongue_{n} g ON c.{self._spoken} IS NOT DISTINCT FROM g.value"
        shape = _by_tongue([_shape_of(*each) for each in enumerate(tongues.values())])
        self._composed = f"""SELECT c.*{"".join(map(self._kept, joined))}, {tongue},
                coalesce({faults})::INTEGER AS fault, {shape} AS shape
            FROM ({self._combinations()}) c {spoken} {" ".join(map(self._join, joined))}"""

    def _combinations(self) -> str:
        """SQL: combo and values. Where nearly everybody has others, nobody looks for equal ones: texts are compared."""
        n, listed = self._n, "".join(f", {name}" for name in self._values)
        people = int(self._table.value(f"SELECT count(*) FROM todo_{n}"))
        self._alone = bool(self._values) and 2 * self.distinct > people
        if self._alone:
            return f"SELECT record AS combo{listed} FROM todo_{n}"
        grouped = f"GROUP BY {', '.join(self._values)}" if listed else "HAVING count(*) > 0"
        return f"SELECT min(record) AS combo{listed} FROM todo_{n} {grouped}"

    def replaceable(self) -> Iterator[list[tuple[int, str]]]:
        """(combination, text) of the texts that hold a character that may be replaced, in batches."""
        n = self._n
        self._table.execute(f"CREATE TABLE composed_{n} AS {self._composed}")
        self._table.execute(f"CREATE TABLE cheap_{n} ({_CHEAP})")
        texts = f"SELECT combo, {self.text} AS text FROM composed_{n} WHERE fault IS NULL"
        yield from self._table.batches(
            f"SELECT combo, text FROM ({texts}) WHERE {measuring.is_typographic(self.measured_by)}", (), _BATCH
        )

    def replace(self, batches: Iterable[Sequence[Sequence[Any]]]) -> None:
        """What is said instead: columns (combination, text, the characters that were replaced, parts saved)."""
        n = self._n
        for columns in batches:
            self._table.append(f"cheap_{n}", columns)
        self.replaces = True
        self.text = f"coalesce(cheaper, {self.text})"
        self._composed = f"""SELECT c.* EXCLUDE (shape), cheaper,
            CASE WHEN cheaper IS NULL THEN '' ELSE '{PLAIN}' END || shape AS shape
            FROM composed_{n} c LEFT JOIN (SELECT combo, cheaper FROM cheap_{n}) USING (combo)"""

    def measure(self) -> None:
        """Measure what was composed."""
        n, measure = self._n, self.measured_by
        # where nobody is looked up by values, only those are kept that stand in a text as they are
        spent = set(self._values) - set(self._columns.values()) if self._alone else set()
        left_out = ", ".join(["text", "special", "doubles", *sorted(spent)])
        steps = {
            "text": self.text,
            "special": measuring.is_special(measure),
            "is_wide": measuring.is_wide(measure),
            "doubles": measuring.doubles_of(measure),
            "parts": measuring.parts_of(measure),
            "narrow": measuring.narrow_of(measure),
        }
        made = self._composed
        for name, expression in steps.items():
            made = f"SELECT *, {expression} AS {name} FROM ({made})"
        self._table.execute(
            f"""CREATE TABLE texts_{n} AS SELECT * EXCLUDE ({left_out}), (length(text) + doubles)::INTEGER AS units,
                    md5_number(text) AS key, NULL::INTEGER AS over, fault IS NULL AND ({measure.doubtful}) AS doubt
                FROM ({made})"""
        )

    def failed(self) -> list[tuple[int, int, list[tuple[int, int]], int]]:
        """(fault, people, the first rows as (file, record), the first combination), of what could not be printed."""
        rows = self._table.rows(
            f"""SELECT also, sum(people)::BIGINT, arg_min((file, combo), combo, 3), min(combo)
                FROM ({self._people("fault", "fault IS NOT NULL")}) GROUP BY also"""
        )
        return [(fault, people, [tuple(row) for row in first], combo) for fault, people, first, combo in rows]

    def doubtful(self) -> Iterator[list[tuple[Combination, int, str]]]:
        """Combinations to be looked at closely, each with its language and text, in batches, in order."""
        query = f"SELECT * FROM ({self._people(f'(tongue, {self.text})', 'doubt')}) ORDER BY combo"
        for batch in self._table.batches(query, (), _BATCH):
            yield [
                (Combination(number=number, people=people, row=(file, number), values=()), tongue, text)
                for (tongue, text), number, people, file in batch
            ]

    def drop(self, combinations: Iterable[int]) -> None:
        """Leave out these combinations, and those that could not be printed."""
        n = self._n
        self._table.execute(f"CREATE TABLE dropped_{n} (combo BIGINT)")
        self._table.append(f"dropped_{n}", (list(combinations),))
        self._table.execute(
            f"DELETE FROM texts_{n} WHERE fault IS NOT NULL OR combo IN (SELECT combo FROM dropped_{n})"
        )

    def by_default(self) -> int:
        """How many people get the default language, since they have none of those there are."""
        if self._spoken is None:
            return 0
        n = self._n
        query = f"SELECT count(*) FROM todo_{n} t JOIN texts_{n} c ON {self.same('t', 'c')} WHERE c.by_default"
        return int(self._table.value(query))

    def riddles(self) -> Iterator[list[tuple[int, str]]]:
        """(combination, text) of the texts of which only filling can tell what they take, in batches."""
        unknown = "parts IS NULL OR narrow IS NULL"
        return self._table.batches(f"SELECT combo, {self.text} FROM texts_{self._n} WHERE {unknown}", (), _BATCH)

    def filled(self, batches: Iterable[Sequence[Sequence[Any]]]) -> None:
        """Columns (combination, parts, over, narrow) of the same, in batches."""
        n = self._n
        self._table.execute(f"CREATE TABLE filled_{n} (combo BIGINT, parts INTEGER, over INTEGER, narrow INTEGER)")
        for columns in batches:
            self._table.append(f"filled_{n}", columns)
        self._table.execute(
            f"""UPDATE texts_{n} t SET parts = m.parts, over = m.over, narrow = m.narrow
                FROM filled_{n} m WHERE t.combo = m.combo"""
        )

    def value(self, cell: Cell) -> str:
        """A cell → the SQL of its value, over `texts`."""
        column = self._columns[cell.part]
        value = column if cell.index is None else f"split_part({column}, {literal(SLOT)}, {cell.index + 1})"
        return measuring.plain(self.measured_by, value) if cell.plain else value

    def _people(self, also: str, condition: str) -> str:
        """SQL: `also`, combo, people, file of the combinations of which a condition holds."""
        n = self._n
        return f"""SELECT any_value(c.also) AS also, c.combo, count(*) AS people, arg_min(t.file, t.record) AS file
            FROM (SELECT *, {also} AS also FROM texts_{n} WHERE {condition}) c
            JOIN todo_{n} t ON {self.same("t", "c")} GROUP BY c.combo"""

    @property
    def looked_up_by(self) -> tuple[str, ...]:
        """The columns that `same` needs besides `combo`."""
        return () if self._alone else self._values

    def same(self, one: str, other: str) -> str:
        """SQL: whether a person, of table `one`, has the combination of a text, of table `other`."""
        if self._alone:
            return f"{one}.record = {other}.combo"
        return " AND ".join(f"{one}.{name} IS NOT DISTINCT FROM {other}.{name}" for name in self._values) or "true"

    def _said(self, part: str | Printed) -> str:
        if isinstance(part, str):
            return literal(part)
        return f"t{part.number}" if part.flow else self._columns[part.number]

    def _kept(self, segment: Printed) -> str:
        """The columns that keep what a segment printed."""
        k = segment.number
        text = f"coalesce(s{k}.text, c.{self._values[segment.columns[0]]})" if segment.bare else f"s{k}.text"
        return f", {text} AS t{k}" + (f", s{k}.slots AS p{k}" if segment.flow else "")

    def _join(self, segment: Printed) -> str:
        n, k = self._n, segment.number
        names = [self._values[column] for column in segment.columns]
        same = " AND ".join(f"c.{name} IS NOT DISTINCT FROM s{k}.{name}" for name in names)
        mine = f"g.tongue = {segment.tongue} AND " if self._spoken is not None else ""
        return f"LEFT JOIN (FROM part_{n}_{k} JOIN piece_{n}_{k} USING (id)) s{k} ON {mine}{same or 'true'}"


def _by_tongue(expressions: Sequence[str]) -> str:
    """SQL by number of the language → the SQL of that in which a text is."""
    if len(expressions) == 1:
        return expressions[0]
    return f"CASE tongue {' '.join(f'WHEN {at} THEN {one}' for at, one in enumerate(expressions))} END"


def _shape_of(tongue: int, parts: Parts) -> str:
    """SQL of the shape of a language's texts: one that is not known makes the whole unknown, as `||` keeps NULL."""
    return " || ',' || ".join(
        [f"'{tongue}'", *(f"s{one.number}.shape" for one in parts if isinstance(one, Printed) and one.flow)]
    )
