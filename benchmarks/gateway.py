"""A gateway that answers after so many milliseconds, and does nothing else: what is measured is who asks.

    python gateway.py MILLISECONDS

It says its port on stdout and accepts everything until it is ended. The sandbox would be what is measured: it writes
each message to the disk.
"""

import asyncio
import itertools
import re
import sys

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_END = b"\r\n\r\n"
_TICKETS = itertools.count(1)


class Exchange(asyncio.Protocol):
    """One connection: each whole request is answered 201, after the pause."""

    def __init__(self, pause: float) -> None:
        self._pause = pause
        self._received = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what answers are written to."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every request that is whole."""
        self._received += data
        while (size := _size(self._received)) is not None and len(self._received) >= size:
            del self._received[:size]
            asyncio.get_running_loop().call_later(self._pause, self._answer)

    def _answer(self) -> None:
        body = b'{"sms_ticket":"sms_%d","number_of_contacts":1}' % next(_TICKETS)
        head = b"HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(head + body)


def _size(received: bytearray) -> int | None:
    """What was received so far → the length of its first request, head and body; None while the head goes on."""
    head = received.find(_END)
    if head < 0:
        return None
    found = _LENGTH.search(received, 0, head)
    return head + len(_END) + (int(found[1]) if found else 0)


async def serve(pause: float) -> None:
    """Seconds to wait before each answer → a server on a free port of loopback, for ever."""
    server = await asyncio.get_running_loop().create_server(lambda: Exchange(pause), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1]) / 1000))
