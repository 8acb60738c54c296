"""A flag stops what is sent, from whichever machine, without the lock, and shuts nobody out."""

import threading
from dataclasses import replace

import pytest

from octoplan.state.interface import Again, Begin, Halted, InFlight, Sent, Status, Store
from tests.state.conftest import EPOCH, NOW, Bench, at, campaign, everything, frame_id, record, statuses

EVERYTHING = Halted(who="ann@desk", at=NOW, why="a broken link")
SALE = replace(EVERYTHING, campaign="autumn-sale")


def begin(number: int) -> Begin:
    return Begin(frame=frame_id(number), run="run-1", at=NOW, body=b"sealed")


def test_a_flag_is_seen_by_whoever_asks_before_a_byte(bench: Bench) -> None:
    mine, theirs = bench.open(), bench.open()
    with mine.lock() as epoch:
        assert mine.clearance(epoch).halts == ()
        theirs.halt(EVERYTHING)
        theirs.halt(SALE)
        asked = mine.clearance(epoch)
        assert (asked.holds, asked.halts) == (True, (EVERYTHING, SALE))
        assert asked.halt_of("winter") == EVERYTHING
        assert theirs.resume("")
        assert mine.clearance(epoch).halt_of("winter") is None
        assert mine.clearance(epoch).halt_of("autumn-sale") == SALE
        assert bench.open(writable=False).halts() == (SALE,)


@pytest.mark.parametrize("flag", [EVERYTHING, SALE], ids=["everything", "one campaign"])
def test_nothing_is_begun_once_a_flag_is_durable(bench: Bench, flag: Halted) -> None:
    mine, theirs = bench.open(), bench.open()
    with mine.lock():
        record(mine, campaign({1: (1,), 2: (2,)}))
        assert mine.commit(EPOCH, [begin(1)]) == (True,)
        theirs.halt(flag)
        done = Sent(frame=frame_id(1), run="run-1", at=at(1), ticket="sms_1")
        assert mine.commit(EPOCH, [begin(2), done]) == (False, True), "what is in flight comes to its end"
        assert statuses(mine) == {1: "sent", 2: "planned"}
        assert mine.bodies() == ()
        theirs.resume(flag.campaign)
        assert mine.commit(EPOCH, [begin(2)]) == (True,)


def test_a_halted_campaign_lets_the_others_go_on(bench: Bench) -> None:
    store = bench.open()
    record(store, campaign({1: (1,)}), campaign({3: (1,)}, name="winter"))
    store.halt(SALE)
    store.halt(replace(SALE, campaign="wint"))
    assert store.commit(EPOCH, [begin(1), begin(3)]) == (False, True)


def test_whoever_halts_is_told_what_can_still_leave(bench: Bench) -> None:
    store = bench.open()
    record(store, campaign({1: (1, 2), 2: (3,), 4: (4,)}), campaign({3: (1,)}, name="winter"))
    assert store.commit(EPOCH, [begin(1), begin(2), begin(3)]) == (True,) * 3
    assert store.halt(SALE) == InFlight(halted=SALE, is_new=True, frames=2, people=3)
    assert store.halt(EVERYTHING) == InFlight(halted=EVERYTHING, is_new=True, frames=3, people=4)
    assert len(list(store.frames(Status.SENDING))) == 3


def test_a_flag_that_is_set_stays_as_it_is_and_is_cleared_once(bench: Bench) -> None:
    store = bench.open()
    assert store.halt(SALE).is_new
    assert store.halt(replace(SALE, who="bob@desk", why="me too")) == InFlight(
        halted=SALE, is_new=False, frames=0, people=0
    )
    assert (store.resume(""), store.resume("autumn-sale"), store.resume("autumn-sale")) == (False, True, False)
    assert store.halts() == ()


def test_a_flag_changes_nothing_else_and_an_open_frame_may_still_be_taken_over(bench: Bench) -> None:
    store = bench.open()
    record(store, campaign({1: (1,)}))
    store.commit(EPOCH, [begin(1)])
    before = everything(store)
    store.halt(EVERYTHING)
    assert everything(store) == before
    taken = Again(frame=frame_id(1), run="run-2", at=at(1), held_by="run-1")
    assert store.commit(EPOCH, [taken]) == (True,), "its epoch and lock are as they were"


def test_many_frames_and_one_flag_at_the_same_time_leave_nothing_begun_that_was_not_told(bench: Bench) -> None:
    mine, theirs = bench.open(), bench.open()
    many = range(1, 61)
    record(mine, campaign({number: (number,) for number in many}))
    begun: list[int] = []
    half = threading.Event()

    def fly() -> None:
        for number in many:
            if mine.commit(EPOCH, [begin(number)]) == (True,):
                begun.append(number)
            if len(begun) == 10:
                half.set()

    thread = threading.Thread(target=fly)
    thread.start()
    assert half.wait(30)
    told = theirs.halt(EVERYTHING)
    thread.join()
    assert told.frames == len(begun)
    assert _open(mine) == len(begun)


def _open(store: Store) -> int:
    return len(list(store.frames(Status.SENDING)))
