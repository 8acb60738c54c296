"""SQL that breaks the messages of one campaign down: by size, by what forces UCS-2, by language, by variable.

It reads the tables that `table.sending` makes.
"""

from collections.abc import Sequence

from octoplan.table.connection import Table

_MOST = 10_000  # groups that are looked at, those of most people: beyond, each is a handful of people
_ENOUGH = 10  # rounding is of use if it leaves a tenth of the variants
_STEPS = (10, 100, 1000)


class Breakdown:
    """What a report says of messages beside their number; each method is one question."""

    def __init__(self, table: Table, name: str, values: Sequence[str]) -> None:
        self._table = table
        self._n = name
        self._values = tuple(values)

    def sizes(self) -> list[tuple[bool, int, int, int]]:
        """(whether in UCS-2, parts, people, variants)."""
        return self._table.rows(
            f"""SELECT costly <> '' AS wide, parts, sum(people)::BIGINT, count(*) FROM {self._each}
                GROUP BY ALL ORDER BY parts, wide"""
        )

    def costly(self) -> list[tuple[str, str | None, int, int]]:
        """(characters that force UCS-2, country, people, parts that they have more for it), most people first."""
        return self._table.rows(
            f"""SELECT costly, country, sum(people)::BIGINT AS people, sum(people * greatest(parts - narrow, 0))::BIGINT
                FROM {self._told} WHERE costly <> '' GROUP BY ALL ORDER BY people DESC, costly, country LIMIT {_MOST}"""
        )

    def overs(self, most: int) -> list[tuple[int, str | None, int]]:
        """(units that must go for one part less, country, people), up to `most` units."""
        return self._table.rows(
            f"""SELECT over, country, sum(people)::BIGINT FROM {self._told} WHERE over BETWEEN 1 AND {int(most)}
                GROUP BY ALL ORDER BY ALL"""
        )

    def without(self, pattern: str, country: str) -> tuple[int, int]:
        """(people of a country, those among them in whose text a pattern is not found)."""
        lacking = "coalesce(sum(people) FILTER (NOT regexp_matches(content, ?)), 0)::BIGINT"
        (row,) = self._table.rows(
            f"SELECT coalesce(sum(people), 0)::BIGINT, {lacking} FROM {self._told} WHERE country = ?",
            (pattern, country),
        )
        return int(row[0]), int(row[1])

    def pushed(self, pattern: str, most: int) -> int:
        """How many people get a text with a pattern that has up to `most` units in its last part."""
        asked = f"over BETWEEN 1 AND {int(most)} AND regexp_matches(content, ?)"
        query = f"SELECT coalesce(sum(people), 0)::BIGINT FROM {self._told} WHERE {asked}"
        return int(self._table.rows(query, (pattern,))[0][0])

    def replaced(self) -> list[tuple[str, str | None, int, int]]:
        """(what was replaced, each character as often as it was, country, people, parts saved)."""
        n = self._n
        return self._table.rows(
            f"""SELECT replaced, o.country, count(*) AS people, sum(saved)::BIGINT
                FROM optimized_{n} o SEMI JOIN messages_{n} USING (person)
                GROUP BY ALL ORDER BY people DESC, replaced, o.country LIMIT {_MOST}"""
        )

    def languages(self) -> list[tuple[str, int, int]]:
        """(language, or several where words are the same, people, variants)."""
        return self._table.rows(
            f"""SELECT language, sum(people)::BIGINT AS people, count(*) FROM {self._each}
                GROUP BY language ORDER BY people DESC, language"""
        )

    def sources(self, groups: Sequence[str]) -> list[set[int]]:
        """Groups of costly characters → for each, the variables, by number, that brought one of them in."""
        if not self._values or not groups:
            return [set() for _ in groups]
        asked = [(group, value) for group in range(len(groups)) for value in range(len(self._values))]
        found = ", ".join(
            f"bool_or(regexp_matches(costly, ?) AND regexp_matches(v{value}::VARCHAR, ?))" for _, value in asked
        )
        patterns = [pattern for group, _ in asked for pattern in [_any_of(groups[group])] * 2]
        n = self._n
        (row,) = self._table.rows(
            f"""SELECT {found} FROM todo_{n} JOIN messages_{n} USING (person) JOIN variants_{n} USING (variant)
                WHERE costly <> ''""",
            patterns,
        )
        hits = [one for one, hit in zip(asked, row, strict=True) if hit]
        return [{value for at, value in hits if at == group} for group in range(len(groups))]

    def splitting(self) -> tuple[int, int] | None:
        """The variable, by number, without which there are fewest combinations of the others, and how many."""
        if not self._values:
            return None
        counts = ", ".join(f"approx_count_distinct({self._others(number)})" for number in range(len(self._values)))
        (row,) = self._table.rows(f"SELECT {counts} FROM todo_{self._n}")
        best = min(range(len(row)), key=lambda number: (row[number], number))
        return best, self._distinct(self._others(best))

    def rounded(self, number: int, variants: int) -> tuple[int, int] | None:
        """A variable whose values are all numbers → what rounding it down to leaves few variants, and how many."""
        cast = f"try_cast(v{number}::VARCHAR AS DOUBLE)"
        kind = f"bool_and(v{number} IS NULL OR {cast} IS NOT NULL)"
        if not self._table.value(f"SELECT {kind} FROM todo_{self._n}"):
            return None
        for step in _STEPS:
            left = self._distinct(f"({self._others(number)}, floor({cast} / {step}))")
            if left * _ENOUGH <= variants:
                return step, left
        return None

    def _others(self, number: int) -> str:
        others = [value for value in self._values if value != f"v{number}"]
        return f"({', '.join(others)}, 0)" if others else "0"

    def _distinct(self, expression: str) -> int:
        return int(self._table.value(f"SELECT count(DISTINCT {expression}) FROM todo_{self._n}"))

    @property
    def _each(self) -> str:
        """Variants, and how many people get each, wherever they are."""
        n = self._n
        people = f"(SELECT variant, sum(people) AS people FROM spread_{n} GROUP BY variant)"
        return f"{people} JOIN variants_{n} USING (variant)"

    @property
    def _told(self) -> str:
        return f"spread_{self._n} JOIN variants_{self._n} USING (variant)"


def _any_of(characters: str) -> str:
    return "[" + "".join(f"\\x{{{ord(character):X}}}" for character in characters) + "]"
