"""A draft → what the gateway says of some of its requests in simulation: real content, no request id, nothing sent."""

import json
from collections.abc import Iterator
from decimal import Decimal

from octoplan.errors import GatewayError
from octoplan.frame import Frame, body
from octoplan.gateways.interface import Accepted, Connection, Outcome, Refused, Unanswered
from octoplan.pipeline.course import Course
from octoplan.pipeline.drafts import Draft
from octoplan.plan import Simulation
from octoplan.project import Environment

_ATTEMPTS = 3
_AT_ONCE = 20


def simulate(draft: Draft, course: Course) -> Simulation | None:
    """Sample or all frames as simulated requests → their Simulation; None where nothing is simulated.

    GatewayError where the gateway does not answer or does not know the account.
    """
    stand_ins = _stand_ins(draft, course.environment)
    if course.gateway is None or course.simulate == "none" or not draft.requests or stand_ins == ():
        return None
    connection = course.gateway.connect()
    try:
        outcomes = [
            _ask(connection, frame, draft, stand_ins) for frame in _frames(draft, everything=course.simulate == "all")
        ]
    finally:
        connection.close()
    accepted = [outcome for outcome in outcomes if isinstance(outcome, Accepted)]
    refused = [outcome for outcome in outcomes if not isinstance(outcome, Accepted)]
    costs = [outcome.cost for outcome in accepted if outcome.cost is not None]
    units = [outcome.units for outcome in accepted if outcome.units is not None]
    return Simulation(
        requests=len(outcomes),
        recipients="the audience" if stand_ins is None else f"{len(stand_ins)} in its place",
        cost=sum(costs, Decimal(0)) if costs else None,
        units=sum(units) if units else None,
        refused=tuple(sorted({_reason(outcome) for outcome in refused})),
    )


def _stand_ins(draft: Draft, environment: Environment) -> tuple[str, ...] | None:
    """Who stands in for the audience: addresses of the campaign's kind; None for the audience itself."""
    if environment.simulate_to == "audience":
        return None
    mail = draft.campaign.address_field == "email"
    return tuple(address for address in environment.simulate_to if ("@" in address) == mail)


def _frames(draft: Draft, *, everything: bool) -> Iterator[Frame]:
    if not everything:
        for number in sorted({0, draft.messages.costliest_frame()}):
            yield from draft.frames(number, number)
        return
    for first in range(0, draft.requests, _AT_ONCE):
        yield from draft.frames(first, first + _AT_ONCE - 1)


def _ask(connection: Connection, frame: Frame, draft: Draft, stand_ins: tuple[str, ...] | None) -> Outcome:
    request = frame.body
    if stand_ins is not None:
        recipients = [{draft.campaign.address_field: address} for address in stand_ins]
        request = body(draft.campaign.settings, json.loads(frame.body), recipients, None)
    for _ in range(_ATTEMPTS):
        outcome = connection.send(request)
        if not isinstance(outcome, Unanswered):
            break
    if isinstance(outcome, Unanswered):
        raise GatewayError(f"the gateway does not answer: {outcome.reason}", hint="plan without it: --simulate none")
    if isinstance(outcome, Refused) and outcome.scope == "account":
        raise GatewayError(f"the gateway refused the account: {outcome.reason}", hint="check the credentials")
    return outcome


def _reason(outcome: Outcome) -> str:
    return getattr(outcome, "reason", "its request id was in use")
