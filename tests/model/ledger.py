"""Store → Store: the transactions of the protocol, each of which happens whole or not at all."""

from tests.model.laws import Rule
from tests.model.values import DEAD, FRESH, Frame, Id, Person, Process, Store, mask_of, members
from tests.model.world import World


def find(store: Store, name: Id) -> Frame | None:
    """The frame of this id that holds people, if there is one."""
    return next((frame for frame in store.frames if frame.id == name), None)


def held(store: Store, *, planned: bool) -> int:
    """Who is not free: sent, refused, or in a frame; with `planned`, also who is in one that was only planned."""
    mask = mask_of([person for person, message in enumerate(store.people) if message.status])
    for frame in store.frames:
        if frame.placed and (planned or frame.status != "planned"):
            mask |= frame.people
    return mask


def swap(store: Store, name: Id, by: tuple[int, Process], world: World, status: str = "sending") -> Frame | None:
    """The compare-and-swap: the frame, if it is as the process in this slot believes."""
    slot, process = by
    frame = find(store, name)
    if frame is None or frame.status != status:
        return None
    if process.shut and world.holds(Rule.EPOCH_IN_SWAPS):
        return None
    if frame.run != slot and world.holds(Rule.SWAPS_NAME_THE_RUN):
        return None
    return frame


def put(store: Store, old: Frame | None, *new: Frame) -> Store:
    """Frames in place of one."""
    rest = [frame for frame in store.frames if frame != old]
    return store._replace(frames=tuple(sorted((*rest, *new))))


def end(store: Store, frame: Frame, status: str) -> Store:
    """A frame is sent or refused for good, and its people with it."""
    people = tuple(
        Person(status=status) if frame.people >> person & 1 and frame.placed else message
        for person, message in enumerate(store.people)
    )
    return put(store, frame)._replace(people=people)


def free(store: Store, frame: Frame) -> Store:
    """A frame is refused definitely, or said to be not sent: its people are free, one refusal further."""
    counted = Person(refusals=min(frame.id[2] + 1, 3))
    people = tuple(counted if frame.people >> person & 1 else message for person, message in enumerate(store.people))
    return put(store, frame)._replace(people=people)


def split(store: Store, frame: Frame, slot: int) -> Store:
    """A frame is refused and its halves are planned: they are never free in between."""
    counted = Person(refusals=frame.id[2] + 1)
    people = tuple(counted if frame.people >> person & 1 else message for person, message in enumerate(store.people))
    children = (Frame(id=half, status="planned", run=slot) for half in halves(frame.id))
    return put(store, find(store, frame.id), *children)._replace(people=people)


def halves(name: Id) -> tuple[Id, Id]:
    """A frame → the two that it is split into."""
    people, text, refusals, salt = name
    several = members(people)
    first, second = several[: len(several) // 2], several[len(several) // 2 :]
    return (mask_of(first), text, refusals + 1, salt), (mask_of(second), text, refusals + 1, salt)


def plan(store: Store, people: int, text: int, salt: int, world: World) -> tuple[Id, ...]:
    """An audience → the frames of whoever is free in it; what a dead run left planned is claimed if it holds."""
    released = world.holds(Rule.PLANNED_IS_RELEASED)
    free_people = people & ~held(_readable(store, world), planned=not released)
    claimed = []
    if world.holds(Rule.CLAIMS_AGAIN):
        for frame in store.frames:
            if frame.status == "planned" and frame.people & ~free_people == 0 and frame.id[1] == text:
                claimed.append(frame.id)
                free_people &= ~frame.people
    packed = [
        (leaf, text, max(store.people[person].refusals for person in members(leaf)), salt)
        for leaf in world.leaves(free_people)
    ]
    return tuple(sorted((*claimed, *packed)))


def record(store: Store, slot: int, planned: tuple[Id, ...], world: World) -> Store | None:
    """The run's one transaction: release, claim, add; None if somebody is in a frame already."""
    wanted = 0
    for name in planned:
        wanted |= name[0]
    kept = _readable(store, world).frames
    if world.holds(Rule.PLANNED_IS_RELEASED):
        kept = tuple(frame for frame in kept if frame.status != "planned")
    if world.holds(Rule.NOBODY_IN_TWO_FRAMES) and wanted & held(store._replace(frames=kept), planned=True):
        return None
    together = world.holds(Rule.RECORDED_TOGETHER)
    new = (Frame(id=name, status="planned", run=slot, placed=together) for name in planned)
    return store._replace(frames=tuple(sorted((*kept, *new))))


def place(store: Store, slot: int) -> Store:
    """Without rule 4: who is in a run's frames is written later."""
    return store._replace(
        frames=tuple(frame._replace(placed=True) if frame.run == slot else frame for frame in store.frames)
    )


def bury(store: Store, slot: int) -> Store:
    """A process is over: its frames are a dead run's."""
    return store._replace(
        frames=tuple(sorted(frame._replace(run=DEAD) if frame.run == slot else frame for frame in store.frames))
    )


def begin(frame: Frame, slip: int) -> Frame:
    """The planned → the sending one, its body stored; it is dated earlier by `slip`."""
    return frame._replace(status="sending", age=FRESH, body=True, slip=slip)


def _readable(store: Store, world: World) -> Store:
    """Without rule 7's second half, what a dead run left in sending counts as planned."""
    if world.holds(Rule.SENDING_IS_NOT):
        return store
    return store._replace(
        frames=tuple(
            frame._replace(status="planned") if frame.status == "sending" and frame.run == DEAD else frame
            for frame in store.frames
        )
    )
