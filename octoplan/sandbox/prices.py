"""A price table and a Submission → a Bill. The prices are invented, in EUR; the real ones are in one's own account."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from octoplan.sandbox.counting import count_parts
from octoplan.sandbox.reading import Submission

DEFAULT = "default"

PRICES: Mapping[str, Mapping[str, Decimal]] = MappingProxyType(
    {
        "sms_premium": MappingProxyType({"+33": Decimal("0.045"), "+1": Decimal("0.03"), DEFAULT: Decimal("0.09")}),
        "sms_low_cost": MappingProxyType({"+33": Decimal("0.032"), DEFAULT: Decimal("0.06")}),
        "voice_sms": MappingProxyType({"+33": Decimal("0.05"), DEFAULT: Decimal("0.12")}),
        "rcs": MappingProxyType({"+33": Decimal("0.06"), DEFAULT: Decimal("0.08")}),
        "email": MappingProxyType({DEFAULT: Decimal("0.001")}),
    }
)
"""Product → prefix of the address, the longest that fits → price a part (SMS), a block (voice) or a message."""

BLACKLIST_CHECK = Decimal("0.01")
"""EUR a request that removes blacklisted contacts (documented)."""

_LETTERS_A_SECOND = 15
_SECONDS_A_BLOCK = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """`cost` in EUR for all contacts, `parts` of one message and `seconds` of one call (1 and 0 on other channels)."""

    cost: Decimal
    parts: int
    seconds: int


def make_bill(submission: Submission, prices: Mapping[str, Mapping[str, Decimal]]) -> Bill:
    """Price what was submitted: parts for SMS, blocks of 30 seconds for voice, messages else; plus the blacklist."""
    text = submission.text
    parts = count_parts(text) if submission.channel == "sms" else 1
    blocks = max(1, -(-len(text) // (_LETTERS_A_SECOND * _SECONDS_A_BLOCK)))
    voice = submission.channel == "voice_sms"
    units = blocks if voice else parts
    row = prices.get(submission.option("type") or submission.channel, {})
    cost = units * _sum_prices(submission.addresses, row)
    if submission.flag("auto_remove_blacklisted_contacts"):
        cost += BLACKLIST_CHECK
    return Bill(cost=cost, parts=parts, seconds=blocks * _SECONDS_A_BLOCK if voice else 0)


def _sum_prices(addresses: Iterable[str], row: Mapping[str, Decimal]) -> Decimal:
    prefixes = sorted((prefix for prefix in row if prefix != DEFAULT), key=len, reverse=True)
    standard = row.get(DEFAULT, Decimal(0))
    total = Decimal(0)
    for address in addresses:
        total += next((row[prefix] for prefix in prefixes if address.startswith(prefix)), standard)
    return total
