"""The sandbox over real HTTP, counted at its door: something may happen the moment a request arrives, or is answered.

What it is told, and what it is asked in the end, goes through its own doors under /_sandbox.
"""

import json
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from starlette.types import ASGIApp, Receive, Scope, Send

from octoplan.sandbox.app import build_app
from octoplan.sandbox.core import Sandbox
from octoplan.sandbox.serve import serve_beside
from octoplan.sandbox.storage import Storage
from tests.conftest import PATIENCE

Phase = Literal["arrives", "is answered"]
_API = "/v1/public"


@dataclass(slots=True)
class Counted:
    """The app, and how many requests to the API arrived and were answered. `watch` is called at each, by its number.

    `at`: when that was last so. `sends`: when each of those arrived that would send, by the sandbox's `clock`.
    """

    app: ASGIApp
    clock: Callable[[], datetime]
    watch: Callable[[Phase, int], None] = lambda _phase, _number: None
    seen: Counter[Phase] = field(default_factory=Counter)
    sends: list[datetime] = field(default_factory=list)
    at: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(_API):
            await self.app(scope, receive, send)
            return
        told = False

        async def answer(message: Any) -> None:
            nonlocal told
            if not told:  # taken and written down, or turned away: not one byte of the answer has left
                told = True
                self._note("is answered")
            await send(message)

        if scope["method"] == "POST":
            self.sends.append(self.clock())
        self._note("arrives")
        await self.app(scope, receive, answer)
        if not told:
            self._note("is answered")

    def _note(self, phase: Phase) -> None:
        with self.lock:
            self.seen[phase] += 1
            number = self.seen[phase]
            self.at = time.monotonic()
        self.watch(phase, number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A sandbox that is up: `address` of its doors."""

    address: str
    counted: Counted

    @property
    def url(self) -> str:
        """The gateway of a project."""
        return f"{self.address}{_API}"

    def ask(self, door: str) -> Any:
        """Look through one of its doors."""
        return self._call("GET", door)

    def tell(self, door: str, order: Mapping[str, Any]) -> None:
        """Steer it."""
        self._call("POST", door, json.dumps(order).encode())

    def forget(self, door: str) -> None:
        """Take away what was told."""
        self._call("DELETE", door)

    def settle(self) -> None:
        """Wait until every request that arrived was answered: those of the dead too."""
        until = time.monotonic() + PATIENCE
        while self.counted.seen["arrives"] != self.counted.seen["is answered"]:
            assert time.monotonic() < until, "a request is not answered"
            time.sleep(0.005)

    def messages(self) -> list[dict[str, Any]]:
        """List what people got, by the sandbox's own record."""
        found = self.ask("/_sandbox/messages?limit=1000")
        assert found["total"] == len(found["messages"])
        messages: list[dict[str, Any]] = found["messages"]
        return messages

    def filled(self) -> int:
        """Count the requests in which it was left to fill in something."""
        entries = self.ask("/_sandbox/requests?limit=1000")["requests"]
        return sum(entry["endpoint"].endswith("/sms-campaign/send") for entry in entries)

    def _call(self, method: str, door: str, body: bytes | None = None) -> Any:
        headers = {"content-type": "application/json"}
        request = urllib.request.Request(f"{self.address}{door}", data=body, headers=headers, method=method)  # noqa: S310 - loopback
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310 - as above
            content = answer.read()
        return json.loads(content) if content else None


@contextmanager
def serve_sandbox(clock: Callable[[], datetime]) -> Iterator[Served]:
    """Serve an empty sandbox, which lives by `clock`, while the block runs."""
    with Storage.in_memory() as storage:
        counted = Counted(build_app(Sandbox(storage, clock)), clock)
        with serve_beside(counted) as address:
            yield Served(address=address, counted=counted)
