"""A process in the State: put there, put on a frame, ended; and how the stories name a frame."""

from functools import cache

from tests.model import clocks, ledger
from tests.model.laws import Rule
from tests.model.values import DEAD, Copy, Id, Lane, Process, Request, State, members
from tests.model.world import World


def with_process(state: State, slot: int, process: Process | None) -> State:
    """A process in its slot."""
    one, two = state.processes
    return state._replace(processes=(process, two) if slot == 0 else (one, process))


def leave(state: State, slot: int) -> State:
    """The process ends, or is killed: its lock is free, its requests are on their way still."""
    return with_process(state._replace(store=ledger.bury(state.store, slot), network=orphaned(state, slot)), slot, None)


def orphaned(state: State, slot: int, request: Request | None = None) -> tuple[Copy, ...]:
    """The network, once nobody waits any more for what this slot has sent, or for this one request of it."""
    return tuple(
        sorted(
            copy._replace(sender=DEAD) if copy.sender == slot and request in (None, copy.request) else copy
            for copy in state.network
        )
    )


def is_shut(state: State, world: World, *, doubt: bool) -> bool:
    """Whether an applier finds the window closed right before a byte; `doubt`: it would be a replay."""
    rule = Rule.REPLAYS_ASK_FOR_THE_WINDOW if doubt else Rule.WINDOW_IS_ASKED
    return state.outside and world.holds(rule)


def with_lane(process: Process, old: Lane, new: Lane | None) -> Process:
    """The process, a lane of which went on, or became free."""
    lanes = [lane for lane in process.lanes if lane != old]
    return process._replace(lanes=tuple(sorted(lanes if new is None else (*lanes, new))))


def enter(state: State, slot: int, process: Process, names: tuple[Id, ...], world: World) -> State:
    """Rule 5: the intent for the first of these becomes durable, and it is in a lane, where the others wait.

    The process is shut out where the swap fails. Where the window is closed nothing is begun, and so it is where
    somebody has halted it, which ends the run.
    """
    if state.halted and world.holds(Rule.HALT_WITH_INTENT):
        return with_process(state, slot, process._replace(stop=True))
    if state.outside:
        return with_process(state, slot, process)
    if state.halted and world.strict:
        state = state._replace(fault="a frame was begun after a halt")
    name, *rest = names
    slip = clocks.lead(state, process, world)
    lane = Lane(frame=name, pc="intent", request=world.request(name), rest=tuple(rest), slip=slip)
    if world.holds(Rule.INTENT_FIRST):
        frame = ledger.swap(state.store, name, (slot, process), world, status="planned")
        if frame is None:
            return with_process(state, slot, process._replace(stop=True))
        state = state._replace(store=ledger.put(state.store, frame, ledger.begin(frame, slip)))
    return with_process(state, slot, process._replace(lanes=tuple(sorted((*process.lanes, lane)))))


@cache
def named(name: Id) -> str:
    """A frame's id → {people} and what else makes it."""
    people, text, refusals, salt = name
    more = "".join(
        f", {word} {number}" for word, number in (("text", text), ("refusal", refusals), ("salt", salt)) if number
    )
    return f"{{{', '.join(f'p{person}' for person in members(people))}{more}}}"
