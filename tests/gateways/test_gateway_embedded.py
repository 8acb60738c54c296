import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from octoplan.gateways.embedded import embedded
from octoplan.gateways.interface import Accepted, Balance, Duplicate, Gateway, Outcome, Refused, Riddle
from octoplan.gateways.octopush import Octopush, credentials
from octoplan.sandbox.core import Sandbox
from octoplan.sandbox.steering import Steering
from octoplan.sandbox.storage import Storage

SERVER = """
import sys
from datetime import UTC, datetime
from octoplan.sandbox.app import build_app
from octoplan.sandbox.core import Sandbox
from octoplan.sandbox.serve import serve
from octoplan.sandbox.storage import Storage

with Storage.in_memory() as storage:
    app = build_app(Sandbox(storage, lambda: datetime.now(UTC)))
    serve(app, "127.0.0.1", 0, ready=lambda url: print(url, flush=True))
"""


def frame(**changes: Any) -> bytes:
    content = {
        "channel": "sms",
        "text": "Hello STOP au 30101",
        "recipients": [{"phone_number": "+33600000123"}],
        "purpose": "wholesale",
    } | changes
    return json.dumps(content).encode()


FRAMES = {
    "accepted": frame(metadata={"request_id": "a1"}),
    "duplicate": frame(metadata={"request_id": "a1"}),
    "no stop": frame(text="Hello"),
    "bad number": frame(recipients=[{"phone_number": "0600000123"}]),
    "no text": frame(text=""),
    "nested": frame(channel="voice_sms", metadata={"voice_language": "ja-JP"}),
    "bad email": frame(channel="email", recipients=[{"email": "nobody"}]),
    "email": frame(channel="email", recipients=[{"email": "ann@example.com"}]),
    "rcs": frame(channel="rcs"),
    "simulated": frame(simulation_mode=True),
    "unknown channel": frame(channel="fax"),
    "no json": b"\xff",
}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Storage.in_memory() as storage:
        yield Sandbox(storage, lambda: datetime.now(UTC))


@pytest.fixture
def gateway(sandbox: Sandbox) -> Gateway:
    return embedded(sandbox)


def send_all(gateway: Gateway) -> dict[str, Outcome]:
    connection = gateway.connect()
    outcomes = {name: connection.send(body) for name, body in FRAMES.items()}
    connection.close()
    gateway.close()
    return outcomes


def forget_ticket(outcome: Outcome) -> object:
    if isinstance(outcome, Accepted):
        return (outcome.contacts, outcome.cost, outcome.units, outcome.credit_left)
    return outcome


@pytest.fixture
def server() -> Iterator[str]:
    command = [sys.executable, "-W", "error", "-c", SERVER]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip() + "/v1/public"
        finally:
            process.terminate()
            _, errors = process.communicate(timeout=20)
            assert errors == ""


def test_the_sandbox_is_a_gateway_by_that_name(gateway: Gateway) -> None:
    assert gateway.name == "sandbox"


def test_both_doors_tell_the_credit(sandbox: Sandbox, gateway: Gateway, server: str) -> None:
    assert Octopush(server, credentials(None, None, server)).balance() == gateway.balance()
    Steering(sandbox).set_credit(Decimal("12.54"))
    assert gateway.balance() == Balance(amount=Decimal("12.54"))


def test_both_doors_give_the_same_answers(gateway: Gateway, server: str) -> None:
    over_http = send_all(Octopush(server, credentials(None, None, server)))
    in_process = send_all(gateway)
    assert [forget_ticket(one) for one in over_http.values()] == [forget_ticket(one) for one in in_process.values()]
    kinds = {name: type(outcome) for name, outcome in in_process.items()}
    assert kinds == {
        "accepted": Accepted,
        "duplicate": Duplicate,
        "no stop": Refused,
        "bad number": Refused,
        "no text": Refused,
        "nested": Refused,
        "bad email": Refused,
        "email": Accepted,
        "rcs": Accepted,
        "simulated": Accepted,
        "unknown channel": Riddle,
        "no json": Riddle,
    }


def test_sixteen_threads_lose_and_double_nothing(tmp_path: Path) -> None:
    with Storage.at(tmp_path / "inbox.db") as storage:
        sandbox = Sandbox(storage, lambda: datetime.now(UTC))
        gateway = embedded(sandbox)
        outcomes: list[Outcome] = []

        def send(thread: int) -> None:
            connection = gateway.connect()
            for number in range(50):
                address = f"+336000{thread:02d}{number:03d}"
                body = frame(recipients=[{"phone_number": address}], metadata={"request_id": f"{thread}-{number}"})
                outcomes.append(connection.send(body))
            connection.close()

        threads = [threading.Thread(target=send, args=(number,)) for number in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert {type(outcome) for outcome in outcomes} == {Accepted}
        messages = sandbox.messages()
        assert len(messages) == len({one.address for one in messages}) == len({one.ticket for one in messages}) == 800
        assert min(getattr(outcome, "credit_left", 0) for outcome in outcomes) == 100_000 - 800 * 45 / 1000


def test_one_request_id_from_sixteen_threads_is_accepted_once(sandbox: Sandbox, gateway: Gateway) -> None:
    outcomes: list[Outcome] = []

    def send() -> None:
        connection = gateway.connect()
        outcomes.append(connection.send(FRAMES["accepted"]))
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Accepted"] + ["Duplicate"] * 15
    assert sandbox.count() == 1


def test_the_sandbox_never_sees_who_sent(sandbox: Sandbox, gateway: Gateway) -> None:
    connection = gateway.connect()
    connection.send(FRAMES["accepted"])
    connection.close()
    (entry,) = sandbox.requests()
    assert entry.body == FRAMES["accepted"]
    assert entry.forgiven == ()
