"""Credit and prices → what the wallet says. Source: the pages check-balance and check-credits."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType

from octoplan.sandbox.prices import DEFAULT, Prices, find_price
from octoplan.sandbox.reading import Submission

_PRODUCTS: Mapping[str, str] = MappingProxyType(
    {"premium_sms": "sms_premium", "vocal_sms": "voice_sms", "low_cost_sms": "sms_low_cost", "hlr": "hlr"}
)
"""The name in an answer of check-credits → the row of the price table; check-balance takes either."""

_COUNTRY = re.compile(r"[A-Z]{2}")
_PACK = "00000000-0000-4000-8000-000000000001"
_MOST_COUNTRIES = 300


def tell_balance(asked: Submission, credit: Decimal, prices: Prices, at: datetime) -> dict[str, object]:
    """Tell the credit in EUR, or how many units of a product it is worth in a country.

    A country without a product, or the reverse, is ignored: an assumption. The only pack of a sandbox never expires
    within ten years.
    """
    product, country = asked.option("product_name"), asked.option("country_code")
    content: dict[str, object] = {"amount": float(credit), "unit": "euros"}
    if product and country:
        price = find_price(prices, _PRODUCTS.get(product, product), country)
        content = {"amount": _count_units(credit, price), "unit": product}
    if asked.flag("with_details"):
        expires = at.replace(year=at.year + 10, day=1).isoformat(timespec="seconds")
        pack = {"wallet_pack_id": _PACK, "credit": float(credit), "expiration_date": expires}
        content["wallet_packs"] = [pack]
    return content


def tell_credits(asked: Submission, credit: Decimal, prices: Prices) -> dict[str, dict[str, int]]:
    """Tell, for each country that was asked for, how many units of each product the credit is worth.

    Without a question it is every country of the price table; a word that is no country is ignored.
    """
    named = asked.options.get("country_codes")
    wanted = [str(one) for one in named] if isinstance(named, tuple) and named else _list_countries(prices)
    return {
        country: {
            name: _count_units(credit, find_price(prices, product, country)) for name, product in _PRODUCTS.items()
        }
        for country in wanted[:_MOST_COUNTRIES]
        if _COUNTRY.fullmatch(country)
    }


def _list_countries(prices: Prices) -> list[str]:
    rows: Iterable[Mapping[str, Decimal]] = prices.values()
    return sorted({place for row in rows for place in row} - {DEFAULT})


def _count_units(credit: Decimal, price: Decimal) -> int:
    return int(credit // price) if price > 0 else 0
