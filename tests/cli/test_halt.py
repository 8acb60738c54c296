"""`halt` and `resume`: from another process, on files and servers; the gateway's own record is the judge."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.conftest import GREETING, PATIENCE

if TYPE_CHECKING:
    from tests.conftest import Folder, Gateway, MakeProject, Outcome

PEOPLE, FRAME, IN_FLIGHT = 120, 2, 3
NUMBERS = [f"+3360000{1000 + one}" for one in range(PEOPLE)]
KEY = {"OCTOPLAN_STATE_KEY": "correct horse battery staple", "USER": "ann"}
ACCOUNT = {"OCTOPUSH_API_LOGIN": "shop@example.com", "OCTOPUSH_API_KEY": "api-sesame-4711"}
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
APPLY = ("--env", "production", "apply", "--auto-approve")


@pytest.fixture(params=["sqlite", "postgres"])
def folder(request: pytest.FixtureRequest, project: MakeProject, gateway: Gateway) -> Folder:
    """A project of two campaigns with a state of either kind, and a gateway that takes its time."""
    state = ".octoplan/production.db"
    if request.param == "postgres":
        state = request.getfixturevalue("server").address(request.getfixturevalue("schema"))
    rows = "".join(f"{number},Ann\n" for number in NUMBERS)
    made: Folder = project(
        {
            "octoplan.yaml": PROJECT.format(url=gateway.url, state=state, lanes=IN_FLIGHT, frame=FRAME),
            "campaigns/sale.yaml": GREETING,
            "campaigns/winter.yaml": GREETING.replace("Hello", "Winter is near, ") + "not_moved_from: sale\n",
            "campaigns/people.csv": f"phone_number,first_name\n{rows}",
        }
    )
    assert call(made, "state", "init").code == 0
    gateway.pause = 0.05
    return made


def call(folder: Folder, *arguments: str) -> Outcome:
    return folder.call("--env", "production", *arguments, env=KEY | ACCOUNT, at=datetime.now(UTC))


def sent(gateway: Gateway, word: str) -> list[str]:
    return sorted(one.address for one in gateway.sandbox.messages() if one.text.startswith(word))


def finish(folder: Folder, gateway: Gateway) -> None:
    """Apply until it is done: everybody has each message once."""
    gateway.pause = 0
    assert call(folder, "apply", "--auto-approve").code == 0
    assert (sent(gateway, "Hello"), sent(gateway, "Winter")) == (NUMBERS, NUMBERS)


def test_a_halt_stops_another_machine_within_max_in_flight_frames(folder: Folder, gateway: Gateway) -> None:
    process = folder.start(*APPLY, env=KEY | ACCOUNT)
    gateway.await_requests(6)
    halted = call(folder, "--json", "halt", "--why", "a broken link")
    arrived = len(gateway.bodies)
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, b"everything was halted by ann on" in err, b"a broken link" in err) == (5, True, True)
    assert len(gateway.bodies) <= arrived + IN_FLIGHT
    assert halted.json["frames"] <= IN_FLIGHT
    assert (
        0
        < len(gateway.addresses())
        == len(set(gateway.addresses())) + len(set(sent(gateway, "Hello")) & set(sent(gateway, "Winter")))
    )
    assert b"Applied: " in out
    assert_nothing_leaves(folder, gateway)
    assert call(folder, "resume").code == 0
    finish(folder, gateway)


def assert_nothing_leaves(folder: Folder, gateway: Gateway) -> None:
    """While it is halted every command says so, and nothing is sent."""
    before = len(gateway.bodies)
    planned, applied = call(folder, "plan"), call(folder, "apply", "--auto-approve")
    assert (planned.code, applied.code, len(gateway.bodies)) == (5, 5, before)
    for said in (planned.out, planned.err, applied.err, call(folder, "status").out):
        assert "everything was halted by ann on" in said
        assert "a broken link" in said


def test_a_halted_campaign_stops_alone(folder: Folder, gateway: Gateway) -> None:
    assert call(folder, "halt", "--campaign", "sale").code == 0
    applied = call(folder, "apply", "--auto-approve")
    assert (applied.code, "stopped sale: sale was halted by ann on" in applied.err) == (5, True)
    assert (sent(gateway, "Hello"), sent(gateway, "Winter")) == ([], NUMBERS)
    planned = call(folder, "plan")
    assert (planned.code, "notice: sale was halted by ann on" in planned.out) == (0, True)
    assert call(folder, "resume", "--campaign", "sale").code == 0
    finish(folder, gateway)


def test_what_was_open_stays_open_while_it_is_halted(folder: Folder, gateway: Gateway) -> None:
    process = folder.start(*APPLY, env=KEY | ACCOUNT)
    gateway.kill_at(4, process)
    halted = call(folder, "halt")
    assert "in flight, and all that can still leave: " in halted.out
    arrived = len(gateway.bodies)
    applied = call(folder, "apply", "--auto-approve")
    assert (applied.code, len(gateway.bodies)) == (5, arrived)
    assert call(folder, "resume").code == 0
    finish(folder, gateway)


def test_halting_and_resuming_twice_is_once(folder: Folder) -> None:
    first, second = call(folder, "halt", "--why", "look at it"), call(folder, "halt", "--why", "me too")
    assert first.out.startswith("Halted production: nothing more is begun; nothing is in flight.")
    assert second.out.startswith("production was halted already, by ann on ")
    assert "look at it" in call(folder, "status").out
    assert json.loads(call(folder, "--json", "resume").out)["was_halted"]
    again = call(folder, "resume")
    assert (again.code, again.out) == (0, "production was not halted.\n")


def test_a_campaign_that_nobody_knows_is_not_halted(folder: Folder) -> None:
    refused = call(folder, "halt", "--campaign", "slae")
    assert (refused.code, "no campaign 'slae'" in refused.err) == (64, True)
    assert "halted" not in call(folder, "status").out


def test_a_campaign_without_a_name_is_not_everything(folder: Folder) -> None:
    for command in ("halt", "resume"):
        refused = call(folder, command, "--campaign", "")
        assert (refused.code, "no campaign ''" in refused.err) == (64, True)
    assert "halted" not in call(folder, "plan").out


def test_a_campaign_that_was_sent_is_halted_in_a_project_that_is_broken(folder: Folder, gateway: Gateway) -> None:
    gateway.pause = 0
    assert call(folder, "apply", "--auto-approve", "--target", "sale").code == 0
    folder.write({"campaigns/sale.yaml": "channel: [\n"})
    assert call(folder, "halt", "--campaign", "sale").code == 0
    assert "sale was halted by ann on" in call(folder, "status").out


def test_an_address_among_the_reasons_is_kept_masked(folder: Folder) -> None:
    call(folder, "halt", "--why", "ask +33600001002 or ann@example.com")
    for said in (call(folder, "status").out, call(folder, "--json", "status").out, repr(folder.footprint())):
        assert "600001002" not in said
        assert "ann@" not in said


def test_whoever_has_a_name_that_is_no_text_can_halt_it(folder: Folder) -> None:
    env = KEY | ACCOUNT | {"USER": "ren\udce9"}  # as Python has the byte E9
    halted = folder.call("--env", "production", "halt", "--why", "caf\udce9", env=env, at=datetime.now(UTC))
    assert halted.code == 0, halted
    assert "everything was halted by ren? on " in call(folder, "status").out


def test_a_halt_must_name_its_environment(folder: Folder) -> None:
    outcome = folder.call("halt", env=KEY | {"OCTOPLAN_ENV": "production"})
    assert (outcome.code, "must name it itself" in outcome.err) == (64, True)
