"""Projects in temporary folders, octoplan in this process and as one of its own, and what either left behind."""

import contextlib
import io
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, Any

import pytest
from hypothesis import HealthCheck, settings

from octoplan.cli import run as run_here
from octoplan.cli.console import Console, SystemClock
from octoplan.sandbox import retention
from octoplan.sandbox.core import Sandbox
from octoplan.sandbox.exchange import Request
from octoplan.sandbox.records import Entry, Message, Query
from octoplan.sandbox.storage import Storage

OCTOPLAN = Path(sysconfig.get_path("scripts")) / "octoplan"
NOW = datetime(2026, 11, 3, 10, 0, tzinfo=UTC)
PATIENCE = 60
_EVERYTHING = Query()
GREETING = """\
channel: sms
purpose: alert
open: true
audience: {from: people.csv}
text: Hello {{ first_name }}
"""
"""A campaign to everybody in people.csv, by first name."""

# How long an example takes says more of the machine than of octoplan.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

# A shell that starts the tests in the background has Ctrl-C ignored, and so would every octoplan that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)

Files = Mapping[str, str | bytes | None]
MakeProject = Callable[..., "Folder"]
Octoplan = Callable[..., "Outcome"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one call came to."""

    code: int
    out: str
    err: str

    @property
    def last(self) -> str:
        """The last line of stdout."""
        return self.out.splitlines()[-1]

    @property
    def json(self) -> Any:
        """Stdout as one JSON document, of which nothing may be left over."""
        return json.loads(self.out)


class StandingClock(SystemClock):
    """The wall clock stands at one moment; seconds that only grow still do."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at


class HurriedClock(StandingClock):
    """Each look at the seconds finds ten minutes gone: a run gives up waiting after its first attempt."""

    def __init__(self, at: datetime) -> None:
        super().__init__(at)
        self._seconds = 0.0

    def monotonic(self) -> float:
        self._seconds += 601
        return self._seconds


class Terminal(io.StringIO):
    """A stream that says a person is there."""

    def isatty(self) -> bool:
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A project's folder: what is in it, octoplan called on it, and what that left behind."""

    path: Path

    def write(self, files: Files) -> "Folder":
        """Write text or bytes; None deletes."""
        for name, content in files.items():
            path = self.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                path.unlink()
            else:
                path.write_bytes(content.encode() if isinstance(content, str) else content)
        return self

    def call(
        self,
        *arguments: str,
        env: Mapping[str, str] | None = None,
        at: datetime = NOW,
        typed: str | None = None,
        hurried: bool = False,
        clock: SystemClock | None = None,
    ) -> Outcome:
        """Run octoplan in this process; `typed` is what a person types on a terminal, None: nobody is there.

        `clock`: one that does not stand `at` one moment.
        """
        kind = io.StringIO if typed is None else Terminal
        out, err, stdin = io.StringIO(), kind(), kind(typed or "")
        clock = clock or (HurriedClock(at) if hurried else StandingClock(at))
        console = Console(out=out, err=err, stdin=stdin, environ=dict(env or {}), clock=clock)
        code = run_here(["-C", str(self.path), *arguments], console)
        return Outcome(code=code, out=out.getvalue(), err=err.getvalue())

    def run(self, *arguments: str, env: Mapping[str, str] | None = None, typed: str = "") -> Outcome:
        """Run octoplan in a process of its own, in this folder."""
        _rejuvenate(self.path)
        return _run(self.path, arguments, env=env, typed=typed)

    def start(
        self,
        *arguments: str,
        env: Mapping[str, str] | None = None,
        terminal: int | None = None,
        stdout: IO[bytes] | int = subprocess.PIPE,
    ) -> "subprocess.Popen[bytes]":
        """Begin octoplan in a process of its own, on pipes or a terminal, to be waited for, interrupted or killed."""
        _rejuvenate(self.path)
        return subprocess.Popen(
            [OCTOPLAN, *arguments],
            cwd=self.path,
            env=clean_environment(self.path.parent, env),
            stdin=subprocess.DEVNULL if terminal is None else terminal,
            stdout=stdout if terminal is None else terminal,
            stderr=subprocess.PIPE if terminal is None else terminal,
        )

    def footprint(self) -> dict[str, tuple[str, ...]]:
        """Everything that the project remembers: the rows of its states and of its inbox."""
        return {path.name: _rows(path) for path in sorted((self.path / ".octoplan").glob("*.db"))}

    def messages(self) -> tuple[Message, ...]:
        """Read what people got, by the sandbox's own record."""
        with Storage.at(self.path / ".octoplan" / "inbox.db") as storage:
            return storage.list_messages(_EVERYTHING)

    def requests(self) -> tuple[Entry, ...]:
        """Read what arrived at the sandbox, simulated and refused requests too."""
        with Storage.at(self.path / ".octoplan" / "inbox.db") as storage:
            return storage.list_requests(_EVERYTHING)

    def addresses(self) -> list[str]:
        """Read who got something, once per message, in order."""
        return sorted(message.address for message in self.messages())


@dataclass(slots=True, kw_only=True)
class Gateway:
    """An endpoint on loopback: a sandbox in memory that is slow on demand, or answers as a script says.

    `script`: what the next requests are answered in place of the sandbox; None: the sandbox takes the request, and
    its answer is lost. `bodies`: everything that arrived; `decided`: as many as were decided on. `date`: what time it
    is there; None: it does not say.
    """

    url: str
    sandbox: Sandbox
    pause: float = 0.0
    script: list[tuple[int, bytes] | None] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    decided: list[None] = field(default_factory=list)
    date: datetime | None = None

    def answer(self, request: Request) -> tuple[int, bytes] | None:
        """Take a request and, after the pause, say what it is answered."""
        self.bodies.append(request.body)
        scripted = self.script.pop(0) if self.script else ()
        try:
            if scripted:
                return scripted
            answer = self.sandbox.answer(request)
        finally:
            self.decided.append(None)
        time.sleep(self.pause)
        return None if scripted is None else (answer.status, answer.body)

    def await_requests(self, number: int) -> None:
        """Wait until so many requests have arrived."""
        until = time.monotonic() + PATIENCE
        while len(self.bodies) < number:
            assert time.monotonic() < until, "nothing arrives at the gateway"
            time.sleep(0.01)

    def await_decisions(self) -> None:
        """Wait until nothing is under way: what a dead process sent may be taken after its death."""
        until = time.monotonic() + PATIENCE
        while len(self.decided) < len(self.bodies):
            assert time.monotonic() < until, "the gateway hangs"
            time.sleep(0.001)

    def kill_at(self, number: int, process: "subprocess.Popen[Any]") -> None:
        """Kill a process once so many requests have arrived, and wait until it is dead."""
        self.await_requests(number)
        process.kill()
        process.communicate(timeout=PATIENCE)

    def addresses(self) -> list[str]:
        """Read who got something, once per message, in order."""
        return sorted(message.address for message in self.sandbox.messages())


class _Server(ThreadingHTTPServer):
    """Keeps quiet about clients that were killed, and waits for its threads."""

    daemon_threads = False
    gateway: Gateway

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


class _Exchange(BaseHTTPRequestHandler):
    server: _Server

    def do_HEAD(self) -> None:
        self.send_response_only(204)
        if self.server.gateway.date is not None:
            self.send_header("date", format_datetime(self.server.gateway.date, usegmt=True))
        self.end_headers()

    def do_GET(self) -> None:
        self._exchange(b"")

    def do_POST(self) -> None:
        self._exchange(self.rfile.read(int(self.headers["content-length"])))

    def _exchange(self, body: bytes) -> None:
        request = Request(method=self.command, path=self.path, headers=dict(self.headers.items()), body=body)
        answer = self.server.gateway.answer(request)
        if answer is not None:
            self.send_response(answer[0])
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(answer[1])))
            self.end_headers()
            self.wfile.write(answer[1])

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name for it
        pass


def stop(process: "subprocess.Popen[Any]") -> None:
    """Stop a process, and wait until all of it stands still: on a busy machine other threads go on for a while."""
    process.send_signal(signal.SIGSTOP)
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status), "it ended before it could be stopped"


def clean_environment(home: Path, given: Mapping[str, str] | None = None) -> dict[str, str]:
    """Make the environment of a subprocess: nothing of ours but what is given, and warnings are errors."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    return kept | {"HOME": str(home), "PYTHONWARNINGS": "error", "PYTHONDONTWRITEBYTECODE": "1"} | dict(given or {})


def _run(folder: Path, arguments: tuple[str, ...], *, env: Mapping[str, str] | None, typed: str) -> Outcome:
    done = subprocess.run(
        [OCTOPLAN, *arguments],
        cwd=folder,
        env=clean_environment(folder.parent, env),
        input=typed.encode(),
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    return Outcome(code=done.returncode, out=done.stdout.decode(), err=done.stderr.decode())


def _rejuvenate(folder: Path) -> None:
    """What the sandbox received by a clock that stands still → as if it came in today, or a real process forgets it."""
    inbox = folder / ".octoplan" / "inbox.db"
    if inbox.exists():
        with contextlib.suppress(sqlite3.Error), closing(sqlite3.connect(inbox, isolation_level=None)) as connection:
            connection.execute("UPDATE requests SET arrived = ?", (datetime.now(UTC).isoformat(),))


def _rows(database: Path) -> tuple[str, ...]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
        return tuple(f"{table}: {row!r}" for (table,) in tables for row in connection.execute(f"SELECT * FROM {table}"))


def _list_forgiven(inbox: Path) -> list[str]:
    """List what the API would have mended or dropped of what arrived; nothing of a file that the test damaged."""
    with contextlib.suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{inbox}?mode=ro", uri=True)) as connection:
        return [notes for (notes,) in connection.execute("SELECT forgiven FROM requests WHERE forgiven <> '[]'")]
    return []


@pytest.fixture(autouse=True)
def _lasting_record(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the sandbox in this process keep everything: its record judges tests that let months pass."""
    if request.node.get_closest_marker("forgetful") is None:
        monkeypatch.setattr(retention, "sweep", lambda _: 0)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel that people install."""
    folder = tmp_path_factory.mktemp("wheel")
    build = (sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder))
    subprocess.run(build, cwd=Path(__file__).parents[1], check=True, capture_output=True)
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Files, tuple[tuple[str, ...], ...]], Path]:
    """Make, once for all tests, a project on which some commands were run; to be copied."""
    known: dict[str, Path] = {}

    def begin(files: Files, commands: tuple[tuple[str, ...], ...]) -> Path:
        key = repr((sorted(files.items()), commands))
        if key not in known:
            folder = Folder(path=tmp_path_factory.mktemp("begun")).write(files)
            for command in commands:
                assert folder.call(*command).code == 0, command
            known[key] = folder.path
        return known[key]

    return begin


@pytest.fixture
def project(tmp_path: Path, begun: Callable[[Files, tuple[tuple[str, ...], ...]], Path]) -> Iterator[MakeProject]:
    """Make a project's folder from its files, on which the commands in `after` were run.

    Whatever the test was about: nothing that arrived at the sandboxes of its projects had to be forgiven.
    """

    def make(files: Files, name: str = "project", *, after: tuple[tuple[str, ...], ...] = ()) -> Folder:
        folder = Folder(path=tmp_path / name)
        if after:
            shutil.copytree(begun(files, after), folder.path)
        (folder.path / "campaigns").mkdir(parents=True, exist_ok=True)
        return folder if after else folder.write(files)

    yield make
    for inbox in tmp_path.glob("*/.octoplan/inbox.db"):
        assert _list_forgiven(inbox) == []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say, once for each reason, what was not tested on this machine."""
    for reason in sorted({report.longrepr[2] for report in terminalreporter.stats.get("skipped", [])}):
        terminalreporter.write_line(reason.replace("Skipped: ", "skipped: "))


@pytest.fixture
def run(tmp_path: Path) -> Octoplan:
    """Run the real octoplan in a process of its own, away from any project, without terminal."""

    def run(*arguments: str, env: Mapping[str, str] | None = None, typed: str = "") -> Outcome:
        return _run(tmp_path, arguments, env=env, typed=typed)

    return run


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    """Serve an endpoint on loopback while the test runs."""
    with Storage.in_memory() as storage, _Server(("127.0.0.1", 0), _Exchange) as server:
        url = f"http://127.0.0.1:{server.server_port}/v1/public"
        server.gateway = Gateway(url=url, sandbox=Sandbox(storage, lambda: datetime.now(UTC)))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.gateway
        finally:
            server.shutdown()
            thread.join()
        assert [note for entry in server.gateway.sandbox.requests() for note in entry.forgiven] == []
