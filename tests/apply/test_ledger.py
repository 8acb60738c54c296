"""Changes from many threads become durable together, and whoever waits is always told."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from octoplan.apply.ledger import Ledger
from octoplan.errors import StateError
from octoplan.state.interface import Begin, Change, Sent, Status
from octoplan.state.sqlite import SqliteStore, create
from tests.state.conftest import EPOCH, META, NOW, campaign, frame_id, record

FRAMES = 640


class Counting(SqliteStore):
    """How many transactions there were, and what is to go wrong in them."""

    transactions = 0
    broken: BaseException | None = None

    def commit(self, epoch: int, changes: Sequence[Change]) -> tuple[bool, ...]:
        self.transactions += 1
        if self.broken is not None:
            raise self.broken
        return super().commit(epoch, changes)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Counting]:
    create(tmp_path / "state.db", META)
    opened = Counting(tmp_path / "state.db", writable=True)
    record(opened, campaign({number: (number,) for number in range(1, FRAMES + 1)}))
    yield opened
    opened.close()


def begin(number: int) -> Begin:
    return Begin(frame=frame_id(number), run="run-1", at=NOW, body=b"sealed")


def test_changes_of_64_threads_are_all_made_in_far_fewer_transactions(store: Counting) -> None:
    def send(number: int) -> bool:
        begun = ledger.write(begin(number))
        assert store.body(frame_id(number)) == b"sealed", "durable before the first byte"
        assert not ledger.write(begin(number))
        return begun and ledger.write(Sent(frame=frame_id(number), run="run-1", at=NOW))

    with Ledger(store, EPOCH) as ledger, ThreadPoolExecutor(64) as pool:
        assert all(pool.map(send, range(1, FRAMES + 1)))
    assert len(list(store.frames(Status.SENT))) == FRAMES
    assert store.transactions < FRAMES


def test_one_change_alone_does_not_wait_for_company(store: Counting) -> None:
    with Ledger(store, EPOCH) as ledger:
        assert ledger.write(begin(1))
    assert store.transactions == 1


def test_what_was_handed_in_is_made_before_the_ledger_ends(store: Counting) -> None:
    with ThreadPoolExecutor(8) as pool, Ledger(store, EPOCH) as ledger:
        written = [pool.submit(ledger.write, begin(number)) for number in range(1, 9)]
        assert all(one.result(timeout=10) for one in written)


@pytest.mark.parametrize("broken", [StateError("the disk is full"), ValueError("a fault of ours"), MemoryError()])
def test_whoever_waits_is_told_of_a_failure_whatever_it_is(store: Counting, broken: BaseException) -> None:
    store.broken = broken
    with Ledger(store, EPOCH) as ledger:
        for _ in range(2):
            with pytest.raises(type(broken)):
                ledger.write(begin(1))
        store.broken = None
        assert ledger.write(begin(1)), "and the ledger goes on"


def test_the_state_is_ours_until_somebody_unlocks_it(store: Counting, tmp_path: Path) -> None:
    other = SqliteStore(tmp_path / "state.db", writable=True)
    with Ledger(store, EPOCH) as ledger:
        assert ledger.clearance().holds
        other.unlock()
        assert not ledger.clearance().holds
        assert not ledger.write(begin(1))
    other.close()


def test_many_threads_may_ask_at_once_whether_the_state_is_ours(store: Counting) -> None:
    def ask(number: int) -> Any:
        return ledger.clearance().holds, ledger.write(begin(1 + number % FRAMES)), len(store.people(frame_id(1)))

    with Ledger(store, EPOCH) as ledger, ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(ask, range(1_000)))
    assert {(held, people) for held, _, people in answers} == {(True, 1)}
