"""Batches of combinations → what they render to, on several cores at once, in the order in which they came.

Each of a few processes of our own compiles the same words and renders one batch at a time. They are new processes, not
copies of this one, which has threads; they read from a pipe and end with it, and they hold no more than a batch.
"""

import contextlib
import gc
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any, Final, Self

from octoplan.content.variants import Batch, Raw, Render, raw, render_batch, render_here
from octoplan.content.wording import Wording, Written, compile_wording
from octoplan.errors import OctoplanError, Place
from octoplan.source import Pointer
from octoplan.table.rows import Combination

ENOUGH: Final = 60_000
"""Combinations from which on starting processes takes less time than they save."""

_CODE: Final = "import sys; sys.path[:] = {path!r}; from octoplan.content.abreast import work; work()"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a process is told first: the words, and what it needs to render them."""

    written: Written
    names: Sequence[str]
    constants: Mapping[str, Any] = field(repr=False)
    channel: str


def choose(wording: Wording, order: Order, combinations: int, cores: int) -> Render:
    """Words, and how many combinations there are → what renders them: this process, or several where that pays."""
    if cores < 2 or combinations < ENOUGH or not sys.executable:  # noqa: PLR2004 - one is this process
        return render_here(wording.renderer(order.names, order.constants), order.channel)
    return lambda batches: render_abreast(batches, order, cores)


def render_abreast(
    batches: Iterable[Sequence[Combination]], order: Order, processes: int
) -> Iterator[tuple[Sequence[Combination], Batch]]:
    """Batches → each with what it renders to, in order; OctoplanError where a process ends before its time."""
    with contextlib.ExitStack() as stack:
        waiting: deque[tuple[_Process, Sequence[Combination]]] = deque()
        for batch in batches:
            if len(waiting) < processes:
                process = stack.enter_context(_Process(order))
                process.give([raw(one) for one in batch])
                waiting.append((process, batch))
                continue
            process, before = waiting.popleft()
            rendered = process.take()
            process.give([raw(one) for one in batch])
            waiting.append((process, batch))
            yield before, rendered
        for process, before in waiting:
            yield before, process.take()


class _Process:
    """One process that renders; it has a batch to render, or waits for one."""

    def __init__(self, order: Order) -> None:
        self._child = subprocess.Popen(  # noqa: S603 - this interpreter, with code of ours
            [sys.executable, "-c", _CODE.format(path=sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a traceback could quote a row
            start_new_session=True,  # Ctrl-C is for the one that was started by a person
        )
        self._give(order)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._child.kill()
        with contextlib.suppress(OSError):  # what was not taken by then
            self._in.close()
        self._out.close()
        self._child.wait()

    def give(self, batch: Sequence[Raw]) -> None:
        """Hand over a batch; the one before was taken, so the process reads."""
        self._give(batch)

    def take(self) -> Batch:
        """Wait for what the batch renders to."""
        try:
            lines, faulty, by_default = pickle.load(self._out)  # noqa: S301 - written by a child of ours
        except (EOFError, OSError, pickle.UnpicklingError):
            raise _ended() from None
        return Batch(lines=lines, faulty=faulty, by_default=by_default)

    def _give(self, what: object) -> None:
        try:
            pickle.dump(what, self._in, pickle.HIGHEST_PROTOCOL)
            self._in.flush()
        except OSError:
            raise _ended() from None

    @property
    def _in(self) -> IO[bytes]:
        return _there(self._child.stdin)

    @property
    def _out(self) -> IO[bytes]:
        return _there(self._child.stdout)


def _there(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise AssertionError("a process is started with its pipes")
    return pipe


def _ended() -> OctoplanError:
    return OctoplanError(
        "a process that renders messages ended before it was done",
        hint="nothing was sent; is there enough memory for one process on each core?",
    )


def work() -> None:
    """Orders and batches from stdin → what they render to, on stdout, until stdin ends: the life of a process."""
    gc.set_threshold(50_000)
    read, write = sys.stdin.buffer, sys.stdout.buffer
    order = pickle.load(read)  # noqa: S301 - written by the process that started this one
    renders = compile_wording(order.written, _nowhere).renderer(order.names, order.constants)
    while True:
        try:
            batch = pickle.load(read)  # noqa: S301 - as above
        except EOFError:
            return
        made = render_batch(batch, renders, order.channel)
        pickle.dump((made.lines, made.faulty, made.by_default), write, pickle.HIGHEST_PROTOCOL)
        write.flush()


def _nowhere(pointer: Pointer, line: int, column: int) -> Place:  # noqa: ARG001 - a Locate
    """Where a text stands is known to the process that has the files; from here it only hears which one has a fault."""
    return Place(file="")
