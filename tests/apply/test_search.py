"""How a frame is searched for bad addresses, by counting alone: every size, every place of a bad one."""

import random
from math import ceil, log2

import pytest

from octoplan.apply.search import Search

SIZES = range(2, 501)


def requests(people: int, bad: set[int]) -> int:
    """How many requests it takes to send to all but the bad ones, as `fly` goes about it."""
    waiting, search = [(0, people)], Search.through(people)
    while waiting:
        first, last = waiting.pop(0)
        search = search.on()
        size = last - first
        if size == 1 or not any(first <= number < last for number in bad):
            continue
        middle = first + size // 2
        halves = [(first, middle), (middle, last)]
        affords = search.affords_halves(size, (end - begin for begin, end in waiting))
        waiting[:0] = halves if affords else [(one, one + 1) for one in range(first, last)]
    return search.asked


def test_one_bad_address_anywhere_costs_two_requests_a_halving() -> None:
    for people in SIZES:
        most = 1 + 2 * ceil(log2(people))
        places = range(people) if people < 70 else {0, people - 1, people // 2, people // 3}
        assert max(requests(people, {bad}) for bad in places) <= most


@pytest.mark.parametrize("share", [0.01, 0.05, 0.5, 0.9, 1.0])
def test_many_bad_addresses_cost_no_more_than_everybody_alone_and_one_search(share: float) -> None:
    chance = random.Random(7)  # noqa: S311 - places, not secrets
    for people in SIZES:
        bad = {number for number in range(people) if chance.random() < share}
        assert requests(people, bad) <= people + 2 * ceil(log2(people)) + 1


def test_a_few_bad_addresses_do_not_make_everybody_stand_alone() -> None:
    assert requests(500, {10, 400}) < 40
    assert requests(500, {10, 200, 300, 499}) < 70
