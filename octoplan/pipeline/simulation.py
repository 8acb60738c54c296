"""A draft → what the gateway says of some of its requests in simulation: real content, no request id, nothing sent."""

import itertools
import json
from collections.abc import Iterator, Sequence
from decimal import Decimal

from octoplan.errors import GatewayError
from octoplan.frame import Frame, body, is_personal, personal_body
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
    stand_ins = stand_ins_for(draft, course.environment)
    if course.gateway is None or course.simulate == "none" or not draft.requests or stand_ins == ():
        return None
    connection = course.gateway.connect()
    outcomes: list[Outcome] = []
    try:
        for frame in _frames(draft, everything=course.simulate == "all"):
            course.pace()
            outcomes.append(_ask(connection, _request(frame, draft, stand_ins)))
    finally:
        connection.close()
    return _told(outcomes, stand_ins)


def _told(outcomes: Sequence[Outcome], stand_ins: tuple[str, ...] | None) -> Simulation:
    accepted = [outcome for outcome in outcomes if isinstance(outcome, Accepted)]
    refused = [outcome for outcome in outcomes if not isinstance(outcome, Accepted)]
    costs = [outcome.cost for outcome in accepted if outcome.cost is not None]
    units = [outcome.units for outcome in accepted if outcome.units is not None]
    instead = "the audience" if stand_ins is None else f"{len(stand_ins)} stand-in{'s' * (len(stand_ins) != 1)}"
    return Simulation(
        requests=len(outcomes),
        recipients=instead,
        cost=sum(costs, Decimal(0)) if costs else None,
        units=sum(units) if units else None,
        refused=tuple(sorted({_reason(outcome) for outcome in refused})),
    )


def stand_ins_for(draft: Draft, environment: Environment) -> tuple[str, ...] | None:
    """Who stands in for the audience: addresses of the campaign's kind; None for the audience itself."""
    if environment.simulate_to == "audience":
        return None
    mail = draft.campaign.address_field == "email"
    return tuple(address for address in environment.simulate_to if ("@" in address) == mail)


def _frames(draft: Draft, *, everything: bool) -> Iterator[Frame]:
    if not everything:
        for number in sorted({0, draft.messages.framing.costliest_frame()}):
            yield from draft.frames(number, number)
        return
    for first in range(0, draft.requests, _AT_ONCE):
        yield from draft.frames(first, first + _AT_ONCE - 1)


def _request(frame: Frame, draft: Draft, stand_ins: tuple[str, ...] | None) -> bytes:
    if stand_ins is None:
        return frame.body
    real, settings = json.loads(frame.body), draft.campaign.settings
    recipients = [{draft.campaign.address_field: address} for address in stand_ins]
    if not is_personal(real):
        return body(settings, real, recipients, None)
    # each stand-in gets the words of somebody in the frame
    words = zip(itertools.cycle(real["recipients"]), recipients, strict=False)
    return personal_body(settings, real["text"], [of | to for of, to in words], None)


def _ask(connection: Connection, request: bytes) -> Outcome:
    """One simulated request → its outcome; asked again at once where there was none, since it sends nothing."""
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
