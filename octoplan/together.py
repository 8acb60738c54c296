"""A queue that many threads fill → what has arrived together, batch by batch: so that one commit serves them all."""

from collections.abc import Iterator
from queue import SimpleQueue
from typing import TypeVar

Entry = TypeVar("Entry")
_MOST = 256


def batches(entries: SimpleQueue[Entry | None]) -> Iterator[list[Entry]]:
    """Wait for entries, and take with the first of them whatever else is there, until None was put in as the last."""
    while (first := entries.get()) is not None:
        batch = [first]
        while len(batch) < _MOST and not entries.empty():
            entry = entries.get()
            if entry is None:
                yield batch
                return
            batch.append(entry)
        yield batch
