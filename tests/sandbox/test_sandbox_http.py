import asyncio
import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import octoplan.sandbox
from octoplan.sandbox.border import Border
from octoplan.sandbox.errors import SandboxError
from octoplan.sandbox.exchange import LARGEST_BODY
from octoplan.sandbox.serve import serve

Make = Callable[..., dict[str, Any]]

WEB = Path(octoplan.sandbox.__file__).parent / "web"
SEND = "/v1/public/multi-channel/send"
HEADERS = {"api-key": "k", "api-login": "l", "content-type": "application/json"}
SERVER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from octoplan.sandbox.app import LOOPBACK_NAMES, build_app
from octoplan.sandbox.core import Sandbox
from octoplan.sandbox.serve import serve
from octoplan.sandbox.storage import Storage

hosts = None if sys.argv[2] == "any" else LOOPBACK_NAMES
with Storage.at(Path(sys.argv[1])) as storage:
    app = build_app(Sandbox(storage, lambda: datetime.now(UTC)), hosts=hosts)
    serve(app, "127.0.0.1", 0, ready=lambda url: print(url, flush=True))
print("closed", flush=True)
"""


@contextlib.contextmanager
def serving(path: Path, hosts: str = "loopback") -> Iterator[tuple[subprocess.Popen[str], int]]:
    command = [sys.executable, "-W", "error", "-c", SERVER, str(path), hosts]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            assert url.startswith("http://127.0.0.1:"), process.stderr and process.stderr.read()
            yield process, int(url.rpartition(":")[2])
        finally:
            if process.poll() is None:
                process.kill()


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with serving(tmp_path_factory.mktemp("sandbox") / "inbox.db") as (_, port):
        yield port


@pytest.fixture(autouse=True)
def _emptied(port: int) -> None:
    assert call(port, "POST", "/_sandbox/reset")[0] == 204


def call(
    port: int, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def post(port: int, content: object) -> tuple[int, Any]:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    status, _, answer = call(port, "POST", SEND, body, HEADERS)
    return status, json.loads(answer)


def fetch(port: int, path: str) -> Any:
    status, headers, body = call(port, "GET", path)
    assert (status, headers["content-type"]) == (200, "application/json")
    return json.loads(body)


def test_a_request_over_http_is_answered_and_listed(port: int, sms: Make) -> None:
    status, answer = post(port, sms(list_name="spring", sendat="soon"))
    assert status == 201
    found = fetch(port, f"/_sandbox/messages?ticket={answer['sms_ticket']}")
    assert found["total"] == 2
    assert [one["address"] for one in found["messages"]] == ["+33600000123", "+33600000124"]
    (entry,) = fetch(port, "/_sandbox/requests?list_name=spring")["requests"]
    assert json.loads(entry["body"])["sendat"] == "soon"
    assert [note["field"] for note in entry["forgiven"]] == ["sendat"]


def test_lists_are_filtered_and_paged(port: int, sms: Make) -> None:
    post(port, sms(recipients=[{"phone_number": f"+336000001{n:02d}"} for n in range(30)]))
    found = fetch(port, "/_sandbox/messages?limit=3&offset=5&channel=sms")
    assert (found["total"], len(found["messages"])) == (30, 3)
    assert fetch(port, "/_sandbox/messages?address=%2B33600000111")["total"] == 1
    assert fetch(port, "/_sandbox/messages?list_name=other")["messages"] == []


@pytest.mark.parametrize("query", ["limit=x", "limit=-1", "offset=1e3", "limit=99999999999999999999", "limit=%D9%A3"])
def test_a_query_that_makes_no_sense_is_400(port: int, query: str) -> None:
    assert call(port, "GET", f"/_sandbox/messages?{query}")[0] == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", SEND),
        ("POST", "/v1/public/unknown"),
        ("GET", "/elsewhere"),
        ("PATCH", "/v1/public/unknown"),
        ("PROPFIND", "/v1/public/unknown"),
        ("POST", "/v1/public/../public/multi-channel/send"),
        ("GET", "/_sandbox/unknown"),
    ],
)
def test_other_paths_are_404_or_405_in_json(port: int, method: str, path: str) -> None:
    status, headers, body = call(port, method, path, b"{}", HEADERS)
    assert (status, headers["content-type"]) in {(404, "application/json"), (405, "application/json")}
    assert json.loads(body)["code"] == status


def test_missing_credentials_are_401(port: int, sms: Make) -> None:
    assert call(port, "POST", SEND, json.dumps(sms()).encode())[0] == 401


@pytest.mark.parametrize("body", [b"\xff\xfe", b"[" * 100_000, b"", b"\x00", b'{"a":' * 100_000])
def test_hostile_bodies_get_answers(port: int, body: bytes) -> None:
    assert post(port, body)[0] == 400


def test_a_giant_body_is_413_without_being_kept(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as raw:
        raw.sendall(f"POST {SEND} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {LARGEST_BODY * 2}\r\n\r\n".encode())
        with contextlib.suppress(OSError):  # it may hang up while we still talk
            raw.sendall(b" " * (LARGEST_BODY + 100_000))
        assert raw.recv(12) == b"HTTP/1.1 413"
    assert fetch(port, "/_sandbox/requests")["requests"] == []


def test_a_chunked_body_is_read(port: int, sms: Make) -> None:
    pieces = (json.dumps(sms())[start : start + 7].encode() for start in range(0, 2000, 7))
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("POST", SEND, (piece for piece in pieces if piece), HEADERS, encode_chunked=True)
    assert connection.getresponse().status == 201
    connection.close()


def test_a_client_that_leaves_half_way_has_sent_nothing(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as raw:
        raw.sendall(f"POST {SEND} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{{".encode())
    assert fetch(port, "/_sandbox/requests")["requests"] == []


@pytest.mark.parametrize("host", ["evil.example.com", "localhost.evil.example.com", "", "127.0.0.1@evil.example.com"])
@pytest.mark.parametrize("path", ["/", "/_sandbox/messages", SEND])
def test_another_host_name_is_turned_away(port: int, host: str, path: str) -> None:
    assert call(port, "GET", path, headers={"Host": host})[0] == 421


@pytest.mark.parametrize("host", ["localhost", "localhost:8025", "LOCALHOST", "127.0.0.1:80", "[::1]:80", "[::1]"])
def test_this_machines_own_names_are_welcome(port: int, host: str) -> None:
    assert call(port, "GET", "/", headers={"Host": host})[0] == 200


def test_a_foreign_page_cannot_reset(port: int, sms: Make) -> None:
    post(port, sms())
    assert call(port, "POST", "/_sandbox/reset", headers={"Origin": "https://evil.example.com"})[0] == 403
    assert call(port, "POST", "/_sandbox/reset", headers={"Origin": "null"})[0] == 403
    assert fetch(port, "/_sandbox/messages")["total"] == 2
    own = f"127.0.0.1:{port}"
    assert call(port, "POST", "/_sandbox/reset", headers={"Origin": f"http://{own}", "Host": own})[0] == 204
    assert fetch(port, "/_sandbox/messages")["total"] == 0


@pytest.mark.parametrize(
    "path", ["/_sandbox/clock", "/_sandbox/credit", "/_sandbox/settings", "/_sandbox/blacklist", SEND]
)
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example.com"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:1"},
    ],
)
def test_a_foreign_page_changes_nothing(port: int, path: str, headers: dict[str, str], sms: Make) -> None:
    before = fetch(port, "/_sandbox/version")["version"]
    body = json.dumps(sms()).encode()
    assert call(port, "POST", path, body, HEADERS | headers)[0] == 403
    assert fetch(port, "/_sandbox/version")["version"] == before


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
@pytest.mark.parametrize("path", ["clock", "credit", "settings", "blacklist", "reset"])
def test_a_form_changes_nothing(port: int, path: str, kind: str) -> None:
    before = fetch(port, "/_sandbox/version")["version"]
    status, _, _ = call(port, "POST", f"/_sandbox/{path}", b'{"amount": 1}', {"Content-Type": kind})
    assert status == 415
    assert fetch(port, "/_sandbox/version")["version"] == before


def test_a_link_from_elsewhere_may_open_the_inbox(port: int) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert call(port, "GET", "/", headers=headers)[0] == 200
    assert call(port, "GET", "/v1/public/wallet/check-balance", headers=headers)[0] == 403


@pytest.mark.parametrize("path", ["/", "/web/inbox.css", "/_sandbox/messages", "/_sandbox/none"])
def test_nothing_is_framed_sniffed_kept_or_taken_from_elsewhere(port: int, path: str) -> None:
    _, headers, _ = call(port, "GET", path)
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


def test_the_inbox_names_no_outside_asset(port: int) -> None:
    files = ["/", *(f"/web/{path.name}" for path in WEB.iterdir() if path.name != "index.html")]
    for name in files:
        status, _, body = call(port, "GET", name)
        assert status == 200
        found = re.findall(rb"""(?:src|href)=["']?(?:https?:)?//[^"' ]+|@import|url\([^)]*//[^)]*\)""", body)
        assert found == [], name
        assert b"innerHTML" not in body


def test_a_body_of_an_email_may_do_nothing_in_its_frame(port: int, contract: dict[str, dict[str, Any]]) -> None:
    contract["email"]["metadata"]["body_format"] = "html"
    post(port, contract["email"] | {"text": "<b>Hello</b><script>alert(1)</script>"})
    number = fetch(port, "/_sandbox/messages")["messages"][0]["id"]
    status, headers, body = call(port, "GET", f"/_sandbox/messages/{number}/body")
    assert (status, body) == (200, b"<b>Hello</b><script>alert(1)</script>")
    policy = headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "frame-ancestors 'self'" in policy
    assert "script" not in policy


def test_no_name_in_an_email_is_looked_up(port: int, contract: dict[str, dict[str, Any]]) -> None:
    post(port, contract["email"])
    for path in ("/", "/_sandbox/messages", "/_sandbox/messages/1/body"):
        assert call(port, "GET", path)[1]["x-dns-prefetch-control"] == "off", path


def test_a_plain_body_of_an_email_is_escaped(port: int, contract: dict[str, dict[str, Any]]) -> None:
    post(port, contract["email"] | {"text": "1 < 2 <script>\x00"})
    number = fetch(port, "/_sandbox/messages")["messages"][0]["id"]
    _, _, body = call(port, "GET", f"/_sandbox/messages/{number}/body")
    assert "1 &lt; 2 &lt;script&gt;\ufffd" in body.decode()
    assert b"<script" not in body


def test_two_hundred_connections_at_once_get_answers(port: int, sms: Make) -> None:
    body = json.dumps(sms()).encode()
    connections = [http.client.HTTPConnection("127.0.0.1", port, timeout=30) for _ in range(200)]
    for connection in connections:
        connection.request("POST", SEND, body, HEADERS)
    assert {connection.getresponse().status for connection in connections} == {201}
    for connection in connections:
        connection.close()
    assert fetch(port, "/_sandbox/messages?limit=1")["total"] == 400


def test_bound_to_the_outside_any_host_name_will_do(tmp_path: Path) -> None:
    with serving(tmp_path / "inbox.db", hosts="any") as (_, port):
        assert call(port, "GET", "/", headers={"Host": "sandbox.example.com"})[0] == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_tidily_and_what_was_taken_stays(tmp_path: Path, number: int, sms: Make) -> None:
    with serving(tmp_path / "inbox.db") as (process, port):
        assert post(port, sms())[0] == 201
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
        assert (process.returncode, out, err) == (0, "closed\n", "")
    with serving(tmp_path / "inbox.db") as (_, port):
        assert fetch(port, "/_sandbox/messages")["total"] == 2


@pytest.mark.parametrize("path", [SEND, "/_sandbox/settings", "/_sandbox/reset"])
def test_a_request_that_never_ends_does_not_hold_up_the_end(tmp_path: Path, path: str, sms: Make) -> None:
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\nContent-Type: application/json\r\n\r\n{{"
    with serving(tmp_path / "inbox.db") as (process, port):
        assert post(port, sms())[0] == 201
        with socket.create_connection(("127.0.0.1", port), timeout=20) as raw:
            raw.sendall(head.encode())
            assert fetch(port, "/_sandbox/requests")["total"] == 1  # the other is being read
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=20)
        assert time.monotonic() - began < 3
        assert (process.returncode, out, err) == (0, "closed\n", "")
    with serving(tmp_path / "inbox.db") as (_, port):
        assert fetch(port, "/_sandbox/messages")["total"] == 2


def test_whoever_is_still_waited_for_at_the_end_is_told_so(caplog: pytest.LogCaptureFixture) -> None:
    async def app(*_: object) -> None:
        await asyncio.sleep(20)

    async def end_while_it_waits() -> list[Any]:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        async def receive() -> Any:
            return {"type": "http.disconnect"}

        scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
        asked = asyncio.create_task(Border(app, None)(scope, receive, send))
        await asyncio.sleep(0)
        asked.cancel()
        await asked
        return sent

    start, body = asyncio.run(end_while_it_waits())
    assert (start["status"], json.loads(body["body"])) == (503, {"error": "the sandbox ends"})
    assert not caplog.records


def test_a_killed_server_has_kept_every_message_that_it_accepted(tmp_path: Path, sms: Make) -> None:
    with serving(tmp_path / "inbox.db") as (process, port):
        for _ in range(5):
            assert post(port, sms())[0] == 201
        os.kill(process.pid, signal.SIGKILL)
        process.wait(timeout=20)
    with serving(tmp_path / "inbox.db") as (_, port):
        assert fetch(port, "/_sandbox/messages")["total"] == 10


def test_a_port_that_is_taken_is_said_plainly(port: int) -> None:
    async def app(*_: object) -> None:
        """Never called."""

    with pytest.raises(SandboxError, match=f"port {port}"):
        serve(app, "127.0.0.1", port, ready=lambda _: None)


def test_the_door_in_process_loads_no_web_library() -> None:
    code = "import sys, octoplan.sandbox.core; print([m for m in ('starlette', 'uvicorn', 'h11') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
