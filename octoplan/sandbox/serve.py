"""An app, a host and a port → a running server: until SIGTERM or Ctrl-C, or beside a block of code."""

import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Iterator

import uvicorn
from starlette.types import ASGIApp

from octoplan.sandbox.errors import SandboxError
from octoplan.sandbox.lending import LendingProtocol

_LAST_WORDS = 5
"""Seconds that requests under way are given at the end."""

_PATIENCE = 30
"""Seconds until a server that does not listen is given up."""

_WAITING = 1024
"""Connections that may wait to be taken."""


def serve(app: ASGIApp, host: str, port: int, *, ready: Callable[[str], None]) -> None:
    """Serve `app` until a signal ends it; `ready` is called once with the address, such as http://127.0.0.1:8025.

    Port 0 takes a free one. SandboxError if the address cannot be had.
    """
    with _listen(host, port) as listening, _calm_signals():
        _make_server(app, _name(host, listening), ready).run(sockets=[listening])


@contextlib.contextmanager
def serve_beside(app: ASGIApp, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve `app` in a thread of this process while the block runs; the address, once it answers."""
    listens = threading.Event()
    with _listen(host, port) as listening:
        url = _name(host, listening)
        server = _make_server(app, url, lambda _: listens.set())
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="octoplan-sandbox")
        thread.start()
        try:
            if not listens.wait(_PATIENCE):
                raise SandboxError("the sandbox does not start")
            yield url
        finally:
            server.should_exit = True
            thread.join()


def _name(host: str, listening: socket.socket) -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{listening.getsockname()[1]}"


def _make_server(app: ASGIApp, url: str, ready: Callable[[str], None]) -> "_Server":
    config = uvicorn.Config(
        app,
        http=LendingProtocol,
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        date_header=False,  # the time is the sandbox's own
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=_LAST_WORDS,
    )
    return _Server(config, lambda: ready(url))


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
    # TCP is named, since asyncio sends small answers at once (TCP_NODELAY) only where it is; else each waits 40 ms
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(_WAITING)
    except (OSError, OverflowError, UnicodeError):
        listening.close()
        raise SandboxError(
            f"port {port} of {host} cannot be had", hint="something else uses it: choose another, or 0 for a free one"
        ) from None
    return listening


@contextlib.contextmanager
def _calm_signals() -> Iterator[None]:
    """Let a signal end the server and nothing else: uvicorn raises it again afterwards, which would kill the caller."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, action in before.items():
            signal.signal(number, action)
