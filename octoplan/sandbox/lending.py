"""A connection of uvicorn → a Wire in the scope of each request on it, so that an app can reset it or write raw."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

EXTENSION = "octoplan.wire"
"""Where in a scope's extensions the Wire is."""

Headers = tuple[tuple[bytes, bytes], ...]

_DISCARD_WHAT_WAITS = struct.pack("ii", 1, 0)


class Wire:
    """One connection, lent to the app for its answer: to be reset, written to, or waited on."""

    __slots__ = ("_over", "_state", "_transport")

    def __init__(self, transport: asyncio.Transport, state: ServerState) -> None:
        self._transport = transport
        self._state = state
        self._over = asyncio.Event()

    @property
    def usual_headers(self) -> Headers:
        """The headers that the server adds to every answer."""
        return tuple(self._state.default_headers)

    def reset(self) -> None:
        """Reset the connection; what was written and not sent yet is lost."""
        with contextlib.suppress(OSError):  # it may be gone already
            self._transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, _DISCARD_WHAT_WAITS
            )
        self._transport.abort()

    def write(self, data: bytes) -> None:
        """Write bytes as they are."""
        self._transport.write(data)

    async def pause(self, seconds: float) -> None:
        """Wait, but no longer than client and server are there: nobody's shutdown is held up by a fault."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._over.wait()

    def end_pauses(self) -> None:
        """Let every pause, now and later, be over at once."""
        self._over.set()


class LendingProtocol(H11Protocol):
    """The server's own protocol, which puts a Wire into each request's scope; for `uvicorn.Config(http=...)`."""

    _wire: Wire

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as the server's own
        """Lend the connection to all requests on it."""
        super().connection_made(transport)
        app = self.app
        wire = self._wire = Wire(transport, self.server_state)

        def lend(scope: Any, receive: Any, send: Any) -> Awaitable[None]:
            scope["extensions"] = {EXTENSION: wire}
            answering: Awaitable[None] = app(scope, receive, send)
            return answering

        self.app = lend

    def connection_lost(self, exc: Exception | None) -> None:
        """Let nobody wait for a client that has left."""
        self._wire.end_pauses()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Let what is late be answered now, and wait for no request that is still on its way."""
        super().shutdown()
        on_its_way = getattr(self.cycle, "more_body", False)  # before the first request there is no cycle
        if on_its_way and not self.transport.is_closing():
            self.transport.abort()
        self._wire.end_pauses()
