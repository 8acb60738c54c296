"""`--rejects FILE`: the rows that cannot be used, with their values, in a file that only its owner can read."""

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from octoplan.cli.console import Console
from octoplan.errors import OctoplanError, UsageError

if TYPE_CHECKING:
    from octoplan.audience.rejects import RejectedRow

_FORMS = (".csv", ".ndjson")

rejects = click.option(
    "--rejects",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the rows that cannot be used, with their values, to a .csv or .ndjson file that only you can read.",
)


class RejectsFile:
    """Takes rows that cannot be used, and writes each as it comes."""

    def __init__(self, file: TextIO, *, as_csv: bool) -> None:
        from octoplan.report import rejected  # noqa: PLC0415 - loaded when asked for

        self._file, self._report = file, rejected
        self._as_csv = as_csv
        self._columns: tuple[str, ...] = ()
        self.count = 0

    def begin(self, columns: Sequence[str]) -> None:
        """The columns of all files → the header."""
        self._columns = tuple(columns)
        if self._as_csv:
            self._file.write(self._report.csv_header(self._columns))

    def take(self, rows: "Iterator[RejectedRow]") -> None:
        """Rows → a line of each."""
        for row in rows:
            line = self._report.csv_line(row, self._columns) if self._as_csv else self._report.json_line(row)
            self._file.write(line)
            self.count += 1


@contextmanager
def open_rejects(console: Console, path: Path | None) -> Iterator[RejectsFile | None]:
    """Where rows that cannot be used are to go → what takes them, None for nowhere; at the end says how many."""
    if path is None:
        yield None
        return
    if path.suffix.lower() not in _FORMS:
        raise UsageError(f"--rejects {path}: its name says no format", hint="end it in .csv or .ndjson")
    with os.fdopen(_open_private(path), "w", encoding="utf-8", newline="") as file:
        taker = RejectsFile(file, as_csv=path.suffix.lower() == ".csv")
        try:
            yield taker
        finally:
            rows = "1 row" if taker.count == 1 else f"{taker.count:,} rows"
            console.talk(f"Wrote {rows} that cannot be used to {path}: personal data, readable by you only")


def _open_private(path: Path) -> int:
    """A path → a descriptor of a file that only its owner can read, emptied; OctoplanError where others could."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    except OSError as error:
        raise OctoplanError(f"cannot write {path}: {error.strerror or 'no reason given'}") from error
    found = os.fstat(descriptor)
    private = stat.S_ISREG(found.st_mode) and not found.st_mode & 0o077 and found.st_nlink == 1
    if not private or found.st_uid != os.geteuid():
        os.close(descriptor)
        raise OctoplanError(
            f"{path} is there already, and others may read it: no people are written into it",
            hint="remove it, or name another file; a new one is readable by you only",
        )
    os.ftruncate(descriptor, 0)
    return descriptor
