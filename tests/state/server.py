"""A real PostgreSQL server for tests, made by `initdb` in a folder of its own, and a cable that can be cut.

Where no server is installed its tests are skipped, unless OCTOPLAN_DEMAND_POSTGRES is set: then they fail.
"""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import scalar_row

PATIENCE = 60
DATABASE = "postgres"
# Trust, but for those who are to be asked for a password.
_ACCESS = "local all stranger scram-sha-256\nlocal all all trust\n"
_SPEED = ("fsync=off", "full_page_writes=off", "listen_addresses=", "shared_buffers=32MB", "max_wal_size=4GB")
_KEPT: list["Server"] = []


def find_programs() -> Path | None:
    """Find the folder with `initdb` and `postgres`: on PATH, or where Debian's package puts it."""
    found = shutil.which("initdb")
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    return next((folder for folder in (*([Path(found).parent] if found else []), *folders) if _has(folder)), None)


def _has(folder: Path) -> bool:
    return all((folder / name).exists() for name in ("initdb", "postgres"))


def skip_or_fail() -> None:
    """Say that there is no server: a failure where it is demanded."""
    why = "no PostgreSQL server here: neither on PATH nor in /usr/lib/postgresql/*/bin"
    if os.environ.get("OCTOPLAN_DEMAND_POSTGRES"):
        pytest.fail(f"{why}, and OCTOPLAN_DEMAND_POSTGRES demands one", pytrace=False)
    pytest.skip(why)


@dataclass(slots=True, kw_only=True)
class Server:
    """A cluster in `folder`, reached by a socket in it; root may do everything in it, and is asked for nothing."""

    programs: Path
    folder: Path
    owner: dict[str, Any]
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def uri(self) -> str:
        """The address of the database, as its owner."""
        return f"postgresql://owner@/{DATABASE}?host={self.folder}"

    def address(self, schema: str, user: str = "owner") -> str:
        """Give the `state` of a project that keeps it in this schema."""
        return f"postgresql://{user}@/{DATABASE}?host={self.folder}&schema={schema}"

    def make(self) -> None:
        """Make the cluster."""
        command: list[str | Path] = [
            self.programs / "initdb",
            "-D",
            self.data,
            "-U",
            "owner",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
        ]
        subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE, **self.owner)
        (self.data / "pg_hba.conf").write_text(_ACCESS, encoding="ascii")

    @property
    def data(self) -> Path:
        """The cluster's own folder."""
        return self.folder / "data"

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        settings = [word for setting in (*_SPEED, f"unix_socket_directories={self.folder}") for word in ("-c", setting)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [self.programs / "postgres", "-D", self.data, *settings],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                **self.owner,
            )
        until = time.monotonic() + PATIENCE
        while psycopg.pq.PGconn.ping(self.uri.encode()) != psycopg.pq.Ping.OK:
            assert self.process.poll() is None, (self.folder / "log").read_text(encoding="utf-8", errors="replace")
            assert time.monotonic() < until, "the server does not start"
            time.sleep(0.02)

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """Stop it: SIGINT turns everybody away first, SIGQUIT leaves as in a crash."""
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(timeout=PATIENCE)
            self.process = None

    def remove(self) -> None:
        """Stop it and leave nothing behind."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def ask(self, question: str, *values: object) -> list[Any]:
        """Ask as its owner; the first column of every row of the answer."""
        with psycopg.connect(self.uri, autocommit=True, row_factory=scalar_row) as connection:
            done = connection.execute(question.encode(), values or None)
            return done.fetchall() if done.description else []

    def terminate(self, *, writing: bool) -> int:
        """End the connections of octoplan that write, or those that only read, and wait for it; how many there were."""
        shut = self.ask(
            """SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
               WHERE application_name ~ '^octoplan process '
               AND (pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory')) = %s""",
            writing,
        )
        return len(shut)

    @contextmanager
    def spare_schema(self) -> Iterator[str]:
        """Name a schema that nobody else uses, and drop what came to be in it."""
        name = f"s_{secrets.token_hex(6)}"
        yield name
        self.ask(f"DROP SCHEMA IF EXISTS {name} CASCADE")

    def dump(self, schema: str) -> str:
        """Read every row of every table of a schema, as text, bytes in hex."""
        tables = self.ask(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = %s::regnamespace", schema
        )
        return "\n".join(
            f"{name}: {row}" for name in tables for row in self.ask(f"SELECT t::text FROM {schema}.{name} t")
        )


@dataclass(slots=True, kw_only=True)
class Cable:
    """A socket in `folder` that leads to the server's; what runs through it can be changed and cut.

    `cut_at`: the words of a request with which all connections end; `arrives`: whether that request, though its answer
    is lost, still reaches the server. `renames`: each connection is told another number than its own, as poolers do.
    """

    server: Server
    folder: Path
    cut_at: bytes = b""
    arrives: bool = True
    renames: bool = False
    cuts: int = 0

    def address(self, schema: str) -> str:
        """Give the `state` of a project whose connections run through here."""
        return f"postgresql://owner@/{DATABASE}?host={self.folder}&schema={schema}"

    def carry(self, near: socket.socket) -> None:
        """Carry both ways until one side ends or the cable is cut."""
        with near, socket.socket(socket.AF_UNIX) as far:
            far.connect(str(self.server.folder / _SOCKET))
            back = threading.Thread(target=self._carry_back, args=(far, near), daemon=True)
            back.start()
            with suppress(OSError):
                while piece := near.recv(65536):
                    if self.cut_at and self.cut_at in piece:
                        self._cut(near, far, piece)
                        break
                    far.sendall(piece)
            _end(far)
            back.join()

    def _cut(self, near: socket.socket, far: socket.socket, piece: bytes) -> None:
        self.cuts += 1
        _end(near)
        if self.arrives:
            far.sendall(piece)
            time.sleep(0.2)  # what was asked is done by now

    def _carry_back(self, far: socket.socket, near: socket.socket) -> None:
        with suppress(OSError):
            while piece := far.recv(65536):
                near.sendall(_renamed(piece) if self.renames else piece)
        _end(near)


_SOCKET = ".s.PGSQL.5432"
_NUMBER = b"K\0\0\0\x0c"


def _end(side: socket.socket) -> None:
    with suppress(OSError):
        side.shutdown(socket.SHUT_RDWR)


def _renamed(piece: bytes) -> bytes:
    """Replace a connection's number: https://www.postgresql.org/docs/current/protocol-message-formats.html."""
    at = piece.find(_NUMBER)
    return piece if at < 0 else piece[: at + 5] + b"\0\0\0\x07" + piece[at + 9 :]


@contextmanager
def lay_cable(server: Server) -> Iterator[Cable]:
    """Lay a cable to the server, in a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="octoplan-cable-"))
    cable = Cable(server=server, folder=folder)
    threads: list[threading.Thread] = []

    def accept() -> None:
        with suppress(OSError):
            while True:
                near, _ = door.accept()
                threads.append(threading.Thread(target=cable.carry, args=(near,)))
                threads[-1].start()

    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(folder / _SOCKET))
        door.listen()
        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield cable
        finally:
            _end(door)
            accepting.join()
            for thread in threads:
                thread.join(timeout=PATIENCE)
            shutil.rmtree(folder)


def shared(config: pytest.Config) -> Server:
    """One server for all tests of this process, started when first asked for."""
    programs = find_programs()
    if programs is None:
        skip_or_fail()
    if not _KEPT:
        server = Server(
            programs=programs or Path(), folder=Path(tempfile.mkdtemp(prefix="octoplan-pg-")), owner=_owner()
        )
        config.add_cleanup(server.remove)
        if server.owner:
            shutil.chown(server.folder, server.owner["user"], server.owner["group"])
        server.make()
        server.start()
        _KEPT.append(server)
    return _KEPT[0]


def _owner() -> dict[str, Any]:
    """Choose who runs it: `initdb` refuses root."""
    if os.geteuid() != 0:
        return {}
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    user = known.get("postgres") or known["nobody"]
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
