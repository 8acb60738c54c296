"""How long the embedded sandbox keeps what it received, and what it says of people who look real."""

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.conftest import NOW

if TYPE_CHECKING:
    from tests.conftest import MakeProject

pytestmark = pytest.mark.forgetful

CAMPAIGN = """
channel: sms
purpose: alert
open: true
audience: {from: people.csv}
text: Hello
"""
PEOPLE = "phone_number\n+33600000123\n"


def test_an_apply_forgets_what_came_in_eight_days_before(project: "MakeProject") -> None:
    folder = project({"campaigns/hello.yaml": CAMPAIGN, "campaigns/people.csv": PEOPLE})
    assert folder.call("apply", "--auto-approve").code == 0
    folder.write({"campaigns/people.csv": f"{PEOPLE}+33600000124\n"})
    assert folder.call("apply", "--auto-approve", at=NOW + timedelta(days=8)).last.startswith("Applied: 1 sent")
    assert folder.addresses() == ["+33600000124"]


def test_octoplan_yaml_says_how_long_and_the_file_remembers_it(project: "MakeProject") -> None:
    keeping = "octoplan: 1\nenvironments: {sandbox: {gateway: sandbox, keep_days: 30}}\n"
    folder = project({"octoplan.yaml": keeping, "campaigns/hello.yaml": CAMPAIGN, "campaigns/people.csv": PEOPLE})
    assert folder.call("apply", "--auto-approve").code == 0
    assert folder.call("sandbox", "inbox", at=NOW + timedelta(days=29)).code == 0
    folder.write({"octoplan.yaml": "octoplan: 1\n"})
    assert folder.call("sandbox", "inbox", at=NOW + timedelta(days=29)).code == 0
    assert folder.addresses() == ["+33600000123"]
    assert folder.call("sandbox", "inbox", at=NOW + timedelta(days=31)).code == 0
    assert folder.addresses() == []


def test_only_the_sandbox_has_days_to_keep(project: "MakeProject") -> None:
    away = "octoplan: 1\nenvironments: {away: {gateway: {url: 'http://127.0.0.1:1/v1/public'}, keep_days: 3}}\n"
    folder = project({"octoplan.yaml": away, "campaigns/hello.yaml": CAMPAIGN, "campaigns/people.csv": PEOPLE})
    found = folder.call("validate")
    assert found.code == 3
    assert "octoplan.yaml:2:" in found.err
    assert "only the sandbox has an inbox of its own" in found.err


def test_an_apply_says_once_that_real_people_seem_to_be_in_the_inbox(project: "MakeProject") -> None:
    real = "phone_number\n" + "".join(f"+3361234{number:04}\n" for number in range(1001))
    folder = project({"campaigns/hello.yaml": CAMPAIGN, "campaigns/people.csv": real})
    done = folder.call("apply", "--auto-approve")
    assert done.code == 0
    assert done.err.count("more than 1,000 people who look real") == 1
    assert "people who look real" not in folder.call("plan").err
