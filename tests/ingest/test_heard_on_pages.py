"""What callbacks told of a campaign stands in plans and in the reports of an apply, in every format, as counts."""

import json
from html import unescape

import pytest

from tests.conftest import Folder
from tests.ingest.conftest import APPLY, FILES, PEOPLE, delivery, hear, reply, stop, ticket_of

SAID = "3 delivered, 1 failed, 1 opted out, 2 replies"
FACTS = {"delivered": 3, "failed": 1, "opted_out": 1, "replies": 2}
FORMATS = ("txt", "json", "md", "html")
JOINED = "+33600000599"


@pytest.fixture
def heard(sent: Folder) -> Folder:
    """A project whose people took it in every way."""
    tickets = {address: ticket_of(sent, address) for address in PEOPLE}
    statuses = ("DELIVERED", "READ", "CLICKED", "EXPIRED", "ACK")
    told = [delivery(one, tickets[one], status) for one, status in zip(PEOPLE, statuses, strict=False)]
    answers = [reply(one, tickets[one]) for one in PEOPLE[:2]]
    hear(sent, *told, *answers, stop(PEOPLE[0], tickets[PEOPLE[0]]))
    return sent


def written(folder: Folder, *command: str) -> dict[str, str]:
    """Run a command with a report in each format, and read them."""
    files = {form: folder.path / f"report.{form}" for form in FORMATS}
    done = folder.call(*command, *(part for path in files.values() for part in ("--report", str(path))))
    assert done.code == 0, done
    return {form: unescape(path.read_text(encoding="utf-8")) for form, path in files.items()}


def test_a_plan_says_what_was_heard_of_a_campaign_that_was_sent(heard: Folder) -> None:
    reports = written(heard, "plan")
    for form in ("txt", "md", "html"):
        assert f"heard since: {SAID}" in reports[form], form
    assert json.loads(reports["json"])["steps"][0]["heard"] == FACTS
    assert not [one for one in PEOPLE for said in reports.values() if one in said]


def test_of_a_campaign_of_which_nothing_was_heard_nothing_is_said(sent: Folder, fresh: Folder) -> None:
    for folder in (sent, fresh):
        assert "heard" not in folder.call("plan").out
        assert folder.call("plan", "--json").json["steps"][0]["heard"] is None


def test_what_was_heard_is_of_the_edition_that_the_plan_is_about(heard: Folder) -> None:
    heard.write({"campaigns/sale.yaml": "edition: 2\n" + FILES["campaigns/sale.yaml"]})
    assert "heard" not in heard.call("plan").out


def test_a_campaign_that_is_no_longer_in_the_project_still_says_it(heard: Folder) -> None:
    heard.write({"campaigns/sale.yaml": None})
    assert f"heard since: {SAID}" in heard.call("plan").out


def test_a_report_of_an_apply_says_what_was_heard_before(heard: Folder) -> None:
    heard.write({"campaigns/people.csv": FILES["campaigns/people.csv"] + f"{JOINED},Ann\n"})
    reports = written(heard, *APPLY)
    for form in ("txt", "md", "html"):
        assert f"heard of sale before: {SAID}" in reports[form], form
    (sale,) = json.loads(reports["json"])["campaigns"]
    assert (sale["sent"], sale["heard"]) == (1, FACTS)


def test_what_is_heard_meanwhile_makes_no_plan_file_stale(sent: Folder) -> None:
    sent.write({"campaigns/people.csv": FILES["campaigns/people.csv"] + f"{JOINED},Ann\n"})
    plan = str(sent.path / "plan.out")
    assert sent.call("plan", "--out", plan).code == 0
    before = sent.call("plan", "--out", plan).out
    hear(sent, delivery(PEOPLE[0], ticket_of(sent, PEOPLE[0])))
    after = sent.call("plan", "--json").json
    assert after["steps"][0]["heard"]["delivered"] == 1
    assert "digest" in before
    assert sent.call("apply", plan, "--auto-approve").code == 0
