"""Who says STOP after the plan was drawn is taken out before the first byte; the gateway's record is the judge."""

from dataclasses import replace

import pytest

from octoplan.apply.events import Event, FrameDone
from octoplan.apply.run import send
from octoplan.apply.tower import Flight
from octoplan.frame import Frame
from octoplan.state.checking import check
from octoplan.state.home import State
from octoplan.state.interface import Clearance, Optout, Status
from octoplan.state.sqlite import SqliteStore
from tests.apply.conftest import (
    KEYS,
    LINEAGE,
    NOW,
    Field,
    address_of,
    done,
    frames,
    make_frame,
    person_of,
    recording,
)
from tests.apply.gateway import ACCEPT, CUT_AFTER, CUT_BEFORE, Asked, in_turn, per_attempt

ONE = make_frame(range(1, 4))


def say_stop(ground: Field, *numbers: int) -> None:
    """Hear a STOP of these people, as another process does."""
    other = SqliteStore(ground.store.path, writable=True)
    other.hear([Optout(person=person_of(number), ticket="", at=None, heard_at=NOW) for number in numbers])
    other.close()


def send_all(ground: Field, *ones: Frame, heard: int | None = 0) -> list[Event]:
    """Send frames that were planned when so many STOPs were known; None: it counts for none of them."""
    made = replace(recording(ones), flights=lambda: (Flight(frame=one, heard=heard) for one in ones))
    return list(send(ground.applier(), made))


def reached(ground: Field) -> set[int]:
    return {int(address[-5:]) for address in ground.judge.messages}


def whole(ground: Field) -> None:
    assert check(State(store=ground.store, keys=KEYS, lineage=LINEAGE), 0).broken == ()
    assert list(ground.store.frames(Status.PLANNED, Status.SENDING)) == []


def test_whoever_says_stop_between_plan_and_apply_gets_nothing_and_the_others_do(ground: Field) -> None:
    say_stop(ground, 2, 77)
    events = send_all(ground, ONE, *frames(2, first=10))
    assert sorted(done(events)) == ["opted_out", "sent", "sent", "sent"]
    assert reached(ground) == {1, 3, *range(10, 16)}
    assert ground.statuses() == {"free": 1, "sent": 8}
    assert [event.recipients for event in events if isinstance(event, FrameDone) and event.status == "opted_out"] == [1]
    (shrunk,) = [one for one in ground.store.frames() if one.size == 2]
    assert ground.store.people(shrunk.id) == (person_of(1), person_of(3))
    assert shrunk.id == make_frame(range(1, 4)).without({person_of(2)}).id  # type: ignore[union-attr] # some are left
    whole(ground)


def test_a_stop_between_two_frames_of_a_run_is_obeyed(ground: Field) -> None:
    ground.max_in_flight = 1
    ones = frames(6)

    def script(asked: Asked) -> str:
        if asked.nth == 2:
            say_stop(ground, 9, 10, 11, 13)  # all of the fourth frame, one of the fifth
        return ACCEPT

    ground.judge.script = script
    assert done(send_all(ground, *ones)) == ["sent", "sent", "sent", "opted_out", "opted_out", "sent", "sent"]
    assert reached(ground) == {*range(18)} - {9, 10, 11, 13}
    assert ground.statuses() == {"free": 4, "sent": 14}
    whole(ground)


def test_a_frame_of_which_everybody_says_stop_is_not_sent(ground: Field) -> None:
    say_stop(ground, 1, 2, 3)
    assert done(send_all(ground, ONE)) == ["opted_out"]
    assert (ground.judge.asked, ground.statuses()) == ([], {"free": 3})
    whole(ground)


class StopsInBetween(SqliteStore):
    """Hears a STOP right before the nth time that somebody asks for clearance."""

    ground: Field
    at: int
    numbers: tuple[int, ...]
    asked = 0

    def clearance(self, epoch: int) -> Clearance:
        self.asked += 1
        if self.asked == self.at:
            say_stop(self.ground, *self.numbers)
        return super().clearance(epoch)


@pytest.mark.parametrize("numbers", [(2,), (1, 3), (1, 2, 3)])
@pytest.mark.parametrize("at", [1, 2])
def test_a_stop_between_the_intent_and_the_first_byte_is_obeyed(
    ground: Field, at: int, numbers: tuple[int, ...]
) -> None:
    between = StopsInBetween(ground.store.path, writable=True)
    between.ground, between.at, between.numbers = ground, at, numbers
    kept, ground.store = ground.store, between
    events = send_all(ground, ONE)
    ground.store = kept
    between.close()
    assert reached(ground) == {1, 2, 3} - {*numbers}
    assert done(events) == ["opted_out", *(["sent"] if len(numbers) < 3 else [])]
    assert all(one.attempts == 1 for one in ground.store.frames())
    whole(ground)


def test_a_stop_that_the_plan_knew_of_is_not_looked_up_again(ground: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    say_stop(ground, 2)
    monkeypatch.setattr(SqliteStore, "opted_out", None)
    assert done(send_all(ground, ONE, heard=1)) == ["sent"]


def test_where_no_stop_counts_everybody_gets_it(ground: Field) -> None:
    say_stop(ground, 1, 2, 3)
    assert done(send_all(ground, ONE, heard=None)) == ["sent"]
    assert reached(ground) == {1, 2, 3}


@pytest.mark.parametrize("action", [CUT_BEFORE, CUT_AFTER])
def test_an_open_frame_of_which_somebody_says_stop_is_not_sent_once_more(ground: Field, action: str) -> None:
    ground.leave_open(ONE, action=action)
    arrived = len(ground.judge.asked)
    say_stop(ground, 2)
    events = ground.settle()
    assert (done(events), len(ground.judge.asked)) == (["open"], arrived)
    assert ground.frame(ONE).why.startswith("somebody in it has said STOP")
    assert reached(ground) == ({1, 2, 3} if action == CUT_AFTER else set())


def test_a_stop_between_two_attempts_leaves_the_frame_open(ground: Field) -> None:
    def script(_asked: Asked) -> str:
        say_stop(ground, 2)
        return CUT_BEFORE

    ground.judge.script = script
    assert done(send_all(ground, ONE)) == ["open"]
    assert len(ground.judge.asked) == 1


def test_parts_of_a_split_frame_are_asked_about_too(ground: Field) -> None:
    one = make_frame(range(1, 9))
    ground.judge.bad = frozenset({address_of(8)})

    def watch(asked: Asked) -> str:
        if asked.nth == 1:
            say_stop(ground, 2)
        return ACCEPT

    ground.judge.script = watch
    send_all(ground, one)
    assert reached(ground) == {1, 3, 4, 5, 6, 7}
    assert ground.statuses() == {"free": 1, "sent": 6, "refused": 1}
    whole(ground)


def test_what_was_taken_out_stays_out_of_the_next_run(ground: Field) -> None:
    ground.judge.script = in_turn(CUT_BEFORE)
    say_stop(ground, 2)
    send_all(ground, ONE)
    ground.judge.script = per_attempt(ACCEPT)
    rest = ONE.without({person_of(2)})
    assert rest is not None
    assert ground.store.find("autumn-sale", 1, [person_of(2)])[person_of(2)].status is Status.FREE
    assert reached(ground) == {1, 3}
    assert ground.settle() == []
