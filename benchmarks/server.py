"""A running sandbox → how many requests it takes a second, durably, and whether its memory grows.

The sandbox has one processor to itself where the system can see to that; who asks has the others. Who asks writes whole
requests to open connections and looks at the status: a client that does more would be what is measured.
"""

import contextlib
import itertools
import json
import os
import re
import selectors
import socket
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import CommandFailed
from benchmarks.table import Row

CONNECTIONS = 16
SINGLE_SENDS = 1_000
FULL_FRAMES = 100
FRAME = 500
"""Recipients at most of one request (the API's own limit)."""

_WARM_MESSAGES = 10_000
_ALL_MESSAGES = 100_000
_PATIENCE = 60
_URL = re.compile(r"http://127\.0\.0\.1:(\d+)/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A sandbox that is being served: its process and its port."""

    process: "subprocess.Popen[str]"
    port: int

    def resident(self) -> int:
        """Its resident memory in KiB, as the system tells it."""
        asked = subprocess.run(
            ["ps", "-o", "rss=", "-p", str(self.process.pid)],  # noqa: S607 - POSIX
            capture_output=True,
            text=True,
            check=True,
        )
        return int(asked.stdout)


def rows(octoplan: Path, folder: Path, *, rounds: int, clock: Callable[[], float]) -> Iterator[Row]:
    """A program, an empty folder, how often → each row as soon as it is measured."""
    numbers = itertools.count()
    with _serving(octoplan, folder / "sandbox") as running:
        single, full = [], []
        for _ in range(rounds):
            requests = [_write_request(numbers, 1) for _ in range(SINGLE_SENDS)]
            single.append(_time(running.port, requests, clock))
            requests = [_write_request(numbers, FRAME) for _ in range(FULL_FRAMES)]
            full.append(_time(running.port, requests, clock))
    yield Row(name=f"{SINGLE_SENDS:,} sends to the sandbox, durable / 1 s", values=tuple(single), bound=1)
    yield Row(name=f"{FULL_FRAMES} requests of {FRAME} recipients / 1 s", values=tuple(full), bound=1)
    with _serving(octoplan, folder / "memory") as running:
        warm = _send_messages(running, numbers, _WARM_MESSAGES)
        grown = _send_messages(running, numbers, _ALL_MESSAGES - _WARM_MESSAGES)
    name = f"  its memory after {_ALL_MESSAGES:,} messages / after {_WARM_MESSAGES:,}"
    yield Row(name=name, values=(grown / warm,), bound=1.1)


def _send_messages(running: Running, numbers: Iterator[int], messages: int) -> int:
    """Send so many messages in full frames → the resident memory after them."""
    for _ in range(messages // FRAME):
        _exchange(running.port, [_write_request(numbers, FRAME)])
    return running.resident()


def _time(port: int, requests: Sequence[bytes], clock: Callable[[], float]) -> float:
    start = clock()
    _exchange(port, requests)
    return clock() - start


def _exchange(port: int, requests: Sequence[bytes]) -> None:
    """Send all requests over a few open connections, one at a time on each; CommandFailed if one is not taken."""
    waiting = iter(requests)
    with contextlib.ExitStack() as opened, selectors.DefaultSelector() as selector:
        for request in itertools.islice(waiting, CONNECTIONS):
            connection = opened.enter_context(socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sendall(request)
            selector.register(connection, selectors.EVENT_READ, connection)
        answered = 0
        while answered < len(requests):
            for ready, _ in selector.select(_PATIENCE):
                connection = ready.data
                _read_answer(connection)
                answered += 1
                if request := next(waiting, b""):
                    connection.sendall(request)


def _read_answer(connection: socket.socket) -> None:
    said = connection.recv(65_536)
    while not said.endswith(b"}"):  # every answer is one JSON object
        said += connection.recv(65_536)
    if not said.startswith(b"HTTP/1.1 201"):
        raise CommandFailed(said.partition(b"\r\n")[0].decode("latin-1"))


def _write_request(numbers: Iterator[int], recipients: int) -> bytes:
    """A whole HTTP request with an id of its own; its recipients are +33 6 00 0x xx xx, over and over."""
    first = next(numbers)
    body = json.dumps(
        {
            "channel": "sms",
            "text": "Your parcel has arrived at the shop.",
            "purpose": "alert",
            "sender": "OctoShop",
            "recipients": [
                {"phone_number": f"+336000{(first * recipients + n) % 100_000:05}"} for n in range(recipients)
            ],
            "metadata": {"type": "sms_premium", "request_id": f"{first:032x}"},
        }
    ).encode()
    head = (
        "POST /v1/public/multi-channel/send HTTP/1.1\r\nHost: 127.0.0.1\r\napi-key: k\r\napi-login: l\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@contextlib.contextmanager
def _serving(octoplan: Path, folder: Path) -> Iterator[Running]:
    folder.mkdir()
    command = [str(octoplan), "sandbox", "serve", "--port", "0", "--credit", "1000000000"]
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True) as process:
        try:
            found = _URL.search(process.stderr.readline() if process.stderr else "")
            if found is None:
                raise CommandFailed("the sandbox does not start")
            _give_one_processor(process.pid)
            yield Running(process=process, port=int(found[1]))
        finally:
            process.terminate()


def _give_one_processor(process: int) -> None:
    if hasattr(os, "sched_setaffinity"):  # Linux
        os.sched_setaffinity(process, {min(os.sched_getaffinity(0))})
