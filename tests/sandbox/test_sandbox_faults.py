import contextlib
import http.client
import json
import logging
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from octoplan.sandbox.app import build_app
from octoplan.sandbox.core import Sandbox
from octoplan.sandbox.errors import StorageError
from octoplan.sandbox.faults import KINDS, LONGEST_QUEUE, Faults, FaultsError, read_order
from octoplan.sandbox.records import Query
from octoplan.sandbox.serve import serve_beside
from octoplan.sandbox.storage import Storage
from octoplan.sandbox.wire import FaultyWire

Make = Callable[..., dict[str, Any]]

SEND = "/v1/public/multi-channel/send"
OLDER = "/v1/public/sms-campaign/send"
HEADERS = {"api-key": "k", "api-login": "l", "content-type": "application/json"}
NOW = datetime(2026, 11, 3, 10, 0, tzinfo=UTC)
PEOPLE = 2
PATIENCE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A sandbox behind real sockets, and what is to go wrong with it."""

    port: int
    faults: Faults
    sandbox: Sandbox

    def order(self, *faults: dict[str, Any], **more: Any) -> None:
        self.faults.place(read_order({"faults": list(faults), **more}))

    def taken(self) -> int:
        return len(self.sandbox.messages(Query()))

    def call(self, content: object = None, *, path: str = SEND, method: str = "POST") -> tuple[int, Any, bytes]:
        """Call it once: status, headers, body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, json.dumps(content).encode() if content else None, HEADERS)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def raw(self, content: object, *, close: bool = False, method: str = "POST") -> socket.socket:
        """Write one request to a connection of its own."""
        body = json.dumps(content).encode()
        lines = [
            f"{method} {SEND} HTTP/1.1",
            "host: 127.0.0.1",
            *(f"{name}: {value}" for name, value in HEADERS.items()),
        ]
        lines += [f"content-length: {len(body)}", *(["connection: close"] if close else []), "", ""]
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        connection.sendall("\r\n".join(lines).encode() + body)
        return connection


@contextlib.contextmanager
def serving() -> Iterator[Served]:
    """Serve as the sandbox itself does."""
    with Storage.in_memory() as storage:
        faults, sandbox = Faults(), Sandbox(storage, lambda: NOW)
        with serve_beside(build_app(sandbox, faults=faults)) as url:
            yield Served(port=int(url.rpartition(":")[2]), faults=faults, sandbox=sandbox)


@contextlib.contextmanager
def serving_otherwise() -> Iterator[Served]:
    """Serve with a protocol that lends no connection."""
    with Storage.in_memory() as storage, socket.create_server(("127.0.0.1", 0)) as listening:
        faults, sandbox = Faults(), Sandbox(storage, lambda: NOW)
        app = build_app(sandbox, faults=faults)
        config = uvicorn.Config(app, http=H11Protocol, log_config=None, log_level="error", lifespan="off", ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield Served(port=listening.getsockname()[1], faults=faults, sandbox=sandbox)
        finally:
            server.should_exit = True
            thread.join(PATIENCE)
        assert not thread.is_alive()


@pytest.fixture
def served(caplog: pytest.LogCaptureFixture) -> Iterator[Served]:
    """Serve a sandbox; whatever goes wrong on the wire, the server itself has nothing to complain of."""
    with caplog.at_level(logging.WARNING), serving() as served:
        yield served
    assert not caplog.records


def read_all(connection: socket.socket) -> bytes:
    """Read until the other side closes or resets."""
    found = bytearray()
    with contextlib.suppress(ConnectionResetError):
        while piece := connection.recv(65536):
            found += piece
    return bytes(found)


def read_until_reset(connection: socket.socket) -> bytes:
    """Read until the other side resets; it may not close."""
    found = bytearray()
    while True:
        try:
            piece = connection.recv(65536)
        except ConnectionResetError:
            return bytes(found)
        assert piece, "closed, not reset"
        found += piece


# What each kind does, and whether the message was taken.


def test_without_a_fault_a_request_is_answered_as_ever(served: Served, sms: Make) -> None:
    status, _, body = served.call(sms())
    assert (status, json.loads(body)["number_of_contacts"], served.taken()) == (201, PEOPLE, PEOPLE)


def test_latency_takes_the_message_at_once_and_answers_later(served: Served, sms: Make) -> None:
    served.order({"kind": "latency", "seconds": 0.5})
    started = time.monotonic()
    with served.raw(sms()) as connection:
        time.sleep(0.2)
        assert served.taken() == PEOPLE
        assert b"201 Created" in connection.recv(65536)
    assert 0.5 <= time.monotonic() - started < 5


def test_a_client_that_times_out_on_latency_was_taken(served: Served, sms: Make) -> None:
    served.order({"kind": "latency", "seconds": 600})
    with served.raw(sms()) as connection:
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.recv(1)
    assert served.taken() == PEOPLE
    assert served.call(sms())[0] == 201


def test_a_status_is_answered_with_its_body_and_headers_and_nothing_is_taken(served: Served, sms: Make) -> None:
    body = {"code": 500, "message": "Try again."}
    served.order({"kind": "status", "status": 503, "body": body, "headers": {"X-Node": "b"}, "times": 2})
    for _ in range(2):
        status, headers, answer = served.call(sms())
        assert (status, json.loads(answer), headers["x-node"]) == (503, body, "b")
        assert headers["content-type"] == "application/json"
    assert served.taken() == 0
    assert served.call(sms())[0] == 201


@pytest.mark.parametrize("status", [200, 204, 302, 304, 404, 418, 429, 500, 599])
def test_any_status_can_be_answered_and_the_connection_goes_on(served: Served, sms: Make, status: int) -> None:
    served.order({"kind": "status", "status": status})
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=PATIENCE)
    for expected in (status, 201):
        connection.request("POST", SEND, json.dumps(sms()), HEADERS)
        answer = connection.getresponse()
        assert (answer.status, bool(answer.read())) == (expected, expected not in (204, 304))
    connection.close()
    assert served.taken() == PEOPLE


def test_a_status_may_lie_about_a_message_that_was_taken(served: Served, sms: Make) -> None:
    served.order({"kind": "status", "status": 500, "accept": True})
    assert served.call(sms())[0] == 500
    assert served.taken() == PEOPLE


def test_a_body_may_be_text_of_any_type(served: Served, sms: Make) -> None:
    served.order({"kind": "status", "status": 502, "body": "<h1>é</h1>", "headers": {"Content-Type": "text/html"}})
    status, headers, body = served.call(sms())
    assert (status, headers.get_all("content-type"), body.decode()) == (502, ["text/html"], "<h1>é</h1>")


def test_retry_after_is_a_429_that_says_when_and_takes_nothing(served: Served, sms: Make) -> None:
    served.order({"kind": "retry_after", "seconds": 3})
    status, headers, body = served.call(sms())
    assert (status, headers["retry-after"], json.loads(body)["code"]) == (429, "3", 429)
    assert served.taken() == 0


@pytest.mark.parametrize(("kind", "taken"), [("reset_before", 0), ("reset_after", PEOPLE)])
def test_a_reset_is_a_real_one_without_a_byte(served: Served, sms: Make, kind: str, taken: int) -> None:
    served.order({"kind": kind})
    with served.raw(sms()) as connection, pytest.raises(ConnectionResetError):
        connection.recv(1)
    assert served.taken() == taken
    assert served.call(sms())[0] == 201


def test_a_reset_before_comes_even_while_the_body_is_on_its_way(served: Served) -> None:
    served.order({"kind": "reset_before"})
    connection = socket.create_connection(("127.0.0.1", served.port), timeout=PATIENCE)
    head = f"POST {SEND} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 1000000\r\nexpect: 100-continue\r\n\r\n"
    connection.sendall(head.encode() + b"{")
    with connection, pytest.raises(ConnectionResetError):
        connection.recv(1)
    assert served.sandbox.requests(Query()) == ()


def test_a_truncated_answer_announces_all_and_gives_half(served: Served, sms: Make) -> None:
    served.order({"kind": "truncated"})
    with served.raw(sms()) as connection:
        head, _, body = read_until_reset(connection).partition(b"\r\n\r\n")
    announced = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    assert b"201 Created" in head
    assert len(body) == announced // 2
    assert served.taken() == PEOPLE


def test_a_client_is_told_that_a_truncated_answer_is_incomplete(served: Served, sms: Make) -> None:
    served.order({"kind": "truncated"})
    with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
        served.call(sms())


def test_invalid_json_is_a_2xx_that_nobody_can_read(served: Served, sms: Make) -> None:
    served.order({"kind": "invalid_json"}, {"kind": "invalid_json", "body": '{"sms_ticket": '})
    for _ in range(2):
        status, headers, body = served.call(sms())
        assert (status, headers["content-type"]) == (201, "application/json")
        with pytest.raises(json.JSONDecodeError):
            json.loads(body)
    assert served.taken() == 2 * PEOPLE


def test_a_slow_answer_drips_over_its_seconds_and_is_whole(served: Served, sms: Make) -> None:
    served.order({"kind": "slow", "seconds": 0.6})
    started, pieces = time.monotonic(), []
    with served.raw(sms(), close=True) as connection:
        while piece := connection.recv(65536):
            pieces.append(piece)
    assert 0.5 <= time.monotonic() - started < 5
    assert len(pieces) > 20
    assert json.loads(b"".join(pieces).partition(b"\r\n\r\n")[2])["number_of_contacts"] == PEOPLE
    assert served.taken() == PEOPLE


@pytest.mark.parametrize("close", [False, True])
def test_a_duplicate_is_one_message_and_the_same_answer_twice(served: Served, sms: Make, *, close: bool) -> None:
    served.order({"kind": "duplicate"})
    with served.raw(sms(), close=close) as connection:
        connection.settimeout(1)
        found = bytearray()
        with contextlib.suppress(TimeoutError):
            while piece := connection.recv(65536):
                found += piece
    _, first, second = bytes(found).split(b"HTTP/1.1 ")
    assert first == second.replace(b"Connection: close\r\n", b"")
    assert json.loads(first.partition(b"\r\n\r\n")[2])["number_of_contacts"] == PEOPLE
    assert served.taken() == PEOPLE


def test_after_a_duplicate_the_connection_still_answers(served: Served, sms: Make) -> None:
    served.order({"kind": "duplicate"})
    with served.raw(sms()) as connection:
        body = json.dumps(sms()).encode()
        head = f"POST {SEND} HTTP/1.1\r\nhost: 127.0.0.1\r\napi-key: k\r\napi-login: l\r\nconnection: close\r\n"
        connection.sendall(head.encode() + b"content-length: %d\r\n\r\n" % len(body) + body)
        assert read_all(connection).count(b"201 Created") == 3
    assert served.taken() == 2 * PEOPLE


def test_of_a_request_without_a_body_no_body_is_written_twice(served: Served) -> None:
    served.order({"kind": "duplicate"})
    with served.raw({}, method="HEAD", close=True) as connection:
        found = read_all(connection)
    assert found.count(b"HTTP/1.1 404 Not Found") == 2
    assert b"{" not in found


@pytest.mark.parametrize("kind", ["latency", "invalid_json", "slow", "truncated", "duplicate", "reset_after"])
def test_what_would_be_refused_is_refused_under_a_fault_too(served: Served, kind: str) -> None:
    served.order({"kind": kind} | ({"seconds": 0} if kind in ("latency", "slow") else {}))
    with served.raw({"channel": "sms"}, close=True) as connection:
        found = read_all(connection)
    assert b" 201 " not in found
    assert served.taken() == 0


def test_faults_leave_everything_outside_the_api_alone(served: Served, sms: Make) -> None:
    served.order({"kind": "reset_before"})
    assert served.call(method="GET", path="/_sandbox/messages")[0] == 200
    assert served.call(method="GET", path="/")[0] == 200
    assert served.call(method="GET", path="/v1/publicity")[0] == 404
    with served.raw(sms()) as connection, pytest.raises(ConnectionResetError):
        connection.recv(1)


@pytest.mark.parametrize("kind", ["latency", "slow"])
def test_no_fault_holds_up_the_end_of_the_server(sms: Make, kind: str) -> None:
    with serving() as served:
        served.order({"kind": kind, "seconds": 600})
        connection = served.raw(sms(), close=True)
        while served.taken() < PEOPLE:
            time.sleep(0.01)
        started = time.monotonic()
    assert time.monotonic() - started < 3
    with connection:
        assert b"sms_ticket" in read_all(connection)  # it is answered, since it was taken


def test_a_client_that_resets_first_harms_nobody(served: Served, sms: Make) -> None:
    for kind in KINDS:
        served.order({"kind": kind} | ({"status": 500} if kind == "status" else {}))
        connection = served.raw(sms())
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
    until = time.monotonic() + PATIENCE
    while served.faults.show()["queue"]:
        assert time.monotonic() < until
        time.sleep(0.01)
    assert served.call(sms())[0] == 201


@pytest.mark.parametrize("kind", KINDS)
def test_a_client_that_leaves_in_the_middle_of_its_request_was_not_taken(served: Served, kind: str) -> None:
    served.order({"kind": kind} | ({"status": 500} if kind == "status" else {}))
    with socket.create_connection(("127.0.0.1", served.port), timeout=PATIENCE) as connection:
        connection.sendall(f"POST {SEND} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 1000\r\n\r\n{{".encode())
    until = time.monotonic() + PATIENCE
    while not served.faults.show()["used"]:
        assert time.monotonic() < until
        time.sleep(0.01)
    assert served.call({})[0] != 201
    assert served.taken() == 0


def test_two_hundred_connections_at_once_each_get_their_own_fault(served: Served, sms: Make) -> None:
    served.order({"kind": "reset_after", "times": 100}, {"kind": "status", "status": 503, "times": 100})
    connections = [served.raw(sms(), close=True) for _ in range(200)]
    found = [read_all(connection) for connection in connections]
    for connection in connections:
        connection.close()
    assert sorted(one[:12] for one in found) == [b""] * 100 + [b"HTTP/1.1 503"] * 100
    assert served.taken() == 100 * PEOPLE


@pytest.mark.parametrize(("kind", "taken"), [("reset_before", 0), ("reset_after", PEOPLE), ("truncated", PEOPLE)])
def test_under_another_protocol_a_reset_is_an_answer_that_breaks_off(sms: Make, kind: str, taken: int) -> None:
    with serving_otherwise() as served:
        served.order({"kind": kind})
        with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):  # the system's choice, not ours
            served.call(sms())
        assert served.taken() == taken


def test_under_another_protocol_a_duplicate_is_one_answer(sms: Make) -> None:
    with serving_otherwise() as served:
        served.order({"kind": "duplicate"})
        with served.raw(sms(), close=True) as connection:
            assert read_all(connection).count(b"HTTP/1.1 201") == 1


def ask(served: Served, method: str, content: object = None) -> tuple[int, Any]:
    status, _, body = served.call(content, method=method, path="/_sandbox/faults")
    return status, json.loads(body)


def test_faults_are_ordered_shown_and_taken_away_over_http(served: Served, sms: Make) -> None:
    assert ask(served, "POST", {"faults": [{"kind": "status", "status": 503, "times": 3}]})[0] == 200
    assert served.call(sms())[0] == 503
    _, shown = ask(served, "GET")
    assert [fault["times"] for fault in shown["queue"]] == [2]
    assert [(one["path"], one["kind"]) for one in shown["used"]] == [(SEND, "status")]
    assert ask(served, "DELETE")[1]["queue"] == []
    assert served.call(sms())[0] == 201


def test_an_order_over_http_that_makes_no_sense_is_a_400_that_says_why(served: Served, sms: Make) -> None:
    status, said = ask(served, "POST", {"faults": [{"kind": "reset_after"}, {"kind": "boom"}]})
    assert (status, said["error"]) == (400, "faults[1].kind: no such kind of fault")
    assert "reset_after" in said["hint"]
    assert served.call(sms())[0] == 201


def test_over_http_chance_decides_as_its_seed_says(served: Served, sms: Make) -> None:
    listed = [{"kind": "status", "status": 503}, {"kind": "retry_after"}]
    found = []
    for _ in range(2):
        ask(served, "POST", {"probability": 0.5, "seed": 42, "faults": listed})
        found.append([served.call(sms())[0] for _ in range(20)])
    assert found[0] == found[1]
    assert set(found[0]) == {201, 429, 503}


def test_a_clock_that_cannot_be_read_is_left_to_the_sandbox_to_tell(sms: Make) -> None:
    def broken() -> datetime:
        raise StorageError("the sandbox's file cannot be read")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 500, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})

    faults = Faults()
    faults.place(read_order({"faults": [{"kind": "reset_after"}]}))
    with serve_beside(FaultyWire(app, faults, broken)) as url:
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=PATIENCE)
        connection.request("POST", SEND, json.dumps(sms()), HEADERS)
        assert connection.getresponse().status == 500
        connection.close()


# Which fault is taken for which request.


def take(faults: Faults, path: str = SEND) -> str:
    fault = faults.take(path, lambda: NOW)
    return fault.kind if fault else ""


def test_the_queue_is_used_in_order_and_as_often_as_it_says() -> None:
    faults = Faults()
    faults.place(read_order({"faults": [{"kind": "slow", "times": 2}, {"kind": "truncated"}]}))
    assert [take(faults) for _ in range(4)] == ["slow", "slow", "truncated", ""]


def test_a_fault_waits_for_a_request_to_its_path() -> None:
    faults = Faults()
    faults.place(read_order({"faults": [{"kind": "slow", "path": "/multi-channel/send"}, {"kind": "truncated"}]}))
    assert [take(faults, OLDER), take(faults, OLDER), take(faults)] == ["truncated", "", "slow"]


def draw(seed: int, probability: float, times: int = 1000) -> list[str]:
    faults = Faults()
    listed = [{"kind": "reset_after"}, {"kind": "slow", "path": "/multi-channel/send"}]
    faults.place(read_order({"probability": probability, "seed": seed, "faults": listed}))
    return [take(faults, SEND if number % 3 else OLDER) for number in range(times)]


def test_the_same_seed_and_the_same_requests_are_the_same_faults() -> None:
    assert draw(42, 0.2) == draw(42, 0.2)
    assert draw(42, 0.2) != draw(43, 0.2)


def test_chance_picks_about_as_often_as_it_says() -> None:
    assert (draw(1, 0).count(""), draw(1, 1).count("")) == (1000, 0)
    drawn = draw(1, 0.2)
    assert 150 < len(drawn) - drawn.count("") < 250
    assert {"", "reset_after", "slow"} == set(drawn)


def test_a_queued_fault_does_not_change_what_chance_does_to_later_requests() -> None:
    plain, queued = draw(7, 0.5, 50), Faults()
    listed = [{"kind": "reset_after"}, {"kind": "slow", "path": "/multi-channel/send"}]
    queued.place(read_order({"probability": 0.5, "seed": 7, "faults": listed}))
    queued.place(read_order({"faults": [{"kind": "duplicate", "times": 3}]}))
    drawn = [take(queued, SEND if number % 3 else OLDER) for number in range(50)]
    assert drawn == ["duplicate"] * 3 + plain[3:]


def test_what_was_used_is_listed_up_to_a_hundred() -> None:
    faults = Faults()
    faults.place(read_order({"faults": [{"kind": "slow", "times": 150}]}))
    for _ in range(120):
        take(faults)
    used = faults.show()["used"]
    assert len(used) == 100
    assert used[0] == {"at": "2026-11-03T10:00:00+00:00", "path": SEND, "kind": "slow"}


def test_what_is_left_is_shown_in_the_form_in_which_it_is_ordered() -> None:
    faults = Faults()
    listed = [
        {"kind": "status", "status": 503, "body": {"code": 500}, "headers": {"X-A": "b"}, "times": 3, "path": "/send"},
        {"kind": "retry_after", "seconds": 2},
    ]
    faults.place(read_order({"faults": listed}))
    take(faults)
    shown = faults.show()
    assert json.loads(json.dumps(shown)) == shown
    assert shown["queue"][0] == {
        "kind": "status",
        "status": 503,
        "body": '{"code":500}',
        "headers": {"x-a": "b"},
        "times": 2,
        "path": "/send",
        "accept": False,
    }
    again = Faults()
    again.place(read_order({"faults": shown["queue"]}))
    assert again.show()["queue"] == shown["queue"]


def test_clear_lets_all_go_right() -> None:
    faults = Faults()
    faults.place(read_order({"faults": [{"kind": "slow"}]}))
    faults.place(read_order({"probability": 1, "faults": [{"kind": "slow"}]}))
    take(faults)
    faults.clear()
    assert take(faults) == ""
    assert faults.show() == {"queue": [], "probability": 0.0, "seed": 0, "faults": [], "used": []}


def test_each_fault_is_taken_once_however_many_threads_take() -> None:
    faults, taken = Faults(), []
    faults.place(read_order({"faults": [{"kind": "slow", "times": 3000}, {"kind": "truncated", "times": 1000}]}))

    def work() -> None:
        taken.extend([take(faults) for _ in range(1000)])

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (taken.count("slow"), taken.count("truncated"), taken.count("")) == (3000, 1000, 4000)


# What an order must look like.


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ([], "an object with faults"),
        ({}, "an object with faults"),
        ({"faults": {}}, "an array of 1 to"),
        ({"faults": []}, "an array of 1 to"),
        ({"faults": ["slow"]}, r"faults\[0\]: an object"),
        ({"faults": [{"kind": "slow"}, {"kind": "boom"}]}, r"faults\[1\].kind: no such kind"),
        ({"faults": [{"kind": ["slow"]}]}, r"faults\[0\].kind"),
        ({"faults": [{"kind": "slow", "secnods": 1}]}, "no such key: secnods"),
        ({"faults": [{"kind": "reset_after", "seconds": 1}]}, "no such key: seconds"),
        ({"faults": [{"kind": "slow", "seconds": 601}]}, "a number from 0 to 600"),
        ({"faults": [{"kind": "slow", "seconds": -1}]}, "a number from 0 to 600"),
        ({"faults": [{"kind": "slow", "seconds": float("nan")}]}, "a number from 0 to 600"),
        ({"faults": [{"kind": "slow", "seconds": 10**400}]}, "a number from 0 to 600"),
        ({"faults": [{"kind": "slow", "seconds": True}]}, "a number from 0 to 600"),
        ({"faults": [{"kind": "slow", "seconds": "1"}]}, "a number from 0 to 600"),
        ({"faults": [{"kind": "retry_after", "seconds": 1.5}]}, "whole seconds"),
        ({"faults": [{"kind": "slow", "times": 0}]}, "a whole number from 1"),
        ({"faults": [{"kind": "slow", "times": 1.0}]}, "a whole number from 1"),
        ({"faults": [{"kind": "slow", "times": 10_001}]}, "a whole number from 1"),
        ({"faults": [{"kind": "slow", "path": "send"}]}, "the end of a path"),
        ({"faults": [{"kind": "slow", "path": 1}]}, "the end of a path"),
        ({"faults": [{"kind": "status"}]}, "status: is missing"),
        ({"faults": [{"kind": "status", "status": 100}]}, "a whole number from 200 to 599"),
        ({"faults": [{"kind": "status", "status": "503"}]}, "a whole number from 200 to 599"),
        ({"faults": [{"kind": "status", "status": 204, "body": "x"}]}, "an answer with 204 has none"),
        ({"faults": [{"kind": "status", "status": 500, "accept": 1}]}, "true or false"),
        ({"faults": [{"kind": "status", "status": 500, "body": "\ud800"}]}, "cannot be written"),
        ({"faults": [{"kind": "status", "status": 500, "body": "x" * 1024 * 1025}]}, "larger than"),
        ({"faults": [{"kind": "status", "status": 500, "headers": []}]}, "an object of at most"),
        ({"faults": [{"kind": "status", "status": 500, "headers": {"a b": "c"}}]}, "a name that cannot be set"),
        ({"faults": [{"kind": "status", "status": 500, "headers": {"Content-Length": "9"}}]}, "a name that cannot"),
        ({"faults": [{"kind": "status", "status": 500, "headers": {"a": "b\r\nc: d"}}]}, "a value that cannot be sent"),
        ({"faults": [{"kind": "status", "status": 500, "headers": {"a": 1}}]}, "a value that cannot be sent"),
        ({"faults": [{"kind": "invalid_json", "body": "{}"}]}, "it is JSON"),
        ({"faults": [{"kind": "slow"}], "seed": 1}, "without a probability"),
        ({"faults": [{"kind": "slow"}], "probability": 1.1}, "a number from 0 to 1"),
        ({"faults": [{"kind": "slow"}], "probability": None}, "a number from 0 to 1"),
        ({"faults": [{"kind": "slow"}], "probability": 1, "seed": 0.5}, "seed: a whole number"),
        ({"faults": [{"kind": "slow", "times": 2}], "probability": 1}, "means nothing with a probability"),
        ({"faults": [{"kind": "slow"}], "chance": 1}, "no such key: chance"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused_in_one_sentence(order: object, said: str) -> None:
    with pytest.raises(FaultsError, match=said) as refused:
        read_order(order)
    assert isinstance(refused.value, ValueError)
    assert "\n" not in refused.value.what + refused.value.hint
    assert len(refused.value.what) < 150


def test_the_queue_is_bounded_and_a_refused_order_leaves_it_as_it_was() -> None:
    faults = Faults()
    faults.place(read_order({"faults": [{"kind": "slow"}] * (LONGEST_QUEUE - 1)}))
    with pytest.raises(FaultsError, match="the queue would hold more"):
        faults.place(read_order({"faults": [{"kind": "slow"}] * 2}))
    assert len(faults.show()["queue"]) == LONGEST_QUEUE - 1


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_needs_little_to_be_ordered(kind: str) -> None:
    (fault,) = read_order({"faults": [{"kind": kind} | ({"status": 500} if kind == "status" else {})]}).faults
    assert (fault.kind, fault.times, fault.path) == (kind, 1, "")
