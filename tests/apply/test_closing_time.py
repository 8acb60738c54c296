"""A window that closes in mid-run: what was begun and not sent waits, and is no refusal; the gateway is the judge."""

import threading
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from octoplan.apply.age import SLACK, Clocks
from octoplan.apply.run import send
from octoplan.apply.tower import Flight
from octoplan.apply.windows import is_waiting, why_outside
from octoplan.frame import Frame
from octoplan.state.interface import Clearance, Halted, Status
from octoplan.state.sqlite import SqliteStore
from octoplan.windows.opens import Opens
from tests.apply.conftest import NOW, FakeClock, Field, done, frames, recording, stopped
from tests.apply.gateway import ACCEPT, CUT_AFTER, Asked

LANES = 8
CLOSES = NOW + timedelta(minutes=30)
OPENS = Opens(((NOW - timedelta(hours=1), CLOSES), (NOW + timedelta(hours=21), NOW + timedelta(hours=30)))).text


def with_window(count: int, opens: str = OPENS) -> list[Frame]:
    return [replace(one, opens=opens) for one in frames(count)]


class ClosesInBetween(SqliteStore):
    """The window closes when every lane has made its intent durable, and before any asks for its first byte."""

    def __init__(self, path: Path, clock: FakeClock) -> None:
        super().__init__(path, writable=True)
        self._clock = clock
        self._begun = threading.Barrier(LANES, action=self._close)

    def _close(self) -> None:
        self._clock.offset = CLOSES - NOW

    def clearance(self, epoch: int) -> Clearance:
        if self._clock.now() < CLOSES:
            self._begun.wait(timeout=30)
        return super().clearance(epoch)


def test_any_number_of_frames_held_back_before_their_first_byte_is_no_refusal(ground: Field) -> None:
    ground.max_in_flight = LANES
    ours = with_window(12)
    store = ClosesInBetween(ground.store.path, ground.clock)
    applier = ground.applier()
    events = list(send(replace(applier, state=replace(applier.state, store=store)), recording(tuple(ours))))
    store.close()
    assert ground.judge.asked == []
    assert stopped(events) == [], "nothing was refused in a row"
    assert done(events) == ["planned"] * LANES
    assert ground.statuses() == {"planned": 36}
    assert all(is_waiting(one, ground.clock.now()) for one in ground.store.frames(Status.PLANNED))
    assert not [one for one in ground.store.frames() if one.first_attempt or one.attempts or one.refusals]
    assert ground.store.bodies() == ()
    ground.clock.offset = timedelta(hours=22)
    assert done(ground.send(*ours)) == ["sent"] * 12
    assert set(ground.judge.ids) == {one.id for one in ours}, "no id was used up"


def test_a_window_that_closes_in_mid_run_lets_go_what_was_sent_and_keeps_the_rest_planned(ground: Field) -> None:
    ground.max_in_flight = LANES

    def script(asked: Asked) -> str:
        if asked.nth == 10:
            ground.clock.offset = CLOSES - NOW
        return ACCEPT

    ground.judge.script = script
    events = ground.send(*with_window(60))
    sent = len(ground.judge.accepted)
    assert 10 <= sent < 60
    assert (stopped(events), set(done(events)) <= {"sent", "planned"}) == ([], True)
    assert ground.statuses() == {"sent": 3 * sent, "planned": 180 - 3 * sent}


def test_a_window_that_closes_between_two_attempts_leaves_the_frame_open(ground: Field) -> None:
    def script(_asked: Asked) -> str:
        ground.clock.offset = CLOSES - NOW
        return CUT_AFTER

    ground.judge.script = script
    (one,) = with_window(1)
    assert done(ground.send(one)) == ["open"]
    assert len(ground.judge.asked) == 1


def test_not_after_that_passes_in_between_is_still_an_end_that_its_campaign_is_told(ground: Field) -> None:
    ground.max_in_flight = LANES
    ours = frames(LANES)
    store = ClosesInBetween(ground.store.path, ground.clock)
    applier = ground.applier()
    last = CLOSES - timedelta(seconds=1)
    flown = replace(recording(tuple(ours)), flights=lambda: (Flight(frame=one, not_after=last) for one in ours))
    events = list(send(replace(applier, state=replace(applier.state, store=store)), flown))
    store.close()
    assert ground.judge.asked == []
    assert [campaign for campaign, _ in stopped(events)] == ["autumn-sale"]
    assert set(done(events)) == {"refused"}


class HaltedInBetween(ClosesInBetween):
    """As the window, but somebody halts it all."""

    def _close(self) -> None:
        super()._close()
        self.halt(Halted(who="ann@desk", at=NOW, why="a broken link"))


def test_a_halt_of_many_frames_in_flight_says_that_it_was_halted_and_nothing_else(ground: Field) -> None:
    ground.max_in_flight = LANES
    store = HaltedInBetween(ground.store.path, ground.clock)
    applier = ground.applier()
    events = list(send(replace(applier, state=replace(applier.state, store=store)), recording(tuple(frames(12)))))
    store.close()
    assert stopped(events) == [(None, "everything was halted by ann@desk at 2026-11-03 10:00 UTC: a broken link")]
    assert (set(done(events)), ground.statuses()) == ({"planned"}, {"planned": 36})


def test_a_clock_that_is_put_back_in_mid_run_keeps_no_window_open(ground: Field) -> None:
    ground.max_in_flight = 2
    ground.judge.date = lambda: NOW

    def script(asked: Asked) -> str:
        if asked.nth == 10:
            ground.clock.sleep(40 * 60)
            ground.clock.offset = -timedelta(minutes=40)
        return ACCEPT

    ground.judge.script = script
    events = ground.send(*with_window(30))
    assert len(ground.judge.asked) <= 10 + 2
    assert set(done(events)) <= {"sent", "planned"}
    assert ground.clock.now() < CLOSES, "by this machine's clock alone it is open"


moments = st.timedeltas(-timedelta(hours=3), timedelta(hours=33)).map(lambda ahead: NOW + ahead)


@given(moments, st.none() | moments, st.none() | moments)
def test_the_hour_is_what_each_clock_says_where_they_differ(
    local: datetime, api: datetime | None, store: datetime | None
) -> None:
    said = [moment for moment in (local, api, store) if moment is not None]
    differ = max(said) - min(said) > SLACK
    may = all(Opens.parse(OPENS).holds(moment) for moment in (said if differ else [local]))
    why = why_outside(OPENS, Clocks(local=local, api=api, store=store))
    assert (why == "") is may
    assert why_outside("", Clocks(local=local, api=api, store=store)) == ""
