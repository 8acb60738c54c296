"""SQL that groups texts into requests which the gateway can fill: who shares a text with placeholders, and with what.

Tables, with the name of the people's table as suffix:

    equal      key, variant, language           texts of several combinations: the first of these, all their languages
    requests   request, key, text               the texts with placeholders that several texts share; key: a hash
    shared     variant, request, params         who shares which, and what fills it for them, joined
    variants   as `sending` has it, but a view: where every text is another one, they are far too many to be kept
"""

from collections.abc import Mapping, Sequence
from typing import Final

from octoplan.table import measuring
from octoplan.table.composing import SLOT, Composition
from octoplan.table.connection import Table
from octoplan.table.quoting import literal
from octoplan.table.rows import Cell, Request, Survey

_JOINED: Final = literal(SLOT)


class Asking:
    """The variants of one campaign on their way to requests; each method is one step, in this order."""

    def __init__(self, table: Table, name: str, composition: Composition) -> None:
        self._table = table
        self._n = name
        self._composition = composition

    def begin(self) -> None:
        """Combinations of equal texts → the table `equal`; the first of them names their variant. Nothing is shared."""
        n, spoken = self._n, self._composition.language
        self._table.execute(f"CREATE TABLE requests_{n} (request BIGINT, key UHUGEINT, text VARCHAR)")
        self._table.execute(f"CREATE TABLE shared_{n} (variant BIGINT, request BIGINT, params VARCHAR)")
        self._table.execute(
            f"""CREATE TABLE same_{n} AS SELECT key, min(combo) AS variant FROM texts_{n}
                GROUP BY key HAVING count(*) > 1"""
        )
        self._table.execute(
            f"""CREATE TABLE equal_{n} AS SELECT key, any_value(s.variant) AS variant,
                    string_agg(DISTINCT language, ', ' ORDER BY language) AS language
                FROM (SELECT key, {spoken} AS language FROM texts_{n}) JOIN same_{n} s USING (key) GROUP BY key"""
        )

    def shapes(self, limit: int) -> list[str]:
        """The shapes of the texts, most frequent first."""
        rows = self._table.rows(
            f"""SELECT shape, count(*) AS texts FROM texts_{self._n} WHERE shape IS NOT NULL GROUP BY shape
                ORDER BY texts DESC, shape LIMIT ?""",
            (limit,),
        )
        return [shape for shape, _ in rows]

    def survey(self, shape: str, cells: Sequence[Cell], fits: str) -> tuple[Survey, ...]:
        """Look at the values of cells, over all texts of a shape; `fits`: SQL over `value`, as in Request."""
        looks = "".join(
            f", min({value}), max({value}), approx_count_distinct({value}), bool_and({fits.replace('value', value)})"
            for value in map(self._composition.value, cells)
        )
        (row,) = self._table.rows(f"SELECT count(*){looks} FROM texts_{self._n} WHERE shape = ?", (shape,))
        looked = (row[at : at + 4] for at in range(1, len(row), 4))
        return tuple(
            Survey(least=least, greatest=greatest, distinct=distinct, fit=fit)
            for least, greatest, distinct, fit in looked
        )

    def are_same(self, shape: str, one: Cell, other: Cell) -> bool:
        """Whether two cells hold the same value in every text of a shape."""
        value = self._composition.value
        same = f"SELECT bool_and({value(one)} = {value(other)}) FROM texts_{self._n} WHERE shape = ?"
        return bool(self._table.value(same, (shape,)))

    def ask(self, shape: str, request: Request) -> None:
        """Texts of a shape → the text that each shares with others, and what fills it, if that gives exactly it."""
        if all(piece in request.fit for piece in request.pieces if isinstance(piece, Cell)):
            self._ask_one(shape, request)
            return
        n, count, asked = self._n, self.requests(), self._asked(request)
        self._table.execute(
            f"""INSERT INTO requests_{n} SELECT {count} + row_number() OVER (ORDER BY text), shared, text FROM (
                SELECT md5_number(asked) AS shared, any_value(asked) AS text FROM ({asked})
                GROUP BY 1 HAVING min(key) <> max(key))""",
            (shape,),
        )
        self._table.execute(
            f"""INSERT INTO shared_{n} SELECT combo, request, params
                FROM (SELECT combo, md5_number(asked) AS key, params FROM ({asked}))
                JOIN (FROM requests_{n} WHERE request > {count}) USING (key)""",
            (shape,),
        )

    def _ask_one(self, shape: str, request: Request) -> None:
        """The same where every value fits, so that all texts share one."""
        n, number = self._n, self.requests() + 1
        asked = f"SELECT combo, {number}, params FROM ({self._asked(request)})"
        texts = self._table.execute(f"INSERT INTO shared_{n} {asked}", (shape,))
        if texts > 1 and self._table.value(f"SELECT count(*) FROM equal_{n}"):
            keys = (
                f"SELECT count(DISTINCT key) FROM shared_{n} JOIN texts_{n} ON combo = variant WHERE request = {number}"
            )
            texts = self._table.value(keys)
        if texts > 1:
            text = "".join(
                piece if isinstance(piece, str) else f"{{{request.names[piece]}}}" for piece in request.pieces
            )
            self._table.execute(f"INSERT INTO requests_{n} VALUES ({number}, 0, ?)", (text,))
        else:
            self._table.execute(f"DELETE FROM shared_{n} WHERE request = {number}")

    def requests(self) -> int:
        """How many texts with placeholders there are."""
        return int(self._table.value(f"SELECT count(*) FROM requests_{self._n}"))

    def vary(self) -> None:
        """Who gets which variant, in which shared request, or in one of its own."""
        n, measure, same = self._n, self._composition.measured_by, self._composition.same("t", "c")
        listed = "".join(f", {name}" for name in self._composition.looked_up_by)
        variant, equal = "combo", ""
        if self._table.value(f"SELECT count(*) FROM equal_{n}"):
            variant, equal = "coalesce(e.variant, combo)", f"LEFT JOIN equal_{n} e USING (key)"
        # one small join after the other: all at once would have to be spilled
        self._table.execute(
            f"""CREATE TABLE asked_{n} AS
                SELECT c.*, coalesce(s.request, c.variant + {self.requests() + 1}) AS request
                FROM (SELECT combo{listed}, {variant} AS variant FROM texts_{n} {equal}) c
                LEFT JOIN (SELECT variant, request FROM shared_{n}) s USING (variant)"""
        )
        self._table.execute(
            f"""CREATE TABLE messages_{n} AS
                SELECT t.person, t.address, t.country, t.refusals, t.held, c.variant, c.request
                FROM todo_{n} t JOIN asked_{n} c ON {same}"""
        )
        self._table.execute(f"DROP TABLE asked_{n}")
        if self._composition.replaces:
            self._table.execute(
                f"""CREATE TABLE optimized_{n} AS SELECT t.person, t.country, h.replaced, h.saved FROM todo_{n} t
                    JOIN texts_{n} c ON {same} JOIN cheap_{n} h USING (combo)"""
            )
        self._table.execute(f"DELETE FROM texts_{n} t USING equal_{n} e WHERE t.key = e.key AND t.combo <> e.variant")
        self._table.execute(
            f"""CREATE VIEW variants_{n} AS SELECT combo AS variant, left(sha256(text), 32) AS digest,
                    json_object('text', text)::VARCHAR AS content,
                    units, parts, coalesce(over, {measuring.over_of(measure)}) AS over, narrow,
                    {measuring.costly_of(measure, self._composition.text)} AS costly,
                    coalesce(several, language) AS language
                FROM (SELECT t.*, {self._composition.text} AS text, {self._composition.language} AS language,
                        e.language AS several
                    FROM texts_{n} t LEFT JOIN equal_{n} e ON e.variant = t.combo)"""
        )

    def _asked(self, request: Request) -> str:
        """SQL with the shape as parameter: combo, key, the text with placeholders as `asked`, and `params`."""
        value = self._composition.value
        cells = dict.fromkeys(piece for piece in request.pieces if isinstance(piece, Cell))
        number = {cell: at for at, cell in enumerate(cells)}
        values = ", ".join(f"{value(cell)} AS c{at}" for cell, at in number.items())
        tested = [cell for cell in request.names if cell not in request.fit]
        fits = "".join(f", {request.fits.replace('value', f'c{number[cell]}')} AS f{number[cell]}" for cell in tested)
        taken = {
            name: f"CASE WHEN f{number[cell]} THEN c{number[cell]} END" if cell in tested else f"c{number[cell]}"
            for cell, name in request.names.items()  # cells that share a name are the same: any of them will do
        }
        text = ", ".join(_piece(piece, request, number, tested) for piece in request.pieces)
        filled = "asked"
        for name, fitting in sorted(taken.items()):
            filled = f"replace({filled}, '{{{name}}}', coalesce({fitting}, ''))"
        params = ", ".join(fitting for _, fitting in sorted(taken.items()))
        braces = " OR ".join(f"regexp_matches(c{number[cell]}, '[{{}}]')" for cell in cells if cell not in request.fit)
        return f"""SELECT combo, key, asked, params FROM (
                SELECT *, concat('', {text}) AS asked, concat_ws({_JOINED}, {params}) AS params FROM (
                    SELECT *{fits} FROM (SELECT combo, key, {self._composition.text} AS whole, {values}
                        FROM texts_{self._n} WHERE shape = ?))
                WHERE NOT ({braces or "false"}))
            WHERE params <> '' AND length(asked) <= {request.longest} AND {filled} = whole"""


def _piece(piece: str | Cell, request: Request, number: Mapping[Cell, int], tested: Sequence[Cell]) -> str:
    if isinstance(piece, str):
        return literal(piece)
    value = f"c{number[piece]}"
    if piece not in request.names:
        return value
    name = f"'{{{request.names[piece]}}}'"
    return f"CASE WHEN f{number[piece]} THEN {name} ELSE {value} END" if piece in tested else name
