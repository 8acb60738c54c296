"""What a frame came to → durable in the state, told, and stopping what it must."""

from collections.abc import Sequence
from datetime import datetime

from octoplan.apply.events import FrameDone
from octoplan.apply.tower import SHUT_OUT, Flight, Tower
from octoplan.apply.verdict import Halt, Proof, Verdict
from octoplan.frame import Frame
from octoplan.gateways.interface import Accepted, Outcome, Refused
from octoplan.state import interface as state


def record(flight: Flight, outcome: Outcome, verdict: Verdict, tower: Tower) -> bool:
    """Make the outcome durable, tell it, and let it stop what it must; whether the frame came to an end."""
    frame = flight.frame
    now = tower.clock.now()
    change = _change(frame, outcome, verdict, (tower.run, now))
    made = tower.make(change)
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


def put_back(flight: Flight, verdict: Verdict, tower: Tower) -> None:
    """A frame that was begun and of which not a byte was sent → planned again: no refusal, and no end of it."""
    frame = flight.frame
    made = tower.make(state.PutBack(frame=frame.id, run=tower.run, at=tower.clock.now()))
    tower.tell(
        FrameDone(
            campaign=frame.origin.campaign,
            frame=frame.id,
            status="planned" if made else "open",
            recipients=len(frame.people),
            why=verdict.why if made else SHUT_OUT,
        )
    )


_STATUS = {
    Proof.SENT: "sent",
    Proof.REFUSED: "refused",
    Proof.ONE_BAD_RECIPIENT: "refused",
    Proof.UNKNOWN: "unknown",
    Proof.OPEN: "open",
    Proof.SAID_STOP: "open",
    Proof.HELD: "open",
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
        case Proof.OPEN | Proof.SAID_STOP | Proof.HELD:
            return state.Open(frame=frame.id, run=run, at=at, why=verdict.why)


def split(flight: Flight, parts: Sequence[Frame], told: tuple[Outcome, Verdict], tower: Tower) -> list[Flight]:
    """A frame refused for one of its people → its parts, planned, in one transaction."""
    frame, (outcome, verdict) = flight.frame, told
    children = tuple(state.Child(id=part.id, people=part.people, refusals=part.refusals) for part in parts)
    code = outcome.code if isinstance(outcome, Refused) else None
    now = tower.clock.now()
    change = state.Split(frame=frame.id, run=tower.run, at=now, code=code, why=verdict.why, children=children)
    if not tower.make(change):
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
    return [Flight(frame=part, not_after=flight.not_after, expected=share, heard=flight.heard) for part, share in pairs]


def _halt(campaign: str, verdict: Verdict, tower: Tower, *, account: bool) -> None:
    if verdict.halt is Halt.RUN:
        tower.stop.run(verdict.why, account=account)
    elif verdict.halt is Halt.CAMPAIGN:
        tower.stop_campaign(campaign, verdict.why)
    elif verdict.proof is Proof.SENT:
        tower.streak.end()
    elif verdict.proof is Proof.REFUSED:
        length = tower.streak.grow()
        if length > tower.abort_after:
            most = tower.abort_after + 1  # other lanes may have had a no meanwhile
            many = f"{most} frames in a row were" if most > 1 else "1 frame was"
            tower.stop.run(f"{many} refused; the last: {verdict.why}")
