"""In whatever order people, clocks, networks and deaths come: nobody twice, nobody lost, nothing recorded falsely."""

import os
import secrets
from collections import Counter

import pytest

from tests.machine.arming import ArmMachine, ArmRoad
from tests.machine.capping import CapMachine, CapRoad
from tests.machine.halting import HaltMachine
from tests.machine.reviewing import WholeMachine
from tests.machine.short import ShortRoad
from tests.machine.walking import fly_in_turn, walk, walk_until
from tests.machine.waving import WaveMachine, WaveRoad
from tests.machine.whole import WholeRoad
from tests.machine.windowing import WindowMachine, WindowRoad

SEEDS = range(8)
EXAMPLES = 20
REACHED = {
    "a process was killed while a frame was open": "killed: the request has left, a frame is open",
    "a process was killed between intent and first byte": "killed: the first byte is allowed, a frame is open",
    "a process was killed before the outcome was recorded": "killed: before Sent, a frame is open",
    "a process was killed when all was planned and nothing begun": "killed: after the plan is recorded",
    "the API turned away an id that was in use": "an id in use is turned away",
    "a late copy arrived": "a late copy arrives",
    "another applier was refused while one stood still": "ended with 6",
    "a state was restored that missed an acceptance": "restored: a message is missed",
    "an id in use before we sent it was held": "unknown: its request id was in use before we ever sent it",
    "a frame was unknown after 23 hours": "unknown: no answer was had within 23 hours of the first attempt",
    "a frame was unknown after not_after": "unknown: no answer was had before not_after passed",
    "somebody said that it was sent": "resolved: sent",
    "somebody said that it was not": "resolved: not sent",
    "a frame was split": "made: Split",
    "an edition was raised": "edition: raised",
    "an edition was held back": "edition: blocked",
    "somebody stayed refused": "at the end: refused",
    "somebody was left alone by a closed campaign": "at the end: nobody",
}


@pytest.fixture(autouse=True)
def in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let one lane fly at a time."""
    fly_in_turn(monkeypatch)


@pytest.fixture
def seed() -> int:
    """Draw a seed, or take OCTOPLAN_TEST_SEED, and print it."""
    drawn = int(os.environ.get("OCTOPLAN_TEST_SEED") or secrets.randbits(32))
    print(f"OCTOPLAN_TEST_SEED={drawn}")  # noqa: T201 - to replay a failure
    return drawn


def test_nothing_that_happens_makes_anybody_get_it_twice_or_not_at_all() -> None:
    tally: Counter[str] = Counter()
    for number in SEEDS:
        tally += walk(ShortRoad.begin, number, examples=EXAMPLES)
    more = range(len(SEEDS), 3 * len(SEEDS))
    if not _went_everywhere(tally):
        walk_until(lambda found: _went_everywhere(tally + found), ShortRoad.begin, more, examples=EXAMPLES)


def _went_everywhere(tally: Counter[str]) -> bool:
    return all(map(tally.get, REACHED.values())) and any("unlocked, another applied" in one for one in tally)


def test_the_same_holds_for_files_and_commands() -> None:
    def wanted(tally: Counter[str]) -> bool:
        return tally["made: Sent"] > 10 and tally["plans"] > 3

    walk_until(wanted, WholeRoad.begin, SEEDS, examples=6, kind=WholeMachine)


def test_while_it_is_halted_nothing_leaves_and_afterwards_everybody_gets_it_once() -> None:
    def wanted(tally: Counter[str]) -> bool:
        return tally["halted"] > 10 and len([one for one in tally if one.startswith("halted: ")]) > 3

    walk_until(wanted, ShortRoad.begin, SEEDS, examples=EXAMPLES, kind=HaltMachine)


def test_waves_wait_for_each_other_whatever_happens() -> None:
    def wanted(tally: Counter[str]) -> bool:
        return min(tally["left: a frame of wave 2"], tally["left: a frame of wave 3"]) > 1

    walk_until(wanted, WaveRoad.begin, SEEDS, examples=8, kind=WaveMachine)


def test_nothing_leaves_outside_of_its_window_and_everybody_gets_it_inside() -> None:
    def wanted(tally: Counter[str]) -> bool:
        was_closed = any(one.startswith("closed: ") for one in tally)
        return tally["at the end: sent"] > 20 and tally["outside, with a frame open"] > 0 and was_closed

    walk_until(wanted, WindowRoad.begin, SEEDS, examples=10, kind=WindowMachine)


def test_everybody_stays_in_their_variant_and_whoever_is_held_out_gets_nothing() -> None:
    def wanted(tally: Counter[str]) -> bool:
        return min(tally["left: for somebody of plain"], tally["left: for somebody of warm"]) > 0

    walk_until(wanted, ArmRoad.begin, SEEDS, examples=5, kind=ArmMachine)


def test_two_campaigns_for_the_same_people_under_a_cap_are_one_message_for_each() -> None:
    def wanted(tally: Counter[str]) -> bool:
        return tally["at the end: one of the two"] > 5

    walk_until(wanted, CapRoad.begin, SEEDS, examples=5, kind=CapMachine)


@pytest.mark.long
def test_windows_variants_and_caps_hold_on_a_long_walk(seed: int) -> None:
    for number in range(10):
        walk(WindowRoad.begin, seed + number, examples=50, kind=WindowMachine)
        walk(ArmRoad.begin, seed + number, examples=10, kind=ArmMachine)
        walk(CapRoad.begin, seed + number, examples=10, kind=CapMachine)


@pytest.mark.long
def test_waves_wait_for_each_other_on_a_long_walk(seed: int) -> None:
    for number in range(10):
        walk(WaveRoad.begin, seed + number, examples=20, kind=WaveMachine)


@pytest.mark.long
def test_nothing_that_happens_in_a_long_walk_does(seed: int) -> None:
    for number in range(40):
        walk(ShortRoad.begin, seed + number, examples=50)


@pytest.mark.long
def test_the_same_holds_for_files_and_commands_on_a_long_walk(seed: int) -> None:
    tally: Counter[str] = Counter()
    for number in range(10):
        tally += walk(WholeRoad.begin, seed + number, examples=20, kind=WholeMachine)
    assert tally["reviewed and sent"]
    assert tally["ended with 7"], "no plan file was ever stale"
