"""One HTTP/1.1 request → its answer, over a connection of its own, that is closed before anybody reads the answer.

On a connection that was kept, an answer that came twice, or late, would be read as that of the next request: a frame
would be taken for sent, or refused, that is not. h11 speaks the protocol (RFC 9112); what is here is the socket, and
how long anybody waits for it. Nothing of the environment counts: no proxy, no .netrc, no SSL_CERT_FILE, no
SSLKEYLOGFILE; nothing is followed, and nothing is sent again by itself.
"""

import contextlib
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any, Final, Protocol

import certifi
import h11

LARGEST_ANSWER: Final = 1024 * 1024
"""Bytes that are read of an answer's body; the documented ones hold some hundred."""
_LARGEST_HEAD: Final = 100 * 1024
_PIECE: Final = 64 * 1024
_Headers = tuple[tuple[str, str], ...]
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


class WireError(Exception):
    """There is no answer, for a `reason` in our own words: those of a library may quote what was sent or received."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Seconds to wait: for a connection, for its TLS, for each piece read or written, and for the whole answer.

    `connect`: as long for a connection to any address of the host, and again for TLS.
    """

    connect: float = 10.0
    read: float = 30.0
    write: float = 30.0
    overall: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a gateway is: `scheme` http or https, `host` in lower case and without brackets, `path` as written."""

    scheme: str
    host: str
    port: int | None
    path: str

    @property
    def authority(self) -> str:
        """What the header `Host` says (RFC 9110, 7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"

    @property
    def endpoint(self) -> tuple[str, int]:
        """What a socket is connected to."""
        return self.host, self.port or _DEFAULT_PORTS[self.scheme]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked: `target` is a path, `headers` are pairs, names in lower case; they hold credentials and hide."""

    method: str
    target: str
    headers: _Headers = field(repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was answered: `headers` with names in lower case, `body` undecoded and no longer than a bit over 1 MiB."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class Wire(Protocol):
    """What carries requests; safe for several threads."""

    def ask(self, request: Request, may_leave: Callable[[], bool], patience: Patience) -> Answer | None:
        """Carry one request, if `may_leave` says so when the way is open; None if it does not. Raises WireError."""


class Network:
    """The network, to one `address`; all requests share one TLS context, since making one takes 20 ms."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._lock = threading.Lock()
        self._tls: ssl.SSLContext | None = None
        # h11 looks at each character of a head, which is a fifth of what a request costs: once for all of one length
        self._head = lru_cache(maxsize=256)(partial(_make_head, address.authority))

    def ask(self, request: Request, may_leave: Callable[[], bool], patience: Patience) -> Answer | None:
        """Carry one request over a connection of its own; see Wire."""
        until = _Until(patience.overall)
        with _reasons("no connection", "timeout: no connection"), contextlib.ExitStack() as opened:
            connection = opened.enter_context(self._connect(until, patience.connect))
            way = opened.pop_all()
        with way:
            if not may_leave():
                return None
            with _reasons("connection lost", "timeout"):
                talk = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LARGEST_HEAD)
                head = self._head(request.method, request.target, request.headers, len(request.body))
                write(connection, _spell(talk, head, request.body), until, patience)
                return _read(connection, talk, until, patience)

    def _connect(self, until: "_Until", seconds: float) -> socket.socket:
        connection = _reach(self._address.endpoint, until, seconds)
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._address.scheme == "http":
                return connection
            connection.settimeout(until.within(seconds))
            return self._share_tls().wrap_socket(connection, server_hostname=self._address.host)
        except BaseException:
            connection.close()
            raise

    def _share_tls(self) -> ssl.SSLContext:
        with self._lock:
            if self._tls is None:
                self._tls = _make_tls()
            return self._tls


def _reach(endpoint: tuple[str, int], until: "_Until", seconds: float) -> socket.socket:
    """Connect to the first address of a host that can be reached; each gets an even share of the time that is left."""
    found = socket.getaddrinfo(*endpoint, type=socket.SOCK_STREAM)
    until = _Until(until.within(seconds))
    failure: OSError = ConnectionError()
    for left, (family, _, _, _, address) in zip(range(len(found), 0, -1), found, strict=True):
        try:
            return _connect_to(family, address, until.within(seconds) / left)
        except OSError as error:
            failure = error
    raise failure


def _connect_to(family: int, address: Any, seconds: float) -> socket.socket:
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.settimeout(seconds)
        connection.connect(address)
    except BaseException:
        connection.close()
        raise
    return connection


def _make_tls() -> ssl.SSLContext:
    """As `ssl.create_default_context` makes it, but that would write secrets where SSLKEYLOGFILE says."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # which asks for a certificate, and looks at its host
    if sys.version_info >= (3, 13):
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | ssl.VERIFY_X509_STRICT
    # the file is named, so that no variable of the environment can name another
    context.load_verify_locations(cafile=certifi.where())
    return context


class _Until:
    """A moment that all waiting ends at, however often something comes."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def within(self, seconds: float) -> float:
        """How long one piece may take: so long, and no longer than is left. TimeoutError if nothing is."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return min(left, seconds)


@contextlib.contextmanager
def _reasons(lost: str, late: str) -> Iterator[None]:
    """Every exception that the other side or the network can be the reason of → WireError."""
    try:
        yield
    except TimeoutError as error:
        raise WireError(late) from error
    except h11.ProtocolError as error:
        raise WireError("unreadable answer") from error
    except (OSError, UnicodeError) as error:  # UnicodeError: of a host whose name no DNS could hold
        raise WireError(lost) from error


def _make_head(
    authority: str, method: str, target: str, headers: tuple[tuple[str, str], ...], length: int
) -> h11.Request:
    own = [("host", authority), ("connection", "close"), *headers]
    measured = [("content-length", str(length))] if length else []
    return h11.Request(method=method, target=target, headers=[*own, *measured])


def _spell(talk: h11.Connection, head: h11.Request, body: bytes) -> bytes:
    """Write a request out, head and body in one: a body that follows later may wait for an acknowledgement."""
    events: Iterable[h11.Event] = (head, h11.Data(data=body), h11.EndOfMessage())
    return b"".join(talk.send(event) or b"" for event in events)


def write(connection: socket.socket, request: bytes, until: _Until, patience: Patience) -> None:
    """Send all of it, each piece in its time."""
    left = memoryview(request)
    while left:
        connection.settimeout(until.within(patience.write))
        left = left[connection.send(left) :]


def _read(connection: socket.socket, talk: h11.Connection, until: _Until, patience: Patience) -> Answer:
    """Read the answer; of its body no more than an answer may hold."""
    head: h11.Response | None = None
    body = bytearray()
    while len(body) <= LARGEST_ANSWER:
        match talk.next_event():
            case h11.NEED_DATA:
                connection.settimeout(until.within(patience.read))
                piece = connection.recv(_PIECE)
                if not piece and talk.their_state is h11.SEND_RESPONSE:
                    raise ConnectionResetError
                talk.receive_data(piece)
            case h11.Response() as head:
                pass
            case h11.Data(data=piece):
                body += piece
            case h11.EndOfMessage():
                break
    if head is None:
        raise ConnectionResetError
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in head.headers}
    return Answer(status=head.status_code, headers=headers, body=bytes(body))
