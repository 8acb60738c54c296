"""A campaign that gets another name is not sent again to whoever has had it, judged by the sandbox's record."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Folder, MakeProject

SALE = """\
channel: sms
purpose: alert
open: true
audience: {from: people.csv}
text: Hello {{ first_name }}, our shop in Metz is open on Sunday, from nine to noon
"""
VOICE = "channel: voice_sms\nmetadata: {voice_gender: female, voice_language: fr-FR}"
OLD, NEW = "campaigns/summer.yaml", "campaigns/autumn.yaml"


def people(*numbers: int) -> str:
    return "phone_number,first_name\n" + "".join(f"+336000003{one:02},Ann {one}\n" for one in numbers)


@pytest.fixture
def folder(project: MakeProject) -> Folder:
    """What was sent as summer, whose file is called autumn now."""
    made: Folder = project(
        {OLD: SALE, "campaigns/people.csv": people(*range(10))}, after=(("apply", "--auto-approve"),)
    )
    assert len(made.messages()) == 10
    made.write({OLD: None, NEW: SALE})
    return made


def received(folder: Folder) -> Counter[str]:
    return Counter(message.address for message in folder.messages())


def refuse(folder: Folder) -> str:
    """Plan and apply are both refused, and nothing is sent → what is said."""
    before = folder.messages()
    for command in (("plan",), ("apply", "--auto-approve")):
        refused = folder.call(*command)
        assert refused.code == 5, refused
    assert folder.messages() == before
    return refused.err


def test_a_file_that_gets_another_name_is_refused_and_both_ways_on_are_said(folder: Folder) -> None:
    said = refuse(folder)
    assert "10 of its 10 people are in summer of " in said
    assert "moved_from: summer" in said
    assert "not_moved_from: summer" in said


def test_what_moved_from_a_name_is_sent_to_whoever_joined_since_only(folder: Folder) -> None:
    folder.write({NEW: f"{SALE}moved_from: summer\n", "campaigns/people.csv": people(*range(12))})
    plan = folder.call("plan")
    assert "autumn: what was sent as summer was sent (moved_from)" in plan.out
    assert "2 people" in plan.out
    assert "no longer in the project" not in plan.out
    assert folder.call("apply", "--auto-approve").code == 0
    assert folder.call("plan", "--detailed-exitcode").code == 0
    assert len(folder.messages()) == 12
    assert set(received(folder).values()) == {1}
    assert "Ann" not in folder.call("status").out


def test_the_same_words_to_the_same_people_are_sent_where_they_are_meant_to_be(folder: Folder) -> None:
    folder.write({NEW: f"{SALE}not_moved_from: [winter, summer]\n"})
    assert folder.call("apply", "--auto-approve").code == 0
    assert set(received(folder).values()) == {2}


def test_a_copy_is_refused_like_a_rename(folder: Folder) -> None:
    folder.write({OLD: SALE})
    assert "10 of its 10 people are in summer" in refuse(folder)


def test_a_word_that_differs_among_many_and_people_who_joined_do_not_make_another_campaign(folder: Folder) -> None:
    folder.write({NEW: SALE.replace("Sunday", "Monday"), "campaigns/people.csv": people(*range(2, 15))})
    assert "8 of its 13 people are in summer" in refuse(folder)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        (SALE.replace("our shop in Metz is open on Sunday", "your parcel has arrived"), range(10)),
        (SALE, range(5, 20)),
        (SALE, range(30)),
        (SALE, range(1)),
        (SALE.replace("channel: sms", VOICE), range(10)),
    ],
    ids=["other words", "mostly other people", "three times the people", "a tenth of them", "another channel"],
)
def test_what_is_not_nearly_the_same_is_sent(folder: Folder, text: str, numbers: range) -> None:
    folder.write({NEW: text, "campaigns/people.csv": people(*numbers)})
    done = folder.call("apply", "--auto-approve")
    assert done.code == 0, done


def test_a_campaign_that_went_on_under_a_name_of_its_own_keeps_it(folder: Folder) -> None:
    """Where a state knows both names, each has what was sent under it."""
    folder.write({NEW: f"{SALE}not_moved_from: summer\n"})
    assert folder.call("apply", "--auto-approve").code == 0
    folder.write({NEW: f"{SALE}moved_from: summer\n"})
    plan = folder.call("plan", "--detailed-exitcode")
    assert plan.code == 0, plan
    assert "moved_from" not in plan.out


def test_a_state_that_never_had_the_old_name_sends_under_the_new_one(project: MakeProject) -> None:
    folder: Folder = project({NEW: f"{SALE}moved_from: summer\n", "campaigns/people.csv": people(1, 2)})
    assert folder.call("apply", "--auto-approve").code == 0
    assert len(folder.messages()) == 2
    folder.write({NEW: SALE})
    assert folder.call("plan", "--detailed-exitcode").code == 0


def test_once_moved_from_is_gone_from_the_file_the_rename_is_refused_again(folder: Folder) -> None:
    folder.write({NEW: f"{SALE}moved_from: summer\n", "campaigns/people.csv": people(*range(12))})
    assert folder.call("apply", "--auto-approve").code == 0
    folder.write({NEW: SALE})
    assert "12 of its 12 people are in summer" in refuse(folder)


def test_a_higher_edition_of_what_was_renamed_goes_to_everybody(folder: Folder) -> None:
    folder.write({NEW: f"{SALE}moved_from: summer\nedition: 2\n"})
    assert folder.call("apply", "--auto-approve").code == 0
    assert set(received(folder).values()) == {2}


def test_why_knows_what_was_sent_under_the_old_name(folder: Folder) -> None:
    folder.write({NEW: f"{SALE}moved_from: summer\n"})
    told = folder.run("why", "autumn", typed="+33600000301\n")
    assert "sent" in told.out
    assert told.code == 0, told


def test_receipts_stay_those_of_the_state(project: MakeProject) -> None:
    folder: Folder = project({OLD: SALE, "campaigns/people.csv": people(1, 2)})
    file = str(folder.path / "receipts.ndjson")
    apply = ("apply", "--auto-approve", "--receipts", file)
    assert folder.call(*apply).code == 0
    folder.write({OLD: None, NEW: f"{SALE}moved_from: summer\n", "campaigns/people.csv": people(1, 2, 3)})
    assert folder.call(*apply).code == 0
    checked = folder.call("state", "check", "--against-receipts", file)
    assert checked.code == 0, checked


def test_a_reviewed_plan_of_a_renamed_campaign_is_sent(folder: Folder) -> None:
    folder.write({NEW: f"{SALE}moved_from: summer\n", "campaigns/people.csv": people(*range(12))})
    plan = str(folder.path / "reviewed.plan")
    assert folder.call("plan", "--out", plan).code == 0
    assert folder.call("apply", plan, "--auto-approve").code == 0
    assert len(folder.messages()) == 12


@pytest.mark.parametrize(
    ("files", "where"),
    [
        ({OLD: SALE, NEW: f"{SALE}moved_from: summer\n"}, "campaigns/autumn.yaml:6:1"),
        ({NEW: f"{SALE}moved_from: autumn\n"}, "campaigns/autumn.yaml:6:1"),
        (
            {NEW: f"{SALE}moved_from: summer\n", "campaigns/winter.yaml": f"{SALE}moved_from: summer\n"},
            "campaigns/winter.yaml:6:1",
        ),
    ],
    ids=["of another campaign", "its own", "twice"],
)
def test_a_name_is_left_for_one_campaign_only(folder: Folder, files: dict[str, str], where: str) -> None:
    folder.write(files)
    refused = folder.call("validate")
    assert refused.code == 3
    assert f"{where}: " in refused.err
    assert "campaign/moved-from" in refused.err


def test_a_campaign_that_is_removed_while_it_waits_for_its_moment_cannot_be_recalled(project: MakeProject) -> None:
    folder: Folder = project({OLD: f"{SALE}send_at: 2026-12-24T10:00:00+01:00\n", "campaigns/people.csv": people(1, 2)})
    assert folder.call("apply", "--auto-approve").code == 0
    folder.write({OLD: None})
    said = "the gateway has 2 messages for 2026-12-24T10:00:00+01:00, which cannot be recalled"
    assert said in folder.call("plan").out
    assert said not in folder.call("plan", at=datetime(2026, 12, 25, tzinfo=UTC)).out


HELD_OUT = f"{SALE}variants: {{all: 80%, holdout: 20%}}\n"
CAP = "octoplan: 1\ncaps: [{purpose: alert, per: person, at_most: 1, within: 7d, over: wait}]\n"


@pytest.fixture
def divided(project: MakeProject) -> Folder:
    """What was sent as summer but to those who are held out, and a plan of it with nothing to do."""
    made: Folder = project({OLD: HELD_OUT, "campaigns/people.csv": people(*range(60))})
    assert made.call("apply", "--auto-approve").code == 0
    assert 0 < len(made.messages()) < 60
    assert made.call("plan", "--out", str(made.path / "before.plan")).code == 0
    return made


@pytest.fixture
def capped(project: MakeProject) -> Folder:
    """What was sent as summer to all, who are over a cap now."""
    files = {"octoplan.yaml": CAP, OLD: SALE, "campaigns/people.csv": people(*range(60))}
    made: Folder = project(files, after=(("apply", "--auto-approve"),))
    assert len(made.messages()) == 60
    return made


def left_out(folder: Folder) -> Counter[str]:
    """Of how many people the state says that they are left out by decision, by campaign."""
    lines = map(json.loads, folder.call("state", "export").out.splitlines())
    return Counter(line["campaign"] for line in lines if line.get("kind") == "skipped")


def test_a_plan_file_writes_down_nobody_of_a_campaign_that_it_does_not_name(divided: Folder) -> None:
    before = left_out(divided)
    divided.write({OLD: None, NEW: HELD_OUT})
    assert divided.call("apply", str(divided.path / "before.plan"), "--auto-approve").code == 0
    assert left_out(divided) == before
    assert "in summer of " in refuse(divided)


def test_a_plan_file_writes_down_nobody_of_a_campaign_that_was_changed_since(divided: Folder) -> None:
    before = left_out(divided)
    divided.write({OLD: HELD_OUT.replace("20%", "70%").replace("80%", "30%")})
    divided.write({"campaigns/people.csv": people(*range(100))})
    assert divided.call("apply", str(divided.path / "before.plan"), "--auto-approve").code == 0
    assert left_out(divided) == before
    assert divided.call("apply", "--auto-approve").code == 0
    assert left_out(divided) > before


def test_a_rename_is_refused_though_an_apply_has_written_down_who_is_left_out(capped: Folder) -> None:
    capped.write({OLD: None, NEW: HELD_OUT})
    assert capped.call("apply", "--auto-approve").last.startswith("Applied: 0 sent")
    assert left_out(capped).keys() == {"autumn"}
    capped.write({"octoplan.yaml": None})
    assert "in summer of " in refuse(capped)


def test_what_moved_is_known_though_an_apply_has_written_down_who_is_left_out(capped: Folder) -> None:
    capped.write({OLD: None, NEW: HELD_OUT})
    assert capped.call("apply", "--auto-approve").code == 0
    capped.write({NEW: f"{SALE}moved_from: summer\n", "octoplan.yaml": None})
    plan = capped.call("plan", "--detailed-exitcode")
    assert plan.code == 0, plan
    assert "autumn: what was sent as summer was sent (moved_from)" in plan.out
    assert "no longer in the project" not in plan.out
    assert "sent" in capped.run("why", "autumn", typed="+33600000301\n").out
    assert capped.call("halt", "--campaign", "autumn", "--json").json["campaign"] == "summer"


def test_a_rename_is_refused_though_nobody_was_sent_the_last_edition(capped: Folder) -> None:
    capped.write({OLD: f"{HELD_OUT}edition: 2\n"})
    assert capped.call("apply", "--auto-approve").last.startswith("Applied: 0 sent")
    assert left_out(capped).keys() == {"summer"}
    capped.write({OLD: None, NEW: SALE, "octoplan.yaml": None})
    assert "60 of its 60 people are in summer of " in refuse(capped)
