"""SQL that packs the messages of one campaign into frames: the leaves of the trie over the keys of who can share one.

A frame is for one variant, or with `share` for all texts that the gateway can make of one; and with `divide` for one
lot. Tables, with the name of the people's table as suffix, beside those of `sending`, `asking` and `lots`:

    kept      held                                                     ids of frames that stay as a dead run left them
    leaves    person, address, country, refusals, frame, variant, lot  who is in which frame
    sorted    the same, in order of frame and person
    named     frame, id, size, digest, refusals, lot
    frames    frame, variant, size, refusals
"""

import re
from collections.abc import Iterator
from typing import Any, Literal

from octoplan.table import packing
from octoplan.table.composing import SLOT
from octoplan.table.connection import Table
from octoplan.table.keys import request_id_sql
from octoplan.table.lots import Division, Lot, divide
from octoplan.table.packing import KEY_BITS
from octoplan.table.rows import PackedFrame

_BATCH = 10_000
_PEOPLE_AT_ONCE = 250_000
_NAMED = ("frame BIGINT", "id VARCHAR", "size BIGINT", "digest VARCHAR", "refusals INTEGER", "lot BIGINT")
_EACH = ("hex(person)", "address", "country", "v.parts", "v.digest")
_NAME = re.compile(r"\{(\w+)\}")


class Framing:
    """The messages of one campaign on their way to frames; each method is one step, in this order."""

    def __init__(self, table: Table, name: str) -> None:
        self._table = table
        self._n = name
        self._unit: Literal["variant", "request"] = "variant"
        self._lot = "0"
        self._lots: tuple[Lot, ...] = ()

    def divide(self, division: Division) -> tuple[Lot, ...]:
        """From here on no frame mixes lots; which there are, none where nobody asks for any."""
        self._lots = divide(self._table, self._n, division)
        self._lot = "lot" if division.divides else "0"
        return self._lots

    def lot_of(self, person: int) -> int | None:
        """The number of the lot that somebody is in; None where they have no message."""
        asked = f"SELECT {self._lot} FROM messages_{self._n} WHERE person = ?::UHUGEINT"
        return next((int(lot) for (lot,) in self._table.rows(asked, (str(person),))), None)

    def share(self) -> None:
        """From here on a frame is for all texts that share a request."""
        self._unit = "request"

    @property
    def _varied(self) -> str:
        return self._joined(f"messages_{self._n} m")

    def _joined(self, messages: str) -> str:
        shared = f" LEFT JOIN shared_{self._n} s USING (variant)" if self._unit == "request" else ""
        return f"{messages} JOIN variants_{self._n} v USING (variant){shared}"

    def _grouped(self, unit: str) -> str:
        """SQL over messages: the number of those who may share a frame, in order of their lots."""
        if self._lot == "0":
            return unit
        return f"lot * (SELECT max({unit}) + 1 FROM messages_{self._n}) + {unit}"

    @property
    def _digest(self) -> str:
        """SQL over the people of a frame: the digest of its text, or of what each gets (`frame.words_digest`)."""
        alone = "any_value(v.digest)"
        if self._unit == "variant":
            return alone
        words = "left(sha256(string_agg(v.digest, ',' ORDER BY person)), 32)"
        return f"CASE WHEN any_value(s.params) IS NOT NULL THEN {words} ELSE {alone} END"

    def pack(self, size: int, prefix: str) -> int:
        """Messages → frames of at most `size` people of one variant, the leaves of their trie; how many frames.

        `prefix`: what request ids begin from, for the frames that a dead run left planned: those whose people and
        content still hold stay as they are, and only the others are packed anew.
        """
        n = self._n
        kept = self._kept(prefix)
        rest = f"messages_{n}" + (f" WHERE held IS NULL OR held NOT IN (FROM kept_{n})" if kept else "")
        unit = self._grouped(self._unit)
        bits = packing.pack(self._table, n, size, f"SELECT person, {unit} AS variant FROM {rest}")
        each = f"person, address, country, refusals, leaf AS frame, m.variant, {self._lot} AS lot"
        whole = f"""UNION ALL SELECT person, address, country, refusals,
            (SELECT coalesce(max(leaf), -1) FROM bucket_{n}) + dense_rank() OVER (ORDER BY held) AS frame, variant,
            {self._lot} AS lot
            FROM messages_{n} WHERE held IN (FROM kept_{n})"""
        self._table.execute(
            f"""CREATE TABLE leaves_{n} AS
                SELECT {each} FROM (SELECT *, {unit} AS unit FROM {rest}) m
                JOIN bucket_{n} b ON b.variant = m.unit AND b.bits = 0
                UNION ALL
                SELECT {each} FROM (
                    SELECT *, {unit} AS unit, person >> {KEY_BITS - bits}::UHUGEINT AS bucket FROM {rest}) m
                JOIN bucket_{n} b ON b.variant = m.unit AND b.bucket = m.bucket AND b.bits > 0
                {whole if kept else ""}"""
        )
        if kept and self._lot != "0":
            self._number_by_lot()
        self._table.execute(
            f"""CREATE TABLE frames_{n} AS
                SELECT frame, any_value(variant) AS variant, count(*) AS size, max(refusals) AS refusals,
                    any_value(lot) AS lot
                FROM leaves_{n} GROUP BY frame ORDER BY frame"""
        )
        return self._count(f"frames_{n}")

    def by_lot(self) -> dict[int, int]:
        """How many frames each lot has."""
        return dict(self._table.rows(f"SELECT lot, count(*) FROM frames_{self._n} GROUP BY lot"))

    def _number_by_lot(self) -> None:
        """Frames that were kept stand behind all others: put them in order of their lots."""
        n = self._n
        self._table.execute(
            f"""CREATE OR REPLACE TABLE leaves_{n} AS
                SELECT l.* REPLACE (o.number AS frame) FROM leaves_{n} l JOIN (
                    SELECT frame, row_number() OVER (ORDER BY lot, frame) - 1 AS number
                    FROM (SELECT DISTINCT lot, frame FROM leaves_{n})) o USING (frame)"""
        )

    def client_requests(self, size: int) -> int:
        """How many frames there would be if each were for one text."""
        people = self._count(f"messages_{self._n}")
        if self._count(f"variants_{self._n}") == people:  # nobody has the text of another one
            return people
        source = f"SELECT person, {self._grouped('variant')} AS variant FROM messages_{self._n}"
        return packing.count(self._table, self._n, size, source)

    def _kept(self, prefix: str) -> int:
        """Frames that a dead run left planned and whose people and content still hold → the table `kept`; how many."""
        n = self._n
        people = int(self._table.value(f"SELECT count(held) FROM messages_{n}"))
        if not people:
            return 0
        self._table.execute(f"CREATE TABLE kept_{n} (held VARCHAR)")
        parts = people // _PEOPLE_AT_ONCE + 1
        for part in range(parts):
            self._table.execute(
                f"""INSERT INTO kept_{n} SELECT held FROM {self._varied}
                    WHERE held IS NOT NULL AND hash(held) % {parts} = {part} GROUP BY held
                    HAVING count(DISTINCT m.{self._unit}) = 1 AND count(DISTINCT {self._lot}) = 1
                        AND {request_id_sql(self._digest)} = held""",
                (prefix,),
            )
        return self._count(f"kept_{n}")

    def identify(self, prefix: str) -> None:
        """Give every frame its request id, and lay people out in the order in which they are sent to."""
        n = self._n
        self._table.execute(f"CREATE TABLE sorted_{n} AS FROM leaves_{n} ORDER BY frame, person")
        self._table.execute(f"CREATE TABLE named_{n} ({', '.join(_NAMED)})")
        for first, last in self._ranges():
            some = f"(FROM sorted_{n} WHERE frame BETWEEN ? AND ?) m"
            self._table.execute(
                f"""INSERT INTO named_{n}
                    SELECT m.frame, {request_id_sql(self._digest, "m.refusals")}, count(*), {self._digest},
                        max(m.refusals), any_value(m.lot)
                    FROM {self._joined(some)} GROUP BY m.frame""",
                (prefix, first, last),
            )

    def _ranges(self) -> list[tuple[int, int]]:
        """All frames in ranges of about as many people: what is put in order within a frame is never spilled."""
        return self._table.rows(
            f"""SELECT min(frame), max(frame) FROM (
                    SELECT frame, sum(size) OVER (ORDER BY frame) // {_PEOPLE_AT_ONCE} AS part FROM frames_{self._n})
                GROUP BY part ORDER BY part"""
        )

    def identified(self) -> Iterator[list[tuple[int, str, int, str, int, int]]]:
        """Frames with their request ids: (frame, id, size, content digest, refusals, lot), in batches, in order."""
        return self._table.batches(
            f"SELECT frame, id, size, digest, refusals, lot FROM named_{self._n} ORDER BY frame", (), _BATCH
        )

    def wave(self, number: int) -> tuple[int, int]:
        """A wave's first and last frame, once frames are identified; where it has none the last is before the first."""
        (row,) = self._table.rows(
            f"""SELECT coalesce(min(frame), 0), coalesce(max(frame), -1) FROM named_{self._n}
                WHERE list_contains(?, lot)""",
            ([lot.number for lot in self._lots if lot.wave == number],),
        )
        return int(row[0]), int(row[1])

    def spans(self) -> list[tuple[int, int, int]]:
        """(lot, its first frame, its last one), in order: frames are numbered by lots."""
        return self._table.rows(
            f"SELECT any_value(lot), min(frame), max(frame) FROM named_{self._n} GROUP BY lot ORDER BY min(frame)"
        )

    def placed(self) -> Iterator[list[tuple[int, int]]]:
        """(person, frame), in person order, in batches."""
        rows = self._table.batches(f"SELECT hex(person), frame FROM leaves_{self._n} ORDER BY person", (), _BATCH)
        return ([(int(person, 16), frame) for person, frame in batch] for batch in rows)

    def addressed(self, first: int, last: int, *, identified: bool) -> list[PackedFrame]:
        """Frames `first`..`last`, with their people."""
        n = self._n
        # A key leaves the table as hex digits: as a number of 128 bits it takes DuckDB a thousand times as long.
        name, join = ("any_value(i.id)", f"JOIN named_{n} i USING (frame)") if identified else ("''", "")
        listed = ", ".join(f"list({column} ORDER BY person)" for column in _EACH)
        text, params = "NULL", "[]"
        if self._unit == "request":
            text, params = "any_value(q.text)", "list(s.params ORDER BY person)"
            join += f" LEFT JOIN requests_{n} q ON q.request = s.request"
        leaves = f"(FROM {'sorted' if identified else 'leaves'}_{n} WHERE frame BETWEEN ? AND ?) m"
        rows = self._table.rows(
            f"""SELECT frame, {name}, any_value(v.content), any_value(v.digest), max(m.refusals), any_value(m.lot),
                    {text}, {params}, {listed} FROM {self._joined(leaves)} {join} GROUP BY frame ORDER BY frame""",
            (first, last),
        )
        return [_packed(row) for row in rows]

    def costliest_frame(self) -> int:
        """The frame whose messages have most parts together, the first of them."""
        n = self._n
        found = self._table.value(
            f"""SELECT frame FROM leaves_{n} JOIN variants_{n} USING (variant)
                GROUP BY frame ORDER BY sum(parts) DESC, frame LIMIT 1"""
        )
        return int(found)

    def _count(self, name: str) -> int:
        return int(self._table.value(f"SELECT count(*) FROM {name}"))


def _packed(row: tuple[Any, ...]) -> PackedFrame:
    """A row of `Framing.addressed` → the frame; the text names its placeholders, whose values are joined by name."""
    frame, name, content, digest, refusals, lot, text, params, people, addresses, countries, parts, digests = row
    names = [] if text is None else sorted(set(_NAME.findall(text)))
    return PackedFrame(
        number=frame,
        id=name,
        content=content,
        digest=digest,
        refusals=refusals,
        lot=lot,
        people=tuple(int(person, 16) for person in people),
        addresses=tuple(addresses),
        countries=tuple(countries),
        parts=tuple(parts),
        text=text,
        values=tuple(dict(zip(names, one.split(SLOT), strict=True)) for one in params) if names else (),
        digests=tuple(digests) if names else (),
    )
