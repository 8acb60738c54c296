"""The part of a store that tells whom it has `Reached` lately, in SQL."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from octoplan.state import rows
from octoplan.state.asking import Asking
from octoplan.state.reached import Reached
from octoplan.state.records import Status, owner_sql
from octoplan.state.rows import Row
from octoplan.state.statements import moment

# What goes to own staff is nobody's message: it is kept under names that no campaign can have.
_TESTS: Final = "test:%"
_REACHED: Final = f"""SELECT f.no, c.name, f.edition, f.status, f.first_attempt, f.last_change, f.due
    FROM frames f JOIN campaigns c ON c.no = f.campaign
    WHERE f.status IN ('sending', 'sent', 'unknown') AND (f.status = 'sending' OR f.last_change > ? OR f.due > ?)
    AND c.name NOT LIKE ? AND c.name = {owner_sql("c.name")} ORDER BY c.name, f.edition, f.no"""
_PLACED: Final = """SELECT m.person, m.frame FROM messages m
    WHERE m.campaign = (SELECT no FROM campaigns WHERE name = ?) AND m.edition = ? AND m.frame IS NOT NULL"""


class Reaching(Asking):
    """Frames, the moments of each, and who is in them, in SQL."""

    def reached(self, since: datetime) -> Sequence[Reached]:
        """Frames that may have reached their people after a moment."""
        at = moment(since)
        return rows.decode(self._read(_REACHED, at, at, _TESTS), _reached)

    def placed(self, campaign: str, edition: int) -> Iterator[Sequence[tuple[str, int]]]:
        """Who is in which frame of an edition."""
        return self._batches(lambda row: (row["person"].hex(), row["frame"]), _PLACED, campaign, edition)


def _reached(row: Row) -> Reached:
    return Reached(
        no=row["no"],
        campaign=row["name"],
        edition=row["edition"],
        status=Status(row["status"]),
        first_attempt=_when(row["first_attempt"]),
        last_change=_when(row["last_change"]),
        due=_when(row["due"]),
    )


def _when(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written) if written else None
