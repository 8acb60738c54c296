"""A run that is halted from another machine stops by itself, with everything recorded; the gateway is the judge."""

from dataclasses import replace
from threading import Event

import pytest

from octoplan.apply.run import send, settle
from octoplan.state.interface import Clearance, Halted, Status
from octoplan.state.sqlite import SqliteStore
from tests.apply.conftest import NOW, Field, done, frames, make_frame, recording, stopped
from tests.apply.gateway import ACCEPT, CUT_AFTER, Asked, always, per_attempt

ONE = make_frame(range(1, 4))
FLAG = Halted(who="ann@desk", at=NOW, why="a broken link")
SAID = "everything was halted by ann@desk at 2026-11-03 10:00 UTC: a broken link"
SALE = replace(FLAG, campaign="autumn-sale")


def halt(ground: Field, flag: Halted = FLAG) -> None:
    """Set the flag as another machine does."""
    other = SqliteStore(ground.store.path, writable=True)
    other.halt(flag)
    other.close()


@pytest.mark.parametrize("flag", [FLAG, SALE], ids=["everything", "one campaign"])
def test_a_halted_run_ends_what_is_in_flight_and_begins_nothing(ground: Field, flag: Halted) -> None:
    arrived: list[int] = []
    flagged = Event()

    def script(asked: Asked) -> str:
        if asked.nth == 4:
            halt(ground, flag)
            arrived.append(len(ground.judge.asked))
            flagged.set()
        elif asked.nth > 4:  # the flag waits its turn to write: nothing may go by meanwhile
            assert flagged.wait(timeout=4)
        return ACCEPT

    ground.judge.script = script
    events = ground.send(*frames(40))
    assert len(ground.judge.asked) <= arrived[0] + ground.max_in_flight
    assert done(events).count("sent") == len(ground.judge.asked)
    assert {"sent", "planned"} <= set(ground.statuses()) <= {"sent", "planned", "free"}
    assert {why for _, why in stopped(events)} == {flag.said}
    assert ground.stop.halted
    ground.store.resume(flag.campaign)
    ground.judge.script = always(ACCEPT)
    left = [one for one in frames(40) if ground.frame(one).status is Status.PLANNED]
    assert set(done(ground.send(*left))) == {"sent"}


def test_a_halted_campaign_lets_the_others_of_its_run_go_on(ground: Field) -> None:
    halt(ground, SALE)
    events = ground.send(*frames(4), *frames(4, "winter", first=100))
    assert done(events) == ["sent"] * 4
    assert ground.statuses() == {"planned": 12}
    assert ground.statuses("winter") == {"sent": 12}
    assert stopped(events) == [("autumn-sale", SALE.said)]


def test_nothing_is_replayed_while_it_is_halted_and_the_frame_stays_open(ground: Field) -> None:
    ground.leave_open(ONE, action=CUT_AFTER)
    arrived = len(ground.judge.asked)
    halt(ground, SALE)
    events = ground.settle()
    assert (done(events), len(ground.judge.asked)) == (["open"], arrived)
    assert (ground.frame(ONE).status, ground.frame(ONE).why) == (Status.SENDING, SALE.said)
    ground.store.resume("autumn-sale")
    assert done(ground.settle()) == ["sent"]


def test_a_halt_between_two_attempts_leaves_the_frame_open(ground: Field) -> None:
    def script(_asked: Asked) -> str:
        halt(ground)
        return CUT_AFTER

    ground.judge.script = script
    events = ground.send(ONE)
    assert (done(events), len(ground.judge.asked)) == (["open"], 1)
    assert stopped(events) == [(None, SAID)]


class HaltedInBetween(SqliteStore):
    """The flag is set after the intent is durable and before anybody asks whether the first byte may leave."""

    def clearance(self, epoch: int) -> Clearance:
        self.halt(FLAG)
        return super().clearance(epoch)


def test_a_halt_before_the_first_byte_leaves_a_frame_planned_that_was_certainly_not_sent(ground: Field) -> None:
    store = HaltedInBetween(ground.store.path, writable=True)
    applier = ground.applier()
    applier = replace(applier, state=replace(applier.state, store=store))
    events = list(send(applier, recording((ONE,))))
    store.close()
    assert ground.judge.asked == []
    assert (done(events), ground.statuses()) == (["planned"], {"planned": 3})
    assert stopped(events) == [(None, SAID)]
    ground.store.resume("")
    assert done(ground.send(ONE)) == ["sent"], "its id was never used"


class HaltedForAMoment(SqliteStore):
    """The flag is cleared as soon as anybody looks at it."""

    def clearance(self, epoch: int) -> Clearance:
        self.resume("")
        return super().clearance(epoch)


def test_a_flag_that_is_cleared_at_once_shuts_nobody_out(ground: Field) -> None:
    store = HaltedForAMoment(ground.store.path, writable=True)
    halt(ground)
    applier = ground.applier()
    events = list(send(replace(applier, state=replace(applier.state, store=store)), recording((ONE,))))
    store.close()
    assert (done(events), stopped(events)) == (["sent"], [])


def test_a_lost_answer_is_looked_up_again_once_it_is_resumed(ground: Field) -> None:
    ground.judge.script = per_attempt(CUT_AFTER)
    halt(ground, replace(SALE, campaign="winter"))
    assert done(ground.send(ONE)) == ["sent"], "another campaign's flag is nobody else's"
    assert list(settle(ground.applier())) == []
