"""The part of a store that is `Haltable`, in SQL."""

from collections.abc import Sequence
from typing import Final

from octoplan.state import rows
from octoplan.state.asking import Asking
from octoplan.state.halts import ALL, Clearance, Halted, InFlight, dump, load, name_of
from octoplan.state.records import owner_sql
from octoplan.state.rows import Row

FLAGS: Final = f"substr(name, 1, {len(ALL)}) = '{ALL}'"
"""SQL over `meta`: whether a line of it is a flag."""
HEARD: Final = "optouts"
"""Under which name a state keeps the number of the last opt-out."""
CLEARANCE: Final = f"SELECT name, value FROM meta WHERE name IN ('epoch', '{HEARD}') OR {FLAGS} ORDER BY name"
_SET: Final = "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING"
_OPEN: Final = f"""SELECT count(*) AS frames, coalesce(sum(f.size), 0) AS people FROM frames f
    WHERE f.status = 'sending' AND (CAST(? AS TEXT) = ''
        OR f.campaign IN (SELECT no FROM campaigns WHERE {owner_sql("name")} = ?))"""


class Halting(Asking):
    """Flags that stop what is sent."""

    def clearance(self, epoch: int) -> Clearance:
        """Asked before every first byte."""
        return cleared(self._read(CLEARANCE), epoch)

    def halts(self) -> tuple[Halted, ...]:
        """Every flag that is set, that of everything first."""
        return tuple(rows.decode(self._read(f"SELECT name, value FROM meta WHERE {FLAGS} ORDER BY name"), _halted))

    def halt(self, halted: Halted) -> InFlight:
        """Set a flag; what is open is counted in the same transaction, after which nothing is begun."""
        with self._begin() as writer:
            is_new = writer.change(_SET, halted.name, dump(halted)) == 1
            stands = writer.rows("SELECT name, value FROM meta WHERE name = ?", halted.name)
            (found,) = writer.rows(_OPEN, halted.campaign, halted.campaign)
            (kept,) = rows.decode(stands, _halted)
        return InFlight(halted=kept, is_new=is_new, frames=int(found["frames"]), people=int(found["people"]))

    def resume(self, campaign: str) -> bool:
        """Clear a flag; whether it was set."""
        with self._begin() as writer:
            return writer.change("DELETE FROM meta WHERE name = ?", name_of(campaign)) == 1


def cleared(found: Sequence[Row], epoch: int) -> Clearance:
    """The rows of CLEARANCE, and the epoch that somebody holds → the Clearance."""
    (own,) = rows.decode((row for row in found if row["name"] == "epoch"), lambda row: int(row["value"]))
    heard = rows.decode((row for row in found if row["name"] == HEARD), lambda row: int(row["value"]))
    halts = rows.decode((row for row in found if row["name"] not in ("epoch", HEARD)), _halted)
    return Clearance(holds=own == epoch, halts=tuple(halts), heard=max(heard, default=0))


def _halted(row: Row) -> Halted:
    return load(row["name"], row["value"])
