"""`personalization: server`, judged by the sandbox's record: who got which words, in how many requests, and where."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import Folder, Gateway, MakeProject, Outcome

CAMPAIGN = """\
name: sale
channel: sms
purpose: wholesale
sender: OctoShop
open: true
audience: {from: audiences/people.csv, region: FR}
text: >-
  Hi {{ first_name | default('there', true) }},
  {% if points %}you have {{ points }} points{% else %}join{% endif %}: OctoShop STOP au 30101
personalization: server
metadata: {type: sms_low_cost, with_replies: true}
"""
CLIENT = CAMPAIGN.replace("personalization: server\n", "")
PEOPLE = 60
OLDER, MULTI = "POST /v1/public/sms-campaign/send", "POST /v1/public/multi-channel/send"


def people(number: int = PEOPLE) -> str:
    rows = (f"06 00 00 02 {one:02},{name_of(one)},{points_of(one)}\n" for one in range(number))
    return "phone_number,first_name,points\n" + "".join(rows)


def name_of(one: int) -> str:
    return {7: "", 8: "Zoë {the great}", 9: "x" * 51}.get(one, f"Ann {one}")


def points_of(one: int) -> str:
    return "" if one % 3 == 0 else str(one * 11)


def project_yaml(environments: str) -> dict[str, str]:
    return {"octoplan.yaml": f"octoplan: 1\nenvironments:\n  {environments}\n"}


def words_of(one: int) -> str:
    says = f"you have {points_of(one)} points" if points_of(one) else "join"
    return f"Hi {name_of(one) or 'there'}, {says}: OctoShop STOP au 30101"


WORDS = {f"+336000002{one:02}": words_of(one) for one in range(PEOPLE)}


@pytest.fixture
def folder(project: MakeProject) -> Folder:
    return project({"campaigns/sale.yaml": CAMPAIGN, "campaigns/audiences/people.csv": people()})


def words(folder: Folder) -> dict[str, str]:
    got = Counter(message.address for message in folder.messages())
    assert set(got.values()) <= {1}, "nobody twice"
    return {message.address: message.text for message in folder.messages()}


def sends(folder: Folder) -> str:
    return next(line for line in folder.call("plan").out.splitlines() if line.startswith("Sends:"))


def test_everybody_gets_their_own_words_in_a_few_requests(folder: Folder) -> None:
    applied: Outcome = folder.call("apply", "--auto-approve")
    assert applied.code == 0, applied
    assert words(folder) == WORDS
    sent = [entry for entry in folder.requests() if not entry.simulated]
    # who has points and who has not; a brace and a name of 51 characters are rendered here
    assert Counter(entry.endpoint for entry in sent) == {OLDER: 2, MULTI: 2}
    assert folder.call("plan", "--detailed-exitcode").code == 0


def test_the_plan_says_both_numbers_of_requests(folder: Folder) -> None:
    plan = folder.call("plan").out
    assert "in 4 requests" in plan
    assert "Octopush fills in what differs: rendered here it would be 60 requests" in plan
    (step,) = json.loads(folder.call("plan", "--json").out)["steps"]
    assert (step["requests"], step["client_requests"], step["variants"]) == (4, 60, 60)
    folder.write({"campaigns/sale.yaml": CLIENT})
    (step,) = json.loads(folder.call("plan", "--json").out)["steps"]
    assert (step["requests"], step["client_requests"]) == (60, None)


def test_parts_and_people_are_those_of_rendering(folder: Folder) -> None:
    server = sends(folder)
    folder.write({"campaigns/sale.yaml": CLIENT})
    assert sends(folder).replace("in 60 requests", "in 4 requests") == server


def test_the_older_endpoint_is_told_everything_under_its_own_names(folder: Folder) -> None:
    folder.call("apply", "--auto-approve")
    bodies = [json.loads(entry.body) for entry in folder.requests() if entry.endpoint == OLDER and not entry.simulated]
    assert [sorted(body) for body in bodies] == [
        [
            *("auto_optimize_text", "auto_remove_blacklisted_numbers", "purpose", "recipient_tracking", "recipients"),
            *("request_id", "sender", "simulation_mode", "text", "type", "with_replies"),
        ]
    ] * 2
    for body in bodies:
        said = {name: body[name] for name in ("purpose", "sender", "type", "with_replies", "simulation_mode")}
        assert said == {
            "purpose": "wholesale",
            "sender": "OctoShop",
            "type": "sms_low_cost",
            "with_replies": True,
            "simulation_mode": False,
        }
        assert body["auto_optimize_text"] is False
        assert body["auto_remove_blacklisted_numbers"] is True


def test_simulated_requests_carry_real_words_to_the_stand_ins_and_no_id(project: MakeProject) -> None:
    environment = project_yaml("sandbox: {gateway: sandbox, simulate_to: ['+33600000001', '+33600000002']}")
    files = {"campaigns/sale.yaml": CAMPAIGN, "campaigns/audiences/people.csv": people()} | environment
    folder = project(files)
    assert folder.call("plan", "--simulate", "all").code == 0
    bodies = [json.loads(entry.body) for entry in folder.requests()]
    assert len(bodies) == 4
    for body in bodies:
        assert [to["phone_number"] for to in body["recipients"]] == ["+33600000001", "+33600000002"]
        assert body["simulation_mode"] is True
        assert "request_id" not in body
        assert "request_id" not in body.get("metadata", {})
    assert folder.messages() == ()


def test_an_environment_says_it_for_all_and_a_campaign_for_itself(project: MakeProject) -> None:
    environment = project_yaml("sandbox: {gateway: sandbox, personalization: server}")
    folder = project({"campaigns/sale.yaml": CLIENT, "campaigns/audiences/people.csv": people()} | environment)
    assert "in 4 requests" in sends(folder)
    folder.write({"campaigns/sale.yaml": CLIENT + "personalization: client\n"})
    assert "in 60 requests" in sends(folder)


@pytest.mark.parametrize(
    ("extra", "hint"),
    [("auto_optimize_text: true\n", "auto_optimize_text"), ("channel: voice_sms\n", "personalization")],
)
def test_it_is_refused_where_nobody_knows_what_would_become_of_it(folder: Folder, extra: str, hint: str) -> None:
    text = CAMPAIGN.replace("channel: sms\n", "") if "channel" in extra else CAMPAIGN + "channel: sms\n"
    if "channel" in extra:
        text = text.replace("{type: sms_low_cost, with_replies: true}", "{voice_gender: male, voice_language: fr-FR}")
    else:
        text = CAMPAIGN
    folder.write({"campaigns/sale.yaml": text + extra})
    outcome = folder.call("plan")
    assert outcome.code == 3
    assert hint in outcome.err


def test_a_reviewed_plan_is_sent_as_it_was_reviewed_and_not_the_other_way(folder: Folder) -> None:
    file = str(folder.path / "sale.plan")
    assert folder.call("plan", "--out", file).code == 0
    folder.write({"campaigns/sale.yaml": CLIENT})
    stale = folder.call("apply", file, "--auto-approve")
    assert (stale.code, folder.messages()) == (7, ())
    folder.write({"campaigns/sale.yaml": CAMPAIGN, "campaigns/audiences/people.csv": people(PEOPLE + 5)})
    assert folder.call("apply", file, "--auto-approve").code == 0
    assert words(folder) == WORDS


def test_who_joins_later_gets_it_and_nobody_else(folder: Folder) -> None:
    folder.write({"campaigns/audiences/people.csv": people(40)})
    folder.call("apply", "--auto-approve")
    folder.write({"campaigns/audiences/people.csv": people()})
    assert folder.call("apply", "--auto-approve").code == 0
    assert words(folder) == WORDS


def test_render_shows_the_words_and_not_the_placeholders(folder: Folder) -> None:
    shown = folder.call("render", "sale", "--limit", "2").out
    assert "{first_name}" in shown
    assert "{param1}" not in shown


def answer_of(code: int) -> tuple[int, bytes]:
    return 400, json.dumps({"code": code, "message": "A phone number is not valid."}).encode()


def remote(project: MakeProject, gateway: Gateway, number: int = PEOPLE) -> Folder:
    local = f'{{gateway: {{url: "{gateway.url}"}}, require_plan: false, max_in_flight: 1}}'
    files = {"campaigns/sale.yaml": CAMPAIGN, "campaigns/audiences/people.csv": people(number)}
    folder = project(files | project_yaml(f"sandbox: {{gateway: sandbox}}\n  local: {local}"))
    assert folder.call("state", "init", "--env", "local").code == 0
    return folder


def got(gateway: Gateway) -> dict[str, str]:
    messages = gateway.sandbox.messages()
    assert set(Counter(message.address for message in messages).values()) <= {1}, "nobody twice"
    return {message.address: message.text for message in messages}


def bodies(gateway: Gateway) -> list[dict[str, Any]]:
    return [json.loads(body) for body in gateway.bodies]


def test_a_frame_with_one_bad_number_is_split_and_everybody_else_gets_their_words(
    project: MakeProject, gateway: Gateway
) -> None:
    folder = remote(project, gateway)
    gateway.script[:] = [answer_of(181)]
    applied = folder.call("apply", "--env", "local", "--auto-approve")
    assert applied.code == 0, applied
    assert got(gateway) == WORDS
    ids = [body.get("request_id") or body["metadata"]["request_id"] for body in bodies(gateway)]
    assert len(ids) == len(set(ids)) == 6, "the whole, its halves, and three others"


def test_a_lost_answer_is_replayed_with_the_same_bytes_to_the_same_endpoint(
    project: MakeProject, gateway: Gateway
) -> None:
    folder = remote(project, gateway)
    gateway.script[:] = [None]
    applied = folder.call("apply", "--env", "local", "--auto-approve")
    assert applied.code == 0, applied
    assert gateway.bodies[0] == gateway.bodies[1]
    assert got(gateway) == WORDS


def ids(gateway: Gateway) -> list[str]:
    return [str(body.get("request_id") or body["metadata"]["request_id"]) for body in bodies(gateway)]


def small_frames(folder: Folder) -> Folder:
    text = (folder.path / "octoplan.yaml").read_text(encoding="utf-8")
    return folder.write({"octoplan.yaml": text.replace("max_in_flight: 1", "max_in_flight: 1, frame_size: 9")})


def test_what_a_dead_run_left_planned_is_sent_under_its_own_ids(project: MakeProject, gateway: Gateway) -> None:
    folder = small_frames(remote(project, gateway))
    gateway.pause = 0.5
    gateway.kill_at(2, folder.start("apply", "--env", "local", "--auto-approve"))
    gateway.pause = 0
    left = {frame["id"] for frame in frames(folder) if frame["status"] in ("planned", "sending")}
    assert len(left) > 6
    before = len(gateway.bodies)
    assert folder.call("apply", "--env", "local", "--auto-approve", at=datetime.now(UTC)).code == 0
    assert set(ids(gateway)[before:]) == left
    assert got(gateway) == WORDS


def test_whoever_leaves_or_is_renamed_after_a_death_changes_nobody_else_s_words(
    project: MakeProject, gateway: Gateway
) -> None:
    folder = small_frames(remote(project, gateway))
    gateway.pause = 0.5
    gateway.kill_at(2, folder.start("apply", "--env", "local", "--auto-approve"))
    gateway.pause = 0
    begun = {to["phone_number"] for body in bodies(gateway) for to in body["recipients"]}
    left, renamed = [to for to in sorted(WORDS) if to not in begun and WORDS[to].startswith("Hi Ann")][:2]
    rows = people().splitlines(keepends=True)
    number = int(renamed[-2:])
    rows = [row for row in rows if not row.startswith(f"06 00 00 02 {left[-2:]}")]
    folder.write({"campaigns/audiences/people.csv": "".join(rows).replace(f",{name_of(number)},", ",Berta,")})
    assert folder.call("apply", "--env", "local", "--auto-approve", at=datetime.now(UTC)).code == 0
    expected = {to: said for to, said in WORDS.items() if to != left}
    assert got(gateway) == expected | {renamed: WORDS[renamed].replace(name_of(number), "Berta")}


def frames(folder: Folder) -> list[dict[str, Any]]:
    lines = folder.call("state", "export", "--env", "local").out.splitlines()
    return [record for record in map(json.loads, lines) if record.get("kind") == "frame"]
