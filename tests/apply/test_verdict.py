"""What each answer proves, as a table written by hand from the design's rule 8."""

from itertools import product

import pytest

from octoplan.apply.verdict import Halt, Proof, judge
from octoplan.gateways.interface import Accepted, Duplicate, Outcome, Refused, Riddle, Unanswered

OUTCOMES: dict[str, Outcome] = {
    "accepted": Accepted(ticket="sms_1"),
    "accepted without ticket": Accepted(),
    "duplicate": Duplicate(code=182),
    "recipient": Refused(scope="recipient", code=181, reason="a phone number was refused"),
    "campaign": Refused(scope="campaign", code=121, reason="the STOP mention is missing"),
    "account": Refused(scope="account", code=104, reason="not enough credit"),
    "unanswered": Unanswered(reason="timeout"),
    "riddle": Riddle(reason="302: a redirect, which is never followed"),
}

# outcome, an earlier attempt was unanswered, --adopt-duplicates → proof, halt, retry
SENT, REFUSED, ONE_BAD, UNKNOWN, OPEN = Proof.SENT, Proof.REFUSED, Proof.ONE_BAD_RECIPIENT, Proof.UNKNOWN, Proof.OPEN
NOTHING, CAMPAIGN, RUN = Halt.NOTHING, Halt.CAMPAIGN, Halt.RUN
EXPECTED: dict[tuple[str, bool, bool], tuple[Proof, Halt, bool]] = {
    ("accepted", False, False): (SENT, NOTHING, False),
    ("accepted", False, True): (SENT, NOTHING, False),
    ("accepted", True, False): (SENT, NOTHING, False),
    ("accepted", True, True): (SENT, NOTHING, False),
    ("accepted without ticket", False, False): (SENT, NOTHING, False),
    ("accepted without ticket", False, True): (SENT, NOTHING, False),
    ("accepted without ticket", True, False): (SENT, NOTHING, False),
    ("accepted without ticket", True, True): (SENT, NOTHING, False),
    ("duplicate", False, False): (UNKNOWN, RUN, False),
    ("duplicate", False, True): (SENT, NOTHING, False),
    ("duplicate", True, False): (SENT, NOTHING, False),
    ("duplicate", True, True): (SENT, NOTHING, False),
    ("recipient", False, False): (ONE_BAD, NOTHING, False),
    ("recipient", False, True): (ONE_BAD, NOTHING, False),
    ("recipient", True, False): (ONE_BAD, NOTHING, False),
    ("recipient", True, True): (ONE_BAD, NOTHING, False),
    ("campaign", False, False): (REFUSED, NOTHING, False),
    ("campaign", False, True): (REFUSED, NOTHING, False),
    ("campaign", True, False): (REFUSED, NOTHING, False),
    ("campaign", True, True): (REFUSED, NOTHING, False),
    ("account", False, False): (REFUSED, RUN, False),
    ("account", False, True): (REFUSED, RUN, False),
    ("account", True, False): (OPEN, RUN, False),
    ("account", True, True): (OPEN, RUN, False),
    ("unanswered", False, False): (OPEN, NOTHING, True),
    ("unanswered", False, True): (OPEN, NOTHING, True),
    ("unanswered", True, False): (OPEN, NOTHING, True),
    ("unanswered", True, True): (OPEN, NOTHING, True),
    ("riddle", False, False): (OPEN, CAMPAIGN, False),
    ("riddle", False, True): (OPEN, CAMPAIGN, False),
    ("riddle", True, False): (OPEN, CAMPAIGN, False),
    ("riddle", True, True): (OPEN, CAMPAIGN, False),
}


def test_the_table_is_complete() -> None:
    assert EXPECTED.keys() == set(product(OUTCOMES, (False, True), (False, True)))


@pytest.mark.parametrize(("name", "doubt", "adopt"), EXPECTED)
def test_an_answer_proves_what_the_table_says(name: str, doubt: bool, adopt: bool) -> None:  # noqa: FBT001
    verdict = judge(OUTCOMES[name], doubt=doubt, adopt_duplicates=adopt)
    assert (verdict.proof, verdict.halt, verdict.retry) == EXPECTED[name, doubt, adopt]


def test_a_verdict_says_why_in_our_words() -> None:
    assert judge(OUTCOMES["accepted"], doubt=False, adopt_duplicates=False).why == ""
    assert "without a ticket" in judge(OUTCOMES["accepted without ticket"], doubt=False, adopt_duplicates=False).why
    assert "before we ever sent it" in judge(OUTCOMES["duplicate"], doubt=False, adopt_duplicates=False).why
