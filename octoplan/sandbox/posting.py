"""Callbacks that are due → POSTs to the account's callback URL, from a thread that whoever serves starts and stops.

One after the other, so that a receiver hears things in the order in which they happened, a delivery before its STOP,
and is never asked twice at once. Each has about a second for everything, as documented: a receiver that hangs delays
the next callback by that, and the end of the thread by no more.

Each callback is posted once, whatever is answered (assumed; see `callbacks.ASSUMPTIONS`), also where several servers
use one file: `turn` says who posts. Only a sandbox that was killed between the POST and its note posts that one again.
"""

import contextlib
import errno
import http.client
import io
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, Self
from urllib.parse import SplitResult, quote, urlsplit

from octoplan.sandbox.callbacks import CONTENT_TYPES
from octoplan.sandbox.errors import SandboxError
from octoplan.sandbox.records import Callback

SECONDS = 1.0
"""What a receiver is given, from looking up its name to the end of its answer (documented: about a second)."""

_LOOKS_EVERY = 0.25
_MOST_READ = 64 * 1024
_AS_WRITTEN = "/?%:@!$&'()*+,;=-._~[]"
"""Characters of a URL that are sent as they are."""


class Source(Protocol):
    """Where callbacks wait; both methods raise SandboxError if it cannot be used just now."""

    def take_callbacks(self, limit: int) -> Sequence[Callback]:
        """List those that are due, were not noted yet and are ours to post, oldest first."""

    def note_callback(self, number: int, *, status: int | None, error: str) -> None:
        """Note that the callback with this id was posted, and what came of it."""


class Poster:
    """Posts what its source has, while it is used as a context. `seconds`: what each receiver is given for all."""

    def __init__(self, source: Source, *, seconds: float = SECONDS) -> None:
        self._source = source
        self._seconds = seconds
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="octoplan-callbacks")
        self._owed: tuple[int, _Outcome] | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.is_set():
            if not self._post_next():
                self._ended.wait(_LOOKS_EVERY)

    def _post_next(self) -> bool:
        """Post what has been due longest; whether there was anything.

        One is taken at a time, so that a reset or a cancellation counts at once.
        """
        try:
            self._settle()
            for callback in self._source.take_callbacks(1):
                self._owed = callback.id, self._post(callback)
                self._settle()
                return True
        except SandboxError:  # its file cannot be used just now: what was posted is noted before anything else is
            pass
        return False

    def _settle(self) -> None:
        """Note what was posted, so that it is not posted again."""
        if self._owed is not None:
            number, outcome = self._owed
            self._source.note_callback(number, status=outcome.status, error=outcome.error)
            self._owed = None

    def _post(self, callback: Callback) -> "_Outcome":
        try:
            status = _post(callback, time.monotonic() + self._seconds, lambda: self._tls)
        except Exception as error:  # noqa: BLE001 - whatever a receiver does, the thread goes on
            return _Outcome(error=_explain(error, self._seconds))
        return _Outcome(status=status)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context()  # takes 20 ms: made once, and only where it is needed


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """What came of a POST: the status of the answer, or why there was none."""

    status: int | None = None
    error: str = ""


class _Remaining(io.RawIOBase):
    """What comes in from a socket, each piece within what is left of the time, so that no drip outlasts it."""

    def __init__(self, connected: socket.socket, until: float) -> None:
        self._connected = connected
        self._until = until

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._connected.settimeout(_left(self._until))
        return self._connected.recv_into(buffer)


def _post(callback: Callback, until: float, tls: Callable[[], ssl.SSLContext]) -> int:
    """Post once, follow nothing, keep nothing of the answer but its status."""
    url = urlsplit(callback.url)
    host, secure = url.hostname or "", url.scheme == "https"
    port = url.port or (http.client.HTTPS_PORT if secure else http.client.HTTP_PORT)
    with contextlib.ExitStack() as opened:
        connected = opened.enter_context(_connect(host, port, until))
        connection = http.client.HTTPConnection(host, port)
        if secure:
            connected = opened.enter_context(_encrypt(connected, host, tls(), until))
            connection = http.client.HTTPSConnection(host, port, context=tls())
        connection.sock = connected
        connected.settimeout(_left(until))
        connection.request("POST", _target(url), callback.body, _headers(callback))
        return _read_status(connected, until)


def _connect(host: str, port: int, until: float) -> socket.socket:
    """Connect to the first address that answers; each gets its share of the time."""
    addresses = _look_up(host, port, until)
    for tried, (family, kind, protocol, _, address) in enumerate(addresses, start=1):
        connected = socket.socket(family, kind, protocol)
        try:
            connected.settimeout(_left(until) / (len(addresses) - tried + 1))
            connected.connect(address)
        except OSError:
            connected.close()
            if tried == len(addresses):
                raise
        else:
            return connected
    raise OSError(errno.EADDRNOTAVAIL, "no address")


def _look_up(host: str, port: int, until: float) -> Sequence[Any]:
    """Look the addresses of a host up.

    A name may take the system long, and nothing can interrupt it: it is looked up in a thread that is left behind if
    need be, and that nobody waits for at the end.
    """
    with contextlib.suppress(socket.gaierror):  # not a number
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    found: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def look() -> None:
        try:
            found.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, ValueError) as error:
            found.put(error)

    threading.Thread(target=look, name="octoplan-name", daemon=True).start()
    try:
        answer = found.get(timeout=_left(until))
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(answer, Exception):
        raise answer
    return list(answer)


def _encrypt(connected: socket.socket, host: str, tls: ssl.SSLContext, until: float) -> ssl.SSLSocket:
    connected.settimeout(_left(until))
    return tls.wrap_socket(connected, server_hostname=host)


def _read_status(connected: socket.socket, until: float) -> int:
    """Read the answer's head, and what follows, to the end if it is short, so that no receiver is cut off."""
    with contextlib.closing(http.client.HTTPResponse(connected, method="POST")) as answer:
        answer.fp.close()
        answer.fp = io.BufferedReader(_Remaining(connected, until))
        answer.begin()
        with contextlib.suppress(OSError, http.client.HTTPException):  # the status counts, whatever follows
            answer.read(_MOST_READ)
        return answer.status


def _target(url: SplitResult) -> str:
    return quote(f"{url.path or '/'}{'?' * bool(url.query)}{url.query}", safe=_AS_WRITTEN)


def _headers(callback: Callback) -> Mapping[str, str]:
    return {
        "content-type": CONTENT_TYPES.get(callback.format, CONTENT_TYPES["json"]),
        "user-agent": "octoplan-sandbox",
        "connection": "close",
    }


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _explain(error: Exception, seconds: float) -> str:
    """Say why there was no answer; in our own words, since a library's may quote what was posted."""
    if isinstance(error, TimeoutError):
        return f"no answer within {seconds:g} s"
    return next((said for kind, said in _REASONS if isinstance(error, kind)), "it could not be posted")


_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (socket.gaierror, "the host name is not known"),
    (ssl.SSLError, "no secure connection can be made"),
    (ConnectionRefusedError, "nothing listens there"),
    (OSError, "the connection broke off"),
    (http.client.InvalidURL, "the URL cannot be used"),
    (http.client.HTTPException, "the answer is not HTTP"),
    (ValueError, "the URL cannot be used"),
)
