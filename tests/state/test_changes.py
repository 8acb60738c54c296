"""Every change is a compare-and-swap on frame, status, run and epoch. Against the interface, for every store."""

from collections import Counter
from dataclasses import replace
from decimal import Decimal

import pytest

from octoplan.errors import StateError
from octoplan.state.interface import (
    Again,
    Begin,
    BodyLost,
    Change,
    Child,
    Open,
    PutBack,
    Refused,
    Sent,
    Split,
    Status,
    Store,
    TakenOut,
    Unknown,
)
from tests.state.conftest import EPOCH, NOW, at, campaign, everything, frame, frame_id, held, record, statuses

ONE, TWO = frame_id(1), frame_id(2)
HALVES = (Child(id=frame_id(11), people=(1, 2), refusals=1), Child(id=frame_id(12), people=(3,), refusals=1))

BEGIN = Begin(frame=ONE, run="run-1", at=at(1), body=b"sealed")
OF_SENDING: dict[str, Change] = {
    "again": Again(frame=ONE, run="run-1", at=at(2)),
    "sent": Sent(frame=ONE, run="run-1", at=at(2), ticket="sms_1", cost=Decimal("0.09"), units=3),
    "freed": Refused(frame=ONE, run="run-1", at=at(2), code=121, why="the STOP mention is missing", keep=False),
    "kept": Refused(frame=ONE, run="run-1", at=at(2), code=181, why="a phone number was refused", keep=True),
    "split": Split(frame=ONE, run="run-1", at=at(2), code=181, why="a phone number was refused", children=HALVES),
    "unknown": Unknown(frame=ONE, run="run-1", at=at(2), why="no answer"),
    "open": Open(frame=ONE, run="run-1", at=at(2), why="timeout"),
}
ENDS = ("sent", "freed", "kept", "split", "unknown")
sending = pytest.mark.parametrize("change", OF_SENDING.values(), ids=OF_SENDING.keys())


@pytest.fixture
def planned(store: Store) -> Store:
    record(store, campaign({1: (1, 2, 3), 2: (4, 5)}))
    return store


@pytest.fixture
def begun(planned: Store) -> Store:
    assert planned.commit(EPOCH, [BEGIN]) == (True,)
    return planned


def test_an_intent_is_kept_with_its_body_and_its_moment(begun: Store) -> None:
    now = frame(begun, 1)
    assert (now.status, now.attempts, now.first_attempt, now.last_change) == (Status.SENDING, 1, at(1), at(1))
    assert begun.body(ONE) == b"sealed"
    assert statuses(begun) == {1: "sending", 2: "sending", 3: "sending", 4: "planned", 5: "planned"}


def test_a_change_by_a_clock_that_runs_behind_makes_no_frame_look_younger(begun: Store) -> None:
    for change in (Again(frame=ONE, run="run-1", at=at(0)), Open(frame=ONE, run="run-1", at=at(-3600), why="held")):
        assert begun.commit(EPOCH, [change]) == (True,)
        assert frame(begun, 1).last_change == at(1)
    assert begun.commit(EPOCH, [Again(frame=ONE, run="run-1", at=at(2))]) == (True,)
    assert frame(begun, 1).last_change == at(2)


def test_a_number_of_parts_that_no_store_could_keep_is_left_out_and_the_frame_is_sent(begun: Store) -> None:
    assert begun.commit(EPOCH, [replace(BEGIN, frame=TWO)]) == (True,)
    parts = {ONE: 2**31 - 1, TWO: 3_000_000_000}
    changes = [Sent(frame=one, run="run-1", at=at(2), ticket="sms_1", units=units) for one, units in parts.items()]
    assert all(begun.commit(EPOCH, changes))
    assert [(one.status, one.units) for one in begun.frames(Status.SENT)] == [("sent", 2**31 - 1), ("sent", None)]


def test_an_intent_is_made_once(begun: Store) -> None:
    before = everything(begun)
    assert begun.commit(EPOCH, [BEGIN]) == (False,)
    assert everything(begun) == before


@sending
def test_no_change_of_a_frame_on_its_way_touches_one_that_is_not(planned: Store, change: Change) -> None:
    before = everything(planned)
    assert planned.commit(EPOCH, [change]) == (False,)
    assert everything(planned) == before


@pytest.mark.parametrize("end", ENDS)
@sending
def test_no_change_touches_a_frame_that_came_to_an_end(begun: Store, end: str, change: Change) -> None:
    assert begun.commit(EPOCH, [OF_SENDING[end]]) == (True,)
    before = everything(begun)
    assert begun.commit(EPOCH, [change, BEGIN]) == (False, False)
    assert everything(begun) == before


@pytest.mark.parametrize("change", [BEGIN, *OF_SENDING.values()], ids=["begin", *OF_SENDING.keys()])
def test_no_change_is_made_by_another_run(planned: Store, change: Change) -> None:
    if change is not BEGIN:
        planned.commit(EPOCH, [BEGIN])
    before = everything(planned)
    assert planned.commit(EPOCH, [_by(change, "run-2")]) == (False,)
    assert everything(planned) == before


@pytest.mark.parametrize("epoch", [0, 2])
@pytest.mark.parametrize("change", [BEGIN, *OF_SENDING.values()], ids=["begin", *OF_SENDING.keys()])
def test_no_change_is_made_in_another_epoch(planned: Store, change: Change, epoch: int) -> None:
    if change is not BEGIN:
        planned.commit(EPOCH, [BEGIN])
    before = everything(planned)
    assert planned.commit(epoch, [change]) == (False,)
    assert everything(planned) == before


def test_no_change_is_made_of_a_frame_that_is_not_there(planned: Store) -> None:
    before = everything(planned)
    strange: list[Change] = [
        Begin(frame=frame_id(9), run="run-1", at=NOW, body=b""),
        Again(frame="", run="run-1", at=NOW),
    ]
    assert planned.commit(EPOCH, strange) == (False, False)
    assert everything(planned) == before


def test_one_change_that_fails_takes_no_other_with_it(begun: Store) -> None:
    other = Begin(frame=TWO, run="run-1", at=at(2), body=b"other")
    assert begun.commit(EPOCH, [BEGIN, other, OF_SENDING["sent"]]) == (False, True, True)
    assert (frame(begun, 1).status, frame(begun, 2).status) == (Status.SENT, Status.SENDING)


def test_a_frame_of_a_dead_run_is_taken_over_by_naming_that_run(begun: Store) -> None:
    assert begun.commit(EPOCH, [Again(frame=ONE, run="run-2", at=at(9), held_by="run-1")]) == (True,)
    now = frame(begun, 1)
    assert (now.run, now.attempts, now.first_attempt, now.last_change) == ("run-2", 2, at(1), at(9))
    assert begun.body(ONE) == b"sealed"
    assert begun.commit(EPOCH, [OF_SENDING["sent"]]) == (False,), "the dead run has it no more"
    assert begun.commit(EPOCH, [Again(frame=ONE, run="run-3", at=at(9), held_by="run-1")]) == (False,)
    assert begun.commit(EPOCH, [_by(OF_SENDING["sent"], "run-2")]) == (True,)


def test_an_accepted_frame_keeps_what_the_gateway_said_and_loses_its_body(begun: Store) -> None:
    begun.commit(EPOCH, [OF_SENDING["sent"]])
    now = frame(begun, 1)
    assert (now.ticket, now.cost, now.units, now.last_change) == ("sms_1", Decimal("0.09"), 3, at(2))
    assert statuses(begun)[1] == "sent"


@pytest.mark.parametrize("end", ENDS)
def test_the_body_is_erased_at_the_end(begun: Store, end: str) -> None:
    begun.commit(EPOCH, [OF_SENDING[end]])
    with pytest.raises(BodyLost):
        begun.body(ONE)


@pytest.mark.parametrize("stay", ["again", "open"])
def test_the_body_stays_while_the_frame_is_open(begun: Store, stay: str) -> None:
    begun.commit(EPOCH, [OF_SENDING[stay]])
    assert begun.body(ONE) == b"sealed"
    assert frame(begun, 1).first_attempt == at(1)


def test_a_refusal_of_the_campaign_frees_its_people_and_counts(begun: Store) -> None:
    begun.commit(EPOCH, [OF_SENDING["freed"]])
    assert (frame(begun, 1).status, frame(begun, 1).code) == (Status.REFUSED, 121)
    assert [(one.status, one.refusals, one.frame) for one in held(begun).values()] == [
        (Status.FREE, 1, None),
        (Status.FREE, 1, None),
        (Status.FREE, 1, None),
        (Status.PLANNED, 0, TWO),
        (Status.PLANNED, 0, TWO),
    ]
    assert begun.counts("autumn-sale", 1) == {Status.FREE: 3, Status.PLANNED: 2}


@sending
@pytest.mark.parametrize("both", [False, True])
def test_what_is_counted_is_where_everybody_stands(begun: Store, change: Change, *, both: bool) -> None:
    begun.commit(EPOCH, [change])
    if both:
        begun.commit(EPOCH, [Begin(frame=TWO, run="run-1", at=at(2), body=b"other")])
        if not isinstance(change, Split):
            begun.commit(EPOCH, [replace(change, frame=TWO)])
    assert dict(begun.counts("autumn-sale", 1)) == Counter(statuses(begun).values())


def test_a_refusal_of_one_recipient_is_kept(begun: Store) -> None:
    begun.commit(EPOCH, [OF_SENDING["kept"]])
    assert statuses(begun) == {1: "refused", 2: "refused", 3: "refused", 4: "planned", 5: "planned"}


def test_a_split_moves_everybody_at_once_and_nobody_else(begun: Store) -> None:
    begun.commit(EPOCH, [OF_SENDING["split"]])
    assert (frame(begun, 1).status, begun.people(ONE)) == (Status.REFUSED, ())
    assert (begun.people(frame_id(11)), begun.people(frame_id(12))) == ((1, 2), (3,))
    first = frame(begun, 11)
    assert (first.status, first.size, first.refusals, first.attempts) == (Status.PLANNED, 2, 1, 0)
    assert (first.run, first.content, first.not_after) == ("run-1", "c" * 32, at(3600))
    assert first.first_attempt is None
    assert {one.refusals for person, one in held(begun).items() if person < 4} == {1}
    assert held(begun)[4].frame == TWO


def test_a_half_is_begun_like_any_frame(begun: Store) -> None:
    begun.commit(EPOCH, [OF_SENDING["split"]])
    assert begun.commit(EPOCH, [Begin(frame=frame_id(12), run="run-1", at=at(3), body=b"half")]) == (True,)
    assert begun.body(frame_id(12)) == b"half"


def test_a_split_takes_nobody_out_of_another_frame(begun: Store) -> None:
    thieves = (Child(id=frame_id(11), people=(1, 4), refusals=1), Child(id=frame_id(12), people=(2, 3), refusals=1))
    begun.commit(EPOCH, [Split(frame=ONE, run="run-1", at=at(2), code=181, why="", children=thieves)])
    assert held(begun)[4].frame == TWO


def test_a_split_that_cannot_be_made_whole_is_not_made(begun: Store) -> None:
    taken = (HALVES[0], Child(id=TWO, people=(3,), refusals=1))
    before = everything(begun)
    with pytest.raises(StateError):
        begun.commit(EPOCH, [Split(frame=ONE, run="run-1", at=at(2), code=181, why="", children=taken)])
    assert everything(begun) == before


def test_refusals_of_a_mixed_frame_count_from_its_most_refused_person(begun: Store) -> None:
    begun.commit(EPOCH, [OF_SENDING["freed"]])
    begun.end("run-1", EPOCH, at(5))
    # 1 was refused once, 4 never: their frame counts 1, and after its refusal both must count more than it did.
    record(begun, campaign({3: (1, 4)}, refusals=1), run="run-2")
    again = frame_id(3)
    begun.commit(EPOCH, [Begin(frame=again, run="run-2", at=at(6), body=b"x")])
    begun.commit(EPOCH, [Refused(frame=again, run="run-2", at=at(7), code=121, why="", keep=False)])
    assert {person: one.refusals for person, one in held(begun).items()} == {1: 2, 2: 1, 3: 1, 4: 2, 5: 0}


def test_halves_of_a_mixed_frame_count_alike_so_that_a_released_half_keeps_its_id(store: Store) -> None:
    record(store, campaign({1: (1, 2, 3)}, refusals=4))
    store.commit(EPOCH, [BEGIN])
    children = tuple(replace(half, refusals=5) for half in HALVES)
    store.commit(
        EPOCH, [Split(frame=ONE, run="run-1", at=at(2), code=181, why="", children=(children[0], children[1]))]
    )
    assert {one.refusals for one in held(store).values()} == {5}


def test_the_serial_grows_with_each_change_and_with_nothing_else(begun: Store) -> None:
    serial = begun.identity.serial
    begun.commit(EPOCH, [BEGIN])
    begun.commit(EPOCH, [])
    begun.commit(2, [OF_SENDING["sent"]])
    begun.resolve(ONE, sent=True, why="", at=NOW)
    list(begun.messages("autumn-sale", 1))
    assert begun.identity.serial == serial
    begun.commit(EPOCH, [OF_SENDING["open"]])
    assert begun.identity.serial == serial + 1


@pytest.mark.parametrize(("sent", "status"), [(True, Status.SENT), (False, Status.REFUSED)])
def test_a_person_resolves_an_unknown_frame_once(begun: Store, sent: bool, status: Status) -> None:  # noqa: FBT001
    assert not begun.resolve(ONE, sent=sent, why="", at=at(3)), "it is not unknown yet"
    begun.commit(EPOCH, [OF_SENDING["unknown"]])
    assert begun.resolve(ONE, sent=sent, why="ann says so", at=at(4))
    now = frame(begun, 1)
    assert (now.status, now.why, now.last_change) == (status, "ann says so", at(4))
    assert not begun.resolve(ONE, sent=not sent, why="", at=at(5))
    assert held(begun)[1].status is (Status.SENT if sent else Status.FREE)
    assert held(begun)[1].refusals == (0 if sent else 1), "free again, and never under the same id"


def _by(change: Change, run: str) -> Change:
    values = {name: getattr(change, name) for name in change.__dataclass_fields__}
    return type(change)(**{**values, "run": run})


def test_what_is_put_back_is_as_it_was_before_it_was_begun(planned: Store) -> None:
    before = frame(planned, 1)
    assert planned.commit(EPOCH, [BEGIN]) == (True,)
    assert planned.commit(EPOCH, [PutBack(frame=ONE, run="run-1", at=at(2))]) == (True,)
    assert replace(frame(planned, 1), last_change=before.last_change) == before
    assert statuses(planned) == dict.fromkeys(range(1, 6), "planned")
    assert planned.bodies() == ()
    assert [one.rule for one in planned.breaches()] == ["run/not-ended"]
    assert planned.commit(EPOCH, [replace(BEGIN, at=at(3))]) == (True,), "its id was never used"


@pytest.mark.parametrize("wrong", ["not begun", "run", "epoch", "again", "sent"])
def test_nothing_is_put_back_that_is_not_begun_by_this_run(planned: Store, wrong: str) -> None:
    change, epoch = PutBack(frame=ONE, run="run-1", at=at(2)), EPOCH
    if wrong != "not begun":
        planned.commit(EPOCH, [BEGIN])
    if wrong == "run":
        change = replace(change, run="run-7")
    elif wrong == "epoch":
        epoch += 1
    elif wrong == "again":
        assert planned.commit(EPOCH, [change]) == (True,)
    elif wrong == "sent":
        planned.commit(EPOCH, [OF_SENDING["sent"]])
    before = everything(planned)
    assert planned.commit(epoch, [change]) == (False,)
    assert everything(planned) == before


def taken_out(*gone: int, begun: bool = False, run: str = "run-1") -> TakenOut:
    left = tuple(person for person in (1, 2, 3) if person not in gone)
    rest = Child(id=frame_id(21), people=left, refusals=0) if left else None
    return TakenOut(frame=ONE, run=run, at=at(2), begun=begun, gone=gone, rest=rest)


@pytest.mark.parametrize("is_begun", [False, True])
def test_whoever_is_taken_out_is_free_and_the_others_are_planned_in_a_new_frame(
    planned: Store,
    is_begun: bool,  # noqa: FBT001 - a case
) -> None:
    if is_begun:
        assert planned.commit(EPOCH, [BEGIN]) == (True,)
    assert planned.commit(EPOCH, [taken_out(2, begun=is_begun)]) == (True,)
    assert statuses(planned) == {1: "planned", 2: "free", 3: "planned", 4: "planned", 5: "planned"}
    assert [one.refusals for one in held(planned).values()] == [0] * 5
    new = frame(planned, 21)
    assert (new.size, new.attempts, new.first_attempt, new.run, new.not_after) == (2, 0, None, "run-1", at(3600))
    with pytest.raises(StateError, match="no frame begins"):
        frame(planned, 1)
    assert planned.bodies() == ()
    assert [one.rule for one in planned.breaches()] == ["run/not-ended"]


def test_a_frame_of_which_everybody_is_taken_out_is_gone(planned: Store) -> None:
    assert planned.commit(EPOCH, [taken_out(1, 2, 3)]) == (True,)
    assert statuses(planned) == {1: "free", 2: "free", 3: "free", 4: "planned", 5: "planned"}
    assert len(list(planned.frames())) == 1


def test_what_is_taken_out_and_begun_in_one_commit_is_as_in_two(planned: Store) -> None:
    begin = Begin(frame=frame_id(21), run="run-1", at=at(3), body=b"sealed")
    assert planned.commit(EPOCH, [taken_out(2), begin]) == (True, True)
    assert statuses(planned) == {1: "sending", 2: "free", 3: "sending", 4: "planned", 5: "planned"}


@pytest.mark.parametrize("wrong", ["begun", "not begun", "run", "epoch", "again"])
def test_nobody_is_taken_out_of_a_frame_that_is_not_as_the_change_says(planned: Store, wrong: str) -> None:
    change, epoch = taken_out(2), EPOCH
    if wrong == "begun":
        planned.commit(EPOCH, [BEGIN])
    elif wrong == "not begun":
        change = taken_out(2, begun=True)
    elif wrong == "run":
        change = taken_out(2, run="run-7")
    elif wrong == "epoch":
        epoch += 1
    else:
        assert planned.commit(EPOCH, [change]) == (True,)
    before = everything(planned)
    assert planned.commit(epoch, [change]) == (False,)
    assert everything(planned) == before
