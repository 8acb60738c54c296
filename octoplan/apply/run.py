"""`settle` what is open, `send` a plan: the only code that sends. Both yield events."""

import queue
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from types import MappingProxyType

from octoplan.apply import windows
from octoplan.apply.age import Clocks, doubt, dump, load
from octoplan.apply.dates import Dates
from octoplan.apply.events import Event, FrameDone, Settling, Started, Stopped, Waiting
from octoplan.apply.flight import may_send
from octoplan.apply.gone import Gone
from octoplan.apply.lanes import Lanes
from octoplan.apply.ledger import Ledger
from octoplan.apply.overrun import Tally
from octoplan.apply.pace import Clock, Pace, Stop, Streak
from octoplan.apply.tower import SHUT_OUT, Flight, Tower
from octoplan.apply.verdict import Proof
from octoplan.apply.witness import Nobody, Witness
from octoplan.frame import Frame, Origin
from octoplan.gateways.interface import Gateway
from octoplan.pipeline.remembered import Change
from octoplan.plan import Step
from octoplan.project import Environment
from octoplan.state.halts import halt_of
from octoplan.state.home import State
from octoplan.state.interface import Again, BodyLost, FrameRecord, NewCampaign, Open, RunRecord, Status, Unknown
from octoplan.state.records import is_own

_CLOCKS = "clocks"
"""Under which name the state keeps what the clocks said when nothing was open."""


def _obeys_stop(purpose: str) -> bool:
    return purpose == "wholesale"


@dataclass(frozen=True, slots=True, kw_only=True)
class Applier:
    """Everything an apply works with: the locked state, the gateway, time, chance, and how to be stopped.

    `obeys_stop`: a campaign's purpose → whether a STOP counts for it. `pace`, `gone` and `streak` go on from what is
    settled to what is sent, over all campaigns, waves and seeds.
    """

    run: str
    environment: Environment
    state: State
    epoch: int
    gateway: Gateway
    clock: Clock
    pace: Pace
    stop: Stop
    random: Callable[[], float]
    random_bytes: Callable[[int], bytes] = field(repr=False)
    adopt_duplicates: bool = False
    obeys_stop: Callable[[str], bool] = field(default=_obeys_stop)
    witness: Witness = field(default_factory=Nobody)
    gone: Gone = field(default_factory=Gone)
    streak: Streak = field(default_factory=Streak)

    @property
    def open_frames(self) -> tuple[FrameRecord, ...]:
        """Frames without an outcome, each of which keeps a place in flight."""
        return tuple(self.state.store.frames(Status.SENDING))

    @property
    def planned(self) -> tuple[FrameRecord, ...]:
        """What this run recorded and did not begin."""
        return tuple(frame for frame in self.state.store.frames(Status.PLANNED) if frame.run == self.run)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What a run will send: counts for its record, campaigns for the state, frames for the gateway, streamed.

    `notes`: what the state says of itself from now on, by name. `later`: what may follow, decided when it is asked for,
    once all before has come to its end; `waiting`: what is left then, and why.
    `suppressed`: lists of suppressions that are not what they were.
    """

    recipients: int
    requests: int
    campaigns: tuple[NewCampaign, ...]
    flights: Callable[[], Iterable[Flight]]
    suppressed: tuple[Change, ...] = ()
    notes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    later: Callable[[], Iterable[Iterable[Flight]]] = tuple
    waiting: Callable[[], Iterable[Event]] = tuple


def settle(applier: Applier) -> Iterator[Event]:
    """What earlier runs left in `sending` → replayed with the same id and bytes, or unknown."""
    left = applier.open_frames
    if not left:
        return
    yield Settling(frames=len(left))
    then, now = load(applier.state.store.meta().get(_CLOCKS)), clocks(applier)
    halts = applier.state.store.halts()
    flights: list[Flight] = []
    purposes = {one.name: one.definition.get("settings", {}).get("purpose") for one in applier.state.store.campaigns()}
    for record in left:
        try:
            flight = _resumed(applier, record, purposes.get(record.campaign) or "wholesale")
        except BodyLost as lost:
            yield _give_up(applier, record, lost.what)
            continue
        halted = halt_of(halts, record.campaign)
        unsure = doubt(_first_attempt(record), then, now)
        if halted is not None:
            applier.stop.halted = True
            yield _hold(applier, record, halted.said)
        elif unsure and not _is_past(record.not_after, now.local):
            yield _hold(applier, record, unsure)
        elif (outside := may_send(flight, now)) and outside.proof is Proof.OPEN:
            yield _hold(applier, record, outside.why)
        else:
            flights.append(flight)
    yield from _fly(applier, flights, _dates(applier, then, now), Tally(), lanes=applier.environment.max_in_flight)


def send(applier: Applier, recording: Recording) -> Iterator[Event]:
    """A plan's recording → recorded as planned in one transaction, then sent frame by frame."""
    store = applier.state.store
    if applier.stop.is_set or not recording.campaigns:
        return
    run = RunRecord(
        id=applier.run,
        environment=applier.environment.name,
        started_at=applier.clock.now(),
        ended_at=None,
        recipients=recording.recipients,
        requests=recording.requests,
    )
    now = clocks(applier)
    then: Clocks | None = now
    if applier.open_frames:  # what clocks said before one was begun must stay known
        then = load(store.meta().get(_CLOCKS))
    else:
        store.note(applier.epoch, _CLOCKS, dump(now))
    dates = _dates(applier, then, now)
    store.record(run, applier.epoch, recording.campaigns)
    for change in recording.suppressed:
        store.remember(applier.epoch, change.entry, change.left(), change.joined())
    for name, value in recording.notes.items():
        store.note(applier.epoch, name, value)
    applier.witness.know([campaign.record for campaign in recording.campaigns])
    if not recording.requests:  # only who is left out was written down
        store.end(run.id, applier.epoch, applier.clock.now())
        return
    yield Started(run=run.id, recipients=run.recipients, requests=run.requests)
    yield from _board(applier, recording, dates)
    store.end(run.id, applier.epoch, applier.clock.now())


def waiting(applier: Applier, steps: Iterable[Step], told: Sequence[Event]) -> Iterator[Stopped | Waiting]:
    """A plan's steps, and what its run told → who was not sent to since they may not be yet, or not any more.

    Clocks are asked once more where that hangs on the hour.
    """
    planned = applier.planned
    now = clocks(applier) if any(frame.opens for frame in planned) else Clocks(local=applier.clock.now())
    yield from windows.waiting(steps, planned, told, now)


def _board(applier: Applier, recording: Recording, dates: Dates) -> Iterator[Event]:
    """Fly what is due, then what may follow it, as long as there is a place in flight and nothing stops the run."""
    tally = Tally()
    for flights in chain([recording.flights()], recording.later()):
        taken = len(applier.open_frames)
        if taken >= applier.environment.max_in_flight:
            yield Stopped(why=f"every place in flight is taken by frames that are still open ({taken})")
            return
        yield from _fly(applier, flights, dates, tally, lanes=applier.environment.max_in_flight - taken)
        if applier.stop.is_set:
            return
    yield from recording.waiting()


def clocks(applier: Applier) -> Clocks:
    """Ask this machine, the API and the database what time it is, which may take seconds."""
    return Clocks(local=applier.clock.now(), api=applier.gateway.clock(), store=applier.state.store.now())


def _dates(applier: Applier, then: Clocks | None, now: Clocks) -> Dates:
    return Dates.of(applier.clock, lambda: clocks(applier), then, now)


def _fly(applier: Applier, flights: Iterable[Flight], dates: Dates, tally: Tally, *, lanes: int) -> Iterator[Event]:
    told: queue.SimpleQueue[Event] = queue.SimpleQueue()
    with Ledger(applier.state.store, applier.epoch) as ledger:
        tower = Tower(
            run=applier.run,
            ledger=ledger,
            keys=applier.state.keys,
            clock=applier.clock,
            pace=applier.pace,
            dates=dates,
            stop=applier.stop,
            tell=told.put,
            random=applier.random,
            random_bytes=applier.random_bytes,
            adopt_duplicates=applier.adopt_duplicates,
            abort_after=applier.environment.abort_after,
            witness=applier.witness,
            gone=applier.gone,
            streak=applier.streak,
            tally=tally,
        )
        with Lanes(lanes, applier.gateway, tower, told) as open_lanes:
            yield from open_lanes.run(flights)
    yield from (Stopped(why=why) for why in applier.stop.reasons)


def _resumed(applier: Applier, record: FrameRecord, purpose: str) -> Flight:
    """A frame that a dead run left in `sending` → its flight: same id, same bytes, and by that alone in doubt."""
    store, keys = applier.state.store, applier.state.keys
    return Flight(
        frame=_frame(applier, record, keys.unseal(record.id, store.body(record.id))),
        not_after=record.not_after,
        first_attempt=_first_attempt(record),
        doubt=True,
        held_by=record.run,
        last_change=record.last_change,
        heard=0 if applier.obeys_stop(purpose) and not is_own(record.campaign) else None,
    )


def _frame(applier: Applier, record: FrameRecord, body: bytes) -> Frame:
    """A frame as the state has it, and its bytes, none where they are lost → the Frame."""
    key, lineage = applier.state.keys.request, applier.state.lineage
    return Frame(
        id=record.id,
        origin=Origin(key=key, lineage=lineage, campaign=record.campaign, edition=record.edition),
        content=record.content,
        refusals=record.refusals,
        people=applier.state.store.people(record.id),
        body=body,
        opens=record.opens,
        wave=record.wave,
        arm=record.arm,
        due=record.due,
    )


def _give_up(applier: Applier, record: FrameRecord, why: str) -> FrameDone:
    """An open frame that cannot be sent again as it was → unknown: a person decides."""
    run, now = applier.run, applier.clock.now()
    taken = Again(frame=record.id, run=run, at=now, held_by=record.run)
    given_up = Unknown(frame=record.id, run=run, at=now, why=why)
    if not all(applier.state.store.commit(applier.epoch, [taken, given_up])):
        return _left(applier, record)
    applier.witness.note(_frame(applier, record, b""), given_up)
    return FrameDone(campaign=record.campaign, frame=record.id, status=Status.UNKNOWN, recipients=record.size, why=why)


def _hold(applier: Applier, record: FrameRecord, why: str) -> FrameDone:
    """An open frame whose age nobody can tell stays open; a clock that may lie does not date its last change."""
    at = record.last_change or _first_attempt(record)
    if not all(applier.state.store.commit(applier.epoch, [Open(frame=record.id, run=record.run, at=at, why=why)])):
        return _left(applier, record)
    return FrameDone(campaign=record.campaign, frame=record.id, status="open", recipients=record.size, why=why)


def _left(applier: Applier, record: FrameRecord) -> FrameDone:
    """An open frame of a state that was unlocked meanwhile: whoever holds it now sees to it."""
    applier.stop.run(SHUT_OUT)
    return FrameDone(campaign=record.campaign, frame=record.id, status="open", recipients=record.size, why=SHUT_OUT)


def _is_past(not_after: datetime | None, now: datetime) -> bool:
    return not_after is not None and now > not_after


def _first_attempt(record: FrameRecord) -> datetime:
    if record.first_attempt is None:
        msg = f"frame {record.id} is sending without a first attempt"
        raise AssertionError(msg)
    return record.first_attempt
