"""The machine sees what it is for: bugs that are planted in the package are found within the examples of a test run."""

import pytest

from tests.machine.bugs import BUGS, Bug
from tests.machine.short import ShortRoad
from tests.machine.test_machine import EXAMPLES, SEEDS
from tests.machine.walking import fly_in_turn, walk


@pytest.mark.parametrize("bug", BUGS.values(), ids=BUGS)
def test_a_bug_that_is_planted_is_found(bug: Bug, monkeypatch: pytest.MonkeyPatch) -> None:
    fly_in_turn(monkeypatch)
    bug.plant(monkeypatch)
    with pytest.raises(AssertionError, match=bug.says):
        walk_all(sorted(SEEDS, key=lambda one: one != bug.seed))


def walk_all(seeds: list[int]) -> None:
    for number in seeds:
        walk(ShortRoad.begin, number, examples=EXAMPLES, shrink=False)
