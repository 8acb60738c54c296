"""Who is in how many frames of some editions: put together by each database, the same as one by one."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from octoplan.state import reaching
from octoplan.state.interface import Store
from tests.state.conftest import NOW, campaign, record

LAST = 2**128 - 1
# Keys at both ends, side by side, and on both sides of where ranges of any number meet.
SALE: Mapping[int, Sequence[int]] = {1: (0, 1, 2**127 - 1), 2: (2**127, LAST)}
WINTER: Mapping[int, Sequence[int]] = {3: (1, 2**127), 4: (2**126, LAST - 1)}
SPRING: Mapping[int, Sequence[int]] = {5: (1, 2, 2**127 - 1, LAST)}
EDITIONS = [("autumn-sale", 1), ("winter", 2), ("spring", 1)]


def placed(store: Store, editions: Sequence[tuple[str, int]], at_least: int) -> dict[int, list[int]]:
    """Person → the frames that a store tells of them."""
    found: dict[int, list[int]] = defaultdict(list)
    for batch in store.placed(editions, at_least):
        for one in " ".join(batch).split():
            found[int(one[:32], 16)].append(int(one[32:]))
    return {person: sorted(frames) for person, frames in found.items()}


@pytest.fixture
def filled(store: Store) -> Store:
    record(
        store,
        campaign(dict(SALE)),
        campaign(dict(WINTER), name="winter", edition=2),
        campaign(dict(SPRING), name="spring"),
    )
    return store


@pytest.mark.parametrize("people", [1, 2, 1_000])
@pytest.mark.parametrize("at_least", [1, 2, 3, 4])
@pytest.mark.parametrize("editions", [EDITIONS, EDITIONS[:2], EDITIONS[1:2], [*EDITIONS, ("never-sent", 1)]])
def test_whoever_is_in_so_many_editions_comes_with_all_frames_of_theirs(
    filled: Store, monkeypatch: pytest.MonkeyPatch, people: int, at_least: int, editions: list[tuple[str, int]]
) -> None:
    monkeypatch.setattr(reaching, "_PEOPLE", people)  # as many ranges as there are people, and one for all
    monkeypatch.setattr(reaching, "_AT_ONCE", 2)
    held: dict[int, list[int]] = defaultdict(list)
    for edition, frames in zip(EDITIONS, (SALE, WINTER, SPRING), strict=True):
        for number, some in frames.items() if edition in editions else ():
            for person in some:
                held[person].append(number)
    numbers = sorted({number for frames in placed(filled, EDITIONS, 1).values() for number in frames})
    frame = dict(enumerate(numbers, 1))  # a database's own numbers go up, with gaps
    assert placed(filled, editions, at_least) == {
        person: [frame[number] for number in frames] for person, frames in held.items() if len(frames) >= at_least
    }


def test_an_edition_is_not_another_of_its_campaign(filled: Store) -> None:
    assert placed(filled, [("winter", 1)], 1) == {}


def test_what_was_only_planned_has_reached_nobody(filled: Store) -> None:
    assert filled.reached(NOW) == []


def test_whoever_was_freed_of_their_frame_is_in_none(filled: Store) -> None:
    record(filled, campaign({6: (5,)}), run="run-2")  # releases what the dead run left planned of this campaign
    assert list(placed(filled, [("autumn-sale", 1)], 1)) == [5]


def test_a_campaign_that_has_only_left_people_out_holds_nobody(filled: Store) -> None:
    record(filled, replace(campaign({}, name="summer"), skipped=[[(5, "holdout")]]), run="run-2")
    assert {one.name for one in filled.campaigns()} == {"autumn-sale", "spring", "summer", "winter"}
    assert filled.holding() == {"autumn-sale", "spring", "winter"}
