"""What the text says and what it leaves unsaid."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from octoplan.plan import Action, Plan, Standing, Step
from octoplan.report import text
from octoplan.report.style import Style
from octoplan.state.interface import FrameRecord, Status

NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)


def _quiet(**values: int) -> Step:
    standing = Standing(**values)
    return Step(campaign="a", channel="sms", edition=1, action=Action.NOTHING, reason="", standing=standing)


def test_a_plan_with_nothing_to_do_says_so_before_its_last_lines(settled_plan: Plan) -> None:
    assert text.plan(settled_plan)[-3].text == "No changes. Everybody has had these messages."


def test_each_step_with_nothing_to_do_takes_one_line(settled_plan: Plan) -> None:
    assert [len(text.step(step)) for step in settled_plan.steps] == [1, 1, 1]


def test_a_plan_that_sends_or_is_blocked_does_not_say_that_nothing_changes(rich_plan: Plan) -> None:
    assert text.nothing_to_do(rich_plan) == ""
    blocked = replace(rich_plan, steps=tuple(step for step in rich_plan.steps if not step.sends))
    assert text.nothing_to_do(blocked) == ""


@pytest.mark.parametrize(
    ("standing", "said"),
    [
        ({"sent": 9}, "No changes. Everybody has had these messages."),
        ({"sent": 9, "refused": 1}, "No changes. Everybody has had these messages, but for 1 person who was refused."),
        ({"sent": 9, "refused": 2}, "No changes. Everybody has had these messages, but for 2 people who were refused."),
        (
            {"sent": 9, "open": 1, "unknown": 2, "refused": 1},
            "No changes. Whether 3 people had these messages is not known: see octoplan status.",
        ),
    ],
)
def test_nobody_is_said_to_have_had_what_they_may_not_have_had(
    standing: dict[str, int], said: str, empty_plan: Plan
) -> None:
    assert text.nothing_to_do(replace(empty_plan, steps=(_quiet(**standing),))) == said


@pytest.mark.parametrize(
    ("sent", "counts", "said"),
    [
        (0, {}, "There is nobody to send to."),
        (0, {"skipped": 3}, "Nobody has had these messages: 3 people skipped, since a variable is blank."),
        (9, {"skipped": 1}, "Everybody has had these messages, but for 1 person skipped, since a variable is blank."),
        (9, {"capped": 1, "held_out": 2}, "Everybody has had these messages, but for 3 people left out by decision."),
    ],
)
def test_everybody_who_was_left_out_is_counted_where_nothing_changes(
    sent: int, counts: dict[str, Any], said: str, empty_plan: Plan
) -> None:
    steps = (replace(_quiet(sent=sent), **counts),)
    assert text.nothing_to_do(replace(empty_plan, steps=steps)) == f"No changes. {said}"


def test_steps_are_aligned_and_their_names_capped() -> None:
    long, short = replace(_quiet(), campaign="n" * 60), _quiet()
    heads = [text.step(step, (long, short))[0].text for step in (long, short)]
    assert heads[1].index("sms") == len("=  ") + 40 + len("  ")
    assert "n" * 60 in heads[0]


def test_nothing_worth_a_warning_is_quiet_and_what_is_changed_or_unknown_is_not() -> None:
    assert text.step(_quiet())[0].style is Style.SAME
    assert text.step(_quiet(unknown=1))[0].style is Style.WARN
    assert text.step(replace(_quiet(), changed=True))[0].style is Style.WARN


def _frame(status: Status, *, hours: float | None, closes_in: float | None = None) -> FrameRecord:
    return FrameRecord(
        id="ab" * 16, campaign="a", edition=1, status=status, size=1, content="", run="",
        first_attempt=None if hours is None else NOW - timedelta(hours=hours),
        not_after=None if closes_in is None else NOW + timedelta(hours=closes_in),
    )  # fmt: skip


def test_an_open_frame_may_be_replayed_for_23_hours_after_its_first_attempt() -> None:
    assert "for 22 h 0 min more, until 2026-11-24 16:00 UTC" in text.way_out(_frame(Status.SENDING, hours=1), NOW)
    assert text.way_out(_frame(Status.SENDING, hours=23), NOW).startswith("too late")


def test_an_open_frame_is_never_replayed_past_not_after() -> None:
    assert "for 2 h 0 min more" in text.way_out(_frame(Status.SENDING, hours=1, closes_in=2), NOW)
    assert text.way_out(_frame(Status.SENDING, hours=1, closes_in=-1), NOW).startswith("too late")


def test_an_unknown_frame_names_the_command_that_resolves_it() -> None:
    assert text.way_out(_frame(Status.UNKNOWN, hours=30), NOW).endswith("octoplan state resolve abababababab")


def test_a_frame_without_a_first_attempt_promises_nothing() -> None:
    assert text.way_out(_frame(Status.SENDING, hours=None), NOW).startswith("too late")
