"""A country and a local date → whether it is a public holiday there; the only door to `holidays`."""

from collections.abc import Container
from datetime import date
from functools import cache
from typing import Final

_PARENTS: Final = {
    "GP": "FR", "MQ": "FR", "GF": "FR", "RE": "FR", "YT": "FR", "BL": "FR", "MF": "FR", "PM": "FR",
    "PR": "US", "GU": "US", "VI": "US", "AS": "US", "MP": "US", "AX": "FI", "SJ": "NO",
    "GG": "GB", "JE": "GB", "IM": "GB",
}  # fmt: skip
"""Territories whose numbers phonenumbers tells from their country's: they keep its rules, in their own time."""


_SUBDIVISIONS: Final = {"GP": "971", "MQ": "972", "GF": "973", "RE": "974", "YT": "976"}
"""What `holidays` calls those that it knows by another name than ISO's."""


def home_of(country: str) -> str:
    """A country or territory → the country whose rules it keeps."""
    return _PARENTS.get(country, country)


@cache
def calendar(country: str, year: int) -> Container[date]:
    """A country or territory, and a year → its holidays; none where nobody knows them."""
    import holidays  # noqa: PLC0415 - only where a rule is closed on them

    home = home_of(country)
    supported = holidays.list_supported_countries(include_aliases=False)
    if home not in supported:
        return frozenset()
    part = _SUBDIVISIONS.get(country, country)
    known = home != country and part in supported[home]
    return frozenset(holidays.country_holidays(home, subdiv=part if known else None, years=year))


def is_holiday(country: str, day: date) -> bool:
    """Whether a local date is a public holiday."""
    return day in calendar(country, day.year)
