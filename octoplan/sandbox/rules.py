"""The rules of the API as one table, and a Submission and Facts → the rule it breaks, or none. Pure.

A rule's `source` says where it comes from: the contract (the multi-channel page), another page of the documentation,
published code, or other programs' experience. What none of them settles is marked `assumption`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from octoplan.sandbox.fields import CHANNELS, LONGEST_TEXT, MOST_RECIPIENTS, VOICE_LANGUAGES
from octoplan.sandbox.prices import Bill
from octoplan.sandbox.reading import Submission
from octoplan.sandbox.settings import Settings

_CONTRACT = "contract"
_PAGES = "other pages of the documentation"
_CODE = "code published by Octopush"
_OTHERS = "other programs"
_SILENT = "nothing known"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule: its id, the code and words of its answer, where it comes from, and whether we assume it.

    `field` makes the error a nested one. `simulated`: checked in simulation too. A rule without code is a behaviour.
    """

    id: str
    code: int | None
    source: str
    assumption: bool = False
    message: str = ""
    field: str | None = None
    status: int = 400
    simulated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What storage knows: whether the `request_id` is remembered, and the credit left in EUR."""

    request_id_used: bool = False
    credit: Decimal = Decimal(0)


AUTHENTICATION = Rule(
    id="authentication", code=401, source=_CONTRACT, message="Authentication failed.", status=401, simulated=True
)
BODY = Rule(
    id="body", code=400, source=_CONTRACT, assumption=True, message="The body is not a JSON object.", simulated=True
)
TOO_LARGE = Rule(
    id="body_size", code=413, source=_SILENT, assumption=True, message="The body is too large.", status=413
)

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_EMAIL = re.compile(r"[^@\s<>\"',;()]{1,64}@[^@\s<>\"',;()]+\.[^@\s<>\"',;().]{2,}")
_STOP = re.compile(r"STOP au (?:[0-9]+|XXXXX)")
_LONGEST_EMAIL = 254
_SENDER = range(3, 12)


def _no_channel(submission: Submission) -> bool:
    return submission.channel not in CHANNELS


def _too_many(submission: Submission) -> bool:
    return submission.contacts > MOST_RECIPIENTS


def _no_recipient(submission: Submission) -> bool:
    return not submission.addresses


def _no_text(submission: Submission) -> bool:
    instead = {"rcs": "cards", "email": "template_name"}.get(submission.channel, "")
    return not submission.text and not submission.options.get(instead)


def _text_too_long(submission: Submission) -> bool:
    return len(submission.text) > LONGEST_TEXT


def _bad_sender(submission: Submission) -> bool:
    sender = submission.option("sender")
    return bool(sender) and submission.channel != "rcs" and len(sender) not in _SENDER


def _no_stop(submission: Submission) -> bool:
    return (
        submission.channel == "sms"
        and submission.option("purpose") == "wholesale"
        and not _STOP.search(submission.text)
        and any(address.startswith("+33") for address in submission.addresses)
    )


def _bad_voice_language(submission: Submission) -> bool:
    return submission.channel == "voice_sms" and submission.option("voice_language") not in VOICE_LANGUAGES


def _bad_number(submission: Submission) -> bool:
    return submission.channel != "email" and not all(map(_E164.fullmatch, submission.addresses))


def _bad_email(submission: Submission) -> bool:
    return submission.channel == "email" and not all(
        len(address) <= _LONGEST_EMAIL and _EMAIL.fullmatch(address) for address in submission.addresses
    )


def _request_id_used(_bill: Bill, facts: Facts) -> bool:
    return facts.request_id_used


def _out_of_credit(bill: Bill, facts: Facts) -> bool:
    return bill.cost > facts.credit


_CHANNEL = Rule(
    id="channel",
    code=400,
    source=_CONTRACT,
    assumption=True,
    message="Channel not supported.",
    field="channel",
    simulated=True,
)
_RECIPIENTS = Rule(
    id="recipients",
    code=400,
    source=_CONTRACT,
    assumption=True,
    message="At most 500 recipients.",
    field="recipients",
    simulated=True,
)
_NO_RECIPIENT = Rule(
    id="no_recipient", code=103, source=_OTHERS, message="There is no usable recipient.", simulated=True
)
_NO_TEXT = Rule(id="text", code=107, source=_CODE, message="The text is missing.", simulated=True)
_LONG_TEXT = Rule(id="text_length", code=189, source=_OTHERS, message="The text is too long.", simulated=True)
_SENDER_REFUSED = Rule(id="sender", code=106, source=_OTHERS, assumption=True, message="The sender is not allowed.")
_STOP_MISSING = Rule(
    id="stop_mention", code=121, source=_CODE, message="STOP mention ([STOP au 30101]) is missing from your text."
)
_VOICE_LANGUAGE = Rule(
    id="voice_language", code=442, source=_CONTRACT, message="Voice language not supported.", field="voice_language"
)
_NUMBER = Rule(id="number", code=181, source=_OTHERS, assumption=True, message="A phone number is not valid.")
_DESTINATION_EMAIL = Rule(
    id="destination_email", code=2005, source=_CONTRACT, message="[destination email] field should be valid."
)
_REQUEST_ID = Rule(id="request_id", code=182, source=_OTHERS, message="This request_id was already used.")
_CREDIT = Rule(id="credit", code=104, source=_OTHERS, message="Your credit is not sufficient.")

_CHECKS: Mapping[Rule, Callable[[Submission], bool]] = MappingProxyType(
    {
        _CHANNEL: _no_channel,
        _RECIPIENTS: _too_many,
        _NO_RECIPIENT: _no_recipient,
        _NO_TEXT: _no_text,
        _LONG_TEXT: _text_too_long,
        _SENDER_REFUSED: _bad_sender,
        _STOP_MISSING: _no_stop,
        _VOICE_LANGUAGE: _bad_voice_language,
        _NUMBER: _bad_number,
        _DESTINATION_EMAIL: _bad_email,
    }
)
_ACCOUNT_CHECKS: Mapping[Rule, Callable[[Bill, Facts], bool]] = MappingProxyType(
    {_REQUEST_ID: _request_id_used, _CREDIT: _out_of_credit}
)

_BEHAVIOURS = (
    Rule(id="simulation_checks", code=None, source=_SILENT, assumption=True, message="Which checks simulation makes."),
    Rule(
        id="refused_request_id",
        code=None,
        source=_SILENT,
        assumption=True,
        message="A refused request does not use up its request_id (switch: refused_use_up_request_ids).",
    ),
    Rule(
        id="credit_order",
        code=None,
        source=_SILENT,
        assumption=True,
        message="A used request_id is noticed before the lack of credit (switch: credit_before_request_id).",
    ),
    Rule(id="prices", code=None, source=_SILENT, assumption=True, message="Prices are invented."),
    Rule(
        id="blacklist_check",
        code=None,
        source=_PAGES,
        assumption=True,
        message="The 0.01 EUR of removing blacklisted contacts is part of total_cost.",
    ),
    Rule(
        id="duration",
        code=None,
        source=_SILENT,
        assumption=True,
        message="estimated_duration is of one call: 15 characters a second, in blocks of 30 seconds.",
    ),
    Rule(id="rcs_answer", code=None, source=_SILENT, assumption=True, message="RCS answers as voice and e-mail do."),
    Rule(id="duplicates", code=None, source=_SILENT, assumption=True, message="A contact listed twice counts twice."),
    Rule(id="optimize", code=None, source=_SILENT, assumption=True, message="auto_optimize_text changes nothing here."),
    Rule(id="casts", code=None, source=_CONTRACT, assumption=True, message="Which wrong value is read as what."),
)

RULES: tuple[Rule, ...] = (AUTHENTICATION, TOO_LARGE, BODY, *_CHECKS, *_ACCOUNT_CHECKS, *_BEHAVIOURS)
"""Every rule and behaviour, in the order in which they are looked at; the documentation lists this table."""

SWITCHABLE = frozenset(rule.id for rule in (*_CHECKS, *_ACCOUNT_CHECKS)) - {_CHANNEL.id, _RECIPIENTS.id}
"""Rules that a sandbox can leave out; without a channel or with an endless list nothing could be sent at all."""


def find_broken(submission: Submission, rules_off: frozenset[str]) -> Rule | None:
    """Find the first rule that the request's own content breaks; None if there is none."""
    for rule, breaks in _CHECKS.items():
        if (rule.simulated or not submission.simulated) and rule.id not in rules_off and breaks(submission):
            return rule
    return None


def find_refusing(bill: Bill, facts: Facts, settings: Settings) -> Rule | None:
    """Find the rule by which the account turns a real request away: its id, or the credit; None if there is none."""
    order = (_CREDIT, _REQUEST_ID) if settings.credit_before_request_id else (_REQUEST_ID, _CREDIT)
    for rule in order:
        if rule.id not in settings.rules_off and _ACCOUNT_CHECKS[rule](bill, facts):
            return rule
    return None
