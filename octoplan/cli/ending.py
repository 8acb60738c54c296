"""How an apply ends: its last line and its reports, also where the rest of it could not be done."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from octoplan.cli import reports
from octoplan.cli.console import Console
from octoplan.errors import OctoplanError

if TYPE_CHECKING:
    from octoplan.apply.events import Event
    from octoplan.plan import Plan
    from octoplan.report.outcome import Outcome

_INTERRUPTED = 130


@dataclass(slots=True, kw_only=True)
class Done:
    """What an apply has come to so far: since when, its plan once there is one, and what it told."""

    began: datetime
    plan: "Plan | None" = None
    told: "list[Event]" = field(default_factory=list)


@contextmanager
def ending(console: Console, paths: Sequence[Path]) -> Iterator[Done]:
    """A block that applies, and keeps what it told → its last line and reports behind it.

    Where it raises they are behind it all the same if it has settled or sent anything, since nothing else tells that.
    """
    done = Done(began=console.clock.now())
    try:
        yield done
    except BaseException as error:
        from octoplan.apply.events import FrameDone  # noqa: PLC0415 - loaded when called

        if any(isinstance(event, FrameDone) for event in done.told):
            console.has_sent = True
            _end(console, paths, done, _code(error))
        raise
    _end(console, paths, done, console.exit_code)


def _end(console: Console, paths: Sequence[Path], done: Done, code: int) -> None:
    if not console.wanted.json:
        from octoplan.report import lines  # noqa: PLC0415 - loaded when called

        console.data(lines.applied_line(done.told))
    if paths and done.plan is not None:
        from octoplan.report.outcome import outcome_of  # noqa: PLC0415 - loaded when called

        found = outcome_of(done.plan, done.told, (done.began, console.clock.now()), code)
        for path in paths:
            _write(console, path, found)


def _write(console: Console, path: Path, found: "Outcome") -> None:
    """An Outcome → a report of it; where that fails it is said, and changes an exit code of 0 only."""
    try:
        reports.write((path,), reports.APPLIED, found)
    except OctoplanError as error:
        console.error(error)
        console.exit_code = console.exit_code or error.exit_code


def _code(error: BaseException) -> int:
    """What ends an apply → the exit code that it will have."""
    if isinstance(error, OctoplanError):
        return error.exit_code
    return 1 if isinstance(error, Exception) else _INTERRUPTED
