"""What the model can do without, one at a time: the protocol's rules, and what it takes for granted of the world.

A test takes each away and demands a counterexample: a rule that nothing misses is not needed, or not modelled.
"""

from enum import StrEnum


class Rule(StrEnum):
    """One sentence of the send protocol; the digit in front is its number in the list of rules."""

    ONE_APPLIER = "1 a second applier is turned away while the first holds the lock"
    EPOCH_IN_SWAPS = "1 every compare-and-swap checks the epoch"
    SETTLES = "2 a run begins with what earlier runs left in sending"
    OPEN_KEEPS_ITS_PLACE = "2 an open frame keeps its place in flight"
    PLANS_AFTER_SETTLING = "3 the plan is made after settling"
    PLAN_IS_VERIFIED = "3 a reviewed plan is held against the files before it is sent"
    RECORDED_TOGETHER = "4 frames and who is in them are recorded in one transaction"
    NOBODY_IN_TWO_FRAMES = "4 whoever is in a frame already is not recorded in another"
    INTENT_FIRST = "5 the intent is durable before the first byte leaves"
    SWAPS_NAME_THE_RUN = "5 a compare-and-swap names the run that holds the frame"
    EPOCH_IS_ASKED = "5 right before every first byte the epoch is asked"
    AGE_IS_ASKED = "5 right before every first byte the age is asked"
    AN_HOUR_LESS = "5 a frame is too old an hour before its id is forgotten"
    NOT_AFTER_IS_ASKED = "5 right before every first byte not_after is asked"
    SAME_BYTES = "6 the bytes are stored, and a replay sends them again"
    PLANNED_IS_RELEASED = "7 what a dead run left planned is released"
    SENDING_IS_NOT = "7 what a dead run left in sending is not"
    CLAIMS_AGAIN = "7 a resumed run claims again the frames that still hold"
    CLAIMS_IN_ONE_STEP = "7 to release and to claim is one transaction"
    RELEASES_ITS_OWN = "7 an apply of another campaign releases nothing of this one"
    MOMENT_NEEDS_NO_DOUBT = "8 a refusal about the moment is definite only without doubt"
    BYTES_ARE_DEFINITE = "8 a refusal about the bytes is definite, even in doubt"
    DEAD_RUNS_LEAVE_DOUBT = "8 a frame of a dead run is in doubt by that alone"
    UNUSED_ID_IN_USE_IS_UNKNOWN = "8 already used on a first try is unknown"
    USED_ID_IN_USE_IS_SENT = "8 already used after an unanswered attempt is sent"
    REFUSED_ARE_FREED = "9 after a definite refusal about campaign or account the messages are free"
    REFUSALS_ARE_COUNTED = "9 their next frame counts refusals, so that its id is new"
    SPLITS = "9 a refusal about one recipient splits the frame"
    SPLITS_IN_ONE_STEP = "9 a split is one transaction"
    BAD_ONE_IS_KEPT = "9 the bad one is kept as refused"
    ID_IS_DERIVED = "10 the request id follows from what the frame is"
    ID_NAMES_PEOPLE = "10 the request id follows from the people too"
    ID_NAMES_CONTENT = "10 the request id follows from the content too"
    SILENCE_PROVES_NOTHING = "section 7: no answer leaves the frame open"
    RIDDLES_PROVE_NOTHING = "section 7: an answer that nobody understands leaves the frame open"
    TRIES_ARE_FEW = "section 7: a frame is tried a few times, then left open"
    UNKNOWN_IS_NOT_FREE = "section 6: of an unknown frame only a person can tell"


class Assumption(StrEnum):
    """What no code of ours can make true. Without any of these, somebody can be messaged twice or left out."""

    REMEMBERS = "the API remembers an accepted request's id for 24 hours"
    ATOMIC = "the API looks an id up and remembers it in one step"
    PROMPT = "what has left arrives within an hour or never"
    UNBURNT = "a refused request does not use its id up"
    STABLE = "a refusal about the bytes would befall every copy, whenever it arrives"
    BRIEF = "no hour passes between asking whether a byte may leave and its leaving"
    AGE_IS_TRUE = "a frame does not look younger than it is"
    TRUTHFUL = "who resolves an unknown frame says what is the case"
    NOBODY_LURKS = "who says not sent knows that no process is left that could still send it"
    WITHIN_A_DAY = "a state that is restored is restored within 24 hours"
    NO_REFUSALS_LOST = "a state that is restored has not missed a refusal"
    WORDS_STAY = "a state that is restored meets the people and words that it was used with"
