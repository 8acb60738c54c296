"""Rows of a store → the interface's values; what does not fit is damage, told without quoting the row."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol, TypeVar

from octoplan.state import faults
from octoplan.state.interface import CampaignRecord, FrameRecord, Held, Identity, RunRecord, Status
from octoplan.state.questions import Breach

Value = TypeVar("Value")
_STATUSES = {str(status): status for status in Status}  # a million lookups take a fifth of a million calls


class Row(Protocol):
    """A row of any database, by the names of its columns."""

    def __getitem__(self, name: str, /) -> Any:
        """Give the column's value."""


def decode(rows: Iterable[Row], read: Callable[[Row], Value]) -> list[Value]:
    """Rows → what `read` makes of each; StateError where one holds what no octoplan wrote."""
    with _decoding():
        return [read(row) for row in rows]


@contextmanager
def _decoding() -> Iterator[None]:
    try:
        yield
    except (ValueError, TypeError, LookupError, ArithmeticError):
        raise faults.unusable(None) from None


def identity(meta: Row) -> Identity:
    """A row of format, lineage, serial and epoch → the Identity."""
    lineage = meta["lineage"]
    if not isinstance(lineage, str):
        raise TypeError
    return Identity(format=int(meta["format"]), lineage=lineage, serial=int(meta["serial"]), epoch=int(meta["epoch"]))


def campaign(row: Row) -> CampaignRecord:
    """A row of `campaigns` → its record."""
    return CampaignRecord(
        name=row["name"],
        edition=row["edition"],
        channel=row["channel"],
        definition=json.loads(row["definition"]),
        applied_at=datetime.fromisoformat(row["applied_at"]),
    )


def run(row: Row) -> RunRecord:
    """A row of `runs` → its record."""
    return RunRecord(
        id=row["id"],
        environment=row["environment"],
        started_at=datetime.fromisoformat(row["started_at"]),
        ended_at=_when(row["ended_at"]),
        recipients=row["recipients"],
        requests=row["requests"],
    )


def held(row: Row) -> Held:
    """A message with its frame's status and id → what is held of the person."""
    return Held(person=person(row), status=_STATUSES[row["status"]], refusals=row["refusals"], frame=row["frame"])


def person(row: Row) -> int:
    """A row with the bytes of a person key → the key."""
    return int.from_bytes(row["person"], "big")


def sum_of_keys(rows: Iterable[Row]) -> int:
    """Rows with the bytes of a person key → the sum of the keys."""
    with _decoding():
        return sum([int.from_bytes(row["person"], "big") for row in rows])


def alike(row: Row) -> dict[Status, int]:
    """A row of people, how many of them a frame holds, and the one status of all frames → how many stand where."""
    people, held = row["people"], row["held"]
    standing = {Status.FREE: people - held}
    if held:
        standing[Status(row["least"])] = held
    return {status: count for status, count in standing.items() if count}


def sealed(row: Row) -> bytes:
    """A row of `bodies` → the sealed body."""
    return bytes(memoryview(row["sealed"]))


def body(row: Row) -> tuple[str, bytes]:
    """A row of `bodies` with its frame → both."""
    return row["frame"], sealed(row)


def held_in(row: Row) -> tuple[int, Held]:
    """A message with its edition, and its frame's status and id → the edition, and what is held of the person."""
    return row["edition"], held(row)


def breach(rule: str, found: Sequence[Row]) -> Breach:
    """The rule of a bounded question and what it found, one row at least → the Breach, people as hex digits."""
    names = (name.hex() if isinstance(name, bytes) else str(name) for name in (row["name"] for row in found))
    return Breach(rule=rule, count=int(found[0]["many"]), first=tuple(names))


def frame(row: Row) -> FrameRecord:
    """A row of `frames` with the campaign's name → its record."""
    return FrameRecord(
        id=row["id"],
        campaign=row["campaign_name"],
        edition=row["edition"],
        status=Status(row["status"]),
        size=row["size"],
        content=row["content"],
        run=row["run"],
        refusals=row["refusals"],
        attempts=row["attempts"],
        first_attempt=_when(row["first_attempt"]),
        last_change=_when(row["last_change"]),
        not_after=_when(row["not_after"]),
        ticket=row["ticket"],
        cost=Decimal(row["cost"]) if row["cost"] is not None else None,
        units=row["units"],
        code=row["code"],
        why=row["why"],
        opens=row["opens"],
        due=row["due"],
        wave=row["wave"],
        arm=row["arm"],
    )


def _when(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written) if written else None
