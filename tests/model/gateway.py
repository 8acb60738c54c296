"""The network and the API: what becomes of a request that has left."""

from collections.abc import Iterator

from tests.model.laws import Assumption
from tests.model.outcomes import moved
from tests.model.processes import named
from tests.model.values import DEAD, FRESH, Api, Budget, Copy, Deed, Lane, State
from tests.model.world import World


def arrivals(state: State, world: World) -> Iterator[Deed]:
    """Each request that is on its way arrives: refused, turned away, or accepted; or it is lost."""
    for copy in state.network:
        lane = _waiting(state, copy)
        if copy.sender != DEAD and lane is None:
            continue
        gone = state._replace(network=_without(state, copy))
        if copy.sender == DEAD and not copy.looked:
            yield Deed("world", DEAD, f"a copy of {named(copy.request.id)} is lost", gone)
        for kind, answer, api, left in _answers(state, copy, world):
            after = gone._replace(api=api, left=left, fault=_fault(state, copy, world))
            if state.halted and api.counts != state.api.counts:
                after = _accepted_after_a_halt(after)
            words = f"the API answers {named(copy.request.id)}: {answer}"
            if lane is None:
                words += ", to nobody"
            else:
                after = moved(after, copy.sender, lane, lane._replace(pc="answered", answer=answer))
            yield Deed(kind, DEAD, words, after)
        yield from _looks_up(gone, copy, world)


def _accepted_after_a_halt(state: State) -> State:
    """One less may be accepted; where none might any more that is a fault."""
    fault = state.fault or ("" if state.spare else "more was accepted after a halt than was in flight")
    return state._replace(spare=max(state.spare - 1, 0), fault=fault)


def _waiting(state: State, copy: Copy) -> Lane | None:
    process = state.processes[copy.sender] if copy.sender != DEAD else None
    lanes = process.lanes if process else ()
    return next((lane for lane in lanes if lane.pc == "waiting" and lane.request == copy.request), None)


def _without(state: State, copy: Copy) -> tuple[Copy, ...]:
    network = list(state.network)
    network.remove(copy)
    return tuple(network)


def _answers(state: State, copy: Copy, world: World) -> Iterator[tuple[str, str, Api, Budget]]:
    """Every answer that the API may give → (kind, answer, the API afterwards, what may still happen)."""
    api, left, request = state.api, state.left, copy.request
    poorer = left._replace(poor=left.poor - 1) if left.poor else left
    if left.poor:
        yield "world", "account", api, poorer  # before the id was looked up
        if not world.holds(Assumption.STABLE) and request.id in api.taken:
            yield "world", "campaign", api, poorer
            yield "world", "recipient", api, poorer
    if not copy.looked and any(name == request.id for name, _ in api.seen):
        yield "api", "duplicate", api, left
        return
    refusal = world.would_refuse(request)
    burnt = api._replace(seen=tuple(sorted((*api.seen, (request.id, FRESH)))))
    if left.poor and not world.holds(Assumption.UNBURNT):
        yield "world", "account", burnt, poorer
    if refusal:
        yield "api", refusal, api if world.holds(Assumption.UNBURNT) else burnt, left
        return
    counts = tuple(min(count + (request.people >> one & 1), 2) for one, count in enumerate(api.counts))
    taken = Api(seen=burnt.seen, taken=tuple(sorted({*api.taken, request.id})), counts=counts)
    yield "api", "accepted", taken, left
    if left.riddles:
        yield "world", "riddle", taken, left._replace(riddles=left.riddles - 1)


def _looks_up(gone: State, copy: Copy, world: World) -> Iterator[Deed]:
    """Without the assumption that it is one step: an id is looked up, and remembered later."""
    if not world.holds(Assumption.ATOMIC) and not copy.looked and copy.request.id not in dict(gone.api.seen):
        network = tuple(sorted((*gone.network, copy._replace(looked=True))))
        yield Deed("world", DEAD, f"the API looks up {named(copy.request.id)}: new", gone._replace(network=network))


def _fault(state: State, copy: Copy, world: World) -> str:
    if world.reviews and not state.reviewed >> copy.request.text & 1:
        return "words arrived that nobody had reviewed"
    return state.fault
