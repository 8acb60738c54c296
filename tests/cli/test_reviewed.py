"""A reviewed plan is what is sent: never another person, never other words; judged by the sandbox's own record."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Folder, MakeProject, Outcome

CAMPAIGN = """\
channel: sms
purpose: alert
open: true
audience: {from: people.csv}
text: Hello {{ first_name }}
"""


def people(rows: dict[str, str]) -> str:
    return "phone_number,first_name\n" + "".join(f"{number},{name}\n" for number, name in rows.items())


ANN, BEN, CLEO = "+33600000301", "+33600000302", "+33600000303"
THREE = {ANN: "Ann", BEN: "Ben", CLEO: "Cleo"}


@pytest.fixture
def folder(project: MakeProject) -> Folder:
    made: Folder = project({"campaigns/sale.yaml": CAMPAIGN, "campaigns/people.csv": people(THREE)})
    return made


def reviewed(folder: Folder) -> tuple[str, str]:
    """Plan into a file → its path and its digest."""
    path = str(folder.path / "reviewed.plan")
    outcome = folder.call("plan", "--out", path)
    assert outcome.code == 0, outcome
    digest = re.search(r"digest ([0-9A-Z]{4}(?:-[0-9A-Z]{4}){3})", outcome.err)
    assert digest
    return path, digest[1]


def texts(folder: Folder) -> dict[str, str]:
    return {message.address: message.text for message in folder.messages()}


def apply(folder: Folder, path: str) -> Outcome:
    outcome = folder.call("apply", path, "--auto-approve")
    assert outcome.code == 0, outcome
    return outcome


def test_the_plan_s_messages_are_sent(folder: Folder) -> None:
    path, _ = reviewed(folder)
    apply(folder, path)
    assert texts(folder) == {number: f"Hello {name}" for number, name in THREE.items()}


def test_who_joined_left_or_changed_since_is_left_out_and_counted(folder: Folder) -> None:
    path, _ = reviewed(folder)
    folder.write({"campaigns/people.csv": people({ANN: "Ann", BEN: "Benjamin", "+33600000304": "Dan"})})
    outcome = apply(folder, path)
    assert texts(folder) == {ANN: "Hello Ann"}
    assert "2 people joined since, or their words changed" in outcome.out


def test_who_was_left_out_is_in_the_next_plan(folder: Folder) -> None:
    path, _ = reviewed(folder)
    folder.write({"campaigns/people.csv": people({**THREE, BEN: "Benjamin"})})
    apply(folder, path)
    again, _ = reviewed(folder)
    apply(folder, again)
    assert texts(folder) == {ANN: "Hello Ann", BEN: "Hello Benjamin", CLEO: "Hello Cleo"}


def test_a_plan_file_sends_once(folder: Folder) -> None:
    path, _ = reviewed(folder)
    apply(folder, path)
    apply(folder, path)
    assert sorted(message.address for message in folder.messages()) == sorted(THREE)


def test_equal_files_give_equal_digests_and_any_change_another(folder: Folder) -> None:
    path, first = reviewed(folder)
    again, second = reviewed(folder)
    assert (path, first) == (again, second)
    digests = {first}
    for changes in (
        {"campaigns/people.csv": people({**THREE, CLEO: "Chloe"})},
        {"campaigns/people.csv": people({ANN: "Ann", BEN: "Ben"})},
        {"campaigns/sale.yaml": CAMPAIGN.replace("Hello", "Hi")},
        {"campaigns/sale.yaml": CAMPAIGN + "list_name: autumn\n"},
    ):
        folder.write(changes)
        digests.add(reviewed(folder)[1])
    assert len(digests) == 5


def test_a_plan_for_one_target_applies_to_that_target_only(folder: Folder) -> None:
    folder.write({"campaigns/other.yaml": CAMPAIGN.replace("Hello", "Other")})
    path = str(folder.path / "reviewed.plan")
    assert folder.call("plan", "--out", path, "--target", "sale").code == 0
    apply(folder, path)
    assert texts(folder) == {number: f"Hello {name}" for number, name in THREE.items()}
    assert folder.call("apply", path, "--auto-approve", "--target", "other").code == 64


def test_a_blocked_plan_writes_no_file(folder: Folder) -> None:
    assert folder.call("apply", "--auto-approve").code == 0
    folder.write({"campaigns/sale.yaml": CAMPAIGN + "edition: 3\n"})
    assert folder.call("apply", "--auto-approve").code == 0
    folder.write({"campaigns/sale.yaml": CAMPAIGN + "edition: 2\n"})
    out = folder.path / "reviewed.plan"
    outcome = folder.call("plan", "--out", str(out))
    assert outcome.code == 5
    assert "editions only rise" in outcome.err
    assert not out.exists()
