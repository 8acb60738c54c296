"""A new state in a folder, and a plan of a million messages recorded in it.

    python recording.py FOLDER

Person keys come in order, as they do from the table, and in batches, so that nobody holds them all.
"""

import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from octoplan.state import database
from octoplan.state.interface import FORMAT, CampaignRecord, NewCampaign, NewFrame, RunRecord, Status
from octoplan.state.sqlite import SqliteStore

MESSAGES = 1_000_000
FRAME = 450
_BATCH = 10_000
_META = {"format": str(FORMAT), "lineage": "0123456789abcdef", "serial": "1", "epoch": "1", "key_check": "c" * 32}


def main(folder: Path, messages: int = MESSAGES) -> None:
    """An empty folder → a state in it that has a plan of so many messages; SystemExit if it has not."""
    path = folder / "state.db"
    database.create(path, _META)
    store = SqliteStore(path, writable=True)
    now = datetime.now(UTC)
    frames = -(-messages // FRAME)
    run = RunRecord(
        id="0" * 16, environment="production", started_at=now, ended_at=None, recipients=messages, requests=frames
    )
    record = CampaignRecord(name="parcels", edition=1, channel="sms", definition={}, applied_at=now)
    with store.lock() as epoch:
        campaign = NewCampaign(
            record=record, not_after=None, frames=_frames(messages), people=_people(messages, 2**128 // messages)
        )
        store.record(run, epoch, [campaign])
    recorded = store.counts("parcels", 1).get(Status.PLANNED, 0)
    store.close()
    if recorded != messages:
        raise SystemExit(f"{recorded} of {messages} messages were recorded")


def _frames(messages: int) -> Iterator[NewFrame]:
    for number, first in enumerate(range(0, messages, FRAME)):
        size = min(FRAME, messages - first)
        yield NewFrame(number=number, id=f"{number:032x}", size=size, content="c" * 32, refusals=0)


def _people(messages: int, gap: int) -> Iterator[Sequence[tuple[int, int]]]:
    """In order of the keys, which say nothing of the frame: people of a variant are spread over all of them."""
    frames = -(-messages // FRAME)
    for first in range(0, messages, _BATCH):
        yield [(number * gap, _frame_of(number, frames)) for number in range(first, min(first + _BATCH, messages))]


def _frame_of(number: int, frames: int) -> int:
    """Which frame a person is in, such that each gets its size: the last is smaller."""
    last = (frames - 1) * FRAME
    return frames - 1 if number >= last else number % (frames - 1) if frames > 1 else 0


if __name__ == "__main__":
    main(Path(sys.argv[1]))
