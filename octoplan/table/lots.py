"""SQL that divides the messages of one campaign into lots: people who may share a frame, as far as guard rails go.

A lot is one wave, one window (*zone*) and one arm. Frames never mix lots, and are numbered in their order, by waves.
The table `messages` of `sending` gains a column `lot`, the lot's number.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from octoplan.errors import OctoplanError
from octoplan.table.connection import Table
from octoplan.table.quoting import literal


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

    `wave` is a whole number; `zones` and `arms`: all that `zone` and `arm` can be; `joins`: what has to be joined to
    `m` for that, each of which keeps every row of it once.
    """

    wave: str = ""
    zone: str = ""
    zones: tuple[str, ...] = ()
    arm: str = ""
    arms: tuple[str, ...] = ()
    joins: tuple[str, ...] = ()

    @property
    def is_needed(self) -> bool:
        """Whether anybody asks for anything."""
        return bool(self.wave or self.zone or self.arm)

    @property
    def divides(self) -> bool:
        """Whether there can be several lots: where all that is asked for is one zone, there is one."""
        return bool(self.wave or self.arm or len(self.zones) > 1)


def divide(table: Table, name: str, division: Division) -> tuple[Lot, ...]:
    """The messages of `name` → its lots, by number; none where nobody asks, which leaves the messages as they are."""
    if not division.is_needed:
        return ()
    messages = f"messages_{name}"
    if not division.divides:
        people = table.value(f"SELECT count(*) FROM {messages}")
        return (Lot(number=0, wave=0, zone=division.zones[0], arm="", people=people),)
    zones, arms = (sorted(values) or [""] for values in (division.zones, division.arms))
    zone, arm = _number(division.zone, zones), _number(division.arm, arms)
    code = f"(({division.wave or 0})::BIGINT * {len(zones)} + {zone}) * {len(arms)} + {arm}"
    joined = f"{messages} m {' '.join(division.joins)}"
    # One pass, since all that is asked for is found anew for each: a second one would cost as much again.
    table.execute(f"CREATE OR REPLACE TABLE {messages} AS SELECT m.*, {code} AS lot FROM {joined}")
    found: list[tuple[int | None, int]] = table.rows(f"SELECT lot, count(*) FROM {messages} GROUP BY lot ORDER BY lot")
    codes = [one for one, _ in found if one is not None]
    if len(codes) < len(found):
        raise OctoplanError("somebody is in no lot; nothing was planned", hint="report this: it is a fault of octoplan")
    if codes != list(range(len(codes))):
        dense = f"list_position({codes}::BIGINT[], lot) - 1"
        table.execute(f"CREATE OR REPLACE TABLE {messages} AS SELECT * REPLACE ({dense} AS lot) FROM {messages}")
    each = (
        (divmod(code // len(arms), len(zones)), code % len(arms), people) for code, people in found if code is not None
    )
    return tuple(
        Lot(number=number, wave=wave, zone=zones[zone], arm=arms[arm], people=people)
        for number, ((wave, zone), arm, people) in enumerate(each)
    )


def _number(sql: str, values: Sequence[str]) -> str:
    """SQL of a text, and all that it can be in order → SQL of its number; NULL for anything else."""
    if not sql:
        return "0"
    return f"CASE {sql} {' '.join(f'WHEN {literal(value)} THEN {at}' for at, value in enumerate(values))} END"
