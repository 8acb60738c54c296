"""Killed at every step between the seeds that begin an edition and those that end it: staff get two, others one."""

import signal
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime

import pytest

from octoplan.state.interface import Status
from octoplan.state.places import find
from octoplan.state.records import LAST
from octoplan.state.told import Optout
from tests.failpoints.conftest import APPLY, PEOPLE, PROJECT, Field

STAFF = ("+33600099001", "+33600099002")
ONE_BY_ONE = PROJECT.replace("max_in_flight: 2", "max_in_flight: 1")
CAMPAIGN = """\
channel: sms
purpose: wholesale
open: true
text: "Hello, STOP au 30101"
audience: {from: audiences/people.csv}
seeds: ../staff.yaml
"""
EXPECTED = Counter({**dict.fromkeys(PEOPLE, 1), **dict.fromkeys(STAFF, 2)})
STEPS = ("intent-before", "intent-inside", "intent-after", "request-sent", "answered", "sent-inside", "sent-after")


@pytest.fixture
def seeded(ground: Field) -> Field:
    """A campaign of three requests, one after the other: staff, the audience, staff."""
    listed = ", ".join(f'{{phone_number: "{number}"}}' for number in STAFF)
    ground.folder.write(
        {
            "octoplan.yaml": ONE_BY_ONE.format(url=ground.judge.url, state=ground.state, frame_size=500),
            "campaigns/autumn.yaml": CAMPAIGN,
            "staff.yaml": f"seeds: [{listed}]\n",
        }
    )
    assert ground.call("state", "init").code == 0
    return ground


def had(ground: Field) -> Counter[str]:
    return Counter(ground.judge.messages)


def check(ground: Field) -> None:
    """Hold that everybody has what is theirs, by the gateway's record, and that nothing is left to do."""
    ground.finish()
    assert had(ground) == EXPECTED
    checked = ground.call("state", "check")
    assert checked.code == 0, checked.out
    assert ground.call("plan", "--detailed-exitcode").code == 0
    assert ground.call(*APPLY).code == 0
    assert had(ground) == EXPECTED
    assert not ground.frames(Status.PLANNED, Status.SENDING, Status.UNKNOWN)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_request_staff_get_two_messages_and_everybody_else_one(
    seeded: Field, step: str, nth: int
) -> None:
    assert seeded.die(f"{step}:{nth}", *APPLY) == -signal.SIGKILL
    check(seeded)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
@pytest.mark.parametrize("step", ["record-inside", "record-after", "end-before"])
def test_killed_around_the_record_of_a_run_nothing_is_lost_and_nothing_comes_twice(seeded: Field, step: str) -> None:
    assert seeded.die(step, *APPLY) == -signal.SIGKILL
    check(seeded)


def test_a_last_message_that_a_death_left_is_shown_by_the_plan_and_sent_alone(seeded: Field) -> None:
    assert seeded.die("sent-after:2", *APPLY) == -signal.SIGKILL
    assert had(seeded) == Counter([*PEOPLE, *STAFF])
    assert [one.campaign for one in seeded.frames(Status.PLANNED)] == [f"{LAST}autumn"]
    planned = seeded.call("plan", "--detailed-exitcode")
    assert (planned.code, "own staff still get the last message" in planned.out) == (2, True)
    assert "2 people of your own, 2 messages" in planned.out
    assert planned.last.startswith("Sends: 0 recipients in 0 requests")
    plan = str(seeded.folder.path / "plan.octoplan")
    assert seeded.call("plan", "--out", plan).code == 0
    applied = seeded.call("apply", plan, "--auto-approve")
    assert (applied.code, applied.last) == (0, "Applied: 0 sent, 0 refused, 0 open, 0 unknown, 2 to own staff.")
    check(seeded)


def test_a_plan_of_a_last_message_is_stale_once_other_staff_are_named(seeded: Field) -> None:
    seeded.die("sent-after:2", *APPLY)
    plan = str(seeded.folder.path / "plan.octoplan")
    seeded.call("plan", "--out", plan)
    before = (seeded.folder.path / "staff.yaml").read_text()
    seeded.folder.write({"staff.yaml": before.replace("99002", "99003")})
    assert seeded.call("apply", plan, "--auto-approve").code == 7
    seeded.folder.write({"staff.yaml": before})
    check(seeded)


def test_a_last_message_is_not_sent_while_an_outcome_is_open(seeded: Field) -> None:
    assert seeded.die("request-sent:2", *APPLY) == -signal.SIGKILL
    planned = seeded.call("plan")
    assert "own staff still get" not in planned.out
    check(seeded)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_halt_of_their_campaign_counts_what_is_in_flight_to_them_and_holds_it(seeded: Field) -> None:
    assert seeded.die("request-sent:1", *APPLY) == -signal.SIGKILL
    halted = seeded.call("halt", "--campaign", "autumn")
    assert "all that can still leave: 1 frame, 2 people" in halted.out
    assert (seeded.call(*APPLY).code, sum(had(seeded).values()) <= len(STAFF)) == (9, True)
    assert seeded.call("resume", "--campaign", "autumn").code == 0
    check(seeded)


def test_staff_who_said_stop_are_left_to_the_gateway_whatever_was_open(seeded: Field) -> None:
    """With `optouts: all` a STOP counts for what is no offer too; it is the gateway that turns own staff away."""
    settings = ONE_BY_ONE.format(url=seeded.judge.url, state=seeded.state, frame_size=500) + "optouts: all\n"
    seeded.folder.write({"octoplan.yaml": settings})
    assert seeded.die("request-sent:1", *APPLY) == -signal.SIGKILL
    (frame,) = seeded.frames(Status.SENDING)
    with closing(find(seeded.folder.path, seeded.state).open(writable=True)) as store:
        store.hear(
            [Optout(person=one, ticket="", at=None, heard_at=datetime.now(UTC)) for one in store.people(frame.id)]
        )
    check(seeded)


def test_two_appliers_send_them_once(seeded: Field) -> None:
    both = [seeded.zygote.start(seeded.folder.path, "--env", "production", *APPLY, env=seeded.env) for _ in range(2)]
    assert {process.end() for process in both} <= {0, 6}
    check(seeded)


@pytest.mark.parametrize("step", ["", "split-before:1", "split-after:1", "refused-alone-after:1", "split-after:2"])
def test_one_bad_address_among_staff_holds_back_nobody_and_is_tried_once_for_each_message(
    seeded: Field, step: str
) -> None:
    seeded.judge.bad = frozenset({STAFF[0]})
    if step:
        assert seeded.die(step, *APPLY) == -signal.SIGKILL
    else:
        assert seeded.call(*APPLY).last == (
            f"Applied: {len(PEOPLE)} sent, 0 refused, 0 open, 0 unknown, 2 to own staff, 2 to own staff refused."
        )
    seeded.finish()
    assert had(seeded) == Counter({**dict.fromkeys(PEOPLE, 1), STAFF[1]: 2})
    asked = len(seeded.judge.asked)
    assert (seeded.call(*APPLY).code, len(seeded.judge.asked)) == (0, asked)
    assert seeded.call("state", "check").code == 0
