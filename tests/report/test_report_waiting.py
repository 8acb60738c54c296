"""What has to wait: said where it is so, and nowhere else."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from octoplan.apply.events import Event, FrameDone, Started, Waiting
from octoplan.decision import decide
from octoplan.plan import Action, Plan, Standing, Step, Wait
from octoplan.report import as_json, markdown, text
from octoplan.report.applied import head, json_applied, text_applied
from octoplan.report.html.page import plan as page
from octoplan.report.lines import applied_line, plan_line
from octoplan.report.outcome import outcome_of
from tests.report.conftest import NOW

MORNING = datetime(2026, 11, 30, 7, tzinfo=UTC)
NIGHT = Wait(people=30, until=MORNING, why="outside fr-strict")


def step(*waits: Wait, action: Action) -> Step:
    return Step(
        campaign="sale", channel="sms", edition=1, action=action, reason="not sent yet", recipients=40, requests=2,
        waits=waits,
    )  # fmt: skip


def plan(*steps: Step) -> Plan:
    return Plan(environment="production", gateway="sandbox", lineage="00", steps=steps)


def test_a_campaign_waits_only_where_everybody_who_is_left_has_to() -> None:
    some = decide(recipients=40, standing=Standing(), reached=0, blocked=(), waits=(NIGHT,))
    everybody = decide(recipients=30, standing=Standing(sent=10), reached=10, blocked=(), waits=(NIGHT,))
    assert some[0] is Action.SEND
    assert everybody == (Action.WAITING, "waiting until 2026-11-30 07:00 UTC: outside fr-strict")


def test_who_was_refused_is_never_said_to_have_had_it() -> None:
    for standing, reason in ((Standing(sent=9), "everybody has had it"), (Standing(sent=9, refused=1), "nobody new")):
        assert decide(recipients=0, standing=standing, reached=0, blocked=()) == (Action.NOTHING, reason)


def test_a_guard_blocks_what_would_wait() -> None:
    assert decide(recipients=30, standing=Standing(), reached=0, blocked=("no",), waits=(NIGHT,))[0] is Action.BLOCKED


def test_the_last_line_counts_what_waits_behind_the_others_and_only_where_there_is_any() -> None:
    assert plan_line(plan(step(NIGHT, action=Action.SEND))) == "Plan: 1 to send, 0 to extend, 0 unchanged."
    waiting = plan(step(replace(NIGHT, people=40), action=Action.WAITING))
    assert plan_line(waiting) == "Plan: 0 to send, 0 to extend, 0 unchanged, 1 waiting."
    assert (waiting.recipients, waiting.has_changes, waiting.is_left) == (40, False, True)


def test_who_waits_is_told_with_until_when_and_why() -> None:
    drawn = plan(step(NIGHT, Wait(people=2, until=None, why="the wave before"), action=Action.SEND))
    said = "\n".join(line.text for line in text.plan(drawn))
    assert "waits       30 people until 2026-11-30 07:00 UTC: outside fr-strict" in said
    assert "2 people: the wave before" in said
    for form in (markdown.plan(drawn), page(drawn)):
        assert "30 people until 2026-11-30 07:00 UTC: outside fr-strict" in form
    (told,) = json.loads(as_json.plan(drawn))["steps"]
    assert told["waiting"] == 32
    assert told["waits"][0] == {"people": 30, "until": "2026-11-30T07:00:00+00:00", "why": "outside fr-strict"}


def test_a_waiting_campaign_does_not_count_as_nothing_to_do() -> None:
    said = text.plan(plan(step(replace(NIGHT, people=40), action=Action.WAITING)))
    assert [line.text for line in said if line.text.startswith("…  sale")]
    assert not [line for line in said if line.text.startswith("No changes")]


@pytest.mark.parametrize("waits", [True, False])
def test_an_apply_tells_who_waits_only_where_anybody_does(waits: bool) -> None:  # noqa: FBT001 - a parameter
    sent = FrameDone(campaign="sale", frame="f" * 32, status="sent", recipients=10)
    waiting = Waiting(campaign="sale", recipients=30, until=MORNING, why="outside fr-strict")
    started = Started(run="r" * 16, recipients=40, requests=2)
    told: list[Event] = [started, sent, waiting] if waits else [started, sent]
    assert applied_line(told) == f"Applied: 10 sent, 0 refused, 0 open, 0 unknown{', 30 waiting' * waits}."
    outcome = outcome_of(plan(step(NIGHT, action=Action.SEND)), told, (NOW, NOW), 0)
    assert ("waiting" in head(outcome)) is waits
    assert outcome.ending == ("done but for who has to wait" if waits else "complete")
    (one,) = outcome.campaigns
    assert (one.waiting, one.unsent) == ((30, 0) if waits else (0, 30))
    assert json.loads(json_applied(outcome))["campaigns"][0]["waiting"] == (30 if waits else 0)
    assert [line for line in text_applied(outcome) if "waiting" in line.text] or not waits


def test_an_event_of_waiting_says_for_whom_and_until_when() -> None:
    waiting = Waiting(campaign="sale", recipients=30, until=MORNING, why="outside fr-strict")
    assert text.event(waiting).text == "sale waiting until 2026-11-30 07:00 UTC: 30 people, outside fr-strict"
    assert json.loads(as_json.event(waiting)) == {
        "event": "waiting", "campaign": "sale", "recipients": 30, "until": "2026-11-30T07:00:00+00:00",
        "why": "outside fr-strict",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("code", "status", "ending"),
    [
        (0, "sent", "complete"),
        (3, "sent", "the project is not valid"),
        (5, "sent", "stopped by a guard"),
        (8, "refused", "some were refused"),
        (8, "sent", "some were not begun"),
        (10, "sent", "declined"),
        (130, "sent", "interrupted"),
    ],
)
def test_a_report_says_how_its_apply_ended(code: int, status: str, ending: str) -> None:
    done = FrameDone(campaign="sale", frame="f" * 32, status=status, recipients=10)
    assert outcome_of(plan(step(action=Action.SEND)), [done], (NOW, NOW), code).ending == ending
