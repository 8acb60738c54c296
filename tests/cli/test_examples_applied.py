"""The four example campaigns, as `make demo` runs them: every row is sent to or counted with its reason, once."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import Folder, MakeProject

EXAMPLES = Path(__file__).parents[2] / "campaigns"
# What the generator put into the files, counted by hand and not by octoplan.
EXPECTED: dict[str, dict[str, Any]] = {
    "appointment-reminder": {
        "channel": "voice_sms",
        "funnel": {"rows": 2046, "unreadable": 1, "filtered": 162, "duplicates": 25, "excluded": 0, "people": 1842},
        "rejected": 16,
        "skipped": 0,
        "recipients": 1842,
        "variants": 35,
        "parts": None,
    },
    "autumn-sale": {
        "channel": "sms",
        "funnel": {"rows": 4113, "unreadable": 2, "filtered": 1132, "duplicates": 75, "excluded": 80, "people": 2782},
        "rejected": 42,
        "skipped": 0,
        "recipients": 2782,
        "variants": 18,
        "parts": 3037,
    },
    "newsletter": {
        "channel": "email",
        "funnel": {"rows": 2043, "unreadable": 1, "filtered": 578, "duplicates": 30, "excluded": 40, "people": 1386},
        "rejected": 8,
        "skipped": 0,
        "recipients": 1386,
        "variants": 33,
        "parts": None,
    },
    "vip-invitation": {
        "channel": "rcs",
        "funnel": {"rows": 1209, "unreadable": 1, "filtered": 0, "duplicates": 19, "excluded": 25, "people": 1155},
        "rejected": 9,
        "skipped": 23,
        "recipients": 1132,
        "variants": 10,
        "parts": None,
    },
}
EVERYBODY = 7142


@pytest.fixture
def examples(project: MakeProject) -> Folder:
    folder = project({})
    shutil.copytree(EXAMPLES, folder.path / "campaigns", dirs_exist_ok=True)
    return folder


def test_a_plan_counts_every_row_of_the_examples(examples: Folder) -> None:
    plan = examples.call("plan", "--json").json
    assert [step["campaign"] for step in plan["steps"]] == sorted(EXPECTED)
    for step in plan["steps"]:
        expected = EXPECTED[step["campaign"]]
        people = step["people"]
        assert {name: people[name] for name in expected["funnel"]} == expected["funnel"]
        assert sum(people["rejected"].values()) == expected["rejected"]
        assert people["suppressed"] == 0
        left = sum(people[name] for name in ("unreadable", "filtered", "duplicates", "excluded", "people"))
        assert left + expected["rejected"] == people["rows"]
        for name in ("channel", "skipped", "recipients", "variants", "parts"):
            assert step[name] == expected[name], (step["campaign"], name)
        assert step["action"] == "send"
        assert step["rejects"]


def test_the_examples_are_sent_once_and_then_there_is_nothing_to_do(examples: Folder) -> None:
    assert examples.call("validate").last == "Valid: 4 campaigns, 7,142 people."
    assert examples.call("plan", "--detailed-exitcode").code == 2
    assert examples.call("apply", "--auto-approve").last == "Applied: 7,142 sent, 0 refused, 0 open, 0 unknown."
    sent = [(message.channel, message.address) for message in examples.messages()]
    assert len(sent) == len(set(sent)) == EVERYBODY
    assert {entry.forgiven for entry in examples.requests()} == {()}
    again = examples.call("plan", "--detailed-exitcode")
    assert again.code == 0
    assert again.out.splitlines()[-2] == "Plan: 0 to send, 0 to extend, 4 unchanged."
    assert again.last.endswith("; 7,142 already sent.")


def test_the_plan_names_the_character_that_doubles_the_price(examples: Folder) -> None:
    step = examples.call("plan", "--json", "--target", "autumn-sale", "--simulate", "none").json["steps"][0]
    assert [(one["characters"], one["people"]) for one in step["costly"]] == [("î", 255)]
