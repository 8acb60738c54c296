"""What is done together: one commit for all that has arrived, and to make a batch while the one before is worked on."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Final, TypeVar

Entry = TypeVar("Entry")
_MOST = 256
_END: Final = object()


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


def ahead(batches: Iterable[Entry]) -> Iterator[Entry]:
    """Batches that others make, such as a database → the same, each made while the one before is worked on."""
    made = iter(batches)
    with ThreadPoolExecutor(1, "ahead") as pool:
        coming = pool.submit(next, made, _END)
        while (batch := coming.result()) is not _END:
            coming = pool.submit(next, made, _END)
            yield batch  # type: ignore[misc] # it is not _END
