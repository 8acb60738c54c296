"""A frame's body → one POST over HTTP → an Outcome: the real API, or anything that speaks like it.

Nothing of the environment counts here: no proxy variable, no .netrc, no SSL_CERT_FILE. Redirects are never followed and
nothing is ever repeated by itself: one `send` is at most one request.
"""

import ssl
import threading
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import MappingProxyType
from typing import Any

import httpx

from octoplan import __version__
from octoplan.gateways.address import OCTOPUSH_URL, Credentials, check_url, credentials
from octoplan.gateways.answers import LARGEST_ANSWER, read_answer, read_date
from octoplan.gateways.interface import Outcome, Unanswered
from octoplan.gateways.watch import Watch

__all__ = ["OCTOPUSH_URL", "Credentials", "Octopush", "OctopushConnection", "Patience", "check_url", "credentials"]

_SEND = "/multi-channel/send"
_CREDENTIALS = ("api-login", "api-key")
_SHORTLY = 3.0
"""Seconds that the host is given to say its time: nothing waits for it but an apply that begins."""

FOREIGN = (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, httpx.CookieConflict, OSError)
"""Every exception that sending may raise for reasons outside this program; none of their words is passed on."""

_REASONS: Mapping[type[Exception], str] = MappingProxyType(
    {
        httpx.ConnectTimeout: "timeout: no connection",
        httpx.TimeoutException: "timeout",
        httpx.ConnectError: "no connection",
        httpx.DecodingError: "unreadable answer",
        httpx.LocalProtocolError: "the request could not be sent",
    }
)
_LOST = "connection lost"
_FIRST_BYTE = "http11.send_request_headers.started"
"""httpcore's event between an open connection and the first byte of a request on it."""


class _Withheld(Exception):  # noqa: N818 - it says what is the case
    """The first byte was not written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Seconds to wait: for a connection, for each piece read or written, and for the whole answer."""

    connect: float = 10.0
    read: float = 30.0
    write: float = 30.0
    overall: float = 60.0


class Octopush:
    """The gateway at `url`, such as https://api.octopush.com/v1/public; check the URL before.

    `transport` replaces the network, and then is shared by all connections.
    """

    def __init__(
        self,
        url: str,
        credentials: Credentials,
        *,
        name: str = "octopush",
        transport: httpx.BaseTransport | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._url = httpx.URL(url.rstrip("/") + _SEND)
        self._credentials = credentials
        self._name = name
        self._transport = transport
        self._patience = patience or Patience()
        self._lock = threading.Lock()
        self._tls: ssl.SSLContext | None = None

    def __repr__(self) -> str:
        return f"Octopush({self._name!r})"

    @property
    def name(self) -> str:
        """The gateway's name, as the environment writes it."""
        return self._name

    def connect(self) -> "OctopushConnection":
        """Make what one thread sends with; all of them share one TLS context, since making one takes 20 ms.

        Each request has a connection of its own: on one that was kept, an answer that came twice, or late, would be
        read as that of the next request, and so a frame be taken for sent, or refused, that is not.
        """
        transport = self._transport or httpx.HTTPTransport(
            verify=self._share_tls(),
            trust_env=False,
            retries=0,
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=0),
        )
        return OctopushConnection(_make_client(transport, self._credentials, self._patience), self._url, self._patience)

    def clock(self) -> datetime | None:
        """Ask the host of the API what time it is: the `Date` (RFC 9110, 6.6.1) of any answer at all says it."""
        with closing(self.connect()) as connection:
            return connection.clock()

    def close(self) -> None:
        """Let go of a transport that was given; connections are closed by their threads."""
        if self._transport is not None:
            self._transport.close()

    def _share_tls(self) -> ssl.SSLContext:
        with self._lock:
            if self._tls is None:
                secure = self._url.scheme == "https"
                # without TLS, an empty context: it trusts nobody, and saves reading all the world's certificates
                self._tls = (
                    httpx.create_ssl_context(trust_env=False) if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                )
            return self._tls


class OctopushConnection:
    """One thread's HTTP client."""

    def __init__(self, client: httpx.Client, url: httpx.URL, patience: Patience) -> None:
        self._client = client
        self._url = url
        self._watch = Watch(patience.overall)

    def send(self, body: bytes) -> Outcome:
        """Post one frame's body, once; everything that the network or the other side does becomes an Outcome."""
        with self._watch.bound():
            try:
                outcome = self._post(body, self._watch.see_event)
            except FOREIGN as error:
                outcome = Unanswered(reason=name_reason(error))
            return Unanswered(reason="timeout") if self._watch.cut else outcome

    def send_if(self, body: bytes, may_leave: Callable[[], bool]) -> Outcome | None:
        """Post one frame's body, if `may_leave` says so when the connection is open; None if it does not."""
        if not may_leave():  # asked here too, for a transport without a network has no event to ask at
            return None
        with self._watch.bound():
            try:
                outcome = self._post(body, self._ask_before(may_leave))
            except _Withheld:
                return None
            except FOREIGN as error:
                outcome = Unanswered(reason=name_reason(error))
            return Unanswered(reason="timeout") if self._watch.cut else outcome

    def clock(self) -> datetime | None:
        """Ask for the head of the host's first page, without credentials; its time, or None without an answer."""
        request = self._client.build_request("HEAD", self._url.copy_with(raw_path=b"/"), timeout=_SHORTLY)
        for name in _CREDENTIALS:
            request.headers.pop(name, None)
        request.extensions = {**request.extensions, "trace": self._watch.see_event}
        with self._watch.bound():
            try:
                response = self._client.send(request, stream=True)
                response.close()
            except FOREIGN:
                return None
            return read_date(response.headers.get("date", ""))

    def _ask_before(self, may_leave: Callable[[], bool]) -> Callable[[str, Mapping[str, Any]], None]:
        """Make a trace that asks right before the first byte of a request is written, which raising prevents."""

        def trace(name: str, facts: Mapping[str, Any]) -> None:
            self._watch.see_event(name, facts)
            if name == _FIRST_BYTE and not may_leave():
                raise _Withheld

        return trace

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _post(self, body: bytes, trace: Callable[[str, Mapping[str, Any]], None]) -> Outcome:
        """Read no more than an answer may hold; undecoded, since none was asked to be compressed."""
        request = self._client.build_request("POST", self._url, content=body, extensions={"trace": trace})
        response = self._client.send(request, stream=True)
        pieces = bytearray()
        try:
            for piece in response.iter_raw():
                pieces += piece
                if len(pieces) > LARGEST_ANSWER:
                    break
        finally:
            response.close()
        return read_answer(response.status_code, response.headers, bytes(pieces))


def name_reason(error: Exception) -> str:
    """Say in our own words why there is no answer, for any of FOREIGN."""
    return next((words for kind, words in _REASONS.items() if isinstance(error, kind)), _LOST)


def _make_client(transport: httpx.BaseTransport, own: Credentials, patience: Patience) -> httpx.Client:
    return httpx.Client(
        transport=transport,
        headers={
            "api-login": own.login,
            "api-key": own.key,
            "content-type": "application/json",
            "accept": "application/json",
            "accept-encoding": "identity",
            "user-agent": f"octoplan/{__version__}",
        },
        cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=())),
        timeout=httpx.Timeout(
            connect=patience.connect, read=patience.read, write=patience.write, pool=patience.connect
        ),
        follow_redirects=False,
        trust_env=False,
    )
