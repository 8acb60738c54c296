"""Clocks that are moved: what they say of a frame's age, and what an applier makes of it (`octoplan/apply/age.py`).

Of each clock only by how much it was moved since the state noted what the clocks say: a clock that is always wrong by
the same says the right age. A frame's `slip` is by how much it looks older by the local clock than it is. That the
state knows when it last heard of a frame is left out: in ticks a frame that is heard of later is too old anyway.
"""

from collections.abc import Iterator

from tests.model.laws import Assumption, Rule
from tests.model.values import DEAD, FORGOTTEN, FRESH, OLD, Clocks, Deed, Frame, Lane, Process, State
from tests.model.world import World


def agree(state: State, world: World) -> bool:
    """Whether all clocks that say something say the same of every age; a lone one agrees with itself."""
    return world.lone or state.clocks.local == state.clocks.api


def is_doubtful(state: State, frame: Frame | Lane, world: World, *, agreed: bool) -> bool:
    """Whether nobody can tell a frame's age: clocks differ on it, and not all of them say that it is too old."""
    if agreed or state.closed or not world.holds(Rule.DOUBT_HOLDS):
        return False
    local, api = _ages(state, frame)
    enough = min(local, api) if world.holds(Rule.EVERY_CLOCK_SAYS_OLD) else max(local, api)
    return enough < OLD


def looks(frame: Frame | Lane) -> int:
    """How old a frame looks by the local clock."""
    return frame.age + frame.slip


def is_held(state: State, lane: Lane, world: World) -> bool:
    """Whether a frame is held right before a byte leaves: its age is doubtful, or below nothing."""
    agreed = agree(state, world) or not (lane.doubt and world.holds(Rule.CLOCKS_ARE_ASKED_AGAIN))
    below = looks(lane) < FRESH and not state.closed and world.holds(Rule.BELOW_NOTHING_HOLDS)
    return below or is_doubtful(state, lane, world, agreed=agreed)


def noted(state: State, process: Process, world: World) -> tuple[State, Process]:
    """Before a run is recorded: with nothing open what the clocks say is noted, else what the local one has gained."""
    is_open = any(frame.status == "sending" for frame in state.store.frames)
    gained = 0
    if is_open and world.holds(Rule.NOTED_AT_REST):
        gained = 0 if world.lone else max(state.clocks.local - state.clocks.api, 0)
    else:
        state = state._replace(clocks=Clocks())
    return state, process._replace(gained=gained, since=state.clocks.local)


def lead(state: State, process: Process, world: World) -> int:
    """By how much a first attempt is dated earlier: what the local clock gained before the run, and in the run."""
    before = process.gained if world.holds(Rule.DATED_BY_GAIN) else 0
    meanwhile = max(state.clocks.local - process.since, 0) if world.holds(Rule.DATED_BY_GAIN_IN_RUN) else 0
    return before + meanwhile


def given_up(state: State, frame: Frame) -> Frame:
    """A frame → the unknown one, of which `slip` says by how much it was dated too early."""
    return frame._replace(status="unknown", run=DEAD, slip=max(frame.slip - state.clocks.local, 0))


def jumps(state: State, world: World) -> Iterator[Deed]:
    """A clock is put forth or back, while that can matter: one of them at a time, unless the world is worse."""
    if not state.left.jumps or not _matters(state):
        return
    left = state.left._replace(jumps=state.left.jumps - 1)
    local, api = state.clocks
    alone = world.holds(Assumption.ONE_LIAR)
    for by in world.jumps:
        word = f"{abs(by)} ticks {'forth' if by > 0 else 'back'}"
        if not (alone and api) and (by > 0 or not world.lone or _is_safe(state, by, world)):
            moved = _slipped(state, by)._replace(clocks=Clocks(local + by, api), left=left)
            yield Deed("world", DEAD, f"this machine's clock is put {word}", moved)
        if not (alone and local) and not world.lone:
            moved = state._replace(clocks=Clocks(local, api + by), left=left)
            yield Deed("world", DEAD, f"the API's clock is put {word}", moved)


def _is_safe(state: State, by: int, world: World) -> bool:
    """Whether a lone clock that is put back so far shows it: every frame then looks younger than nothing for good."""
    return not world.holds(Assumption.LONE_IS_TRUE) or -by > state.left.ticks + FORGOTTEN


def _matters(state: State) -> bool:
    at_work = any(process and process.pc == "sending" for process in state.processes)
    return at_work or any(frame.status == "sending" for frame in state.store.frames)


def _ages(state: State, frame: Frame | Lane) -> tuple[int, int]:
    local = looks(frame)
    return local, local + state.clocks.api - state.clocks.local


def _slipped(state: State, by: int) -> State:
    """The local clock was moved: whatever is open looks older by so much."""
    frames = (
        frame._replace(slip=frame.slip + by) if frame.status == "sending" else frame for frame in state.store.frames
    )
    one, two = (process and _moved(process, by) for process in state.processes)
    return state._replace(store=state.store._replace(frames=tuple(sorted(frames))), processes=(one, two))


def _moved(process: Process, by: int) -> Process:
    lanes = (lane._replace(slip=lane.slip + by) for lane in process.lanes)
    return process._replace(lanes=tuple(sorted(lanes)))
