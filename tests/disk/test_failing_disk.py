"""A disk that reports errors, at any write or sync of the state: one clear error, and nobody twice or left out."""

import errno
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.disk.conftest import Disk

SOURCE = Path(__file__).with_name("failing.c")
FOR_EVER = 1_000_000
REPORTS, FULL = "the disk reports an error", "the disk is full"
# Of a sync that fails for want of room SQLite says no more than that it failed.
NOT_USABLE = ("error: the state cannot be used: ", "error: the lock of the state cannot be used: ")
WORDS = {
    code: tuple(error + reason for error in NOT_USABLE for reason in reasons)
    for code, reasons in {errno.EIO: (REPORTS,), errno.ENOSPC: (FULL, REPORTS)}.items()
}
SOME = (1, 2, 3, 5, 8, 13, 18, 24, 31, 40, 55, 75)


@pytest.fixture(scope="session")
def failing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library that makes a disk fail."""
    compiler = shutil.which("cc")
    if compiler is None or not Path("/proc/self/fd").is_dir():
        pytest.skip("a failing disk needs Linux and a C compiler")
    library = tmp_path_factory.mktemp("failing") / "failing.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, SOURCE, "-ldl"], check=True)
    return library


def run(disk: Disk, library: Path, nth: int, code: int, times: int) -> int:
    """An apply on a disk that fails from its nth write on; the exit code."""
    order = f"{nth}:{code}:{times}:production.db"
    done = disk.run(env={"LD_PRELOAD": str(library), "OCTOPLAN_TEST_DISK": order})
    assert done.code in (0, 1), done
    if done.code == 1:
        assert any(words in done.err for words in WORDS[code]), done
    return done.code


def test_a_disk_that_fails_at_once_sends_nothing(disk: Disk, failing: Path) -> None:
    disk.begin()
    assert run(disk, failing, 1, errno.EIO, FOR_EVER) == 1
    assert disk.judge.asked == []
    disk.everybody_once_in_the_end()


@pytest.mark.parametrize("nth", SOME)
@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC], ids=["EIO", "ENOSPC"])
def test_a_disk_that_dies_in_mid_run_ends_the_run_and_loses_nobody(
    disk: Disk, failing: Path, nth: int, code: int
) -> None:
    disk.begin()
    run(disk, failing, nth, code, FOR_EVER)
    disk.everybody_once_in_the_end()


@pytest.mark.parametrize("nth", SOME[::2])
def test_a_disk_that_fails_once_loses_nobody(disk: Disk, failing: Path, nth: int) -> None:
    disk.begin()
    run(disk, failing, nth, errno.EIO, 1)
    disk.everybody_once_in_the_end()


@pytest.mark.long
@pytest.mark.parametrize("nth", range(1, 150))
@pytest.mark.parametrize("times", [1, FOR_EVER], ids=["once", "for ever"])
def test_at_whatever_write_it_fails_nobody_is_lost(disk: Disk, failing: Path, nth: int, times: int) -> None:
    disk.begin()
    run(disk, failing, nth, errno.EIO, times)
    disk.everybody_once_in_the_end()
