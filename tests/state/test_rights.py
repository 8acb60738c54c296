"""Somebody is forgotten, and a campaign pruned, whole or not at all, with all counts as before. In every store."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from octoplan.errors import StateError
from octoplan.state import against
from octoplan.state.interface import Begin, Delivery, Optout, Reply, Sent, Status, Store, Unknown
from octoplan.state.rights import OutcomeOpen
from octoplan.state.writer import Writer
from tests.state import given
from tests.state.conftest import EPOCH, at, campaign, frame_id, record

if TYPE_CHECKING:
    from octoplan.state.told import Heard


def fresh() -> Callable[[], bytes]:
    numbers = itertools.count(1 << 100)
    return lambda: next(numbers).to_bytes(16, "big")


def forget(store: Store, person: int, epoch: int = EPOCH) -> tuple[int, int]:
    erased = store.forget(epoch, person, at(100), fresh())
    return erased.messages, erased.unsent


def people(store: Store, name: str = "sale") -> list[int]:
    return [held.person for batch in store.messages(name, 1) for held in batch]


@pytest.fixture
def name(store: Store) -> str:
    """The campaign of a state with three people in a sent frame, one in a planned one, two who were left out."""
    new = replace(campaign({1: (10, 11, 12), 2: (20,)}), skipped=[[(30, "cap"), (31, "cap")]])
    record(store, new)
    begun = Begin(frame=frame_id(1), run="run-1", at=at(1), body=b"sealed")
    assert store.commit(EPOCH, [begun, Sent(frame=frame_id(1), run="run-1", at=at(2), ticket="sms_1")]) == (True, True)
    store.hear(
        [
            Delivery(ticket="sms_1", person=11, status="DELIVERED", at=at(3)),
            Delivery(ticket="sms_1", person=12, status="DELIVERED", at=at(3)),
            Delivery(ticket="elsewhere", person=11, status="DELIVERED", at=at(3)),
            Optout(person=11, ticket="sms_1", at=at(4), heard_at=at(4)),
            Reply(ticket="sms_1", person=11, mark="a" * 32, at=at(4)),
        ]
    )
    store.end("run-1", EPOCH, at(5))
    return new.record.name


def test_counts_stay_true_and_nothing_of_the_person_is_left(store: Store, name: str) -> None:
    counts, responses, last = store.counts(name, 1), store.responses(), store.last_optout()
    assert forget(store, 11) == (1, 0)
    assert store.counts(name, 1) == counts
    assert store.responses() == responses
    assert store.last_optout() == last
    assert store.breaches() == ()
    found = store.everything(11)
    assert (found.messages, found.heard, found.lists, found.forgotten) == ((), (), (), at(100))
    assert not set(people(store, name)) & {11}
    assert len(people(store, name)) == 4


def test_whoever_is_forgotten_comes_back_into_no_list_of_suppressions(store: Store) -> None:
    entry = "all phone_number audiences/unsubscribed.csv"
    store.remember(EPOCH, entry, (), [[10, 11]])
    forget(store, 11)
    assert list(store.suppressed_in(entry)) == [[10]]
    store.remember(EPOCH, entry, [[10]], [[11, 12]])  # the file still names them when it changes
    assert list(store.suppressed_in(entry)) == [[12]]
    assert store.everything(11).lists == ()


def test_who_was_only_planned_was_never_sent_to_and_leaves_no_tombstone(store: Store, name: str) -> None:
    assert forget(store, 20) == (0, 1)
    assert 20 not in people(store, name)
    assert Status.PLANNED not in store.counts(name, 1)
    assert store.breaches() == ()


def test_who_was_left_out_counts_on_without_their_name(store: Store, name: str) -> None:
    forget(store, 30)
    skipped = [one.person for batch in store.skipped(name, 1) for one in batch]
    assert len(skipped) == 2
    assert 30 not in skipped


def test_somebody_nobody_knows_is_forgotten_for_the_time_to_come(store: Store, name: str) -> None:
    assert forget(store, 77) == (0, 0)
    assert forget(store, 77) == (0, 0)
    assert store.forgotten_at(77) == at(100)
    assert store.any_forgotten()
    assert store.forgotten_at(11) is None
    assert len(people(store, name)) == 4


def test_what_is_told_of_somebody_afterwards_is_not_kept(store: Store, name: str) -> None:
    forget(store, 11)
    heard: list[Heard] = [
        Delivery(ticket="sms_1", person=11, status="READ", at=at(200)),
        Optout(person=11, ticket="", at=None, heard_at=at(200)),
        Reply(ticket="sms_1", person=11, mark="b" * 32, at=at(200)),
        Delivery(ticket="sms_1", person=10, status="READ", at=at(200)),
    ]
    assert store.hear(heard) == 1
    assert store.told_of(11) == ()
    assert len(people(store, name)) == 4


@pytest.mark.parametrize("status", ["sending", "unknown"])
def test_nothing_happens_while_an_outcome_is_not_known(store: Store, name: str, status: str) -> None:
    begun = Begin(frame=frame_id(2), run="run-1", at=at(1), body=b"sealed")
    doubt = Unknown(frame=frame_id(2), run="run-1", at=at(2), why="no answer")
    assert all(store.commit(EPOCH, [begun, doubt] if status == "unknown" else [begun]))
    before = people(store, name)
    with pytest.raises(OutcomeOpen, match="not known yet"):
        store.forget(EPOCH, 20, at(100), fresh())
    with pytest.raises(OutcomeOpen, match="not known yet"):
        store.prune(EPOCH, name, {"at": "x"})
    assert people(store, name) == before
    assert store.forgotten_at(20) is None


def test_who_was_shut_out_can_forget_nobody(store: Store, name: str) -> None:
    before = people(store, name)
    store.unlock()
    with pytest.raises(StateError):
        forget(store, 11)
    with pytest.raises(StateError):
        store.prune(EPOCH, name, {"at": "x"})
    assert people(store, name) == before


def dying(writer: type[Writer], at_statement: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    made = [0]
    whole = writer.change

    def counted(self: Writer, sql: str, *values: object) -> int:
        made[0] += 1
        if made[0] == at_statement:
            raise KeyboardInterrupt
        return whole(self, sql, *values)

    monkeypatch.setattr(writer, "change", counted)
    return made


@pytest.mark.parametrize("what", ["forget", "prune"])
def test_it_happens_whole_or_not_at_all(store: Store, name: str, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with store._begin() as writer:  # type: ignore[attr-defined]
        kind = type(writer)
    acts: dict[str, Callable[[], object]] = {
        "forget": lambda: store.forget(EPOCH, 11, at(100), fresh()),
        "prune": lambda: store.prune(EPOCH, name, {"at": "x"}),
    }
    act = acts[what]
    before = (people(store, name), store.told_of(11), store.forgotten_at(11), store.counts(name, 1))
    for number in range(1, 50):
        with monkeypatch.context() as patched:
            dying(kind, number, patched)
            try:
                act()
            except KeyboardInterrupt:
                assert (people(store, name), store.told_of(11), store.forgotten_at(11), store.counts(name, 1)) == before
                continue
        break
    assert number > 4
    assert 11 not in people(store, name)


def test_a_pruned_campaign_keeps_its_numbers_and_says_so(store: Store, name: str) -> None:
    assert store.prune(EPOCH, name, {"at": "2027-01-01"}) == 4
    assert people(store, name) == []
    assert store.counts(name, 1) == {Status.SENT: 3}
    assert store.editions(name) == (1,)
    assert name in store.holding()
    assert store.breaches() == ()
    assert store.told_of(12) == ()
    (known,) = store.campaigns()
    assert known.definition["pruned"] == {"at": "2027-01-01"}
    assert [one for batch in store.skipped(name, 1) for one in batch] == []
    assert store.prune(EPOCH, name, {"at": "2027-01-02"}) == 0
    assert store.counts(name, 1) == {Status.SENT: 3}


def test_receipts_of_who_is_gone_are_not_missed(store: Store, name: str, tmp_path: Path) -> None:
    told = replace(given.sent(1, (10, 11, 12)), campaign=name, frame=frame_id(1), ticket="sms_1")
    path = given.write(tmp_path / "r.ndjson", store.campaigns()[0], told)
    forget(store, 11)
    assert [one.rule for one in against.compare(given.of(store), path, "r").broken] == []
    store.prune(EPOCH, name, {"at": "x"})
    assert [one.rule for one in against.compare(given.of(store), path, "r").broken] == []
