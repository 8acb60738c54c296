"""What was decided → an Answer, key for key as the documentation shows it. Source: the contract's response examples."""

import json
from decimal import Decimal

from octoplan.sandbox.exchange import Answer
from octoplan.sandbox.fields import CHANNELS
from octoplan.sandbox.prices import Bill
from octoplan.sandbox.reading import Submission
from octoplan.sandbox.rules import Rule

_CREATED = 201
_MASKED = "******"
"""The documentation masks the message of an accepted SMS request; so do we."""


def make_json(status: int, content: object) -> Answer:
    """Make an answer of `content`: ASCII only, so that no text can break it."""
    return Answer(status=status, body=json.dumps(content, separators=(",", ":")).encode("ascii"))


def answer_accepted(submission: Submission, bill: Bill, ticket: str, credit: Decimal) -> Answer:
    """Answer a request that was accepted, or simulated: the ticket's key and the other fields depend on the channel."""
    content: dict[str, object] = {
        CHANNELS[submission.channel].ticket_key: ticket,
        "number_of_contacts": len(submission.addresses),
        "total_cost": float(bill.cost),
    }
    if submission.channel == "sms":
        content["number_of_sms_needed"] = bill.parts * len(submission.addresses)
    if submission.channel == "voice_sms":
        content["estimated_duration"] = bill.seconds
    content["residual_credit"] = float(credit)
    if submission.channel == "sms":
        content["message"] = _MASKED
    return make_json(_CREATED, content)


def answer_refused(rule: Rule) -> Answer:
    """Answer with the error of `rule`, flat, or nested under its field."""
    error = {"code": rule.code, "message": rule.message}
    if rule.field is None:
        return make_json(rule.status, error)
    return make_json(rule.status, {"code": 400, "message": "Payload validation error.", "errors": {rule.field: error}})


def answer_unknown_path() -> Answer:
    """Answer a path or method that this API does not have."""
    return make_json(404, {"code": 404, "message": "Not found."})


def answer_failed() -> Answer:
    """Answer that nothing was taken, because the sandbox could not write it down."""
    return make_json(500, {"code": 500, "message": "Your request cannot be processed. Please try again."})
