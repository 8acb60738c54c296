"""What was decided → an Answer, key for key as the documentation shows it. Source: the contract's response examples."""

import json
from collections.abc import Iterable
from decimal import Decimal

from octoplan.sandbox.casting import Forgiven
from octoplan.sandbox.exchange import Answer
from octoplan.sandbox.fields import Channel
from octoplan.sandbox.prices import Bill
from octoplan.sandbox.reading import Submission
from octoplan.sandbox.rules import Rule

_CREATED = 201
_MASKED = "******"
"""The documentation masks the message of an accepted SMS request; so do we."""
_NESTED = "Payload validation error."


def make_json(status: int, content: object) -> Answer:
    """Make an answer of `content`: ASCII only, so that no text can break it."""
    return Answer(status=status, body=json.dumps(content, separators=(",", ":"), allow_nan=False).encode("ascii"))


def answer_accepted(submission: Submission, channel: Channel, bill: Bill, ticket: str, credit: Decimal) -> Answer:
    """Answer a request that was accepted, or simulated; without a `ticket`, its key is left out."""
    extra = {"number_of_sms_needed": bill.parts, "estimated_duration": bill.seconds, "message": _MASKED}
    content: dict[str, object] = {channel.ticket_key: ticket} if ticket else {}
    content["number_of_contacts"] = len(submission.addresses)
    content["total_cost"] = float(bill.cost)
    content |= {key: extra[key] for key in channel.answers if key != "message"}
    content["residual_credit"] = float(credit)
    content |= {key: extra[key] for key in channel.answers if key == "message"}
    return make_json(_CREATED, content)


def answer_refused(rule: Rule) -> Answer:
    """Answer with the error of `rule`, flat, or nested under its field."""
    error = {"code": rule.code, "message": rule.message}
    if rule.field is None:
        return make_json(rule.status, error)
    return make_json(rule.status, {"code": 400, "message": _NESTED, "errors": {rule.field: error}})


def answer_strict(forgiven: Iterable[Forgiven]) -> Answer:
    """Answer with a nested error for each thing that would have been forgiven."""
    errors = {one.field: {"code": 400, "message": f"{one.how}: {one.note}"} for one in forgiven}
    return make_json(400, {"code": 400, "message": _NESTED, "errors": errors})


def answer_canceled() -> Answer:
    """Answer that a campaign was canceled: no content."""
    return Answer(status=204, headers={})


def answer_unknown_path() -> Answer:
    """Answer a path or method that this API does not have."""
    return make_json(404, {"code": 404, "message": "Not found."})


def answer_failed() -> Answer:
    """Answer that nothing was taken, because the sandbox could not write it down."""
    return make_json(500, {"code": 500, "message": "Your request cannot be processed. Please try again."})
