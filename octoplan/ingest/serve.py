"""A scribe, a secret and a port → a small server that writes each callback down and only then answers it, with nothing.

    200  it is durable             400  nothing in it can be used         404  the path is not the secret
    405  it is no POST             413  it is longer than a callback is   503  it is not written, or not known to be

Octopush gives a receiver about a second, and signs nothing: the path is what tells its callbacks from others.
"""

import asyncio
import hmac
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Final

import uvicorn

from octoplan.errors import GatewayError, OctoplanError
from octoplan.ingest.bodies import LONGEST
from octoplan.ingest.connections import AT_ONCE, PATIENCE, Crowd, PatientProtocol
from octoplan.ingest.scribe import Scribe

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
_DONE, _BAD, _NOT_HERE, _NOT_SO, _SLOW, _LONG, _NOT_NOW = 200, 400, 404, 405, 408, 413, 503
_LAST_WORDS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """What stands between the network and the scribe. `tell` is told what went wrong, without anything of a body."""

    scribe: Scribe
    secret: str = field(repr=False)
    tell: Callable[[str], None]

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request, as ASGI has it."""
        try:
            status = await self._answer(scope, receive)
        except asyncio.CancelledError:
            self.tell("a callback was turned away: the server ends")
            status = _NOT_NOW
        if status is not None:
            headers = [(b"content-length", b"0")]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": b""})

    async def _answer(self, scope: Message, receive: Receive) -> int | None:
        path = scope.get("raw_path") or scope["path"].encode()
        if not hmac.compare_digest(path, f"/{self.secret}".encode()):
            return _NOT_HERE
        if scope["method"] != "POST":
            return _NOT_SO
        try:
            async with asyncio.timeout(PATIENCE):
                body = await _body(receive)
        except TimeoutError:
            return _SLOW
        if body is None:
            return None
        return _LONG if len(body) > LONGEST else await self._write(body)

    async def _write(self, body: bytes) -> int:
        try:
            unusable = await asyncio.wrap_future(self.scribe.write(body))
        except OctoplanError as error:
            self.tell(f"a callback was turned away: {error.what}")
            return _NOT_NOW
        except Exception as error:  # noqa: BLE001 - a message may quote a row
            self.tell(f"a callback was turned away: octoplan has a fault: {type(error).__name__}")
            return _NOT_NOW
        for one in unusable:
            self.tell(f"a callback cannot be used: {one.reason} [{one.rule}]")
        return _BAD if unusable else _DONE


async def _body(receive: Receive) -> bytes | None:
    """What comes → the body, no more than a byte above the longest; None where its sender went away."""
    parts: list[bytes] = []
    length, more = 0, True
    while more and length <= LONGEST:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        length += len(parts[-1])
        more = message.get("more_body", False)
    return b"".join(parts)[: LONGEST + 1]


def serve(door: Door, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve until a signal ends it; `ready` is called with the address, without the secret. Port 0 takes a free one."""

    class Patient(PatientProtocol):
        crowd = Crowd(door.tell)

    with _listen(host, port) as listening:
        shown = f"[{host}]" if ":" in host else host
        config = uvicorn.Config(
            door,
            http=Patient,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            limit_concurrency=AT_ONCE,
            timeout_graceful_shutdown=_LAST_WORDS,
        )
        _Server(config, lambda: ready(f"http://{shown}:{listening.getsockname()[1]}")).run(sockets=[listening])


class _Server(uvicorn.Server):
    """A server that says when it listens."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            self._ready()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(AT_ONCE)
    except (OSError, OverflowError, UnicodeError):
        listening.close()
        raise GatewayError(
            f"port {port} of {host} cannot be had", hint="something else uses it: choose another, or 0 for a free one"
        ) from None
    return listening
