"""A clock that stands until it is moved: the sandbox of a trial looks at it, and every fork that is told of its file.

Nothing that is judged by it depends on how fast a machine is: what arrives after it was moved left after that, or had
asked before.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from octoplan.cli.console import SystemClock
from octoplan.state.postgres import PostgresStore

DAY: Final = datetime(2026, 12, 1, tzinfo=UTC)
"""A Tuesday in winter, when Paris is an hour ahead."""


@dataclass(slots=True)
class StandingClock:
    """What time it is by a file. `at`: the same, for whoever shares our memory."""

    path: Path
    at: datetime

    def __post_init__(self) -> None:
        """Show the moment from the beginning."""
        self.move(self.at)

    def now(self) -> datetime:
        """What it shows."""
        return self.at

    def move(self, to: datetime) -> None:
        """Put it forth: all at once for the forks, and then for us."""
        new = self.path.with_suffix(".new")
        new.write_text(to.isoformat(), encoding="ascii")
        new.replace(self.path)
        self.at = to


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """A window of a trial, in Paris: from 10 to 12, and from 14 to 18."""

    written: str = '{hours: ["10:00-12:00", "14:00-18:00"], days: mon-sun, holidays: open, why: they are at lunch}'
    spans: tuple[tuple[int, int], ...] = ((9, 11), (13, 17))
    """The hours of UTC on our day."""

    def holds(self, at: datetime) -> bool:
        """Whether it is open."""
        return any(first <= at.hour < last for first, last in self.spans)


HOURS: Final = Hours()
BEFORE_NOON: Final = DAY + timedelta(hours=10, minutes=57)
NOON: Final = DAY + timedelta(hours=11)
AFTERNOON: Final = DAY + timedelta(hours=14)
PLACES: Final = tuple(
    DAY + timedelta(hours=hour, minutes=minute)
    for hour, minute in ((8, 59), (9, 0), (10, 30), (10, 58), (10, 59), (11, 0), (12, 59), (13, 0), (13, 30))
)
"""Around the edges, the last minute in which nothing is begun among them. All within 23 hours of each other."""


def follow(path: str) -> None:
    """In a fork: every clock that octoplan asks, but for the seconds that only grow, shows what the file says."""

    def now(_: object) -> datetime:
        return datetime.fromisoformat(Path(path).read_text(encoding="ascii"))

    SystemClock.now = now  # type: ignore[assignment, method-assign]
    PostgresStore.now = now  # type: ignore[assignment, method-assign]
