"""SQL that tells which window each message of a campaign is for, by country, how the number begins, and a column.

Tables, with the name of the people's table as suffix, beside those of `sending`:

    zoned     country, told, prefix, zone     the window of whoever is there, has that in the column, and begins so
    begun     country, told, begins, zone     the same, for each beginning that there is, of one length for each place
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from octoplan.table.connection import Table
from octoplan.table.quoting import literal, trimmed

UNKNOWN: Final = "?"
"""The key of whoever has no window that could be told."""

Row = tuple[str, str, str, str]
"""(country, what the column tells, how the number begins, the window's key), blank where there is nothing to say."""


class Zoning:
    """The windows of one campaign's messages. `column`: the number of the variable that tells a zone."""

    def __init__(self, table: Table, name: str, column: int | None) -> None:
        self._table = table
        self._n = name
        self._told = "''" if column is None else f"coalesce({trimmed(f'p.v{column}::VARCHAR')}, '')"
        self._people = () if column is None else (f"JOIN {name} p ON p.person = m.person",)
        self._begins = "''"
        self._rows: list[Row] = []

    def places(self) -> list[tuple[str, str]]:
        """(country, what the column tells) of the messages, each once."""
        if not self._people:
            return self._table.rows(f"SELECT DISTINCT coalesce(country, ''), '' FROM spread_{self._n} ORDER BY ALL")
        messages = f"messages_{self._n} m {self._people[0]}"
        return self._table.rows(f"SELECT DISTINCT coalesce(m.country, ''), {self._told} FROM {messages} ORDER BY ALL")

    def know(self, rows: Iterable[Row]) -> None:
        """Which window is whose: for each place there is a row that begins with nothing."""
        self._learn(
            rows,
            f"""SELECT coalesce(m.country, '') AS country, {self._told} AS told, m.address AS begins
                FROM messages_{self._n} m {" ".join(self._people)}""",
        )

    def _learn(self, rows: Iterable[Row], beginnings: str) -> None:
        """Rows, and SQL of how numbers begin, at least as far as the rows tell something."""
        self._rows = list(rows)
        name = f"zoned_{self._n}"
        columns = "country VARCHAR, told VARCHAR, prefix VARCHAR, zone VARCHAR"
        self._table.execute(f"CREATE OR REPLACE TABLE {name} ({columns})")
        self._table.append(name, tuple([row[column] for row in self._rows] for column in range(4)))
        self._begin(beginnings)

    def _begin(self, beginnings: str) -> None:
        """Find out which beginnings there are in countries where they tell something, and what each of them tells."""
        n, lengths = self._n, sorted({0, *(len(row[2]) for row in self._rows)}, reverse=True)
        telling = _listed({row[0] for row in self._rows if row[2]})
        country = "coalesce(m.country, '')"
        self._begins = f"CASE WHEN {country} IN ({telling}) THEN left(m.address, {lengths[0]}) ELSE '' END"
        found = ", ".join(f"z{length}.zone" for length in lengths)
        self._table.execute(
            f"""CREATE OR REPLACE TABLE begun_{n} AS
                SELECT country, told, '' AS begins, zone FROM zoned_{n} WHERE country NOT IN ({telling})
                UNION ALL SELECT b.country, b.told, b.begins, coalesce({found}) FROM (
                    SELECT DISTINCT country, told, left(begins, {lengths[0]}) AS begins
                    FROM ({beginnings}) WHERE country IN ({telling})) b
                {" ".join(map(self._join, lengths))}"""
        )

    def merge(self, same: Mapping[str, str]) -> None:
        """Windows' keys → the key that each has from now on; a beginning that says no more than a shorter one goes."""
        found: dict[tuple[str, str], dict[str, str]] = {}
        for country, told, prefix, zone in sorted(self._rows, key=lambda row: len(row[2])):
            kept, key = found.setdefault((country, told), {}), same.get(zone, zone)
            longest = next(
                (kept[prefix[:length]] for length in range(len(prefix), -1, -1) if prefix[:length] in kept), ""
            )
            if not prefix or longest != key:
                kept[prefix] = key
        rows = ((*place, prefix, key) for place, kept in found.items() for prefix, key in kept.items())
        self._learn(rows, f"SELECT country, told, begins FROM begun_{self._n}")

    @property
    def joins(self) -> tuple[str, ...]:
        """What has to be joined to the messages, `m`, for `zone`."""
        told = f" AND b.told = {self._told}" if self._people else ""
        same = f"b.country = coalesce(m.country, '') AND b.begins = {self._begins}{told}"
        return (*self._people, f"LEFT JOIN begun_{self._n} b ON {same}")

    @property
    def zone(self) -> str:
        """SQL over a message and `joins`: the key of its window."""
        return f"coalesce(b.zone, {literal(UNKNOWN)})"

    def count(self) -> dict[str, int]:
        """How many people there are for each window's key: by country, where that tells all, else one by one."""
        whole = {} if self._people else self._whole()
        found: Counter[str] = Counter()
        for country, people in self._table.rows(
            f"SELECT coalesce(country, ''), sum(people)::BIGINT FROM spread_{self._n} GROUP BY 1 ORDER BY 1"
        ):
            if country in whole:
                found[whole[country]] += people
        if len(whole) == len({row[0] for row in self._rows}):
            return dict(found)
        whole_ones = f"coalesce(m.country, '') IN ({_listed(whole)})"
        rest = f"messages_{self._n} m {' '.join(self.joins)} WHERE NOT {whole_ones}"
        for zone, people in self._table.rows(f"SELECT {self.zone}, count(*) FROM {rest} GROUP BY 1 ORDER BY 1"):
            found[zone] += people
        return dict(found)

    def _whole(self) -> dict[str, str]:
        """Countries of which everybody has the same window → its key."""
        found: dict[str, list[str]] = {}
        for country, _, _, zone in self._rows:
            found.setdefault(country, []).append(zone)
        return {country: zones[0] for country, zones in found.items() if len(zones) == 1}

    def _join(self, length: int) -> str:
        named = f"(FROM zoned_{self._n} WHERE strlen(prefix) = {length}) z{length}"
        begins = f" AND z{length}.prefix = left(b.begins, {length})" if length else ""
        return f"LEFT JOIN {named} ON z{length}.country = b.country AND z{length}.told = b.told{begins}"


def _listed(countries: Iterable[str]) -> str:
    """Countries → their list in SQL, which may not be empty."""
    return ", ".join(literal(country) for country in ("-", *sorted(countries)))
