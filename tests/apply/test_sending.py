"""Frames through their lives, over real HTTP and a real state; the gateway's record is the judge."""

import secrets
from datetime import datetime, timedelta
from math import ceil, log2

import pytest

from octoplan.apply.events import FrameDone, Retrying
from octoplan.apply.flight import OLDEST, Flight, may_send
from octoplan.apply.verdict import Proof
from octoplan.frame import Frame
from octoplan.gateways.octopush import Patience
from octoplan.state.interface import Begin, RunRecord, Status
from tests.apply.conftest import EPOCH, KEYS, NOW, Field, address_of, done, make_frame, recording, stopped
from tests.apply.gateway import (
    ACCEPT,
    BAD_NUMBER,
    CUT_AFTER,
    CUT_BEFORE,
    DUPLICATE,
    FAILED,
    GARBAGE,
    HANG,
    LATER,
    NO_ACCESS,
    NO_CREDIT,
    REDIRECT,
    RIDDLE,
    STOP_MISSING,
    Asked,
    always,
    in_turn,
    per_attempt,
)

ONE = make_frame(range(1, 4))
LOST = [CUT_BEFORE, CUT_AFTER, FAILED, GARBAGE, LATER]


def frames(count: int, campaign: str = "autumn-sale", *, first: int = 0) -> list[Frame]:
    """Make so many frames of three people each, numbered from `first`."""
    return [make_frame(range(first + 3 * n, first + 3 * n + 3), campaign) for n in range(count)]


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


def test_a_clock_that_runs_behind_the_first_attempt_holds_the_frame(ground: Field) -> None:
    ground.leave_open(ONE)
    asked = len(ground.judge.asked)
    ground.clock.offset = timedelta(days=-1)
    assert done(ground.settle()) == ["open"]
    assert len(ground.judge.asked) == asked
    assert "clock" in ground.frame(ONE).why
    ground.clock.offset = timedelta()
    assert done(ground.settle()) == ["sent"]


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
    verdict = may_send(Flight(frame=ONE, first_attempt=first, not_after=not_after), NOW)
    assert (verdict.proof if verdict else None) is proof


def test_open_frames_keep_their_place_in_flight(ground: Field) -> None:
    ground.judge.script = always(CUT_BEFORE)
    events = ground.send(*frames(20))
    assert done(events) == ["open"] * 3
    assert ground.statuses() == {"sending": 9, "planned": 51}
    assert stopped(events) == [(None, "open frames take every place in flight: the rest is sent by a later apply")]
    again = ground.send(*frames(20)[3:])
    assert stopped(again) == [(None, "3 frames are still open and take every place in flight")]
    assert len(ground.judge.asked) == 18
    ground.judge.script = always(ACCEPT)
    ground.settle()
    ground.send(*frames(20)[3:])
    assert ground.statuses() == {"sent": 60}


def test_one_open_frame_takes_one_place_only(ground: Field) -> None:
    stuck = frames(12)[4].id
    ground.judge.script = lambda asked: CUT_BEFORE if asked.id == stuck else ACCEPT
    ground.send(*frames(12))
    assert ground.statuses() == {"sending": 3, "sent": 33}


@pytest.mark.parametrize("refusal", [NO_CREDIT, NO_ACCESS, "403", "400:113"])
def test_a_refusal_of_the_account_stops_the_run_and_frees_its_people(ground: Field, refusal: str) -> None:
    ground.max_in_flight = 1
    ground.judge.script = in_turn(ACCEPT, refusal)
    events = ground.send(*frames(6))
    assert done(events) == ["sent", "refused"]
    assert ground.statuses() == {"sent": 3, "free": 3, "planned": 12}
    assert len(ground.judge.asked) == 2
    assert ground.stop.account
    assert [campaign for campaign, _ in stopped(events)] == [None]


def test_a_refusal_of_the_account_after_a_lost_answer_leaves_the_frame_open(ground: Field) -> None:
    ground.judge.script = per_attempt(CUT_AFTER, NO_CREDIT)
    events = ground.send(ONE)
    assert done(events) == ["open"]
    assert ground.stop.account
    assert ground.statuses() == {"sending": 3}
    assert done(ground.settle()) == ["sent"]
    assert len(ground.judge.accepted) == 1


def test_a_frame_of_a_dead_run_is_in_doubt_by_that_alone(ground: Field) -> None:
    ground.leave_open(ONE)
    ground.judge.script = always(NO_CREDIT)
    assert done(ground.settle()) == ["open"]
    assert ground.frame(ONE).status is Status.SENDING


def test_a_refusal_of_the_words_is_definite_even_after_a_lost_answer(ground: Field) -> None:
    ground.judge.script = per_attempt(CUT_BEFORE, STOP_MISSING)
    assert done(ground.send(ONE)) == ["refused"]
    assert ground.statuses() == {"free": 3}


def test_after_a_refusal_the_next_frame_has_a_new_id(ground: Field) -> None:
    ground.judge.script = in_turn(STOP_MISSING)
    ground.send(ONE)
    with pytest.raises(Exception, match="cannot be used"):
        ground.send(ONE)  # the id is used up for ever
    again = make_frame(range(1, 4), refusals=1)
    assert done(ground.send(again)) == ["sent"]
    assert again.id != ONE.id


@pytest.mark.parametrize("riddle", [RIDDLE, REDIRECT, "404", "400:400"])
def test_a_riddle_stops_its_campaign_and_leaves_the_frame_open(ground: Field, riddle: str) -> None:
    ground.max_in_flight = 2
    ours, others = frames(5), frames(5, "winter", first=100)
    ground.judge.script = lambda asked: riddle if asked.id == ours[0].id else ACCEPT
    events = ground.send(ours[0], *others, *ours[1:])
    assert [campaign for campaign, _ in stopped(events)] == ["autumn-sale"]
    assert ground.frame(ours[0]).status is Status.SENDING
    assert ground.statuses("winter") == {"sent": 15}
    assert ground.statuses()["sending"] == 3
    assert ground.judge.ids.count(ours[0].id) == 1, "a riddle is not tried again"
    assert "+33" not in "".join(one.why for one in ground.store.frames())


def test_one_bad_number_of_300_holds_back_nobody_else(ground: Field) -> None:
    bad = address_of(123)
    ground.judge.bad = frozenset({bad})
    whole = make_frame(range(300))
    events = ground.send(whole)
    assert ground.judge.messages == {address_of(n): 1 for n in range(300) if n != 123}
    assert ground.statuses() == {"sent": 299, "refused": 1}
    assert len(ground.judge.asked) <= 1 + 2 * ceil(log2(300))
    assert len(set(ground.judge.ids)) == len(ground.judge.ids), "every half has an id of its own"
    alone = [one for one in events if isinstance(one, FrameDone) and one.status == "refused"]
    assert [(one.recipients, one.code) for one in alone] == [(1, 181)]
    assert done(events).count("split") in (ceil(log2(300)) - 1, ceil(log2(300)))


def test_many_bad_numbers_are_all_found(ground: Field) -> None:
    bad = {0, 1, 17, 40, 63}
    ground.judge.bad = frozenset(address_of(n) for n in bad)
    ground.send(make_frame(range(64)))
    assert ground.judge.messages == {address_of(n): 1 for n in range(64) if n not in bad}
    assert ground.statuses() == {"sent": 59, "refused": 5}
    assert not list(ground.store.frames(Status.PLANNED))


def test_a_frame_of_bad_numbers_only_ends_too(ground: Field) -> None:
    ground.judge.script = always(BAD_NUMBER)
    ground.send(make_frame(range(8)))
    assert ground.statuses() == {"refused": 8}
    assert len(ground.judge.asked) == 15
    assert not ground.stop.is_set, "refused recipients do not stop a run"


def test_a_half_that_stays_open_leaves_the_other_planned(ground: Field) -> None:
    ground.judge.script = lambda asked: BAD_NUMBER if asked.nth == 1 else CUT_BEFORE
    ground.send(make_frame(range(4)))
    assert ground.statuses() == {"sending": 2, "planned": 2}


def test_an_open_half_is_split_further_by_a_later_run(ground: Field) -> None:
    ground.judge.bad = frozenset({address_of(1)})
    ground.judge.script = lambda asked: CUT_BEFORE if 2 <= asked.nth <= 7 else ACCEPT
    ground.send(make_frame(range(4)))
    assert ground.statuses() == {"sending": 2, "planned": 2}
    events = ground.settle()
    assert done(events) == ["split", "sent", "refused"]
    assert ground.statuses() == {"sent": 1, "refused": 1, "planned": 2}


def test_halves_keep_the_end_of_their_time(ground: Field) -> None:
    def answer_slowly(_: Asked) -> str:
        ground.clock.sleep(40)
        return BAD_NUMBER

    ground.judge.script = answer_slowly
    ground.send(make_frame(range(8)), not_after=NOW + timedelta(seconds=60))
    assert len(ground.judge.asked) == 2
    assert ground.statuses() == {"planned": 8}


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


def test_an_id_in_use_on_a_first_try_is_unknown_and_stops_the_run(ground: Field) -> None:
    ground.max_in_flight = 1
    ground.judge.script = always(DUPLICATE)
    events = ground.send(*frames(5))
    assert done(events) == ["unknown"]
    assert ground.statuses() == {"unknown": 3, "planned": 12}
    assert [campaign for campaign, _ in stopped(events)] == [None]
    assert not ground.stop.account


def test_an_id_in_use_on_a_first_try_is_adopted_if_a_person_says_so(ground: Field) -> None:
    ground.judge.script = always(DUPLICATE)
    assert done(ground.send(*frames(5), adopt_duplicates=True)) == ["sent"] * 5
    assert ground.statuses() == {"sent": 15}


def test_a_restored_copy_within_a_day_sends_nothing_twice(ground: Field) -> None:
    ground.judge.accepted = {one.id: [address_of(0)] for one in frames(1)}
    events = ground.send(*frames(1))
    assert done(events) == ["unknown"]
    assert ground.judge.messages == {address_of(0): 1}


def test_more_than_five_refused_frames_in_a_row_stop_the_run(ground: Field) -> None:
    ground.max_in_flight = 1
    ground.judge.script = always(STOP_MISSING)
    events = ground.send(*frames(12))
    assert done(events) == ["refused"] * 6
    assert ground.statuses() == {"free": 18, "planned": 18}
    assert stopped(events) == [(None, "6 frames in a row were refused; the last: the STOP mention is missing")]


def test_an_accepted_frame_between_refused_ones_ends_the_streak(ground: Field) -> None:
    ground.max_in_flight = 1
    ground.judge.script = lambda asked: ACCEPT if asked.nth % 6 == 0 else STOP_MISSING
    events = ground.send(*frames(18))
    assert done(events).count("sent") == 3
    assert stopped(events) == []


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
