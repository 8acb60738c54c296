"""SQL that tells which window each message of a campaign is for, by country, how the number begins, and a column.

Tables, with the name of the people's table as suffix, beside those of `sending`:

    zoned     country, told, prefix, zone     the window of whoever is there, has that in the column, and begins so
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from octoplan.table.connection import Table
from octoplan.table.quoting import literal

UNKNOWN: Final = "?"
"""The key of whoever has no window that could be told."""

Row = tuple[str, str, str, str]
"""(country, what the column tells, how the number begins, the window's key), blank where there is nothing to say."""


class Zoning:
    """The windows of one campaign's messages. `column`: the number of the variable that tells a zone."""

    def __init__(self, table: Table, name: str, column: int | None) -> None:
        self._table = table
        self._n = name
        self._told = "''" if column is None else f"coalesce(trim(p.v{column}::VARCHAR), '')"
        self._people = () if column is None else (f"JOIN {name} p ON p.person = m.person",)
        self._lengths: list[int] = []

    def places(self) -> list[tuple[str, str]]:
        """(country, what the column tells) of the messages, each once."""
        if not self._people:
            return self._table.rows(f"SELECT DISTINCT coalesce(country, ''), '' FROM spread_{self._n} ORDER BY ALL")
        messages = f"messages_{self._n} m {self._people[0]}"
        return self._table.rows(f"SELECT DISTINCT coalesce(m.country, ''), {self._told} FROM {messages} ORDER BY ALL")

    def know(self, rows: Iterable[Row]) -> None:
        """Which window is whose: for each place there is a row that begins with nothing."""
        listed: Sequence[Row] = list(rows)
        name = f"zoned_{self._n}"
        self._table.execute(f"CREATE TABLE {name} (country VARCHAR, told VARCHAR, prefix VARCHAR, zone VARCHAR)")
        self._table.append(name, tuple([row[column] for row in listed] for column in range(4)))
        self._lengths = sorted({len(row[2]) for row in listed}, reverse=True)

    def merge(self, same: Mapping[str, str]) -> None:
        """Windows' keys → the key that each has from now on."""
        name = f"same_zone_{self._n}"
        self._table.execute(f"CREATE TABLE {name} (zone VARCHAR, other VARCHAR)")
        self._table.append(name, (list(same), list(same.values())))
        self._table.execute(
            f"UPDATE zoned_{self._n} SET zone = s.other FROM {name} s WHERE zoned_{self._n}.zone = s.zone"
        )

    @property
    def joins(self) -> tuple[str, ...]:
        """What has to be joined to the messages, `m`, for `zone`."""
        return (*self._people, *(self._join(length) for length in self._lengths))

    @property
    def zone(self) -> str:
        """SQL over a message and `joins`: the key of its window."""
        found = ", ".join(f"z{length}.zone" for length in self._lengths)
        return f"coalesce({found}, {literal(UNKNOWN)})"

    def count(self) -> dict[str, int]:
        """How many people there are for each window's key."""
        joined = f"messages_{self._n} m {' '.join(self.joins)}"
        return dict(self._table.rows(f"SELECT {self.zone}, count(*) FROM {joined} GROUP BY 1 ORDER BY 1"))

    def _join(self, length: int) -> str:
        named = f"(FROM zoned_{self._n} WHERE strlen(prefix) = {length}) z{length}"
        begins = f" AND z{length}.prefix = left(m.address, {length})" if length else ""
        same = f"z{length}.country = coalesce(m.country, '') AND z{length}.told = {self._told}{begins}"
        return f"LEFT JOIN {named} ON {same}"
