"""What can be set on a sandbox, checked: the defaults are the documented behaviour, or the assumption of `rules.RULES`.

What was set while it runs is kept in its file as JSON, laid over what it was started with.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from octoplan.sandbox.errors import SandboxError
from octoplan.sandbox.prices import DEFAULT, PRICES, Prices
from octoplan.sandbox.rules import BY_ID

STRICT = frozenset({"forgiving"})
_COUNTRY = re.compile(r"[A-Z]{2}")
_LARGEST_PRICE = Decimal(1_000_000)
_LONGEST_MEMORY = 24 * 366
_LONGEST_KEPT = 3660
_YEARS = range(1970, 9001)
_DIGITS = 6
_FORMATS = ("json", "form")


class SettingsError(SandboxError):
    """A setting that does not exist, or a value that it cannot have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How this sandbox answers.

    `credit`: EUR on a new or reset account. `memory`: how long a `request_id` is remembered. `rules_off`: ids of rules
    that do not hold; without `forgiving` it is strict. `callback_url`: where deliveries, STOPs and replies are posted,
    blank for nowhere. `offset`: how far the sandbox's clock is ahead; `frozen`: the moment at which it stands still.
    `keep`: how long what was received stays, by the real clock; None for ever.
    """

    credit: Decimal = Decimal(100_000)
    prices: Prices = field(default_factory=lambda: PRICES)
    memory: timedelta = timedelta(hours=24)
    rules_off: frozenset[str] = frozenset()
    rcs_agent: bool = True
    callback_url: str = ""
    callback_format: str = "json"
    offset: timedelta = timedelta()
    frozen: datetime | None = None
    keep: timedelta | None = timedelta(days=7)

    def __post_init__(self) -> None:
        if unknown := self.rules_off - BY_ID.keys():
            raise SettingsError(f"no such rules: {', '.join(sorted(unknown))}", hint=f"there are: {', '.join(BY_ID)}")

    @property
    def strict(self) -> bool:
        """Whether wrong data is refused."""
        return "forgiving" in self.rules_off


def show_settings(settings: Settings) -> dict[str, Any]:
    """Show all but credit and clock, which have doors of their own, as JSON values."""
    return {
        "strict": settings.strict,
        "rules_off": sorted(settings.rules_off),
        "request_id_hours": settings.memory / timedelta(hours=1),
        "rcs_agent": settings.rcs_agent,
        "keep_days": 0 if settings.keep is None else settings.keep.days,
        "callback_url": settings.callback_url,
        "callback_format": settings.callback_format,
        "prices": {
            product: {place: float(price) for place, price in row.items()} for product, row in settings.prices.items()
        },
    }


def change_settings(base: Settings, changes: Mapping[str, Any]) -> Settings:
    """Apply `changes`, in the form in which they are shown; SettingsError for what does not exist or cannot be."""
    for name, value in changes.items():
        if name not in _CHANGES:
            raise SettingsError(f"no such setting: {name[:40]}", hint=f"there are: {', '.join(_CHANGES)}")
        base = _CHANGES[name](base, value)
    return base


def apply_stored(base: Settings, stored: str) -> Settings:
    """Lay what a file remembers, as JSON, over what the sandbox was started with."""
    return change_settings(base, json.loads(stored, parse_float=Decimal))


def _change_strict(base: Settings, value: object) -> Settings:
    off = base.rules_off | STRICT if _is_flag("strict", value) else base.rules_off - STRICT
    return replace(base, rules_off=off)


def _change_rules(base: Settings, value: object) -> Settings:
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
        raise SettingsError("rules_off: an array of ids is needed", hint="GET /_sandbox/rules lists them")
    return replace(base, rules_off=frozenset(value))


def _change_memory(base: Settings, value: object) -> Settings:
    return replace(
        base, memory=timedelta(hours=float(_read_amount("request_id_hours", value, Decimal(_LONGEST_MEMORY))))
    )


def _change_keep(base: Settings, value: object) -> Settings:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LONGEST_KEPT:
        raise SettingsError(f"keep_days: a whole number from 0, for ever, to {_LONGEST_KEPT}")
    return replace(base, keep=timedelta(days=value) if value else None)


def _change_agent(base: Settings, value: object) -> Settings:
    return replace(base, rcs_agent=_is_flag("rcs_agent", value))


def _change_url(base: Settings, value: object) -> Settings:
    if not isinstance(value, str) or (value and not _is_url(value)):
        raise SettingsError(
            "callback_url: not a URL", hint="such as http://127.0.0.1:9000/callbacks, or blank for none"
        )
    return replace(base, callback_url=value)


def _change_format(base: Settings, value: object) -> Settings:
    if value not in _FORMATS:
        raise SettingsError("callback_format: json or form")
    return replace(base, callback_format=str(value))


def _change_offset(base: Settings, value: object) -> Settings:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise SettingsError("offset_seconds: a number is needed")
    try:
        return replace(base, offset=timedelta(seconds=float(value)))
    except (OverflowError, ValueError):
        raise SettingsError("offset_seconds: too large") from None


def _change_frozen(base: Settings, value: object) -> Settings:
    return replace(base, frozen=None if value is None else read_moment("frozen", value))


def _change_prices(base: Settings, value: object) -> Settings:
    if not isinstance(value, Mapping):
        raise SettingsError("prices: an object of products is needed", hint="GET /_sandbox/settings shows one")
    rows = {str(name): _read_row(str(name), row) for name, row in value.items()}
    return replace(base, prices=MappingProxyType({**base.prices, **rows}))


def _read_row(product: str, row: object) -> Mapping[str, Decimal]:
    if not isinstance(row, Mapping):
        raise SettingsError(f"prices: {product[:40]}: an object of countries is needed")
    for place in row:
        if place != DEFAULT and not _COUNTRY.fullmatch(str(place)):
            raise SettingsError(f"prices: {product[:40]}: a place is a country such as FR, or {DEFAULT}")
    return MappingProxyType(
        {place: _read_amount(f"prices: {product[:40]}: {place}", value, _LARGEST_PRICE) for place, value in row.items()}
    )


def read_credit(value: object, name: str = "amount") -> Decimal:
    """Read an amount of EUR, which whoever wrote it calls `name`; SettingsError if it is none."""
    return _read_amount(name, value, Decimal(10) ** 12)


def read_moment(name: str, value: object) -> datetime:
    """Read an ISO 8601 date with an offset; SettingsError if it is none."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise SettingsError(f"{name}: a date in ISO 8601 with an offset is needed", hint="2026-12-01T10:00:00+01:00")
    check_clock(moment)
    return moment


def check_clock(moment: datetime) -> None:
    """Pass a moment at which calendars go on for a while in both directions; SettingsError for any other."""
    if moment.year not in _YEARS:
        raise SettingsError("the clock cannot go that far", hint=f"from the year {_YEARS[0]} to {_YEARS[-1]}")


def _read_amount(name: str, value: object, most: Decimal) -> Decimal:
    try:
        amount = (
            Decimal(str(value)) if isinstance(value, int | float | Decimal) and not isinstance(value, bool) else None
        )
    except InvalidOperation:
        amount = None
    if amount is None or not amount.is_finite() or not 0 <= amount <= most or round(amount, _DIGITS) != amount:
        raise SettingsError(f"{name}: a number from 0 to {most:,f} with at most {_DIGITS} decimals is needed")
    return amount


def _is_flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise SettingsError(f"{name}: true or false is needed")
    return value


def _is_url(value: str) -> bool:
    try:
        parsed = urlsplit(value)
        return parsed.scheme in ("http", "https") and bool(parsed.hostname) and (parsed.port or 1) > 0
    except ValueError:
        return False


_CHANGES: Mapping[str, Callable[[Settings, object], Settings]] = MappingProxyType(
    {
        "strict": _change_strict,
        "rules_off": _change_rules,
        "request_id_hours": _change_memory,
        "rcs_agent": _change_agent,
        "keep_days": _change_keep,
        "callback_url": _change_url,
        "callback_format": _change_format,
        "prices": _change_prices,
        "offset_seconds": _change_offset,
        "frozen": _change_frozen,
    }
)
