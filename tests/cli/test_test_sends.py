"""Test sends: the real content to own staff, once, and nobody's edition is spent. The gateway's record is the judge."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.conftest import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.conftest import Folder, Gateway, MakeProject, Outcome

CAMPAIGN = """\
channel: sms
purpose: alert
open: true
send_at: 2099-11-20T10:00:00+01:00
audience: {from: people.csv}
text: Hello {{ first_name }}, it is real
"""
FILES = {
    "campaigns/sale.yaml": CAMPAIGN,
    "campaigns/people.csv": "phone_number,first_name\n+33600004001,Ann\n+33600004002,Bo\n+33600004003,Cleo\n",
    "staff.yaml": """\
seeds:
  - {phone_number: "+33 6 00 00 90 01"}
  - {phone_number: "+33600009002", email: b@example.com}
""",
}
STAFF = ["+33600009001", "+33600009002"]
MAIL = """\
channel: email
purpose: alert
open: true
metadata: {email_from: shop@example.com, subject: News}
recipients: [{email: cleo@example.com}]
text: Dear Cleo
"""


@pytest.fixture
def folder(project: MakeProject) -> Folder:
    made: Folder = project(FILES)
    return made


def send(folder: Folder, *more: str) -> Outcome:
    return folder.call("test", "sale", "--to", str(folder.path / "staff.yaml"), *more)


def texts(folder: Folder) -> list[tuple[str, str]]:
    return sorted((message.address, str(message.text)) for message in folder.messages())


def test_a_test_send_takes_the_forms_that_an_apply_has(folder: Folder) -> None:
    refused = send(folder, "--format", "junit")
    assert (refused.code, folder.path.joinpath(".octoplan", "inbox.db").exists()) == (64, False)
    events = [json.loads(line) for line in send(folder, "--format", "json").out.splitlines()]
    assert [one.get("event") for one in events] == [None, "started", "sent"]


def test_the_real_content_of_the_first_row_goes_to_own_staff(folder: Folder) -> None:
    outcome = send(folder)
    assert outcome.code == 0, outcome
    assert texts(folder) == [(address, "Hello Ann, it is real") for address in STAFF]
    assert "Test of sale: 1 message to 2 people: +33…01, +33…02; cost " in outcome.out
    assert outcome.last == "Applied: 2 sent, 0 refused, 0 open, 0 unknown."
    assert STAFF[0] not in outcome.out + outcome.err
    (sent,) = folder.requests()
    assert "send_at" not in json.loads(sent.body), "it goes out now"


def test_rows_are_chosen_by_number_and_each_is_a_message_of_its_own(folder: Folder) -> None:
    assert send(folder, "--row", "3", "--row", "2").code == 0
    assert texts(folder) == [(address, f"Hello {name}, it is real") for address in STAFF for name in ("Bo", "Cleo")]
    missing = send(folder, "--row", "4")
    assert (missing.code, "has no row 4" in missing.err, len(folder.messages())) == (64, True, 4)


def test_no_edition_is_spent_and_plans_know_nothing_of_it(folder: Folder) -> None:
    before = folder.call("plan")
    assert send(folder).code == send(folder).code == 0
    assert len(folder.messages()) == 4, "each time it is asked for, it is sent"
    assert folder.call("plan").out == before.out
    folder.write({"campaigns/people.csv": FILES["campaigns/people.csv"] + f"{STAFF[0]},Staff\n"})
    assert folder.call("apply", "--auto-approve").code == 0
    assert folder.addresses().count(STAFF[0]) == 3, "who is in the audience too gets theirs"
    status = folder.call("status")
    assert "Test sends, to own staff: sale 4 messages" in status.out
    assert status.last == "Status: 4 sent, 0 refused, 0 open, 0 unknown."
    assert folder.call("--json", "status").json["tests"][0]["sent"] == 4
    assert folder.call("state", "check").code == 0


def test_a_renamed_campaign_is_not_taken_for_its_test(folder: Folder) -> None:
    folder.write(
        {
            "staff.yaml": 'seeds: [{phone_number: "+33600004001"}]\n',
            "campaigns/people.csv": "phone_number,first_name\n+33600004001,Ann\n",
        }
    )
    assert send(folder).code == 0
    assert folder.call("plan").code == 0
    assert folder.call("apply", "--auto-approve").code == 0
    assert folder.addresses() == ["+33600004001"] * 2


def test_each_seed_is_asked_once_and_by_the_channel_of_the_campaign(folder: Folder) -> None:
    folder.write(
        {
            "campaigns/mail.yaml": MAIL,
            "staff.yaml": 'seeds: [{phone_number: "+33600009001"}, {email: B@example.com}, {email: b@example.com}]\n',
        }
    )
    outcome = folder.call("test", "mail", "--to", str(folder.path / "staff.yaml"))
    assert outcome.code == 0, outcome
    assert len(folder.messages()) == 1


@pytest.mark.parametrize(
    ("seeds", "said"),
    [
        ("seeds: []\n", "staff.yaml:1:"),
        ('seeds:\n  - {phone_number: "0600009001"}\n', "staff.yaml:2:"),
        ('seeds:\n  - {phone_number: "+33100"}\n', "staff.yaml:2:"),
        ('seeds:\n  - {phone_number: "+33 1 2"}\n', "staff.yaml:2:"),
        ("seeds:\n  - {email: ann@example.com}\n", "nobody in it has the phone number"),
        ("people: []\n", "staff.yaml:1:"),
        ("seeds: [" + ", ".join(f'{{phone_number: "+336000{n:05}"}}' for n in range(51)) + "]\n", "1 to 50 people"),
    ],
)
def test_seeds_that_are_wrong_are_told_by_file_and_line_and_nothing_is_sent(
    folder: Folder, seeds: str, said: str
) -> None:
    folder.write({"staff.yaml": seeds})
    outcome = send(folder)
    assert (outcome.code, said in outcome.err) == (3, True), outcome.err
    assert "0600009001" not in outcome.err
    assert not (folder.path / ".octoplan" / "inbox.db").exists()


def test_seeds_without_a_campaign_are_a_wrong_call(folder: Folder) -> None:
    for arguments in (("test", "--to", str(folder.path / "staff.yaml")), ("test", "sale", "--row", "2")):
        assert folder.call(*arguments).code == 64


def test_a_row_without_a_message_is_told(folder: Folder) -> None:
    folder.write({"campaigns/people.csv": "phone_number,first_name\n+33600004001,\n"})
    outcome = send(folder)
    assert (outcome.code, "row 1 of sale has no message" in outcome.err, folder.call("status").code) == (64, True, 0)


PRODUCTION = """\
octoplan: 1
environments:
  production: {{gateway: {{url: "{url}"}}, max_in_flight: 2}}
"""
ENV = {
    "OCTOPLAN_STATE_KEY": "correct horse battery staple",
    "OCTOPUSH_API_LOGIN": "shop@example.com",
    "OCTOPUSH_API_KEY": "api-sesame-4711",
}


@pytest.fixture
def far(project: MakeProject, gateway: Gateway) -> Folder:
    made: Folder = project({**FILES, "octoplan.yaml": PRODUCTION.format(url=gateway.url)}, "far")
    assert call(made, "state", "init").code == 0
    return made


def call(folder: Folder, *arguments: str, env: Mapping[str, str] = ENV, typed: str | None = None) -> Outcome:
    return folder.call("--env", "production", *arguments, env=env, at=datetime.now(UTC), typed=typed)


def test_outside_the_sandbox_it_asks_and_needs_no_plan_file(far: Folder, gateway: Gateway) -> None:
    seeds = ("test", "sale", "--to", str(far.path / "staff.yaml"))
    nobody, no = call(far, *seeds), call(far, *seeds, typed="n\n")
    assert (nobody.code, no.code, gateway.addresses()) == (10, 10, [])
    assert "Send 1 message of sale in production to each of +33…01, +33…02?" in no.err
    assert call(far, *seeds, typed="y\n").code == 0
    assert call(far, *seeds, "--yes").code == 0
    assert gateway.addresses() == sorted(STAFF * 2)


def test_a_test_send_that_was_killed_is_settled_by_the_next_apply_and_sent_once(far: Folder, gateway: Gateway) -> None:
    gateway.pause = 1
    process = far.start("--env", "production", "test", "sale", "--to", "staff.yaml", "--yes", env=ENV)
    gateway.kill_at(1, process)
    gateway.pause = 0
    assert process.wait(PATIENCE) != 0
    assert call(far, "apply", "--auto-approve", "--expect", "0000-0000-0000-0000").code == 7
    assert gateway.addresses() == STAFF
    assert call(far, "status").last == "Status: 0 sent, 0 refused, 0 open, 0 unknown."


def test_a_halt_stops_test_sends_too(folder: Folder) -> None:
    folder.call("halt", "--why", "a fire")
    outcome = send(folder)
    assert (outcome.code, folder.addresses(), "a fire" in outcome.err) == (5, [], True)
    folder.call("resume")
    assert (send(folder).code, folder.addresses()) == (0, STAFF)


def test_a_halted_campaign_may_be_tested(folder: Folder) -> None:
    folder.call("halt", "--campaign", "sale")
    assert (send(folder).code, folder.addresses()) == (0, STAFF)
