"""What a gateway answers, and Ctrl-C: each is recorded as what it proves, and nobody gets a message twice."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Folder, Gateway, MakeProject, Outcome

PEOPLE = tuple(f"+336000001{number:02}" for number in range(12))
APPLY = ("apply", "--auto-approve", "--env", "local")
HTML = b"<html><body>+33600000100 is under maintenance</body></html>"


def answer(code: int) -> bytes:
    return json.dumps({"code": code, "message": "Refused: +33600000100"}).encode()


@pytest.fixture
def folder(project: MakeProject, gateway: Gateway) -> Folder:
    """Make a project that sends twelve people's message to the gateway, in frames of at most four, one at a time."""
    recipients = "".join(f"  - {{phone_number: '{number}'}}\n" for number in PEOPLE)
    local = f'  local: {{gateway: {{url: "{gateway.url}"}}, require_plan: false, max_in_flight: 1, frame_size: 4}}\n'
    folder = project(
        {
            "campaigns/hello.yaml": f"channel: sms\npurpose: alert\nopen: true\ntext: Hello\nrecipients:\n{recipients}",
            "octoplan.yaml": f"octoplan: 1\nenvironments:\n{local}",
        }
    )
    assert folder.call("state", "init", "--env", "local").code == 0
    return folder


def assert_discreet(outcome: Outcome) -> None:
    for hidden in (*PEOPLE, "Refused:", "maintenance", "Traceback"):
        assert hidden not in outcome.out + outcome.err


UNREADABLE = {
    "a 200 that is no JSON": (200, HTML),
    "a 201 that is cut short": (201, b'{"sms_ticket": "sms_1", "number_of'),
    "a 500 that is no JSON": (500, HTML),
    "a 400 that is no JSON": (400, HTML),
    "an unknown error code": (400, answer(4711)),
    "a 200 with an unknown error code": (200, answer(4711)),
    "a redirect": (302, b""),
    "a 429": (429, b"{}"),
}


@pytest.mark.parametrize("scripted", UNREADABLE.values(), ids=UNREADABLE)
def test_an_answer_that_proves_nothing_leaves_its_frame_open_and_is_replayed(
    scripted: tuple[int, bytes], folder: Folder, gateway: Gateway
) -> None:
    gateway.script = [scripted]
    first = folder.call(*APPLY, hurried=True)
    assert first.code == 9
    opened = len(json.loads(gateway.bodies[0])["recipients"])
    assert f", {opened} open, 0 unknown." in folder.call("status", "--env", "local").last
    assert_discreet(first)
    second = folder.call(*APPLY)
    assert second.code == 0
    assert gateway.bodies.count(gateway.bodies[0]) == 2
    assert gateway.addresses() == sorted(PEOPLE)
    assert folder.call("plan", "--env", "local", "--detailed-exitcode").code == 0


def test_an_answer_that_was_lost_is_asked_for_again_and_nobody_gets_it_twice(folder: Folder, gateway: Gateway) -> None:
    gateway.script = [None]
    assert folder.call(*APPLY, hurried=True).code == 9
    assert folder.call(*APPLY).code == 0
    assert gateway.addresses() == sorted(PEOPLE)


REFUSALS = {
    "the STOP mention": (400, answer(121), 8),
    "the credentials": (401, answer(401), 4),
    "the account": (403, answer(403), 4),
    "the credit": (400, answer(104), 4),
}


@pytest.mark.parametrize(("status", "body", "code"), REFUSALS.values(), ids=REFUSALS)
def test_a_definite_no_has_its_exit_code_and_frees_its_people(
    status: int, body: bytes, code: int, folder: Folder, gateway: Gateway
) -> None:
    gateway.script = [(status, body)] * 4
    outcome = folder.call(*APPLY)
    assert outcome.code == code
    assert_discreet(outcome)
    gateway.script = []
    assert folder.call(*APPLY).code == 0
    assert gateway.addresses() == sorted(PEOPLE)
    used = [json.loads(body)["metadata"]["request_id"] for body in gateway.bodies]
    assert len(set(used)) == len(used)


def test_one_refused_number_stands_alone_and_all_others_get_their_message(folder: Folder, gateway: Gateway) -> None:
    bad = PEOPLE[5]
    plain = gateway.sandbox.answer

    def choosy(request: object) -> object:
        body = getattr(request, "body", b"")
        if bad.encode() in body:
            return type(plain(request))(status=400, body=answer(181))  # type: ignore[arg-type]
        return plain(request)  # type: ignore[arg-type]

    gateway.sandbox.answer = choosy  # type: ignore[method-assign, assignment]
    outcome = folder.call(*APPLY)
    assert outcome.code == 8
    assert outcome.last == "Applied: 11 sent, 1 refused, 0 open, 0 unknown."
    assert "refused: +33…05 (campaigns/hello.yaml:11:5), code 181\n" in outcome.err
    assert_discreet(outcome)
    sent = len(gateway.bodies)
    assert folder.call("plan", "--env", "local", "--detailed-exitcode").code == 0
    assert folder.call(*APPLY).code == 0
    assert len(gateway.bodies) == sent


def test_ctrl_c_finishes_what_is_in_flight_begins_nothing_and_exits_130(folder: Folder, gateway: Gateway) -> None:
    gateway.pause = 0.4
    process = folder.start(*APPLY)
    gateway.await_requests(1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert b"Traceback" not in err
    sent = len(gateway.sandbox.messages())
    assert 0 < sent < len(PEOPLE)
    status = folder.call("status", "--env", "local")
    assert status.last == f"Status: {sent} sent, 0 refused, 0 open, 0 unknown."
    gateway.pause = 0
    assert folder.call(*APPLY, at=datetime.now(UTC)).code == 0
    assert gateway.addresses() == sorted(PEOPLE)
    assert f"Applied: {sent} sent" in out.decode()


@pytest.mark.parametrize("last", [signal.SIGINT, signal.SIGKILL])
def test_leaving_at_once_leaves_an_open_frame_that_the_next_apply_settles(
    last: signal.Signals, folder: Folder, gateway: Gateway
) -> None:
    gateway.pause = 1.0
    process = folder.start(*APPLY)
    gateway.await_requests(2)
    process.send_signal(signal.SIGINT)
    time.sleep(0.2)
    process.send_signal(last)
    _, err = process.communicate(timeout=30)
    assert process.returncode in (130, -signal.SIGKILL)
    assert b"Traceback" not in err
    now = datetime.now(UTC)
    assert ", 0 open," not in folder.call("status", "--env", "local", at=now).last
    assert leftovers(folder.path) == []
    gateway.pause = 0
    assert folder.call(*APPLY, at=now).code == 0
    assert gateway.addresses() == sorted(PEOPLE)


def leftovers(root: Path) -> list[str]:
    """Find what a killed run left in the temporary folder that names somebody."""
    below = (root / ".octoplan" / "tmp").rglob("*")
    return [str(path) for path in below if path.is_file() and any(one.encode() in path.read_bytes() for one in PEOPLE)]


def test_ctrl_c_while_contacts_are_read_leaves_at_once_without_a_trace(folder: Folder, gateway: Gateway) -> None:
    rows = "".join(f"06{number:08}\n" for number in range(10_000_000, 10_300_000))
    head = "channel: sms\npurpose: alert\nopen: true\ntext: Hello\n"
    folder.write(
        {
            "campaigns/hello.yaml": f"{head}audience: {{from: audiences/many.csv, region: FR}}\n",
            "campaigns/audiences/many.csv": f"phone_number\n{rows}",
        }
    )
    process = folder.start(*APPLY, "-v")
    assert process.stderr is not None
    assert process.stderr.readline() == b"reading contacts\n"
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, b"")
    assert err.splitlines()[-1] == b"interrupted"
    assert gateway.bodies == []
    folder.write({"campaigns/audiences/many.csv": "phone_number\n0600000100\n"})
    assert folder.call("validate").code == 0
    assert not list((folder.path / ".octoplan" / "tmp").iterdir())


LATE = """\
import atexit, os, signal, sys
from octoplan.cli import main
atexit.register(os.kill, os.getpid(), signal.SIGINT)
sys.argv = ["octoplan", "validate"]
main()
"""


def test_ctrl_c_when_all_is_over_changes_nothing_and_shows_no_trace(folder: Folder) -> None:
    done = subprocess.run([sys.executable, "-c", LATE], cwd=folder.path, capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
