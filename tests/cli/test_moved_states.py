"""A state that moves from a file to a server in the middle of a campaign: halted stays halted, waves stay waves."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Folder, Gateway, MakeProject, Outcome
    from tests.state.server import Server

CAMPAIGN = """\
channel: sms
purpose: alert
open: true
audience: {from: audiences/people.csv}
text: Hello {{ first_name }}
"""
PROJECT = """\
octoplan: 1
environments:
  production: {{gateway: {{url: "{url}"}}, state: "{state}", require_plan: false, frame_size: 5}}
"""
KEY = {"OCTOPLAN_STATE_KEY": "correct horse battery staple"}
APPLY = ("apply", "--auto-approve")
WAVES = "waves: [{people: 7}, {people: 9, after: 1h}, {rest: true, after: 1h}]\n"
NUMBERS = [f"+336000000{one:02d}" for one in range(60)]
FIRST = 30


@pytest.fixture
def folder(project: MakeProject, gateway: Gateway) -> Folder:
    made: Folder = project(
        {
            "octoplan.yaml": PROJECT.format(url=gateway.url, state=".octoplan/production.db"),
            "campaigns/sale.yaml": CAMPAIGN,
            **people(NUMBERS[:FIRST]),
        }
    )
    assert call(made, "state", "init").code == 0
    return made


def people(numbers: list[str]) -> dict[str, str]:
    rows = "".join(f"{number},Ann\n" for number in numbers)
    return {"campaigns/audiences/people.csv": f"phone_number,first_name\n{rows}"}


def call(folder: Folder, *arguments: str) -> Outcome:
    return folder.call("--env", "production", *arguments, env=KEY, at=datetime.now(UTC))


def move(folder: Folder, gateway: Gateway, state: str) -> Outcome:
    """Export the state, and make it one at this address."""
    export = folder.path / "export.ndjson"
    export.write_text(call(folder, "state", "export").out, encoding="utf-8")
    folder.write({"octoplan.yaml": PROJECT.format(url=gateway.url, state=state)})
    moved = call(folder, "state", "import", str(export), "--yes")
    assert moved.code == 0, moved
    return moved


def test_a_halt_moves_with_its_state_and_nothing_is_sent_before_it_is_resumed(
    folder: Folder, gateway: Gateway, server: Server, schema: str
) -> None:
    assert call(folder, "halt", "--why", "a broken link").code == 0
    moved = move(folder, gateway, server.address(schema))
    assert moved.last == (
        "Import: 0 campaigns, 0 frames, 0 messages. 1 halt in it: what is halted stays so until `octoplan resume`."
    )
    halted = call(folder, *APPLY)
    assert (halted.code, gateway.bodies) == (5, [])
    assert "a broken link" in halted.err + halted.out
    assert call(folder, "resume").code == 0
    assert call(folder, *APPLY).code == 0
    assert sorted(gateway.addresses()) == NUMBERS[:FIRST]


def test_who_joins_after_a_move_is_in_the_last_wave_and_nobody_changes_theirs(
    folder: Folder, gateway: Gateway, server: Server, schema: str
) -> None:
    folder.write({"campaigns/sale.yaml": CAMPAIGN + WAVES})
    assert call(folder, *APPLY).code == 0
    assert len(gateway.addresses()) == 7
    move(folder, gateway, server.address(schema))
    folder.write(people(NUMBERS))
    planned = call(folder, "plan")
    assert re.search(r" 9 people until .*: wave 2 of 3", planned.out)
    assert "44 people: wave 3 of 3" in planned.out
    assert call(folder, *APPLY).code == 0
    assert len(gateway.addresses()) == 7, "the next wave is not due, and nobody who joined is in one that was"
