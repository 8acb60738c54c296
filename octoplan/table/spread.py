"""How many people of each country get each variant: what every count of a plan is taken from, without the people."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from octoplan.table.connection import Table

_FEW = 8  # sets of blank values that are looked at: those of most people
_EXTREMES = {
    "longest": "ORDER BY units DESC",
    "shortest": "ORDER BY units",
    "most parts": "WHERE parts > 1 ORDER BY parts DESC, units DESC",
    "fewest people": "ORDER BY people",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantRow:
    """A variant as a report shows it: content as canonical JSON, and how many people get it."""

    content: str
    people: int
    units: int
    parts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A variant by what is known of it, and the values of one person who gets it.

    `extremes`: what it is the most or the least of, of all variants; `wide`: whether it is in UCS-2.
    """

    people: int
    units: int
    parts: int
    wide: bool
    language: str
    extremes: tuple[str, ...]
    values: tuple[Any, ...] = field(repr=False)


class Spread:
    """The table `spread`: (variant, country, people), over the messages and variants of one campaign."""

    def __init__(self, table: Table, name: str) -> None:
        self._table = table
        self._n = name

    def count(self) -> None:
        """Count the messages as they are now."""
        n = self._n
        self._table.execute(
            f"""CREATE OR REPLACE TABLE spread_{n} AS
                SELECT variant, country, count(*) AS people FROM messages_{n} GROUP BY ALL"""
        )

    def variants(self) -> int:
        """How many distinct contents there are."""
        return int(self._table.value(f"SELECT count(*) FROM variants_{self._n}"))

    def examples(self, limit: int) -> list[VariantRow]:
        """The variants that most people get."""
        n = self._n
        rows = self._table.rows(
            f"""SELECT content, people, units, parts FROM variants_{n} JOIN (
                    SELECT variant, sum(people)::BIGINT AS people FROM spread_{n} GROUP BY variant
                    ORDER BY people DESC, variant LIMIT ?) USING (variant) ORDER BY people DESC, variant""",
            (limit,),
        )
        return [
            VariantRow(content=content, people=people, units=units, parts=parts)
            for content, people, units, parts in rows
        ]

    def samples(self, most: int, values: Sequence[str]) -> list[Sample]:
        """The `most` variants that most people get, the extremes of all, and those of each set of blank `values`."""
        n, picked = self._n, self._table.rows(self._picked(most, values))
        if not picked:
            return []
        listed = "".join(f", {name}" for name in values)
        numbers = ", ".join(str(int(row[0])) for row in picked)
        rows = self._table.rows(
            f"""SELECT variant{listed} FROM todo_{n} JOIN (
                    SELECT variant, min(record) AS record
                    FROM (FROM messages_{n} WHERE variant IN ({numbers})) JOIN todo_{n} USING (person)
                    GROUP BY variant) USING (record)"""
        )
        of = {variant: tuple(rest) for variant, *rest in rows}
        return [
            Sample(
                people=people, units=units, parts=parts, wide=wide, language=language, extremes=tuple(extremes or ()),
                values=of[variant],
            )
            for variant, people, units, parts, wide, language, extremes in picked
        ]  # fmt: skip

    def _picked(self, most: int, values: Sequence[str]) -> str:
        """SQL: variant, people, units, parts, wide, language and extremes of variants that are worth a look."""
        n = self._n
        extremes = "".join(
            f" UNION ALL (SELECT variant, '{name}' FROM told {order}, people DESC, variant LIMIT 1)"
            for name, order in _EXTREMES.items()
        )
        blanks = ", ".join(f"coalesce(trim({name}::VARCHAR) = '', true)" for name in values) or "true"
        return f"""WITH told AS MATERIALIZED (
                SELECT variant, people, units, parts FROM variants_{n} JOIN (
                    SELECT variant, sum(people)::BIGINT AS people FROM spread_{n} GROUP BY variant) USING (variant)),
            shapes AS MATERIALIZED (SELECT min(record) AS record FROM todo_{n} GROUP BY {blanks}
                ORDER BY count(*) DESC, record LIMIT {_FEW}),
            common AS (SELECT variant, NULL AS extreme FROM told ORDER BY people DESC, variant LIMIT {int(most)}),
            picked AS (FROM common{extremes}
                UNION ALL SELECT variant, NULL FROM messages_{n} SEMI JOIN (
                    SELECT person FROM todo_{n} SEMI JOIN shapes USING (record)) USING (person)),
            distinct_picked AS MATERIALIZED (
                SELECT variant, list(extreme ORDER BY extreme) FILTER (extreme IS NOT NULL) AS extremes
                FROM picked GROUP BY variant)
            SELECT variant, people, t.units, t.parts, costly <> '' AS wide, language, extremes
            FROM distinct_picked JOIN told t USING (variant) JOIN variants_{n} USING (variant)
            ORDER BY people DESC, variant"""

    def parts_by_country(self) -> list[tuple[str | None, int, int]]:
        """(country, people, parts), for the cost."""
        n = self._n
        return self._table.rows(
            f"""SELECT country, sum(people)::BIGINT, sum(people * parts)::BIGINT
                FROM spread_{n} JOIN variants_{n} USING (variant) GROUP BY country ORDER BY country"""
        )
