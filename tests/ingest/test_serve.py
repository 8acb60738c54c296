"""`octoplan ingest serve`: what was answered is durable, whatever becomes of the process. Real HTTP and kills."""

import asyncio
import json
import os
import random
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from urllib.parse import urlencode

import pytest
import uvicorn
from uvicorn.server import ServerState

from octoplan import project as projects
from octoplan.ingest.connections import AT_ONCE, Crowd, PatientProtocol
from octoplan.ingest.scribe import Scribe
from octoplan.ingest.serve import Door, Message
from octoplan.state.home import Home, State, open_state
from octoplan.state.sqlite import SqliteStore
from octoplan.table.keys import person_key
from tests.conftest import NOW, PATIENCE, Folder, MakeProject
from tests.ingest.conftest import FILES, PEOPLE, SECRET, Serve, Served, delivery, reply, stop, ticket_of

TRIALS = 20


def opened(folder: Folder, *, writable: bool = False) -> State:

    loaded = projects.load(folder.path)
    home = Home(root=folder.path, environment=loaded.environment("sandbox"), secret=None, random_bytes=os.urandom)
    return open_state(home, writable=writable)


def said_stop(folder: Folder) -> set[int]:
    state = opened(folder)
    with closing(state.store):
        return {one.person for batch in state.store.optouts() for one in batch}


def keys(folder: Folder, *addresses: str) -> set[int]:
    state = opened(folder)
    with closing(state.store):
        return {person_key(state.keys.person, address) for address in addresses}


def test_every_kind_of_callback_is_taken_as_json_and_as_a_form(sent: Folder, serve: Serve) -> None:
    ticket = ticket_of(sent, PEOPLE[0])
    served = serve(sent)
    assert served.post(delivery(PEOPLE[0], ticket)) == (200, b"")
    assert served.post(urlencode(stop(PEOPLE[1], ticket_of(sent, PEOPLE[1]))).encode()) == (200, b"")
    assert served.post([stop(PEOPLE[2]), reply(PEOPLE[0], ticket)]) == (200, b"")  # type: ignore[arg-type] # an array
    state = opened(sent)
    with closing(state.store):
        (response,) = state.store.responses().values()
        assert (response.delivered, response.optouts, response.replies) == (1, 1, 1)
    assert said_stop(sent) == keys(sent, PEOPLE[1], PEOPLE[2])


@pytest.mark.parametrize(
    ("asked", "body", "status"),
    [
        (("/", "POST"), b"{}", 404),
        ((f"/{SECRET}x", "POST"), b"{}", 404),
        ((f"/{SECRET}/", "POST"), b"{}", 404),
        ((f"/{SECRET[:-1]}", "GET"), b"", 404),
        ((f"//{SECRET}", "POST"), b"{}", 404),
        ((f"/{SECRET}", "GET"), b"", 405),
        ((f"/{SECRET}", "POST"), b"", 400),
        ((f"/{SECRET}", "POST"), b"{}", 400),
        ((f"/{SECRET}", "POST"), b'{"stop_date": "", "number": "0612345678"}', 400),
        ((f"/{SECRET}", "POST"), b"x" * 1_048_577, 413),
    ],
)
def test_what_is_no_callback_is_turned_away_with_nothing_said(
    sent: Folder, serve: Serve, asked: tuple[str, str], body: bytes, status: int
) -> None:
    assert serve(sent).post(body, *asked) == (status, b"")
    assert said_stop(sent) == set()


def test_a_good_callback_beside_a_bad_one_is_kept(sent: Folder, serve: Serve) -> None:
    served = serve(sent)
    assert served.post([stop(PEOPLE[0]), {"stop_date": ""}])[0] == 400  # type: ignore[arg-type] # an array
    assert said_stop(sent) == keys(sent, PEOPLE[0])


@pytest.mark.parametrize("secret", ["", "short", "with a space in it", "é" * 20])
def test_without_a_secret_it_does_not_start(sent: Folder, secret: str) -> None:
    done = sent.run("ingest", "serve", env={"OCTOPLAN_INGEST_SECRET": secret} if secret else {})
    assert done.code == 4
    assert "OCTOPLAN_INGEST_SECRET" in done.err
    assert not secret or secret not in done.err


def test_a_port_that_is_taken_is_told(sent: Folder, serve: Serve) -> None:
    served = serve(sent)
    done = sent.run("ingest", "serve", "--port", str(served.port), env={"OCTOPLAN_INGEST_SECRET": SECRET})
    assert done.code == 4
    assert f"port {served.port} of 127.0.0.1 cannot be had" in done.err


def test_a_sender_that_goes_away_in_mid_body_leaves_nothing(sent: Folder, serve: Serve) -> None:
    served = serve(sent)
    body = json.dumps(stop(PEOPLE[0])).encode()
    with socket.create_connection(("127.0.0.1", served.port)) as near:
        head = f"POST /{SECRET} HTTP/1.1\r\nhost: here\r\ncontent-length: {len(body)}\r\n\r\n".encode()
        near.sendall(head + body[:-1])
    assert served.post(stop(PEOPLE[1])) == (200, b"")
    assert said_stop(sent) == keys(sent, PEOPLE[1])


def test_many_at_once_are_all_kept(sent: Folder, serve: Serve) -> None:
    served = serve(sent)
    addresses = [f"+33600001{number:03}" for number in range(200)]
    with ThreadPoolExecutor(16) as pool:
        answers = set(pool.map(lambda one: served.post(stop(one)), addresses))
    assert answers == {(200, b"")}
    assert said_stop(sent) == keys(sent, *addresses)


@contextmanager
def closing_state(folder: Folder) -> Iterator[State]:
    state = opened(folder, writable=True)
    with closing(state.store):
        yield state


@contextmanager
def locked(folder: Folder) -> Iterator[None]:
    """Let nobody else write to the state meanwhile."""
    with closing(sqlite3.connect(folder.path / ".octoplan" / "sandbox.db", isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


async def ask(door: Door, body: bytes) -> int:
    """Give a door a body, as a server would; the status of the answer."""
    answers: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body}

    async def send(message: Message) -> None:
        answers.append(message)

    await door({"type": "http", "path": f"/{SECRET}", "method": "POST"}, receive, send)
    assert answers[1]["body"] == b""
    return int(answers[0]["status"])


def test_where_the_state_cannot_be_written_it_says_so_and_opens_it_anew(sent: Folder) -> None:
    states: list[State] = []
    told: list[str] = []

    @contextmanager
    def open_one() -> Iterator[State]:
        states.append(opened(sent, writable=True))
        with closing(states[-1].store):
            yield states[-1]

    with Scribe(open_one, lambda: NOW) as scribe:
        door = Door(scribe=scribe, secret=SECRET, tell=told.append)
        body = json.dumps(stop(PEOPLE[0])).encode()
        states[0].store.close()
        assert asyncio.run(ask(door, body)) == 503
        assert said_stop(sent) == set()
        assert asyncio.run(ask(door, body)) == 200
    assert said_stop(sent) == keys(sent, PEOPLE[0])
    assert len(states) == 2
    assert told == ["a callback was turned away: the state cannot be used: it is damaged or no state"]


def test_what_was_handed_in_is_written_also_where_nobody_waits_for_it_any_more(sent: Folder) -> None:
    with Scribe(lambda: closing_state(sent), lambda: NOW) as scribe:
        with locked(sent):
            first = scribe.write(json.dumps(stop(PEOPLE[0])).encode())
            time.sleep(0.1)  # it is being written: the others wait for it
            waiting = [first, *(scribe.write(json.dumps(stop(one)).encode()) for one in PEOPLE[1:3])]
            left = [one.cancel() for one in waiting]
        last = scribe.write(json.dumps(stop(PEOPLE[3])).encode())
        assert last.result(timeout=PATIENCE) == ()
    assert left == [False, True, True]
    assert said_stop(sent) == keys(sent, *PEOPLE[:4])


def test_whoever_still_waits_at_the_end_is_told_to_come_again(sent: Folder) -> None:
    told: list[str] = []

    async def end_while_it_waits(door: Door) -> int:
        asked = asyncio.create_task(ask(door, json.dumps(stop(PEOPLE[0])).encode()))
        await asyncio.sleep(0.1)
        asked.cancel()
        return await asked

    with Scribe(lambda: closing_state(sent), lambda: NOW) as scribe, locked(sent):
        door = Door(scribe=scribe, secret=SECRET, tell=told.append)
        assert asyncio.run(end_while_it_waits(door)) == 503
    assert told == ["a callback was turned away: the server ends"]
    assert said_stop(sent) == keys(sent, PEOPLE[0])


def test_connections_that_are_too_many_are_counted_and_told_of_in_time() -> None:
    told: list[str] = []
    crowd = Crowd(told.append)
    for second in (0.0, 1.0, 9.0, 10.0, 10.1, 30.0):
        crowd.add(second)
    open_already = "are turned away: 512 are open already"
    assert told == [
        f"callbacks of a connection {open_already}",
        f"callbacks of 3 connections {open_already}",
        f"callbacks of 2 connections {open_already}",
    ]


def test_connections_without_a_request_are_closed_and_keep_no_callback_out(sent: Folder) -> None:
    told: list[str] = []

    class Patient(PatientProtocol):
        crowd = Crowd(told.append)
        patience = 4.0

    async def crowd_it(door: Door) -> list[bytes]:
        config = uvicorn.Config(door, ws="none", lifespan="off", log_config=None, limit_concurrency=AT_ONCE)
        state = ServerState()
        server = await asyncio.get_running_loop().create_server(lambda: Patient(config, state, {}), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        body = json.dumps(stop(PEOPLE[0])).encode()
        request = b"POST /%b HTTP/1.1\r\nhost: here\r\ncontent-length: %d\r\n\r\n%b" % (
            SECRET.encode(),
            len(body),
            body,
        )
        async with server:
            idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(AT_ONCE)]
            for _, writer in idle[::2]:
                writer.write(b"POST / HTTP/1.1\r\nhost: ")  # and never any more
            answers = []
            for _ in range(2):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(request)
                answers.append(await reader.readline())
                writer.close()
                assert [await one.read() for one, _ in idle] == [b""] * AT_ONCE
            for _, writer in idle:
                writer.close()
        return answers

    with Scribe(lambda: closing_state(sent), lambda: NOW) as scribe:
        first, second = asyncio.run(crowd_it(Door(scribe=scribe, secret=SECRET, tell=told.append)))
    assert first.split()[1] == b"503"
    assert second.split()[1] == b"200"
    assert told == ["callbacks of a connection are turned away: 512 are open already"]
    assert said_stop(sent) == keys(sent, PEOPLE[0])


def test_a_stop_is_never_lost_by_a_kill_after_its_answer(fresh: Folder, serve: Serve) -> None:
    """Kill it at a random moment, twenty times: whatever was answered with 200 is in the state."""
    assert fresh.call("apply", "--auto-approve").code == 0
    chance = random.Random(os.environ.get("OCTOPLAN_TEST_SEED", "5"))  # noqa: S311 - the same moments each time
    answered: set[str] = set()
    for trial in range(TRIALS):
        served = serve(fresh)
        answered |= _post_until_killed(served, trial, chance.uniform(0.0, 0.15))
    assert len(answered) > TRIALS
    assert keys(fresh, *answered) <= said_stop(fresh)
    with closing(SqliteStore(fresh.path / ".octoplan" / "sandbox.db", writable=False)) as store:
        assert store.breaches() == ()


def _post_until_killed(served: Served, trial: int, seconds: float) -> set[str]:
    """Post STOPs from four senders until the process is killed; whose were answered."""
    answered: set[str] = set()

    def post(sender: int) -> None:
        for number in range(1_000):
            address = f"+3360{trial:02}{sender}{number:04}"
            try:
                if served.post(stop(address)) == (200, b""):
                    answered.add(address)
            except OSError:
                return

    threads = [threading.Thread(target=post, args=(sender,)) for sender in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    served.process.kill()
    for thread in threads:
        thread.join()
    return answered


@pytest.fixture
def slow(project: MakeProject) -> Folder:
    """A project whose sending takes a while."""
    slower = FILES["octoplan.yaml"].replace("frame_size: 3", "frame_size: 1, requests_per_second: 4")
    return project({**FILES, "octoplan.yaml": slower})


def test_it_is_taken_while_an_apply_is_at_work(slow: Folder, serve: Serve) -> None:
    applying = slow.start("apply", "--auto-approve")
    while not (slow.path / ".octoplan" / "sandbox.db").exists():
        time.sleep(0.01)
    served = serve(slow)
    answers: list[tuple[int, bytes]] = []
    took: list[float] = []
    while applying.poll() is None:
        began = time.monotonic()
        answers.append(served.post(stop(f"+336000020{len(answers) % 100:02}")))
        took.append(time.monotonic() - began)
    applying.communicate()
    assert set(answers) == {(200, b"")}
    assert sorted(took)[len(took) // 2] < 1
    assert applying.returncode == 0
