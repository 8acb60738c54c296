"""The machine: what people, time, networks and systems do to octoplan, in any order, one rule each."""

import shutil
import sys
import tempfile
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from octoplan.state.interface import Held, Status
from tests.machine.ends import GATE, MOMENTS, Killed, Process, die
from tests.machine.judging import Ground, judge, judge_unknown, restore
from tests.machine.short import FREE, Flags
from tests.machine.world import CAMPAIGN, DAY, FAULTS, START, Files, Message, World, address_of

PEOPLE = 14
NAMES = ("Ada", "Zoe")
ROUNDS = 60
PAUSE = timedelta(hours=2)
MEMORY = Path("/dev/shm")  # noqa: S108 - thousands of small files that need no disk; elsewhere they have one
FAULT_LISTS = st.lists(st.sampled_from(FAULTS), max_size=6)
_NUMBERS = st.integers(0, PEOPLE - 1)
_MOMENTS = st.sampled_from(MOMENTS)
_NTH = st.sampled_from((0, 0, 1))
_RARELY = st.sampled_from((False, False, False, True))
_MOSTLY = st.sampled_from((True, True, False))
_HOURS = st.sampled_from((0.6, 2.0, 12.0, 22.0, 23.5, 25.0))
_OFFSETS = st.sampled_from((-24.0, -12.0, -1.0, 0.0, 0.0, 0.07, 1.0, 12.0, 24.0))


class Road(Protocol):
    """How the machine's applies are made."""

    @property
    def ground(self) -> Ground:
        """Where the state is."""

    def apply(self, process: Process, flags: Flags) -> int:
        """Settle, plan and send; the exit code."""

    def resolve(self, frame: str, *, sent: bool) -> None:
        """A person's word on an unknown frame."""

    def unlock(self) -> None:
        """Somebody shuts out whoever holds the state."""

    def halt(self, campaign: str) -> None:
        """Somebody halts a campaign, blank for everything."""

    def resume(self) -> None:
        """Somebody lets everything go on."""

    def close(self) -> None:
        """Put back what was exchanged."""


class Machine(RuleBasedStateMachine):
    """One campaign and everything that may befall it. `tally` counts what really happened, over all examples."""

    world: World
    road: Road
    waits = 0
    """How often, in the end, an apply may find that it has to wait for a `PAUSE`."""

    def __init__(self, begin: Callable[[World, Path], Road], tally: Counter[str]) -> None:
        super().__init__()
        self._begin = begin
        self._tally = tally
        self._folder = Path(tempfile.mkdtemp(prefix="octoplan-machine-", dir=MEMORY if MEMORY.is_dir() else None))
        self._copies: list[tuple[bytes, int]] = []
        self._refusable: set[int] = set()
        self._ahead = timedelta()
        self._standing: Mapping[Message, Held] = {}
        self._is_touched = True

    @initialize(
        people=st.dictionaries(_NUMBERS, st.sampled_from(NAMES), min_size=2, max_size=6),
        size=st.integers(1, 4),
        places=st.integers(1, 3),
        hours=st.sampled_from((None, None, 3, 3, 30)),
        tells=_MOSTLY,
    )
    def begin(self, people: dict[int, str], size: int, places: int, hours: int | None, *, tells: bool) -> None:
        self.world = World(
            size=size,
            places=places,
            api_tells_time=tells,
            not_after=None if hours is None else START + timedelta(hours=hours),
            files=Files(people=people),
        )
        self.road = self._begin(self.world, self._folder)
        self.somebody_copies_the_state()

    @rule(faults=FAULT_LISTS, retry=_RARELY, adopt=_RARELY)
    def apply(self, faults: Sequence[str], *, retry: bool, adopt: bool) -> None:
        self._apply(Process(world=self.world), faults, Flags(retry_refused=retry, adopt_duplicates=adopt))

    @rule(hours=st.sampled_from((0.0, 0.0, 4.0, 12.0, 23.5)))
    def apply_in_peace(self, hours: float) -> None:
        self.world.pass_time(timedelta(hours=hours))
        self._apply(Process(world=self.world), ())

    @precondition(lambda self: self._has_work)
    @rule(faults=FAULT_LISTS, where=_MOMENTS, nth=_NTH, adopt=_RARELY)
    def apply_and_die(self, faults: Sequence[str], where: str, nth: int, *, adopt: bool) -> None:
        process = Process(world=self.world, where=where, nth=nth, then=die)
        self._apply(process, faults, Flags(adopt_duplicates=adopt))

    @precondition(lambda self: self._has_work)
    @rule(
        faults=FAULT_LISTS,
        where=_MOMENTS,
        nth=_NTH,
        hours=st.sampled_from((0.0, 0.0, 2.0, 25.0)),
        unlocks=_MOSTLY,
        another=_MOSTLY,
    )
    def apply_and_hang(
        self, faults: Sequence[str], where: str, nth: int, hours: float, *, unlocks: bool, another: bool
    ) -> None:
        """A process stands still; meanwhile time passes, somebody unlocks the state, another one applies."""

        def hang(process: Process, where: str) -> None:
            if where != GATE:  # no hour passes between asking whether a byte may leave and its leaving
                self.world.pass_time(timedelta(hours=hours))
            if unlocks:
                self.road.unlock()
                process.shut = True
            if another:
                code = self.road.apply(Process(world=self.world), Flags())
                assert unlocks or code == 6, f"a second applier ended with {code}"
            self.world.note(f"hung: {where}{', unlocked' * unlocks}{', another applied' * another}")

        self._apply(Process(world=self.world, where=where, nth=nth, then=hang), faults)

    def _apply(self, process: Process, faults: Sequence[str], flags: Flags | None = None) -> None:
        self._is_touched = True
        before = frozenset(self._frames(Status.UNKNOWN))
        self.world.faults = deque(faults)
        try:
            code = self._call(process, flags or Flags())
            self.world.note(f"ended with {code}")
        except Killed:
            assert process.dead
        finally:
            self.world.faults.clear()
            self.world.silent.clear()
        judge_unknown(before, self.road.ground, self.world)

    def _call(self, process: Process, flags: Flags) -> int:
        return self.road.apply(process, flags)

    @rule(joining=st.dictionaries(_NUMBERS, st.sampled_from(NAMES), min_size=1, max_size=4))
    def people_join(self, joining: dict[int, str]) -> None:
        self.world.files.people = joining | self.world.files.people

    @rule(numbers=st.sets(_NUMBERS, max_size=3), leave=st.booleans())
    def people_leave_or_change(self, numbers: set[int], *, leave: bool) -> None:
        people = self.world.files.people
        for number in sorted(numbers & people.keys()):
            if leave:
                del people[number]
            else:
                people[number] = NAMES[people[number] == NAMES[0]]

    @rule(words=st.integers(0, 2), raised=st.sampled_from((0, 0, 1, 1, 1, -1)))
    def campaign_is_edited(self, words: int, raised: int) -> None:
        self.world.files.words = words
        self.world.files.edition = max(1, self.world.files.edition + raised)

    @rule(numbers=st.sets(_NUMBERS, max_size=3), forbidden=st.sets(st.integers(0, 2), max_size=1))
    def other_things_are_refused(self, numbers: set[int], forbidden: set[int]) -> None:
        self.world.bad = numbers
        self._refusable |= numbers
        self.world.forbidden = forbidden

    @rule(hours=_HOURS, arrives=st.booleans())
    def time_passes(self, hours: float, *, arrives: bool) -> None:
        self._is_touched = bool(self.world.late)
        self.world.pass_time(timedelta(hours=hours), arrives=arrives)

    @rule(hours=_OFFSETS)
    def clock_jumps(self, hours: float) -> None:
        self.world.offset = timedelta(hours=hours)
        self._ahead = max(self._ahead, self.world.offset)

    @rule()
    def somebody_copies_the_state(self) -> None:
        self._copies = [*self._copies[-1:], (self.road.ground.path.read_bytes(), len(self.world.journal))]

    @rule(which=st.integers(0, 1))
    def copy_takes_the_states_place(self, which: int) -> None:
        copy, since = self._copies[which % len(self._copies)]
        restore(self.road.ground, self.world, copy, since)
        self._is_touched = True

    @rule()
    def somebody_resolves(self) -> None:
        self._resolve_all()

    @invariant()
    def promises_are_kept(self) -> None:
        if self._is_touched:
            self._standing = judge(self.road.ground, self.world)
            self._is_touched = False

    @property
    def _has_work(self) -> bool:
        """Whether an apply would find something: somebody who is free, or a frame that is open."""
        edition = self.world.files.edition
        held = [self._standing.get((edition, address_of(number))) for number in self.world.files.people]
        is_open = any(one.status is Status.SENDING for one in self._standing.values())
        return is_open or any(one is None or one.status in FREE for one in held)

    def teardown(self) -> None:
        """Mend the world and apply until done, unless the machine broke already."""
        try:
            if sys.exc_info()[0] is None and hasattr(self, "road"):
                self._finish()
        finally:
            if hasattr(self, "road"):
                self.road.close()
                self.world.storage.close()
                self._tally.update(self.world.happened)
            shutil.rmtree(self._folder, ignore_errors=True)

    def _frames(self, *status: Status) -> list[str]:
        with self.road.ground.look() as state:
            return [frame.id for frame in state.store.frames(*status)]

    def _resolve_all(self) -> int:
        """A person asks the record and says what is the case; of how many frames."""
        resolved = 0
        for frame in self._frames(Status.UNKNOWN):
            sent = frame in self.world.accepted
            if sent or frame not in self.world.late_ids:
                self.road.resolve(frame, sent=sent)
                self.world.note(f"resolved: {'sent' if sent else 'not sent'}")
                resolved += 1
                self._is_touched = True
                if not sent:
                    self.world.journal.append(("refused", None))
        return resolved

    def _finish(self) -> None:
        world = self.world
        world.offset = timedelta()
        world.forbidden.clear()
        with self.road.ground.look() as state:
            for record in state.store.campaigns():
                world.files.edition = record.edition if record.name == CAMPAIGN else world.files.edition
        idle = 0
        for _ in range(ROUNDS):
            world.settle_late(arrives=True)
            begun = world.happened["made: Begin"]
            self._apply(Process(world=world), ())
            judge(self.road.ground, world)
            if self._frames(Status.SENDING):
                world.pass_time(DAY)
            elif self._resolve_all() or world.happened["made: Begin"] != begun:
                idle = 0
            elif (idle := idle + 1) > self.waits:
                break
            else:
                world.pass_time(PAUSE)
        else:
            raise AssertionError(f"not done after {ROUNDS} applies in a world that works")
        judge(self.road.ground, world)
        self._judge_the_end()

    def _is_left_out(self, number: int) -> bool:  # noqa: ARG002 - for machines that leave out somebody
        """Whether somebody of the audience is to get nothing."""
        return False

    def _judge_the_end(self) -> None:
        """Everybody of the present audience has exactly one, or is refused, or the campaign is closed."""
        world, ground = self.world, self.road.ground
        with ground.look() as state:
            standing = ground.standing(state)
        record = world.record()
        for number in world.files.people:
            message = (world.files.edition, address_of(number))
            if self._is_left_out(number):
                assert not record[message], f"{message} was to get nothing"
                continue
            held = standing.get(message)
            status = held.status if held else None
            if status is Status.SENT:
                assert record[message] == 1 or message in world.spoiled, f"{message} got it {record[message]} times"
            elif status is Status.REFUSED:
                assert number in self._refusable, f"{message} is refused for no fault of theirs"
            else:
                assert world.is_closed, f"{message} was left out: {status}"
            world.note(f"at the end: {status or 'nobody'}")
