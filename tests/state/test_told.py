"""What callbacks tell is kept once, whatever order they come in, beside whoever holds the lock. In every store."""

import itertools
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from octoplan.errors import StateError
from octoplan.state.interface import Begin, Delivery, Optout, Reply, Sent, Store
from octoplan.state.told import STANDING, Heard, Took
from tests.state.conftest import EPOCH, Bench, at, campaign, frame_id, record, run_record
from tests.state.test_lock import holder

OTHER = """
import sys
from pathlib import Path
from octoplan.state.interface import Optout
from tests.state.conftest import KINDS, at
store = KINDS[sys.argv[1]].open(Path(sys.argv[2]), True)
for person in range(int(sys.argv[3]), int(sys.argv[3]) + 50):
    store.hear([Optout(person=person, ticket="", at=None, heard_at=at(0))])
store.close()
"""


@pytest.fixture
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.node.callspec.params["bench"]
    return found


@pytest.fixture
def sent(store: Store) -> Store:
    """A state with two tickets, sms_1 for 10, 11 and 12, and sms_2 for 20."""
    record(store, campaign({1: (10, 11, 12), 2: (20,)}))
    for number in (1, 2):
        begun = Begin(frame=frame_id(number), run="run-1", at=at(1), body=b"sealed")
        done = Sent(frame=frame_id(number), run="run-1", at=at(2), ticket=f"sms_{number}")
        assert store.commit(EPOCH, [begun, done]) == (True, True)
    return store


def delivery(person: int, status: str, seconds: float | None = 3, ticket: str = "sms_1") -> Delivery:
    return Delivery(ticket=ticket, person=person, status=status, at=None if seconds is None else at(seconds))


def optout(person: int, ticket: str = "sms_1", seconds: float = 5) -> Optout:
    return Optout(person=person, ticket=ticket, at=at(4), heard_at=at(seconds))


def reply(person: int, mark: str = "a" * 32, ticket: str = "sms_1") -> Reply:
    return Reply(ticket=ticket, person=person, mark=mark, at=at(4))


def heard(store: Store) -> list[Heard]:
    return [
        one for batches in (store.deliveries(), store.optouts(), store.replies()) for batch in batches for one in batch
    ]


def test_deliveries_optouts_and_replies_are_counted_by_edition(sent: Store) -> None:
    told: list[Heard] = [
        *(delivery(10, "DELIVERED"), delivery(11, "NOT_DELIVERED"), delivery(20, "READ", ticket="sms_2")),
        *(optout(11), optout(20, "sms_2"), reply(10), reply(10, "b" * 32), reply(12)),
    ]
    assert sent.hear(told) == len(told)
    ((edition, response),) = sent.responses().items()
    assert edition == ("autumn-sale", 1)
    assert response.statuses == {"DELIVERED": 1, "NOT_DELIVERED": 1, "READ": 1}
    assert (response.delivered, response.failed, response.optouts, response.replies) == (2, 1, 2, 2)


def test_the_same_callback_twice_changes_nothing(sent: Store, bench: Bench) -> None:
    told: list[Heard] = [delivery(10, "DELIVERED"), optout(11), reply(12)]
    assert sent.hear(told) == 3
    before = heard(sent)
    assert sent.hear(told) == 0
    assert sent.hear([replace(optout(11), heard_at=at(99))]) == 0
    assert heard(sent) == heard(bench.open(writable=False)) == before


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ((("TRANSMITTED", 1), ("DELIVERED", 2)), "DELIVERED"),
        ((("TRANSMITTED", 9), ("DELIVERED", 2)), "DELIVERED"),
        ((("DELIVERED", 1), ("NOT_DELIVERED", 2)), "NOT_DELIVERED"),
        ((("NOT_DELIVERED", 1), ("DELIVERED", 2)), "DELIVERED"),
        ((("NOT_DELIVERED", 1), ("DELIVERED", 1), ("EXPIRED", 1)), "NOT_DELIVERED"),
        ((("DELIVERED", 5), ("OPENED", 1), ("CLICKED", None)), "CLICKED"),
        ((("UNKNOWN_DELIVERY", 5), ("EXPIRED", None)), "EXPIRED"),
    ],
)
def test_whatever_order_callbacks_come_in_the_one_that_stands_furthest_is_kept(
    bench: Bench, told: Sequence[tuple[str, float | None]], kept: str
) -> None:
    store = bench.open()
    for person, order in enumerate(itertools.permutations(told)):
        for status, seconds in order:
            store.hear([delivery(person, status, seconds)])
        store.hear([delivery(1000 + person, status, seconds) for status, seconds in order])
    found = {one.person: one.status for batch in store.deliveries() for one in batch}
    assert set(found.values()) == {kept}
    assert {kept, *(status for status, _ in told)} <= STANDING.keys()


def test_what_is_about_no_message_of_ours_is_kept_and_not_counted(sent: Store) -> None:
    told: list[Heard] = [
        *(delivery(10, "DELIVERED", ticket="sms_9"), delivery(99, "DELIVERED"), reply(99), reply(10, ticket="sms_9")),
        *(optout(10, "sms_9"), optout(99, "")),
    ]
    assert sent.hear(told) == len(told)
    assert sent.responses() == {}
    assert sent.opted_out((10, 11, 99)) == {10, 99}


def test_a_delivery_that_is_heard_before_its_ticket_is_known_counts_once_it_is(store: Store) -> None:
    record(store, campaign({1: (10,)}))
    assert store.hear([delivery(10, "DELIVERED")]) == 1
    assert store.responses() == {}
    begun = Begin(frame=frame_id(1), run="run-1", at=at(1), body=b"sealed")
    assert all(store.commit(EPOCH, [begun, Sent(frame=frame_id(1), run="run-1", at=at(9), ticket="sms_1")]))
    assert store.responses()["autumn-sale", 1].delivered == 1


def test_optouts_are_numbered_so_that_the_new_ones_are_found(sent: Store) -> None:
    assert sent.last_optout() == 0
    sent.hear([optout(person) for person in range(10, 13)])
    known = sent.last_optout()
    assert sent.opted_out(range(2_000)) == {10, 11, 12}
    assert sent.opted_out(range(2_000), known) == frozenset()
    sent.hear([optout(20, "sms_2"), optout(10, "sms_2"), optout(11)])
    assert sent.last_optout() == known + 2
    assert sent.opted_out(range(2_000), known) == {10, 20}
    assert [one.person for batch in sent.optouts(known) for one in batch] == [20, 10]


def test_all_that_was_heard_of_a_person_is_told(sent: Store) -> None:
    told = (delivery(10, "DELIVERED"), optout(10), reply(10))
    sent.hear([*told, delivery(11, "DELIVERED"), optout(12), reply(20)])
    assert sent.told_of(10) == told
    assert sent.told_of(99) == ()


def test_what_is_heard_changes_neither_serial_nor_frames(sent: Store) -> None:
    before = (sent.identity, tuple(sent.frames()), sent.counts("autumn-sale", 1))
    sent.hear([delivery(10, "DELIVERED"), optout(11), reply(12)])
    assert (sent.identity, tuple(sent.frames()), sent.counts("autumn-sale", 1)) == before


def test_it_is_heard_while_another_process_holds_the_lock(bench: Bench, kind: str) -> None:
    store = bench.open()
    with holder(bench, kind):
        assert store.hear([optout(10, "")]) == 1


def test_what_several_processes_hear_at_once_is_all_kept(bench: Bench, kind: str) -> None:
    command = [sys.executable, "-c", OTHER, kind, str(bench.folder)]
    processes = [subprocess.Popen([*command, str(first)], cwd=Path.cwd()) for first in (0, 100, 125)]
    assert [process.wait(timeout=60) for process in processes] == [0, 0, 0]
    store = bench.open()
    numbers = [one for batch in store.optouts() for one in batch]
    assert {one.person for one in numbers} == {*range(50), *range(100, 175)}
    assert store.last_optout() == len(numbers) == 125


def test_whoever_is_left_out_of_an_edition_is_known_by_why(store: Store) -> None:
    new = replace(campaign({1: (10,)}), skipped=[[(30, "cap"), (20, "holdout")], [(25, "holdout")]])
    record(store, new)
    again = replace(campaign({1: (10,)}), skipped=[[(30, "holdout")]])
    store.record(run_record("run-2"), EPOCH, [again])
    found = {one.person: one.why for batch in store.skipped("autumn-sale", 1) for one in batch}
    assert found == {20: "holdout", 25: "holdout", 30: "holdout"}
    assert list(store.skipped("autumn-sale", 2)) == []
    assert [one.campaign for batch in store.all_skipped() for one in batch] == ["autumn-sale"] * 3


def test_a_list_of_suppressions_is_remembered_by_who_left_and_who_joined(store: Store) -> None:
    store.remember(EPOCH, "all phone gone.csv", [], [[1, 2], [3]])
    store.remember(EPOCH, "all phone more.csv", [], [[1]])
    store.remember(EPOCH, "all phone gone.csv", [[1], [9]], [[4]])
    assert [one for batch in store.suppressed_in("all phone gone.csv") for one in batch] == [2, 3, 4]
    listed = [(one.entry, one.person) for batch in store.suppressed() for one in batch]
    assert listed == [*(("all phone gone.csv", person) for person in (2, 3, 4)), ("all phone more.csv", 1)]
    assert list(store.suppressed_in("nowhere")) == []
    with pytest.raises(StateError, match="shut out"):
        store.remember(EPOCH + 1, "all phone gone.csv", [], [[7]])


def test_how_people_took_it_is_told_by_variant_and_each_counts_once(store: Store) -> None:
    framed = campaign({1: (10, 11, 12), 2: (20,)})
    frames = tuple(replace(one, arm="b" if one.number == 1 else "a") for one in framed.frames)
    record(store, replace(framed, frames=frames))
    for number in (1, 2):
        begun = Begin(frame=frame_id(number), run="run-1", at=at(1), body=b"sealed")
        done = Sent(frame=frame_id(number), run="run-1", at=at(2), ticket=f"sms_{number}")
        assert store.commit(EPOCH, [begun, done]) == (True, True)
    store.hear([delivery(10, "CLICKED"), delivery(11, "NOT_DELIVERED"), delivery(20, "DELIVERED", ticket="sms_2")])
    store.hear([optout(12), reply(10), reply(10, "b" * 32), optout(99), delivery(10, "DELIVERED", ticket="sms_9")])
    assert store.took("autumn-sale", 1) == (
        Took(arm="a", sent=3, delivered=1, opted_out=1, replied=1),
        Took(arm="b", sent=1, delivered=1),
    )
    assert store.took("autumn-sale", 2) == ()
