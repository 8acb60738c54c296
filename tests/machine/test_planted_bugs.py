"""The machine sees what it is for: bugs that are planted in the package are found within the examples of a test run."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pytest

from octoplan.apply import flight, run
from octoplan.apply.age import Clocks
from octoplan.apply.tower import Flight
from octoplan.apply.verdict import Verdict
from octoplan.campaign import Campaign
from octoplan.pipeline import arming, finding, gathering, waving
from octoplan.state import statements
from octoplan.state.halts import Clearance
from octoplan.state.interface import Status
from octoplan.state.reached import Reached
from octoplan.state.reaching import Reaching
from tests.machine.arming import ArmMachine, ArmRoad
from tests.machine.bugs import BUGS, Bug
from tests.machine.capping import CapMachine, CapRoad
from tests.machine.halting import HaltMachine
from tests.machine.short import ShortRoad
from tests.machine.test_machine import EXAMPLES, SEEDS
from tests.machine.walking import fly_in_turn, never, walk_until
from tests.machine.waving import WaveMachine, WaveRoad
from tests.machine.windowing import WindowMachine, WindowRoad


@pytest.mark.parametrize("bug", BUGS.values(), ids=BUGS)
def test_a_bug_that_is_planted_is_found(bug: Bug, monkeypatch: pytest.MonkeyPatch) -> None:
    fly_in_turn(monkeypatch)
    bug.plant(monkeypatch)
    with pytest.raises(AssertionError, match=bug.says):
        walk_until(
            never, ShortRoad.begin, sorted(SEEDS, key=lambda one: one != bug.seed), examples=EXAMPLES, shrink=False
        )


def test_a_flag_that_is_not_looked_at_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    fly_in_turn(monkeypatch)
    monkeypatch.setattr(statements, "_NOT_HALTED", "1 = 1")
    monkeypatch.setattr(Clearance, "halt_of", lambda *_: None)
    with pytest.raises(AssertionError, match=r"left while it was halted|more left than was on its way"):
        walk_until(never, ShortRoad.begin, range(8), examples=EXAMPLES, shrink=False, kind=HaltMachine)


def test_a_window_that_is_not_asked_before_a_replay_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def may_send(which: Flight, clocks: Clocks) -> Verdict | None:
        opens = "" if which.doubt else which.frame.opens
        return real(replace(which, frame=replace(which.frame, opens=opens)), clocks)

    fly_in_turn(monkeypatch)
    real = flight.may_send
    for module in (flight, run):
        monkeypatch.setattr(module, "may_send", may_send)
    with pytest.raises(AssertionError, match="leaves outside of its window"):
        walk_until(never, WindowRoad.begin, range(7, 15), examples=10, shrink=False, kind=WindowMachine)


def test_a_variant_that_follows_from_the_edition_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def arm_sql(person: str, campaign: Campaign, person_key: bytes) -> str:
        return real(person, campaign, person_key if campaign.edition == 1 else person_key[::-1])

    fly_in_turn(monkeypatch)
    real = arming.arm_sql
    for module in (arming, finding, gathering):
        monkeypatch.setattr(module, "arm_sql", arm_sql)
    with pytest.raises(AssertionError, match=r"AssertionError at tests\.machine\.world"):
        walk_until(never, ArmRoad.begin, range(1, 9), examples=8, shrink=False, kind=ArmMachine)


def test_a_cap_that_forgets_open_frames_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def reached(store: Reaching, since: datetime) -> Sequence[Reached]:
        return [one for one in real(store, since) if one.status is not Status.SENDING]

    fly_in_turn(monkeypatch)
    real = Reaching.reached
    monkeypatch.setattr(Reaching, "reached", reached)
    with pytest.raises(AssertionError, match="over the cap"):
        walk_until(never, CapRoad.begin, range(1, 9), examples=12, shrink=False, kind=CapMachine)


def test_a_wave_that_does_not_wait_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    fly_in_turn(monkeypatch)
    monkeypatch.setattr(waving.Standing, "is_due", lambda *_: True)
    with pytest.raises(AssertionError, match=r"AssertionError at tests\.machine\.ends"):
        walk_until(never, WaveRoad.begin, range(1, 9), examples=8, shrink=False, kind=WaveMachine)
