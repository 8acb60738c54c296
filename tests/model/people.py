"""What need not happen: runs begin, die and are shut out, hours pass, files change, bodies and states are lost."""

from collections.abc import Iterator

from tests.model import ledger
from tests.model.applier import begun
from tests.model.clocks import jumps
from tests.model.laws import Assumption, Rule
from tests.model.processes import leave, named, with_process
from tests.model.values import DEAD, FORGOTTEN, Copy, Deed, Frame, Process, State, Store, members
from tests.model.world import World

_ON_THE_WAY = 1
"""Ticks: what leaves while its frame is fresh arrives at the latest before the frame's id is forgotten."""


def happenings(state: State, world: World) -> Iterator[Deed]:
    """Everything that may happen, but for the steps of appliers and of the API."""
    yield from _processes(state, world)
    yield from _time(state, world)
    yield from jumps(state, world)
    yield from _files(state, world)
    yield from _words_of_a_person(state, world)
    yield from _halts(state)
    yield from _disasters(state, world)


def _processes(state: State, world: World) -> Iterator[Deed]:
    left = state.left
    for slot, process in enumerate(state.processes):
        if process and left.crashes:
            dead = leave(state, slot)
            yield Deed("world", slot, "is killed", dead._replace(left=left._replace(crashes=left.crashes - 1)))
    alive = [process for process in state.processes if process and not process.shut]
    if None in state.processes and left.runs and not (alive and world.holds(Rule.ONE_APPLIER)):
        slot = state.processes.index(None)
        new = with_process(state, slot, begun(state, world))
        fewer = left._replace(runs=left.runs - 1)
        reviewed = state.reviewed | world.reviews << state.text
        yield Deed("world", slot, "starts", new._replace(left=fewer, reviewed=reviewed))
    if alive and left.unlocks:
        one, two = (process and process._replace(shut=True) for process in state.processes)
        unlocked = state._replace(processes=(one, two), left=left._replace(unlocks=left.unlocks - 1))
        yield Deed("world", DEAD, "somebody unlocks the state", unlocked)


def _time(state: State, world: World) -> Iterator[Deed]:
    left = state.left
    if left.ticks:
        yield Deed("world", DEAD, "a day all but an hour passes", _older(state, world))
    asked = any(lane.pc == "asked" for process in state.processes if process for lane in process.lanes)
    if left.closings and not state.closed and not (asked and world.holds(Assumption.BRIEF)):
        closed = state._replace(closed=True, left=left._replace(closings=left.closings - 1))
        yield Deed("world", DEAD, "not_after passes", closed)
    if left.turns and (state.outside or not (asked and world.holds(Assumption.BRIEF))):
        turned = state._replace(outside=not state.outside, left=left._replace(turns=left.turns - 1))
        yield Deed("world", DEAD, f"the window {'opens' if state.outside else 'closes'}", turned)


def _halts(state: State) -> Iterator[Deed]:
    """Somebody halts everything, and is told how many frames are in flight; or lets it go on."""
    left = state.left
    if state.halted:
        yield Deed("world", DEAD, "somebody resumes it", state._replace(halted=False, spare=0))
    elif left.halts:
        flying = sum(frame.status == "sending" for frame in state.store.frames)
        halted = state._replace(halted=True, spare=flying, left=left._replace(halts=left.halts - 1))
        yield Deed("world", DEAD, f"somebody halts it, with {flying} in flight", halted)


def _older(state: State, world: World) -> State:
    """Everything is one tick older; whoever waited for an answer has waited in vain."""
    remembers = world.holds(Assumption.REMEMBERS)
    seen = tuple((name, age + 1) for name, age in state.api.seen if remembers and age + 1 < FORGOTTEN)
    prompt = world.holds(Assumption.PROMPT)
    network = (
        Copy(copy.request, DEAD, min(copy.age + 1, FORGOTTEN), copy.looked)
        for copy in state.network
        if copy.age < _ON_THE_WAY or not prompt
    )
    frames = (
        frame if frame.status == "planned" else frame._replace(age=min(frame.age + 1, world.oldest))
        for frame in state.store.frames
    )
    one, two = (process and _waited(process, world) for process in state.processes)
    return state._replace(
        store=state.store._replace(frames=tuple(sorted(frames))),
        processes=(one, two),
        network=tuple(sorted(network)),
        api=state.api._replace(seen=tuple(sorted(seen))),
        left=state.left._replace(ticks=state.left.ticks - 1),
    )


def _waited(process: Process, world: World) -> Process:
    """A process that stood still for hours: its connections are dead, so what was about to leave does not."""
    dead = {"waiting", "asked"} if world.holds(Assumption.BRIEF) else {"waiting"}
    lanes = (
        lane._replace(age=min(lane.age + 1, world.oldest), pc="silent" if lane.pc in dead else lane.pc)
        for lane in process.lanes
    )
    return process._replace(lanes=tuple(sorted(lanes)))


def _files(state: State, world: World) -> Iterator[Deed]:
    left = state.left
    if left.edits:
        edited = state._replace(text=state.text + 1, left=left._replace(edits=left.edits - 1))
        yield Deed("world", DEAD, "somebody edits the text", edited)
    if left.stops:
        fewer = left._replace(stops=left.stops - 1)
        for person in members(((1 << world.people) - 1) & ~state.stopped):
            said = state._replace(stopped=state.stopped | 1 << person, left=fewer)
            yield Deed("world", DEAD, f"p{person} says STOP", said)
    if left.joins:
        joined = state._replace(audience=state.audience ^ world.absent, left=left._replace(joins=left.joins - 1))
        yield Deed("world", DEAD, "the audience changes", joined)


def _words_of_a_person(state: State, world: World) -> Iterator[Deed]:
    """An unknown frame is resolved by somebody who looks it up: the truth, once nothing can change it any more."""
    for frame in state.store.frames:
        if frame.status != "unknown":
            continue
        request = world.request(frame.id)
        if request.id in state.api.taken:
            yield _resolved(state, frame, sent=True)
        elif not _may_arrive(state, frame, world):
            yield _resolved(state, frame, sent=False)
        if not world.holds(Assumption.TRUTHFUL):
            yield _resolved(state, frame, sent=request.id not in state.api.taken)


def _resolved(state: State, frame: Frame, *, sent: bool) -> Deed:
    store = ledger.end(state.store, frame, "sent") if sent else ledger.free(state.store, frame)
    word = "sent" if sent else "not sent"
    return Deed("world", DEAD, f"somebody resolves {named(frame.id)} as {word}", state._replace(store=store))


def _may_arrive(state: State, frame: Frame, world: World) -> bool:
    """Whether a copy of the frame is on its way, or in the hands of a process that has asked and may send it."""
    request = world.request(frame.id)
    if any(copy.request == request for copy in state.network):
        return True
    lanes = (lane for process in state.processes if process for lane in process.lanes)
    return world.holds(Assumption.NOBODY_LURKS) and any(
        lane.request == request and lane.pc == "asked" for lane in lanes
    )


def _disasters(state: State, world: World) -> Iterator[Deed]:
    left = state.left
    if left.bodies:
        for frame in state.store.frames:
            if frame.status == "sending" and frame.body:
                damaged = ledger.put(state.store, frame, frame._replace(body=False))
                fewer = left._replace(bodies=left.bodies - 1)
                yield Deed(
                    "world", DEAD, f"the body of {named(frame.id)} is lost", state._replace(store=damaged, left=fewer)
                )
    if not world.holds(Rule.RELEASES_ITS_OWN) and state.processes == (None, None):
        rest = tuple(frame for frame in state.store.frames if frame.status != "planned")
        if rest != state.store.frames:
            released = state._replace(store=state.store._replace(frames=rest))
            yield Deed("world", DEAD, "an apply of another campaign releases what was planned", released)
    yield from _copies(state)


def _copies(state: State) -> Iterator[Deed]:
    """Somebody copies the state, once; and later, when nothing runs, puts the copy in its place."""
    left = state.left
    if not left.restores:
        return
    if state.past is None:
        past = _at_rest(state.store)
        yield Deed("world", DEAD, "somebody copies the state", state._replace(past=past))
    elif state.processes == (None, None) and state.past != state.store:
        restored = state._replace(
            store=state.past, past=None, restored=True, left=left._replace(restores=left.restores - 1)
        )
        yield Deed("world", DEAD, "the copy takes the state's place", restored)


def _at_rest(store: Store) -> Store:
    return store._replace(frames=tuple(sorted(frame._replace(run=DEAD) for frame in store.frames)))
