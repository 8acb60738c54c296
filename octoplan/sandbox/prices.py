"""A price table and a Submission → a Bill. The prices are invented, in EUR; the real ones are in one's own account."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from octoplan.sandbox.counting import count_parts
from octoplan.sandbox.countries import find_country
from octoplan.sandbox.fields import Channel
from octoplan.sandbox.reading import Submission

DEFAULT = "default"
Prices = Mapping[str, Mapping[str, Decimal]]
"""Product → ISO country, or `default` → EUR a part (SMS), a block of 30 seconds (voice) or a message."""

PRICES: Prices = MappingProxyType(
    {
        "sms_premium": MappingProxyType({"FR": Decimal("0.045"), "US": Decimal("0.03"), DEFAULT: Decimal("0.09")}),
        "sms_low_cost": MappingProxyType({"FR": Decimal("0.032"), DEFAULT: Decimal("0.06")}),
        "voice_sms": MappingProxyType({"FR": Decimal("0.05"), DEFAULT: Decimal("0.12")}),
        "rcs": MappingProxyType({"FR": Decimal("0.06"), DEFAULT: Decimal("0.08")}),
        "email": MappingProxyType({DEFAULT: Decimal("0.001")}),
        "hlr": MappingProxyType({DEFAULT: Decimal("0.01")}),
    }
)

BLACKLIST_CHECK = Decimal("0.01")
"""EUR a request that removes blacklisted contacts (documented)."""

LETTERS_A_SECOND = 15
SECONDS_A_BLOCK = 30
"""How a call is estimated and charged; both are assumed, as the rule `duration` says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """`cost` in EUR for all contacts; `units`: what each text takes, in the order of `Submission.texts`.

    `parts` are of all contacts together, `seconds` of the longest call; both are 0 on other channels.
    """

    cost: Decimal
    units: tuple[int, ...]
    parts: int = 0
    seconds: int = 0


def make_bill(submission: Submission, channel: Channel, prices: Prices, rules_off: frozenset[str]) -> Bill:
    """Price what was submitted, message by message; the check against the blacklist is one more item."""
    units = tuple(_count_units(text, channel, rules_off) for text in submission.texts)
    row = {} if "prices" in rules_off else prices.get(submission.option("type") or channel.name, {})
    cost = _sum_prices(submission.addresses, units, row)
    if submission.flag("auto_remove_blacklisted_contacts") and "blacklist_check" not in rules_off:
        cost += BLACKLIST_CHECK
    return Bill(
        cost=cost,
        units=units,
        parts=_sum_units(submission, units) if channel.unit == "parts" else 0,
        seconds=max(units) * SECONDS_A_BLOCK if channel.unit == "blocks" else 0,
    )


def find_price(prices: Prices, product: str, country: str) -> Decimal:
    """Look up what one unit of `product` costs in `country`; 0 for a product without prices."""
    row = prices.get(product, {})
    return row.get(country, row.get(DEFAULT, Decimal(0)))


def _count_units(text: str, channel: Channel, rules_off: frozenset[str]) -> int:
    if channel.unit == "parts":
        return count_parts(text)
    if channel.unit == "blocks" and "duration" not in rules_off:
        return max(1, -(-len(text) // (LETTERS_A_SECOND * SECONDS_A_BLOCK)))
    return 1


def _sum_units(submission: Submission, units: tuple[int, ...]) -> int:
    return sum(units) if submission.personal else units[0] * len(submission.addresses)


def _sum_prices(addresses: tuple[str, ...], units: tuple[int, ...], row: Mapping[str, Decimal]) -> Decimal:
    standard = row.get(DEFAULT, Decimal(0))
    counted: dict[Decimal, int] = {}
    for at, address in enumerate(addresses):
        price = row.get(find_country(address), standard)
        counted[price] = counted.get(price, 0) + units[at if len(units) > 1 else 0]
    return sum((price * number for price, number in counted.items()), Decimal(0))
