"""What must be true in every state, and of what a further run does when nobody interferes."""

from collections.abc import Iterator

from tests.model import clocks, ledger
from tests.model.values import FRESH, Frame, State, members
from tests.model.world import World


def broken(state: State, world: World) -> str:
    """The first invariant that does not hold, in words, or ''."""
    return next(_broken(state, world), "")


def _broken(state: State, world: World) -> Iterator[str]:
    if state.fault:
        yield f"never beyond what was allowed: {state.fault}"
    if max(state.api.counts) > 1:
        yield "never accepted twice"
    if sum(frame.status == "sending" for frame in state.store.frames) > world.places:
        yield "never more frames in sending than places"
    yield from _recorded_falsely(state, world)
    if not state.restored:
        yield from _free_in_vain(state, world)
        yield from _unknown_in_vain(state)


def _recorded_falsely(state: State, world: World) -> Iterator[str]:
    """Somebody is recorded as sent or refused, and it is not so."""
    for person, message in enumerate(state.store.people):
        accepted = state.api.counts[person] > 0
        if message.status == "sent" and not accepted:
            yield "never recorded as sent without an acceptance"
        if message.status == "refused" and accepted:
            yield "never recorded as refused in spite of an acceptance"
        if message.status == "refused" and not world.bad >> person & 1:
            yield "never kept as refused but for a fault of one's own"


def _free_in_vain(state: State, world: World) -> Iterator[str]:
    """Somebody is free, or in a frame that is only planned, and an acceptance exists or is on its way."""
    seen = {name for name, _ in state.api.seen}
    accepted = sum(1 << person for person, count in enumerate(state.api.counts) if count)
    for copy in state.network:
        if copy.request.id not in seen and not world.would_refuse(copy.request):
            accepted |= copy.request.people
    if accepted and accepted & ~ledger.held(state.store, planned=False):
        yield "never free to be sent to while an acceptance may exist"


def _unknown_in_vain(state: State) -> Iterator[str]:
    """A frame is unknown that is young, whose time has not run out and whose body is there."""
    for frame in state.store.frames:
        if frame.status == "unknown" and frame.age + frame.slip == FRESH and frame.body and not state.closed:
            yield "never unknown without a cause"


def broken_by_a_run(before: State, after: State | None, world: World) -> str:
    """What a further run made of a state in which nobody was left, with an API that answers; or ''."""
    if after is None:
        return "every run that is left alone ends"
    if any(_is_left(before, frame, world) for frame in after.store.frames):
        return "a further run that gets its answers leaves nothing open"
    if before.restored or any(frame.status != "planned" for frame in before.store.frames):
        return ""
    audience = before.audience & ~before.stopped
    free = audience & ~ledger.held(before.store, planned=False)
    held = before.closed or before.halted or before.outside or before.text in world.bad_texts
    sent = 0 if held else free & ~world.bad
    reached = sum(1 << one for one, count in enumerate(after.api.counts) if count != before.api.counts[one])
    if reached != sent:
        return f"a further run sends exactly who is free: {_people(sent)} and not {_people(reached)}"
    if sent and (left := after.audience & ~after.stopped & ~ledger.held(after.store, planned=False)):
        return f"a further run leaves nobody free: {_people(left)}"
    return ""


def _is_left(before: State, frame: Frame, world: World) -> bool:
    """Whether a frame stayed open although there was an answer to be had: its age could be told."""
    doubtful = clocks.is_doubtful(before, frame, world, agreed=clocks.agree(before, world))
    held = doubtful or bool(frame.people & before.stopped) or before.halted or before.outside
    return frame.status == "sending" and not held and clocks.looks(frame) >= FRESH


def _people(mask: int) -> str:
    return f"{{{', '.join(f'p{person}' for person in members(mask))}}}"
