"""The least credit that must be left, a plan and what the gateway has of it → why it may not be sent."""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from octoplan.campaign import Campaign
from octoplan.errors import GuardRefused
from octoplan.gateways.interface import Balance
from octoplan.limits import LEAST_CREDIT, Accepted, credit_breach
from octoplan.plan import Plan
from octoplan.project import Project

Ask = Callable[[], Balance]


def unasked() -> Balance:
    """What is known of the credit where no gateway is at hand."""
    return Balance(why="the gateway was not asked")


def least_left(project: Project, campaigns: Iterable[Campaign]) -> Decimal | None:
    """The project's limit and those of campaigns → the highest, which the others go with; None where there is none."""
    limits = [project.limits, *(campaign.limits for campaign in campaigns)]
    return max((one.credit_left for one in limits if one.credit_left is not None), default=None)


def credit_faults(least: Decimal | None, plan: Plan, ask: Ask, accepted: Accepted) -> tuple[str, ...]:
    """Why the whole of a plan may not be sent for its credit's sake; the gateway is asked only if there is a limit.

    What is not known breaks the limit, and no number accepts it: the plan's cost, or the credit.
    """
    if least is None or not plan.has_changes:
        return ()
    cost, said = plan.cost, f"{LEAST_CREDIT} is {least:,}"
    if cost.amount is None:
        return (f"{said}, and the cost is not known: no price says it",)
    if cost.currency != "EUR":
        return (f"{said}, which is asked of a credit in EUR, and the prices are in {cost.currency}",)
    credit = ask()
    if credit.amount is None:
        return (f"{said}, and the credit is not known: {credit.why}",)
    breach = credit_breach(least, credit.amount, cost.amount, accepted)
    return (breach,) if breach else ()


def check(least: Decimal | None, plan: Plan, ask: Ask, accepted: Accepted) -> None:
    """GuardRefused where the credit is less than when the plan was made: a person may have taken an hour to approve."""
    faults = credit_faults(least, plan, ask, accepted)
    if faults:
        raise GuardRefused(f"blocked: {'; '.join(faults)}", hint="nothing was sent")


def sending(plan: Plan, campaigns: Sequence[Campaign]) -> list[Campaign]:
    """The campaigns of which a plan would send something."""
    names = {step.campaign for step in plan.steps if step.sends}
    return [campaign for campaign in campaigns if campaign.name in names]
