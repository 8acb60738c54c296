"""One campaign from its first plan to after its end, judged by the sandbox's own record and never by our state."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from html import unescape
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Folder, MakeProject

CAMPAIGN = """\
name: sale
channel: sms
purpose: alert
sender: OctoShop
open: true
audience: {from: audiences/people.csv, region: FR}
text: Hello {{ first_name }}
"""
CLOSING = CAMPAIGN.replace("open: true", "not_after: 2026-11-04T18:00:00+01:00")
NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
LATER = datetime(2026, 12, 24, tzinfo=UTC)
FIRST, ALL = 25, 35


def people(number: int) -> str:
    rows = "".join(f"06 00 00 02 {one:02},{'Ann' if one % 2 else 'Zoë'}\n" for one in range(number))
    return f"phone_number,first_name\n{rows}"


def copied(name: str) -> str:
    """The campaign under another name, meant to be another."""
    return CAMPAIGN.replace("sale", name) + "not_moved_from: [sale, one]\n"


def numbers(number: int) -> list[str]:
    return [f"+336000002{one:02}" for one in range(number)]


@pytest.fixture
def folder(project: MakeProject) -> Folder:
    return project({"campaigns/sale.yaml": CAMPAIGN, "campaigns/audiences/people.csv": people(FIRST)})


@pytest.fixture
def applied(project: MakeProject) -> Folder:
    files = {"campaigns/sale.yaml": CAMPAIGN, "campaigns/audiences/people.csv": people(FIRST)}
    folder: Folder = project(files, after=(("apply", "--auto-approve"),))
    return folder


def apply(folder: Folder) -> None:
    outcome = folder.call("apply", "--auto-approve")
    assert outcome.code == 0, outcome


def planned(folder: Folder, at: datetime = NOON) -> tuple[int, str]:
    """Plan → the exit code and the step's line."""
    outcome = folder.call("plan", "--detailed-exitcode", at=at)
    return outcome.code, next(line for line in outcome.out.splitlines() if " sale " in line)


def test_a_plan_before_is_changes_and_after_is_none(folder: Folder) -> None:
    code, step = planned(folder)
    assert (code, step[0]) == (2, "+")
    apply(folder)
    code, step = planned(folder)
    assert (code, step[0]) == (0, "=")
    apply(folder)
    assert folder.addresses() == numbers(FIRST)


def test_the_last_lines_are_an_interface(folder: Folder) -> None:
    first = folder.call("plan").out.splitlines()[-2:]
    assert first == [
        "Plan: 1 to send, 0 to extend, 0 unchanged.",
        "Sends: 25 recipients in 2 requests, 25 parts, cost unknown; 0 suppressed; 0 already sent.",
    ]
    assert folder.call("apply", "--auto-approve").last == "Applied: 25 sent, 0 refused, 0 open, 0 unknown."
    assert folder.call("plan").out.splitlines()[-2:] == [
        "Plan: 0 to send, 0 to extend, 1 unchanged.",
        "Sends: 0 recipients in 0 requests, 0 parts, est. 0.00 EUR; 0 suppressed; 25 already sent.",
    ]
    assert folder.call("status").last == "Status: 25 sent, 0 refused, 0 open, 0 unknown."
    assert folder.call("validate").last == "Valid: 1 campaigns, 25 people."


def test_ten_rows_more_are_ten_messages(applied: Folder) -> None:
    applied.write({"campaigns/audiences/people.csv": people(ALL)})
    code, step = planned(applied)
    assert (code, step[:2]) == (2, "~ ")
    apply(applied)
    assert applied.addresses() == numbers(ALL)


def test_as_many_others_are_not_taken_for_the_same_people(applied: Folder) -> None:
    rows = people(FIRST + 1).splitlines(keepends=True)
    applied.write({"campaigns/audiences/people.csv": "".join([rows[0], *rows[2:]])})
    outcome = applied.call("plan")
    assert outcome.last.startswith("Sends: 1 recipients in 1 requests"), outcome.last
    assert outcome.last.endswith(f"; {FIRST - 1} already sent.")
    apply(applied)
    assert applied.addresses() == numbers(FIRST + 1)


def test_rows_less_are_no_change(applied: Folder) -> None:
    applied.write({"campaigns/audiences/people.csv": people(5)})
    assert planned(applied)[0] == 0


def test_a_changed_text_is_shown_and_nobody_gets_it_twice(applied: Folder) -> None:
    applied.write({"campaigns/sale.yaml": CAMPAIGN.replace("Hello", "Good evening")})
    code, step = planned(applied)
    assert (code, step[0]) == (0, "!")
    apply(applied)
    assert applied.addresses() == numbers(FIRST)
    assert planned(applied)[1][0] == "!"


def test_who_joins_after_a_change_gets_the_present_words(applied: Folder) -> None:
    changed = CAMPAIGN.replace("Hello", "Good evening")
    applied.write({"campaigns/sale.yaml": changed, "campaigns/audiences/people.csv": people(ALL)})
    code, step = planned(applied)
    assert (code, step[:2]) == (2, "~!")
    apply(applied)
    assert applied.addresses() == numbers(ALL)
    late = {message.address for message in applied.messages() if message.text.startswith("Good evening")}
    assert late == set(numbers(ALL)) - set(numbers(FIRST))


def test_a_new_edition_goes_to_everybody_once(applied: Folder) -> None:
    applied.write({"campaigns/sale.yaml": f"{CAMPAIGN}edition: 2\n", "campaigns/audiences/people.csv": people(ALL)})
    code, step = planned(applied)
    assert (code, step[0]) == (2, "+")
    apply(applied)
    apply(applied)
    got = Counter(applied.addresses())
    assert {got[number] for number in numbers(FIRST)} == {2}
    assert {got[number] for number in numbers(ALL)[FIRST:]} == {1}


def test_an_edition_is_never_lowered(applied: Folder) -> None:
    applied.write({"campaigns/sale.yaml": f"{CAMPAIGN}edition: 2\n"})
    apply(applied)
    before = applied.footprint()
    applied.write({"campaigns/sale.yaml": CAMPAIGN})
    for command in (("plan",), ("apply", "--auto-approve")):
        outcome = applied.call(*command)
        assert outcome.code == 5
        assert "edition 1 is lower than 2" in outcome.err
        assert "\nx " in outcome.out
    assert applied.footprint() == before


def test_a_file_that_is_removed_and_put_back_sends_nothing(applied: Folder) -> None:
    applied.write({"campaigns/sale.yaml": None})
    code, step = planned(applied)
    assert (code, step[0]) == (0, "-")
    apply(applied)
    applied.write({"campaigns/sale.yaml": CAMPAIGN})
    assert planned(applied)[0] == 0
    apply(applied)
    assert applied.addresses() == numbers(FIRST)


def test_past_not_after_a_campaign_is_closed_even_with_its_audience_gone(folder: Folder) -> None:
    folder.write({"campaigns/sale.yaml": CLOSING})
    apply(folder)
    (folder.path / "campaigns" / "audiences" / "people.csv").unlink()
    code, step = planned(folder, at=LATER)
    assert (code, step[0]) == (0, "=")
    assert "closed" in step
    for command in (("validate",), ("apply", "--auto-approve")):
        assert folder.call(*command, at=LATER).code == 0
    assert folder.addresses() == numbers(FIRST)


def test_a_closed_edition_that_was_never_sent_does_not_count_who_has_had_the_one_before(folder: Folder) -> None:
    folder.write({"campaigns/sale.yaml": CLOSING})
    apply(folder)
    assert folder.call("plan", at=LATER).last.endswith(f"; {FIRST} already sent.")
    folder.write({"campaigns/sale.yaml": f"edition: 2\n{CLOSING}"})
    assert folder.call("plan", at=LATER).last.endswith("; 0 already sent.")


def test_past_not_after_nobody_new_gets_the_message(folder: Folder) -> None:
    folder.write({"campaigns/sale.yaml": CLOSING})
    apply(folder)
    folder.write({"campaigns/audiences/people.csv": people(ALL)})
    assert planned(folder)[0] == 2
    assert planned(folder, at=LATER)[0] == 0
    assert folder.call("apply", "--auto-approve", at=LATER).code == 0
    assert folder.addresses() == numbers(FIRST)


def test_two_spellings_of_a_number_are_one_person(folder: Folder) -> None:
    rows = "phone_number,first_name\n06 00 00 02 01,Ann\n+33 6 00 00 02 01,Zoë\n0033600000201,Bob\n"
    folder.write({"campaigns/audiences/people.csv": rows})
    apply(folder)
    assert [(message.address, message.text) for message in folder.messages()] == [("+33600000201", "Hello Ann")]


def test_a_person_of_two_campaigns_gets_each_once(applied: Folder) -> None:
    applied.write({"campaigns/thanks.yaml": copied("thanks")})
    apply(applied)
    apply(applied)
    assert set(Counter(applied.addresses()).values()) == {2}


def test_targets_leave_the_other_campaigns_alone(applied: Folder) -> None:
    applied.write({f"campaigns/{name}.yaml": copied(name) for name in ("one", "two")})
    assert applied.call("apply", "--auto-approve", "--target", "one").code == 0
    assert len(applied.messages()) == 2 * FIRST
    outcome = applied.call("plan", "--target", "two")
    assert "one" not in outcome.out
    assert outcome.out.count("\n+  two") == 1


def test_what_is_suppressed_and_excluded_is_sent_nothing_and_counted(folder: Folder) -> None:
    folder.write(
        {
            "octoplan.yaml": (
                "octoplan: 1\nsuppressions: {alert: [{from: stop.csv, region: FR}], wholesale: [all.csv]}\n"
            ),
            "stop.csv": "phone_number\n+33600000200\n06 00 00 02 01\n0600009999\n",
            "all.csv": f"phone_number\n{chr(10).join(numbers(FIRST))}\n",
            "campaigns/audiences/rivals.csv": "phone_number\n0600000202\n",
            "campaigns/sale.yaml": CAMPAIGN.replace("region: FR", "region: FR, exclude: [audiences/rivals.csv]"),
        }
    )
    assert "; 2 suppressed; " in folder.call("plan").last
    apply(folder)
    assert folder.addresses() == numbers(FIRST)[3:]


@pytest.mark.parametrize("form", ["text", "html", "markdown"])
def test_whoever_is_skipped_is_counted_in_a_plan_and_never_said_to_have_had_it(form: str, folder: Folder) -> None:
    blank = "phone_number,first_name\n06 00 00 02 90,\n06 00 00 02 91,\n"
    folder.write({"campaigns/sale.yaml": f"{CAMPAIGN}on_missing: skip\n", "campaigns/audiences/people.csv": blank})
    plan = unescape(folder.call("plan", "--format", form).out)
    assert "nobody has had it; 2 people are skipped, since a variable is blank" in plan
    assert "No changes. Nobody has had these messages: 2 people skipped, since a variable is blank." in plan
    assert "verybody has had" not in plan
    folder.write({"campaigns/audiences/people.csv": f"{blank}06 00 00 02 92,Ann\n"})
    assert "skipped: a variable is blank" in unescape(folder.call("plan", "--format", form).out)
    apply(folder)
    assert "nobody new; 2 people are skipped" in unescape(folder.call("plan", "--format", form).out)


def test_the_same_project_elsewhere_plans_the_same_words(folder: Folder, project: MakeProject) -> None:
    twin = project({"campaigns/sale.yaml": CAMPAIGN, "campaigns/audiences/people.csv": people(FIRST)}, "twin")
    apply(folder)
    apply(twin)
    one, other = ({(message.address, message.text) for message in where.messages()} for where in (folder, twin))
    assert one == other
    hashes = [where.footprint()["sandbox.db"] for where in (folder, twin)]
    assert not {row for row in hashes[0] if row.startswith("messages")} & set(hashes[1])
