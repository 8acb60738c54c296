"""A plan asks the gateway in simulation: the sandbox's record of requests says what was on the wire."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import Folder, Gateway, MakeProject

AUDIENCE = "audience: {from: audiences/people.csv, region: FR}\n"
HEAD = f"purpose: wholesale\nopen: true\n{AUDIENCE}"
CAMPAIGNS = {
    "campaigns/one.yaml": f"channel: sms\n{HEAD}text: Hello {{{{ first_name }}}} €, STOP au 30101\n",
    "campaigns/two.yaml": f"channel: voice_sms\n{HEAD}text: Bonjour\n"
    "metadata: {voice_gender: female, voice_language: fr-FR}\n",
    "campaigns/three.yaml": f"channel: rcs\n{HEAD}text: Hello\nmetadata: {{actions: [{{type: reply, text: Yes}}]}}\n",
    "campaigns/four.yaml": f"channel: email\n{HEAD}text: Hello {{{{ first_name }}}}\n"
    "metadata: {email_from: shop@example.com, subject: News, name_from: Shop}\n",
}
NAMES = ("Zoraida", "Bertil")
ROWS = "".join(
    f"06 00 00 03 {one:02},{NAMES[one % 2]},{NAMES[one % 2].lower()}{one}@example.org\n" for one in range(40)
)
PEOPLE = {"campaigns/audiences/people.csv": f"phone_number,first_name,email\n{ROWS}"}
STAND_INS = ("+33600000999", "standin@example.com")


def project_yaml(environment: str) -> dict[str, str]:
    return {"octoplan.yaml": f"octoplan: 1\nenvironments:\n  {environment}\n"}


@pytest.fixture
def folder(project: MakeProject) -> Folder:
    return project(CAMPAIGNS | PEOPLE | project_yaml("sandbox: {gateway: sandbox, frame_size: 7}"))


def bodies(folder: Folder) -> list[dict[str, Any]]:
    return [json.loads(entry.body) for entry in folder.requests()]


def assert_simulated(body: dict[str, Any]) -> None:
    assert body["simulation_mode"] is True
    assert "request_id" not in json.dumps(body)


def test_simulating_all_puts_only_simulated_requests_without_ids_on_the_wire(folder: Folder) -> None:
    assert folder.call("plan", "--simulate", "none").code == 0
    before = folder.footprint()["sandbox.db"]
    outcome = folder.call("plan", "--simulate", "all")
    assert outcome.code == 0
    sent = bodies(folder)
    for body in sent:
        assert_simulated(body)
    assert {body["channel"] for body in sent} == {"sms", "voice_sms", "rcs", "email"}
    said = re.search(r"in (\d+) requests", outcome.out.splitlines()[-1])
    assert said is not None
    assert len(sent) == int(said[1])
    assert folder.footprint()["sandbox.db"] == before
    assert folder.messages() == ()


def test_a_sample_is_the_first_request_and_the_longest_of_each_campaign(folder: Folder) -> None:
    assert folder.call("plan").code == 0
    channels = [body["channel"] for body in bodies(folder)]
    assert {channels.count(channel) for channel in ("sms", "voice_sms", "rcs", "email")} <= {1, 2}


def test_simulating_none_asks_nobody(folder: Folder) -> None:
    assert folder.call("plan", "--simulate", "none").code == 0
    assert not (folder.path / ".octoplan" / "inbox.db").exists() or bodies(folder) == []


def test_a_plan_with_nothing_to_do_asks_nobody(folder: Folder) -> None:
    assert folder.call("apply", "--auto-approve").code == 0
    before = len(bodies(folder))
    assert folder.call("plan", "--simulate", "all").code == 0
    assert len(bodies(folder)) == before


@pytest.mark.parametrize("simulate", ["sample", "all"])
def test_with_stand_ins_nobody_of_the_audience_is_on_the_wire(simulate: str, folder: Folder) -> None:
    to = json.dumps(STAND_INS)
    folder.write(project_yaml(f"sandbox: {{gateway: sandbox, frame_size: 7, simulate_to: {to}}}"))
    outcome = folder.call("plan", "--simulate", simulate)
    assert outcome.code == 0
    wire = b"".join(entry.body for entry in folder.requests()).decode()
    assert wire
    assert not re.search(r"\+336000003\d\d|@example\.org", wire)
    for body in bodies(folder):
        assert_simulated(body)
        (recipient,) = body["recipients"]
        assert set(recipient.values()) <= set(STAND_INS)
    assert folder.messages() == ()


def test_stand_ins_of_one_kind_leave_the_other_channels_out(folder: Folder) -> None:
    folder.write(project_yaml('sandbox: {gateway: sandbox, simulate_to: ["+33600000999"]}'))
    outcome = folder.call("plan", "--simulate", "all")
    assert outcome.code == 0
    assert {body["channel"] for body in bodies(folder)} == {"sms", "voice_sms", "rcs"}


def test_outside_the_sandbox_nothing_is_simulated_unasked(folder: Folder, gateway: Gateway) -> None:
    folder.write(project_yaml(f'local: {{gateway: {{url: "{gateway.url}"}}}}'))
    assert folder.call("state", "init", "--env", "local").code == 0
    outcome = folder.call("plan", "--env", "local", "--simulate", "all")
    assert outcome.code == 0
    assert "notice: not simulated, since simulate_to" in outcome.out
    assert gateway.bodies == []


def test_a_refused_simulation_blocks_its_campaign_and_says_why(folder: Folder, gateway: Gateway) -> None:
    folder.write(project_yaml(f'local: {{gateway: {{url: "{gateway.url}"}}, simulate_to: audience}}'))
    assert folder.call("state", "init", "--env", "local").code == 0
    gateway.script = [(400, b'{"code": 121, "message": "Not to +33600000300."}')]
    outcome = folder.call("plan", "--env", "local", "--target", "one")
    assert outcome.code == 5
    assert "\nx  one" in outcome.out
    assert "one: the gateway refused a simulated request: the STOP mention is missing" in outcome.err
    assert "+33600000300" not in outcome.out + outcome.err


def test_a_text_without_its_stop_mention_is_refused_when_sent_and_nobody_gets_it(folder: Folder) -> None:
    without = CAMPAIGNS["campaigns/one.yaml"].replace("STOP au 30101", "Bye")
    folder.write({"campaigns/one.yaml": without})
    outcome = folder.call("apply", "--auto-approve")
    assert outcome.code == 8
    assert "the STOP mention is missing" in outcome.err
    assert "sms" not in {message.channel for message in folder.messages()}
    folder.write(CAMPAIGNS)
    assert folder.call("apply", "--auto-approve").code == 0
    sent = [(message.channel, message.address) for message in folder.messages()]
    assert len(sent) == len(set(sent)) == 160


@pytest.mark.parametrize("command", [("plan", "--simulate", "all"), ("apply", "--auto-approve")])
def test_nothing_that_octoplan_sends_has_to_be_forgiven(command: tuple[str, ...], folder: Folder) -> None:
    assert folder.call(*command).code == 0
    seen = {entry.channel: entry for entry in folder.requests()}
    assert set(seen) == {"sms", "voice_sms", "rcs", "email"}
    for entry in folder.requests():
        assert entry.forgiven == ()
        assert entry.code is None


def test_a_real_request_states_that_it_is_real_and_has_an_id_of_its_own(folder: Folder) -> None:
    assert folder.call("apply", "--auto-approve").code == 0
    sent = bodies(folder)
    assert {body["simulation_mode"] for body in sent} == {False}
    ids = [body["metadata"]["request_id"] for body in sent]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in ids)
