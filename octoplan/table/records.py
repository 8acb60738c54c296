"""A text file → its records with the lines they begin on, as Python reads them; for the few places where lines matter.

DuckDB counts records, people look for lines: with quoted line ends and blank lines they differ.
"""

import csv
import io
import json
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from octoplan.table.dialect import Dialect, open_bytes

Record = tuple[int, int, list[str] | None]
"""The lines it begins and ends on, and its fields; None where its quotes are broken."""


TOO_FEW = "fewer fields than the first line"
TOO_MANY = "more fields than the first line"
BROKEN_QUOTES = "broken quotes"
FIRST = 10
_LONGEST = 2_000_000
"""Characters of one field, as of a row that DuckDB reads; what is longer counts as broken quotes."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Bad:
    """A row that cannot be read: its line, why, and how many lines it swallowed (broken quotes reach far)."""

    line: int
    reason: str
    rows: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """The rows of a file that cannot be read: the first of them, the lines that all begin on, how many lines it is."""

    first: tuple[Bad, ...] = ()
    lines: Sequence[int] = ()
    rows: int = 0


def gathered(bad: Iterable[Bad]) -> LeftOut:
    """Bad rows in order of their lines, perhaps a million → LeftOut, which keeps a number of each."""
    first: list[Bad] = []
    lines, rows = array("Q"), 0
    for one in bad:
        if len(first) < FIRST:
            first.append(one)
        lines.append(one.line)
        rows += one.rows
    return LeftOut(first=tuple(first), lines=lines, rows=rows)


def csv_records(path: Path, dialect: Dialect, *, gzipped: bool, raw: list[str] | None = None) -> Iterator[Record]:
    """A CSV file → its records after the header, blank lines left out. A broken one ends with the line it broke in.

    A record of one empty field and a blank line are the same in a file with one column: nobody. `raw`: a list that is
    to hold the lines of the present record.
    """
    # Python has one limit for all of a process. It is raised and left so: another reader may be at work.
    csv.field_size_limit(max(csv.field_size_limit(), _LONGEST))
    empty = [""] if len(dialect.columns) == 1 else []
    lines = _lines(path, gzipped=gzipped) if raw is None else _noted(_lines(path, gzipped=gzipped), raw)
    for _ in range(dialect.skip):
        next(lines, None)
    reader = csv.reader(lines, delimiter=dialect.delimiter, strict=True)
    next(reader, None)
    while True:
        begins = dialect.skip + reader.line_num + 1
        if raw is not None:
            raw.clear()
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield begins, dialect.skip + reader.line_num, None
            continue
        if fields and fields != empty:
            yield begins, dialect.skip + reader.line_num, fields


def _noted(lines: Iterator[str], raw: list[str]) -> Iterator[str]:
    for line in lines:
        raw.append(line)
        yield line


def text_lines(path: Path, *, gzipped: bool) -> Iterator[Record]:
    """A file of one value a line → its lines that are not blank."""
    for number, line in enumerate(_lines(path, gzipped=gzipped), 1):
        if line.strip(" \t\r\n"):
            yield number, number, [line]


def array_items(path: Path, *, gzipped: bool) -> Iterator[Record]:
    """A JSON array → the lines its items begin on. Reads it whole: for small files and for places only."""
    text = "".join(_lines(path, gzipped=gzipped))
    decoder, position, line = json.JSONDecoder(), text.index("[") + 1, 1
    seen = 0
    while True:
        while position < len(text) and text[position] in " \t\r\n,":
            position += 1
        if position >= len(text) or text[position] == "]":
            return
        line += text.count("\n", seen, position)
        seen = begins = position
        try:
            _, position = decoder.raw_decode(text, position)
        except ValueError:
            position = len(text)
        yield line, line, [text[begins:position]]


def _lines(path: Path, *, gzipped: bool) -> Iterator[str]:
    """A file → its lines with their ends, BOM left out; bytes that are no text are replaced, never refused here."""
    with io.TextIOWrapper(open_bytes(path, gzipped=gzipped), "utf-8-sig", "replace", newline="") as text:
        yield from text


def lines_of(records: Iterator[Record], wanted: Collection[int], left_out: Collection[int]) -> Mapping[int, int]:
    """Numbers of records from 0, counted without those whose line is in `left_out` → the lines they begin on."""
    found: dict[int, int] = {}
    last = max(wanted, default=-1)
    kept = (line for line, _, _ in records if line not in left_out)
    for number, line in enumerate(kept):
        if number in wanted:
            found[number] = line
        if number >= last:
            break
    return found


def lines_at(path: Path, positions: Iterable[int], *, gzipped: bool) -> Iterator[int]:
    """Rising byte positions → their lines from 1, one by one."""
    with open_bytes(path, gzipped=gzipped) as stream:
        offset, line, ends = 0, 1, b"\n"
        for position in positions:
            while offset < position:
                chunk = stream.read(min(position - offset, 1 << 20))
                if not chunk:
                    break
                ends = ends if offset else _line_end(chunk)
                line += chunk.count(ends)
                offset += len(chunk)
            yield line


def _line_end(chunk: bytes) -> bytes:
    """The beginning of a file → how its lines end: old Macs wrote a carriage return only."""
    return b"\r" if b"\r" in chunk and b"\n" not in chunk else b"\n"


def split_rows(
    records: Iterator[Record], width: int, take: Callable[[list[list[str]]], None], size: int = 10_000
) -> Iterator[Bad]:
    """Records → rows of `width` fields to `take`, in batches; those left out are yielded, in order of their lines."""
    batch: list[list[str]] = []
    for begins, ends, fields in records:
        if fields is None:
            yield Bad(line=begins, reason=BROKEN_QUOTES, rows=ends - begins + 1)
        elif reason := misfit(fields, width):
            yield Bad(line=begins, reason=reason)
        else:
            batch.append(fields[:width])
        if len(batch) >= size:
            take(batch)
            batch = []
    if batch:
        take(batch)


def misfit(fields: list[str], width: int) -> str:
    """A record and the number of columns → why it is left out, or nothing; empty fields at its end are overlooked."""
    if len(fields) < width:
        return TOO_FEW
    return TOO_MANY if any(fields[width:]) else ""
