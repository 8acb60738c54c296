"""A bound on one whole request: an answer that drips byte by byte stays within every single timeout, but not in this.

httpx bounds each read, not their sum, and between the bytes of a header nobody else gets a word in. So a timer cuts the
socket, and the waiting read ends as a lost connection.
"""

import contextlib
import socket
import threading
from collections.abc import Iterator, Mapping
from typing import Any

_CONNECTED = frozenset({"connection.connect_tcp.complete", "connection.start_tls.complete"})


class Watch:
    """Bounds the requests of one connection to `seconds` each; `cut` tells whether the present one was cut off."""

    def __init__(self, seconds: float) -> None:
        self.cut = False
        self._seconds = seconds
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._timer: threading.Timer | None = None

    @contextlib.contextmanager
    def bound(self) -> Iterator[None]:
        """Watch over one request, from its first event on the network (a transport without one needs no watching)."""
        self.cut = False
        try:
            yield
        finally:
            with self._lock:
                if self._timer is not None:
                    self._timer.cancel()
                self._timer = None

    def see_event(self, name: str, facts: Mapping[str, Any]) -> None:
        """Note the socket when one is opened; httpx calls this as its `trace` extension."""
        with self._lock:
            if self._timer is None:
                self._timer = threading.Timer(self._seconds, self._end)
                self._timer.daemon = True
                self._timer.start()
            if name in _CONNECTED:
                self._socket = facts["return_value"].get_extra_info("socket")
                if self.cut:  # it was opened too late
                    self._shut()

    def _end(self) -> None:
        with self._lock:
            if self._timer is threading.current_thread():  # a timer that went off too late cuts nothing
                self.cut = True
                self._shut()

    def _shut(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):  # closed already
                # of the plain socket: SSLSocket's own would drop its encryption while another thread reads
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
