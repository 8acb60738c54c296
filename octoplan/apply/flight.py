"""One frame through its life: intent durable, request, outcome durable, again if there was no answer."""

from collections import deque
from dataclasses import dataclass, replace
from typing import Final

from octoplan.apply.age import SLACK, Clocks
from octoplan.apply.events import Retrying
from octoplan.apply.landing import put_back, record, split
from octoplan.apply.search import Search
from octoplan.apply.stops import said_stop, take_out
from octoplan.apply.tower import SHUT_OUT, Flight, Tower
from octoplan.apply.verdict import Halt, Proof, Verdict, judge
from octoplan.apply.windows import why_outside
from octoplan.gateways.interface import Connection, Outcome, Unanswered
from octoplan.state import interface as state

ATTEMPTS: Final = 6
LONGEST: Final = 600.0
_STOP_IN_DOUBT: Final = "somebody in it has said STOP, so it is not sent once more, and whether it was is not known"


def fly(flight: Flight, connection: Connection, tower: Tower) -> bool:
    """Send a frame, and the parts it is split into, to their ends; False as soon as one stays open."""
    waiting, search = deque([flight]), Search.through(len(flight.frame.people))
    while waiting:
        begun = _begin(waiting.popleft(), tower)
        if begun is None:
            continue
        if isinstance(begun, list):
            waiting.extendleft(begun)
            continue
        outcome, verdict = _attempts(begun, connection, tower)
        if verdict.proof is Proof.SAID_STOP:
            waiting.extendleft(take_out(begun, verdict.gone, tower, begun=True))
            continue
        if verdict.proof is Proof.HELD:
            put_back(begun, verdict, tower)
            continue
        search = search.on()
        if verdict.proof is Proof.ONE_BAD_RECIPIENT and len(begun.frame.people) > 1:
            halve = search.affords_halves(len(begun.frame.people), (len(one.frame.people) for one in waiting))
            parts = begun.frame.halves() if halve else begun.frame.singles()
            waiting.extendleft(reversed(split(begun, parts, (outcome, verdict), tower)))
        elif not record(begun, outcome, verdict, tower):
            return False
    return True


def may_send(flight: Flight, clocks: Clocks) -> Verdict | None:
    """Asked right before every first byte, replays included: None, or the verdict that forbids it."""
    now = clocks.local
    if flight.not_after is not None and now > flight.not_after:
        return Verdict(proof=Proof.UNKNOWN, why="no answer was had before not_after passed")
    if flight.first_attempt is not None:
        if now < max(flight.first_attempt, flight.last_change or flight.first_attempt) - SLACK:
            return Verdict(proof=Proof.OPEN, why="the clock runs behind its last attempt, so its age cannot be told")
        if now - flight.first_attempt >= state.OLDEST:
            return Verdict(proof=Proof.UNKNOWN, why="no answer was had within 23 hours of the first attempt")
    outside = why_outside(flight.frame.opens, clocks)
    return Verdict(proof=Proof.OPEN, why=outside) if outside else None


def _begin(flight: Flight, tower: Tower) -> Flight | list[Flight] | None:
    """Make the intent durable; the flight begun, or None if it must not be, which leaves its frame as it was.

    A list: somebody in it has said STOP, and what is left of it, if anything, is to be begun instead.
    """
    frame = flight.frame
    if tower.stop.holds(frame.origin.campaign) or not tower.pace.wait(tower.stop):
        return None
    now = tower.dates.told
    if flight.first_attempt is not None:
        taken = state.Again(frame=frame.id, run=tower.run, at=now.local, held_by=flight.held_by)
        return replace(flight, held_by=None) if tower.make(taken) else None
    forbidden = may_send(flight, now)
    if forbidden is not None and forbidden.proof is not Proof.OPEN:
        tower.stop_campaign(frame.origin.campaign, "not_after has passed: nothing more of it is sent")
    if forbidden is not None or why_outside(frame.opens, now, begins=True):
        return None
    if flight.heard is not None and (gone := said_stop(flight, tower.ledger.clearance(), tower)):
        return take_out(flight, gone, tower, begun=False)
    sealed = tower.keys.seal(frame.id, frame.body, tower.random_bytes)
    first = tower.dates.now()
    intent = state.Begin(frame=frame.id, run=tower.run, at=first, body=sealed)
    begun = tower.begin(intent, frame.origin.campaign)
    return replace(flight, first_attempt=first) if begun else None


def _attempts(flight: Flight, connection: Connection, tower: Tower) -> tuple[Outcome, Verdict]:
    """Try up to six times in at most ten minutes; the last outcome and what all of them prove."""
    started = tower.clock.monotonic()
    outcome: Outcome = Unanswered(reason="not tried", retry_after=None)
    for attempt in range(1, ATTEMPTS + 1):
        if flight.doubt and (held := _held(flight, tower)):
            return outcome, held
        if attempt > 1 and not tower.make(state.Again(frame=flight.frame.id, run=tower.run, at=tower.clock.now())):
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


def _held(flight: Flight, tower: Tower) -> Verdict | None:
    """What forbids a further copy before a connection is made: its time runs out also where none can be had."""
    if why := tower.dates.doubt(flight.first_attempt, flight.not_after):
        return Verdict(proof=Proof.OPEN, why=why)
    return _forbidden(flight, tower)


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
    cleared = tower.ledger.clearance()
    if not cleared.holds:
        tower.stop.run(SHUT_OUT)
        return Verdict(proof=Proof.OPEN, why=SHUT_OUT)
    if (halted := cleared.halt_of(flight.frame.origin.campaign)) is not None:
        tower.halt(halted)
        proof = Proof.OPEN if flight.doubt else Proof.HELD
        return Verdict(proof=proof, halt=Halt.CAMPAIGN if halted.campaign else Halt.RUN, why=halted.said)
    forbidden = may_send(flight, tower.dates.told)
    if forbidden is not None and not flight.doubt:
        over = Verdict(proof=Proof.REFUSED, halt=Halt.CAMPAIGN, why="its time passed before it was sent")
        return replace(forbidden, proof=Proof.HELD) if forbidden.proof is Proof.OPEN else over
    if forbidden is None and (gone := said_stop(flight, cleared, tower)):
        if flight.doubt:
            return Verdict(proof=Proof.OPEN, why=_STOP_IN_DOUBT)
        return Verdict(proof=Proof.SAID_STOP, gone=gone, why="somebody in it has said STOP")
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
