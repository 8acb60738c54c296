"""In small worlds that are searched whole, no order of events breaks a promise of the send protocol."""

import pytest

from tests.model.checker import Finding, deeds, explore
from tests.model.counts import ANEW, of_world, recorded
from tests.model.values import Budget, Person
from tests.model.world import World
from tests.model.worlds import CRASHES, LARGE, WORLDS


def holds(world: World, counted: str) -> Finding:
    found = explore(world)
    assert not found.broken, f"\n{found}"
    assert recorded()[counted][world.name] == of_world(found), ANEW
    return found


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_no_order_of_events_breaks_a_promise(world: World) -> None:
    holds(world, "worlds")


@pytest.mark.long
@pytest.mark.parametrize("world", LARGE, ids=lambda world: world.name)
def test_no_order_of_more_events_breaks_a_promise(world: World) -> None:
    holds(world, "large")


def test_the_counts_are_of_the_present_worlds() -> None:
    assert list(recorded()["worlds"]) == [world.name for world in WORLDS], ANEW
    assert list(recorded()["large"]) == [world.name for world in LARGE], ANEW


def test_what_was_found_can_be_read() -> None:
    said = str(explore(CRASHES))
    assert "world crashes: " in said
    assert "at most runs 3, crashes 2, silences 2" in said
    assert "BROKEN" not in said


def test_a_run_that_nothing_disturbs_sends_to_everybody() -> None:
    world = World(name="calm", people=3, size=2, budget=Budget(runs=1))
    found = explore(world)
    assert (found.broken, found.steps) == ("", found.states - 1), "there is one way only"
    state = world.start()
    while after := next(deeds(state, world), None):
        state = after.after
    assert state.store.people == (Person(status="sent"),) * 3
    assert state.api.counts == (1, 1, 1)


def test_everything_that_the_model_can_tell_happens_somewhere() -> None:
    words = {
        word
        for world in (CRASHES, *WORLDS)
        if world.name in ("moments", "splits", "unlocked", "not-after", "restored")
        for word in _said(world)
    }
    assert words >= {"killed", "again", "open", "duplicate", "account", "riddle", "split", "kept", "freed", "unknown"}
    assert words >= {"shut", "resolves", "unlocks", "copies", "copy", "lost", "nobody", "passes"}


def _said(world: World) -> set[str]:
    """Every word of every step of a world."""
    seen = {world.start()}
    waiting = list(seen)
    said: set[str] = set()
    while waiting:
        for deed in deeds(waiting.pop(), world):
            said |= {word.strip(",:") for word in deed.words.split()}
            if deed.after not in seen:
                seen.add(deed.after)
                waiting.append(deed.after)
    return said
