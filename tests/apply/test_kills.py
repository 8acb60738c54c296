"""Real processes, really killed: the gateway's own record says who got what."""

import os
import random
import secrets
import signal
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from octoplan.state.interface import Status
from octoplan.state.sqlite import SqliteStore
from tests.apply.conftest import address_of
from tests.apply.gateway import ACCEPT, CUT_AFTER, CUT_BEFORE, FAILED, HANG, Asked, Judge
from tests.conftest import Folder, stop

if TYPE_CHECKING:
    import subprocess

PEOPLE = range(100, 400)
BAD = frozenset({address_of(150), address_of(333)})
NAME = "Zacharie-Quentin"
PROJECT = """
octoplan: 1
environments:
  production:
    gateway: {{url: "{url}"}}
    state: .octoplan/production.db
    require_plan: false
    max_in_flight: 4
    frame_size: 12
"""
CAMPAIGN = """
channel: sms
purpose: alert
open: true
text: "Hi {{ first_name }}"
audience:
  from: audiences/people.csv
  columns: {phone_number: mobile}
"""
APPLY = ("--env", "production", "apply", "--auto-approve")
KILLS = 15


def make(path: Path, url: str) -> Folder:
    rows = "".join(f"{address_of(number)},{NAME}{number % 3}\n" for number in PEOPLE)
    folder = Folder(path=path)
    folder.write(
        {
            "octoplan.yaml": PROJECT.format(url=url),
            "campaigns/autumn.yaml": CAMPAIGN,
            "campaigns/audiences/people.csv": f"mobile,first_name\n{rows}",
        }
    )
    return folder


@pytest.fixture
def folder(tmp_path: Path, judge: Judge) -> Folder:
    made = make(tmp_path / "project", judge.url)
    assert made.call("--env", "production", "state", "init").code == 0
    return made


@pytest.fixture
def judge_of_the_bad(judge: Judge) -> Judge:
    judge.bad = BAD
    return judge


def ids_of(folder: Folder) -> list[str]:
    """All frames that the state knows."""
    store = SqliteStore(folder.path / ".octoplan" / "production.db", writable=False)
    try:
        return sorted(one.id for one in store.frames())
    finally:
        store.close()


def everybody_once(judge: Judge, bad: frozenset[str] = frozenset()) -> None:
    expected = {address_of(number) for number in PEOPLE} - bad
    assert judge.messages.keys() == expected, "somebody was left out, or should have been"
    assert set(judge.messages.values()) == {1}, "somebody got it twice"


def no_personal_data(folder: Folder) -> None:
    """Search every byte below the project, but for the contact files and the sandbox's inbox."""
    for path in folder.path.rglob("*"):
        if path.is_file() and "audiences" not in path.parts and not path.name.startswith("inbox.db"):
            content = path.read_bytes()
            assert NAME.encode() not in content, path.name
            assert b"33600000" not in content, path.name


def end(process: "subprocess.Popen[bytes]") -> int:
    """Wait for a process; its exit code. It must not have shown a person or a traceback."""
    out, err = process.communicate(timeout=60)
    for said in (out, err):
        assert b"Traceback" not in said, said
        assert b"33600000" not in said
    return process.returncode


def await_requests(judge: Judge, count: int, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 30
    while len(judge.asked) < count and process.poll() is None:
        assert time.monotonic() < until, "nothing arrives at the gateway"
        time.sleep(0.002)


def unsteady(chance: random.Random) -> Callable[[Asked], str]:
    """Mostly accept, a little late; now and then lose an answer."""
    guard = threading.Lock()

    def answer(asked: Asked) -> str:
        with guard:
            drawn = chance.random()
        time.sleep(0.004)
        if asked.attempt > 1 or drawn > 0.12:
            return ACCEPT
        return CUT_AFTER if drawn < 0.06 else CUT_BEFORE if drawn < 0.09 else FAILED

    return answer


def test_whenever_it_is_killed_everybody_gets_it_exactly_once(folder: Folder, judge_of_the_bad: Judge) -> None:
    seed = secrets.randbits(32)
    print(f"seed {seed}")  # noqa: T201 - to replay a failure
    chance = random.Random(seed)  # noqa: S311 - kills, not secrets
    judge = judge_of_the_bad
    judge.script = unsteady(chance)
    kills = runs = 0
    code = None
    while code not in (0, 8) or kills < KILLS:
        runs += 1
        assert runs < 2 * KILLS + 10, f"it never comes to an end; exit code {code}"
        process = folder.start(*APPLY)
        if kills < KILLS:
            kills += 1
            if chance.random() < 0.75:
                await_requests(judge, len(judge.asked) + chance.choice((1, 1, 2, 3, 5)), process)
                time.sleep(chance.random() * 0.02)
            else:
                time.sleep(chance.random() * 1.5)
            process.kill()
        code = end(process)
        assert code in (0, 8, 9, -9)
        no_personal_data(folder)
    everybody_once(judge, BAD)
    assert folder.call("--env", "production", "plan", "--detailed-exitcode").code == 0
    assert code == 8 or runs > 1


def test_killed_at_any_moment_of_its_first_start_the_sandbox_comes_up_again(tmp_path: Path) -> None:
    chance = random.Random(11)  # noqa: S311 - kills, not secrets
    folder = make(tmp_path / "project", "http://127.0.0.1:9/v1/public")
    for _ in range(4):
        process = folder.start("apply", "--auto-approve")
        until = time.monotonic() + 1 + chance.random()
        while time.monotonic() < until and not (folder.path / ".octoplan").exists():
            time.sleep(0.001)
        time.sleep(chance.random() * 0.05)
        process.kill()
        assert end(process) in (0, -9)
        no_personal_data(folder)
    process = folder.start("apply", "--auto-approve")
    assert end(process) == 0
    assert folder.addresses() == sorted(address_of(number) for number in PEOPLE)
    no_personal_data(folder)


def test_ctrl_c_once_drains_and_the_next_apply_finishes(folder: Folder, judge: Judge) -> None:
    judge.script = lambda _: time.sleep(0.03) or ACCEPT  # type: ignore[func-returns-value, redundant-expr]
    process = folder.start(*APPLY)
    await_requests(judge, 5, process)
    process.send_signal(signal.SIGINT)
    assert end(process) == 130
    assert len(judge.asked) < 12, "nothing new is begun"
    assert len(judge.accepted) == len(judge.asked)
    planned = ids_of(folder)
    assert end(folder.start(*APPLY)) == 0
    everybody_once(judge)
    assert sorted(judge.ids) == planned, "the same frames as without the interruption, each sent once"


def test_ctrl_c_twice_leaves_at_once_and_loses_nothing(folder: Folder, judge: Judge) -> None:
    judge.script = lambda _: HANG
    process = folder.start(*APPLY)
    await_requests(judge, 4, process)
    process.send_signal(signal.SIGINT)
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    assert end(process) == 130
    judge.script = lambda _: ACCEPT
    assert end(folder.start(*APPLY)) == 0
    everybody_once(judge)


def test_a_second_applier_exits_6_and_sends_nothing(folder: Folder, judge: Judge) -> None:
    judge.script = lambda _: HANG if not judge.released.is_set() else ACCEPT
    first = folder.start(*APPLY)
    await_requests(judge, 4, first)
    asked = len(judge.asked)
    assert end(folder.start(*APPLY)) == 6
    assert len(judge.asked) == asked
    judge.released.set()
    assert end(first) == 0
    everybody_once(judge)


def test_not_sent_is_not_believed_while_a_process_that_was_shut_out_could_still_send_it(
    folder: Folder, judge: Judge
) -> None:
    judge.script = lambda _: HANG
    process = folder.start(*APPLY)
    await_requests(judge, 4, process)
    stop(process)
    judge.script = lambda _: ACCEPT
    try:
        unlocked = folder.call("--env", "production", "state", "unlock", "--json").json
        assert unlocked["shut_out"] == [f"process {process.pid} on {os.uname().nodename}"]
        again = folder.call("--env", "production", "state", "unlock")
        assert f"Shut out, and still there: process {process.pid} on " in again.out
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        assert folder.call(*APPLY, at=tomorrow).code == 9
        (unknown, *_) = frames_of(folder, Status.UNKNOWN)
        resolve = ("--env", "production", "state", "resolve", unknown, "--yes", "--not-sent")
        refused = folder.call(*resolve)
        assert (refused.code, refused.out) == (6, "")
        assert f"shut out, but still there: process {process.pid} on " in refused.err
        assert "hint: end it" in refused.err
        assert unknown in frames_of(folder, Status.UNKNOWN)
    finally:
        process.kill()
    assert end(process) == -9
    judge.released.set()
    assert folder.call(*resolve).code == 0
    assert unknown not in frames_of(folder, Status.UNKNOWN)
    assert folder.call("--env", "production", "state", "unlock", "--json").json["shut_out"] == []


def frames_of(folder: Folder, status: Status) -> list[str]:
    store = SqliteStore(folder.path / ".octoplan" / "production.db", writable=False)
    try:
        return [one.id for one in store.frames(status)]
    finally:
        store.close()


def test_an_applier_that_was_stopped_sends_nothing_after_another_has_finished(folder: Folder, judge: Judge) -> None:
    held = threading.Event()

    def hold(asked: Asked) -> str:
        if asked.nth > 6:
            held.wait(30)
        return ACCEPT

    judge.script = hold
    first = folder.start(*APPLY)
    await_requests(judge, 10, first)  # all four wait for their answers, so none is in the middle of writing
    stop(first)
    held.set()
    try:
        assert folder.call("--env", "production", "state", "unlock").code == 0
        assert end(folder.start(*APPLY)) == 0
        everybody_once(judge)
    finally:
        first.send_signal(signal.SIGCONT)
    assert end(first) == 6
    everybody_once(judge)
