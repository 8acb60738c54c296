"""A person at a real terminal approves by typing how many people would be sent to, or nothing is sent."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from octoplan.cli import approving
from tests.conftest import NOW, StandingClock

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from tests.conftest import Folder, MakeProject

CAMPAIGN = """\
channel: sms
purpose: alert
open: true
text: Hello {{ name }}
audience: {from: audiences/people.csv, region: FR}
"""
ROWS = "".join(f"060000{number:04},Ann\n" for number in range(1200))
COLOUR = re.compile(rb"\x1b\[[0-9;]*[1-9][0-9;]*m")
ASKED = b"Type that number to send: "


class Person:
    """Somebody at a terminal, before whom octoplan asks."""

    def __init__(self, folder: Folder, *arguments: str, env: Mapping[str, str] | None = None) -> None:
        self.hand, theirs = pty.openpty()
        self.seen = b""
        self.process = folder.start(*arguments, terminal=theirs, env=env)
        os.close(theirs)

    def read_until(self, words: bytes) -> None:
        """Wait for these words on the screen."""
        until = time.monotonic() + 30
        while words not in self.seen:
            assert time.monotonic() < until, self.seen
            self._read()

    def type(self, keys: bytes) -> None:
        os.write(self.hand, keys)

    def end(self) -> int:
        """Read on until the end; the exit code."""
        until = time.monotonic() + 30
        while self.process.poll() is None:
            assert time.monotonic() < until, self.seen
            self._read()
        while self._read():
            pass
        return self.process.returncode

    def leave(self) -> None:
        """Close the terminal, and end what still waits before it."""
        os.close(self.hand)
        self.process.kill()
        self.process.wait()

    def _read(self) -> bool:
        """Take what is on the screen by now; whether there was something."""
        if not select.select([self.hand], [], [], 0.05)[0]:
            return False
        try:
            shown = os.read(self.hand, 65536)
        except OSError:  # Linux says so once nobody holds the other end
            return False
        self.seen += shown
        return bool(shown)


@pytest.fixture
def folder(project: MakeProject) -> Folder:
    return project({"campaigns/hello.yaml": CAMPAIGN, "campaigns/audiences/people.csv": f"phone_number,name\n{ROWS}"})


@pytest.fixture
def person(folder: Folder) -> Iterator[Person]:
    """Let somebody wait before the question."""
    someone = Person(folder, "apply")
    try:
        someone.read_until(ASKED)
        yield someone
    finally:
        someone.leave()


def watch(folder: Folder, *arguments: str, env: Mapping[str, str]) -> tuple[int, bytes]:
    """Look on while octoplan runs on a terminal: the exit code, and all that was shown."""
    someone = Person(folder, *arguments, env={"TERM": "xterm", **env})
    try:
        return someone.end(), someone.seen
    finally:
        someone.leave()


def test_the_question_names_people_and_environment_below_the_plan(person: Person) -> None:
    assert b"1,200 people would be sent to in sandbox." in person.seen
    assert b"Plan: 1 to send, 0 to extend, 0 unchanged." in person.seen


@pytest.mark.parametrize("keys", [b"1200\n", b"1,200\n", b" 1200 \n"])
def test_the_right_number_sends(keys: bytes, person: Person, folder: Folder) -> None:
    person.type(keys)
    assert person.end() == 0
    assert b"Applied: 1,200 sent, 0 refused, 0 open, 0 unknown." in person.seen
    assert len(folder.messages()) == 1200


@pytest.mark.parametrize("keys", [b"1201\n", b"y\n", b"yes\n", b"\n", b"\x04"])
def test_anything_else_declines_and_sends_nothing(keys: bytes, person: Person, folder: Folder) -> None:
    person.type(keys)
    assert person.end() == 10
    assert b"nothing was sent" in person.seen
    assert b"Traceback" not in person.seen
    assert folder.messages() == ()
    assert folder.call("status").last == "Status: 0 sent, 0 refused, 0 open, 0 unknown."


def test_ctrl_c_at_the_question_leaves_at_once_and_sends_nothing(person: Person, folder: Folder) -> None:
    person.process.send_signal(signal.SIGINT)
    assert person.end() == 130
    assert b"Traceback" not in person.seen
    assert folder.messages() == ()
    assert not list((folder.path / ".octoplan" / "tmp").iterdir())


def test_a_terminal_gets_colour(folder: Folder) -> None:
    code, seen = watch(folder, "plan", env={})
    assert code == 0
    assert COLOUR.search(seen)


@pytest.mark.parametrize(("arguments", "env"), [(("plan",), {"NO_COLOR": "1"}), (("--no-color", "plan"), {})])
def test_a_terminal_gets_no_colour_if_it_asked_for_none(
    arguments: tuple[str, ...], env: dict[str, str], folder: Folder
) -> None:
    code, seen = watch(folder, *arguments, env=env)
    assert code == 0
    assert not COLOUR.search(seen)


def test_a_dumb_terminal_gets_plain_lines(folder: Folder) -> None:
    code, seen = watch(folder, "plan", env={"TERM": "dumb"})
    assert code == 0
    assert b"\x1b" not in seen


def test_where_ci_is_set_nobody_is_there_to_ask(folder: Folder) -> None:
    code, seen = watch(folder, "apply", env={"CI": "true"})
    assert code == 10
    assert b"nobody is here to approve" in seen


def test_approval_in_process_is_the_same_question(folder: Folder) -> None:
    asked = folder.call("apply", typed="1200\n")
    assert asked.code == 0
    assert "1,200 people would be sent to in sandbox. Type that number to send: " in asked.err
    assert folder.call("apply", typed="").code == 0, "nobody is asked where there is nothing to send"


class LateClock(StandingClock):
    """Stands at `at`, which may be changed."""

    at = NOW

    def now(self) -> datetime:
        return self.at


@pytest.mark.parametrize(("minutes", "code"), [(59, 0), (60, 7)])
def test_a_send_at_that_passed_while_somebody_approved_sends_nothing(
    project: MakeProject, monkeypatch: pytest.MonkeyPatch, minutes: int, code: int
) -> None:
    when = f"send_at: {(NOW + timedelta(hours=1)).isoformat()}\n"
    folder: Folder = project(
        {"campaigns/sale.yaml": CAMPAIGN + when, "campaigns/audiences/people.csv": "phone_number,name\n" + ROWS}
    )
    clock, ask = LateClock(NOW), approving.ask

    def ask_for_long(*given: object, **more: object) -> None:
        ask(*given, **more)  # type: ignore[arg-type] # whatever it is given
        clock.at = NOW + timedelta(minutes=minutes)

    monkeypatch.setattr(approving, "ask", ask_for_long)
    outcome = folder.call("apply", typed="1200\n", clock=clock)
    assert (outcome.code, len(folder.messages())) == (code, 0 if code else 1200)
    assert ("send_at has passed since the plan was made: sale" in outcome.err) is bool(code)
