"""The last lines are an interface: word for word."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from octoplan.apply.events import Event, FrameDone
from octoplan.audience.values import Counts
from octoplan.errors import Place, Problem
from octoplan.plan import Action, Cost, Plan, Standing, Step
from octoplan.report import lines, text
from octoplan.report.survey import Survey


def test_the_last_lines_of_a_plan_count_what_an_apply_would_do(rich_plan: Plan) -> None:
    priced = tuple(
        replace(step, cost=Cost(amount=Decimal("8.125"))) if step.cost.amount is None else step
        for step in rich_plan.steps
    )
    assert lines.plan_line(rich_plan) == "Plan: 2 to send, 1 to extend, 3 unchanged."
    assert lines.sends_line(replace(rich_plan, steps=priced)) == (
        "Sends: 48,212 recipients in 122 requests, 51,720 parts, est. 2,336.85 EUR; "
        "1,204 suppressed; 3,887 already sent."
    )


def test_one_unknown_cost_makes_the_whole_cost_unknown(rich_plan: Plan) -> None:
    assert lines.sends_line(rich_plan) == (
        "Sends: 48,212 recipients in 122 requests, 51,720 parts, cost unknown; 1,204 suppressed; 3,887 already sent."
    )


def test_an_empty_plan_has_the_same_last_lines_with_zeros(empty_plan: Plan) -> None:
    assert lines.plan_line(empty_plan) == "Plan: 0 to send, 0 to extend, 0 unchanged."
    assert lines.sends_line(empty_plan) == (
        "Sends: 0 recipients in 0 requests, 0 parts, est. 0.00 EUR; 0 suppressed; 0 already sent."
    )


def test_the_words_do_not_bend_for_one(empty_plan: Plan) -> None:
    step = Step(
        campaign="a", channel="sms", edition=1, action=Action.SEND, reason="", recipients=1, requests=1, parts=1,
        counts=Counts(rows=1, suppressed=1), standing=Standing(sent=1), cost=Cost(amount=Decimal("0.005")),
    )  # fmt: skip
    assert lines.plan_line(replace(empty_plan, steps=(step,))) == "Plan: 1 to send, 0 to extend, 0 unchanged."
    assert lines.sends_line(replace(empty_plan, steps=(step,))) == (
        "Sends: 1 recipients in 1 requests, 1 parts, est. 0.01 EUR; 1 suppressed; 1 already sent."
    )


def test_parts_of_blocked_steps_and_of_other_channels_are_not_counted(empty_plan: Plan) -> None:
    blocked = Step(campaign="a", channel="sms", edition=1, action=Action.BLOCKED, reason="", parts=7, recipients=7)
    email = Step(campaign="b", channel="email", edition=1, action=Action.SEND, reason="", parts=9, recipients=1)
    assert replace(empty_plan, steps=(blocked, email)).parts == 0


def test_the_last_two_lines_of_the_report_are_these_two(rich_plan: Plan, empty_plan: Plan, settled_plan: Plan) -> None:
    for plan in (rich_plan, empty_plan, settled_plan):
        assert [line.text for line in text.plan(plan)[-2:]] == [lines.plan_line(plan), lines.sends_line(plan)]


def test_an_apply_counts_people_by_the_last_word_on_each_frame(events: tuple[Event, ...]) -> None:
    assert lines.applied_line(events) == "Applied: 4,813 sent, 1 refused, 450 open, 30 unknown."


def test_a_split_or_planned_frame_counts_nobody() -> None:
    done = [FrameDone(campaign="a", frame=status, status=status, recipients=5) for status in ("split", "planned")]
    assert lines.applied_line(done) == "Applied: 0 sent, 0 refused, 0 open, 0 unknown."


def test_a_valid_project_says_how_many_campaigns_and_people() -> None:
    assert lines.valid_line(4, 8120) == "Valid: 4 campaigns, 8,120 people."
    assert lines.valid_line(1, 0) == "Valid: 1 campaigns, 0 people."


def test_a_status_ends_in_the_sum_of_people(survey: Survey) -> None:
    assert lines.status_line(survey.campaigns) == "Status: 4,902 sent, 1 refused, 450 open, 300 unknown."


def test_problems_are_counted_by_file(problems: tuple[Problem, ...]) -> None:
    assert lines.problems_line(problems) == "3 problems and 1 warning in 2 files; nothing was sent."
    errors = [one for one in problems if one.severity == "error"]
    assert lines.problems_line(errors) == "3 problems in 2 files; nothing was sent."
    assert lines.warnings_line([one for one in problems if one not in errors]) == "1 warning in 1 file."
    one = Problem(place=Place(file="a.yaml"), rule="a/b", message="no")
    assert lines.problems_line([one]) == "1 problem in 1 file; nothing was sent."


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("0", "0.00"),
        ("0.004", "0.00"),
        ("0.005", "0.01"),
        ("0.015", "0.02"),
        ("2.675", "2.68"),
        ("1234567.895", "1,234,567.90"),
        ("9" * 40, "9" + ",999" * 13 + ".00"),
    ],
)
def test_money_has_two_decimals_half_up(amount: str, shown: str) -> None:
    assert lines.money(Decimal(amount)) == shown


def test_a_span_is_said_in_its_largest_useful_units() -> None:
    spans = [timedelta(seconds=-5), timedelta(minutes=59), timedelta(hours=22, minutes=10), timedelta(days=3, hours=2)]
    assert [lines.span(one) for one in spans] == ["0 min", "59 min", "22 h 10 min", "3 d"]
