import contextlib
import ipaddress
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import NoReturn, Self

import certifi
import h11
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from octoplan.gateways import octopush, wire
from octoplan.gateways.interface import Accepted, Balance, Duplicate, Gateway, Outcome, Refused, Riddle, Unanswered
from octoplan.gateways.octopush import Credentials, Octopush, Patience
from octoplan.gateways.wire import LARGEST_ANSWER, Network

Answering = Callable[[socket.socket], None]

CREDENTIALS = Credentials(login="me@example.com", key="s3cret-k3y")
QUICK = Patience(connect=1.0, read=1.0, write=1.0, overall=1.0)
SUCCESS = b'{"sms_ticket":"sms_1","number_of_contacts":1}'


def http(status: str, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


class Server:
    """A real server on this machine that answers each request by the next of `steps`, and keeps what it received."""

    def __init__(self, *steps: bytes | Answering, tls: ssl.SSLContext | None = None) -> None:
        self.steps = list(steps)
        self.requests: list[bytes] = []
        self.connections = 0
        self._tls = tls
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._run)
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://127.0.0.1:{self._listening.getsockname()[1]}/v1/public"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        for one in (self._listening, *self._open):
            one.close()

    def _run(self) -> None:
        with contextlib.suppress(OSError):
            while self.steps:
                self._take()

    def _take(self) -> None:
        taken, _ = self._listening.accept()
        self._open.append(taken)
        self.connections += 1
        with contextlib.suppress(OSError):
            if self._tls:
                taken = self._tls.wrap_socket(taken, server_side=True)
                self._open[-1] = taken
            while self.steps and (request := read_request(taken)):
                self.requests.append(request)
                step = self.steps.pop(0)
                if callable(step):
                    step(taken)
                    return
                taken.sendall(step)


def read_request(taken: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        piece = taken.recv(65536)
        if not piece:
            return b""
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    lengths = (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    length = next(lengths, 0)
    while len(body) < length:
        body += taken.recv(65536)
    return head + b"\r\n\r\n" + body


def hang_up(taken: socket.socket) -> None:
    taken.shutdown(socket.SHUT_RDWR)


def send_half(taken: socket.socket) -> None:
    taken.sendall(http("201 Created", SUCCESS)[:-5])
    taken.shutdown(socket.SHUT_RDWR)


def say_nothing(taken: socket.socket) -> None:
    taken.recv(1)


def drip(start: bytes, each: bytes) -> Answering:
    def drip(taken: socket.socket) -> None:
        taken.sendall(start)
        with contextlib.suppress(OSError):
            while True:
                taken.sendall(each)
                time.sleep(0.05)

    return drip


@contextlib.contextmanager
def connecting(url: str, patience: Patience = QUICK) -> Iterator[octopush.OctopushConnection]:
    gateway = Octopush(url, CREDENTIALS, patience=patience)
    connection = gateway.connect()
    try:
        yield connection
    finally:
        connection.close()
        gateway.close()


def send_to(*steps: bytes | Answering, patience: Patience = QUICK) -> Outcome:
    with Server(*steps) as server, connecting(server.url, patience) as connection:
        return connection.send(b"{}")


def test_one_post_with_the_documented_headers_and_the_very_bytes() -> None:
    body = json.dumps({"text": "é€😀"}, ensure_ascii=False).encode()
    with Server(http("201 Created", SUCCESS)) as server, connecting(server.url) as connection:
        assert connection.send(body) == Accepted(ticket="sms_1", contacts=1)
    (request,) = server.requests
    head, _, sent = request.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    assert first == "POST /v1/public/multi-channel/send HTTP/1.1"
    assert sent == body
    assert headers["api-login"] == "me@example.com"
    assert headers["api-key"] == "s3cret-k3y"
    assert headers["content-type"] == "application/json"
    assert headers["user-agent"].startswith("octoplan/")
    assert "authorization" not in headers


def balance_of(*steps: bytes | Answering, patience: Patience = QUICK) -> Balance:
    with Server(*steps) as server:
        return Octopush(server.url, CREDENTIALS, patience=patience).balance()


def test_the_wallet_is_asked_with_one_get_and_the_credentials() -> None:
    with Server(http("200 OK", b'{"amount":12.54,"unit":"euros"}')) as server:
        assert Octopush(server.url, CREDENTIALS, patience=QUICK).balance() == Balance(amount=Decimal("12.54"))
    (request,) = server.requests
    first, *lines = request.decode().split("\r\n")
    assert first == "GET /v1/public/wallet/check-balance HTTP/1.1"
    assert {"api-login: me@example.com", "api-key: s3cret-k3y"} <= {line.replace("Api", "api") for line in lines}


def test_a_wallet_that_was_not_reached_once_is_asked_again() -> None:
    assert balance_of(hang_up, http("200 OK", b'{"amount":1}')) == Balance(amount=Decimal(1))
    assert balance_of(hang_up, hang_up).amount is None


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        ((hang_up, hang_up), "the gateway does not answer: connection lost"),
        ((say_nothing, say_nothing), "the gateway does not answer: timeout"),
        ((b"SMTP ready\r\n\r\n", b"SMTP ready\r\n\r\n"), "the gateway does not answer: unreadable answer"),
        ((http("401 Unauthorized", b'{"code":401}'),), "401: the credentials were not accepted"),
        ((http("302 Found", b"", "Location: http://example.com/"),), "the gateway answers 302"),
        ((http("500 Oops"),), "the gateway answers 500"),
        ((http("200 OK", b"no json"),), "unreadable answer (200)"),
        ((http("200 OK", b'{"amount":NaN}'),), "unreadable answer (200)"),
    ],
)
def test_a_wallet_that_tells_nothing_has_a_reason(steps: tuple[bytes | Answering, ...], why: str) -> None:
    quick = Patience(connect=0.5, read=0.3, write=0.3, overall=0.3)
    assert balance_of(*steps, patience=quick) == Balance(why=why)


def test_nobody_at_the_wallet_s_address_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    gateway = Octopush(f"http://127.0.0.1:{port}/v1/public", CREDENTIALS, patience=QUICK)
    assert gateway.balance() == Balance(why="the gateway does not answer: no connection")


def test_not_one_byte_leaves_where_it_may_not_any_more() -> None:
    with Server(http("201 Created", SUCCESS)) as server, connecting(server.url) as connection:
        assert connection.send_if(b"{}", lambda: False) is None
        assert server.requests == []
        assert connection.send_if(b"{}", lambda: True) == Accepted(ticket="sms_1", contacts=1)
    assert len(server.requests) == 1


def test_whether_it_may_leave_is_asked_when_the_way_is_open() -> None:
    asked: list[int] = []
    with Server(*[http("201 Created", SUCCESS)] * 2) as server, connecting(server.url) as connection:

        def may_leave() -> bool:
            deadline = time.monotonic() + 5
            while server.connections < len(asked) + 1 and time.monotonic() < deadline:
                time.sleep(0.001)  # the server takes a connection a moment after the client has it
            asked.append(server.connections)
            return True

        for _ in range(2):
            assert connection.send_if(b"{}", may_leave) == Accepted(ticket="sms_1", contacts=1)
    assert asked == [1, 2]


def test_an_answer_that_comes_twice_is_never_taken_for_that_of_the_next_frame() -> None:
    first, second = (
        http("201 Created", b'{"sms_ticket":"sms_%d","number_of_contacts":1}' % number) for number in (1, 2)
    )
    with Server(first + first, second) as server, connecting(server.url) as connection:
        outcomes = [connection.send(b"{}") for _ in range(2)]
    assert outcomes == [Accepted(ticket="sms_1", contacts=1), Accepted(ticket="sms_2", contacts=1)]


def test_an_answer_that_comes_late_is_never_taken_for_that_of_the_next_frame() -> None:
    left: list[socket.socket] = []
    asked: list[bool] = []

    def answer_twice(taken: socket.socket) -> None:
        taken.sendall(http("201 Created", SUCCESS))
        left.append(taken)

    with Server(answer_twice, http("400 Bad Request", b'{"code":121}')) as server:

        def may_leave() -> bool:
            asked.append(True)
            if len(asked) == 1:  # the way is open, and nothing has left
                with contextlib.suppress(OSError):  # the first connection is no more: that is the point
                    left[0].sendall(http("201 Created", SUCCESS))
            return True

        with connecting(server.url) as connection:
            assert isinstance(connection.send(b"{}"), Accepted)
            assert isinstance(connection.send_if(b"{}", may_leave), Refused)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (http("400 Bad Request", b'{"code":121,"message":"x"}'), Refused),
        (http("400 Bad Request", b'{"code":182,"message":"x"}'), Duplicate),
        (http("401 Unauthorized"), Refused),
        (http("200 OK", b"<html>welcome to the hotel</html>"), Unanswered),
        (http("500 Internal Server Error", SUCCESS), Unanswered),
        (http("418 I'm a teapot", b"short and stout"), Riddle),
        (b"not http at all\r\n\r\n", Unanswered),
        (b"HTTP/1.1 201 Created\r\nBad Header\r\n\r\n", Unanswered),
        (http("201 Created", b"\x1f\x8b\x08garbage", "Content-Encoding: gzip"), Unanswered),
        (b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n", Unanswered),
        (hang_up, Unanswered),
        (send_half, Unanswered),
        (say_nothing, Unanswered),
    ],
    ids=range(13),
)
def test_whatever_the_other_side_does_is_an_outcome(answer: bytes | Answering, kind: type) -> None:
    assert isinstance(send_to(answer), kind)


def test_too_many_requests_says_when_to_come_back() -> None:
    assert send_to(http("429 Too Many Requests", b"", "Retry-After: 3")) == Unanswered(reason="429", retry_after=3.0)


@pytest.mark.parametrize("status", ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Moved"])
def test_a_redirect_is_never_followed(status: str) -> None:
    with Server(http("201 Created", SUCCESS)) as elsewhere:
        assert isinstance(send_to(http(status, b"", f"Location: {elsewhere.url}/multi-channel/send")), Riddle)
        assert elsewhere.connections == 0


def test_nobody_there_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with connecting(f"http://127.0.0.1:{port}/v1/public") as connection:
        assert connection.send(b"{}") == Unanswered(reason="no connection")


def test_silence_ends_as_a_timeout() -> None:
    assert send_to(say_nothing, patience=Patience(read=0.2)) == Unanswered(reason="timeout")


@pytest.mark.parametrize(
    "slow",
    [
        drip(b"HTTP/1.1 201 Created\r\nContent-Length: 100000\r\n\r\n{", b" "),
        drip(b"HTTP/1.1 201 Created\r\n\r\n" + SUCCESS, b" "),
        drip(b"HTTP/1.1 201 Created\r\nX-Slow: ", b"x"),
        drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["body", "body without length", "header", "informational"],
)
def test_an_answer_that_drips_is_cut_off_in_time(slow: Answering) -> None:
    patience = Patience(read=5.0, overall=0.4)
    started = time.monotonic()
    assert send_to(slow, patience=patience) == Unanswered(reason="timeout")
    assert time.monotonic() - started < 4


def test_after_a_cut_the_next_frame_goes_over_a_new_connection() -> None:
    steps = (drip(b"HTTP/1.1 201 Created\r\nX-Slow: ", b"x"), http("201 Created", SUCCESS))
    with Server(*steps) as server, connecting(server.url, Patience(read=5.0, overall=0.3)) as connection:
        assert connection.send(b"{}") == Unanswered(reason="timeout")
        for one in server._open:
            one.close()
        assert isinstance(connection.send(b"{}"), Accepted)
    assert server.connections == 2


def test_a_giant_answer_is_not_read_to_its_end() -> None:
    sent: list[int] = []

    def pour(taken: socket.socket) -> None:
        taken.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 9999999999\r\n\r\n")
        with contextlib.suppress(OSError):
            while True:
                sent.append(taken.send(b" " * 65536))

    assert isinstance(send_to(pour, patience=Patience(overall=20.0)), Unanswered)
    assert sum(sent) < 20 * LARGEST_ANSWER


def test_a_request_that_was_received_but_not_answered_is_not_repeated_by_itself() -> None:
    with Server(http("201 Created", SUCCESS), hang_up, http("201 Created", SUCCESS)) as server:
        with connecting(server.url) as connection:
            assert isinstance(connection.send(b"1"), Accepted)
            assert connection.send(b"2") == Unanswered(reason="connection lost")
        assert [request[-1:] for request in server.requests] == [b"1", b"2"]


def test_cookies_are_not_given_back() -> None:
    steps = (http("201 Created", SUCCESS, "Set-Cookie: a=b; Path=/"), http("201 Created", SUCCESS))
    with Server(*steps) as server, connecting(server.url) as connection:
        connection.send(b"{}")
        connection.send(b"{}")
    assert b"ookie" not in server.requests[1]


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    assert isinstance(send_to(http("201 Created", SUCCESS)), Accepted)


def make_certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sandbox")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "certificate.pem"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + secret)
    return path


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return make_certificate(tmp_path)


def serve_tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_a_certificate_that_nobody_vouches_for_is_no_connection(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with Server(http("201 Created", SUCCESS), tls=serve_tls(certificate)) as server:
        with connecting(server.url) as connection:
            assert connection.send(b"{}") == Unanswered(reason="no connection")
        assert server.requests == []


@pytest.fixture
def silent() -> Iterator[tuple[str, int]]:
    """An address that answers no connection: so many wait already that further ones are dropped."""
    with contextlib.ExitStack() as opened:
        listening = opened.enter_context(socket.socket())
        listening.bind(("127.0.0.2", 0))
        listening.listen(0)
        for _ in range(4):
            waiting = opened.enter_context(socket.socket())
            waiting.settimeout(0)
            waiting.connect_ex(listening.getsockname())
        yield listening.getsockname()


@pytest.mark.parametrize("https", [True, False])
def test_a_host_of_which_one_address_does_not_answer_is_reached_at_another(
    certificate: Path, silent: tuple[str, int], monkeypatch: pytest.MonkeyPatch, *, https: bool
) -> None:
    monkeypatch.setattr(certifi, "where", lambda: certificate)
    patience = Patience(connect=1.0, read=5.0, write=5.0, overall=10.0)
    served = Server(http("201 Created", SUCCESS), tls=serve_tls(certificate) if https else None)
    with served as server, connecting(server.url, patience) as connection:
        there = ("127.0.0.1", int(server.url.split(":")[2].split("/")[0]))
        known = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in (silent, silent, there)]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: known)
        started = time.monotonic()
        assert connection.send(b"{}") == Accepted(ticket="sms_1", contacts=1)
        assert time.monotonic() - started < 5


def test_a_host_of_which_no_address_answers_is_no_connection_in_its_time(
    silent: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", silent)] * 4
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: known)
    started = time.monotonic()
    with connecting("https://example.com/v1/public", Patience(connect=0.4)) as connection:
        assert connection.send(b"{}") == Unanswered(reason="timeout: no connection")
    assert 0.3 < time.monotonic() - started < 3


def test_no_secret_of_a_connection_is_written_where_the_environment_says(
    certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certifi, "where", lambda: certificate)
    for keys in (tmp_path / "keys", tmp_path / "nowhere" / "keys"):
        monkeypatch.setenv("SSLKEYLOGFILE", str(keys))
        served = Server(http("201 Created", SUCCESS), tls=serve_tls(certificate))
        with served as server, connecting(server.url) as connection:
            assert connection.send(b"{}") == Accepted(ticket="sms_1", contacts=1)
        assert not keys.exists()


def test_certificates_are_looked_at_as_python_does_by_default() -> None:
    ours, default = wire._make_tls(), ssl.create_default_context(cafile=certifi.where())
    for name in ("verify_mode", "verify_flags", "check_hostname", "options", "minimum_version", "maximum_version"):
        assert getattr(ours, name) == getattr(default, name), name
    assert ours.get_ca_certs() == default.get_ca_certs()


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (http("201 Created", SUCCESS), Accepted(ticket="sms_1", contacts=1)),
        (drip(b"HTTP/1.1 201 Created\r\nX-Slow: ", b"x"), Unanswered(reason="timeout")),
    ],
    ids=["answer", "drip"],
)
def test_over_tls_it_is_the_same(certificate: Path, answer: bytes | Answering, outcome: Outcome) -> None:
    with Server(answer, tls=serve_tls(certificate)) as server:
        gateway = Octopush(server.url, CREDENTIALS, patience=Patience(overall=0.5))
        assert isinstance(gateway._wire, Network)
        gateway._wire._tls = ssl.create_default_context(cafile=certificate)
        connection = gateway.connect()
        try:
            assert connection.send(b"{}") == outcome
        finally:
            connection.close()


def test_all_requests_share_one_tls_context(certificate: Path) -> None:
    tls = serve_tls(certificate)
    with Server(*[http("201 Created", SUCCESS)] * 2, tls=tls) as server, connecting(server.url) as connection:
        made = [(connection.send(b"{}"), share_tls(connection))[1] for _ in range(2)]
    assert made[0] is made[1]
    assert isinstance(made[0], ssl.SSLContext)


def share_tls(connection: octopush.OctopushConnection) -> ssl.SSLContext | None:
    network = connection._wire
    assert isinstance(network, Network)
    return network._tls


def list_foreign() -> list[type[Exception]]:
    return [
        *(OSError, ConnectionResetError, TimeoutError, ssl.SSLError),
        h11.LocalProtocolError,
        h11.RemoteProtocolError,
    ]


@pytest.mark.parametrize("at", ["getaddrinfo", "write", "recv"])
@pytest.mark.parametrize("kind", list_foreign())
def test_no_foreign_exception_is_unmapped_and_none_is_quoted(
    kind: type[Exception], at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> NoReturn:
        raise kind("+33600000123")

    places = {"getaddrinfo": socket, "write": wire, "recv": h11.Connection}
    with Server(http("201 Created", SUCCESS)) as server, connecting(server.url) as connection:
        monkeypatch.setattr(places[at], {"recv": "receive_data"}.get(at, at), fail)
        outcome = connection.send(b"{}")
        monkeypatch.undo()
    assert isinstance(outcome, Unanswered)
    assert "336" not in outcome.reason


def test_a_host_that_no_dns_could_hold_is_no_connection() -> None:
    with connecting(f"http://{'a' * 70}.example.com/v1/public") as connection:
        assert connection.send(b"{}") == Unanswered(reason="no connection")


def test_no_repr_shows_a_secret() -> None:
    gateway = Octopush("http://localhost/v1/public", CREDENTIALS)
    connection = gateway.connect()
    shown = f"{gateway!r} {connection!r} {vars(gateway)} {vars(connection)}"
    connection.close()
    assert "s3cret" not in shown
    assert "me@" not in shown


def test_it_is_a_gateway_of_its_name() -> None:
    gateway: Gateway = Octopush("http://localhost/v1/public/", CREDENTIALS, name="staging")
    assert gateway.name == "staging"
    gateway.close()
