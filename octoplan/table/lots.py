"""SQL that divides the messages of one campaign into lots: people who may share a frame, as far as guard rails go.

A lot is one wave, one window (*zone*) and one arm. Frames never mix lots, and are numbered in their order, by waves.
Tables, with the name of the people's table as suffix, beside those of `sending`:

    lots      lot, wave, zone, arm, people
    messages  gains a column `lot`, the lot's number
"""

from dataclasses import dataclass

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
        """Whether there can be several lots: of a zone alone, without anything joined, there is one."""
        return bool(self.wave or self.arm or self.joins)


def divide(table: Table, name: str, division: Division) -> tuple[Lot, ...]:
    """The messages of `name` → its lots, by number; none where nobody asks, which leaves the messages as they are."""
    if not division.is_needed:
        return ()
    if not division.divides:
        ((zone, people),) = table.rows(f"SELECT {division.zone}, count(*) FROM messages_{name}")
        return (Lot(number=0, wave=0, zone=zone, arm="", people=people),)
    # one expression is a window over all, so it is worked out once
    table.execute(
        f"""CREATE TABLE divided_{name} AS SELECT m.*, ({division.wave or "0"})::INTEGER AS wave,
                ({division.zone or "''"})::VARCHAR AS zone, ({division.arm or "''"})::VARCHAR AS arm
            FROM messages_{name} m {" ".join(division.joins)}"""
    )
    table.execute(
        f"""CREATE TABLE lots_{name} AS SELECT row_number() OVER (ORDER BY wave, zone, arm) - 1 AS lot, *
            FROM (SELECT wave, zone, arm, count(*) AS people FROM divided_{name} GROUP BY ALL)"""
    )
    table.execute(
        f"""CREATE OR REPLACE TABLE messages_{name} AS SELECT d.* EXCLUDE (wave, zone, arm), l.lot
            FROM divided_{name} d JOIN lots_{name} l USING (wave, zone, arm)"""
    )
    table.execute(f"DROP TABLE divided_{name}")
    rows = table.rows(f"SELECT lot, wave, zone, arm, people FROM lots_{name} ORDER BY lot")
    return tuple(Lot(number=lot, wave=wave, zone=zone, arm=arm, people=people) for lot, wave, zone, arm, people in rows)
