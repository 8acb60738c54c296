"""A campaign that was sent, and octoplan as a process that takes callbacks."""

import http.client
import json
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.conftest import PATIENCE, Folder, MakeProject

SECRET = "a-secret-of-enough-letters"  # noqa: S105 - of a server that lives as long as a test
PEOPLE = tuple(f"+336000005{one:02}" for one in range(6))
FILES = {
    "octoplan.yaml": "octoplan: 1\nenvironments: {sandbox: {gateway: sandbox, frame_size: 3, max_in_flight: 1}}\n",
    "campaigns/people.csv": "phone_number,first_name\n" + "".join(f"{one},Ann\n" for one in PEOPLE),
    "campaigns/sale.yaml": "channel: sms\npurpose: wholesale\nopen: true\naudience: {from: people.csv}\n"
    "text: Hello {{ first_name }}, STOP au 30101\n",
}
APPLY = ("apply", "--auto-approve")


@pytest.fixture
def sent(project: MakeProject) -> Folder:
    """A project whose campaign everybody has had."""
    return project(FILES, after=(APPLY,))


@pytest.fixture
def fresh(project: MakeProject) -> Folder:
    """The same, before anything was sent."""
    return project(FILES)


def ticket_of(folder: Folder, address: str) -> str:
    """Look up the ticket of a message to this address, in the sandbox's record."""
    return next(one.ticket for one in folder.messages() if one.address == address)


def hear(folder: Folder, *told: object, env: str = "sandbox") -> None:
    """Take callbacks in."""
    folder.write({"callbacks.json": json.dumps(told)})
    assert folder.call("ingest", str(folder.path / "callbacks.json"), "--env", env).code == 0


def stop(address: str, ticket: str = "") -> dict[str, Any]:
    return {"message_id": ticket, "number": address, "text": "STOP", "stop_date": "2026-11-03 09:30:00"}


def delivery(address: str, ticket: str, status: str = "DELIVERED") -> dict[str, Any]:
    date = "2026-11-03 09:30:00"
    return {"message_id": ticket, "number": address, "status": status, "delivery_date": date, "channel": "sms"}


def reply(address: str, ticket: str, text: str = "yes") -> dict[str, Any]:
    return {"message_id": ticket, "number": address, "text": text, "reception_date": "2026-11-03 09:31:00"}


@dataclass(slots=True, kw_only=True)
class Served:
    """A process that takes callbacks, and how to give it one."""

    process: subprocess.Popen[bytes]
    port: int
    told: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Give the address with the secret."""
        return f"http://127.0.0.1:{self.port}/{SECRET}"

    def post(
        self,
        body: bytes | Mapping[str, Any],
        path: str = f"/{SECRET}",
        method: str = "POST",
    ) -> tuple[int, bytes]:
        """Give it a body; status and body of the answer."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, data)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


Serve = Callable[..., Served]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start `octoplan ingest serve` on a project; whatever still runs at the end has to end well."""
    with ExitStack() as stack:

        def start(folder: Folder, *arguments: str, env: Mapping[str, str] | None = None) -> Served:
            return stack.enter_context(_serving(folder, arguments, env or {}))

        yield start


@contextmanager
def _serving(folder: Folder, arguments: tuple[str, ...], env: Mapping[str, str]) -> Iterator[Served]:
    process = folder.start("ingest", "serve", "--port", "0", *arguments, env={"OCTOPLAN_INGEST_SECRET": SECRET, **env})
    assert process.stderr is not None
    said = process.stderr.readline().decode()
    assert said.startswith("Taking callbacks at http://127.0.0.1:"), said + process.stderr.read().decode()
    served = Served(process=process, port=int(said.split(":")[2].split("/")[0]))
    try:
        yield served
    finally:
        alive = process.poll() is None
        if alive:
            process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=PATIENCE)
        served.told += err.decode().splitlines()
        assert out == b""
        assert not alive or process.returncode == 0
        assert SECRET not in err.decode()
        assert "+33" not in err.decode()
