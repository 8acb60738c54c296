"""The ends of octoplan in these tests: a store and a wire where a process may die or stand still, a clock, one thread.

Everything between them is the package's own code.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from octoplan.apply.events import Event, Stopped
from octoplan.apply.flight import fly
from octoplan.apply.pace import Stop
from octoplan.apply.tower import Flight, Tower
from octoplan.cli.console import SystemClock
from octoplan.gateways import wire
from octoplan.gateways.interface import Gateway
from octoplan.sandbox.exchange import Request, http_date
from octoplan.state.interface import OLDEST, Change, FrameRecord, NewCampaign, Refused, RunRecord, Split, Status
from octoplan.state.sqlite import SqliteStore
from tests.machine.world import START, World

if TYPE_CHECKING:
    import queue

GATE = "the first byte is allowed"
LEFT = "the request has left"
_CHANGES = ("Begin", "Again", "Sent", "Open", "Refused", "Split", "Unknown")
MOMENTS = (
    *("before the plan is recorded", "after the plan is recorded", "before the run ends", "after Begin", "before Sent"),
    *(f"{when} {change}" for change in _CHANGES for when in ("before", "after")),
    *((GATE, LEFT) * 4),
)
"""Where a process may die or stand still."""


class Killed(BaseException):
    """The process is gone: nothing catches this, and nothing that runs after it may write or send."""


@dataclass(slots=True, kw_only=True, eq=False)
class Process:
    """One call of octoplan. At the `nth` moment of the name `where` it does `then`, such as dying.

    `order`: what its plan follows from. `shut`: somebody unlocked the state meanwhile.
    """

    world: World
    where: str = ""
    nth: int = 0
    then: Callable[["Process", str], None] = lambda _, __: None
    order: Any = None
    dead: bool = False
    shut: bool = False
    store: "WatchedStore | None" = None

    def moment(self, name: str) -> None:
        """One of the moments at which something may happen to a process."""
        self.breathe()
        if name != self.where:
            return
        self.nth -= 1
        if self.nth < 0:
            self.where = ""
            self.then(self, name)

    def breathe(self) -> None:
        """Nothing is done by the dead."""
        if self.dead:
            raise Killed


def die(process: Process, moment: str) -> None:
    """The process is killed."""
    store = process.store
    is_open = store is not None and any(True for _ in store.frames(Status.SENDING))
    process.world.note(f"killed: {moment}{', a frame is open' if is_open else ''}")
    process.dead = True
    raise Killed


WAVE_AFTER: Final = {2: timedelta(hours=1), 3: timedelta(hours=2)}
"""How long after the wave before is over those of `waving` begin."""


class WatchedStore(SqliteStore):
    """The store of a process; the world hears of what a copy of the state would not know."""

    def __init__(self, process: Process, path: Path, *, writable: bool) -> None:
        self._process = process
        super().__init__(path, writable=writable)
        if self._writer is not None:
            # A death of the process loses nothing that the system was told; a loss of power is another test's subject.
            self._writer.execute("PRAGMA synchronous = OFF")
            process.store = self

    def record(self, run: RunRecord, epoch: int, campaigns: Sequence[NewCampaign]) -> None:
        self._process.moment("before the plan is recorded")
        super().record(run, epoch, campaigns)
        self._process.world.journal.append(("recorded", self._process.order))
        self._process.moment("after the plan is recorded")

    def commit(self, epoch: int, changes: Sequence[Change]) -> tuple[bool, ...]:
        names = "+".join(type(change).__name__ for change in changes)
        self._process.moment(f"before {names}")
        made = super().commit(epoch, changes)
        for change, done in zip(changes, made, strict=True):
            if done:
                self._process.world.note(f"made: {type(change).__name__}")
            if done and isinstance(change, Refused | Split):
                self._process.world.journal.append(("refused", None))
        self._process.moment(f"after {names}")
        return made

    def end(self, run: str, epoch: int, at: datetime) -> None:
        self._process.moment("before the run ends")
        super().end(run, epoch, at)

    def _read(self, sql: str, *values: Any) -> Any:
        self._process.breathe()
        return super()._read(sql, *values)


class Wire:
    """A process's way to the sandbox. What leaves is looked at first: it must be allowed, and its intent durable."""

    def __init__(self, process: Process) -> None:
        self._process = process

    def ask(self, request: wire.Request, may_leave: Callable[[], bool], patience: wire.Patience) -> wire.Answer | None:  # noqa: ARG002
        """Let a request leave, if its first byte may."""
        process, world = self._process, self._process.world
        if not may_leave():
            return None
        process.breathe()
        if request.method == "HEAD":
            return _answer(204, b"", {"date": http_date(world.truth)} if world.api_tells_time else {})
        received = Request(method=request.method, path=request.target, headers=dict(request.headers), body=request.body)
        if b"request_id" not in received.body:
            return _answer(*_plainly(world, received))
        copy = world.read(received, younger=self._allowed(received))
        process.moment(GATE)
        answer = world.exchange(copy)
        process.moment(LEFT)
        if answer is None:
            raise wire.WireError("connection lost")
        return _answer(*answer)

    def _allowed(self, request: Request) -> bool:
        """A request of a frame about to leave; whether the frame looks younger than it is."""
        process, world = self._process, self._process.world
        assert not process.shut, "a process that was shut out sends something more"
        assert process.store is not None
        name = request.body.partition(b'"request_id":"')[2][:32].decode()
        frame = process.store.frame(name)
        assert frame.status is Status.SENDING, f"a first byte leaves of a frame that is {frame.status}"
        assert frame.first_attempt is not None
        age = world.local - frame.first_attempt
        assert age < OLDEST, "a frame is sent again after 23 hours"
        assert frame.not_after is None or world.local <= frame.not_after, "something leaves after not_after"
        assert world.is_open(world.local), "something leaves outside of its window"
        if frame.wave > 1:
            _check_wave(process.store, frame, world)
        return age < world.truth - world.left_at.get(name, world.truth)


def _check_wave(store: SqliteStore, frame: FrameRecord, world: World) -> None:
    """A frame of a later wave is about to leave: those before are over, and so long ago as the campaign says."""
    same = [one for one in store.frames(campaign=frame.campaign) if one.edition == frame.edition]
    before = [one for one in same if 0 < one.wave < frame.wave]
    under_way = [one for one in before if one.status in (Status.SENDING, Status.PLANNED)]
    assert not under_way, "a wave begins before the one before is over"
    ended = max((one.last_change for one in before if one.last_change is not None), default=None)
    after = WAVE_AFTER[frame.wave]
    assert frame.attempts > 1 or ended is None or world.local >= ended + after, "a wave begins before its time"
    world.note(f"left: a frame of wave {frame.wave}")


def _plainly(world: World, request: Request) -> tuple[int, bytes]:
    answer = world.sandbox.answer(request)
    return answer.status, answer.body


def _answer(status: int, body: bytes, headers: Mapping[str, str] = MappingProxyType({})) -> wire.Answer:
    return wire.Answer(status=status, headers=headers, body=body)


class LocalClock(SystemClock):
    """The clock of the machine that octoplan runs on."""

    def __init__(self, world: World) -> None:
        self._world = world

    def now(self) -> datetime:
        return self._world.local

    def monotonic(self) -> float:
        return (self._world.truth - START).total_seconds()


class NoWaiting(Stop):
    """Waiting takes no time of ours, and all the time of theirs."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def wait(self, seconds: float) -> bool:
        self._world.truth += timedelta(seconds=max(seconds, 0.0))
        return self.is_set


class OneAfterAnother:
    """Lanes of which one flies at a time, in the order of the flights: one of the orders that threads may take."""

    def __init__(self, count: int, gateway: Gateway, tower: Tower, told: "queue.SimpleQueue[Event]") -> None:
        self._count = count
        self._gateway = gateway
        self._tower = tower
        self._told = told

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Nothing is left in flight."""

    def run(self, flights: Iterable[Flight]) -> Iterator[Event]:
        """Fly them all, or until no lane is left."""
        with closing(self._gateway.connect()) as connection:
            for flight in flights:
                if self._tower.stop.is_set:
                    break
                if not self._count:
                    yield Stopped(why="open frames take every place in flight")
                    break
                if not self._tower.stop.holds(flight.frame.origin.campaign):
                    self._count -= not fly(flight, connection, self._tower)
                while not self._told.empty():
                    yield self._told.get()
