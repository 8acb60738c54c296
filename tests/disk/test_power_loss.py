"""A loss of power: of the state there is only what was synced, and by the gateway's record nobody suffered."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from octoplan.state.interface import Status
from octoplan.state.sqlite import SqliteStore
from tests.apply.gateway import ACCEPT, CUT_AFTER, CUT_BEFORE, Asked
from tests.conftest import OCTOPLAN, clean_environment
from tests.disk.conftest import APPLY, KEY, Disk

SOURCE = Path(__file__).with_name("losing.c")
SYNCED, NEVER_SYNCED = "production.db", "no-such-file"
FRAMES = 16


@pytest.fixture(scope="session")
def losing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library that keeps what was synced."""
    compiler = shutil.which("cc")
    if compiler is None or not Path("/proc/self/fd").is_dir():
        pytest.skip("a loss of power needs Linux and a C compiler")
    library = tmp_path_factory.mktemp("losing") / "losing.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, SOURCE, "-ldl"], check=True)
    return library


def power_fails(disk: Disk, library: Path, nth: int, action: str, name: str = SYNCED) -> None:
    """Apply until the nth request arrives: then the process is gone, and what it had not synced is too."""
    synced = disk.folder.path.parent / "synced"
    synced.mkdir()
    for path in disk.path.glob("production.db*"):
        shutil.copy(path, synced)
    disk.judge.script = _at(nth, action, lambda: process.kill())  # noqa: PLW0108 - it is started below
    process = subprocess.Popen(
        [OCTOPLAN, *APPLY],
        cwd=disk.folder.path,
        env=clean_environment(
            disk.folder.path.parent, {**KEY, "LD_PRELOAD": str(library), "OCTOPLAN_TEST_POWER": f"{synced}:{name}"}
        ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    assert process.wait(timeout=120) == -9
    disk.judge.script = lambda _: ACCEPT
    for path in disk.path.glob("production.db*"):
        path.unlink()
    for path in synced.glob("production.db*"):
        if not path.name.endswith("-shm"):  # made anew from the log
            shutil.move(path, disk.path)


def _at(nth: int, action: str, kill: Callable[[], None]) -> Callable[[Asked], str]:
    def script(asked: Asked) -> str:
        if asked.nth < nth:
            return ACCEPT
        kill()
        return action if asked.nth == nth else CUT_BEFORE

    return script


@pytest.mark.parametrize("nth", [1, 2, 5, 9, 10])
@pytest.mark.parametrize("action", [CUT_AFTER, CUT_BEFORE])
def test_whenever_power_fails_what_was_synced_is_enough(disk: Disk, losing: Path, nth: int, action: str) -> None:
    disk.begin()
    power_fails(disk, losing, nth, action)
    store = SqliteStore(disk.state, writable=False)
    try:
        begun = {one.id for status in (Status.SENDING, Status.SENT) for one in store.frames(status)}
    finally:
        store.close()
    assert {asked.id for asked in disk.judge.asked} <= begun, "a byte had left before its intent was synced"
    disk.everybody_once_in_the_end()


def test_a_disk_that_only_says_that_it_has_synced_is_told_apart(disk: Disk, losing: Path) -> None:
    disk.begin()
    power_fails(disk, losing, 5, CUT_AFTER, NEVER_SYNCED)
    assert disk.apply_here().code == 9, "what was lost is found by its ids, and a person decides"
    assert max(disk.judge.messages.values()) == 1
