"""Orders to the zygote → processes that are octoplan, to be waited for, stopped, interrupted and killed."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.conftest import PATIENCE, clean_environment

ROOT = Path(__file__).parents[2]


@dataclass(slots=True, kw_only=True)
class Process:
    """One octoplan. Its number is its own until `end` was called, even if it died long before."""

    pid: int
    inherited: Mapping[str, Any]
    near: socket.socket
    out: Path
    err: Path
    since: float = field(default_factory=time.monotonic)

    def has_ended(self, patience: float = 0.0) -> bool:
        """Whether it is over, now or within so many seconds."""
        return bool(select.select([self.near], [], [], patience)[0])

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal; nothing happens to one that is over."""
        os.kill(self.pid, number)

    def end(self) -> int:
        """Wait for its end; the exit code, or the signal as a negative number."""
        assert self.has_ended(PATIENCE), f"it does not end: {self.said}"
        with self.near, self.near.makefile("rb") as said:
            assert said.readline() == b"ended\n"
            self.near.sendall(b".")
            return int(said.readline())

    @property
    def said(self) -> str:
        """What it wrote on both streams."""
        return self.out.read_text(encoding="utf-8") + self.err.read_text(encoding="utf-8")


@dataclass(slots=True, kw_only=True)
class Zygote:
    """The process that forks, reached through a socket in `folder`, where the streams of its forks are kept too.

    `broken`: in which way its forks are broken on purpose; blank for none.
    """

    folder: Path
    broken: str = ""

    @property
    def door(self) -> str:
        """Where it listens."""
        return str(self.folder / "door")

    def start(self, folder: Path, *arguments: str, env: Mapping[str, str] | None = None, clock: str = "") -> Process:
        """Begin octoplan in this folder; `clock`: the file of the one that it lives by, blank: the machine's."""
        out, err = (self._make_stream(suffix) for suffix in (".out", ".err"))
        order = {
            "arguments": arguments,
            "environ": clean_environment(folder.parent, env),
            "folder": str(folder),
            "out": str(out),
            "err": str(err),
            "broken": self.broken,
            "clock": clock,
        }
        near = socket.socket(socket.AF_UNIX)
        near.connect(self.door)
        near.sendall(json.dumps(order).encode() + b"\n")
        with near.makefile("rb", buffering=0) as told:
            first = json.loads(_read_line(told))
        return Process(pid=first.pop("pid"), inherited=first, near=near, out=out, err=err)

    def _make_stream(self, suffix: str) -> Path:
        descriptor, name = tempfile.mkstemp(dir=self.folder, suffix=suffix)
        os.close(descriptor)
        return Path(name)


def _read_line(told: Any) -> bytes:
    """Read no further than the line: what comes after it is for `select` to see."""
    line = bytearray()
    while not line.endswith(b"\n"):
        piece = told.read(1)
        assert piece, "the zygote does not answer"
        line += piece
    return bytes(line)


@contextmanager
def begin_zygote() -> Iterator[Zygote]:
    """Start a zygote, and end it after the block."""
    with tempfile.TemporaryDirectory(prefix="octoplan-forks-") as folder:
        zygote = Zygote(folder=Path(folder))
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.kills.zygote", zygote.door],
            cwd=ROOT,
            env=clean_environment(Path(folder)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C on the terminal of whoever runs the tests is for the tests
        )
        with process:
            try:
                assert process.stdout is not None
                assert process.stdout.readline() == b"ready\n", "the zygote does not start"
                yield zygote
            finally:
                assert process.stdin is not None
                process.stdin.close()
                process.wait(timeout=PATIENCE)
