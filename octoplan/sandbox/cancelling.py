"""A request to cancel → the rule that it breaks, or the campaign that is canceled. Source: the page of that name."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from octoplan.sandbox.ledger import Ledger
from octoplan.sandbox.reading import Submission
from octoplan.sandbox.rules import BY_ID, Rule

_FEWER_THAN = 3
_AHEAD = timedelta(minutes=10)
_A_MONTH = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """An accepted request that may be canceled: `request` is its id, `cost` what it cost in EUR."""

    request: int
    ticket: str
    channel: str
    contacts: int
    due: datetime
    canceled: bool
    cost: Decimal


def find_campaign(ledger: Ledger, ticket: str) -> Campaign | None:
    """Find the campaign of a ticket, if there is one."""
    row = ledger.find_ticket(ticket)
    if row is None:
        return None
    request, channel, contacts, due, canceled, cost = row
    return Campaign(
        request=request,
        ticket=ticket,
        channel=channel,
        contacts=contacts,
        due=datetime.fromisoformat(due),
        canceled=canceled is not None,
        cost=Decimal(cost),
    )


def find_hindrance(
    campaign: Campaign | None, asked: Submission, *, now: datetime, this_month: int, rules_off: frozenset[str]
) -> Rule | None:
    """Find the rule by which `campaign` may not be canceled, of which there were `this_month`; None if it may be."""
    if campaign is None:
        return BY_ID["cancel_ticket"]
    broken = {
        "cancel_ticket": campaign.canceled or campaign.channel != asked.channel,
        "cancel_recipients": campaign.contacts >= _FEWER_THAN,
        "cancel_time": campaign.due - now <= _AHEAD,
        "cancel_month": this_month >= _A_MONTH,
    }
    return next((BY_ID[name] for name, is_broken in broken.items() if is_broken and name not in rules_off), None)
