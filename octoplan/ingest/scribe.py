"""What is heard at many doors → the state, by one thread, in as few durable transactions as there can be."""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager, ExitStack, suppress
from datetime import datetime
from types import TracebackType
from typing import Self

from octoplan.ingest.callbacks import Unusable
from octoplan.ingest.matching import Ear
from octoplan.state.home import State
from octoplan.together import batches

Said = tuple[Unusable, ...]
_Entry = tuple[bytes, "Future[Said]"]


class Scribe:
    """Writes down what it is handed; a connection that broke is made anew for the next one, and never in between."""

    def __init__(self, open_state: Callable[[], AbstractContextManager[State]], now: Callable[[], datetime]) -> None:
        self._open = open_state
        self._now = now
        self._entries: queue.SimpleQueue[_Entry | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write_all, name="scribe", daemon=True)
        self._opened = ExitStack()
        self._state: State | None = None

    def __enter__(self) -> Self:
        """Open the state, so that what is wrong with it is known before anything is answered, and start the thread."""
        self._ready().store.hear(())
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Write what was handed in, then end."""
        self._entries.put(None)
        self._thread.join()
        self._opened.close()

    def write(self, body: bytes) -> "Future[Said]":
        """The bytes of a callback → done once it is durable, with what of it cannot be used; else StateError."""
        written: Future[Said] = Future()
        self._entries.put((body, written))
        return written

    def _write_all(self) -> None:
        for batch in batches(self._entries):
            self._write(batch)

    def _write(self, batch: list[_Entry]) -> None:
        """Write a batch, also what nobody waits for any more, and tell whoever does."""
        waiting = [(at, written) for at, (_, written) in enumerate(batch) if written.set_running_or_notify_cancel()]
        try:
            state = self._ready()
            ear = Ear(keys=state.keys, now=self._now())
            said = [ear.hear(body) for body, _ in batch]
            if heard := [one for found, _ in said for one in found]:
                state.store.hear(heard)
        except BaseException as error:  # noqa: BLE001 - whatever it is, whoever waits must not wait for ever
            for _, written in waiting:
                written.set_exception(error)
            self._forget()
            return
        for at, written in waiting:
            written.set_result(said[at][1])

    def _ready(self) -> State:
        if self._state is None:
            self._state = self._opened.enter_context(self._open())
        return self._state

    def _forget(self) -> None:
        self._state = None
        with suppress(Exception):  # it is broken: that was told already
            self._opened.close()
