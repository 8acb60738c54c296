"""A gateway on loopback that answers as it is told, with its own record of what it accepted: the judge of every test.

Ids are remembered as the API does: once accepted, a second use is refused with 182.
"""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Script = Callable[["Asked"], str]
"""What arrived → what to do: accept, cut-before, cut-after, hang, garbage, redirect, later, STATUS or STATUS:CODE."""

ACCEPT, CUT_BEFORE, CUT_AFTER, HANG = "accept", "cut-before", "cut-after", "hang"
GARBAGE, REDIRECT, LATER = "garbage", "redirect", "later"
STOP_MISSING, NO_CREDIT, BAD_NUMBER, NO_ACCESS, FAILED, RIDDLE = (
    "400:121",
    "400:104",
    "400:181",
    "401",
    "500",
    "400:9999",
)
DUPLICATE = "400:182"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request as it arrived; `nth` of all and `attempt` of this id, both from 1."""

    body: bytes
    nth: int
    attempt: int

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def id(self) -> str:
        found: str = self.json["metadata"]["request_id"]
        return found

    @property
    def addresses(self) -> list[str]:
        return [recipient["phone_number"] for recipient in self.json["recipients"]]


@dataclass(slots=True, kw_only=True)
class Judge:
    """The endpoint: `script` says what happens, `bad` are numbers that are refused, `watch` sees each request.

    `stopped`: numbers that said STOP before anything could be sent to them. `parts`: what it counts of each message.
    `date`: what time it is there; None: it does not say.
    """

    url: str
    script: Script = lambda _: ACCEPT
    bad: frozenset[str] = frozenset()
    stopped: frozenset[str] = frozenset()
    parts: int = 1
    date: Callable[[], datetime] | None = None
    watch: Callable[[Asked], None] = lambda _: None
    asked: list[Asked] = field(default_factory=list)
    accepted: dict[str, list[str]] = field(default_factory=dict)
    heads: list[str] = field(default_factory=list)
    failures: list[BaseException] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    guard: threading.Lock = field(default_factory=threading.Lock)

    @property
    def messages(self) -> Counter[str]:
        """How many messages each address was sent."""
        return Counter(address for addresses in self.accepted.values() for address in addresses)

    @property
    def ids(self) -> list[str]:
        return [one.id for one in self.asked]

    def note(self, body: bytes) -> tuple[Asked, str]:
        """Remember a request; what to do with it."""
        with self.guard:
            known = json.loads(body)["metadata"]["request_id"]
            attempt = 1 + sum(one.id == known for one in self.asked)
            asked = Asked(body=body, nth=len(self.asked) + 1, attempt=attempt)
            self.asked.append(asked)
            try:
                self.watch(asked)
            except BaseException as failure:  # noqa: BLE001 - raised where the test ends
                self.failures.append(failure)
        return asked, self.script(asked)  # outside the lock: a script may wait

    def accept(self, asked: Asked) -> tuple[int, dict[str, Any]]:
        """Take the messages, unless the id was used or a number is bad."""
        with self.guard:
            if asked.id in self.accepted:
                return 400, {"code": 182, "message": "request_id was used, for +33600000999"}
            if self.bad & set(asked.addresses):
                return 400, {"code": 181, "message": "+33600000999 is not a number"}
            self.accepted[asked.id] = asked.addresses
            count = len(asked.addresses)
        ticket = f"sms_{asked.nth}"
        return 201, {
            "sms_ticket": ticket,
            "number_of_contacts": count,
            "total_cost": 0.5,
            "number_of_sms_needed": count * self.parts,
        }


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    judge: Judge

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep quiet about clients that were killed."""


class _Exchange(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one piece: in two, the second waits 40 ms for an acknowledgement
    server: _Server

    def do_HEAD(self) -> None:
        assert not {"api-key", "api-login"} & {name.lower() for name in self.headers}, "nobody needs to know who asks"
        date = self.server.judge.date
        self.server.judge.heads.append(self.path)
        self.send_response_only(204)
        if date is not None:
            self.send_header("date", format_datetime(date(), usegmt=True))
        self.end_headers()

    def do_POST(self) -> None:
        judge = self.server.judge
        asked, action = judge.note(self.rfile.read(int(self.headers["content-length"])))
        if action == CUT_BEFORE:
            self.close_connection = True
            return
        if action == HANG:
            judge.released.wait(20)
            self.close_connection = True
            return
        if action in (ACCEPT, CUT_AFTER, GARBAGE):
            status, answer = judge.accept(asked)
            if action == CUT_AFTER:
                self.close_connection = True
            elif action == GARBAGE:
                self._answer(200, b"<html>+33600000999</html>")
            else:
                self._answer(status, json.dumps(answer).encode())
            return
        if action in (REDIRECT, LATER):
            self._answer(*((302, b"") if action == REDIRECT else (429, b"{}")))
            return
        status_text, _, code = action.partition(":")
        said = {"code": int(code or 0), "message": "no, not to +33600000999"}
        self._answer(int(status_text), json.dumps(said).encode())

    def _answer(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        if status == 302:
            self.send_header("location", "/elsewhere")
        if status == 429:
            self.send_header("retry-after", "40")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name for it
        pass


@contextmanager
def serve() -> Iterator[Judge]:
    """Serve a Judge on loopback; what its watch found wrong is raised at the end."""
    with _Server(("127.0.0.1", 0), _Exchange) as server:
        server.judge = Judge(url=f"http://127.0.0.1:{server.server_port}/v1/public")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.judge
        finally:
            server.judge.released.set()
            server.shutdown()
            thread.join()
    if server.judge.failures:
        raise server.judge.failures[0]


def in_turn(*actions: str) -> Script:
    """Actions for the first requests of all, one each; what comes later is accepted."""
    return lambda asked: actions[asked.nth - 1] if asked.nth <= len(actions) else ACCEPT


def per_attempt(*actions: str) -> Script:
    """Actions for the attempts of every frame; what comes later is accepted."""
    return lambda asked: actions[asked.attempt - 1] if asked.attempt <= len(actions) else ACCEPT


def always(action: str) -> Script:
    return lambda _: action
