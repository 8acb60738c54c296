"""A phone number as written, and the region it may be national in → a Verdict, by phonenumbers.

The *home* of a number is that region where each row names its own, in two characters: what it names, also where that is
no region, NOWHERE where it names none. An international number is read whatever its home is.

A number is good where `phonenumbers.parse` reads it and `is_valid_number` agrees; it is sent in E.164. The narrow
no-break space of French typography, which phonenumbers does not know, is read as a space. So is a number that was
exported as a decimal one, `33600000101.0`, without its `.0`, in which phonenumbers would see one more digit.
"""

import re
from collections.abc import Collection
from typing import Any

from octoplan.audience.verdict import BLANK, Verdict, trimmed

NO_NUMBER = "not a phone number"
AN_EMAIL = "an e-mail address, not a phone number"
DECIMALS = "a number with decimals"
NO_COUNTRY = "a number without country code, and no region given"
NO_REGION = "a number without country code, and its row's region is no country's code"
LANDLINE = "landline"
PREMIUM = "premium"
UNREACHABLE = frozenset({LANDLINE, PREMIUM})
"""Reasons for which a number that is good is left out all the same: the channel does not reach it, or should not."""
_LEFT_OUT = {"sms": (PREMIUM, LANDLINE), "rcs": (PREMIUM, LANDLINE), "voice_sms": (PREMIUM,)}
# Of more zeros nobody can say whether they are decimals, or the digits of somebody else's number after a dot.
_DECIMAL = re.compile(r"(\+?[0-9]+)\.0(0*)")
NOWHERE = "  "
"""The home of a number whose row names none; no row can name it, since space is trimmed."""


def left_out(channel: str) -> tuple[str, ...]:
    """A channel → which good numbers it leaves out: UNREACHABLE, or some of it."""
    return _LEFT_OUT.get(channel, ())


def verdict(raw: str, region: str | None, without: Collection[str] = ()) -> Verdict:
    """A value as it stands in a row → its Verdict; `without`: which UNREACHABLE numbers are not wanted."""
    import phonenumbers  # noqa: PLC0415 - only where numbers are looked at

    text, reason = _written(raw)
    if reason:
        return Verdict(None, None, reason)
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        lacks = error.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE and "+" not in text
        return Verdict(None, None, _homeless(region) if lacks else NO_NUMBER)
    country = phonenumbers.region_code_for_number(number)
    if country is None or not phonenumbers.is_valid_number_for_region(number, country):
        main = country or phonenumbers.region_code_for_country_code(number.country_code or 0)
        return Verdict(None, None, f"not a valid number in {main}" if main.isalpha() else NO_NUMBER)
    if without and (reason := _unreachable(number)) in without:
        return Verdict(None, country, reason)
    return Verdict(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), country)


def _written(raw: str) -> tuple[str, str | None]:
    """A value as it stands in a row → what phonenumbers is to read, and the reason where there is no use in it."""
    text = trimmed(raw).replace("\u202f", " ")
    if not text:
        return text, BLANK
    if "@" in text:
        return text, AN_EMAIL
    decimal = _DECIMAL.fullmatch(text)
    if decimal is None:
        return text, None
    return decimal[1], DECIMALS if decimal[2] else None


def _homeless(region: str | None) -> str:
    """The region of a number that is not known to be of any country → the reason against it."""
    if region is None:
        return NO_COUNTRY
    return NO_NUMBER if is_region(region) else NO_REGION


def verdict_at_home(raw: str, without: Collection[str] = ()) -> Verdict:
    """A home, as `home_sql` tells it, and then a value as it stands in a row → its Verdict, see `verdict`."""
    home, text = raw[:2], raw[2:]
    return verdict(text, None if home == NOWHERE else home, without)


def _unreachable(number: Any) -> str | None:
    """A number of phonenumbers, valid → which of UNREACHABLE it is; where landlines and mobiles look alike, none."""
    from phonenumbers import PhoneNumberType, number_type  # noqa: PLC0415 - as in `verdict`

    return {PhoneNumberType.FIXED_LINE: LANDLINE, PhoneNumberType.PREMIUM_RATE: PREMIUM}.get(number_type(number))


def is_region(region: str) -> bool:
    """Two letters → whether they are a country with telephones."""
    from phonenumbers import SUPPORTED_REGIONS  # noqa: PLC0415 - as in `verdict`

    return region in SUPPORTED_REGIONS
