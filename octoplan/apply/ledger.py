"""Changes from many threads → the state, in as few durable transactions as there can be (group commit)."""

import queue
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from octoplan.state.interface import Change, Clearance, Store
from octoplan.together import batches

# Whoever waits has a queue of their own: to wait for one costs a fifth of what it does for a Future.
_Entry = tuple[Change, "queue.SimpleQueue[bool | BaseException]"]


class Ledger:
    """One thread that commits what has arrived together; whoever writes waits for their own change only."""

    def __init__(self, store: Store, epoch: int) -> None:
        self._store = store
        self._epoch = epoch
        self._entries: queue.SimpleQueue[_Entry | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._commit_all, name="ledger", daemon=True)

    def __enter__(self) -> Self:
        """Start the thread."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Commit what was handed in, then end the thread."""
        self._entries.put(None)
        self._thread.join()

    def write(self, change: Change) -> bool:
        """A change → True once it is durable; False if the frame was not as it said; StateError where nobody knows."""
        told: queue.SimpleQueue[bool | BaseException] = queue.SimpleQueue()
        self._entries.put((change, told))
        made = told.get()
        if isinstance(made, BaseException):
            raise made
        return made

    def clearance(self) -> Clearance:
        """Whether the state is still ours, and what is halted."""
        return self._store.clearance(self._epoch)

    def opted_out(self, people: Sequence[int], since: int) -> frozenset[int]:
        """Those of some people who said STOP after the one of this number."""
        return self._store.opted_out(people, since)

    def _commit_all(self) -> None:
        for batch in batches(self._entries):
            self._commit(batch)

    def _commit(self, batch: Sequence[_Entry]) -> None:
        try:
            made = self._store.commit(self._epoch, [change for change, _ in batch])
        except BaseException as error:  # noqa: BLE001 - whatever it is, whoever waits must not wait for ever
            for _, told in batch:
                told.put(error)
            return
        for (_, told), done in zip(batch, made, strict=True):
            told.put(done)
