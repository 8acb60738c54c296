"""A batch is made while the one before is worked on: in order, one ahead, and what goes wrong is told."""

import threading
from collections.abc import Iterator

import pytest

from octoplan.together import ahead
from tests.conftest import PATIENCE


def test_each_is_made_while_the_one_before_is_worked_on() -> None:
    made = [threading.Event() for _ in range(3)]

    def batches() -> Iterator[int]:
        for number, event in enumerate(made):
            event.set()
            yield number

    for number in ahead(batches()):
        assert all(event.wait(PATIENCE) for event in made[: number + 2]), "the next one was not made meanwhile"
        assert not any(event.is_set() for event in made[number + 2 :]), "it runs further ahead than one"


def test_they_come_in_order_and_none_at_all_is_none() -> None:
    assert list(ahead(range(100))) == list(range(100))
    assert list(ahead(())) == []


def test_what_goes_wrong_is_told_after_all_that_was_made_before() -> None:
    def batches() -> Iterator[int]:
        yield 1
        raise ValueError("the disk is gone")

    found = ahead(batches())
    assert next(found) == 1
    with pytest.raises(ValueError, match="the disk is gone"):
        next(found)


def test_whoever_leaves_early_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    found = ahead(iter(range(10)))
    assert next(found) == 0
    found.close()  # type: ignore[attr-defined] # a generator
    assert threading.active_count() == before
