"""A project whose state is on a disk that fails, and a gateway whose record is the judge. Nobody in here exists."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from octoplan.state.interface import Status
from octoplan.state.sqlite import SqliteStore
from tests.apply.conftest import address_of
from tests.apply.gateway import Asked, Judge, serve
from tests.conftest import Folder, clean_environment

if TYPE_CHECKING:
    from collections.abc import Mapping

PEOPLE = range(40)
STATE = "disk/production.db"
PROJECT = """\
octoplan: 1
environments:
  production:
    {{gateway: {{url: "{url}"}}, state: {state}, require_plan: false, max_in_flight: 3, frame_size: 4}}
"""
CAMPAIGN = """\
channel: sms
purpose: alert
open: true
text: "Hi {{ first_name }}"
audience: {from: audiences/people.csv}
"""
KEY = {"OCTOPLAN_STATE_KEY": "correct horse battery staple"}
APPLY = ("--env", "production", "apply", "--auto-approve")
SETTLED = frozenset({0, 9})


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """A project whose state is in a folder of its own, `disk`; calls of octoplan on it, and what the gateway has."""

    folder: Folder
    judge: Judge

    @property
    def path(self) -> Path:
        return self.folder.path / "disk"

    @property
    def state(self) -> Path:
        return self.folder.path / STATE

    def begin(self) -> "Disk":
        """Make the state."""
        assert self.apply_here("state", "init").code == 0
        return self

    def apply_here(self, *arguments: str) -> "Said":
        """Run octoplan in this process."""
        done = self.folder.call("--env", "production", *(arguments or APPLY[2:]), env=KEY, at=datetime.now(UTC))
        return said(done.code, done.err)

    def run(self, *arguments: str, env: "Mapping[str, str] | None" = None, limit: int | None = None) -> "Said":
        """Run octoplan in a process of its own, whose files may have `limit` bytes."""
        command = [shutil.which("octoplan", path=_scripts()) or "octoplan", *(arguments or APPLY)]
        limited = ["prlimit", f"--fsize={limit}", *command] if limit is not None else command
        done = subprocess.run(
            limited,
            cwd=self.folder.path,
            env=clean_environment(self.folder.path.parent, {**KEY, **(env or {})}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=120,
            check=False,
        )
        return said(done.returncode, done.stderr.decode())

    def watch(self, asked: Asked) -> None:
        """Whenever a first byte arrives, its intent can be read back."""
        store = SqliteStore(self.state, writable=False)
        try:
            assert store.frame(asked.id).status is Status.SENDING
        finally:
            store.close()

    def everybody_once_in_the_end(self) -> None:
        """On a disk that works, apply until done: everybody has exactly one, by the gateway's record."""
        for _ in range(5):
            done = self.apply_here()
            assert done.code in SETTLED, done
            if done.code == 0:
                break
        assert self.apply_here("state", "check").code == 0
        assert self.judge.messages == {address_of(number): 1 for number in PEOPLE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """How a call ended, and what it told people."""

    code: int
    err: str


def said(code: int, err: str) -> Said:
    """A call's end, held against what no end may look like: a traceback, a person, a library's words."""
    for hidden in ("Traceback", "octoplan has a fault", "33600000", "sqlite", "database disk image", "disk I/O"):
        assert hidden not in err, err
    return Said(code=code, err=err)


def _scripts() -> str:
    import sysconfig  # noqa: PLC0415 - beside its one use

    return sysconfig.get_path("scripts")


@pytest.fixture
def judge() -> Iterator[Judge]:
    with serve() as served:
        yield served


@pytest.fixture
def disk(tmp_path: Path, judge: Judge) -> Disk:
    """A project without a state yet."""
    rows = "".join(f"{address_of(number)},{('Ada', 'Zoe')[number % 2]}\n" for number in PEOPLE)
    folder = Folder(path=tmp_path / "project")
    folder.write(
        {
            "octoplan.yaml": PROJECT.format(url=judge.url, state=STATE),
            "campaigns/hello.yaml": CAMPAIGN,
            "campaigns/audiences/people.csv": f"phone_number,first_name\n{rows}",
        }
    )
    made = Disk(folder=folder, judge=judge)
    made.path.mkdir(mode=0o700)
    judge.watch = made.watch
    return made


@contextmanager
def mounted(path: Path, *options: str) -> Iterator[None]:
    """A small disk in memory at `path`; skipped where this user may not mount one."""
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("a small disk can be mounted by root only")
    done = subprocess.run(["mount", "-t", "tmpfs", *options, "tmpfs", path], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("no disk can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", path], check=True)
