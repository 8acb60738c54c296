"""A road and a seed → the machine, walked; what really happened on the way is counted."""

from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.machine.ends import OneAfterAnother
from tests.machine.machine import Machine, Road
from tests.machine.world import World

STEPS = 30


Begin = Callable[[World, Path], Road]


def walk(
    begin: Begin, number: int, *, examples: int, shrink: bool = True, kind: type[Machine] = Machine
) -> Counter[str]:
    """So many examples from a seed → what happened in them; the AssertionError of the first that breaks a promise."""
    tally: Counter[str] = Counter()

    def machine() -> Machine:
        return kind(begin, tally)

    phases = (Phase.generate, Phase.shrink) if shrink else (Phase.generate,)
    chosen = settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        database=None,
        deadline=None,
        phases=phases,
        print_blob=True,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(seed(number)(machine), settings=chosen)  # type: ignore[arg-type] # any callable will do
    return tally


def walk_until(
    wanted: Callable[[Counter[str]], bool],
    begin: Begin,
    numbers: Iterable[int],
    *,
    examples: int,
    shrink: bool = True,
    kind: type[Machine] = Machine,
) -> Counter[str]:
    """Walk from one seed after the other until what is wanted has happened; what happened.

    What a seed leads to is not the same beside other tests: Hypothesis draws from constants of the modules that are
    loaded.
    """
    tally: Counter[str] = Counter()
    for number in numbers:
        tally += walk(begin, number, examples=examples, shrink=shrink, kind=kind)
        if wanted(tally):
            return tally
    raise NotReached(f"what was wanted did not happen: {dict(sorted(tally.items()))}")


class NotReached(Exception):  # noqa: N818 - it says what is the case
    """A walk that did not get where it was to go. It is no broken promise, which is an AssertionError."""


def never(_tally: Counter[str]) -> bool:
    """Whatever happened, go on: for bugs that are planted, which must be found on the way."""
    return False


def fly_in_turn(patch: pytest.MonkeyPatch) -> None:
    """Let one lane fly at a time, since Hypothesis needs the same examples to be the same."""
    patch.setattr("octoplan.apply.run.Lanes", OneAfterAnother)
