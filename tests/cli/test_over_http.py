"""The same apply, to the sandbox in process and to `octoplan sandbox serve` in another process."""

from __future__ import annotations

import json
import signal
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Folder, MakeProject

HEAD = "purpose: wholesale\nopen: true\naudience: {from: audiences/people.csv, region: FR}\n"
ROWS = "".join(f"06 00 00 04 {one:02},{'Zoë' if one % 2 else 'Bob'},someone{one}@example.org\n" for one in range(60))
FILES = {
    "campaigns/audiences/people.csv": f"phone_number,first_name,email\n{ROWS}",
    "campaigns/one.yaml": f"channel: sms\n{HEAD}text: Hello {{{{ first_name }}}} €, STOP au 30101\n",
    "campaigns/two.yaml": f"channel: voice_sms\n{HEAD}text: Bonjour à tous\n"
    "metadata: {voice_gender: female, voice_language: fr-FR}\n",
    "campaigns/three.yaml": f"channel: rcs\n{HEAD}text: Hello 🍂\n"
    "metadata: {actions: [{type: reply, text: Yes}]}\n",
    "campaigns/four.yaml": f"channel: email\n{HEAD}text: <b>{{{{ first_name }}}}</b>\nlist_name: autumn\n"
    "metadata: {email_from: shop@example.com, subject: News, body_format: html}\n",
}


@pytest.fixture
def served(project: MakeProject) -> Iterator[str]:
    """Serve a sandbox in another process; its address."""
    home = project({"octoplan.yaml": "octoplan: 1\n"}, "served")
    process = home.start("sandbox", "serve", "--port", "0")
    assert process.stderr is not None
    try:
        said = process.stderr.readline().decode()
        assert said.startswith("Serving http://127.0.0.1:"), said
        yield said.split()[1].removesuffix("/v1/public,")
    finally:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode in (0, 130), out, err) == (True, b"", b"")


def ask(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 - loopback, written by the fixture
        found: dict[str, Any] = json.load(answer)
        return found


def local(folder: Folder, url: str) -> Folder:
    gateway = f'{{gateway: {{url: "{url}/v1/public"}}, require_plan: false, simulate_to: audience, windows: show}}'
    return folder.write({"octoplan.yaml": f"octoplan: 1\nenvironments:\n  local: {gateway}\n"})


def test_the_same_apply_over_http_gives_the_same_messages(project: MakeProject, served: str) -> None:
    near, far = project(FILES, "near"), local(project(FILES, "far"), served)
    assert near.call("apply", "--auto-approve").code == 0
    assert far.run("state", "init", "--env", "local").code == 0
    planned = far.run("plan", "--env", "local", "--simulate", "all", "--detailed-exitcode")
    assert (planned.code, planned.err) == (2, "")
    assert ask(f"{served}/_sandbox/messages")["total"] == 0
    applied = far.run("apply", "--auto-approve", "--env", "local")
    assert applied.code == 0
    assert applied.last == near.call("status").last.replace("Status", "Applied")
    kept = ("channel", "address", "text", "sender", "purpose", "list_name", "send_at", "parts")
    found = ask(f"{served}/_sandbox/messages?limit=1000")["messages"]
    over_http = sorted([*(message[name] for name in kept), own(message["options"])] for message in found)
    in_process = sorted(
        [*(getattr(message, name) for name in kept), own(message.options)] for message in near.messages()
    )
    assert len(over_http) == 240
    assert over_http == in_process
    assert {tuple(one["forgiven"]) for one in ask(f"{served}/_sandbox/requests?limit=1000")["requests"]} == {()}
    assert far.run("plan", "--env", "local", "--detailed-exitcode").code == 0


def own(options: Any) -> str:
    """Options without the request id, which differs from state to state."""
    return json.dumps({name: value for name, value in options.items() if name != "request_id"}, sort_keys=True)
