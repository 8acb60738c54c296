"""Rows that cannot be used → themselves as they are written, one by one: for `--rejects`, and for nothing else.

This is where values of rows leave the table, by the design's named exception. They are read again from their files,
in one pass each, beside the numbers of those left out; what has no lines was kept by the table as it was loaded.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from octoplan.audience.reading import Rows
from octoplan.errors import Place
from octoplan.table import verdicts
from octoplan.table.connection import Table
from octoplan.table.files import LoadedFile
from octoplan.table.records import BROKEN_QUOTES, misfit
from octoplan.table.verdicts import Rejected

UNREADABLE = "not readable"
_NO_OBJECT = "not a JSON object"


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedRow:
    """A row that cannot be used: who asked for it, where it stands, why not, and the row itself, as written.

    `values`: by column where it could be divided; else `rest` is its text, or what is left over. Personal data.
    `address`: of somebody whose row could be used and is left out all the same, to be shown masked, without the row.
    """

    asked_by: str
    place: Place
    reason: str
    values: dict[str, Any] = field(default_factory=dict, repr=False)
    rest: str = field(default="", repr=False)
    address: str = field(default="", repr=False)


class Rejects(Protocol):
    """What takes rows that cannot be used."""

    def begin(self, columns: Sequence[str]) -> None:
        """The columns of all files, before the first row."""

    def take(self, rows: Iterator[RejectedRow]) -> None:
        """Rows, to be used up before this returns."""


def rejected_rows(table: Table, rows: Rows, left_out: Rejected, asked_by: str) -> Iterator[RejectedRow]:
    """Loaded rows and who of them is left out → the rows that cannot be used, file by file, in order of their lines."""
    refused = _Peeking(verdicts.each_rejected(table, left_out, rows.name))
    for file in rows.files:
        last = file.first + file.count
        mine = _until(refused, last) if file not in rows.read else iter(())
        walk = _from_text(file, mine) if file.file.is_text else _from_table(file, mine)
        for line, reason, values, rest in walk:
            place = Place(file=file.file.shown, line=line)
            yield RejectedRow(asked_by=asked_by, place=place, reason=reason, values=values, rest=rest)


class _Peeking:
    """An iterator of which one can be looked at before it is taken."""

    def __init__(self, items: Iterator[tuple[int, str, str | None]]) -> None:
        self._items = items
        self.head = next(items, None)

    def take(self) -> tuple[int, str, str | None]:
        head = self.head
        self.head = next(self._items, None)
        return head or (0, "", None)


def _until(refused: _Peeking, last: int) -> Iterator[tuple[int, str, str | None]]:
    while refused.head is not None and refused.head[0] < last:
        yield refused.take()


_Walked = Iterator[tuple[int, str, dict[str, Any], str]]


def _from_table(file: LoadedFile, refused: Iterator[tuple[int, str, str | None]]) -> _Walked:
    for record, reason, whole in refused:
        yield record - file.first + 1, reason, json.loads(whole) if whole else {}, ""


def _from_text(file: LoadedFile, refused: Iterator[tuple[int, str, str | None]]) -> _Walked:
    """A file that is read again: beside its lines that were left out, and its records that were refused."""
    bad, number = set(file.bad.lines), file.first
    raw: list[str] = []
    wanted = next(refused, None)
    for begins, _, fields in file.records(raw):
        if wanted is None and not bad:
            return
        if begins in bad:
            bad.discard(begins)
            yield from _unreadable(file, begins, fields, raw)
            continue
        if wanted is not None and wanted[0] == number:
            yield begins, wanted[1], *_divided(file, fields or [])
            wanted = next(refused, None)
        number += 1


def _unreadable(file: LoadedFile, begins: int, fields: list[str] | None, raw: list[str]) -> _Walked:
    """A record that could not be read → a row; of broken quotes, one for each line that they swallow."""
    if file.file.dialect is None:
        yield begins, _NO_OBJECT, {}, "".join(fields or ()).strip()
    elif fields is None:
        for offset, line in enumerate(raw):
            yield begins + offset, BROKEN_QUOTES, {}, line.rstrip("\r\n")
    else:
        yield begins, misfit(fields, len(file.file.columns)) or UNREADABLE, *_divided(file, fields)


def _divided(file: LoadedFile, fields: Sequence[str]) -> tuple[dict[str, Any], str]:
    """The fields of a record → values by column, and what is left over; of JSON, its object."""
    if file.file.dialect is None:
        return dict(json.loads(fields[0])), ""
    columns = file.file.columns
    rest = file.file.dialect.delimiter.join(fields[len(columns) :])
    return dict(zip(columns, fields, strict=False)), rest
