"""A request and the fault that was taken for it → what goes over the wire: too late, too little, twice, or nothing.

What matters about a fault is on which side of acceptance it falls. Taken means that the sandbox has written the message
down, durably, as it does for every request that it accepts; not taken, that the sandbox never saw the request.

    kind          taken   what the client sees
    latency       yes     the answer, `seconds` late
    status        no      `status` with `headers` and `body`; with `accept` the message is taken first
    retry_after   no      429 with Retry-After
    reset_before  no      a reset connection; the body was not read
    reset_after   yes     a reset connection, and not one byte of the answer
    truncated     yes     the whole length announced, half of the body, a reset connection
    invalid_json  yes     the status of the answer with a body that is no JSON
    slow          yes     the head at once, the body byte by byte, evenly over `seconds`
    duplicate     yes     the same answer twice; the message was taken once

A reset is a real one (RST) and a second answer is written raw: both need the connection, which `lending` lends to the
app. Under another server a reset is an answer of 500 that breaks off after its head, by an exception for which the
server drops the connection, and a duplicate is one ordinary answer.
"""

import asyncio
import contextlib
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from types import MappingProxyType

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from octoplan.sandbox.endpoints import BASE_PATH
from octoplan.sandbox.errors import SandboxError
from octoplan.sandbox.faults import Fault, Faults, Kind
from octoplan.sandbox.lending import EXTENSION, Headers, Wire

_API = f"{BASE_PATH}/"
_SETTLING = 0.05
"""Seconds between half an answer and its reset: some systems drop what was received but not read when a reset comes."""

_SHORTEST_DRIP = 0.002
"""Seconds; where bytes would follow each other faster, several go together."""

_NO_CONTENT = frozenset({204, 205, 304})
_JSON = ((b"content-type", b"application/json"),)
_NO_JSON = "<!doctype html><title>Please wait</title>"


class FaultyWire:
    """An ASGI app around `app`: takes a fault for each request under /v1/public, and leaves all others alone."""

    def __init__(self, app: ASGIApp, faults: Faults, clock: Callable[[], datetime]) -> None:
        self._app = app
        self._faults = faults
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or let something happen."""
        if scope["type"] == "http" and scope["path"].startswith(_API):
            fault = self._take(scope["path"])
            if fault is not None:
                exchange = _Exchange(app=self._app, fault=fault, scope=scope, receive=receive, send=send)
                with contextlib.suppress(_ClientLeft):
                    await _ACTIONS[fault.kind](exchange)
                return
        await self._app(scope, receive, send)

    def _take(self, path: str) -> Fault | None:
        try:
            return self._faults.take(path, self._clock)
        except SandboxError:  # the clock stands in a file that cannot be used: the app says so better
            return None


class _ClientLeft(Exception):  # noqa: N818 - it says what is the case
    """The app answers nothing, since nobody is there any more: the request was not complete, and not taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """One answer, whole, with its length among its headers."""

    status: int
    headers: Headers
    body: bytes

    def raw(self, usual: Headers, *, bodiless: bool) -> bytes:
        """Write it as the server would."""
        head = [f"HTTP/1.1 {self.status} {_phrase(self.status)}".encode("ascii")]
        head += [name + b": " + value for name, value in usual + self.headers]
        return b"\r\n".join(head) + b"\r\n\r\n" + (b"" if bodiless else self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Exchange:
    """One request that something happens to, and the app that answers it."""

    app: ASGIApp
    fault: Fault
    scope: Scope
    receive: Receive
    send: Send

    @property
    def wire(self) -> Wire | None:
        """The connection, where the server lends it."""
        lent = self.scope.get("extensions", {}).get(EXTENSION)
        return lent if isinstance(lent, Wire) else None

    async def take(self) -> _Said:
        """Let the app take the request, and keep its answer back; _ClientLeft if it gives none."""
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        await self.app(self.scope, self.receive, keep)
        if not messages:
            raise _ClientLeft
        start, *pieces = messages
        return _say(start["status"], tuple(start["headers"]), b"".join(piece.get("body", b"") for piece in pieces))

    async def begin(self, said: _Said) -> None:
        """Send the head of an answer."""
        await self.send({"type": "http.response.start", "status": said.status, "headers": list(said.headers)})

    async def go_on(self, piece: bytes, *, last: bool = False) -> None:
        """Send a piece of a body."""
        await self.send({"type": "http.response.body", "body": piece, "more_body": not last})

    async def reply(self, said: _Said) -> None:
        """Send an answer as it should be."""
        await self.begin(said)
        await self.go_on(said.body, last=True)

    async def pause(self, seconds: float) -> None:
        """Wait, while there is a reason to."""
        await (self.wire.pause(seconds) if self.wire else asyncio.sleep(seconds))

    async def reset(self, *, begun: bool = False) -> None:
        """Reset the connection and see it go; ConnectionResetError where that is left to the server."""
        if self.wire is None:
            if not begun:
                await self.begin(_Said(status=500, headers=((b"content-length", b"1"),), body=b""))
                await self.go_on(b"")
            raise ConnectionResetError("a fault breaks this answer off; the server is to drop the connection")
        self.wire.reset()
        while (await self.receive())["type"] != "http.disconnect":  # until then the server would expect an answer
            pass


async def _answer_late(exchange: _Exchange) -> None:
    said = await exchange.take()
    await exchange.pause(exchange.fault.seconds)
    await exchange.reply(said)


async def _answer_status(exchange: _Exchange) -> None:
    fault = exchange.fault
    if fault.accept:
        await exchange.take()
    await exchange.reply(_script(fault, fault.status, ()))


async def _ask_for_patience(exchange: _Exchange) -> None:
    fault = exchange.fault
    await exchange.reply(_script(fault, 429, ((b"retry-after", b"%d" % int(fault.seconds)),)))


async def _reset_before(exchange: _Exchange) -> None:
    await exchange.reset()


async def _reset_after(exchange: _Exchange) -> None:
    await exchange.take()
    await exchange.reset()


async def _truncate(exchange: _Exchange) -> None:
    said = await exchange.take()
    if not said.body:  # no half of it could be told from the whole
        await exchange.reset()
        return
    await exchange.begin(said)
    await exchange.go_on(said.body[: len(said.body) // 2])
    await exchange.pause(_SETTLING)
    await exchange.reset(begun=True)


async def _garble(exchange: _Exchange) -> None:
    said = await exchange.take()
    body = _NO_JSON if exchange.fault.body is None else exchange.fault.body
    await exchange.reply(_say(said.status, _lay_over(said.headers, exchange.fault.headers), body.encode()))


async def _drip(exchange: _Exchange) -> None:
    said = await exchange.take()
    await exchange.begin(said)
    seconds = exchange.fault.seconds
    drips = max(1, min(len(said.body), int(seconds / _SHORTEST_DRIP)))
    size = math.ceil(len(said.body) / drips) or 1
    for at in range(0, len(said.body), size):
        await exchange.pause(seconds * size / len(said.body))
        await exchange.go_on(said.body[at : at + size])
    await exchange.go_on(b"", last=True)


async def _answer_twice(exchange: _Exchange) -> None:
    said = await exchange.take()
    if exchange.wire is not None:
        # first raw, then as the server does it: afterwards it takes the answer for given, and goes on or closes
        exchange.wire.write(said.raw(exchange.wire.usual_headers, bodiless=exchange.scope["method"] == "HEAD"))
    await exchange.reply(said)


_ACTIONS: Mapping[Kind, Callable[[_Exchange], Awaitable[None]]] = MappingProxyType(
    {
        "latency": _answer_late,
        "status": _answer_status,
        "retry_after": _ask_for_patience,
        "reset_before": _reset_before,
        "reset_after": _reset_after,
        "truncated": _truncate,
        "invalid_json": _garble,
        "slow": _drip,
        "duplicate": _answer_twice,
    }
)


def _script(fault: Fault, status: int, headers: Headers) -> _Said:
    """Write the answer that a fault gives in place of the app's; where it has no body, the API's usual error."""
    usual = f'{{"code":{status},"message":"{_phrase(status) or "Error"}."}}'
    body = usual if fault.body is None else fault.body
    return _say(status, _lay_over(_JSON + headers, fault.headers), body.encode())


def _say(status: int, headers: Headers, body: bytes) -> _Said:
    kept = tuple((name, value) for name, value in headers if name not in (b"content-length", b"transfer-encoding"))
    if status in _NO_CONTENT:
        return _Said(status=status, headers=kept, body=b"")
    return _Said(status=status, headers=(*kept, (b"content-length", b"%d" % len(body))), body=body)


def _lay_over(headers: Headers, others: Mapping[str, str]) -> Headers:
    added = {name.encode("latin-1"): value.encode("latin-1") for name, value in others.items()}
    return tuple((name, value) for name, value in headers if name not in added) + tuple(added.items())


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
