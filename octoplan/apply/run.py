"""`settle` what is open, `send` a plan: the only code that sends. Both yield events."""

import queue
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from octoplan.apply.events import Event, FrameDone, Settling, Started, Stopped
from octoplan.apply.flight import Flight, Tower
from octoplan.apply.lanes import Lanes
from octoplan.apply.ledger import Ledger
from octoplan.apply.pace import Clock, Pace, Stop
from octoplan.frame import Frame, Origin
from octoplan.gateways.interface import Gateway
from octoplan.project import Environment
from octoplan.state.home import State
from octoplan.state.interface import Again, BodyLost, FrameRecord, NewCampaign, RunRecord, Status, Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Applier:
    """Everything an apply works with: the locked state, the gateway, time, chance, and how to be stopped."""

    run: str
    environment: Environment
    state: State
    epoch: int
    gateway: Gateway
    clock: Clock
    stop: Stop
    random: Callable[[], float]
    random_bytes: Callable[[int], bytes] = field(repr=False)
    adopt_duplicates: bool = False

    @property
    def open_frames(self) -> tuple[FrameRecord, ...]:
        """Frames without an outcome, each of which keeps a place in flight."""
        return tuple(self.state.store.frames(Status.SENDING))


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What a run will send: counts for its record, campaigns for the state, frames for the gateway, streamed."""

    recipients: int
    requests: int
    campaigns: tuple[NewCampaign, ...]
    flights: Callable[[], Iterable[Flight]]


def settle(applier: Applier) -> Iterator[Event]:
    """What earlier runs left in `sending` → replayed with the same id and bytes, or unknown."""
    left = applier.open_frames
    if not left:
        return
    yield Settling(frames=len(left))
    flights: list[Flight] = []
    for record in left:
        try:
            flights.append(_resumed(applier, record))
        except BodyLost as lost:
            yield _give_up(applier, record, lost.what)
    yield from _fly(applier, flights, lanes=applier.environment.max_in_flight)


def send(applier: Applier, recording: Recording) -> Iterator[Event]:
    """A plan's recording → recorded as planned in one transaction, then sent frame by frame."""
    store = applier.state.store
    if applier.stop.is_set or not recording.requests:
        return
    run = RunRecord(
        id=applier.run,
        environment=applier.environment.name,
        started_at=applier.clock.now(),
        ended_at=None,
        recipients=recording.recipients,
        requests=recording.requests,
    )
    store.record(run, applier.epoch, recording.campaigns)
    yield Started(run=run.id, recipients=run.recipients, requests=run.requests)
    free = applier.environment.max_in_flight - len(applier.open_frames)
    if free > 0:
        yield from _fly(applier, recording.flights(), lanes=free)
    else:
        taken = len(applier.open_frames)
        yield Stopped(why=f"every place in flight is taken by frames that are still open ({taken})")
    store.end(run.id, applier.epoch, applier.clock.now())


def _fly(applier: Applier, flights: Iterable[Flight], *, lanes: int) -> Iterator[Event]:
    told: queue.SimpleQueue[Event] = queue.SimpleQueue()
    with Ledger(applier.state.store, applier.epoch) as ledger:
        tower = Tower(
            run=applier.run,
            ledger=ledger,
            keys=applier.state.keys,
            clock=applier.clock,
            pace=Pace(applier.environment.requests_per_second, applier.clock),
            stop=applier.stop,
            tell=told.put,
            random=applier.random,
            random_bytes=applier.random_bytes,
            adopt_duplicates=applier.adopt_duplicates,
            abort_after=applier.environment.abort_after,
        )
        with Lanes(lanes, applier.gateway, tower, told) as open_lanes:
            yield from open_lanes.run(flights)
    yield from (Stopped(why=why) for why in applier.stop.reasons)


def _resumed(applier: Applier, record: FrameRecord) -> Flight:
    """A frame that a dead run left in `sending` → its flight: same id, same bytes, and by that alone in doubt."""
    store, keys = applier.state.store, applier.state.keys
    sealed = store.body(record.id)
    frame = Frame(
        id=record.id,
        origin=Origin(
            key=keys.request, lineage=applier.state.lineage, campaign=record.campaign, edition=record.edition
        ),
        content=record.content,
        refusals=record.refusals,
        people=store.people(record.id),
        body=keys.unseal(record.id, sealed),
    )
    return Flight(
        frame=frame,
        not_after=record.not_after,
        first_attempt=_first_attempt(record),
        doubt=True,
        held_by=record.run,
        last_change=record.last_change,
    )


def _give_up(applier: Applier, record: FrameRecord, why: str) -> FrameDone:
    """An open frame that cannot be sent again as it was → unknown: a person decides."""
    run, now = applier.run, applier.clock.now()
    taken = Again(frame=record.id, run=run, at=now, held_by=record.run)
    applier.state.store.commit(applier.epoch, [taken, Unknown(frame=record.id, run=run, at=now, why=why)])
    return FrameDone(campaign=record.campaign, frame=record.id, status=Status.UNKNOWN, recipients=record.size, why=why)


def _first_attempt(record: FrameRecord) -> datetime:
    if record.first_attempt is None:
        msg = f"frame {record.id} is sending without a first attempt"
        raise AssertionError(msg)
    return record.first_attempt
