"""Messages and the price list → what sending them costs. Pure."""

from collections.abc import Sequence
from decimal import Decimal

from octoplan.campaign import Campaign
from octoplan.plan import Cost
from octoplan.project import Prices


def estimate(
    campaign: Campaign, prices: Prices | None, by_country: Sequence[tuple[str | None, int, int]], requests: int
) -> Cost:
    """(country, people, parts) of the messages and the price list → what sending costs.

    SMS cost by part, the other channels by message; an unpriced country or product makes the whole unknown.
    """
    if not by_country:
        return Cost(amount=Decimal(0), currency=prices.currency if prices else "EUR")
    if prices is None or campaign.product not in prices.products:
        return Cost(amount=None, why=f"no price for {campaign.product}")
    amount = Decimal(0)
    for country, people, parts in by_country:
        price = price_of(campaign, prices, country)
        if price is None:
            return Cost(amount=None, currency=prices.currency, why=f"no price for {campaign.product} to {country}")
        amount += price * (parts if campaign.channel == "sms" else people)
    if campaign.settings["auto_remove_blacklisted_contacts"] and prices.blacklist_check_per_request is not None:
        amount += prices.blacklist_check_per_request * requests
    return Cost(amount=amount, currency=prices.currency)


def price_of(campaign: Campaign, prices: Prices | None, country: str | None) -> Decimal | None:
    """A country → what a part of an SMS, or a message of another channel, costs there; None where it is not known."""
    table = prices.products.get(campaign.product, {}) if prices else {}
    return table.get(country or "default", table.get("default"))
