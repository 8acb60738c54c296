"""An apply over a real state and the real HTTP gateway; only time is faked, so that backing off takes none."""

import secrets
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from octoplan.apply.events import Event, FrameDone, Stopped
from octoplan.apply.pace import Pace, Stop
from octoplan.apply.run import Applier, Recording, send, settle
from octoplan.apply.tower import Flight
from octoplan.frame import Frame, Origin, body, request_id
from octoplan.gateways.octopush import Octopush, Patience, credentials
from octoplan.project import Environment
from octoplan.state import database
from octoplan.state.home import State
from octoplan.state.interface import FORMAT, CampaignRecord, FrameRecord, NewCampaign, NewFrame, Status
from octoplan.state.keys import derive
from octoplan.state.sqlite import SqliteStore
from tests.apply.gateway import Asked, Judge, serve

NOW = datetime(2026, 11, 3, 10, 0, tzinfo=UTC)
LINEAGE = "0123456789abcdef"
KEYS = derive("correct horse battery staple", LINEAGE)
SETTINGS: Mapping[str, Any] = {"channel": "sms", "purpose": "alert", "metadata": {"type": "sms_premium"}}
EPOCH = 1


class FakeClock:
    """Time that passes only when somebody waits, or when a test says so."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._seconds = 0.0
        self.offset = timedelta()

    def now(self) -> datetime:
        return NOW + self.offset + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        with self._guard:
            return self._seconds

    def sleep(self, seconds: float) -> None:
        with self._guard:
            self._seconds += max(seconds, 0.0)


class FastStop(Stop):
    """Waiting takes no time; the clock goes on as if it had."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self._clock = clock

    def wait(self, seconds: float) -> bool:
        self._clock.sleep(seconds)
        return self.is_set


def person_of(number: int) -> int:
    return number << 64


def address_of(number: int) -> str:
    return f"+336000{number:05d}"


def make_frame(numbers: range, campaign: str = "autumn-sale", *, refusals: int = 0, text: str = "Hi") -> Frame:
    """People by number → the frame that holds them."""
    origin = Origin(key=KEYS.request, lineage=LINEAGE, campaign=campaign, edition=1)
    people = tuple(person_of(number) for number in numbers)
    content = KEYS.keyed_digest(text.encode())
    name = request_id(origin, content, refusals, people)
    recipients = [{"phone_number": address_of(number)} for number in numbers]
    made = body(SETTINGS, {"text": text}, recipients, name)
    return Frame(id=name, origin=origin, content=content, refusals=refusals, people=people, body=made)


def frames(count: int, campaign: str = "autumn-sale", *, first: int = 0) -> list[Frame]:
    """Make so many frames of three people each, numbered from `first`."""
    return [make_frame(range(first + 3 * n, first + 3 * n + 3), campaign) for n in range(count)]


@dataclass(slots=True, kw_only=True)
class Field:
    """A state and a gateway, and applies over them, one after the other, as processes would make them."""

    store: SqliteStore
    judge: Judge
    clock: FakeClock = field(default_factory=FakeClock)
    patience: Patience = field(default_factory=lambda: Patience(connect=5, read=5, write=5, overall=10))
    max_in_flight: int = 3
    per_second: float | None = None
    runs: int = 0
    stop: Stop = field(default_factory=Stop)

    def applier(self, *, adopt_duplicates: bool = False) -> Applier:
        """Make a new run."""
        self.runs += 1
        self.stop = FastStop(self.clock)
        url = self.judge.url
        return Applier(
            run=f"run-{self.runs}",
            environment=Environment(name="production", gateway=url, state="state.db", max_in_flight=self.max_in_flight),
            state=State(store=self.store, keys=KEYS, lineage=LINEAGE),
            epoch=EPOCH,
            gateway=Octopush(url, credentials(None, None, url), patience=self.patience),
            clock=self.clock,
            pace=Pace(self.per_second, self.clock),
            stop=self.stop,
            random=lambda: 0.5,
            random_bytes=secrets.token_bytes,
            adopt_duplicates=adopt_duplicates,
        )

    def send(self, *frames: Frame, not_after: datetime | None = None, adopt_duplicates: bool = False) -> list[Event]:
        """Record these frames and send them."""
        return list(send(self.applier(adopt_duplicates=adopt_duplicates), recording(frames, not_after)))

    def settle(self) -> list[Event]:
        """Settle what is open, as another run."""
        return list(settle(self.applier()))

    def statuses(self, campaign: str = "autumn-sale") -> dict[str, int]:
        return {str(status): count for status, count in self.store.counts(campaign, 1).items()}

    def frame(self, one: Frame) -> FrameRecord:
        return self.store.frame(one.id)

    def leave_open(self, one: Frame, *, not_after: datetime | None = None, action: str = "cut-before") -> None:
        """Send a frame six times without an answer, as a run that is over now."""
        script, self.judge.script = self.judge.script, lambda _: action
        self.send(one, not_after=not_after)
        self.judge.script = script
        assert self.frame(one).status is Status.SENDING

    def check(self) -> None:
        """Hold what is true after every run against the gateway's own record."""
        assert not [address for address, count in self.judge.messages.items() if count > 1], "somebody got it twice"
        sent = {one.id for one in self.store.frames(Status.SENT)}
        assert sent <= self.judge.accepted.keys() | _adopted(self.store), "sent without an acceptance"
        assert len(list(self.store.frames(Status.SENDING))) <= self.max_in_flight
        free = {
            one.person
            for batch in self.store.messages("autumn-sale", 1)
            for one in batch
            if one.status in (Status.FREE, Status.PLANNED)
        }
        reached = {person_of(int(address[-5:])) for address in self.judge.messages}
        assert not free & reached, "free to be sent to, but the gateway has accepted it"

    def watch(self, asked: Asked) -> None:
        """Whenever a first byte arrives, its intent is durable, and no more are open than may be."""
        reader = SqliteStore(self.store.path, writable=False)
        try:
            assert reader.frame(asked.id).status is Status.SENDING
            assert len(list(reader.frames(Status.SENDING))) <= self.max_in_flight
        finally:
            reader.close()


def _adopted(store: SqliteStore) -> set[str]:
    return {one.id for one in store.frames(Status.SENT) if "--adopt-duplicates" in one.why}


def recording(frames: tuple[Frame, ...], not_after: datetime | None = None) -> Recording:
    names = sorted({one.origin.campaign for one in frames})
    return Recording(
        recipients=sum(len(one.people) for one in frames),
        requests=len(frames),
        campaigns=tuple(_campaign([one for one in frames if one.origin.campaign == name], not_after) for name in names),
        flights=lambda: (Flight(frame=one, not_after=not_after) for one in frames),
    )


def _campaign(frames: list[Frame], not_after: datetime | None) -> NewCampaign:
    return NewCampaign(
        record=CampaignRecord(name=frames[0].origin.campaign, edition=1, channel="sms", definition={}, applied_at=NOW),
        not_after=not_after,
        frames=[
            NewFrame(
                number=n, id=one.id, size=len(one.people), content=one.content, refusals=one.refusals, opens=one.opens
            )
            for n, one in enumerate(frames)
        ],
        people=[sorted((person, n) for n, one in enumerate(frames) for person in one.people)],
    )


def done(events: list[Event]) -> list[str]:
    """How frames ended, in order."""
    return [event.status for event in events if isinstance(event, FrameDone)]


def stopped(events: list[Event]) -> list[tuple[str | None, str]]:
    return [(event.campaign, event.why) for event in events if isinstance(event, Stopped)]


@pytest.fixture
def judge() -> Iterator[Judge]:
    with serve() as served:
        yield served


@pytest.fixture
def ground(tmp_path: Path, judge: Judge) -> Iterator[Field]:
    """A Field, held against the gateway's record at the end of each test."""
    path = tmp_path / "state.db"
    meta = {"format": str(FORMAT), "lineage": LINEAGE, "serial": "1", "epoch": "1", "key_check": KEYS.check}
    database.create(path, meta)
    store = SqliteStore(path, writable=True)
    made = Field(store=store, judge=judge)
    judge.watch = made.watch
    yield made
    made.check()
    store.close()
