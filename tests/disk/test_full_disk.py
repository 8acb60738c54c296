"""A disk that is full: it is said, nothing leaves without its intent, and once there is room nobody is missing."""

import errno
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.apply.gateway import ACCEPT, Asked
from tests.disk.conftest import Disk, mounted

SIZE = "size=1m"
FULL = "the state cannot be used: the disk is full"
# Without room for the index of its log SQLite says no more than that the disk failed.
NO_ROOM = re.compile(f"{FULL}|the state cannot be used: the disk reports an error")


@pytest.fixture
def small(disk: Disk) -> Iterator[Disk]:
    """The project's state on a disk of one mebibyte."""
    with mounted(disk.path, "-o", f"{SIZE},mode=0700"):
        yield disk.begin()


def fill(folder: Path) -> Path:
    """Fill a disk to its last byte."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for piece in (4096, 512, 1):
            try:
                while file.write(b"x" * piece):
                    pass
            except OSError as error:
                assert error.errno == errno.ENOSPC  # noqa: PT017 - it ends the loop
    return ballast


def test_on_a_full_disk_nothing_is_sent(small: Disk) -> None:
    ballast = fill(small.path)
    done = small.run()
    assert done.code == 1
    assert NO_ROOM.search(done.err), done
    assert small.judge.asked == []
    ballast.unlink()
    small.everybody_once_in_the_end()


@pytest.mark.parametrize("request_number", [1, 4, 9])
def test_a_disk_that_fills_up_in_mid_run_ends_the_run_and_loses_nobody(small: Disk, request_number: int) -> None:
    filled: list[Path] = []

    def script(asked: Asked) -> str:
        if asked.nth == request_number:
            filled.append(fill(small.path))
        return ACCEPT

    small.judge.script = script
    done = small.run()
    asked = len(small.judge.asked)
    # What the log has room for already may still be written; then the run ends.
    assert done.code in (0, 1), done
    assert bool(NO_ROOM.search(done.err)) == (done.code == 1)
    filled[0].unlink()
    small.judge.script = lambda _: ACCEPT
    small.everybody_once_in_the_end()
    assert asked <= len(small.judge.asked)


@pytest.mark.parametrize("limit", [0, 4_096, 20_000, 45_000, 60_000, 70_000, 80_000, 100_000, 140_000, 200_000])
def test_files_that_may_not_grow_end_the_run_and_lose_nobody(disk: Disk, limit: int) -> None:
    disk.begin()
    if not os.access("/usr/bin/prlimit", os.X_OK):
        pytest.skip("no prlimit here")
    done = disk.run(limit=limit)
    assert done.code in (0, 1), done
    if done.code == 1:
        assert "error: " in done.err
    disk.everybody_once_in_the_end()
