"""The machine sees what it is for: bugs that are planted in the package are found within the examples of a test run."""

import pytest

from octoplan.pipeline import waving
from octoplan.state import statements
from octoplan.state.halts import Clearance
from tests.machine.bugs import BUGS, Bug
from tests.machine.halting import HaltMachine
from tests.machine.short import ShortRoad
from tests.machine.test_machine import EXAMPLES, SEEDS
from tests.machine.walking import fly_in_turn, walk
from tests.machine.waving import WaveMachine, WaveRoad


@pytest.mark.parametrize("bug", BUGS.values(), ids=BUGS)
def test_a_bug_that_is_planted_is_found(bug: Bug, monkeypatch: pytest.MonkeyPatch) -> None:
    fly_in_turn(monkeypatch)
    bug.plant(monkeypatch)
    with pytest.raises(AssertionError, match=bug.says):
        walk_all(sorted(SEEDS, key=lambda one: one != bug.seed))


def walk_all(seeds: list[int]) -> None:
    for number in seeds:
        walk(ShortRoad.begin, number, examples=EXAMPLES, shrink=False)


def test_a_flag_that_is_not_looked_at_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    fly_in_turn(monkeypatch)
    monkeypatch.setattr(statements, "_NOT_HALTED", "1 = 1")
    monkeypatch.setattr(Clearance, "halt_of", lambda *_: None)
    with pytest.raises(AssertionError, match=r"left while it was halted|more left than was on its way"):
        walk(ShortRoad.begin, 0, examples=EXAMPLES, shrink=False, kind=HaltMachine)


def test_a_wave_that_does_not_wait_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    fly_in_turn(monkeypatch)
    monkeypatch.setattr(waving.Standing, "is_due", lambda *_: True)
    with pytest.raises(AssertionError, match=r"AssertionError at tests\.machine\.ends"):
        walk(WaveRoad.begin, 1, examples=8, shrink=False, kind=WaveMachine)
