"""A country → how its telephone numbers begin, and in which time zones they can be. By phonenumbers' own table.

What a number tells of a place is true where mobile numbers have area codes too; elsewhere a mobile telephone can be
anywhere its calling code is. A beginning that several zones share has all of them.
"""

from collections.abc import Mapping
from functools import cache
from typing import Final

_AREA_CODES: Final = frozenset((1, 52, 54, 55, 62))
"""Calling codes whose mobile numbers have an area's code: North America, Mexico, Argentina, Brazil, Indonesia."""


@cache
def zones_of(country: str) -> Mapping[str, tuple[str, ...]]:
    """A country → `+1208` → its zones, for every beginning that has zones of its own; none where nobody knows them."""
    from phonenumbers import country_code_for_region  # noqa: PLC0415 - only where windows are asked for
    from phonenumbers.tzdata import TIMEZONE_DATA  # noqa: PLC0415 - as above

    number = country_code_for_region(country)
    table: Mapping[str, tuple[str, ...]] = TIMEZONE_DATA
    known = {f"+{prefix}": zones for prefix, zones in table.items() if number and prefix.startswith(str(number))}
    if number in _AREA_CODES or not known:
        return known
    return {f"+{number}": tuple(sorted({zone for zones in known.values() for zone in zones}))}
