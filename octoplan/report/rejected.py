"""Rows that cannot be used → lines of CSV or JSON, with the values as they are written: for `--rejects` only."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from typing import Any

from octoplan.audience.rejects import RejectedRow
from octoplan.report.safe import masked

_OURS = ("audience", "file", "line", "reason")
_REST = "rest"


def csv_header(columns: Sequence[str]) -> str:
    """The columns of all files → the line that names ours, theirs, and what could not be divided; each once."""
    taken = {*_OURS, _REST}
    names: list[str] = []
    for name in columns:
        shown = name
        while shown in taken:
            shown = f"row_{shown}"
        taken.add(shown)
        names.append(shown)
    return _line((*_OURS, *names, _REST))


def csv_line(row: RejectedRow, columns: Sequence[str]) -> str:
    """A row, and the columns of all files → its line; a value that holds a line end is in quotes, and goes on below."""
    values = (_text(row.values.get(name)) for name in columns)
    rest = masked(row.address) if row.address else row.rest
    return _line((row.asked_by, row.place.file, row.place.line, row.reason, *values, rest))


def json_line(row: RejectedRow) -> str:
    """A row → its object, on one line; `row` is what could be divided, `rest` what could not."""
    ours = {"audience": row.asked_by, "file": row.place.file, "line": row.place.line, "reason": row.reason}
    if row.address:
        return json.dumps(ours | {"address": masked(row.address)}, ensure_ascii=False, separators=(",", ":")) + "\n"
    theirs = {"row": row.values} | ({_REST: row.rest} if row.rest else {})
    return json.dumps(ours | theirs, ensure_ascii=False, separators=(",", ":")) + "\n"


def _line(values: Iterable[Any]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(values)
    return text.getvalue()


def _text(value: object) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False)
