"""Seeds that ride with a campaign: own staff get it when it begins, and when it is over; nobody else twice.

The sandbox's own record is the judge of who got what, and in which order.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from octoplan.state.records import FIRST, LAST
from octoplan.state.sqlite import SqliteStore
from octoplan.state.told import Optout
from tests.cli.meanwhile import at_request, say_stop
from tests.conftest import NOW

if TYPE_CHECKING:
    from tests.conftest import Folder, Gateway, MakeProject

PEOPLE = [f"+3360000{4000 + one}" for one in range(40)]
STAFF = ["+33600009001", "+33600009002"]
SALE = """\
channel: sms
purpose: alert
open: true
audience: {from: people.csv}
text: Hello {{ first_name }}, it is real
seeds: ../staff.yaml
"""
FILES = {
    "octoplan.yaml": """\
octoplan: 1
environments:
  sandbox: {gateway: sandbox, frame_size: 16, max_in_flight: 1, prices: {sms_premium: 0.05}}
""",
    "campaigns/sale.yaml": SALE,
    "staff.yaml": 'seeds: [{phone_number: "+33 6 00 00 90 01"}, {phone_number: "+33600009002", email: b@example.com}]',
}
APPLY = ("apply", "--auto-approve")


def people(numbers: list[str], name: str = "Ann") -> str:
    return "phone_number,first_name\n" + "".join(f"{number},{name}\n" for number in numbers)


@pytest.fixture
def folder(project: MakeProject) -> Folder:
    made: Folder = project({**FILES, "campaigns/people.csv": people(PEOPLE)})
    return made


def had(folder: Folder) -> Counter[str]:
    return Counter(folder.addresses())


def order(folder: Folder) -> list[str]:
    """Who the requests were for, as they arrived and were taken: staff, or the audience."""
    bodies = [json.loads(one.body) for one in folder.requests() if not json.loads(one.body)["simulation_mode"]]
    return ["staff" if body["recipients"][0]["phone_number"] in STAFF else "people" for body in bodies]


def rooms(folder: Folder, kind: str) -> list[tuple[str, int]]:
    """What a state has of seeds: status and size of each frame."""
    store = SqliteStore(folder.path / ".octoplan" / "sandbox.db", writable=False)
    try:
        return [(str(one.status), one.size) for one in store.frames() if one.campaign.startswith(kind)]
    finally:
        store.close()


def twice(*more: str) -> Counter[str]:
    return Counter({**dict.fromkeys(PEOPLE, 1), **dict.fromkeys(more, 1), **dict.fromkeys(STAFF, 2)})


def test_own_staff_get_the_real_message_before_all_others_and_after_them(folder: Folder) -> None:
    outcome = folder.call(*APPLY)
    assert (outcome.code, had(folder)) == (0, twice())
    assert order(folder) == ["staff", *["people"] * (len(order(folder)) - 2), "staff"]
    assert {str(one.text) for one in folder.messages()} == {"Hello Ann, it is real"}
    assert outcome.last == "Applied: 40 sent, 0 refused, 0 open, 0 unknown, 4 to own staff."
    assert not [number for number in STAFF if number in outcome.out + outcome.err]
    status = folder.call("status")
    assert "Seeds, to own staff: sale 4 messages" in status.out
    assert status.last == "Status: 40 sent, 0 refused, 0 open, 0 unknown."
    assert folder.call("--json", "status").json["seeds"] == [{"campaign": "sale", "sent": 4, "cost": "0.18"}]
    assert folder.call("state", "check").code == 0
    assert folder.call("plan", "--detailed-exitcode").code == 0
    assert folder.call(*APPLY).last == "Applied: 0 sent, 0 refused, 0 open, 0 unknown."
    assert had(folder) == twice()


def test_the_plan_shows_them_in_a_line_of_their_own_and_counts_them_nowhere_else(folder: Folder) -> None:
    planned = folder.call("plan")
    assert "seeds       2 people of your own, 4 messages, 4 parts, est. 0.20 EUR; beside the recipients" in planned.out
    assert "+33…01, +33…02" in planned.out
    folder.write({"campaigns/sale.yaml": SALE.replace("seeds: ../staff.yaml\n", "")})
    assert folder.call("plan").last == planned.last
    folder.write({"campaigns/sale.yaml": SALE})
    (step,) = folder.call("--json", "plan").json["steps"]
    assert step["seeds"] == {
        "people": 2,
        "messages": 4,
        "parts": 4,
        "cost": "0.20",
        "addresses": ["+33…01", "+33…02"],
    }
    for form in ("markdown", "html"):
        shown = folder.call("plan", "--format", form).out
        assert ("2 people of your own" in shown, STAFF[0] in shown) == (True, False)


def test_limits_and_growth_do_not_count_them(folder: Folder) -> None:
    folder.write({"campaigns/sale.yaml": SALE + "limits: {max_recipients: 40, max_parts: 40, max_cost: 2}\n"})
    assert (folder.call(*APPLY).code, had(folder)) == (0, twice())


def test_caps_do_not_count_them_and_staff_in_the_audience_get_theirs_too(folder: Folder) -> None:
    capped = FILES["octoplan.yaml"] + "caps: [{purpose: alert, at_most: 1, within: 7d}]\n"
    folder.write({"octoplan.yaml": capped, "campaigns/people.csv": people([*PEOPLE, STAFF[0]])})
    assert (folder.call(*APPLY).code, had(folder)) == (0, twice() + Counter([STAFF[0]]))
    other = SALE.replace("it is real", "and something else that was not said before")
    folder.write({"campaigns/other.yaml": other, "campaigns/people.csv": people([*PEOPLE, *STAFF])})
    planned = folder.call("--json", "plan").json["steps"]
    assert {step["campaign"]: step["capped"] for step in planned} == {"other": 41, "sale": 1}, (
        "the newcomer, who has had the seeds, gets one of the two"
    )


def test_whoever_joins_later_gets_theirs_and_staff_nothing_more(folder: Folder) -> None:
    folder.call(*APPLY)
    joined = "+33600005001"
    folder.write({"campaigns/people.csv": people([joined, *PEOPLE])})
    assert "of your own" not in folder.call("plan").out
    assert (folder.call(*APPLY).code, had(folder)) == (0, twice(joined))


def test_whoever_is_added_to_the_file_gets_what_has_not_begun(folder: Folder) -> None:
    folder.write({"campaigns/sale.yaml": SALE + "waves: [{people: 10}, {rest: true, after: 1h}]\n"})
    folder.call(*APPLY)
    folder.write({"staff.yaml": FILES["staff.yaml"].replace("[", '[{phone_number: "+33600009003"}, ')})
    assert folder.call(*APPLY, at=NOW + timedelta(hours=2)).code == 0
    assert had(folder) == twice("+33600009003")


def test_the_next_edition_has_its_own(folder: Folder) -> None:
    folder.call(*APPLY)
    folder.write({"campaigns/sale.yaml": "edition: 2\n" + SALE})
    assert folder.call(*APPLY).code == 0
    assert had(folder) == twice() + twice()


def test_seeds_that_are_added_to_an_edition_that_has_begun_get_only_its_end(folder: Folder) -> None:
    waves = SALE + "waves: [{people: 10}, {rest: true, after: 1h}]\n"
    folder.write({"campaigns/sale.yaml": waves.replace("seeds: ../staff.yaml\n", "")})
    folder.call(*APPLY)
    folder.write({"campaigns/sale.yaml": waves})
    assert folder.call(*APPLY, at=NOW + timedelta(hours=2)).code == 0
    assert had(folder) == Counter([*PEOPLE, *STAFF])
    assert order(folder)[-1] == "staff"


def test_seeds_that_are_added_when_everybody_has_had_it_get_nothing(folder: Folder) -> None:
    folder.write({"campaigns/sale.yaml": SALE.replace("seeds: ../staff.yaml\n", "")})
    folder.call(*APPLY)
    folder.write({"campaigns/sale.yaml": SALE})
    assert folder.call("plan", "--detailed-exitcode").code == 0
    assert (folder.call(*APPLY).code, had(folder)) == (0, Counter(PEOPLE))


def test_the_first_goes_with_the_first_wave_and_the_last_after_the_last(folder: Folder) -> None:
    folder.write(
        {"campaigns/sale.yaml": SALE + "waves: [{people: 10}, {share: 25%, after: 15m}, {rest: true, after: 1h}]\n"}
    )
    for minutes, staff, reached in ((0, 1, 10), (20, 1, 20), (90, 2, 40)):
        outcome = folder.call(*APPLY, at=NOW + timedelta(minutes=minutes))
        assert outcome.code == 0, outcome
        assert [had(folder)[number] for number in STAFF] == [staff, staff]
        assert len(folder.messages()) == reached + 2 * staff
    assert (order(folder)[0], order(folder)[-1]) == ("staff", "staff")


def test_waves_in_one_apply_are_all_between_them(folder: Folder) -> None:
    folder.write({"campaigns/sale.yaml": SALE + "waves: [{people: 10}, {rest: true}]\n"})
    assert (folder.call(*APPLY).code, had(folder)) == (0, twice())
    assert (order(folder)[0], order(folder)[-1], order(folder).count("staff")) == ("staff", "staff", 2)


def test_what_stop_if_counts_are_people_of_the_audience_only(folder: Folder) -> None:
    text = SALE + "waves: [{people: 20}, {rest: true, after: 1h}]\nstop_if: {undelivered: 1%, opted_out: 1%}\n"
    folder.write({"campaigns/sale.yaml": text})
    folder.call(*APPLY)
    store = SqliteStore(folder.path / ".octoplan" / "sandbox.db", writable=True)
    (frame,) = (one for one in store.frames() if one.campaign.startswith(FIRST) and one.ticket)
    store.hear([Optout(person=one, ticket=frame.ticket or "", at=NOW, heard_at=NOW) for one in store.people(frame.id)])
    store.close()
    assert (folder.call(*APPLY, at=NOW + timedelta(hours=2)).code, had(folder)) == (0, twice())


def test_the_last_waits_for_whoever_waits_for_a_window(folder: Folder) -> None:
    """Half of the audience is on an island where it is night."""
    settings = FILES["octoplan.yaml"].replace("frame_size", "windows: enforce, frame_size")
    text = SALE.replace("alert", "wholesale").replace("it is real", "it is real STOP au 30101")
    zones = ["Europe/Paris", "Indian/Reunion"] * (len(PEOPLE) // 2)
    zoned = "".join(f"{number},Ann,{zone}\n" for number, zone in zip(PEOPLE, zones, strict=True))
    folder.write(
        {
            "octoplan.yaml": settings,
            "campaigns/sale.yaml": text + "timezone: {column: tz}\n",
            "campaigns/people.csv": f"phone_number,first_name,tz\n{zoned}",
        }
    )
    evening = NOW + timedelta(hours=7)
    outcome = folder.call(*APPLY, at=evening)
    assert (outcome.code, len(folder.messages()), rooms(folder, LAST)) == (0, 22, [("planned", 2)])
    assert folder.call("plan", "--detailed-exitcode", at=evening).code == 2
    assert folder.call(*APPLY, at=NOW + timedelta(days=1)).code == 0
    assert (had(folder), order(folder)[-1]) == (twice(), "staff")


def test_a_send_at_and_a_not_after_hold_for_them_too(folder: Folder) -> None:
    dated = SALE.replace("open: true", "send_at: 2026-11-04T10:00:00+01:00\nnot_after: 2026-11-05T10:00:00+01:00")
    folder.write({"campaigns/sale.yaml": dated})
    assert (folder.call(*APPLY).code, had(folder)) == (0, twice())
    assert {json.loads(one.body)["send_at"] for one in folder.requests()} == {"2026-11-04T10:00:00+01:00"}
    assert (folder.call(*APPLY, at=NOW + timedelta(days=9)).code, had(folder)) == (0, twice())


@pytest.mark.parametrize("flag", [(), ("--campaign", "sale")])
def test_a_halt_stops_them_and_they_go_out_with_the_rest(folder: Folder, flag: tuple[str, ...]) -> None:
    folder.call("halt", *flag)
    assert (folder.call(*APPLY).code, folder.call("status").code) == (5, 0)
    assert not (folder.path / ".octoplan" / "inbox.db").exists() or folder.addresses() == []
    folder.call("resume", *flag)
    assert (folder.call(*APPLY).code, had(folder)) == (0, twice())


def test_a_plan_file_is_stale_once_other_staff_are_named(folder: Folder) -> None:
    plan = str(folder.path / "plan.octoplan")
    folder.call("plan", "--out", plan)
    folder.write({"staff.yaml": FILES["staff.yaml"].replace("9002", "9003")})
    outcome = folder.call("apply", plan, "--auto-approve")
    assert (outcome.code, "sale was changed" in outcome.err) == (7, True)
    folder.write({"staff.yaml": FILES["staff.yaml"]})
    assert (folder.call("apply", plan, "--auto-approve").code, had(folder)) == (0, twice())


def test_a_reviewed_plan_says_to_staff_only_words_that_were_reviewed(folder: Folder) -> None:
    plan = str(folder.path / "plan.octoplan")
    folder.call("plan", "--out", plan)
    joined = "phone_number,first_name\n+33600005001,Zoe\n" + "".join(f"{number},Ann\n" for number in PEOPLE)
    folder.write({"campaigns/people.csv": joined})
    assert (folder.call("apply", plan, "--auto-approve").code, had(folder)) == (0, twice())
    assert {str(one.text) for one in folder.messages()} == {"Hello Ann, it is real"}


def test_a_digest_covers_whom_they_are_and_what_they_get(folder: Folder) -> None:
    def digest() -> str:
        return str(folder.call("plan", "--json", "--out", str(folder.path / "p")).json["digest"])

    first = digest()
    assert digest() == first
    folder.write({"staff.yaml": FILES["staff.yaml"].replace("9002", "9003")})
    second = digest()
    folder.write({"staff.yaml": FILES["staff.yaml"], "campaigns/sale.yaml": SALE.replace("real", "true")})
    assert len({first, second, digest()}) == 3
    folder.write({"campaigns/sale.yaml": SALE})
    assert (folder.call("apply", "--expect", first, "--auto-approve").code, had(folder)) == (0, twice())


def test_who_approves_is_told_of_them(folder: Folder) -> None:
    outcome = folder.call("apply", typed="40\n")
    assert (outcome.code, "40 people, and 2 of your own staff, would be sent to in sandbox" in outcome.err) == (0, True)


@pytest.mark.parametrize("command", ["validate", "plan", "apply"])
@pytest.mark.parametrize(
    ("seeds", "said"),
    [
        (None, "campaigns/sale.yaml:6:"),
        ("seeds: []\n", "staff.yaml:1:"),
        ("people: []\n", "staff.yaml:1:"),
        ('seeds:\n  - {phone_number: "+33100"}\n', "staff.yaml:2:"),
        ("seeds:\n  - {email: ann@example.com}\n", "nobody in it has the phone number"),
    ],
)
def test_a_file_of_seeds_that_is_wrong_is_told_by_line_and_nothing_is_sent(
    folder: Folder, seeds: str | None, said: str, command: str
) -> None:
    folder.write({"staff.yaml": seeds})
    outcome = folder.call(command)
    assert (outcome.code, said in outcome.err, "+33100" in outcome.err) == (3, True, False), outcome.err
    assert not (folder.path / ".octoplan" / "inbox.db").exists() or not folder.requests()


def test_wrong_seeds_are_told_of_a_campaign_with_recipients_in_it_too(folder: Folder) -> None:
    text = SALE.replace("audience: {from: people.csv}", 'recipients: [{phone_number: "+33600004001", first_name: Bo}]')
    folder.write({"campaigns/sale.yaml": text, "staff.yaml": 'seeds: [{phone_number: "+33100"}]\n'})
    assert folder.call("validate").code == 3
    folder.write({"staff.yaml": FILES["staff.yaml"]})
    assert folder.call("validate").code == 0
    assert (folder.call(*APPLY).code, had(folder)) == (0, Counter([*STAFF, *STAFF, "+33600004001"]))


def test_a_project_may_name_them_for_all_and_paths_are_relative_to_where_they_stand(folder: Folder) -> None:
    settings = FILES["octoplan.yaml"] + "defaults: {all: {seeds: staff.yaml}}\n"
    folder.write({"octoplan.yaml": settings, "campaigns/sale.yaml": SALE.replace("seeds: ../staff.yaml\n", "")})
    assert (folder.call(*APPLY).code, had(folder)) == (0, twice())


def test_they_get_the_variant_of_the_first_person_and_no_variant_counts_them(folder: Folder) -> None:
    text = SALE + 'variants: {a: 40%, b: {share: 40%, text: "B {{ first_name }}"}, holdout: 20%}\n'
    folder.write({"campaigns/sale.yaml": text})
    assert folder.call(*APPLY).code == 0
    told = {one.address: str(one.text) for one in folder.messages()}
    first = next(number for number in PEOPLE if number in told)
    assert {told[number] for number in STAFF} == {told[first]}
    report = folder.call("--json", "report", "sale").json
    assert sum(one["sent"] for one in report["variants"]) == len(told) - len(STAFF)


def test_a_renamed_campaign_has_had_its_seeds(folder: Folder) -> None:
    folder.call(*APPLY)
    folder.write({"campaigns/sale.yaml": None, "campaigns/winter.yaml": SALE + "moved_from: sale\n"})
    folder.write({"campaigns/people.csv": people([*PEOPLE, "+33600005001"])})
    assert (folder.call(*APPLY).code, had(folder)) == (0, twice("+33600005001"))


def test_a_campaign_that_was_refused_sends_them_again_with_the_rest(folder: Folder) -> None:
    folder.write({"campaigns/sale.yaml": SALE.replace("alert", "wholesale")})
    refused = folder.call(*APPLY)
    assert (refused.code, folder.addresses()) == (8, [])
    assert folder.call("state", "check").code == 0
    folder.write({"campaigns/sale.yaml": SALE})
    assert (folder.call(*APPLY).code, had(folder)) == (0, twice())


def test_own_staff_who_said_stop_are_left_to_the_gateway_and_who_was_forgotten_gets_nothing(folder: Folder) -> None:
    folder.write({"campaigns/sale.yaml": SALE + "waves: [{people: 10}, {rest: true, after: 1h}]\n"})
    folder.call(*APPLY)
    assert folder.call("forget", "--yes", typed=f"{STAFF[0]}\n").code == 0
    assert folder.call(*APPLY, at=NOW + timedelta(hours=2)).code == 0
    assert had(folder) == Counter({**dict.fromkeys(PEOPLE, 1), STAFF[0]: 1, STAFF[1]: 2})
    assert folder.call("state", "check").code == 0


def test_what_a_state_has_of_a_person_names_them(folder: Folder) -> None:
    folder.call(*APPLY)
    found = folder.call("why", "--all", typed=f"{STAFF[0]}\n")
    for kind in (FIRST, LAST):
        assert f"{kind}sale, edition 1, sms: sent" in found.out


def test_a_state_that_moved_knows_them(folder: Folder) -> None:
    folder.write({"campaigns/sale.yaml": SALE + "waves: [{people: 10}, {rest: true, after: 1h}]\n"})
    folder.call(*APPLY)
    exported = folder.call("state", "export").out
    (folder.path / ".octoplan" / "sandbox.db").unlink()
    for beside in (folder.path / ".octoplan").glob("sandbox.db-*"):
        beside.unlink()
    folder.write({"export.ndjson": exported})
    imported = folder.call("state", "import", str(folder.path / "export.ndjson"), "--yes")
    assert imported.code == 0, imported
    assert folder.call(*APPLY, at=NOW + timedelta(hours=2)).code == 0
    assert had(folder) == twice()


def test_receipts_tell_of_them(folder: Folder) -> None:
    receipts = str(folder.path / "receipts.ndjson")
    assert folder.call(*APPLY, "--receipts", receipts).code == 0
    assert folder.call("state", "check", "--against-receipts", receipts).code == 0


def test_they_are_pruned_with_their_campaign(folder: Folder) -> None:
    dated = SALE.replace("open: true", "not_after: 2026-11-05T10:00:00+01:00")
    folder.write({"campaigns/sale.yaml": dated})
    folder.call(*APPLY)
    pruned = folder.call("state", "prune", "--yes", "--older-than", "30d", at=NOW + timedelta(days=60))
    assert pruned.code == 0, pruned
    assert "44" in pruned.out + pruned.err
    assert folder.call("state", "check").code == 0


def test_a_test_send_is_another_matter(folder: Folder) -> None:
    assert folder.call("test", "sale", "--to", str(folder.path / "staff.yaml")).code == 0
    assert (folder.call(*APPLY).code, had(folder)) == (0, twice() + Counter(STAFF))


def test_mail_reaches_their_mailboxes(folder: Folder) -> None:
    mail = """\
channel: email
purpose: alert
open: true
metadata: {email_from: shop@example.com, subject: "News, {{ first_name }}"}
recipients: [{email: cleo@example.com, first_name: Cleo}]
text: Dear {{ first_name }}
seeds: ../staff.yaml
"""
    folder.write({"campaigns/sale.yaml": mail})
    assert folder.call("plan").code == 0
    assert folder.call(*APPLY).code == 0
    assert folder.addresses() == ["b@example.com", "b@example.com", "cleo@example.com"]


def test_texts_that_the_gateway_fills_in_reach_them_whole(folder: Folder) -> None:
    rows = "phone_number,first_name\n" + "".join(f"{number},Ann{at}\n" for at, number in enumerate(PEOPLE))
    folder.write({"campaigns/sale.yaml": SALE + "personalization: server\n", "campaigns/people.csv": rows})
    assert (folder.call(*APPLY).code, had(folder)) == (0, twice())
    assert {str(one.text) for one in folder.messages() if one.address in STAFF} == {"Hello Ann0, it is real"}


@pytest.mark.parametrize("seed", range(3))
def test_however_applies_are_killed_staff_get_two_messages_and_everybody_else_one(
    project: MakeProject, gateway: Gateway, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - to be the same again
    settings = (
        "octoplan: 1\nenvironments:\n"
        f"  local: {{gateway: {{url: '{gateway.url}'}}, require_plan: false, frame_size: 4, max_in_flight: 3}}\n"
    )
    text = SALE + "waves: [{people: 6}, {rest: true}]\n"
    folder = project({**FILES, "octoplan.yaml": settings, "campaigns/sale.yaml": text})
    folder.write({"campaigns/people.csv": people(PEOPLE)})
    assert folder.run("state", "init", "--env", "local").code == 0
    gateway.pause = 0.03
    for _ in range(3):
        process = folder.start("apply", "--env", "local", "--auto-approve")
        gateway.kill_at(len(gateway.bodies) + chance.randint(1, 3), process)
    gateway.pause = 0
    for _ in range(2):
        assert folder.run("apply", "--env", "local", "--auto-approve").code == 0
    assert Counter(gateway.addresses()) == twice()
    messages = gateway.sandbox.messages()
    assert messages[0].address in STAFF
    assert folder.run("state", "check", "--env", "local").code == 0
    assert folder.run("plan", "--env", "local", "--detailed-exitcode").code == 0


def test_an_answer_to_the_first_that_nobody_understands_stops_the_campaign_before_the_audience(
    project: MakeProject, gateway: Gateway
) -> None:
    settings = f"octoplan: 1\nenvironments:\n  local: {{gateway: {{url: '{gateway.url}'}}, require_plan: false}}\n"
    folder = project({**FILES, "octoplan.yaml": settings, "campaigns/people.csv": people(PEOPLE)})
    assert folder.run("state", "init", "--env", "local").code == 0
    gateway.script = [(400, b'{"code": 9999}')]
    assert (folder.run("apply", "--env", "local", "--auto-approve").code, gateway.addresses()) == (9, [])
    assert folder.run("apply", "--env", "local", "--auto-approve").code == 0
    assert Counter(gateway.addresses()) == twice()


def test_a_restored_state_with_its_receipts_sends_none_of_them_again(folder: Folder) -> None:
    state, receipts = folder.path / ".octoplan" / "sandbox.db", str(folder.path / "receipts.ndjson")
    folder.write({"campaigns/sale.yaml": SALE + "waves: [{people: 10}, {rest: true, after: 1h}]\n"})
    folder.call(*APPLY, "--receipts", receipts)
    copy = state.read_bytes()
    later = NOW + timedelta(hours=2)
    assert folder.call(*APPLY, "--receipts", receipts, at=later).code == 0
    assert had(folder) == twice()
    for beside in state.parent.glob("sandbox.db-*"):
        beside.unlink()
    state.write_bytes(copy)
    brought = folder.call("state", "import", receipts, "--yes", at=later)
    assert brought.code == 0, brought
    assert folder.call(*APPLY, "--receipts", receipts, at=later).code == 0
    assert had(folder) == twice()
    assert folder.call("state", "check", "--against-receipts", receipts).code == 0


def test_a_stop_in_mid_run_does_not_keep_the_last_message_from_staff(
    project: MakeProject, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = f"{{gateway: {{url: '{gateway.url}'}}, require_plan: false, frame_size: 4, max_in_flight: 1}}"
    wholesale = SALE.replace("alert", "wholesale").replace("it is real", "it is real STOP au 30101")
    folder: Folder = project(
        {
            **FILES,
            "octoplan.yaml": f"octoplan: 1\nenvironments: {{local: {settings}}}\n",
            "campaigns/people.csv": people(PEOPLE),
            "campaigns/sale.yaml": wholesale,
        }
    )
    assert folder.call("state", "init", "--env", "local").code == 0
    at_request(monkeypatch, 3, lambda: say_stop(folder, "local", wave=0))
    outcome = folder.call("apply", "--env", "local", "--auto-approve")
    assert outcome.last == "Applied: 39 sent, 0 refused, 0 open, 0 unknown, 1 opted out, 4 to own staff."
    assert (outcome.code, Counter(gateway.addresses())[STAFF[0]]) == (0, 2)
