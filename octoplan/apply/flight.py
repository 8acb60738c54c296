"""One frame through its life: intent durable, request, outcome durable, again if there was no answer."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from octoplan.apply.age import SLACK
from octoplan.apply.dates import Dates
from octoplan.apply.events import Event, FrameDone, Retrying, Stopped
from octoplan.apply.ledger import Ledger
from octoplan.apply.overrun import NOTHING_KNOWN, Expected, Tally
from octoplan.apply.pace import Clock, Pace, Stop, Streak
from octoplan.apply.search import Search
from octoplan.apply.verdict import Halt, Proof, Verdict, judge
from octoplan.apply.witness import Nobody, Witness
from octoplan.frame import Frame
from octoplan.gateways.interface import Accepted, Connection, Outcome, Refused, Unanswered
from octoplan.state import interface as state
from octoplan.state.keys import Keys

ATTEMPTS: Final = 6
LONGEST: Final = 600.0
SHUT_OUT: Final = "this run was shut out: the state was unlocked by somebody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """A frame on its way. `first_attempt`: None while nothing of it was ever sent; `doubt`: an acceptance may exist.

    `held_by`: the dead run that has it, None: nobody yet, or the present run. `last_change`: when the state last heard
    of it, which no honest clock runs behind. `expected`: what the plan says of it.
    """

    frame: Frame
    not_after: datetime | None = None
    first_attempt: datetime | None = None
    doubt: bool = False
    held_by: str | None = None
    last_change: datetime | None = None
    expected: Expected = NOTHING_KNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Tower:
    """What every flight of a run shares. `random` gives 0..1 for jitter; `tell` takes each Event as it happens.

    `witness`: told of every frame that came to an end, once the state knows it. `dates`: when a frame was first
    attempted, and whether its age can be told.
    """

    run: str
    ledger: Ledger
    keys: Keys = field(repr=False)
    clock: Clock
    pace: Pace
    dates: Dates
    stop: Stop
    tell: Callable[[Event], None]
    random: Callable[[], float]
    random_bytes: Callable[[int], bytes]
    abort_after: int
    adopt_duplicates: bool = False
    witness: Witness = field(default_factory=Nobody)
    streak: Streak = field(default_factory=Streak)
    tally: Tally = field(default_factory=Tally)


def fly(flight: Flight, connection: Connection, tower: Tower) -> bool:
    """Send a frame, and the parts it is split into, to their ends; False as soon as one stays open."""
    waiting, search = deque([flight]), Search.through(len(flight.frame.people))
    while waiting:
        begun = _begin(waiting.popleft(), tower)
        if begun is None:
            continue
        outcome, verdict = _attempts(begun, connection, tower)
        search = search.on()
        if verdict.proof is Proof.ONE_BAD_RECIPIENT and len(begun.frame.people) > 1:
            halve = search.affords_halves(len(begun.frame.people), (len(one.frame.people) for one in waiting))
            parts = begun.frame.halves() if halve else begun.frame.singles()
            waiting.extendleft(reversed(_split(begun, parts, (outcome, verdict), tower)))
        elif not _record(begun, outcome, verdict, tower):
            return False
    return True


def may_send(flight: Flight, now: datetime) -> Verdict | None:
    """Asked right before every first byte, replays included: None, or the verdict that forbids it."""
    if flight.not_after is not None and now > flight.not_after:
        return Verdict(proof=Proof.UNKNOWN, why="no answer was had before not_after passed")
    if flight.first_attempt is None:
        return None
    if now < max(flight.first_attempt, flight.last_change or flight.first_attempt) - SLACK:
        return Verdict(proof=Proof.OPEN, why="the clock runs behind its last attempt, so its age cannot be told")
    if now - flight.first_attempt >= state.OLDEST:
        return Verdict(proof=Proof.UNKNOWN, why="no answer was had within 23 hours of the first attempt")
    return None


def _begin(flight: Flight, tower: Tower) -> Flight | None:
    """Make the intent durable; the flight begun, or None if it must not be, which leaves its frame as it was."""
    frame = flight.frame
    if tower.stop.holds(frame.origin.campaign) or not tower.pace.wait(tower.stop):
        return None
    now = tower.clock.now()
    if flight.first_attempt is not None:
        taken = state.Again(frame=frame.id, run=tower.run, at=now, held_by=flight.held_by)
        return replace(flight, held_by=None) if _made(taken, tower) else None
    if may_send(flight, now) is not None:
        _stop_campaign(frame.origin.campaign, "not_after has passed: nothing more of it is sent", tower)
        return None
    sealed = tower.keys.seal(frame.id, frame.body, tower.random_bytes)
    first = tower.dates.now()
    begun = _made(state.Begin(frame=frame.id, run=tower.run, at=first, body=sealed), tower)
    return replace(flight, first_attempt=first) if begun else None


def _attempts(flight: Flight, connection: Connection, tower: Tower) -> tuple[Outcome, Verdict]:
    """Try up to six times in at most ten minutes; the last outcome and what all of them prove."""
    started = tower.clock.monotonic()
    outcome: Outcome = Unanswered(reason="not tried", retry_after=None)
    for attempt in range(1, ATTEMPTS + 1):
        if flight.doubt and (why := tower.dates.doubt(flight.first_attempt, flight.not_after)):
            return outcome, Verdict(proof=Proof.OPEN, why=why)
        if attempt > 1 and not _made(state.Again(frame=flight.frame.id, run=tower.run, at=tower.clock.now()), tower):
            break
        gate = _Gate(flight=flight, tower=tower)
        answered = connection.send_if(flight.frame.body, gate.is_open)
        if answered is None:
            return outcome, gate.verdict
        outcome = answered
        verdict = judge(outcome, doubt=flight.doubt, adopt_duplicates=tower.adopt_duplicates)
        if not isinstance(outcome, Unanswered):
            break
        flight = replace(flight, doubt=True)
        if attempt == ATTEMPTS or not _wait(flight, outcome, (attempt, started), tower):
            break
    return outcome, verdict


_NOT_ASKED: Final = Verdict(proof=Proof.OPEN, why="not asked")


@dataclass(slots=True, kw_only=True)
class _Gate:
    """Asked until the first byte leaves; `verdict` is the last word of it that forbade something."""

    flight: Flight
    tower: Tower
    verdict: Verdict = _NOT_ASKED

    def is_open(self) -> bool:
        """Whether the first byte may leave now."""
        forbidden = _forbidden(self.flight, self.tower)
        if forbidden is not None:
            self.verdict = forbidden
        return forbidden is None


def _forbidden(flight: Flight, tower: Tower) -> Verdict | None:
    """What forbids the next byte, if anything does. Before the first byte of all it proves that nothing was sent."""
    if not tower.ledger.holds():
        tower.stop.run(SHUT_OUT)
        return Verdict(proof=Proof.OPEN, why=SHUT_OUT)
    forbidden = may_send(flight, tower.clock.now())
    if forbidden is not None and not flight.doubt:
        return replace(forbidden, proof=Proof.REFUSED, halt=Halt.CAMPAIGN, why="its time passed before it was sent")
    return forbidden


def _wait(flight: Flight, outcome: Unanswered, since: tuple[int, float], tower: Tower) -> bool:
    """Back off before the next attempt; False if it would come too late, or the run is to end."""
    attempt, started = since
    backoff = 0.25 * 2**attempt * (0.75 + 0.5 * tower.random())
    seconds = max(outcome.retry_after or 0.0, backoff)
    if tower.clock.monotonic() + seconds - started > LONGEST:
        return False
    tower.tell(
        Retrying(campaign=flight.frame.origin.campaign, frame=flight.frame.id, why=outcome.reason, seconds=seconds)
    )
    return not tower.stop.wait(seconds) and tower.pace.wait(tower.stop)


def _record(flight: Flight, outcome: Outcome, verdict: Verdict, tower: Tower) -> bool:
    """Make the outcome durable, tell it, and let it stop what it must; whether the frame came to an end."""
    frame = flight.frame
    now = tower.clock.now()
    change = _change(frame, outcome, verdict, (tower.run, now))
    made = _made(change, tower)
    _halt(frame.origin.campaign, verdict, tower, account=isinstance(outcome, Refused) and outcome.scope == "account")
    accepted = outcome if isinstance(outcome, Accepted) and verdict.proof is Proof.SENT else None
    if accepted and (why := tower.tally.add(flight.expected, len(frame.people), accepted)):
        tower.stop.run(why)
    if not made:  # whatever was answered, the state does not know it: it is open there, and settled by the next run
        verdict, accepted = Verdict(proof=Proof.OPEN, why=SHUT_OUT), None
    tower.tell(
        FrameDone(
            campaign=frame.origin.campaign,
            frame=frame.id,
            status=_STATUS[verdict.proof],
            recipients=len(frame.people),
            ticket=accepted.ticket if accepted else None,
            cost=accepted.cost if accepted else None,
            units=accepted.units if accepted else None,
            code=outcome.code if isinstance(outcome, Refused) else None,
            why=verdict.why,
            person=frame.people[0] if verdict.proof is Proof.ONE_BAD_RECIPIENT else None,
        )
    )
    if made:
        tower.witness.note(frame, change)
    return verdict.proof is not Proof.OPEN


_STATUS = {
    Proof.SENT: "sent",
    Proof.REFUSED: "refused",
    Proof.ONE_BAD_RECIPIENT: "refused",
    Proof.UNKNOWN: "unknown",
    Proof.OPEN: "open",
}


def _change(frame: Frame, outcome: Outcome, verdict: Verdict, by: tuple[str, datetime]) -> state.Change:
    run, at = by
    code = outcome.code if isinstance(outcome, Refused) else None
    match verdict.proof:
        case Proof.SENT if isinstance(outcome, Accepted):
            return state.Sent(
                frame=frame.id, run=run, at=at, why=verdict.why,
                ticket=outcome.ticket, cost=outcome.cost, units=outcome.units,
            )  # fmt: skip
        case Proof.SENT:
            return state.Sent(frame=frame.id, run=run, at=at, why=verdict.why)
        case Proof.REFUSED:
            return state.Refused(frame=frame.id, run=run, at=at, code=code, why=verdict.why, keep=False)
        case Proof.ONE_BAD_RECIPIENT:
            return state.Refused(frame=frame.id, run=run, at=at, code=code, why=verdict.why, keep=True)
        case Proof.UNKNOWN:
            return state.Unknown(frame=frame.id, run=run, at=at, why=verdict.why)
        case Proof.OPEN:
            return state.Open(frame=frame.id, run=run, at=at, why=verdict.why)


def _split(flight: Flight, parts: Sequence[Frame], told: tuple[Outcome, Verdict], tower: Tower) -> list[Flight]:
    """A frame refused for one of its people → its parts, planned, in one transaction."""
    frame, (outcome, verdict) = flight.frame, told
    children = tuple(state.Child(id=part.id, people=part.people, refusals=part.refusals) for part in parts)
    code = outcome.code if isinstance(outcome, Refused) else None
    now = tower.clock.now()
    change = state.Split(frame=frame.id, run=tower.run, at=now, code=code, why=verdict.why, children=children)
    if not _made(change, tower):
        return []
    tower.tell(
        FrameDone(
            campaign=frame.origin.campaign,
            frame=frame.id,
            status="split",
            recipients=len(frame.people),
            code=code,
            why=verdict.why,
        )
    )
    tower.witness.note(frame, change)
    expected = flight.expected.shares(len(part.people) for part in parts)
    pairs = zip(parts, expected, strict=True)
    return [Flight(frame=part, not_after=flight.not_after, expected=share) for part, share in pairs]


def _halt(campaign: str, verdict: Verdict, tower: Tower, *, account: bool) -> None:
    if verdict.halt is Halt.RUN:
        tower.stop.run(verdict.why, account=account)
    elif verdict.halt is Halt.CAMPAIGN:
        _stop_campaign(campaign, verdict.why, tower)
    elif verdict.proof is Proof.SENT:
        tower.streak.end()
    elif verdict.proof is Proof.REFUSED:
        length = tower.streak.grow()
        if length > tower.abort_after:
            most = tower.abort_after + 1  # other lanes may have had a no meanwhile
            many = f"{most} frames in a row were" if most > 1 else "1 frame was"
            tower.stop.run(f"{many} refused; the last: {verdict.why}")


def _stop_campaign(campaign: str, why: str, tower: Tower) -> None:
    if tower.stop.campaign(campaign):
        tower.tell(Stopped(campaign=campaign, why=why))


def _made(change: state.Change, tower: Tower) -> bool:
    done = tower.ledger.write(change)
    if not done:
        tower.stop.run(SHUT_OUT)
    return done
