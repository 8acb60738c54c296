"""What must be true after every step: the state's own rules, and the state held against the sandbox's record."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from octoplan.state.checking import check
from octoplan.state.home import State
from octoplan.state.interface import OLDEST, FrameRecord, Held, Status
from octoplan.state.keys import Keys
from octoplan.state.sqlite import SqliteStore
from octoplan.table.keys import person_key
from tests.machine.world import CAMPAIGN, SECOND, Message, World, address_of

NUMBERS = range(20)
_ENDED = frozenset({Status.SENT, Status.UNKNOWN})
_HAD = frozenset({Status.SENDING, Status.SENT, Status.UNKNOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Where the state is, and what opens it. `campaigns`: the names of all of them."""

    path: Path
    keys: Keys
    lineage: str
    campaigns: tuple[str, ...] = (CAMPAIGN,)
    addresses: Mapping[int, str] = field(init=False)

    def __post_init__(self) -> None:
        known = {person_key(self.keys.person, address_of(number)): address_of(number) for number in NUMBERS}
        object.__setattr__(self, "addresses", known)

    @contextmanager
    def look(self) -> Iterator[State]:
        """The state, to be read by nobody's process."""
        with closing(SqliteStore(self.path, writable=False)) as store:
            yield State(store=store, keys=self.keys, lineage=self.lineage)

    def standing(self, state: State) -> dict[Message, Held]:
        """What the state holds of each person, in every edition."""
        return {
            (edition + SECOND * index, self.addresses[held.person]): held
            for index, name in enumerate(self.campaigns)
            for edition in state.store.editions(name)
            for batch in state.store.messages(name, edition)
            for held in batch
        }


def judge(ground: Ground, world: World) -> dict[Message, Held]:
    """The state and the sandbox's record → what the state holds; AssertionError where they break a promise."""
    with ground.look() as state:
        found = check(state, world.places)
        standing = ground.standing(state)
    assert not found.broken, f"state check: {found.broken}"
    record = world.record()
    twice = [message for message, count in record.items() if count > 1 and message not in world.spoiled]
    assert not twice, f"accepted twice: {twice}"
    sent = {message for message, held in standing.items() if held.status is Status.SENT}
    assert sent <= record.keys(), f"recorded as sent without an acceptance: {sent - record.keys()}"
    had = {message for message, held in standing.items() if held.status in _HAD}
    waiting = world.on_the_way()
    for message in [one for one in world.missed if _is_known(standing.get(one), world, _ENDED)]:
        if message not in waiting:
            del world.missed[message]
    free = (record.keys() | waiting) - had - world.missed.keys() - world.spoiled
    assert not free, f"free or refused, though an acceptance exists or may: {free}"
    return standing


def _is_known(held: Held | None, world: World, statuses: frozenset[Status]) -> bool:
    """Whether the state holds somebody who was accepted, in the very frame that was.

    A frame that is begun anew after a restore is not known to be in doubt: its people stay missed until it ends.
    """
    return held is not None and held.status in statuses and held.frame in world.accepted | world.late_ids


def judge_unknown(before: frozenset[str], ground: Ground, world: World) -> None:
    """Frames that became unknown in a run had a reason; AssertionError where one had none."""
    with ground.look() as state:
        new = [frame for frame in state.store.frames(Status.UNKNOWN) if frame.id not in before]
    for frame in new:
        assert _has_reason(frame, world), f"unknown without a cause: {frame.why}"
        world.note(f"unknown: {frame.why.partition(':')[0]}")


def _has_reason(frame: FrameRecord, world: World) -> bool:
    assert frame.first_attempt is not None
    is_over = frame.not_after is not None and world.local > frame.not_after
    return is_over or world.local - frame.first_attempt >= OLDEST or frame.id in world.accepted


def restore(ground: Ground, world: World, copy: bytes, since: int) -> None:
    """A copy takes the state's place; the world notes what the copy knows nothing of."""
    for end in ("-wal", "-shm"):
        ground.path.with_name(f"{ground.path.name}{end}").unlink(missing_ok=True)
    ground.path.write_bytes(copy)
    world.journal.append(("restored", copy))
    with ground.look() as state:
        standing = ground.standing(state)
    for message in world.record().keys() | world.on_the_way():
        if not _is_known(standing.get(message), world, _HAD):
            world.missed[message] = min(world.missed.get(message, since), since)
            world.note("restored: a message is missed")
