"""How many people of each country get each variant: what every count of a plan is taken from, without the people."""

from dataclasses import dataclass

from octoplan.table.connection import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantRow:
    """A variant as a report shows it: content as canonical JSON, and how many people get it."""

    content: str
    people: int
    units: int
    parts: int


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

    def parts_by_country(self) -> list[tuple[str | None, int, int]]:
        """(country, people, parts), for the cost."""
        n = self._n
        return self._table.rows(
            f"""SELECT country, sum(people)::BIGINT, sum(people * parts)::BIGINT
                FROM spread_{n} JOIN variants_{n} USING (variant) GROUP BY country ORDER BY country"""
        )
