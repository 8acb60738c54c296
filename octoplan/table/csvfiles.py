"""CSV files → rows of a table: by DuckDB, or by Python's reader where the lines end in several ways."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from octoplan.table.connection import Table, TableError
from octoplan.table.dialect import Dialect, check_text
from octoplan.table.quoting import literal, quoted
from octoplan.table.records import (
    BROKEN_QUOTES,
    TOO_FEW,
    TOO_MANY,
    Bad,
    LeftOut,
    csv_records,
    gathered,
    lines_at,
    misfit,
    split_rows,
)

_REASONS = MappingProxyType(
    {
        "MISSING COLUMNS": TOO_FEW,
        "TOO MANY COLUMNS": TOO_MANY,
        "UNQUOTED VALUE": BROKEN_QUOTES,
        "LINE SIZE OVER MAXIMUM": "a row of more than two million bytes",
    }
)


# DuckDB keeps a kilobyte of each bad row, beyond its memory limit; Python's reader keeps a number.
_MOST_BAD = 20_000


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A CSV file and how it is written."""

    path: Path
    gzipped: bool
    dialect: Dialect


def escaped(path: Path | str) -> str:
    """A path → the pattern that means just it, since DuckDB expands patterns."""
    return "".join(f"[{character}]" if character in "*?[" else character for character in str(path))


def load(table: Table, file: CsvFile, names: Sequence[str], into: str) -> LeftOut:
    """A file, and the columns that are needed → rows of the table `into`; those left out, in order of their lines."""
    text = check_text(file.path, gzipped=file.gzipped, comma=file.dialect.delimiter)
    bad = None
    if text.quotes:
        # DuckDB loses a record whose quotes are not closed, and all that it swallows, without a word, and sees broken
        # ones where lines end in several ways: where quotes are, Python's reader tells first whether they are sound,
        # and how many rows there must be. Lines that end outside and inside of fields as in Excel's files are no harm.
        rows = None if text.has_lone_returns else _sound_rows(file)
        if rows is not None:
            bad = _load_surely(table, file, names, into, rows)
    elif text.is_even and abs(text.commas - text.lines * (len(file.dialect.columns) - 1)) < _MOST_BAD:
        bad = _load_surely(table, file, names, into, None)
    return _load_slowly(table, file, names, into) if bad is None else bad


def _load_surely(
    table: Table, file: CsvFile, names: Sequence[str], into: str, rows: tuple[int, int] | None
) -> LeftOut | None:
    """As `_load_fast`; None, and nothing loaded, where DuckDB cannot read it or does not find all its `rows`.

    These are all and the good ones.
    """
    before = table.value(f"SELECT count(*) FROM {quoted(into)}")
    table.execute("BEGIN")
    try:
        bad = _load_fast(table, file, names, into)
        good = table.value(f"SELECT count(*) FROM {quoted(into)}") - before
        if rows is None or (good + len(bad.lines) == rows[0] and good >= rows[1]):
            table.execute("COMMIT")
            return bad
    except TableError as error:
        if error.kind != "file":
            raise
    table.execute("ROLLBACK")
    return None


def _sound_rows(file: CsvFile) -> tuple[int, int] | None:
    """A CSV file → how many records it has, and of the right width; None where many are of another, or quotes break."""
    width = len(file.dialect.columns)
    count = bad = 0
    for _, _, fields in csv_records(file.path, file.dialect, gzipped=file.gzipped):
        if fields is None or bad > _MOST_BAD:
            return None
        bad += len(fields) != width and misfit(fields, width) != ""
        count += 1
    return count, count - bad


def _load_fast(table: Table, file: CsvFile, names: Sequence[str], into: str) -> LeftOut:
    columns = file.dialect.columns
    fields = ", ".join(f"c{columns.index(name)}" for name in names)
    shape = [f"c{number}: 'VARCHAR'" for number in range(len(columns))]
    # In parallel, DuckDB loses rows without a word where a thread finds nothing but broken ones to begin with.
    # A record of one empty field and a blank line are the same line of a file with one column: nobody.
    only = " WHERE c0 IS NOT NULL" if len(columns) == 1 else ""
    bad = table.name("bad")
    options = (
        "auto_detect = false, header = true, quote = '\"', escape = '\"', "
        f"delim = {literal(file.dialect.delimiter)}, skip = {file.dialect.skip}, "
        f"compression = '{'gzip' if file.gzipped else 'none'}', parallel = false, "
        f"columns = {{{', '.join(shape)}}}, "
        f"store_rejects = true, rejects_limit = 0, rejects_table = '{bad}', rejects_scan = '{bad}_files'"
    )
    source = f"read_csv({literal(escaped(file.path))}, {options})"
    filled = ", ".join(f"f{number}" for number in range(len(names)))
    table.execute(f"INSERT INTO {quoted(into)} ({filled}) SELECT {fields} FROM {source}{only}")
    found = gathered(_bad_rows(table, file, bad))
    table.execute(f"DROP TABLE {bad}")
    table.execute(f"DROP TABLE {bad}_files")
    return found


def _bad_rows(table: Table, file: CsvFile, bad: str) -> Iterator[Bad]:
    """DuckDB's table of rejects, one row per error → one Bad per record, in order of their lines."""
    reasons: deque[str] = deque()

    def positions() -> Iterator[int]:
        errors = "first(error_type::VARCHAR ORDER BY error_type::VARCHAR DESC)"
        for position, error in table.each(f"SELECT line_byte_position, {errors} FROM {bad} GROUP BY 1 ORDER BY 1"):
            reasons.append(_REASONS.get(error, "not readable"))
            yield position

    for line in lines_at(file.path, positions(), gzipped=file.gzipped):
        yield Bad(line=line, reason=reasons.popleft())


def _load_slowly(table: Table, file: CsvFile, names: Sequence[str], into: str) -> LeftOut:
    """As `_load_fast`, for files with broken quotes, or whose lines end now so, now otherwise."""
    columns = file.dialect.columns
    wanted = [columns.index(name) for name in names]
    marks = ", ".join("nullif(unnest(?), '')" for _ in wanted)
    fields = ", ".join(f"f{number}" for number in range(len(wanted)))

    def take(rows: list[list[str]]) -> None:
        taken = [[row[k] for row in rows] for k in wanted]
        table.execute(f"INSERT INTO {quoted(into)} ({fields}) SELECT {marks}", taken)

    records = csv_records(file.path, file.dialect, gzipped=file.gzipped)
    return gathered(split_rows(records, len(columns), take))
