"""What can be set on a sandbox: credit, prices, and the switches of its rules."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from octoplan.sandbox.prices import PRICES


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How this sandbox answers; the defaults are the documented behaviour, or the assumption named in `rules.RULES`.

    `credit`: EUR on a new or reset account. `memory`: how long a `request_id` is remembered. `rules_off`: ids of rules
    that are not checked. `refused_use_up_request_ids`: whether a refused request's id counts as used.
    `credit_before_request_id`: whether a repeated request may be turned away for lack of credit before its id is seen.
    """

    credit: Decimal = Decimal(100_000)
    prices: Mapping[str, Mapping[str, Decimal]] = field(default_factory=lambda: PRICES)
    memory: timedelta = timedelta(hours=24)
    rules_off: frozenset[str] = frozenset()
    refused_use_up_request_ids: bool = False
    credit_before_request_id: bool = False
