"""Commands → how long they took as whole processes, and how much memory they held at most.

A ratio of two medians says little on a machine that is busy at one moment and idle at the next. So two commands take
turns, A B A B, and each round yields one ratio of neighbours in time.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

MINIMUM_ROUNDS = 5
_TAIL = 2000
# getrusage(2): `ru_maxrss` counts kibibytes on Linux and bytes on macOS.
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024


class CommandFailed(Exception):  # noqa: N818 - it says what is the case
    """A command that was to be measured ended with another exit code than 0: its time would mean nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A program with its arguments, the folder that it runs in, and what is put right before each run, unmeasured."""

    argv: tuple[str, ...]
    folder: Path
    prepare: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One run of a command: wall time, and the largest resident set of the process.

    On Linux a new process inherits the peak of its parent until it execs: the measuring process must stay small itself.
    """

    seconds: float
    peak_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two samples that follow each other: ours and theirs."""

    ours: Sample
    theirs: Sample

    @property
    def ratio(self) -> float:
        """Our time in theirs; less than 1 is faster."""
        return self.ours.seconds / self.theirs.seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopwatch:
    """A clock in seconds and the environment variables of the commands: what a measurement needs of the outside."""

    clock: Callable[[], float]
    variables: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def run(self, command: Command) -> Sample:
        """A command → one Sample; CommandFailed with the end of what it said."""
        command.prepare()
        with tempfile.TemporaryFile() as talk:
            start = self.clock()
            child = subprocess.Popen(
                command.argv,
                cwd=command.folder,
                env=dict(self.variables),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=talk,
            )
            _, status, usage = os.wait4(child.pid, 0)
            seconds = self.clock() - start
            child.returncode = os.waitstatus_to_exitcode(status)  # the Popen object must not wait a second time
            if child.returncode:
                talk.seek(0)
                raise CommandFailed(_complaint(command, child.returncode, talk.read()))
        return Sample(seconds=seconds, peak_bytes=usage.ru_maxrss * _RSS_UNIT)


def alternate(ours: Command, theirs: Command, *, rounds: int, run: Callable[[Command], Sample]) -> tuple[Pair, ...]:
    """Two commands → one Pair per round, after one round that only warms caches and is thrown away."""
    (pairs,) = take_turns((ours,), theirs, rounds=rounds, run=run)
    return pairs


def take_turns(
    ours: Sequence[Command], theirs: Command, *, rounds: int, run: Callable[[Command], Sample]
) -> tuple[tuple[Pair, ...], ...]:
    """Several commands and one that takes long → as `alternate`, for each of the several; the one runs once a round."""
    if rounds < MINIMUM_ROUNDS:
        raise ValueError(f"{rounds} rounds are too few to tell a ratio from noise: at least {MINIMUM_ROUNDS}")
    measured = []
    for _ in range(rounds + 1):
        samples, last = [run(command) for command in ours], run(theirs)
        measured.append([Pair(ours=sample, theirs=last) for sample in samples])
    return tuple(zip(*measured[1:], strict=True))


def _complaint(command: Command, code: int, talk: bytes) -> str:
    said = talk[-_TAIL:].decode(errors="replace").strip()
    return f"{' '.join(command.argv)} ended with {code}" + (f":\n{said}" if said else "")
