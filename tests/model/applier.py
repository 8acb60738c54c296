"""What an applier may do next: settle, plan, record, and begin frames. What a lane does with one is in `lanes`."""

from collections.abc import Iterator

from tests.model import clocks, ledger
from tests.model.lanes import fly
from tests.model.laws import Rule
from tests.model.processes import enter, is_shut, leave, named, with_process
from tests.model.values import OLD, Deed, Frame, Lane, Process, State
from tests.model.world import World


def begun(state: State, world: World) -> Process:
    """A new process, with the lock in hand."""
    settles = world.holds(Rule.SETTLES) and world.holds(Rule.SENDING_IS_NOT)
    first = "settling" if settles and world.holds(Rule.PLANS_AFTER_SETTLING) else "planning"
    reviewed = state.text if world.reviews else -1
    return Process(pc=first, places=world.places, reviewed=reviewed, agreed=clocks.agree(state, world))


def advance(state: State, slot: int, world: World) -> Iterator[Deed]:
    """Every step that the process in this slot may take by itself."""
    process = state.processes[slot]
    assert process is not None
    for lane in process.lanes:
        yield from fly(state, slot, lane, world)
    match process.pc:
        case "settling":
            yield from _settle(state, slot, process, world)
        case "planning":
            yield _plan(state, slot, process, world)
        case "recording":
            yield _record(state, slot, process, world)
        case "sending":
            yield from _send(state, slot, process, world)


def _settle(state: State, slot: int, process: Process, world: World) -> Iterator[Deed]:
    """Take over one frame after the other that another run left; with none left, go on to the plan."""
    left = [
        frame
        for frame in state.store.frames
        if frame.status == "sending" and frame.run != slot and not _is_held(state, process, frame, world)
    ]
    if left and process.places > len(process.lanes) and not process.stop:
        for frame in left:
            yield _take_over(state, slot, process, frame, world)
    elif not process.lanes:
        if process.stop or not (process.plan or world.holds(Rule.PLANS_AFTER_SETTLING)):
            yield Deed("run", slot, "ends after settling", leave(state, slot))
        else:
            pc = "planning" if world.holds(Rule.PLANS_AFTER_SETTLING) else "recording"
            yield Deed("run", slot, "has settled", with_process(state, slot, process._replace(pc=pc)))


def _is_held(state: State, process: Process, frame: Frame, world: World) -> bool:
    """Whether a frame whose body is there stays open, untouched.

    What the clocks said when the run began differs; somebody has halted it; or its window is closed, and it is young.
    """
    halted = state.halted and world.holds(Rule.HALT_IS_ASKED)
    doubtful = clocks.is_doubtful(state, frame, world, agreed=process.agreed)
    return frame.body and (doubtful or halted or (is_shut(state, world, doubt=True) and clocks.looks(frame) < OLD))


def _take_over(state: State, slot: int, process: Process, frame: Frame, world: World) -> Deed:
    """Rule 2: the same id and bytes again; a frame whose body is lost becomes unknown."""
    words = f"takes over frame {named(frame.id)}"
    if process.shut and world.holds(Rule.EPOCH_IN_SWAPS):
        return Deed("run", slot, f"{words}: shut out", with_process(state, slot, process._replace(stop=True)))
    if not frame.body:
        gone = ledger.put(state.store, frame, clocks.given_up(state, frame))
        return Deed("run", slot, f"{words}: its body is lost, unknown", state._replace(store=gone))
    text = frame.id[1] if world.holds(Rule.SAME_BYTES) else state.text
    request = world.request((frame.id[0], text, *frame.id[2:]))
    doubt = world.holds(Rule.DEAD_RUNS_LEAVE_DOUBT)
    lane = Lane(frame=frame.id, pc="intent", request=request, doubt=doubt, age=frame.age, slip=frame.slip)
    store = ledger.put(state.store, frame, frame._replace(run=slot))
    lanes = tuple(sorted((*process.lanes, lane)))
    return Deed("run", slot, words, with_process(state._replace(store=store), slot, process._replace(lanes=lanes)))


def _plan(state: State, slot: int, process: Process, world: World) -> Deed:
    """Read files and state."""
    stale = process.reviewed not in (-1, state.text) and world.holds(Rule.PLAN_IS_VERIFIED)
    salt = 0 if world.holds(Rule.ID_IS_DERIVED) else state.left.runs
    planned = ledger.plan(state.store, state.audience & ~state.stopped, state.text, salt, world)
    if stale or state.closed or state.outside:
        planned = ()
    words = f"plans {', '.join(named(one) for one in planned) or 'nothing'}"
    if not world.holds(Rule.PLANS_AFTER_SETTLING):
        going = process._replace(pc="settling", plan=planned)
    elif planned:
        going = process._replace(pc="recording", plan=planned)
    else:
        return Deed("run", slot, f"{words} and ends", leave(state, slot))
    return Deed("run", slot, words, with_process(state, slot, going))


def _record(state: State, slot: int, process: Process, world: World) -> Deed:
    """Rule 4."""
    if process.shut and world.holds(Rule.EPOCH_IN_SWAPS):
        return Deed("run", slot, "is shut out before it records", leave(state, slot))
    if not world.holds(Rule.CLAIMS_IN_ONE_STEP):
        released = tuple(frame for frame in state.store.frames if frame.status != "planned")
        if released != state.store.frames:
            return Deed(
                "run", slot, "releases what was planned", state._replace(store=state.store._replace(frames=released))
            )
    state, process = clocks.noted(state, process, world)
    store = ledger.record(state.store, slot, process.plan, world)
    if store is None:
        return Deed("run", slot, "finds somebody in a frame already", leave(state, slot))
    taken = sum(frame.status == "sending" for frame in store.frames) if world.holds(Rule.OPEN_KEEPS_ITS_PLACE) else 0
    going = process._replace(pc="sending", plan=(), places=max(world.places - taken, 0))
    return Deed("run", slot, "records its run", with_process(state._replace(store=store), slot, going))


def _send(state: State, slot: int, process: Process, world: World) -> Iterator[Deed]:
    """Begin the next planned frame where a lane is free; end when nothing is left to do."""
    if not world.holds(Rule.RECORDED_TOGETHER) and any(
        frame.run == slot and not frame.placed for frame in state.store.frames
    ):
        placed = state._replace(store=ledger.place(state.store, slot))
        yield Deed("run", slot, "records who is in its frames", placed)
    flying = {name for lane in process.lanes for name in (lane.frame, *lane.rest)}
    waiting = [
        frame
        for frame in state.store.frames
        if frame.run == slot and frame.status == "planned" and frame.id not in flying
    ]
    if waiting and len(process.lanes) < process.places and not process.stop and not state.outside:
        yield _begin(state, slot, process, waiting[0], world)
    elif not process.lanes:
        yield Deed("run", slot, "ends", leave(state, slot))


def _begin(state: State, slot: int, process: Process, frame: Frame, world: World) -> Deed:
    return Deed("run", slot, f"begins frame {named(frame.id)}", enter(state, slot, process, (frame.id,), world))
