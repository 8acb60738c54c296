"""A state that cannot be written, or is not what it was: it is said, and by the gateway's record nobody suffered."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.apply.gateway import ACCEPT
from tests.disk.conftest import Disk, mounted

PAGE = 4096


@contextmanager
def frozen(folder: Path) -> Iterator[None]:
    """Nothing below a folder can be written: for root it is mounted so, anybody else takes their rights away."""
    if os.geteuid() == 0:
        subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
        try:
            yield
        finally:
            subprocess.run(["mount", "-o", "remount,rw", folder], check=True)
        return
    files = sorted(folder.iterdir())
    for path in (*files, folder):
        path.chmod(0o500 if path == folder else 0o400)
    try:
        yield
    finally:
        for path in (folder, *files):
            path.chmod(0o700 if path == folder else 0o600)


@pytest.fixture
def lasting(disk: Disk) -> Iterator[Disk]:
    """The project's state in a folder that can be frozen."""
    if os.geteuid() == 0:
        with mounted(disk.path, "-o", "size=4m,mode=0700"):
            yield disk.begin()
    else:
        yield disk.begin()


@pytest.fixture
def halfway(disk: Disk) -> Disk:
    """A state in the middle of its life: of ten frames, some are sent, three open, the others planned."""
    disk.begin()
    disk.judge.script = lambda asked: ACCEPT if asked.nth <= 4 else "400:9999"
    assert disk.apply_here().code == 9
    disk.judge.script = lambda _: ACCEPT
    return disk


def test_a_state_that_cannot_be_written_sends_nothing(lasting: Disk) -> None:
    with frozen(lasting.path):
        done = lasting.run()
        assert done.code == 1
        assert "error: " in done.err
        assert any(words in done.err for words in ("read-only", "Read-only", "cannot be opened", "denied")), done
    assert lasting.judge.asked == []
    lasting.everybody_once_in_the_end()


def test_a_state_that_is_cut_off_at_any_page_sends_nothing(halfway: Disk) -> None:
    whole = halfway.state.read_bytes()
    asked = len(halfway.judge.asked)
    for size in range(0, len(whole), PAGE):
        halfway.state.write_bytes(whole[:size])
        done = halfway.apply_here()
        assert (done.code, "production.db is truncated or no state" in done.err) == (1, True), (size, done)
    assert len(halfway.judge.asked) == asked
    halfway.state.write_bytes(whole)
    halfway.everybody_once_in_the_end()
