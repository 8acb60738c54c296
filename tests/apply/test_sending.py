"""Frames through their lives, over real HTTP and a real state; the gateway's record is the judge."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from octoplan.apply.events import Retrying
from octoplan.apply.run import send, settle
from octoplan.gateways.interface import Balance, Connection, Outcome
from octoplan.gateways.octopush import Octopush, Patience, credentials
from octoplan.state.interface import Status
from tests.apply.conftest import NOW, FakeClock, Field, address_of, done, frames, make_frame, recording, stopped
from tests.apply.gateway import (
    ACCEPT,
    CUT_AFTER,
    CUT_BEFORE,
    FAILED,
    GARBAGE,
    HANG,
    LATER,
    Asked,
    always,
    per_attempt,
)

ONE = make_frame(range(1, 4))
LOST = [CUT_BEFORE, CUT_AFTER, FAILED, GARBAGE, LATER]


def test_frames_are_sent_once_with_ticket_cost_and_parts(ground: Field) -> None:
    events = ground.send(*frames(9))
    assert done(events) == ["sent"] * 9
    assert ground.statuses() == {"sent": 27}
    assert ground.judge.messages == {address_of(n): 1 for n in range(27)}
    for one in ground.store.frames():
        assert one.ticket in {f"sms_{n}" for n in range(1, 10)}
        assert (str(one.cost), one.units, one.attempts) == ("0.5", 3, 1)
    assert [run.ended_at is not None for run in ground.store.runs()] == [True]


@pytest.mark.parametrize("lost", LOST)
def test_a_lost_answer_is_replayed_with_the_same_bytes_and_counts_once(ground: Field, lost: str) -> None:
    ground.judge.script = per_attempt(lost, lost)
    events = ground.send(ONE)
    assert done(events) == ["sent"]
    assert len({one.body for one in ground.judge.asked}) == 1
    assert ground.judge.messages == {address_of(n): 1 for n in range(1, 4)}
    assert len(ground.judge.asked) == 3


def test_a_gateway_that_hangs_is_given_up_and_tried_again(ground: Field) -> None:
    ground.patience = Patience(connect=1, read=0.2, write=1, overall=1)
    ground.judge.script = per_attempt(HANG)
    assert done(ground.send(ONE)) == ["sent"]
    assert ground.judge.ids == [ONE.id] * 2


def test_a_frame_is_tried_six_times_at_most_and_stays_open(ground: Field) -> None:
    ground.judge.script = always(CUT_BEFORE)
    events = ground.send(ONE)
    assert done(events) == ["open"]
    assert ground.judge.ids == [ONE.id] * 6
    now = ground.frame(ONE)
    assert (now.status, now.attempts, now.first_attempt) == (Status.SENDING, 6, NOW)
    assert now.why == "connection lost"
    assert sum(event.seconds for event in events if isinstance(event, Retrying)) < 600
    assert ground.statuses() == {"sending": 3}


def test_the_gateways_own_wait_is_kept(ground: Field) -> None:
    ground.judge.script = always(LATER)
    waits = [event.seconds for event in ground.send(ONE) if isinstance(event, Retrying)]
    assert waits == [40.0] * 5


def test_ten_minutes_are_the_end_of_trying(ground: Field) -> None:
    def answer_slowly(_: Asked) -> str:
        ground.clock.sleep(250)
        return FAILED

    ground.judge.script = answer_slowly
    assert done(ground.send(ONE)) == ["open"]
    assert len(ground.judge.asked) == 3


def test_open_frames_keep_their_place_in_flight(ground: Field) -> None:
    ground.judge.script = always(CUT_BEFORE)
    events = ground.send(*frames(20))
    assert done(events) == ["open"] * 3
    assert ground.statuses() == {"sending": 9, "planned": 51}
    assert stopped(events) == [(None, "open frames take every place in flight: the rest is sent by a later apply")]
    again = ground.send(*frames(20)[3:])
    assert stopped(again) == [(None, "every place in flight is taken by frames that are still open (3)")]
    assert len(ground.judge.asked) == 18
    ground.judge.script = always(ACCEPT)
    ground.settle()
    ground.send(*frames(20)[3:])
    assert ground.statuses() == {"sent": 60}


def test_a_run_that_was_interrupted_and_resumed_uses_the_ids_of_one_that_was_not(ground: Field) -> None:
    def interrupt(asked: Asked) -> str:
        if asked.nth == 4:
            ground.stop.interrupt()
        return ACCEPT

    ground.judge.script = interrupt
    ground.send(*frames(20))
    left = [one for one in frames(20) if ground.frame(one).status is Status.PLANNED]
    assert left
    ground.send(*left)
    assert sorted(ground.judge.ids) == sorted(one.id for one in frames(20))


def test_an_interrupted_run_finishes_what_is_in_flight_and_begins_nothing(ground: Field) -> None:
    def interrupt(asked: Asked) -> str:
        if asked.nth == 4:
            ground.stop.interrupt()
        return ACCEPT

    ground.judge.script = interrupt
    events = ground.send(*frames(40))
    sent = done(events).count("sent")
    assert 4 <= sent <= 4 + ground.max_in_flight
    assert ground.statuses() == {"sent": 3 * sent, "planned": 120 - 3 * sent}
    assert ground.store.runs()[0].ended_at is not None


def test_an_interrupted_run_does_not_wait_for_another_attempt(ground: Field) -> None:
    def interrupt(_: Asked) -> str:
        ground.stop.interrupt()
        return CUT_AFTER

    ground.judge.script = interrupt
    assert done(ground.send(ONE)) == ["open"]
    assert len(ground.judge.asked) == 1
    ground.judge.script = always(ACCEPT)
    assert done(ground.settle()) == ["sent"]


class Standstill:
    """A gateway to which the way takes so long: the process stands still while it is opened."""

    name = "standstill"

    def __init__(self, ground: Field, by: timedelta) -> None:
        url = ground.judge.url
        self._gateway = Octopush(url, credentials(None, None, url), patience=ground.patience)
        self._clock = ground.clock
        self._by = by

    def connect(self) -> Connection:
        return Late(self._gateway.connect(), self._clock, self._by)

    def clock(self) -> datetime | None:
        return None

    def balance(self) -> Balance:
        return self._gateway.balance()

    def close(self) -> None:
        self._gateway.close()


class Late:
    """A connection that stands still once, after it was asked whether bytes may leave and before they do."""

    def __init__(self, connection: Connection, clock: FakeClock, by: timedelta) -> None:
        self._connection = connection
        self._clock = clock
        self._by = by

    def send(self, body: bytes) -> Outcome:
        return self._connection.send(body)

    def send_if(self, body: bytes, may_leave: Callable[[], bool]) -> Outcome | None:
        assert may_leave()
        self._clock.sleep(self._by / timedelta(seconds=1))
        return self._connection.send_if(body, may_leave)

    def close(self) -> None:
        self._connection.close()


def test_a_process_that_stood_still_for_a_day_before_its_first_byte_sends_nothing(ground: Field) -> None:
    (one,) = frames(1)
    applier = replace(ground.applier(), gateway=Standstill(ground, timedelta(hours=24)))
    told = list(send(applier, recording((one,))))
    assert ground.judge.asked == []
    assert done(told) == ["refused"]
    assert ground.statuses() == {"free": 3}


def test_a_replay_that_stood_still_beyond_its_time_is_held_for_a_person(ground: Field) -> None:
    (one,) = frames(1)
    ground.leave_open(one, action="cut-after")
    before = len(ground.judge.asked)
    applier = replace(ground.applier(), gateway=Standstill(ground, timedelta(hours=24)))
    told = list(settle(applier))
    assert len(ground.judge.asked) == before
    assert done(told) == ["unknown"]
    assert ground.statuses() == {"unknown": 3}
    ground.check()
