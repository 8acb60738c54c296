"""An outcome → what it proves about a frame. Pure; the design's rule 8, and the only place where it is decided.

A refusal about the bytes themselves is definite: every copy would be refused. One about the moment (credit, account)
is definite only if no attempt went unanswered, since an earlier copy may have been accepted and this one turned away
before its id was looked up.
"""

from dataclasses import dataclass, field
from enum import Enum, auto

from octoplan.gateways.interface import Accepted, Duplicate, Outcome, Refused, Riddle, Unanswered


class Proof(Enum):
    """What is known of the frame now. HELD and SAID_STOP: not a byte of it was sent."""

    SENT = auto()
    REFUSED = auto()
    ONE_BAD_RECIPIENT = auto()
    UNKNOWN = auto()
    OPEN = auto()
    SAID_STOP = auto()
    HELD = auto()


class Halt(Enum):
    """How far the trouble reaches beyond the frame."""

    NOTHING = auto()
    CAMPAIGN = auto()
    RUN = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`retry`: the frame is open and may be tried again now. `why`: our words, without data. `gone`: who said STOP."""

    proof: Proof
    halt: Halt = Halt.NOTHING
    retry: bool = False
    why: str = ""
    gone: frozenset[int] = field(default=frozenset(), repr=False)


def judge(outcome: Outcome, *, doubt: bool, adopt_duplicates: bool) -> Verdict:
    """The outcome of an attempt → the Verdict.

    `doubt`: an earlier attempt of this frame went unanswered, or a dead run left it; an acceptance may exist.
    """
    match outcome:
        case Accepted():
            return Verdict(proof=Proof.SENT, why="" if outcome.ticket else "accepted without a ticket")
        case Duplicate():
            return _duplicate(doubt=doubt, adopt_duplicates=adopt_duplicates)
        case Refused():
            return _refused(outcome, doubt=doubt)
        case Unanswered():
            return Verdict(proof=Proof.OPEN, retry=True, why=outcome.reason)
        case Riddle():
            return Verdict(proof=Proof.OPEN, halt=Halt.CAMPAIGN, why=outcome.reason)


def _refused(outcome: Refused, *, doubt: bool) -> Verdict:
    match outcome.scope:
        case "recipient":
            return Verdict(proof=Proof.ONE_BAD_RECIPIENT, why=outcome.reason)
        case "campaign":
            return Verdict(proof=Proof.REFUSED, why=outcome.reason)
        case "account":
            return Verdict(proof=Proof.OPEN if doubt else Proof.REFUSED, halt=Halt.RUN, why=outcome.reason)


def _duplicate(*, doubt: bool, adopt_duplicates: bool) -> Verdict:
    if doubt:
        return Verdict(proof=Proof.SENT, why="its request id was in use: an unanswered attempt had been accepted")
    if adopt_duplicates:
        return Verdict(proof=Proof.SENT, why="its request id was in use: counted as sent by --adopt-duplicates")
    return Verdict(
        proof=Proof.UNKNOWN,
        halt=Halt.RUN,
        why="its request id was in use before we ever sent it: another state sent it, or the API burnt the id",
    )
