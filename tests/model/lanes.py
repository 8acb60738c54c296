"""What a lane does with its frame: ask, let the bytes leave, wait, and make the outcome durable."""

from collections.abc import Callable, Iterator, Mapping

from tests.model import clocks, ledger
from tests.model.laws import Rule
from tests.model.outcomes import conclude, halve, left_open, moved, process_in
from tests.model.processes import enter, is_shut, named, orphaned, with_lane, with_process
from tests.model.values import FORGOTTEN, OLD, Copy, Deed, Frame, Lane, State
from tests.model.world import World


def fly(state: State, slot: int, lane: Lane, world: World) -> Iterator[Deed]:
    """Every step that this lane may take by itself."""
    if lane.pc == "intent":
        yield from _ask(state, slot, lane, world)
    elif lane.pc != "waiting":
        yield _STEPS[lane.pc](state, slot, lane, world)
    elif state.left.silences:
        yield _hear_nothing(state, slot, lane)


def _ask(state: State, slot: int, lane: Lane, world: World) -> Iterator[Deed]:
    """Rule 5, `may_send`: the epoch, a halt, not_after, the age, the window, who has said STOP."""
    process = process_in(state, slot)
    if process.shut and world.holds(Rule.EPOCH_IS_ASKED):
        gone = with_lane(process, lane, None)._replace(stop=True)
        yield Deed("run", slot, "may not send: it was shut out", with_process(state, slot, gone))
        return
    if state.halted and world.holds(Rule.HALT_IS_ASKED):
        halted = lane._replace(pc="answered", answer="halted")
        yield Deed("run", slot, "may not send: somebody has halted it", moved(state, slot, lane, halted))
        return
    oldest = OLD if world.holds(Rule.AN_HOUR_LESS) else FORGOTTEN
    late = (state.closed and world.holds(Rule.NOT_AFTER_IS_ASKED)) or (
        clocks.looks(lane) >= oldest and world.holds(Rule.AGE_IS_ASKED)
    )
    if clocks.is_held(state, lane, world):
        yield Deed("run", slot, "may not send: nobody can tell how old it is", left_open(state, slot, lane))
    elif late:
        answered = lane._replace(pc="answered", answer="late")
        yield Deed("run", slot, "may not send: it is too late", moved(state, slot, lane, answered))
    elif is_shut(state, world, doubt=lane.doubt):
        outside = lane._replace(pc="answered", answer="outside")
        yield Deed("run", slot, "may not send: the window is closed", moved(state, slot, lane, outside))
    elif lane.request.people & state.stopped and world.holds(Rule.STOPS_ARE_ASKED):
        yield _without_stopped(state, slot, lane, world)
    else:
        asked = moved(state._replace(fault=_beyond(state, lane, world)), slot, lane, lane._replace(pc="asked"))
        yield Deed("run", slot, "asks, and may send", asked)


def _beyond(state: State, lane: Lane, world: World) -> str:
    """What no byte that asks now may do, as the fault that it is; or ''."""
    if lane.request.people & state.stopped:
        return "somebody who had said STOP was sent to"
    if state.halted and world.strict:
        return "something that asked after a halt was sent"
    return state.fault


def _without_stopped(state: State, slot: int, lane: Lane, world: World) -> Deed:
    """Somebody has said STOP: of a frame that nobody has seen the others go on; one in doubt stays open."""
    if lane.doubt:
        return Deed("run", slot, "may not send: somebody has said STOP", left_open(state, slot, lane))
    process = process_in(state, slot)
    frame = ledger.swap(state.store, lane.frame, (slot, process), world)
    going = with_lane(process, lane, None)
    if frame is None:
        gone = with_process(state, slot, going._replace(stop=True))
        return Deed("run", slot, "may not take anybody out: it is not its own any more", gone)
    people, text, refusals, salt = frame.id
    rest = (people & ~state.stopped, text, refusals, salt)
    new = (Frame(id=rest, status="planned", run=slot),) if rest[0] else ()
    done = with_process(state._replace(store=ledger.put(state.store, frame, *new)), slot, going)
    names = (*(one.id for one in new), *lane.rest)
    words = f"takes whoever has said STOP out of {named(lane.frame)}"
    return Deed("run", slot, words, enter(done, slot, going, names, world) if names and not going.stop else done)


def _let_leave(state: State, slot: int, lane: Lane, world: World) -> Deed:
    """The first byte leaves. Without rule 5's intent first, that is what comes before it is durable."""
    copy = Copy(request=lane.request, sender=slot)
    fault = "something left outside of its window" if state.outside else state.fault
    fault = "something left after not_after" if state.closed else fault
    left = state._replace(network=tuple(sorted((*state.network, copy))), fault=fault)
    frame = ledger.find(state.store, lane.frame)
    written = world.holds(Rule.INTENT_FIRST) or frame is None or frame.status != "planned"
    sent = lane._replace(pc="waiting" if written else "unwritten", tries=min(lane.tries + 1, world.tries))
    return Deed("run", slot, f"sends {named(lane.request.id)}", moved(left, slot, lane, sent))


def _write_late(state: State, slot: int, lane: Lane, world: World) -> Deed:
    """Without rule 5's order: what was sent is written down afterwards."""
    frame = ledger.swap(state.store, lane.frame, (slot, process_in(state, slot)), world, status="planned")
    if frame is not None:
        state = state._replace(store=ledger.put(state.store, frame, ledger.begin(frame, lane.slip)))
    return Deed("run", slot, "writes down what it has sent", moved(state, slot, lane, lane._replace(pc="waiting")))


def _hear_nothing(state: State, slot: int, lane: Lane) -> Deed:
    left = state.left._replace(silences=state.left.silences - 1)
    lost = state._replace(network=orphaned(state, slot, lane.request), left=left)
    return Deed("silence", slot, "hears no answer", moved(lost, slot, lane, lane._replace(pc="silent")))


def _try_again(state: State, slot: int, lane: Lane, world: World) -> Deed:
    """Section 7: a few more tries with the same id and bytes, each of them a swap; then the frame stays open."""
    doubtful = lane._replace(doubt=True)
    if not world.holds(Rule.SILENCE_PROVES_NOTHING):
        heard = lane._replace(answer="silence")
        return conclude(moved(state, slot, lane, heard), slot, heard, world)
    enough = lane.tries >= world.tries and world.holds(Rule.TRIES_ARE_FEW)
    process = process_in(state, slot)
    if enough or process.stop:
        return Deed("run", slot, "leaves it open", left_open(state, slot, lane))
    if ledger.swap(state.store, lane.frame, (slot, process), world) is None:
        gone = with_lane(process, lane, None)._replace(stop=True)
        return Deed("run", slot, "may not try again: the frame is not its own", with_process(state, slot, gone))
    return Deed("run", slot, "tries again", moved(state, slot, lane, doubtful._replace(pc="intent")))


_STEPS: Mapping[str, Callable[[State, int, Lane, World], Deed]] = {
    "asked": _let_leave,
    "unwritten": _write_late,
    "silent": _try_again,
    "answered": conclude,
    "halving": halve,
}
