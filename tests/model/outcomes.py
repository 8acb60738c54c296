"""An outcome → durable: one compare-and-swap, and what the lane and its run do then."""

from tests.model import clocks, ledger
from tests.model.laws import Rule
from tests.model.processes import enter, named, with_lane, with_process
from tests.model.values import FRESH, Deed, Frame, Lane, Process, State, Store
from tests.model.verdicts import verdict
from tests.model.world import World


def process_in(state: State, slot: int) -> Process:
    """The process in this slot, which must be there."""
    process = state.processes[slot]
    assert process is not None
    return process


def moved(state: State, slot: int, lane: Lane, new: Lane | None) -> State:
    """A lane went on, or became free."""
    return with_process(state, slot, with_lane(process_in(state, slot), lane, new))


def left_open(state: State, slot: int, lane: Lane, *, stop: bool = False) -> State:
    """The frame stays in sending and keeps its place; the halves that were to follow it stay planned."""
    process = with_lane(process_in(state, slot), lane, None)
    places = max(process.places - 1, 0)
    return with_process(state, slot, process._replace(places=places, stop=process.stop or stop))


def conclude(state: State, slot: int, lane: Lane, world: World) -> Deed:
    """What an answer proves becomes durable, if the frame is still this run's."""
    adopted = world.adopts and lane.request.id in state.api.taken
    proof, stops = verdict(lane, world, adopted=adopted)
    if proof == "open":
        return Deed("run", slot, f"leaves {named(lane.frame)} open", left_open(state, slot, lane, stop=stops))
    process = process_in(state, slot)
    frame = ledger.swap(state.store, lane.frame, (slot, process), world)
    going = with_lane(process, lane, None)
    going = going._replace(stop=going.stop or stops or frame is None)
    words = f"records {named(lane.frame)} as {proof}"
    if frame is None:
        return Deed("run", slot, f"{words}: it is not its own any more", with_process(state, slot, going))
    if proof == "split":
        return Deed("run", slot, words, _split(state, slot, (lane, going), frame, world))
    done = with_process(state._replace(store=_ended(state, frame, proof, world)), slot, going)
    return Deed("run", slot, words, _next_half(done, slot, lane, world))


def halve(state: State, slot: int, lane: Lane, world: World) -> Deed:
    """Without rule 9's one transaction: the halves of a frame that was refused are written later."""
    refused = Frame(id=lane.frame, status="refused")
    done = state._replace(store=ledger.split(state.store, refused, slot))
    done = moved(done, slot, lane, None)
    lane = lane._replace(rest=(*ledger.halves(lane.frame), *lane.rest))
    return Deed("run", slot, f"writes the halves of {named(lane.frame)}", _next_half(done, slot, lane, world))


def _ended(state: State, frame: Frame, proof: str, world: World) -> Store:
    store = state.store
    if proof == "planned":
        return ledger.put(store, frame, frame._replace(status="planned", age=FRESH, slip=0))
    if proof in ("sent", "kept"):
        return ledger.end(store, frame, "sent" if proof == "sent" else "refused")
    if proof == "unknown" and world.holds(Rule.UNKNOWN_IS_NOT_FREE):
        return ledger.put(store, frame, clocks.given_up(state, frame))
    if world.holds(Rule.REFUSED_ARE_FREED):
        return ledger.free(store, frame)
    return ledger.end(store, frame, "refused")


def _split(state: State, slot: int, going: tuple[Lane, Process], frame: Frame, world: World) -> State:
    lane, process = going
    if not world.holds(Rule.SPLITS_IN_ONE_STEP):
        halving = process._replace(lanes=tuple(sorted((*process.lanes, lane._replace(pc="halving")))))
        return with_process(state._replace(store=ledger.end(state.store, frame, "refused")), slot, halving)
    done = with_process(state._replace(store=ledger.split(state.store, frame, slot)), slot, process)
    return _next_half(done, slot, lane._replace(rest=(*ledger.halves(frame.id), *lane.rest)), world)


def _next_half(state: State, slot: int, lane: Lane, world: World) -> State:
    """The lane goes on with the halves that wait in it; a run that stops leaves them planned."""
    process = process_in(state, slot)
    if not lane.rest or process.stop:
        return state
    return enter(state, slot, process, lane.rest, world)
