"""All of octoplan with its state on a PostgreSQL server, judged by the gateway's own record and never by our state.

Processes, connections and the server die in the middle of runs: in the end everybody has the message once.
"""

from __future__ import annotations

import http.client
import json
import random
import signal
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.conftest import PATIENCE, stop
from tests.state.server import Server, lay_cable

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator

    from tests.conftest import Folder, Gateway, MakeProject, Outcome

PEOPLE, FRAME, IN_FLIGHT = 160, 5, 4
NUMBERS = [f"+336000{70000 + one}" for one in range(PEOPLE)]
NAME = "Zoltan-Nepomuk"
LOGIN, PASSWORD = "shop@example.com", "api-sesame-4711"
KEY = {"OCTOPLAN_STATE_KEY": "correct horse battery staple"}
ACCOUNT = {"OCTOPUSH_API_LOGIN": LOGIN, "OCTOPUSH_API_KEY": PASSWORD}
APPLY = ("--env", "production", "apply", "--auto-approve")
APPLIED = f"Applied: {PEOPLE} sent, 0 refused, 0 open, 0 unknown."
LOST = b"the connection to its server was lost"
PROJECT = """\
octoplan: 1
environments:
  production:
    gateway: {{url: "{url}"}}
    state: {state}
    require_plan: false
    max_in_flight: {lanes}
    frame_size: {frame}
"""
CAMPAIGN = """\
channel: sms
purpose: alert
open: true
audience: {from: audiences/people.csv}
text: "Hello {{ first_name }}"
"""


@pytest.fixture
def make(project: MakeProject, gateway: Gateway) -> Callable[..., Folder]:
    """Make a project that sends to the gateway and keeps its state where it is told."""

    def made(state: str, name: str = "project") -> Folder:
        rows = "".join(f"{number},{NAME}\n" for number in NUMBERS)
        settings = PROJECT.format(url=gateway.url, state=state, lanes=IN_FLIGHT, frame=FRAME)
        files = {
            "octoplan.yaml": settings,
            "campaigns/sale.yaml": CAMPAIGN,
            "campaigns/audiences/people.csv": f"phone_number,first_name\n{rows}",
        }
        folder: Folder = project(files, name)
        return folder

    return made


@pytest.fixture
def folder(make: Callable[..., Folder], server: Server, schema: str, gateway: Gateway) -> Folder:
    """A project with its state made, and a gateway that takes its time."""
    made = make(server.address(schema))
    assert made.call("--env", "production", "state", "init", env=KEY).code == 0
    gateway.pause = 0.05
    return made


def start(folder: Folder) -> subprocess.Popen[bytes]:
    return folder.start(*APPLY, env=KEY | ACCOUNT)


def ended(process: subprocess.Popen[bytes]) -> tuple[int, bytes]:
    """Wait for its end; the exit code and what it said."""
    _, err = process.communicate(timeout=PATIENCE)
    assert b"Traceback" not in err
    return process.returncode, err


def call(folder: Folder, *arguments: str) -> Outcome:
    """Run octoplan in this process, at the present moment."""
    return folder.call("--env", "production", *arguments, env=KEY | ACCOUNT, at=datetime.now(UTC))


def finish(folder: Folder, gateway: Gateway) -> None:
    """Resume until it is done; everybody got it once, nobody twice, and nothing is left to do."""
    gateway.pause = 0
    outcome = call(folder, "apply", "--auto-approve")
    assert outcome.code == 0, outcome
    assert gateway.addresses() == NUMBERS
    planned = call(folder, "plan", "--detailed-exitcode")
    assert (planned.code, planned.last.rpartition("; ")[2]) == (0, f"{PEOPLE} already sent.")
    assert call(folder, "status").last == f"Status: {PEOPLE} sent, 0 refused, 0 open, 0 unknown."


def assert_silent(gateway: Gateway, since: int) -> None:
    """Nothing arrives that was not on its way when so many requests had arrived."""
    assert len(gateway.bodies) <= since + IN_FLIGHT


def test_a_campaign_lives_its_life_on_a_server(folder: Folder, gateway: Gateway) -> None:
    planned = call(folder, "plan", "--detailed-exitcode")
    assert (planned.code, gateway.addresses()) == (2, [])
    applied = call(folder, "apply", "--auto-approve")
    assert (applied.code, applied.last) == (0, APPLIED)
    assert "sale" in call(folder, "state", "list").out
    shown = call(folder, "state", "show", "sale")
    assert (shown.code, shown.out.count("sent")) == (0, shown.out.count(" sent"))
    finish(folder, gateway)


def test_what_a_colleague_sent_is_known_on_another_machine(
    folder: Folder, make: Callable[..., Folder], server: Server, schema: str, gateway: Gateway
) -> None:
    assert call(folder, "apply", "--auto-approve").code == 0
    other = make(server.address(schema), "elsewhere")
    refused = call(other, "plan")
    assert (refused.code, "does not name the state of production" in refused.err) == (1, True)
    other.write({"octoplan.lock.yaml": (folder.path / "octoplan.lock.yaml").read_bytes()})
    assert call(other, "plan", "--detailed-exitcode").code == 0
    finish(other, gateway)


def test_a_killed_run_is_resumed(folder: Folder, gateway: Gateway) -> None:
    for round_ in range(1, 4):
        process = start(folder)
        gateway.await_requests(round_ * 6)
        process.kill()
        assert ended(process)[0] == -signal.SIGKILL
    finish(folder, gateway)


def test_of_several_that_apply_at_once_one_works_and_the_others_exit_6(folder: Folder, gateway: Gateway) -> None:
    gateway.pause = 0.2
    many = [start(folder) for _ in range(3)]
    came = sorted(ended(process) for process in many)
    assert [code for code, _ in came] == [0, 6, 6]
    assert all(b"another octoplan holds this state (process " in err for _, err in came[1:])
    finish(folder, gateway)


@pytest.mark.parametrize("writing", [True, False], ids=["the connection that writes", "the one that reads"])
def test_a_connection_that_is_ended_in_mid_run_ends_the_run_and_loses_nobody(
    folder: Folder, gateway: Gateway, server: Server, *, writing: bool
) -> None:
    process = start(folder)
    gateway.await_requests(6)
    assert server.terminate(writing=writing) == 1
    seen = len(gateway.bodies)
    code, err = ended(process)
    assert (code, LOST in err) == (1, True), err
    assert_silent(gateway, seen)
    finish(folder, gateway)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT], ids=["orderly", "like a crash"])
def test_a_server_that_is_restarted_in_mid_run_ends_the_run_and_loses_nobody(
    folder: Folder, gateway: Gateway, server: Server, number: signal.Signals
) -> None:
    process = start(folder)
    gateway.await_requests(6)
    server.stop(number)
    seen = len(gateway.bodies)
    try:
        code, err = ended(process)
        assert (code, LOST in err) == (1, True), err
        refused = call(folder, "plan")
        assert (refused.code, "does not answer" in refused.err) == (1, True), refused
    finally:
        server.start()
    assert_silent(gateway, seen)
    finish(folder, gateway)


@pytest.mark.parametrize("arrives", [True, False], ids=["only its answer", "altogether"])
def test_a_commit_that_is_lost_ends_the_run_and_loses_nobody(
    folder: Folder, make: Callable[..., Folder], gateway: Gateway, server: Server, schema: str, *, arrives: bool
) -> None:
    with lay_cable(server) as cable:
        far = make(cable.address(schema), "far")
        far.write({"octoplan.lock.yaml": (folder.path / "octoplan.lock.yaml").read_bytes()})
        cable.arrives = arrives
        for round_ in range(1, 4):
            process = start(far)
            gateway.await_requests(round_ * 5)
            cable.cut_at = b"COMMIT\0"
            code, err = ended(process)
            assert (code, LOST in err, cable.cuts) == (1, True, round_), err
            cable.cut_at = b""
    finish(folder, gateway)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(8))
def test_whatever_dies_at_random_everybody_has_it_once(
    folder: Folder, gateway: Gateway, server: Server, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same deaths each time
    while len(gateway.addresses()) < PEOPLE:
        gateway.pause = chance.choice((0.1, 0.2, 0.4))
        process = start(folder)
        time.sleep(chance.uniform(0.6, 2.0))
        match chance.choice(("kill", "writer", "reader", "unlock", "nothing")):
            case "kill":
                process.kill()
            case "unlock":
                call(folder, "state", "unlock")
            case "nothing":
                pass
            case end:
                server.terminate(writing=end == "writer")
        print(seed, ended(process)[0], len(gateway.bodies))  # noqa: T201 - shown where it fails
        addresses = gateway.addresses()
        assert len(addresses) == len(set(addresses)), "somebody got it twice"
    finish(folder, gateway)


def test_unlocking_in_mid_run_shuts_the_run_out_and_loses_nobody(folder: Folder, gateway: Gateway) -> None:
    gateway.pause = 0.5
    process = start(folder)
    gateway.await_requests(6)
    unlocked = call(folder, "state", "unlock")
    assert (unlocked.code, "epoch 2" in unlocked.out) == (0, True)
    seen = len(gateway.bodies)
    code, err = ended(process)
    assert code != 0
    assert b"shut out" in err, err
    assert_silent(gateway, seen)
    finish(folder, gateway)


def test_a_run_that_slept_while_another_finished_sends_nothing_more(folder: Folder, gateway: Gateway) -> None:
    gateway.pause = 0.5
    sleeper = start(folder)
    gateway.await_requests(2 * IN_FLIGHT)
    time.sleep(0.2)  # every lane waits for its answer: none is between asking the state and sending
    stop(sleeper)
    try:
        assert call(folder, "apply", "--auto-approve").code == 6
        unlock(folder)
        finish(folder, gateway)
        seen = len(gateway.bodies)
    finally:
        sleeper.send_signal(signal.SIGCONT)
    assert ended(sleeper)[0] != 0
    assert len(gateway.bodies) == seen
    finish(folder, gateway)


def unlock(folder: Folder) -> None:
    """Unlock; where the sleeper fell asleep in a transaction, the server ends that within a minute."""
    until = time.monotonic() + 2 * PATIENCE
    while call(folder, "state", "unlock").code:
        assert time.monotonic() < until


def test_a_role_that_may_only_read_plans_and_looks_and_cannot_apply(
    folder: Folder, make: Callable[..., Folder], gateway: Gateway, server: Server, schema: str
) -> None:
    server.ask(f"DROP ROLE IF EXISTS looking; CREATE ROLE looking LOGIN; GRANT USAGE ON SCHEMA {schema} TO looking")
    server.ask(f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO looking")
    looking = make(server.address(schema, user="looking"), "looking")
    looking.write({"octoplan.lock.yaml": (folder.path / "octoplan.lock.yaml").read_bytes()})
    assert call(looking, "plan", "--detailed-exitcode").code == 2
    refused = call(looking, "apply", "--auto-approve")
    assert (refused.code, "access is denied" in refused.err, gateway.bodies) == (1, True, [])
    finish(folder, gateway)
    assert call(looking, "plan", "--detailed-exitcode").code == 0
    assert call(looking, "status").last == f"Status: {PEOPLE} sent, 0 refused, 0 open, 0 unknown."
    for command in (("state", "list"), ("state", "show", "sale"), ("state", "check"), ("state", "export")):
        said = call(looking, *command)
        assert (said.code, said.out) == (0, call(folder, *command).out)
    asked = looking.run("--env", "production", "why", "sale", "--json", env=KEY, typed=f"{NUMBERS[0]}\n")
    assert (asked.code, [one["status"] for one in asked.json["messages"]]) == (0, ["sent"])
    server.ask("DROP OWNED BY looking")


def test_bodies_are_there_only_sealed_and_only_while_open_and_people_are_nowhere(
    folder: Folder, gateway: Gateway, server: Server, schema: str
) -> None:
    gateway.pause = 0.5
    process = start(folder)
    gateway.await_requests(6)
    process.kill()
    ended(process)
    open_frames = server.ask(f"SELECT count(*) FROM {schema}.frames WHERE status = 'sending'")[0]
    assert 0 < open_frames <= IN_FLIGHT
    assert server.ask(f"SELECT count(*) FROM {schema}.bodies") == [open_frames]
    assert betrayed(server, schema) == []
    finish(folder, gateway)
    assert server.ask(f"SELECT count(*) FROM {schema}.bodies") == [0]
    assert betrayed(server, schema) == []


def betrayed(server: Server, schema: str) -> list[str]:
    """Search the rows of a state, and every byte that the server keeps, for people, words and secrets."""
    secret = [*NUMBERS[::40], NAME, f"Hello {NAME}", LOGIN, PASSWORD, *KEY.values()]
    server.ask("CHECKPOINT")
    rows = server.dump(schema)
    assert "frames: (" in rows
    kept = b"".join(path.read_bytes() for path in server.data.rglob("*") if path.is_file())
    return [
        each
        for each in secret
        if each in rows or each.encode().hex() in rows or each.encode() in kept or each.encode().hex().encode() in kept
    ]


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://octo:sesame-4711@db.example.com/octoplan",
        "postgresql://octo:sesame/4711@db.example.com/octoplan",
        "postgresql://db.example.com/octoplan?user=octo&password=sesame-4711",
        "postgres://:sesame-4711@db.example.com",
        "Postgresql://octo:sesame-4711@db.example.com/octoplan",
    ],
)
def test_a_password_in_the_file_is_a_problem_with_its_place_and_is_not_repeated(
    make: Callable[..., Folder], address: str
) -> None:
    folder = make(f'"{address}"')
    for command in (("validate",), ("plan",), ("state", "init"), ("--json", "plan")):
        outcome = folder.call("--env", "production", *command, env=KEY)
        said = outcome.out + outcome.err
        assert (outcome.code, "sesame" in said, "state/password" in said) == (3, False, True), said
    assert "octoplan.yaml:5:5" in folder.call("--env", "production", "plan", env=KEY).err


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("mysql://db.example.com/octoplan", "an address such as postgresql://"),
        ("postgresql://db.example.com/octoplan?schema=Two", "an address such as postgresql://"),
        ("postgresql://db.example.com/octoplan?schema=pg_catalog", "an address such as postgresql://"),
        ("postgresql://db.example.com/octoplan?options=-cfsync%3Doff", "an address such as postgresql://"),
        ("postgresql://db.example.com/octoplan?p%61ssword=sesame", "an address such as postgresql://"),
    ],
)
def test_an_address_that_is_none_is_a_problem(make: Callable[..., Folder], address: str, words: str) -> None:
    outcome = make(f'"{address}"').call("--env", "production", "plan", env=KEY)
    assert (outcome.code, words in outcome.err, "sesame" in outcome.err) == (3, True, False), outcome


def test_the_sandbox_keeps_its_state_in_a_file(project: MakeProject) -> None:
    text = "octoplan: 1\nenvironments:\n  trial: {gateway: sandbox, state: postgresql://db.example.com/octoplan}\n"
    outcome = project({"octoplan.yaml": text}).call("--env", "trial", "plan", env=KEY)
    assert (outcome.code, "the sandbox keeps its state in a file" in outcome.err) == (3, True)


def test_a_state_is_made_once_and_needs_its_key(
    make: Callable[..., Folder], server: Server, schema: str, gateway: Gateway
) -> None:
    folder = make(server.address(schema))
    keyless = folder.call("--env", "production", "state", "init")
    assert (keyless.code, "needs OCTOPLAN_STATE_KEY" in keyless.err) == (1, True)
    missing = call(folder, "apply", "--auto-approve")
    assert (missing.code, f"the state of production, the schema {schema}, is missing" in missing.err) == (1, True)
    assert call(folder, "state", "init").code == 0
    again = call(folder, "state", "init")
    assert (again.code, "names a state for production already" in again.err) == (1, True)
    folder.write({"octoplan.lock.yaml": None})
    second = call(folder, "state", "init")
    assert (second.code, "exists already" in second.err) == (1, True)
    assert gateway.bodies == []


SECRET = "a-secret-of-enough-letters"  # noqa: S105 - of a server that lives as long as a test
STOPS = {**KEY, **ACCOUNT, "OCTOPLAN_INGEST_SECRET": SECRET}


@contextmanager
def taking_callbacks(folder: Folder) -> Iterator[Callable[[str], int]]:
    """Run `ingest serve` on this state; what posts the STOP of a number, and says how it was answered."""
    process = folder.start("ingest", "serve", "--port", "0", "--env", "production", env=STOPS)
    assert process.stderr is not None
    said = process.stderr.readline().decode()
    assert said.startswith("Taking callbacks at http://127.0.0.1:"), said

    def post(number: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", int(said.split(":")[2].split("/")[0]), timeout=PATIENCE)
        connection.request("POST", f"/{SECRET}", json.dumps({"number": number, "stop_date": ""}))
        status = connection.getresponse().status
        connection.close()
        return status

    try:
        yield post
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)


def test_a_stop_that_is_taken_in_mid_run_is_obeyed(folder: Folder, gateway: Gateway) -> None:
    wholesale = CAMPAIGN.replace("alert", "wholesale").replace("Hello", "STOP au 30101, hello")
    settings = (folder.path / "octoplan.yaml").read_text(encoding="utf-8")  # at whatever hour this runs
    folder.write({"campaigns/sale.yaml": wholesale, "octoplan.yaml": f"{settings.rstrip()}\n    windows: show\n"})
    gateway.pause = 0.1
    with taking_callbacks(folder) as post:
        applying = folder.start(*APPLY, env={**KEY, **ACCOUNT})
        gateway.await_requests(IN_FLIGHT)
        waiting = sorted({*NUMBERS} - {one for body in [*gateway.bodies] for one in NUMBERS if one in body.decode()})
        stopped = waiting[::4]
        assert [post(number) for number in stopped] == [200] * len(stopped)
        known = len(gateway.bodies)
        out, err = applying.communicate(timeout=PATIENCE)
        assert applying.returncode == 0, err.decode()
    missed = {*NUMBERS} - {*gateway.addresses()}
    assert missed <= {*stopped}
    late = {one for body in gateway.bodies[known + IN_FLIGHT :] for one in stopped if one in body.decode()}
    assert late == set(), "sent to after the STOP was answered"
    assert out.decode().splitlines()[-1].endswith(f", {len(missed)} opted out.")
    assert len(missed) > len(stopped) / 2
    assert folder.run("state", "check", "--env", "production", env=KEY).code == 0


def test_a_connection_that_was_ended_is_made_anew_for_the_next_callback(folder: Folder, server: Server) -> None:
    with taking_callbacks(folder) as post:
        assert post(NUMBERS[0]) == 200
        server.terminate(writing=False)
        assert {post(number) for number in NUMBERS[1:4]} <= {200, 503}
        assert [post(number) for number in NUMBERS[1:4]] == [200] * 3
    exported = folder.run("state", "export", "--env", "production", env=KEY).out
    assert exported.count('"kind":"optout"') == 4
