"""From the sandbox over real HTTP to `ingest serve`, into the state, and out of the next plan: as forms and as JSON."""

import json
import signal
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.conftest import PATIENCE, Folder, MakeProject
from tests.ingest.conftest import FILES, PEOPLE, Serve

LOCAL = """\
octoplan: 1
environments:
  local: {{gateway: {{url: "{url}/v1/public"}}, require_plan: false, frame_size: 3, max_in_flight: 1, windows: show}}
"""
MAIL = """\
channel: email
purpose: wholesale
open: true
recipients: [{email: Ann@example.com}, {email: bob@example.com}]
text: <p>Hello</p>
metadata: {email_from: shop@example.com, subject: News, body_format: html}
"""


@contextmanager
def sandbox(home: Folder, callback: str, form: str) -> Iterator[str]:
    """Serve a sandbox that posts its callbacks there, so written; its address."""
    process = home.start("sandbox", "serve", "--port", "0", "--callback-url", callback, "--callback-format", form)
    assert process.stderr is not None
    try:
        said = process.stderr.readline().decode()
        assert said.startswith("Serving http://127.0.0.1:"), said
        yield said.split()[1].removesuffix("/v1/public,")
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)


def ask(url: str, body: dict[str, Any] | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json"})  # noqa: S310 - loopback
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310 - loopback
        return json.load(answer)


def until(is_so: Callable[[], bool]) -> None:
    """Wait for what another process does."""
    limit = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < limit, "it never comes to that"
        time.sleep(0.05)


@pytest.mark.parametrize("form", ["json", "form"])
def test_a_stop_goes_all_the_way_from_the_gateway_to_the_next_plan(
    project: MakeProject, serve: Serve, form: str
) -> None:
    home = project({"octoplan.yaml": "octoplan: 1\n"}, "served")
    folder = project({**FILES, "campaigns/mail.yaml": MAIL, "octoplan.yaml": LOCAL.format(url="http://127.0.0.1:1")})
    assert folder.run("state", "init", "--env", "local").code == 0
    served = serve(folder, "--env", "local")

    def status(campaign: str) -> Any:
        found = json.loads(folder.run("status", "--env", "local", "--json").out)["campaigns"]
        return next(one for one in found if one["campaign"] == campaign)

    with sandbox(home, served.url, form) as url:
        folder.write({"octoplan.yaml": LOCAL.format(url=url)})
        assert folder.run("apply", "--auto-approve", "--env", "local").code == 0
        until(lambda: (status("sale")["delivered"], status("mail")["delivered"]) == (6, 2))
        messages = {one["address"]: one["id"] for one in ask(f"{url}/_sandbox/messages")["messages"]}
        ask(f"{url}/_sandbox/messages/{messages[PEOPLE[4]]}/stop", {"text": "STOP"})
        ask(f"{url}/_sandbox/messages/{messages[PEOPLE[5]]}/reply", {"text": "Who are you?"})
        until(lambda: (status("sale")["opted_out"], status("sale")["replies"]) == (1, 1))
        again = FILES["campaigns/sale.yaml"].replace("Hello", "Bye") + "edition: 2\n"
        folder.write({"campaigns/sale.yaml": again})
        done = folder.run("apply", "--auto-approve", "--env", "local")
        assert (done.code, done.last) == (0, "Applied: 5 sent, 0 refused, 0 open, 0 unknown.")
        sent = [one["address"] for one in ask(f"{url}/_sandbox/messages")["messages"]]
        assert {address: sent.count(address) for address in PEOPLE} == {**dict.fromkeys(PEOPLE, 2), PEOPLE[4]: 1}


def test_a_stop_that_comes_over_http_while_an_apply_is_at_work_is_obeyed(project: MakeProject, serve: Serve) -> None:
    slower = FILES["octoplan.yaml"].replace("frame_size: 3", "frame_size: 1, requests_per_second: 2")
    folder = project({**FILES, "octoplan.yaml": slower, "campaigns/sale.yaml": FILES["campaigns/sale.yaml"]})
    assert folder.run("ingest", typed="[]").code == 0
    served = serve(folder)
    applying = folder.start("apply", "--auto-approve")
    until(lambda: len(folder.messages()) >= 1)
    reached = folder.addresses()
    left = [one for one in PEOPLE if one not in reached][-1]
    planned = [one for one in (PEOPLE[0], left) if one not in reached]
    for address in planned:
        assert served.post({"number": address, "stop_date": "now"}) == (200, b"")
    out, err = applying.communicate(timeout=PATIENCE)
    assert applying.returncode == 0, err.decode()
    missed = {*PEOPLE} - {*folder.addresses()}
    assert missed <= {*planned}
    assert len(missed) >= len(planned) - 1, "one of them may have been in flight"
    assert f"{len(missed)} opted out." in out.decode().splitlines()[-1]
    assert folder.run("plan").last.endswith(f"{len(planned)} opted out.")
