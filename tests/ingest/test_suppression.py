"""Whoever has said STOP gets nothing more, from the plan on; what counts is what the sandbox has received."""

import json
from datetime import timedelta

import pytest

from tests.conftest import NOW, Folder, MakeProject
from tests.ingest.conftest import APPLY, FILES, PEOPLE, delivery, hear, reply, stop, ticket_of

ALERT = FILES["campaigns/sale.yaml"].replace("wholesale", "alert")
NEXT = FILES["campaigns/sale.yaml"].replace("Hello", "Bye") + "not_moved_from: sale\n"


def got(folder: Folder) -> list[str]:
    return folder.addresses()


def test_whoever_has_said_stop_is_left_out_and_counted(sent: Folder) -> None:
    hear(sent, stop(PEOPLE[0]), stop(PEOPLE[3], ticket_of(sent, PEOPLE[3])), stop("+33600009999"))
    sent.write({"campaigns/next.yaml": NEXT})
    plan = sent.call("plan")
    assert plan.last.endswith("; 4 already sent; 4 opted out.")
    assert "- 2 said STOP" in plan.out
    facts = sent.call("plan", "--json").json
    (step,) = [one for one in facts["steps"] if one["campaign"] == "next"]
    assert (step["people"]["opted_out"], step["people"]["people"], step["recipients"]) == (2, 4, 4)
    assert facts["summary"]["opted_out"] == 4
    assert sent.call(*APPLY).code == 0
    assert got(sent) == sorted([*PEOPLE, *(set(PEOPLE) - {PEOPLE[0], PEOPLE[3]})])


def test_a_plan_without_optouts_says_what_it_always_said(fresh: Folder) -> None:
    assert fresh.call("plan").last.endswith("; 0 suppressed; 0 already sent.")


@pytest.mark.parametrize(("optouts", "reached"), [("wholesale", 6), ("all", 5)])
def test_a_stop_counts_for_alerts_only_where_the_project_says_so(
    project: MakeProject, optouts: str, reached: int
) -> None:
    folder = project({**FILES, "campaigns/sale.yaml": ALERT, "octoplan.yaml": f"octoplan: 1\noptouts: {optouts}\n"})
    hear(folder, stop(PEOPLE[0]))
    assert folder.call(*APPLY).code == 0
    assert len(got(folder)) == reached


def test_that_a_stop_counts_for_less_is_said_in_the_first_line(project: MakeProject) -> None:
    strict = {**FILES, "octoplan.yaml": "octoplan: 1\noptouts: all\n"}
    folder = project(strict, after=(APPLY,))
    folder.write({"octoplan.yaml": "octoplan: 1\n"})
    assert "a STOP counts for wholesale only, it counted for all" in folder.call("plan").out.splitlines()[0]


def test_a_closed_campaign_that_has_another_name_now_tells_what_was_heard_of_it(sent: Folder) -> None:
    hear(sent, stop(PEOPLE[0], ticket_of(sent, PEOPLE[0])))
    closed = FILES["campaigns/sale.yaml"].replace("open: true", f"not_after: {(NOW - timedelta(days=1)).isoformat()}")
    sent.write({"campaigns/sale.yaml": None, "campaigns/autumn.yaml": f"{closed}moved_from: sale\n"})
    (step,) = sent.call("plan", "--json").json["steps"]
    assert (step["campaign"], step["action"], step["heard"]["opted_out"]) == ("autumn", "closed", 1)


def test_where_most_are_suppressed_it_is_not_said_that_everybody_has_said_stop(sent: Folder) -> None:
    hear(sent, stop(PEOPLE[0]))
    listed = "phone_number\n" + "".join(f"{address}\n" for address in PEOPLE[1:])
    lists = "octoplan: 1\nsuppressions: {all: [gone.csv]}\n"
    sent.write({"campaigns/sale.yaml": NEXT, "gone.csv": listed, "octoplan.yaml": lists})
    plan = sent.call("plan").out
    assert f"nobody is left: {len(PEOPLE) - 1} suppressed, 1 said STOP" in plan
    assert "everybody has said STOP" not in plan


def test_where_everybody_has_said_stop_nothing_is_sent_and_other_campaigns_are(sent: Folder) -> None:
    hear(sent, *(stop(address) for address in PEOPLE))
    alone = 'channel: sms\npurpose: alert\nopen: true\nrecipients: [{phone_number: "+33600000600"}]\ntext: Hello\n'
    sent.write({"campaigns/next.yaml": NEXT, "campaigns/alert.yaml": alone})
    done = sent.call(*APPLY)
    assert (done.code, done.last) == (0, "Applied: 1 sent, 0 refused, 0 open, 0 unknown.")
    assert "everybody has said STOP" in done.out
    assert got(sent) == [*PEOPLE, "+33600000600"]


def test_a_sample_is_drawn_from_those_who_have_not_said_stop(fresh: Folder) -> None:
    hear(fresh, *(stop(address) for address in PEOPLE[:4]))
    sale = FILES["campaigns/sale.yaml"].replace("{from: people.csv}", "{from: people.csv, limit: 2}")
    fresh.write({"campaigns/sale.yaml": sale})
    assert fresh.call(*APPLY).code == 0
    assert got(fresh) == sorted(PEOPLE[4:])


def test_a_stop_after_the_plan_was_reviewed_is_obeyed_and_the_rest_is_sent(fresh: Folder) -> None:
    plan = str(fresh.path / "plan.out")
    assert fresh.call("plan", "--out", plan).code == 0
    hear(fresh, stop(PEOPLE[2]))
    done = fresh.call("apply", plan, "--auto-approve")
    assert (done.code, done.last) == (0, "Applied: 5 sent, 0 refused, 0 open, 0 unknown.")
    assert got(fresh) == sorted({*PEOPLE} - {PEOPLE[2]})


def test_a_file_of_suppressions_that_grew_after_the_plan_was_reviewed_is_obeyed(project: MakeProject) -> None:
    listed = "octoplan: 1\nsuppressions: {wholesale: [{from: gone.csv}]}\n"
    folder = project({**FILES, "octoplan.yaml": listed, "gone.csv": f"phone_number\n{PEOPLE[0]}\n"})
    plan = str(folder.path / "plan.out")
    assert folder.call("plan", "--out", plan).code == 0
    folder.write({"gone.csv": f"phone_number\n{PEOPLE[0]}\n{PEOPLE[1]}\n"})
    done = folder.call("apply", plan, "--auto-approve")
    assert (done.code, done.last) == (0, "Applied: 4 sent, 0 refused, 0 open, 0 unknown.")
    assert got(folder) == sorted(PEOPLE[2:])


def test_why_says_what_was_heard_of_a_person(sent: Folder) -> None:
    ticket = ticket_of(sent, PEOPLE[0])
    hear(sent, delivery(PEOPLE[0], ticket), stop(PEOPLE[0], ticket), reply(PEOPLE[0], ticket))
    said = sent.run("why", "sale", typed=PEOPLE[0])
    assert "Out: has said STOP" in said.out
    assert f"ticket {ticket}, delivered 2026-11-03 09:30 UTC" in said.out
    assert f"said STOP, to ticket {ticket}: 2026-11-03 09:30 UTC" in said.out
    assert "1 reply" in said.out
    facts = json.loads(sent.run("why", "sale", "--json", typed=PEOPLE[0]).out)
    assert (facts["rule"], facts["in"], facts["replies"]) == ("opted_out", False, 1)
    assert facts["deliveries"] == [{"ticket": ticket, "status": "DELIVERED", "at": "2026-11-03T09:30:00+00:00"}]
    assert [one["ticket"] for one in facts["optouts"]] == [ticket]
    assert "In: in the audience" in sent.run("why", "sale", typed=PEOPLE[1]).out


def test_a_stop_that_was_heard_at_a_later_time_counts_all_the_same(sent: Folder) -> None:
    hear(sent, {"number": PEOPLE[0], "stop_date": "2099-01-01 00:00:00"})
    sent.write({"campaigns/next.yaml": NEXT})
    assert sent.call(*APPLY, at=NOW).code == 0
    assert got(sent).count(PEOPLE[0]) == 1
