"""How fast an apply sends, as ratios to its own client without a state, to what a latency allows, and to a script.

Every bound is an upper one, of times: at least 0.8 of another's speed is at most 1.25 of its time.
"""

import contextlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from benchmarks import gateway, recording, senders, table
from benchmarks.measure import Command, CommandFailed, Sample
from benchmarks.table import Row

FRAMES = 1_500
FULL_FRAMES = 150
FRAME = 500
SLOW_FRAMES = 2_560
POSTS = 300
SLOW_POSTS = 20
LANES, MANY_LANES = 16, 64
LATENCY = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What every measurement needs: an interpreter, an empty folder, how often, a clock, and how a command is run."""

    python: Path
    folder: Path
    rounds: int
    clock: Callable[[], float]
    run: Callable[[Command], Sample]

    def rows(self) -> Iterator[Row]:
        """Nothing more → each row as soon as it is measured."""
        with self._serving(0) as port:
            single = senders.make_load(port, FRAMES, 1, LANES)
            full = senders.make_load(port, FULL_FRAMES, FRAME, LANES)
            script = senders.make_load(port, POSTS, 1, 1)
            name = f"{FRAMES:,} frames of 1, {LANES} in flight, durable / the same client without a state"
            yield Row(name=name, values=self._against_client(single), bound=1 / 0.8)
            name = f"{FULL_FRAMES} frames of {FRAME}, {LANES} in flight, durable / the same client without a state"
            yield Row(name=name, values=self._against_client(full), bound=1 / 0.9)
            name = f"a frame of 1, {LANES} in flight, durable / requests.post one by one"
            yield Row(name=name, values=self._against_script(single, script), bound=1)
        with self._serving(LATENCY) as port:
            yield from self._slow(port)
        yield from self._record()

    def _slow(self, port: int) -> Iterator[Row]:
        many = senders.make_load(port, SLOW_FRAMES, 1, MANY_LANES)
        script = senders.make_load(port, SLOW_POSTS, 1, 1)
        ideal = ceil(SLOW_FRAMES / MANY_LANES) * LATENCY
        times = [(self._durably(many), senders.one_by_one(script, self.clock)) for _ in range(self.rounds)]
        milliseconds = f"{LATENCY * 1000:.0f} ms"
        name = f"{SLOW_FRAMES:,} frames of 1, {MANY_LANES} in flight at {milliseconds}, durable / in flight by latency"
        yield Row(name=name, values=tuple(ours / ideal for ours, _ in times), bound=1 / 0.85)
        name = f"a frame of 1, {MANY_LANES} in flight at {milliseconds}, durable / requests.post one by one, x 50"
        ratios = tuple((ours / SLOW_FRAMES) / (theirs / SLOW_POSTS) * 50 for ours, theirs in times)
        yield Row(name=name, values=ratios, bound=1)

    def _against_client(self, load: senders.Load) -> tuple[float, ...]:
        self._durably(load)
        return tuple(self._durably(load) / senders.without_state(load, self.clock) for _ in range(self.rounds))

    def _against_script(self, load: senders.Load, script: senders.Load) -> tuple[float, ...]:
        return tuple(
            (self._durably(load) / len(load.frames)) / (senders.one_by_one(script, self.clock) / len(script.frames))
            for _ in range(self.rounds)
        )

    def _durably(self, load: senders.Load) -> float:
        folder = self.folder / "states"
        folder.mkdir(exist_ok=True)
        try:
            return senders.durably(load, folder, self.clock)
        finally:
            shutil.rmtree(folder)

    def _record(self) -> Iterator[Row]:
        folder = self.folder / "recorded"

        def forget() -> None:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()

        argv = (str(self.python), str(Path(recording.__file__)), str(folder))
        command = Command(argv=argv, folder=self.folder, prepare=forget)
        samples = [self.run(command) for _ in range(self.rounds)]
        name = f"recording a plan of {recording.MESSAGES:,} messages / 5 s"
        yield Row(name=name, values=tuple(sample.seconds / 5 for sample in samples), bound=1)
        yield table.peaks("  peak memory of that", samples, 200)

    @contextlib.contextmanager
    def _serving(self, latency: float) -> Iterator[int]:
        """A gateway in a process of its own, that answers after `latency` seconds → its port."""
        argv = [str(self.python), str(Path(gateway.__file__)), str(latency * 1000)]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
            try:
                said = process.stdout.readline() if process.stdout else ""
                if not said.strip().isdecimal():
                    raise CommandFailed("the gateway does not start")
                yield int(said)
            finally:
                process.terminate()


def measure(
    folder: Path, *, rounds: int, clock: Callable[[], float], run: Callable[[Command], Sample]
) -> Iterator[Row]:
    """An empty folder, how often → each row as soon as it is measured."""
    return Sending(python=Path(sys.executable), folder=folder, rounds=rounds, clock=clock, run=run).rows()
