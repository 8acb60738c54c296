"""What earlier runs left open, what time does to it, and who may not touch it; the gateway's record is the judge."""

import secrets
from datetime import datetime, timedelta

import pytest

from octoplan.apply.age import Clocks
from octoplan.apply.flight import may_send
from octoplan.apply.run import settle
from octoplan.apply.tower import SHUT_OUT, Flight
from octoplan.apply.verdict import Proof
from octoplan.state.interface import OLDEST, Begin, RunRecord, Status
from tests.apply.conftest import EPOCH, KEYS, NOW, Field, address_of, done, frames, make_frame, recording, stopped
from tests.apply.gateway import (
    ACCEPT,
    CUT_AFTER,
    CUT_BEFORE,
    NO_CREDIT,
    Asked,
    always,
    per_attempt,
)

ONE = make_frame(range(1, 4))


def test_a_later_run_replays_an_open_frame_with_the_same_bytes(ground: Field) -> None:
    ground.leave_open(ONE)
    first = ground.judge.asked[0].body
    events = ground.settle()
    assert done(events) == ["sent"]
    assert {one.body for one in ground.judge.asked} == {first}
    now = ground.frame(ONE)
    assert (now.status, now.attempts, now.run) == (Status.SENT, 7, "run-2")


def test_a_later_run_learns_that_the_lost_attempt_was_accepted(ground: Field) -> None:
    ground.judge.script = lambda asked: CUT_AFTER if asked.nth == 1 else CUT_BEFORE
    ground.send(ONE)
    ground.judge.script = always(ACCEPT)
    events = ground.settle()
    assert done(events) == ["sent"]
    assert "unanswered attempt had been accepted" in ground.frame(ONE).why
    assert ground.judge.messages == {address_of(n): 1 for n in range(1, 4)}


@pytest.mark.parametrize(
    ("hours", "status"), [(22.99, Status.SENT), (23, Status.UNKNOWN), (24, Status.UNKNOWN), (8760, Status.UNKNOWN)]
)
def test_after_23_hours_an_open_frame_is_unknown_and_nothing_is_sent(
    ground: Field, hours: float, status: Status
) -> None:
    ground.leave_open(ONE)
    asked = len(ground.judge.asked)
    ground.clock.offset = timedelta(hours=hours) - timedelta(seconds=ground.clock.monotonic())
    ground.settle()
    assert ground.frame(ONE).status is status
    assert len(ground.judge.asked) - asked == (status is Status.SENT)
    assert ground.settle() == []


@pytest.mark.parametrize(
    ("later", "status", "why"),
    [
        (timedelta(hours=22), "open", "no connection"),
        (timedelta(hours=23), "unknown", "no answer was had within 23 hours of the first attempt"),
        (timedelta(hours=10), "unknown", "no answer was had before not_after passed"),
    ],
)
def test_time_runs_out_for_an_open_frame_also_while_the_gateway_cannot_be_reached(
    ground: Field, later: timedelta, status: str, why: str
) -> None:
    ground.leave_open(ONE, not_after=NOW + timedelta(hours=9) if later < timedelta(hours=20) else None)
    asked, ground.judge.url = len(ground.judge.asked), "http://127.0.0.1:1/nobody"
    ground.clock.offset = later
    assert done(ground.settle()) == [status]
    assert (ground.frame(ONE).why, len(ground.judge.asked)) == (why, asked)


def test_a_clock_that_runs_behind_the_first_attempt_holds_the_frame(ground: Field) -> None:
    ground.leave_open(ONE)
    asked = len(ground.judge.asked)
    ground.clock.offset = timedelta(days=-1)
    assert done(ground.settle()) == ["open"]
    assert len(ground.judge.asked) == asked
    assert "clock" in ground.frame(ONE).why
    ground.clock.offset = timedelta()
    assert done(ground.settle()) == ["sent"]


def test_a_clock_that_runs_behind_holds_the_frame_however_often_it_is_looked_at(ground: Field) -> None:
    ground.leave_open(ONE, action="cut-after")
    ground.clock.offset = timedelta(hours=20)
    ground.judge.script = always("cut-before")
    assert done(ground.settle()) == ["open"]
    asked = len(ground.judge.asked)
    ground.clock.offset = timedelta(hours=10)  # in truth more than a day has gone, and the API has forgotten the id
    assert [done(ground.settle()) for _ in range(3)] == [["open"]] * 3
    assert len(ground.judge.asked) == asked
    ground.clock.offset = timedelta(hours=24)
    assert done(ground.settle()) == ["unknown"]
    ground.check()


def test_not_after_passing_between_attempts_makes_it_unknown(ground: Field) -> None:
    ground.judge.script = per_attempt(CUT_AFTER, CUT_BEFORE, CUT_BEFORE, CUT_BEFORE)
    events = ground.send(ONE, not_after=NOW + timedelta(seconds=1))
    assert done(events) == ["unknown"]
    assert len(ground.judge.asked) == 2
    assert "not_after" in ground.frame(ONE).why
    assert ground.statuses() == {"unknown": 3}


def test_not_after_passing_before_an_open_frame_is_settled_makes_it_unknown(ground: Field) -> None:
    ground.leave_open(ONE, not_after=NOW + timedelta(minutes=5))
    asked = len(ground.judge.asked)
    ground.clock.offset = timedelta(minutes=6)
    assert done(ground.settle()) == ["unknown"]
    assert len(ground.judge.asked) == asked


def test_past_not_after_nothing_is_begun(ground: Field) -> None:
    events = ground.send(*frames(5), not_after=NOW - timedelta(seconds=1))
    assert ground.judge.asked == []
    assert ground.statuses() == {"planned": 15}
    assert [why for campaign, why in stopped(events) if campaign == "autumn-sale"] == [
        "not_after has passed: nothing more of it is sent"
    ]


@pytest.mark.parametrize(
    ("first", "not_after", "proof"),
    [
        (None, None, None),
        (None, NOW, None),
        (None, NOW - timedelta(microseconds=1), Proof.UNKNOWN),
        (NOW, None, None),
        (NOW - OLDEST, None, Proof.UNKNOWN),
        (NOW - OLDEST + timedelta(microseconds=1), None, None),
        (NOW + timedelta(minutes=4), None, None),
        (NOW + timedelta(minutes=6), None, Proof.OPEN),
        (NOW + timedelta(minutes=6), NOW - timedelta(days=1), Proof.UNKNOWN),
    ],
)
def test_right_before_every_first_byte_age_and_not_after_are_asked(
    first: datetime | None, not_after: datetime | None, proof: Proof | None
) -> None:
    verdict = may_send(Flight(frame=ONE, first_attempt=first, not_after=not_after), Clocks(local=NOW))
    assert (verdict.proof if verdict else None) is proof


def test_one_open_frame_takes_one_place_only(ground: Field) -> None:
    stuck = frames(12)[4].id
    ground.judge.script = lambda asked: CUT_BEFORE if asked.id == stuck else ACCEPT
    ground.send(*frames(12))
    assert ground.statuses() == {"sending": 3, "sent": 33}


def test_a_frame_of_a_dead_run_is_in_doubt_by_that_alone(ground: Field) -> None:
    ground.leave_open(ONE)
    ground.judge.script = always(NO_CREDIT)
    assert done(ground.settle()) == ["open"]
    assert ground.frame(ONE).status is Status.SENDING


def test_whoever_was_shut_out_sends_nothing_more(ground: Field) -> None:
    def unlock(asked: Asked) -> str:
        if asked.nth == 2:
            ground.store.unlock()
        return ACCEPT

    ground.max_in_flight = 1
    ground.judge.script = unlock
    with pytest.raises(Exception, match="shut out"):
        ground.send(*frames(10))
    assert len(ground.judge.asked) == 2
    assert ground.statuses() == {"sent": 3, "sending": 3, "planned": 24}


def test_a_replay_of_whoever_was_shut_out_does_not_leave(ground: Field) -> None:
    def unlock(_: Asked) -> str:
        ground.store.unlock()
        return CUT_BEFORE

    ground.judge.script = unlock
    with pytest.raises(Exception, match="shut out"):
        ground.send(ONE)
    assert len(ground.judge.asked) == 1


def test_an_open_frame_whose_body_is_damaged_becomes_unknown(ground: Field) -> None:
    ground.leave_open(ONE)
    asked = len(ground.judge.asked)
    ground.store._writer.execute("UPDATE bodies SET sealed = x'00'")  # type: ignore[union-attr]
    events = ground.settle()
    assert done(events) == ["unknown"]
    assert "damaged" in ground.frame(ONE).why
    assert len(ground.judge.asked) == asked


@pytest.mark.parametrize("lost", [True, False])
def test_what_a_run_that_was_shut_out_could_not_record_is_told_as_open(ground: Field, *, lost: bool) -> None:
    ground.leave_open(ONE)
    if lost:
        ground.store._writer.execute("DELETE FROM bodies")  # type: ignore[union-attr]
    else:
        ground.judge.date = lambda: NOW + timedelta(hours=25)  # it would be held
    applier = ground.applier()
    ground.store.unlock()
    told = list(settle(applier))
    assert done(told) == ["open"]
    assert stopped(told) == [(None, SHUT_OUT)]
    assert (ground.frame(ONE).status, ground.frame(ONE).run) == (Status.SENDING, "run-1")


def test_a_body_that_is_gone_becomes_unknown_and_the_others_are_settled(ground: Field) -> None:
    ground.judge.script = always(CUT_BEFORE)
    ground.send(*frames(2))
    ground.store._writer.execute("DELETE FROM bodies WHERE frame = ?", (frames(2)[0].id,))  # type: ignore[union-attr]
    ground.judge.script = always(ACCEPT)
    assert sorted(done(ground.settle())) == ["sent", "unknown"]


def test_a_death_between_intent_and_first_byte_is_replayed(ground: Field) -> None:
    ground.judge.script = always(CUT_BEFORE)
    ground.max_in_flight = 2
    ground.send(ONE)
    other = make_frame(range(10, 13))
    dead = RunRecord(id="dead", environment="production", started_at=NOW, ended_at=None, recipients=3, requests=1)
    ground.store.record(dead, EPOCH, recording((other,)).campaigns)
    sealed = KEYS.seal(other.id, other.body, secrets.token_bytes)
    ground.store.commit(EPOCH, [Begin(frame=other.id, run="dead", at=NOW, body=sealed)])
    ground.judge.script = always(ACCEPT)
    assert done(ground.settle()) == ["sent", "sent"]
    assert ground.judge.messages[address_of(10)] == 1
