"""What a state has forgotten comes back from receipts, and nobody becomes free who was not; in every store."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from octoplan.errors import StateError, StateLocked
from octoplan.state.against import compare
from octoplan.state.checking import check
from octoplan.state.interface import Again, Begin, Refused, Sent, Status, Store, Unknown
from tests.state.conftest import EPOCH, at, campaign, everything, frame, frame_id, held, record, statuses
from tests.state.given import BEGIN, CAMPAIGN, KEYS, bring, of, receipt, sent, write

PEOPLE = (10, 11, 12)
OTHERS = (20, 21)


@pytest.fixture(autouse=True)
def whole(store: Store) -> object:
    """Whatever was brought back: every rule of a state holds at the end."""
    yield
    assert check(of(store), 4).broken == ()


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    return lambda *what: write(tmp_path / "receipts.ndjson", *what)


def begin(store: Store, *numbers: int) -> None:
    begun = [
        Begin(
            frame=frame_id(number), run="run-1", at=at(1), body=KEYS.seal(frame_id(number), b"{}", lambda n: b"n" * n)
        )
        for number in numbers
    ]
    assert all(store.commit(EPOCH, begun))


def test_a_frame_that_the_state_lacks_comes_back_with_all_that_its_receipt_says(
    store: Store, file: Callable[..., Path]
) -> None:
    one = sent(1, PEOPLE, refusals=2, at=at(7))
    brought = bring(store, file(one))
    assert (dict(brought.frames), brought.people, brought.elsewhere) == ({"sent": 1}, 3, 0)
    found = frame(store, 1)
    assert (found.status, found.size, found.run, found.content, found.refusals) == (
        Status.SENT, 3, "run-1", one.content, 2,
    )  # fmt: skip
    assert (found.ticket, found.cost, found.units, found.last_change) == (one.ticket, one.cost, one.units, at(7))
    assert store.people(frame_id(1)) == PEOPLE
    assert {one.refusals for one in held(store).values()} == {2}
    assert store.campaigns() == (CAMPAIGN,)


@pytest.mark.parametrize(
    "ending",
    [
        ("sent", False, "sent", "sent"),
        ("unknown", False, "unknown", "unknown"),
        ("open", False, "unknown", "unknown"),
        ("refused", True, "refused", "refused"),
        ("refused", False, "refused", "free"),
        ("split", False, "refused", "free"),
    ],
)
@pytest.mark.parametrize("planned", [False, True], ids=["of a state that lacks it", "of a state that has it planned"])
def test_each_ending_comes_back_as_what_it_was(
    ending: tuple[str, bool, str, str], store: Store, file: Callable[..., Path], *, planned: bool
) -> None:
    status, keep, comes_back, people = ending
    if planned:
        record(store, campaign({1: PEOPLE, 2: OTHERS}))
    brought = bring(store, file(receipt(1, status, PEOPLE, keep=keep)))
    assert frame(store, 1).status == comes_back
    assert {person: one for person, one in statuses(store).items() if person in PEOPLE} == dict.fromkeys(PEOPLE, people)
    assert {one.refusals for one in held(store).values() if one.person in PEOPLE} == {1 if people == "free" else 0}
    assert brought.freed == (3 if people == "free" else 0)
    if planned:
        assert {person: one for person, one in statuses(store).items() if person in OTHERS} == dict.fromkeys(
            OTHERS, "free"
        )
        assert brought.released == 1


def test_to_bring_the_same_twice_changes_nothing(store: Store, file: Callable[..., Path]) -> None:
    path = file(
        sent(1, PEOPLE),
        receipt(2, "open", OTHERS),
        receipt(3, "refused", (30,), keep=True),
        receipt(4, "split", (40, 41)),
        receipt(5, "refused", (40,), keep=True, refusals=1),
        sent(6, (41,), refusals=1),
    )
    assert not bring(store, path).is_nothing
    before = everything(store)
    brought = bring(store, path)
    assert brought.is_nothing
    assert everything(store) == before


def test_a_state_that_has_it_all_keeps_what_it_has_planned(store: Store, file: Callable[..., Path]) -> None:
    record(store, campaign({1: PEOPLE, 2: OTHERS}))
    begin(store, 1)
    assert all(store.commit(EPOCH, [Sent(frame=frame_id(1), run="run-1", at=at(2), ticket="sms_1")]))
    before = everything(store)
    assert bring(store, file(sent(1, PEOPLE))).is_nothing
    assert everything(store) == before


@pytest.mark.parametrize("rehearse", [True, False])
def test_a_rehearsal_says_what_would_come_back_and_changes_nothing(
    store: Store, file: Callable[..., Path], *, rehearse: bool
) -> None:
    before = everything(store)
    brought = bring(store, file(sent(1, PEOPLE)), rehearse=rehearse)
    assert brought.people == 3
    assert (everything(store) == before) is rehearse


def test_the_serial_is_raised_above_that_of_the_receipts(store: Store, file: Callable[..., Path]) -> None:
    bring(store, file(sent(1, PEOPLE, serial=70), replace(BEGIN, kind="end", serial=50)))
    assert store.identity.serial == 71
    assert bring(store, file(replace(BEGIN, kind="end", serial=90))).raised
    assert store.identity.serial == 91


@pytest.mark.parametrize("later", ["sent", "refused", "split", "unknown"])
@pytest.mark.parametrize("status", ["sending", "unknown"])
def test_what_the_state_left_open_ends_as_its_receipt_says_and_its_body_goes(
    status: str, later: str, store: Store, file: Callable[..., Path]
) -> None:
    record(store, campaign({1: PEOPLE}))
    begin(store, 1)
    if status == "unknown":
        assert all(store.commit(EPOCH, [Unknown(frame=frame_id(1), run="run-1", at=at(2), why="no answer")]))
    bring(store, file(receipt(1, later, PEOPLE)))
    assert frame(store, 1).status == ("refused" if later == "split" else later)
    assert store.bodies() == ()
    free = later in ("refused", "split")
    assert set(statuses(store).values()) == {"free" if free else later}
    assert {one.refusals for one in held(store).values()} == {1 if free else 0}


def test_an_open_receipt_leaves_a_frame_that_the_state_can_still_settle(
    store: Store, file: Callable[..., Path]
) -> None:
    record(store, campaign({1: PEOPLE}))
    begin(store, 1)
    before = everything(store)
    bring(store, file(receipt(1, "open", PEOPLE)))
    assert everything(store) == before


@pytest.mark.parametrize("receipts", ["unknown", "open", "refused"])
def test_what_was_sent_stays_sent_whatever_an_older_receipt_says(
    receipts: str, store: Store, file: Callable[..., Path]
) -> None:
    bring(store, file(sent(1, PEOPLE)))
    before = everything(store)
    bring(store, file(receipt(1, receipts, PEOPLE)))
    assert everything(store) == before


@pytest.mark.parametrize("status", ["sent", "sending"])
def test_people_of_another_frame_that_may_have_reached_them_stay_there_and_are_counted(
    status: str, store: Store, file: Callable[..., Path]
) -> None:
    record(store, campaign({7: (10, 11)}))
    begin(store, 7)
    if status == "sent":
        assert all(store.commit(EPOCH, [Sent(frame=frame_id(7), run="run-1", at=at(2), ticket="sms_7")]))
    brought = bring(store, file(sent(1, PEOPLE)))
    assert (brought.people, brought.elsewhere, brought.left_out) == (1, 2, 0)
    assert statuses(store) == {10: status, 11: status, 12: "sent"}
    assert (store.people(frame_id(7)), store.people(frame_id(1)), frame(store, 1).size) == ((10, 11), (12,), 1)


def test_a_frame_all_of_whose_people_are_elsewhere_is_left_out(store: Store, file: Callable[..., Path]) -> None:
    bring(store, file(sent(1, PEOPLE)))
    brought = bring(store, file(sent(2, PEOPLE)))
    assert (dict(brought.frames), brought.elsewhere, brought.left_out) == ({}, 3, 1)
    assert [one.id for one in store.frames()] == [frame_id(1)]


def test_who_was_sent_to_is_taken_out_of_an_unknown_frame_so_that_nobody_can_say_they_were_not(
    store: Store, file: Callable[..., Path]
) -> None:
    bring(store, file(receipt(1, "unknown", PEOPLE)))
    bring(store, file(sent(2, (10, 11))))
    assert statuses(store) == {10: "sent", 11: "sent", 12: "unknown"}
    assert frame(store, 1).size == 1
    bring(store, file(sent(3, (12,))))
    assert (frame(store, 1).status, set(statuses(store).values())) == (Status.REFUSED, {"sent"})


def test_an_unknown_frame_that_was_resolved_before_its_people_were_sent_to_again_comes_back_resolved(
    store: Store, file: Callable[..., Path]
) -> None:
    lost = receipt(1, "unknown", PEOPLE)
    freed = replace(lost, status="refused", people=())
    brought = bring(store, file(lost, freed, sent(2, PEOPLE, refusals=1)))
    assert (frame(store, 1).status, frame(store, 2).status) == (Status.REFUSED, Status.SENT)
    assert store.people(frame_id(2)) == PEOPLE
    assert brought.unnamed == 1


def test_who_was_in_a_refused_frame_that_does_not_say_so_is_known_from_where_the_state_has_planned_them(
    store: Store, file: Callable[..., Path]
) -> None:
    record(store, campaign({1: PEOPLE}))
    brought = bring(store, file(replace(receipt(1, "refused", PEOPLE), people=())))
    assert (frame(store, 1).status, set(statuses(store).values())) == (Status.REFUSED, {"free"})
    assert {one.refusals for one in held(store).values()} == {1}
    assert (brought.freed, brought.unnamed) == (3, 0)


def test_who_was_refused_and_sent_to_later_had_it(store: Store, file: Callable[..., Path]) -> None:
    bring(store, file(receipt(1, "refused", (10,), keep=True), sent(2, PEOPLE, refusals=1)))
    assert statuses(store) == dict.fromkeys(PEOPLE, "sent")
    assert frame(store, 1).status is Status.REFUSED


def test_whoever_was_refused_a_second_time_comes_back_as_that(store: Store, file: Callable[..., Path]) -> None:
    bring(store, file(receipt(1, "refused", (10,), keep=True)))
    path = file(receipt(1, "refused", (10,), keep=True), receipt(2, "refused", (10,), keep=True, refusals=1))
    assert bring(store, path).elsewhere == 0
    assert (held(store)[10].frame, held(store)[10].refusals) == (frame_id(2), 1)
    assert compare(of(store), path, path.name).broken == ()
    assert bring(store, path).is_nothing


def test_a_refusal_never_takes_a_message_back(store: Store, file: Callable[..., Path]) -> None:
    bring(store, file(sent(1, PEOPLE)))
    brought = bring(store, file(receipt(2, "refused", (*PEOPLE, 30))))
    assert statuses(store) == {**dict.fromkeys(PEOPLE, "sent"), 30: "free"}
    assert brought.freed == 1


def test_refusals_are_never_counted_down(store: Store, file: Callable[..., Path]) -> None:
    bring(store, file(receipt(1, "refused", PEOPLE, refusals=4)))
    bring(store, file(receipt(2, "refused", PEOPLE, refusals=1), receipt(3, "refused", (12,), keep=True)))
    assert {one.person: one.refusals for one in held(store).values()} == dict.fromkeys(PEOPLE, 5)


def test_a_frame_that_was_wrongly_resolved_as_not_sent_is_sent(store: Store, file: Callable[..., Path]) -> None:
    record(store, campaign({1: PEOPLE}))
    begin(store, 1)
    assert all(store.commit(EPOCH, [Unknown(frame=frame_id(1), run="run-1", at=at(2), why="no answer")]))
    assert store.resolve(frame_id(1), sent=False, why="somebody says not sent", at=at(3))
    bring(store, file(sent(1, PEOPLE)))
    assert (frame(store, 1).status, set(statuses(store).values())) == (Status.SENT, {"sent"})


def test_a_campaign_comes_back_as_it_was_last_sent_and_never_older(store: Store, file: Callable[..., Path]) -> None:
    later = replace(CAMPAIGN, edition=2, definition={"content": {"text": "Ho"}}, applied_at=at(60))
    bring(store, file(later))
    assert store.campaigns() == (later,)
    bring(store, file(replace(later, edition=1, applied_at=at(90))))
    assert store.campaigns() == (later,)


def test_another_campaigns_planned_frames_keep_their_ids(store: Store, file: Callable[..., Path]) -> None:
    record(store, campaign({1: PEOPLE}), campaign({8: PEOPLE}, name="winter-sale"))
    bring(store, file(sent(2, PEOPLE)))
    assert [one.id for one in store.frames(Status.PLANNED)] == [frame_id(8)]


def test_a_run_claims_nobody_who_came_back(store: Store, file: Callable[..., Path]) -> None:
    bring(store, file(sent(1, PEOPLE)))
    with pytest.raises(StateError, match="3 of the people to record are in a frame already"):
        record(store, campaign({2: PEOPLE}))


def test_whoever_was_shut_out_brings_nothing_back(store: Store, file: Callable[..., Path]) -> None:
    store.unlock()
    before = everything(store)
    with pytest.raises(StateLocked):
        bring(store, file(sent(1, PEOPLE)))
    assert everything(store) == before


def test_a_line_that_cannot_be_so_undoes_what_the_lines_before_it_brought(
    store: Store, file: Callable[..., Path]
) -> None:
    bring(store, file(sent(1, PEOPLE)))
    before = everything(store)
    path = file(sent(2, OTHERS), replace(sent(1, PEOPLE), edition=2))
    with pytest.raises(StateError) as caught:
        bring(store, path)
    assert caught.value.what == (
        f"{path.name}:5:{path.read_text().splitlines()[4].index(frame_id(1))}: "
        "the state has this frame in another campaign or edition [import/reference]"
    )
    assert everything(store) == before


def test_as_many_people_as_a_frame_can_hold_come_back(store: Store, file: Callable[..., Path]) -> None:
    many = [sent(number, range(number * 1000, number * 1000 + 500)) for number in range(1, 4)]
    assert bring(store, file(*many)).people == 1500
    record(store, campaign({9: (5000,)}, name="winter-sale"))
    assert store.counts("autumn-sale", 1) == {Status.SENT: 1500}


def test_a_frame_that_the_state_took_up_again_is_settled_by_its_receipt(
    store: Store, file: Callable[..., Path]
) -> None:
    record(store, campaign({1: PEOPLE}))
    begin(store, 1)
    assert all(store.commit(EPOCH, [Again(frame=frame_id(1), run="run-2", at=at(2), held_by="run-1")]))
    bring(store, file(receipt(1, "refused", PEOPLE)))
    change = Refused(frame=frame_id(1), run="run-2", at=at(3), code=121, why="late", keep=False)
    assert store.commit(EPOCH, [change]) == (False,)
