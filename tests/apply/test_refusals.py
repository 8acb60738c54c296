"""What a no does to a frame, its people and its run, over real HTTP; the gateway's record is the judge."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from math import ceil, log2

import pytest

from octoplan.apply.events import FrameDone
from octoplan.apply.run import Recording, send, settle
from octoplan.apply.tower import Flight
from octoplan.frame import Frame
from octoplan.state.interface import Status
from tests.apply.conftest import NOW, Field, address_of, done, frames, make_frame, recording, stopped
from tests.apply.gateway import (
    ACCEPT,
    BAD_NUMBER,
    CUT_AFTER,
    CUT_BEFORE,
    DUPLICATE,
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


def most_requests(people: int, bad: int) -> int:
    """What is promised: everybody at once, then 2 log2 n for one bad number, n and that for many."""
    return 1 + 2 * ceil(log2(people)) + (people if bad > 1 else 0)


@pytest.mark.parametrize("people", [2, 3, 5, 33, 257, 500])
@pytest.mark.parametrize("bad", [{0}, {-1}, {0, -1}, {0, 1}, "half", "all but one", "all"])
def test_however_many_numbers_are_bad_they_are_found_in_as_few_requests_as_are_promised(
    ground: Field, people: int, bad: set[int] | str
) -> None:
    everybody = range(people)
    named = {"half": set(everybody[::2]), "all but one": set(everybody[1:]), "all": set(everybody)}
    refused = named[bad] if isinstance(bad, str) else {everybody[number] for number in bad}
    ground.judge.bad = frozenset(address_of(number) for number in refused)
    events = ground.send(make_frame(everybody))
    assert ground.judge.messages == {address_of(number): 1 for number in everybody if number not in refused}
    assert len(ground.judge.asked) <= most_requests(people, len(refused))
    assert len(set(ground.judge.ids)) == len(ground.judge.ids)
    assert done(events).count("refused") == len(refused)


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


@pytest.mark.parametrize("most", [0, 2])
def test_how_many_may_be_refused_in_a_row_is_the_environments_word(ground: Field, most: int) -> None:
    ground.max_in_flight = 1
    ground.judge.script = always(STOP_MISSING)
    applier = ground.applier()
    applier = replace(applier, environment=replace(applier.environment, abort_after=most))
    events = list(send(applier, recording(tuple(frames(12)))))
    assert done(events) == ["refused"] * (most + 1)
    assert stopped(events)[0][1].startswith(
        f"{most + 1} frames in a row were refused" if most else "1 frame was refused"
    )


def in_waves(*waves: list[Frame]) -> Recording:
    """A Recording of which each wave follows when the one before is over."""
    flights = [[Flight(frame=one) for one in wave] for wave in waves]
    whole = recording(tuple(one for wave in waves for one in wave))
    return replace(whole, flights=lambda: flights[0], later=lambda: flights[1:])


def test_refused_frames_in_a_row_are_counted_over_waves_and_what_was_settled(ground: Field) -> None:
    ground.max_in_flight = 1
    ground.leave_open(make_frame(range(900, 903)))
    ground.judge.script = always(STOP_MISSING)
    applier, ones = ground.applier(), frames(8)
    events = [*settle(applier), *send(applier, in_waves(ones[:2], ones[2:3], ones[3:]))]
    assert done(events) == ["refused"] * 6
    assert ("6 frames in a row were refused" in stopped(events)[0][1], len(stopped(events))) == (True, 1)


def test_the_rate_goes_on_from_what_is_settled_through_all_waves(ground: Field) -> None:
    ground.max_in_flight = 1
    ground.leave_open(make_frame(range(900, 903)))
    ground.per_second, moments = 0.5, list[float]()

    def script(_asked: Asked) -> str:
        moments.append(ground.clock.monotonic())
        return ACCEPT

    ground.judge.script = script
    applier, ones = ground.applier(), frames(4)
    events = [*settle(applier), *send(applier, in_waves(ones[:1], ones[1:2], ones[2:]))]
    assert done(events) == ["sent"] * 5
    assert all(later - before >= 2 for before, later in pairwise(moments))


def test_an_accepted_frame_between_refused_ones_ends_the_streak(ground: Field) -> None:
    ground.max_in_flight = 1
    ground.judge.script = lambda asked: ACCEPT if asked.nth % 6 == 0 else STOP_MISSING
    events = ground.send(*frames(18))
    assert done(events).count("sent") == 3
    assert stopped(events) == []
