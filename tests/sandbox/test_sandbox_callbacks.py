import contextlib
import json
import logging
import os
import signal
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from octoplan.sandbox.callbacks import (
    ASSUMPTIONS,
    STATUSES,
    CallbackError,
    DeliveryReport,
    describe_delivery,
    describe_group,
    describe_reply,
    describe_stop,
    encode_callback,
)
from octoplan.sandbox.core import Sandbox
from octoplan.sandbox.errors import StorageError
from octoplan.sandbox.exchange import Request
from octoplan.sandbox.posting import Poster
from octoplan.sandbox.queries import CALLBACKS
from octoplan.sandbox.records import Callback, Message, Query
from octoplan.sandbox.steering import Steering
from octoplan.sandbox.storage import Storage

AT = datetime(2025, 1, 22, 12, 46, 6, tzinfo=timezone(timedelta(hours=1)))
NOW = datetime(2026, 11, 3, 10, 0, tzinfo=UTC)
PATIENCE = 20
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
MESSAGE = Message(
    id=1,
    at=NOW,
    request=1,
    ticket="sms_5fa275dbf21dc",
    channel="sms",
    address="+33600000123",
    text="Hello",
    sender="Shop",
    purpose="alert",
    list_name="spring",
    send_at="",
    due=NOW,
    state="sent",
    parts=1,
    options={},
)
CALLBACK = Callback(
    id=1,
    kind="delivery",
    ticket=MESSAGE.ticket,
    message=1,
    due=NOW,
    url="http://127.0.0.1:9/",
    format="json",
    body=b'{"status":"DELIVERED"}',
)


def report(message: Message = MESSAGE, status: str = "DELIVERED") -> DeliveryReport:
    return DeliveryReport(message=message, status=status, at=AT, unit_price=Decimal("0.045"))


# The bodies, as the pages document them.


def test_a_delivery_has_the_documented_fields_and_its_date_in_utc() -> None:
    assert dict(describe_delivery(report())) == {
        "channel": "sms",
        "message_id": "sms_5fa275dbf21dc",
        "list_name": "spring",
        "number": "+33600000123",
        "status": "DELIVERED",
        "unit_price": 0.045,
        "delivery_date": "2025-01-22 11:46:06",
        "meta_data": {},
    }


@pytest.mark.parametrize(("letters", "spoken", "charged"), [(1, 1, 30), (450, 30, 30), (451, 31, 60)])
def test_a_call_says_how_long_it_took_and_what_was_charged(letters: int, spoken: int, charged: int) -> None:
    call = replace(MESSAGE, channel="voice_sms", text="a" * letters)
    meta_data = {"pressed_keys_code": "", "call_duration": spoken, "charged_duration": charged}
    assert describe_delivery(report(call))["meta_data"] == meta_data
    assert describe_delivery(report(call, "NOT_DELIVERED"))["meta_data"]["charged_duration"] == 0


def test_the_emails_of_a_ticket_are_reported_together() -> None:
    ann = replace(MESSAGE, channel="email", address="ann@example.com", options={"template_name": "welcome"})
    bob = replace(ann, address="bob@example.com")
    found = describe_group([report(ann), report(bob, "OPENED")])
    assert list(found) == ["channel", "message_id", "list_name", "meta_data", "deliveries"]
    assert found["meta_data"] == {"template_name": "welcome"}
    assert [(one["email"], one["status"]) for one in found["deliveries"]] == [
        ("ann@example.com", "DELIVERED"),
        ("bob@example.com", "OPENED"),
    ]
    assert describe_delivery(report(ann)) == describe_group([report(ann)])
    assert set(found["deliveries"][0]) == {"email", "status", "unit_price", "delivery_date", "status_history"}


def test_messages_of_other_channels_or_tickets_are_not_grouped() -> None:
    email = replace(MESSAGE, channel="email")
    for other in (MESSAGE, replace(email, ticket="email_2")):
        with pytest.raises(CallbackError, match="e-mails of one ticket"):
            describe_group([report(email), report(other)])


def test_a_stop_and_a_reply_have_the_documented_fields() -> None:
    common = {"message_id": "sms_5fa275dbf21dc", "number": "+33600000123", "text": "STOP"}
    assert describe_stop(MESSAGE, "STOP", AT) == common | {"stop_date": "2025-01-22 11:46:06"}
    reply = common | {"sim_card_number": "12345", "reception_date": "2025-01-22 11:46:06"}
    assert describe_reply(MESSAGE, "STOP", AT) == reply


@pytest.mark.parametrize("text", ["", None, 1, "x" * 1225, "\ud800"])
def test_an_answer_has_a_text_that_a_phone_can_send(text: object) -> None:
    with pytest.raises(CallbackError, match="text: 1 to 1224"):
        describe_stop(MESSAGE, text, AT)


def test_an_email_is_not_answered_and_an_unknown_status_is_refused() -> None:
    with pytest.raises(CallbackError, match="from a phone"):
        describe_reply(replace(MESSAGE, channel="email"), "Hi", AT)
    with pytest.raises(CallbackError, match="no such status: DELIVRED") as refused:
        report(status="DELIVRED")
    assert "DELIVERED" in refused.value.hint
    assert len(set(STATUSES)) == len(STATUSES) == 16


def test_json_is_ascii_and_reads_back() -> None:
    found = encode_callback(describe_reply(MESSAGE, "Ça va ? 👋 \u2028", AT), "json")
    assert found.isascii()
    assert json.loads(found)["text"] == "Ça va ? 👋 \u2028"


def test_a_form_nests_as_php_does() -> None:
    call = replace(MESSAGE, channel="voice_sms")
    email = replace(MESSAGE, channel="email", address="ann+b@example.com", options={"template_name": "A & B"})
    found = parse_qsl(encode_callback(describe_delivery(report(call)), "form").decode(), keep_blank_values=True)
    assert ("meta_data[call_duration]", "1") in found
    assert ("number", "+33600000123") in found
    found = parse_qsl(encode_callback(describe_delivery(report(email)), "form").decode(), strict_parsing=True)
    assert ("deliveries[0][email]", "ann+b@example.com") in found
    assert ("meta_data[template_name]", "A & B") in found
    assert not [name for name, _ in found if "status_history" in name]


@pytest.mark.parametrize("form", ["json", "form"])
def test_no_text_can_break_a_body(form: str) -> None:
    evil = replace(MESSAGE, list_name='"}\r\n\x00&a[b]=c\ud800', address="\u202e<x>")
    assert encode_callback(describe_delivery(report(evil)), form).isascii()


def test_what_is_assumed_is_said_in_one_place() -> None:
    assert all(said.endswith(".") for said in ASSUMPTIONS.values())
    assert {"callback_time_zone", "callback_form", "callback_once"} <= set(ASSUMPTIONS)


# The thread that posts them.


@dataclass(slots=True)
class Kept:
    """Callbacks that wait in memory, and what was noted of them."""

    waiting: list[Callback] = field(default_factory=list)
    notes: dict[int, tuple[int | None, str]] = field(default_factory=dict)
    failures: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take_callbacks(self, limit: int) -> Sequence[Callback]:
        with self.lock:
            return tuple(self.waiting[:limit])

    def note_callback(self, number: int, *, status: int | None, error: str) -> None:
        with self.lock:
            if self.failures:
                self.failures -= 1
                raise StorageError("the sandbox's file cannot be written")
            self.waiting = [one for one in self.waiting if one.id != number]
            self.notes[number] = (status, error)

    def await_notes(self, number: int) -> None:
        until = time.monotonic() + PATIENCE
        while len(self.notes) < number:
            assert time.monotonic() < until, self.notes
            time.sleep(0.005)


Answer = Callable[[socket.socket], None]


class Receiver:
    """Listens on a free port and answers each connection as it is told; keeps what arrived."""

    def __init__(self, answer: Answer, tls: ssl.SSLContext | None = None) -> None:
        self._answer = answer
        self._tls = tls
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept)
        self.bodies: list[bytes] = []
        self.heads: list[str] = []
        self.gone = threading.Event()
        self.url = (
            f"http{'s' * bool(tls)}://{'localhost' if tls else '127.0.0.1'}:{self._listening.getsockname()[1]}/cb"
        )

    def __enter__(self) -> Self:
        self._accepting.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.gone.set()
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in (self._accepting, *self._threads):
            thread.join()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                thread = threading.Thread(target=self._receive, args=(connection,))
                self._threads.append(thread)
                thread.start()

    def _receive(self, connection: socket.socket) -> None:
        connection.settimeout(PATIENCE)
        with contextlib.suppress(OSError), contextlib.ExitStack() as opened:
            opened.enter_context(connection)
            if self._tls is not None:
                connection = opened.enter_context(self._tls.wrap_socket(connection, server_side=True))
            with connection.makefile("rb") as file:
                head = b"".join(iter(file.readline, b"\r\n")).decode()
                length = int(head.lower().partition("content-length: ")[2].split("\r\n")[0])
                self.heads.append(head)
                self.bodies.append(file.read(length))
            self._answer(connection)


def say(answer: bytes) -> Answer:
    return lambda connection: connection.sendall(answer)


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.fixture(autouse=True)
def _nothing_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.DEBUG):
        yield
    assert not caplog.records


def waiting(url: str, number: int = 1, **changes: Any) -> Kept:
    return Kept(waiting=[replace(CALLBACK, id=at, url=url, **changes) for at in range(1, number + 1)])


def test_callbacks_are_posted_once_each_in_order_with_their_bytes() -> None:
    kept = Kept()
    with Receiver(say(OK)) as receiver:
        kept.waiting = [replace(CALLBACK, id=at, url=receiver.url, body=b"%d" % at) for at in range(1, 51)]
        with Poster(kept):
            kept.await_notes(50)
            time.sleep(0.3)
    assert receiver.bodies == [b"%d" % at for at in range(1, 51)]
    assert set(kept.notes.values()) == {(200, "")}


@pytest.mark.parametrize(
    ("form", "media_type"), [("json", "application/json"), ("form", "application/x-www-form-urlencoded")]
)
def test_a_post_names_its_media_type_and_goes_to_the_whole_url(form: str, media_type: str) -> None:
    with Receiver(say(OK)) as receiver:
        kept = waiting(f"{receiver.url}/é x?a=1&b=%20", format=form)
        with Poster(kept):
            kept.await_notes(1)
    (head,) = receiver.heads
    assert head.startswith("POST /cb/%C3%A9%20x?a=1&b=%20 HTTP/1.1\r\n")
    assert f"content-type: {media_type}\r\n" in head


def test_what_comes_later_is_posted_soon() -> None:
    kept = Kept()
    with Receiver(say(OK)) as receiver, Poster(kept):
        time.sleep(0.05)
        with kept.lock:
            kept.waiting = [replace(CALLBACK, url=receiver.url)]
        started = time.monotonic()
        kept.await_notes(1)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("status", [204, 301, 404, 500])
def test_whatever_status_is_answered_is_noted_and_no_redirect_is_followed(status: int) -> None:
    with Receiver(
        say(f"HTTP/1.1 {status} X\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n".encode())
    ) as receiver:
        kept = waiting(receiver.url)
        with Poster(kept):
            kept.await_notes(1)
            time.sleep(0.3)
    assert (kept.notes, len(receiver.bodies)) == ({1: (status, "")}, 1)


def hang(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.recv(1)


def drip(piece: bytes) -> Answer:
    def answer(connection: socket.socket) -> None:
        for _ in range(200):
            connection.sendall(piece)
            time.sleep(0.05)

    return answer


def endless(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(b"x" * 65536)


@pytest.mark.parametrize(
    ("answer", "noted"),
    [
        (hang, (None, "no answer within 0.4 s")),
        (drip(b"H"), (None, "no answer within 0.4 s")),
        (drip(b"HTTP/1.1 100 Continue\r\n\r\n"), (None, "no answer within 0.4 s")),
        (reset, (None, "the connection broke off")),
        (say(b""), (None, "the connection broke off")),
        (say(b"\x00\xff garbage \r\n\r\n"), (None, "the answer is not HTTP")),
        (say(b"HTTP/1.1 999999 \r\n\r\n"), (None, "the answer is not HTTP")),
        (say(b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200 + b"\r\n"), (None, "the answer is not HTTP")),
        (say(b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\nhalf"), (200, "")),
        (say(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"), (200, "")),
        (endless, (200, "")),
    ],
)
def test_no_receiver_stops_the_thread_or_makes_it_wait(answer: Answer, noted: tuple[int | None, str]) -> None:
    with Receiver(answer) as receiver, Receiver(say(OK)) as good:
        kept = waiting(receiver.url)
        kept.waiting.append(replace(CALLBACK, id=2, url=good.url))
        started = time.monotonic()
        with Poster(kept, seconds=0.4):
            kept.await_notes(2)
            assert time.monotonic() - started < 5
    assert kept.notes == {1: noted, 2: (200, "")}


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("http://127.0.0.1:1/", "nothing listens there"),
        ("http://nobody.invalid/", "the host name is not known"),
        ("http://" + "a" * 300 + ".example/", "the URL cannot be used"),
        ("http://[::1", "the URL cannot be used"),
        ("http://127.0.0.1:99999/", "the URL cannot be used"),
    ],
)
def test_a_receiver_that_is_not_there_is_said_so(url: str, error: str) -> None:
    kept = waiting(url)
    with Poster(kept, seconds=10):
        kept.await_notes(1)
    assert kept.notes == {1: (None, error)}


def test_a_name_that_the_system_looks_up_for_ever_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    real, found = socket.getaddrinfo, threading.Event()

    def slow(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
        if host == "slow.example" and not more.get("flags"):
            found.wait(PATIENCE)
        return real(host, port, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    kept = waiting("http://slow.example/")
    started = time.monotonic()
    with Poster(kept, seconds=0.3):
        kept.await_notes(1)
    found.set()
    assert time.monotonic() - started < 2
    assert kept.notes == {1: (None, "no answer within 0.3 s")}


def test_a_name_with_two_addresses_is_tried_at_both(monkeypatch: pytest.MonkeyPatch) -> None:
    with Receiver(say(OK)) as receiver:
        port = int(receiver.url.rpartition(":")[2].partition("/")[0])
        both = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", at)) for at in (1, port)]
        real = socket.getaddrinfo

        def look(host: Any, at: Any, *rest: Any, **more: Any) -> Any:
            return both if host == "two.example" and not more.get("flags") else real(host, at, *rest, **more)

        monkeypatch.setattr(socket, "getaddrinfo", look)
        kept = waiting(f"http://two.example:{port}/")
        with Poster(kept):
            kept.await_notes(1)
    assert kept.notes == {1: (200, "")}


def test_the_end_waits_for_the_post_under_way_and_leaves_the_others() -> None:
    with Receiver(hang) as receiver:
        kept = waiting(receiver.url, 10)
        with Poster(kept):
            while not receiver.bodies:
                time.sleep(0.01)
            started = time.monotonic()
        assert time.monotonic() - started < 2
    assert kept.notes == {1: (None, "no answer within 1 s")}
    assert [one.id for one in kept.waiting] == list(range(2, 11))


def test_what_could_not_be_noted_is_not_posted_again() -> None:
    with Receiver(say(OK)) as receiver:
        kept = waiting(receiver.url, 3)
        kept.failures = 3
        with Poster(kept):
            kept.await_notes(3)
    assert len(receiver.bodies) == 3


def test_no_thread_is_left_over() -> None:
    with Receiver(say(OK)) as receiver, Poster(waiting(receiver.url)):
        pass
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("octoplan-")]


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Make a certificate for localhost that nobody vouches for, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    path = tmp_path / "localhost.pem"
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(made.public_bytes(pem) + secret)
    return path


@pytest.mark.parametrize("trusted", [True, False])
def test_https_is_posted_to_where_the_certificate_is_trusted(
    certificate: Path, monkeypatch: pytest.MonkeyPatch, *, trusted: bool
) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with Receiver(say(OK), tls) as receiver:
        kept = waiting(receiver.url, 2)
        with Poster(kept, seconds=5):
            kept.await_notes(2)
    noted = (200, "") if trusted else (None, "no secure connection can be made")
    assert set(kept.notes.values()) == {noted}
    assert len(receiver.bodies) == 2 * trusted


# With the sandbox itself.


def queue(storage: Storage, *callbacks: Callback) -> None:
    with storage.transaction() as ledger:
        ledger.queue_callbacks(callbacks)


def found(sandbox: Sandbox) -> list[tuple[str, int | None, str]]:
    return [(one.state, one.status, one.error) for one in sandbox.find(CALLBACKS, Query())]


def test_the_sandbox_keeps_what_was_answered_and_its_clock_says_what_is_due() -> None:
    with Receiver(say(OK)) as receiver, Storage.in_memory() as storage:
        sandbox = Sandbox(storage, lambda: NOW)
        steering = Steering(sandbox)
        here = replace(CALLBACK, url=receiver.url)
        queue(storage, here, replace(CALLBACK, url="http://127.0.0.1:1/"), replace(here, due=NOW + timedelta(hours=2)))
        with Poster(steering):
            until = time.monotonic() + PATIENCE
            while "waiting" in {one[0] for one in found(sandbox)[:2]}:
                assert time.monotonic() < until
                time.sleep(0.01)
            assert found(sandbox) == [
                ("sent", 200, ""),
                ("failed", None, "nothing listens there"),
                ("waiting", None, ""),
            ]
            steering.set_clock(ahead=timedelta(hours=3))
            while found(sandbox)[2][0] == "waiting":
                assert time.monotonic() < until
                time.sleep(0.01)
    assert len(receiver.bodies) == 2


def test_after_a_reset_nothing_is_posted_any_more() -> None:
    with Receiver(hang) as receiver, Storage.in_memory() as storage:
        sandbox = Sandbox(storage, lambda: NOW)
        queue(storage, *(replace(CALLBACK, url=receiver.url) for _ in range(10)))
        with Poster(Steering(sandbox), seconds=0.3):
            while not receiver.bodies:
                time.sleep(0.01)
            sandbox.reset()
            time.sleep(0.8)
    assert len(receiver.bodies) == 1


POSTING = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from octoplan.sandbox.core import Sandbox
from octoplan.sandbox.posting import Poster
from octoplan.sandbox.steering import Steering
from octoplan.sandbox.storage import Storage

with Storage.at(Path(sys.argv[1])) as storage, Poster(Steering(Sandbox(storage, lambda: datetime.now(UTC)))):
    sys.stdin.read()
"""


@pytest.mark.parametrize("killed", [True, False])
def test_what_waits_when_a_sandbox_ends_is_posted_by_the_next(tmp_path: Path, *, killed: bool) -> None:
    path, started = tmp_path / "inbox.db", time.monotonic()
    gate = threading.Event()

    def slowly(connection: socket.socket) -> None:
        gate.wait(0.02)
        connection.sendall(OK)

    with Receiver(slowly) as receiver:
        with Storage.at(path) as storage:
            queue(
                storage,
                *(
                    replace(CALLBACK, url=receiver.url, body=b"%d" % at, due=NOW - timedelta(days=400))
                    for at in range(60)
                ),
            )
        for _ in range(2):
            command = [sys.executable, "-W", "error", "-c", POSTING, str(path)]
            with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
                wanted = 20 if not gate.is_set() else 60
                while len(set(receiver.bodies)) < wanted:
                    assert time.monotonic() - started < PATIENCE
                    time.sleep(0.01)
                if killed and not gate.is_set():
                    os.kill(process.pid, signal.SIGKILL)
                _, err = process.communicate(timeout=PATIENCE)
                assert err == b""
            gate.set()
        with Storage.at(path) as storage:
            assert {one[0] for one in found(Sandbox(storage, lambda: datetime.now(UTC)))} == {"sent"}
    assert set(receiver.bodies) == {b"%d" % at for at in range(60)}
    assert len(receiver.bodies) <= 60 + killed


def test_of_two_servers_on_one_file_one_posts_and_the_other_once_it_ends(tmp_path: Path) -> None:
    def slowly(connection: socket.socket) -> None:
        time.sleep(0.02)
        connection.sendall(OK)

    def start(stack: contextlib.ExitStack) -> Storage:
        storage = stack.enter_context(Storage.at(tmp_path / "inbox.db"))
        stack.enter_context(Poster(Steering(Sandbox(storage, lambda: NOW))))
        return storage

    def post(storage: Storage, *bodies: bytes) -> None:
        until, before = time.monotonic() + PATIENCE, len(receiver.bodies)
        queue(storage, *(replace(CALLBACK, url=receiver.url, body=body) for body in bodies))
        while len(receiver.bodies) < before + len(bodies):
            assert time.monotonic() < until
            time.sleep(0.01)

    with Receiver(slowly) as receiver, contextlib.ExitStack() as second:
        with contextlib.ExitStack() as first:
            post(start(first), b"first")
            storage = start(second)
            post(storage, *(b"%d" % at for at in range(40)))
            time.sleep(0.3)
        post(storage, b"last")
    assert sorted(receiver.bodies) == sorted([b"first", *(b"%d" % at for at in range(40)), b"last"])
    assert (tmp_path / "inbox.db-posting").stat().st_mode & 0o777 == 0o600


def test_an_accepted_request_is_reported_to_the_callback_url(sms: Callable[..., dict[str, Any]]) -> None:
    with Receiver(say(OK)) as receiver, Storage.in_memory() as storage:
        sandbox = Sandbox(storage, lambda: NOW)
        steering = Steering(sandbox)
        steering.change({"callback_url": receiver.url})
        body = json.dumps(sms(list_name="spring")).encode()
        headers = {"api-key": "k", "api-login": "l"}
        answer = sandbox.answer(
            Request(method="POST", path="/v1/public/multi-channel/send", headers=headers, body=body)
        )
        with Poster(steering):
            until = time.monotonic() + PATIENCE
            while len(receiver.bodies) < 2:
                assert time.monotonic() < until
                time.sleep(0.01)
    reports = [json.loads(one) for one in receiver.bodies]
    assert [one["number"] for one in reports] == ["+33600000123", "+33600000124"]
    assert {one["message_id"] for one in reports} == {json.loads(answer.body)["sms_ticket"]}
    assert {one["status"] for one in reports} <= set(STATUSES)
