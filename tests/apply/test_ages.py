"""Clocks that lie: what this machine, the API and a database say of a frame's age, and what is done about it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octoplan.apply.age import SLACK, Clocks, ages, doubt, dump, lead, load
from octoplan.apply.run import send
from octoplan.apply.tower import Flight
from octoplan.gateways.octopush import Octopush, Patience, credentials
from octoplan.state.interface import OLDEST, Status
from tests.apply.conftest import NOW, Field, done, frames, recording
from tests.apply.gateway import Asked

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
(ONE,) = frames(1)
OTHERS = frames(4, first=100)

moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - a zone is added
lengths = st.timedeltas(-2 * DAY, 2 * DAY)


@given(moments, lengths, lengths, st.timedeltas(timedelta(), 2 * DAY))
def test_clocks_that_are_always_wrong_by_the_same_say_the_same_age(
    first: datetime, api: timedelta, store: timedelta, age: timedelta
) -> None:
    then = Clocks(local=first, api=first + api, store=first + store)
    now = Clocks(local=first + age, api=first + api + age, store=first + store + age)
    assert set(ages(first, then, now).values()) == {age}
    assert doubt(first, then, now) == ""


@given(moments, lengths, st.timedeltas(timedelta(), OLDEST - timedelta(minutes=6)))
def test_a_local_clock_that_was_changed_makes_the_age_doubtful(
    first: datetime, jump: timedelta, age: timedelta
) -> None:
    then = Clocks(local=first, api=first)
    now = Clocks(local=first + age + jump, api=first + age)
    assert bool(doubt(first, then, now)) == (abs(jump) > SLACK)


@given(moments, lengths, lengths)
def test_an_age_that_is_too_old_by_every_clock_is_beyond_doubt(
    first: datetime, one: timedelta, other: timedelta
) -> None:
    now = Clocks(local=first + OLDEST + abs(one), store=first + OLDEST + abs(other))
    assert doubt(first, None, now) == ""


def test_a_clock_that_nobody_asked_then_is_taken_to_have_agreed() -> None:
    then = Clocks(local=NOW - HOUR)
    assert doubt(NOW, then, Clocks(local=NOW + HOUR, api=NOW + HOUR)) == ""
    assert "25.0 h by the API's" in doubt(NOW, then, Clocks(local=NOW + HOUR, api=NOW + 25 * HOUR))


@given(moments, st.none() | moments, st.none() | moments)
def test_what_clocks_said_is_read_as_it_was_written(
    local: datetime, api: datetime | None, store: datetime | None
) -> None:
    clocks = Clocks(local=local, api=api, store=store)
    assert load(dump(clocks)) == clocks


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "{",
        "[]",
        "1",
        "{}",
        '{"local": 1}',
        '{"api": "2026-11-03T10:00:00+00:00"}',
        '{"local": "2026-11-03T10:00:00"}',
        '{"local": "noon"}',
        '{"local": null, "x": 1}',
    ],
)
def test_what_nobody_wrote_is_no_clock(text: str | None) -> None:
    assert load(text) is None


@pytest.mark.parametrize("jump", [DAY, -DAY, -timedelta(hours=20), timedelta(minutes=6), -timedelta(minutes=6)])
def test_a_local_clock_that_jumps_while_a_frame_is_open_holds_it_until_it_is_mended(
    ground: Field, jump: timedelta
) -> None:
    ground.judge.date = lambda: NOW + timedelta(seconds=ground.clock.monotonic())
    ground.leave_open(ONE, action="cut-after")
    asked = len(ground.judge.asked)
    ground.clock.offset = jump
    assert [done(ground.settle()) for _ in range(3)] == [["open"]] * 3
    assert "clock" in ground.frame(ONE).why
    assert len(ground.judge.asked) == asked
    ground.clock.offset = timedelta()
    assert done(ground.settle()) == ["sent"]


def test_a_day_that_only_the_api_has_seen_pass_sends_nothing_again(ground: Field) -> None:
    ground.judge.date = lambda: NOW
    ground.leave_open(ONE, action="cut-after")
    ground.judge.accepted.clear()  # it forgets ids after a day
    ground.judge.date = lambda: NOW + 25 * HOUR
    asked = len(ground.judge.asked)
    assert done(ground.settle()) == ["open"]
    assert len(ground.judge.asked) == asked


def test_a_day_that_every_clock_has_seen_pass_makes_it_unknown(ground: Field) -> None:
    ground.judge.date = lambda: NOW + ground.clock.offset
    ground.leave_open(ONE)
    ground.clock.offset = DAY
    assert done(ground.settle()) == ["unknown"]


def test_a_clock_that_is_wrong_by_a_year_all_the_time_is_no_hindrance(ground: Field) -> None:
    ground.judge.date = lambda: NOW - timedelta(days=365)
    ground.leave_open(ONE)
    assert done(ground.settle()) == ["sent"]


def test_while_a_frame_is_open_the_clocks_before_it_stay_known(ground: Field) -> None:
    ground.judge.date = lambda: NOW + timedelta(seconds=ground.clock.monotonic())
    ground.leave_open(ONE)
    ground.clock.offset = -20 * HOUR
    ground.send(*OTHERS)
    assert done(ground.settle()) == ["open"]
    ground.clock.offset = timedelta()
    assert done(ground.settle()) == ["sent"]
    assert ground.statuses() == {"sent": 15}


def test_the_host_is_asked_for_its_time_without_credentials_and_says_it(ground: Field) -> None:
    url = ground.judge.url
    gateway = Octopush(url, credentials("shop@example.com", "api-sesame-4711", url), patience=Patience(connect=5))
    assert gateway.clock() is None
    ground.judge.date = lambda: NOW
    assert gateway.clock() == NOW
    assert ground.judge.asked == []
    assert ground.judge.heads == ["/", "/"]
    assert Octopush("http://127.0.0.1:9/v1/public", credentials(None, None, url)).clock() is None


def test_the_bound_of_open_frames_holds_for_frames_whose_age_nobody_knows(ground: Field) -> None:
    ground.judge.date = lambda: NOW
    ground.judge.script = lambda _: "cut-before"
    ground.send(*OTHERS)
    ground.judge.script = lambda _: "accept"
    ground.judge.date = lambda: NOW + HOUR
    ground.settle()
    ground.send(*frames(4, first=200))
    assert len(list(ground.store.frames(Status.SENDING))) == ground.max_in_flight
    assert ground.statuses()["sending"] == 3 * ground.max_in_flight


@given(moments, lengths, lengths)
def test_a_local_clock_leads_by_what_it_gained_on_the_others_since(
    first: datetime, jump: timedelta, ahead: timedelta
) -> None:
    then = Clocks(local=first, api=first + ahead)
    now = Clocks(local=first + HOUR + jump, api=first + ahead + HOUR)
    assert lead(then, now) == max(jump, timedelta())
    assert lead(then, Clocks(local=now.local)) == timedelta()


def test_a_frame_begun_by_a_clock_that_ran_ahead_is_not_taken_for_younger_once_it_is_mended(ground: Field) -> None:
    passed = timedelta()
    ground.judge.date = lambda: NOW + passed + timedelta(seconds=ground.clock.monotonic())
    ground.leave_open(ONE)
    ground.clock.offset = 12 * HOUR
    ground.leave_open(OTHERS[0], action="cut-after")  # the clocks that are known are those of before the jump
    passed = ground.clock.offset = 25 * HOUR
    asked = len(ground.judge.asked)
    assert done(ground.settle()) == ["unknown", "unknown"]
    assert len(ground.judge.asked) == asked


def test_a_machine_that_stood_still_for_a_day_without_its_clock_noticing_sends_nothing_again(ground: Field) -> None:
    passed = timedelta()

    def stand_still(_: Asked) -> str:
        nonlocal passed
        passed = 25 * HOUR
        return "cut-after"

    ground.judge.date = lambda: NOW + passed + timedelta(seconds=ground.clock.monotonic())
    ground.judge.script = stand_still
    assert done(ground.send(ONE)) == ["open"]
    assert len(ground.judge.asked) == 1, "the API has forgotten the id: a second copy would be a second message"
    assert "25.0 h by the API's" in ground.frame(ONE).why


def test_a_clock_that_jumps_forth_in_mid_run_makes_nothing_unknown_that_is_young(ground: Field) -> None:
    def jump(_: Asked) -> str:
        ground.clock.offset = DAY
        return "cut-after"

    ground.judge.date = lambda: NOW + timedelta(seconds=ground.clock.monotonic())
    ground.judge.script = jump
    assert done(ground.send(ONE)) == ["open"]


@pytest.mark.parametrize("jump", [22 * HOUR, 10 * HOUR, -10 * HOUR, -25 * HOUR])
def test_what_is_begun_by_a_clock_that_jumped_in_mid_run_is_no_younger_once_it_is_mended(
    ground: Field, jump: timedelta
) -> None:
    passed = timedelta()
    ground.judge.date = lambda: NOW + passed + timedelta(seconds=ground.clock.monotonic())
    ground.judge.script = lambda _: "cut-after"
    recorded = recording((ONE,))

    def flights() -> Iterator[Flight]:
        ground.clock.offset = jump
        yield from recorded.flights()

    assert done(list(send(ground.applier(), replace(recorded, flights=flights)))) == ["open"]
    first = ground.frame(ONE).first_attempt
    assert first is not None
    assert first < NOW + SLACK
    ground.clock.offset = passed = 25 * HOUR
    asked = len(ground.judge.asked)
    assert done(ground.settle()) == ["unknown"]
    assert len(ground.judge.asked) == asked


def test_a_clock_that_jumps_forth_by_a_day_in_mid_run_lets_nothing_new_leave(ground: Field) -> None:
    recorded = recording((ONE,))

    def flights() -> Iterator[Flight]:
        ground.clock.offset = DAY
        yield from recorded.flights()

    assert done(list(send(ground.applier(), replace(recorded, flights=flights)))) == ["refused"]
    assert ground.judge.asked == []
    assert ground.statuses() == {"free": 3}
