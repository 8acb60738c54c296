"""SQL that divides the messages of one campaign into lots: people who may share a frame, as far as guard rails go.

A lot is one wave, one window (*zone*) and one arm. Frames never mix lots, and are numbered in their order, by waves.
Tables, with the name of the people's table as suffix, beside those of `sending`:

    lots      lot, wave, zone, arm, people
    messages  gains a column `lot`, the lot's number
"""

from dataclasses import dataclass
from typing import Final

from octoplan.errors import OctoplanError
from octoplan.table.connection import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """People who may share a frame. `zone`: the key of their window; `arm`: their variant's label; blank where none."""

    number: int
    wave: int
    zone: str
    arm: str
    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Division:
    """By what people are divided: SQL over a row `m` of the messages, each blank where nobody asks for it.

    `joins`: what has to be joined to `m` for that, each of which keeps every row of it once.
    """

    wave: str = ""
    zone: str = ""
    arm: str = ""
    joins: tuple[str, ...] = ()

    @property
    def is_needed(self) -> bool:
        """Whether anybody asks for anything."""
        return bool(self.wave or self.zone or self.arm)

    @property
    def divides(self) -> bool:
        """Whether there can be several lots: where all that is asked for is one zone, a literal, there is one."""
        return bool(self.wave or self.arm or (self.zone and not self.zone.startswith("'")))


_NONE: Final = {"wave": "0", "zone": "''", "arm": "''"}


def divide(table: Table, name: str, division: Division) -> tuple[Lot, ...]:
    """The messages of `name` → its lots, by number; none where nobody asks, which leaves the messages as they are."""
    if not division.is_needed:
        return ()
    if not division.divides:
        ((zone, people),) = table.rows(f"SELECT {division.zone}, count(*) FROM messages_{name}")
        return (Lot(number=0, wave=0, zone=zone, arm="", people=people),)
    asked = {"wave": (division.wave, "INTEGER"), "zone": (division.zone, "VARCHAR"), "arm": (division.arm, "VARCHAR")}
    by = ", ".join(column for column, (expression, _) in asked.items() if expression)
    each = ", ".join(f"({sql})::{kind} AS {column}" for column, (sql, kind) in asked.items() if sql)
    all_three = ", ".join(column if sql else f"{_NONE[column]} AS {column}" for column, (sql, _) in asked.items())
    divided = f"(SELECT m.*, {each} FROM messages_{name} m {' '.join(division.joins)})"
    if division.wave:  # a hash of text takes longer than a copy; windows and arms are found a second time instead
        table.execute(f"CREATE TABLE divided_{name} AS {divided}")
        divided = f"divided_{name}"
    table.execute(
        f"""CREATE TABLE lots_{name} AS SELECT row_number() OVER (ORDER BY {by}) - 1 AS lot, {all_three}, people
            FROM (SELECT {by}, count(*) AS people FROM {divided} GROUP BY ALL)"""
    )
    table.execute(
        f"""CREATE OR REPLACE TABLE messages_{name} AS SELECT d.* EXCLUDE ({by}), l.lot
            FROM {divided} d JOIN lots_{name} l USING ({by})"""
    )
    table.execute(f"DROP TABLE IF EXISTS divided_{name}")
    if table.value(f"SELECT count(*) FROM messages_{name}") != table.value(f"SELECT sum(people) FROM lots_{name}"):
        raise OctoplanError("somebody is in no lot; nothing was planned", hint="report this: it is a fault of octoplan")
    rows = table.rows(f"SELECT lot, wave, zone, arm, people FROM lots_{name} ORDER BY lot")
    return tuple(Lot(number=lot, wave=wave, zone=zone, arm=arm, people=people) for lot, wave, zone, arm, people in rows)
