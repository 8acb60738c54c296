"""`octoplan sandbox serve` and `inbox` as processes of their own."""

import contextlib
import json
import os
import pty
import re
import signal
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import Folder, MakeProject, Outcome

SMS = {
    "channel": "sms",
    "text": "Hello",
    "purpose": "alert",
    "sender": "OctoShop",
    "recipients": [{"phone_number": "+33600000123"}],
}
CAMPAIGN = """
channel: sms
purpose: alert
open: true
text: Hello
recipients: [{phone_number: "+33600000123"}]
"""


@contextlib.contextmanager
def serving(folder: "Folder", *flags: str) -> Iterator[str]:
    """Serve a sandbox in `folder` while the block runs: its address. It must end well and say nothing else."""
    with folder.start("sandbox", "serve", "--port", "0", *flags) as process:
        assert process.stderr is not None
        said = process.stderr.readline().decode()
        found = re.search(r"inbox at (http://127\.0\.0\.1:[0-9]+)/", said)
        assert found, said
        try:
            yield found[1]
        finally:
            process.send_signal(signal.SIGTERM)
            assert (process.wait(timeout=30), process.stderr.read()) == (0, b"")


@pytest.fixture
def elsewhere(project: "MakeProject") -> "Folder":
    """Make a folder that is no project."""
    folder: Folder = project({}, "elsewhere")
    (folder.path / "campaigns").rmdir()
    return folder


def call(url: str, content: object = None) -> tuple[int, Any]:
    body = None if content is None else json.dumps(content).encode()
    headers = {"content-type": "application/json", "api-key": "k", "api-login": "l"}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=20) as answer:  # noqa: S310
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def send(address: str, **changes: Any) -> tuple[int, Any]:
    return call(f"{address}/v1/public/multi-channel/send", SMS | changes)


def test_it_is_served_in_any_folder_and_remembers_there(elsewhere: "Folder") -> None:
    with serving(elsewhere) as address:
        assert send(address)[0] == 201
    assert (elsewhere.path / ".octoplan" / "inbox.db").stat().st_mode & 0o777 == 0o600
    with serving(elsewhere) as address:
        assert call(f"{address}/_sandbox/messages")[1]["total"] == 1


def test_with_memory_no_file_is_written(elsewhere: "Folder") -> None:
    with serving(elsewhere, "--memory") as address:
        assert send(address)[0] == 201
    assert list(elsewhere.path.iterdir()) == []


def test_flags_say_how_it_is_set(elsewhere: "Folder") -> None:
    elsewhere.write({"prices.json": json.dumps({"sms_premium": {"FR": 1.5}})})
    flags = (
        *("--strict", "--without", "stop_mention", "--without", "sender", "--credit", "4", "--memory"),
        *("--clock", "2026-12-01T10:00:00+01:00", "--prices", "prices.json"),
    )
    with serving(elsewhere, *flags) as address:
        assert call(f"{address}/_sandbox/clock")[1]["now"].startswith("2026-12-01T09:00")
        assert send(address, sendat="x")[1]["errors"]["sendat"]["code"] == 400
        assert send(address, purpose="wholesale", sender="x")[1]["residual_credit"] == 2.5
        assert send(address)[1]["residual_credit"] == 1
        assert send(address)[1]["code"] == 104
        assert call(f"{address}/_sandbox/reset", {})[0] == 204
        assert call(f"{address}/_sandbox/settings")[1]["strict"] is True
        assert call(f"{address}/_sandbox/credit")[1] == {"amount": 4}


def test_a_flag_counts_for_more_than_what_the_file_remembers(elsewhere: "Folder") -> None:
    with serving(elsewhere) as address:
        call(f"{address}/_sandbox/settings", {"strict": True, "request_id_hours": 2})
        call(f"{address}/_sandbox/clock", {"advance": "48h"})
        call(f"{address}/_sandbox/credit", {"amount": 5})
    with serving(elsewhere) as address:
        assert call(f"{address}/_sandbox/settings")[1]["strict"] is True
        assert call(f"{address}/_sandbox/credit")[1] == {"amount": 5}
    with serving(elsewhere, "--lenient", "--credit", "7", "--clock", "2026-12-01T10:00:00Z") as address:
        settings = call(f"{address}/_sandbox/settings")[1]
        assert (settings["strict"], settings["request_id_hours"]) == (False, 2)
        assert call(f"{address}/_sandbox/clock")[1]["now"].startswith("2026-12-01T10:00")
        assert call(f"{address}/_sandbox/credit")[1] == {"amount": 7}


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--clock", "tomorrow"), "--clock: a date in ISO 8601 with an offset is needed"),
        (("--clock", "9999-12-31T00:00:00Z"), "the clock cannot go that far"),
        (("--without", "stop_mansion"), "no such rules: stop_mansion"),
        (("--callback-url", "localhost:9000"), "callback_url: not a URL"),
        (("--credit", "-1"), "Invalid value for '--credit'"),
        (("--credit", "inf"), "--credit: a number from 0 to 1,000,000,000,000 with"),
        (("--credit", "nan"), "--credit: a number from 0"),
        (("--credit", "1e300"), "--credit: a number from 0"),
        (("--prices", "nowhere.json"), "Invalid value for '--prices'"),
        (("--port", "99999"), "Invalid value for '--port'"),
    ],
)
def test_a_flag_that_cannot_be_is_a_usage_error(flags: tuple[str, ...], said: str, project: "MakeProject") -> None:
    outcome: Outcome = project({}).run("sandbox", "serve", "--memory", *flags)
    assert outcome.code == 64
    assert said in outcome.err
    assert "Traceback" not in outcome.err


@pytest.mark.parametrize(
    "content",
    [
        *("", "[", "[]", "[" * 100_000, '{"sms_premium": 1}', '{"sms_premium": {"France": 1}}'),
        *(f'{{"sms_premium": {{"FR": {price}}}}}' for price in ("NaN", "Infinity", "-Infinity", "1e400", "-1", "1e9")),
    ],
)
def test_prices_that_cannot_be_read_are_said_and_nothing_is_served(content: str, project: "MakeProject") -> None:
    folder: Folder = project({"prices.json": content})
    outcome = folder.run("sandbox", "serve", "--memory", "--port", "0", "--prices", "prices.json")
    assert outcome.code in (1, 64)
    assert "prices" in outcome.err
    assert "octoplan has a fault" not in outcome.err
    assert "Traceback" not in outcome.err


def test_listening_to_the_outside_is_warned_of(elsewhere: "Folder") -> None:
    with elsewhere.start("sandbox", "serve", "--memory", "--port", "0", "--host", "0.0.0.0") as process:  # noqa: S104
        assert process.stderr is not None
        said = process.stderr.readline().decode()
        process.send_signal(signal.SIGTERM)
    assert said == "warning: listening on 0.0.0.0: whoever reaches this address can read and change the inbox\n"


def test_on_a_terminal_the_inbox_opens_in_a_browser_until_it_is_interrupted(project: "MakeProject") -> None:
    folder: Folder = project({"campaigns/hello.yaml": CAMPAIGN}, after=(("apply", "--auto-approve"),))
    ours, theirs = pty.openpty()
    process = folder.start("sandbox", "inbox", env={"BROWSER": "echo opening %s"}, terminal=theirs)
    os.close(theirs)
    said = ""
    while "until Ctrl-C" not in said:
        said += os.read(ours, 4096).decode()
    address = re.search(r"The inbox is open at (http://127\.0\.0\.1:[0-9]+)/", said)
    assert address, said
    assert f"opening {address[1]}/" in said
    assert call(f"{address[1]}/_sandbox/messages")[1]["messages"][0]["text"] == "Hello"
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 0
    os.close(ours)


def test_in_a_pipe_or_when_asked_the_inbox_is_listed(project: "MakeProject") -> None:
    folder: Folder = project({"campaigns/hello.yaml": CAMPAIGN}, after=(("apply", "--auto-approve"),))
    assert folder.call("sandbox", "inbox").last == "Inbox: 1 of 1 messages, newest first."
    assert folder.call("sandbox", "inbox", "--list", typed="").last == "Inbox: 1 of 1 messages, newest first."
    assert folder.call("sandbox", "inbox", "--json", typed="").json["total"] == 1


def test_the_embedded_sandbox_and_the_served_one_are_one(project: "MakeProject") -> None:
    folder: Folder = project({"campaigns/hello.yaml": CAMPAIGN})
    with serving(folder) as address:
        call(f"{address}/_sandbox/settings", {"rules_off": ["text"]})
        before = call(f"{address}/_sandbox/version")[1]["version"]
        assert folder.run("apply", "--auto-approve").code == 0
        assert call(f"{address}/_sandbox/version")[1]["version"] != before
        assert call(f"{address}/_sandbox/messages")[1]["total"] == 1
