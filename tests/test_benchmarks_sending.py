"""What is measured of sending is what really happens; with few messages, so that no test depends on speed."""

import itertools
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks import gateway, recording, senders, sending
from benchmarks.measure import Command, CommandFailed, Sample, Stopwatch
from octoplan.state.checking import check
from octoplan.state.home import State
from octoplan.state.interface import Status
from octoplan.state.sqlite import SqliteStore
from tests.apply.gateway import Judge, serve


@pytest.fixture
def judge() -> Iterator[Judge]:
    with serve() as served:
        yield served


def load_for(judge: Judge, frames: int, people: int) -> senders.Load:
    return senders.make_load(int(judge.url.split(":")[2].partition("/")[0]), frames, people, 3)


def ticks() -> Iterator[float]:
    return map(float, itertools.count())


def state_in(folder: Path) -> State:
    (path,) = folder.glob("*.db")
    return State(store=SqliteStore(path, writable=False), keys=senders.keys(), lineage=senders.LINEAGE)


def test_what_is_timed_is_a_durable_apply_of_every_frame(judge: Judge, tmp_path: Path) -> None:
    load = load_for(judge, 7, 5)
    assert senders.durably(load, tmp_path, ticks().__next__) == 1.0
    assert judge.accepted.keys() == {frame.id for frame in load.frames}
    assert len(judge.messages) == 35
    state = state_in(tmp_path)
    with closing(state.store):
        assert len(list(state.store.frames(Status.SENT))) == 7
        assert check(state, 3).broken == ()


def test_the_others_send_the_same_bodies(judge: Judge) -> None:
    load = load_for(judge, 7, 5)
    assert senders.without_state(load, ticks().__next__) == 1.0
    assert sorted(one.body for one in judge.asked) == sorted(frame.body for frame in load.frames)
    first = [one.json for one in judge.asked]
    judge.accepted.clear()
    judge.asked.clear()
    assert senders.one_by_one(load, ticks().__next__) == 1.0
    assert sorted(map(str, (one.json for one in judge.asked))) == sorted(map(str, first))


def test_a_request_that_is_not_accepted_ends_the_measurement(judge: Judge, tmp_path: Path) -> None:
    load = load_for(judge, 3, 1)
    judge.script = lambda _: "400:121"
    with pytest.raises(CommandFailed, match="0 of 3"):
        senders.durably(load, tmp_path, ticks().__next__)
    with pytest.raises(CommandFailed, match="0 of 3"):
        senders.without_state(load, ticks().__next__)
    with pytest.raises(CommandFailed, match="0 of 3"):
        senders.one_by_one(load, ticks().__next__)


def test_the_gateway_answers_each_whole_request_once_however_it_comes() -> None:
    argv = [sys.executable, gateway.__file__, "0"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline())
            with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
                request = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n12345"
                for piece in (request[:20], request[20:-2], request[-2:] + request):
                    connection.sendall(piece)
                received = b""
                while received.count(b'"number_of_contacts":1}') < 2:
                    received += connection.recv(4096)
        finally:
            process.terminate()
    assert received.count(b"HTTP/1.1 201 Created\r\n") == 2


@pytest.mark.parametrize("messages", [1, 450, 451, 2_000])
def test_what_is_recorded_is_a_plan_in_which_every_frame_has_its_size(tmp_path: Path, messages: int) -> None:
    recording.main(tmp_path, messages)
    store = SqliteStore(tmp_path / "state.db", writable=False)
    with closing(store):
        assert store.counts("parcels", 1) == {Status.PLANNED: messages}
        assert [breach.rule for breach in store.breaches()] == ["run/not-ended"]


def test_every_row_has_its_bound_and_a_value_for_each_round(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, few in {"FRAMES": 4, "FULL_FRAMES": 2, "SLOW_FRAMES": 5, "POSTS": 2, "SLOW_POSTS": 1}.items():
        monkeypatch.setattr(sending, name, few)
    monkeypatch.setattr(sending, "LATENCY", 0.001)
    ran: list[Command] = []

    def run(command: Command) -> Sample:
        ran.append(command)
        return Sample(seconds=2.5, peak_bytes=100 << 20)

    rows = list(sending.measure(tmp_path, rounds=2, clock=time.perf_counter, run=run))
    assert [row.bound for row in rows] == [1.25, 1 / 0.9, 1, 1 / 0.85, 1, 1, 200]
    assert all(len(row.values) == 2 for row in rows)
    assert (set(rows[-2].values), set(rows[-1].values)) == ({0.5}, {100.0})
    assert [command.argv[1:] for command in ran] == [(recording.__file__, str(tmp_path / "recorded"))] * 2


def test_a_gateway_that_does_not_start_ends_the_benchmarks(tmp_path: Path) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\nexit 3\n", encoding="utf-8")
    broken.chmod(0o700)
    run = Stopwatch(clock=time.perf_counter).run
    bench = sending.Sending(python=broken, folder=tmp_path, rounds=1, clock=time.perf_counter, run=run)
    with pytest.raises(CommandFailed, match="does not start"):
        list(bench.rows())
