"""A Case → the rule that it breaks, or none. Pure; the rules' words stand in `rules`, under the same ids."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from octoplan.sandbox.endpoints import LONGEST_TEXT, MOST_RECIPIENTS, VOICE_LANGUAGES
from octoplan.sandbox.fields import Channel
from octoplan.sandbox.prices import Bill
from octoplan.sandbox.reading import Submission
from octoplan.sandbox.rules import BY_ID, Rule
from octoplan.sandbox.settings import Settings

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_EMAIL = re.compile(r"[^@\s<>\",;()]{1,64}@[^@\s<>\"',;()]+\.[^@\s<>\"',;().]{2,}")
_STOP = re.compile(r"STOP au (?:[0-9]+|XXXXX)")
_LONGEST_EMAIL = 254
_SENDER = range(3, 12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One request to send, as understood: `channel` is None where none was recognised."""

    submission: Submission
    channel: Channel | None
    settings: Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What the account says to a request: whether its `request_id` is remembered, and the credit left in EUR."""

    request_id_used: bool
    credit: Decimal


def _no_channel(case: Case) -> bool:
    return case.channel is None


def _too_many(case: Case) -> bool:
    return case.submission.contacts > MOST_RECIPIENTS


def _no_recipient(case: Case) -> bool:
    return not case.submission.addresses


def _no_text(case: Case) -> bool:
    instead = case.channel.instead_of_text if case.channel else ""
    return not all(case.submission.texts) and not case.submission.options.get(instead)


def _text_too_long(case: Case) -> bool:
    return any(len(text) > LONGEST_TEXT for text in case.submission.texts)


def _bad_sender(case: Case) -> bool:
    sender = case.submission.option("sender")
    return bool(sender) and case.submission.channel != "rcs" and len(sender) not in _SENDER


def _no_agent(case: Case) -> bool:
    return case.submission.channel == "rcs" and not case.settings.rcs_agent


def _no_stop(case: Case) -> bool:
    submission = case.submission
    return (
        submission.channel == "sms"
        and submission.option("purpose") == "wholesale"
        and not all(map(_STOP.search, submission.texts))
        and any(address.startswith("+33") for address in submission.addresses)
    )


def _bad_voice_language(case: Case) -> bool:
    submission = case.submission
    return submission.channel == "voice_sms" and submission.option("voice_language") not in VOICE_LANGUAGES


def _bad_number(case: Case) -> bool:
    addressed_by = case.channel.address if case.channel else ""
    return addressed_by == "phone_number" and not all(map(_E164.fullmatch, case.submission.addresses))


def _bad_email(case: Case) -> bool:
    addressed_by = case.channel.address if case.channel else ""
    return addressed_by == "email" and not all(
        len(address) <= _LONGEST_EMAIL and _EMAIL.fullmatch(address) for address in case.submission.addresses
    )


_CHECKS: Mapping[str, Callable[[Case], bool]] = MappingProxyType(
    {
        "channel": _no_channel,
        "recipients": _too_many,
        "no_recipient": _no_recipient,
        "text": _no_text,
        "text_length": _text_too_long,
        "sender": _bad_sender,
        "rcs_agent": _no_agent,
        "stop_mention": _no_stop,
        "voice_language": _bad_voice_language,
        "number": _bad_number,
        "destination_email": _bad_email,
    }
)


def find_broken(case: Case) -> Rule | None:
    """Find the first rule that the request's own content breaks; None if there is none."""
    off = case.settings.rules_off
    minimal = case.submission.simulated and "simulation_checks" not in off
    for name, breaks in _CHECKS.items():
        rule = BY_ID[name]
        if (rule.simulated or not minimal) and name not in off and breaks(case):
            return rule
    return None


def find_refusing(bill: Bill, account: Account, rules_off: frozenset[str]) -> Rule | None:
    """Find the rule by which the account turns a real request away: its id, or the credit; None if there is none."""
    broken = {"request_id": account.request_id_used, "credit": bill.cost > account.credit}
    order = ("credit", "request_id") if "credit_order" in rules_off else ("request_id", "credit")
    return next((BY_ID[name] for name in order if broken[name] and name not in rules_off), None)
