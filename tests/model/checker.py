"""A World → every state that it can come to, breadth first: the counts, or the shortest counterexample as a story."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.model.applier import advance, begun
from tests.model.gateway import arrivals
from tests.model.invariants import broken, broken_by_a_run
from tests.model.people import happenings
from tests.model.values import DEAD, Budget, Deed, State
from tests.model.world import World

_NOBODY = (None, None)
_LONGEST_RUN = 200
_SHOWN = 20
_Came = dict[State, tuple[State, int, str] | None]
_Ending = tuple[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was found. `broken`: the invariant, or ''; `story`: the steps that lead there, one a line."""

    world: World
    states: int
    steps: int
    depth: int
    broken: str = ""
    story: tuple[str, ...] = ()

    def __str__(self) -> str:
        bounds = ", ".join(f"{name} {count}" for name, count in self.world.budget._asdict().items() if count)
        counts = f"{self.states:,} states, {self.steps:,} steps, {self.depth} deep"
        head = f"world {self.world.name}: {counts}; at most {bounds}"
        lacking = [f"without: {law}" for law in sorted(self.world.without)]
        lines = [f"{number:3} {line}" for number, line in enumerate(self.story, 1)]
        return "\n".join((head, *lacking, *([f"BROKEN: {self.broken}"] if self.broken else []), *lines))


def deeds(state: State, world: World) -> Iterator[Deed]:
    """Every step from a state."""
    for slot, process in enumerate(state.processes):
        if process is not None:
            yield from advance(state, slot, world)
    yield from arrivals(state, world)
    yield from happenings(state, world)


def explore(world: World, *, further: bool = True) -> Finding:
    """Visit every state once; stop at the first that breaks an invariant. `further`: or that a lone run breaks."""
    with _without_garbage():
        return _explore(world, further=further)


def _explore(world: World, *, further: bool) -> Finding:
    first = world.start()
    came: _Came = {first: None}
    level = [first]
    depth = steps = 0
    runs: dict[State, _Ending] = {}
    while level:
        following: list[State] = []
        for state in level:
            found = list(deeds(state, world))
            steps += len(found)
            more: tuple[str, ...] = ()
            wrong = broken(state, world) or _stuck(state, found)
            if further and not wrong and state.processes == _NOBODY and not state.network:
                wrong, more = _further(state, world, runs)
            if wrong:
                story = (*_story(state, came), *more)
                return Finding(world=world, states=len(came), steps=steps, depth=depth, broken=wrong, story=story)
            for deed in found:
                if deed.after not in came:
                    came[deed.after] = (state, deed.slot, deed.words)
                    following.append(deed.after)
        level = following
        depth += bool(level)
    return Finding(world=world, states=len(came), steps=steps, depth=depth)


@contextmanager
def _without_garbage() -> Iterator[None]:
    """States are tuples of tuples, of which no cycle can be made: looking for some costs a third of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _stuck(state: State, found: list[Deed]) -> str:
    """A run is at work, and neither it nor the API can go on."""
    if state.processes == _NOBODY or any(deed.kind in ("run", "api") for deed in found):
        return ""
    return "no run is ever stuck"


def _further(state: State, world: World, known: dict[State, _Ending]) -> _Ending:
    """Nobody is at work: whether one more run does what it must, if the API answers and if it does not."""
    state = state._replace(left=Budget())
    if state not in known:
        after, words = alone(state, world, ("run", "api"))
        wrong = broken_by_a_run(state, after, world)
        if not wrong:
            silent, words = alone(state, world, ("run", "silence"))
            wrong = "" if silent is not None else "every run that is left alone ends, even without answers"
        known[state] = (wrong, words)
    return known[state]


def alone(state: State, world: World, kinds: tuple[str, ...]) -> tuple[State | None, tuple[str, ...]]:
    """What a further run makes of a state, if only these kinds of steps are taken; None if it never ends."""
    silent = Budget(silences=1)
    state = state._replace(processes=(begun(state, world), None), left=silent)
    words = ["a further run starts, and nobody interferes"]
    while state.processes != _NOBODY:
        deed = next((deed for deed in deeds(state, world) if deed.kind in kinds), None)
        if deed is None or len(words) > _LONGEST_RUN:
            return None, (*words[:_SHOWN], "and so on, without an end")
        words.append(f"it {deed.words}" if deed.slot != DEAD else deed.words)
        state = deed.after._replace(left=silent)
    return state, tuple(words)


def _story(state: State, came: _Came) -> tuple[str, ...]:
    """The way to a state, with a letter for each run."""
    way = []
    step = came[state]
    while step is not None:
        way.append(step)
        step = came[step[0]]
    letters = iter("ABCDEFGHIJ")
    names = {DEAD: ""}
    lines = []
    for _, slot, words in reversed(way):
        if words == "starts":
            names[slot] = f"run {next(letters)} "
        lines.append(f"{names[slot]}{words}")
    return tuple(lines)
