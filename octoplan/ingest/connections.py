"""A connection → closed where no request comes of it in time; those that are too many are counted, and told of.

Whoever opens connections and says nothing on them would else keep every callback out, unseen.
"""

import asyncio
import math
from collections.abc import Callable
from typing import ClassVar, Final

from uvicorn.protocols.http.h11_impl import H11Protocol

PATIENCE: Final = 10.0
"""Seconds until the head of a request has to be there, and as many until its body has to."""
AT_ONCE: Final = 512
"""Connections from which on a request is answered with 503."""
_TOLD_EVERY: Final = 10.0


class Crowd:
    """Counts connections that are too many, and tells of them at once, and then every ten seconds at most."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._more = 0
        self._told = -math.inf

    def add(self, now: float) -> None:
        """Count one more; `now` in seconds of any clock that goes on."""
        self._more += 1
        if now - self._told >= _TOLD_EVERY:
            of = "a connection" if self._more == 1 else f"{self._more:,} connections"
            self._tell(f"callbacks of {of} are turned away: {AT_ONCE:,} are open already")
            self._more, self._told = 0, now


class PatientProtocol(H11Protocol):
    """The server's own protocol, which waits for a request so long and no longer; for `uvicorn.Config(http=...)`."""

    crowd: ClassVar[Crowd]
    patience: ClassVar[float] = PATIENCE
    _giving_up: asyncio.TimerHandle

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as the server's own
        """Begin to wait."""
        super().connection_made(transport)
        if len(self.connections) >= AT_ONCE:
            self.crowd.add(self.loop.time())
        self._giving_up = self.loop.call_later(self.patience, self._give_up)

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        self._giving_up.cancel()
        self._giving_up = self.loop.call_later(self.patience, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._giving_up.cancel()
        super().connection_lost(exc)

    def _give_up(self) -> None:
        if getattr(self.cycle, "response_complete", True):  # before the first request there is no cycle
            self.transport.abort()
