"""One transaction records a run; what dead runs left planned is released in it. For every store."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TypeVar

import pytest

from octoplan.errors import StateError, StateLocked
from octoplan.state.interface import Again, Begin, CampaignRecord, Change, Refused, Sent, Status, Store, Unknown
from tests.state.conftest import (
    EPOCH,
    NOW,
    Bench,
    at,
    campaign,
    everything,
    frame,
    frame_id,
    held,
    record,
    run_record,
    statuses,
)

Thing = TypeVar("Thing")


class Broken(Exception):  # noqa: N818 - what happens in the middle of a recording
    pass


def test_a_run_is_recorded_with_its_campaigns_frames_and_people(store: Store) -> None:
    record(store, campaign({1: (1, 2, 3), 2: (4, 2**128 - 1)}), campaign({3: (1,)}, name="winter", edition=2))
    assert store.runs() == (run_record(),)
    assert [(one.name, one.edition) for one in store.campaigns()] == [("autumn-sale", 1), ("winter", 2)]
    assert store.people(frame_id(2)) == (4, 2**128 - 1)
    assert statuses(store, "winter", 2) == {1: "planned"}
    assert [one.id for one in store.frames(campaign="winter")] == [frame_id(3)]
    assert store.counts("winter", 1) == {}
    assert frame(store, 1).not_after == at(3600)


def test_people_come_out_in_order_of_their_keys(store: Store) -> None:
    people = (0, 1, 255, 256, 2**64, 2**127, 2**128 - 1)
    record(store, campaign({1: people}))
    assert [one.person for batch in store.messages("autumn-sale", 1) for one in batch] == list(people)


def test_an_edition_is_known_by_how_many_people_it_holds_and_the_sum_of_their_keys(store: Store) -> None:
    people = (0, 1, 2**64, 2**128 - 1)
    record(store, campaign({1: people}), campaign({2: (7,)}, name="winter", edition=2))
    assert store.key_total("autumn-sale", 1) == (4, sum(people))
    assert store.key_total("winter", 2) == (1, 7)
    assert store.key_total("winter", 1) == store.key_total("spring", 1) == (0, 0)


@pytest.mark.parametrize("part", ["frames", "people"])
def test_a_recording_that_fails_in_the_middle_leaves_nothing(store: Store, part: str) -> None:
    record(store, campaign({1: (1, 2)}))
    before = everything(store)
    whole = campaign({2: (1, 2), 3: (7,)}, name="winter")
    if part == "frames":
        broken = replace(whole, frames=breaking(whole.frames))
    else:
        broken = replace(whole, people=breaking(whole.people))
    with pytest.raises(Broken):
        store.record(run_record("run-2"), EPOCH, [broken])
    assert everything(store) == before
    record(store, whole, run="run-3")


def breaking(things: Iterable[Thing]) -> Iterator[Thing]:
    """Everything, and then it breaks."""
    yield from things
    raise Broken


def test_what_a_dead_run_left_planned_is_claimed_again_under_the_same_ids(store: Store) -> None:
    record(store, campaign({1: (1, 2), 2: (3,)}))
    record(store, campaign({1: (1, 2), 2: (3,)}), run="run-2")
    assert [(one.id, one.run) for one in store.frames()] == [(frame_id(1), "run-2"), (frame_id(2), "run-2")]
    assert store.commit(EPOCH, [Begin(frame=frame_id(1), run="run-1", at=NOW, body=b"")]) == (False,)


def test_what_is_not_claimed_again_is_free_and_certainly_not_sent(store: Store) -> None:
    record(store, campaign({1: (1, 2), 2: (3,)}))
    record(store, campaign({9: (2,)}), run="run-2")
    assert [one.id for one in store.frames()] == [frame_id(9)]
    assert statuses(store) == {1: "free", 2: "planned", 3: "free"}


def test_what_a_dead_run_left_planned_of_another_campaign_keeps_its_id(store: Store) -> None:
    record(store, campaign({1: (1, 2)}), campaign({2: (1,), 3: (2,)}, name="newsletter"))
    record(store, campaign({1: (1, 2)}), run="run-2")
    assert [(one.id, one.run) for one in store.frames(campaign="newsletter")] == [
        (frame_id(2), "run-1"),
        (frame_id(3), "run-1"),
    ]
    record(store, campaign({2: (1,), 3: (2,)}, name="newsletter"), run="run-3")
    assert {one.run for one in store.frames(campaign="newsletter")} == {"run-3"}
    assert statuses(store, "newsletter") == {1: "planned", 2: "planned"}
    assert statuses(store) == {1: "planned", 2: "planned"}


def test_what_a_run_left_planned_at_its_end_keeps_its_id_for_the_next(store: Store) -> None:
    record(store, campaign({1: (1, 2), 2: (3,)}))
    store.commit(EPOCH, [Begin(frame=frame_id(2), run="run-1", at=NOW, body=b"sealed")])
    store.end("run-1", EPOCH, at(60))
    assert statuses(store) == {1: "planned", 2: "planned", 3: "sending"}
    assert store.runs()[0].ended_at == at(60)
    assert store.commit(EPOCH, [Begin(frame=frame_id(1), run="run-2", at=NOW, body=b"")]) == (False,)


@pytest.mark.parametrize("end", [Status.SENDING, Status.SENT, Status.UNKNOWN, Status.REFUSED])
def test_nobody_is_recorded_who_is_in_a_frame_already(store: Store, end: Status) -> None:
    record(store, campaign({1: (1, 2)}))
    _bring(store, end)
    before = everything(store)
    with pytest.raises(StateError, match="1 of the people to record are in a frame already"):
        record(store, campaign({2: (2, 3)}), run="run-2")
    assert everything(store) == before


def test_two_frames_of_one_recording_cannot_hold_the_same_person(store: Store) -> None:
    with pytest.raises(StateError):
        record(store, campaign({1: (1, 2), 2: (2, 3)}))
    assert store.runs() == ()


def test_a_refused_person_is_tried_again_only_if_that_is_asked(store: Store) -> None:
    record(store, campaign({1: (1,)}))
    _bring(store, Status.REFUSED)
    with pytest.raises(StateError):
        record(store, campaign({2: (1,)}), run="run-2")
    record(store, campaign({2: (1,)}, refusals=1, retry_refused=True), run="run-2")
    assert (held(store)[1].status, held(store)[1].refusals, held(store)[1].frame) == (Status.PLANNED, 1, frame_id(2))


def test_another_edition_holds_the_same_people_anew(store: Store) -> None:
    record(store, campaign({1: (1,)}))
    _bring(store, Status.SENT)
    record(store, campaign({2: (1,)}, edition=2), run="run-2")
    assert (statuses(store), statuses(store, edition=2)) == ({1: "sent"}, {1: "planned"})
    assert [one.edition for one in store.campaigns()] == [2]


def test_a_run_that_was_shut_out_records_and_ends_nothing(store: Store) -> None:
    record(store, campaign({1: (1,)}))
    assert store.unlock() == 2
    before = everything(store)
    with pytest.raises(StateLocked, match="shut out"):
        record(store, campaign({2: (2,)}), run="run-2")
    with pytest.raises(StateLocked, match="shut out"):
        store.end("run-1", EPOCH, NOW)
    assert everything(store) == before


def test_a_frame_is_found_by_the_beginning_of_its_id(store: Store) -> None:
    record(store, campaign({1: (1,), 0x1F: (2,)}))
    assert store.frame(frame_id(1)).size == 1
    assert store.frame("0" * 31 + "1").id == frame_id(1)
    for prefix, words in {"00": "several", "f": "no frame", "": "several", "%": "no frame", "_": "no frame"}.items():
        with pytest.raises(StateError, match=words):
            store.frame(prefix)


def test_a_second_store_reads_meanwhile_and_can_change_nothing(bench: Bench) -> None:
    writing, reading = bench.open(), bench.open(writable=False)
    record(writing, campaign({1: (1, 2)}))
    assert statuses(reading) == {1: "planned", 2: "planned"}
    batches = reading.messages("autumn-sale", 1)
    next(batches)
    writing.commit(EPOCH, [Begin(frame=frame_id(1), run="run-1", at=NOW, body=b"")])
    batches.close()  # type: ignore[attr-defined] # an iterator in the interface, a generator in every store so far
    assert statuses(reading) == {1: "sending", 2: "sending"}
    with pytest.raises(StateError, match="open for reading only"):
        reading.unlock()
    with pytest.raises(StateError, match="open for reading only"):
        record(reading, campaign({2: (3,)}), run="run-2")


def test_who_reads_no_further_after_it_was_closed_is_told_of_no_fault(bench: Bench) -> None:
    store = bench.open()
    record(store, campaign({1: (1, 2)}))
    batches = store.messages("autumn-sale", 1)
    next(batches)
    bench.close()
    batches.close()  # type: ignore[attr-defined] # as above; what Ctrl-C leaves behind is closed no sooner


def test_what_was_written_is_there_after_it_was_closed(bench: Bench) -> None:
    store = bench.open()
    record(store, campaign({1: (1, 2)}))
    store.commit(EPOCH, [Begin(frame=frame_id(1), run="run-1", at=NOW, body=b"sealed")])
    before = everything(store)
    bench.close()
    assert everything(bench.open()) == before


def test_a_campaign_is_known_as_it_was_last_sent(store: Store) -> None:
    record(store, campaign({1: (1,)}))
    later = campaign({2: (2,)})
    other = CampaignRecord(name="autumn-sale", edition=1, channel="sms", definition={"é": [1, None]}, applied_at=at(9))
    record(store, replace(later, record=other), run="run-2")
    assert store.campaigns() == (other,)


def _bring(store: Store, end: Status) -> None:
    """The first frame → to this status."""
    one, run = frame_id(1), "run-1"
    store.commit(EPOCH, [Begin(frame=one, run=run, at=NOW, body=b"sealed")])
    changes: dict[Status, list[Change]] = {
        Status.SENDING: [Again(frame=one, run=run, at=NOW)],
        Status.SENT: [Sent(frame=one, run=run, at=NOW)],
        Status.REFUSED: [Refused(frame=one, run=run, at=NOW, code=181, why="", keep=True)],
        Status.UNKNOWN: [Unknown(frame=one, run=run, at=NOW, why="")],
    }
    assert store.commit(EPOCH, changes[end]) == (True,)
