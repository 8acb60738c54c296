"""The lock is held by the system for a process, and carries the epoch. Between real processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from octoplan.errors import StateLocked
from octoplan.state.interface import Again, Begin, Status, Store
from tests.conftest import stop
from tests.state.ageing import change
from tests.state.conftest import EPOCH, NOW, Bench, campaign, frame_id, record
from tests.state.server import PATIENCE

HOLD = """
import sys
from pathlib import Path
from tests.state.conftest import KINDS
store = KINDS[sys.argv[1]].open(Path(sys.argv[2]), True)
with store.lock() as epoch:
    print(epoch, flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(bench: Bench, kind: str) -> Iterator["subprocess.Popen[str]"]:
    """Another process that holds the state until it is killed."""
    command = [sys.executable, "-c", HOLD, kind, str(bench.folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "1\n"
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.node.callspec.params["bench"]
    return found


def test_a_second_process_is_told_who_holds_the_state(bench: Bench, kind: str) -> None:
    store = bench.open()
    with holder(bench, kind) as process:
        with pytest.raises(StateLocked, match=rf"process {process.pid}\b") as caught, store.lock():
            pass
        assert caught.value.exit_code == 6


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_lock_dies_with_its_process(bench: Bench, kind: str, number: signal.Signals) -> None:
    store = bench.open()
    with holder(bench, kind) as process:
        process.send_signal(number)
        process.wait(timeout=10)
        with store.lock() as epoch:
            assert epoch == EPOCH


def test_unlocking_shuts_out_whoever_holds_the_lock(bench: Bench, kind: str) -> None:
    store = bench.open()
    record(store, campaign({1: (1,)}))
    store.commit(EPOCH, [Begin(frame=frame_id(1), run="run-1", at=NOW, body=b"sealed")])
    with holder(bench, kind):
        assert store.unlock() == 2
        with store.lock() as epoch:
            assert epoch == 2
            assert store.commit(EPOCH, [Again(frame=frame_id(1), run="run-1", at=NOW)]) == (False,)
            taken = Again(frame=frame_id(1), run="run-2", at=NOW, held_by="run-1")
            assert store.commit(2, [taken]) == (True,)
    assert [one.run for one in store.frames(Status.SENDING)] == ["run-2"]


def test_the_lock_is_let_go_of_at_the_end_of_its_block(bench: Bench) -> None:
    store, other = bench.open(), bench.open()
    with store.lock(), pytest.raises(StateLocked), other.lock():
        pass
    with other.lock():
        pass


def test_a_reader_needs_no_lock(bench: Bench, kind: str) -> None:
    with holder(bench, kind):
        assert bench.open(writable=False).campaigns() == ()


def test_the_lock_file_of_sqlite_names_our_process(bench: Bench, kind: str, tmp_path: Path) -> None:
    if kind == "sqlite":
        with bench.open().lock():
            named = f"{os.getpid()} on {os.uname().nodename}\n"
            assert (tmp_path / "state.db.lock.1").read_text(encoding="ascii") == named


def test_whoever_was_shut_out_is_named_for_as_long_as_it_lives(bench: Bench, kind: str) -> None:
    store = bench.open()
    with holder(bench, kind) as first:
        assert store.lurking() == ()
        store.unlock()
        name = f"process {first.pid} on {os.uname().nodename}"
        assert store.lurking() == (name,)
        stop(first)
        store.unlock()
        with store.lock() as epoch:
            assert (epoch, store.lurking()) == (3, (name,))
        assert bench.open(writable=False).lurking() == (name,)
        first.kill()
        first.wait()
        await_nobody(store)
    with store.lock():
        assert store.lurking() == ()


def test_however_often_a_state_was_unlocked_its_earlier_locks_are_found(bench: Bench, kind: str) -> None:
    epoch = 2_000_000_000 if kind == "sqlite" else 100_000
    with holder(bench, kind) as first:
        change(bench, f"UPDATE meta SET value = '{epoch}' WHERE name = 'epoch'")
        for name in ("", "-1", "1x", "²") if kind == "sqlite" else ():
            (bench.folder / f"state.db.lock.{name}").touch()
        assert bench.open().lurking() == (f"process {first.pid} on {os.uname().nodename}",)


def await_nobody(store: Store) -> None:
    """Wait until a server has seen that a process is dead; a file knows at once."""
    until = time.monotonic() + PATIENCE
    while store.lurking():
        assert time.monotonic() < until, "it is still said to be there"
        time.sleep(0.01)
