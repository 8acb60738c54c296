"""Every rule of every pack, through a whole year, by the minute around its edges; held against another clock.

The oracle is as plain as can be: a local date and time from dateutil's own copy of the zones, days and hours and
holidays as written down here. It shares neither code nor tables with what it judges.
"""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from dateutil.zoneinfo import get_zonefile_instance
from jsonschema.validators import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from octoplan import source
from octoplan.audience.zones import zones_of
from octoplan.windows import moments
from octoplan.windows.calendars import home_of, is_holiday
from octoplan.windows.opens import Opens, Span, joined
from octoplan.windows.packs import FOLDER, default_pack, packs
from octoplan.windows.rules import Rule

ROOT = Path(__file__).parents[2]
YEAR = 2027
START, END = datetime(YEAR, 1, 1, tzinfo=UTC), datetime(YEAR + 1, 1, 1, tzinfo=UTC)
Days = dict[int, list[tuple[str, str]]]


def on(first: int, last: int, *hours: tuple[str, str]) -> Days:
    return {day: list(hours) for day in range(first, last + 1)}


HOURS: dict[str, Days] = {
    "fr-strict": on(0, 5, ("08:00", "20:00")),
    "fr-charter": on(0, 5, ("08:00", "22:00")),
    "fr-voice": on(0, 4, ("10:00", "13:00"), ("14:00", "20:00")),
    "gb": on(0, 6, ("08:00", "21:00")),
    "us": on(0, 6, ("08:00", "21:00")),
    "us florida": on(0, 6, ("08:00", "20:00")),
    "us oklahoma": on(0, 6, ("08:00", "20:00")),
    "us washington": on(0, 6, ("08:00", "20:00")),
    "es-voice": on(0, 4, ("09:00", "21:00")),
    "de": on(0, 5, ("08:00", "20:00")),
    "it": on(0, 4, ("09:00", "20:00")) | on(5, 5, ("10:00", "19:00")),
    "be": on(0, 4, ("08:00", "20:00")) | on(5, 5, ("10:00", "18:00")),
    "courtesy": on(0, 5, ("08:00", "20:00")),
}


def days(*written: str) -> frozenset[date]:
    return frozenset(date(YEAR, int(one[:2]), int(one[3:])) for one in written)


# Easter is on 28 March in 2027.
FRANCE = days(
    "01-01", "03-29", "05-01", "05-06", "05-08", "05-17", "07-14", "08-15", "11-01", "11-11", "12-25"
)  # fmt: skip
HOLIDAYS = {
    "FR": FRANCE,
    "GP": FRANCE | days("05-27"),
    "MQ": FRANCE | days("05-22"),
    "GF": FRANCE | days("06-10"),
    "RE": FRANCE | days("12-20"),
    "YT": FRANCE | days("04-27"),
    "BL": FRANCE | days("10-09"),
    "MF": FRANCE | days("05-28"),
    "PM": FRANCE,
    "DE": days("01-01", "03-26", "03-29", "05-01", "05-06", "05-17", "10-03", "12-25", "12-26"),
    "ES": days("01-01", "01-06", "03-26", "05-01", "10-12", "11-01", "12-06", "12-08", "12-25"),
    "IT": days(
        "01-01", "01-06", "03-28", "03-29", "04-25", "05-01", "06-02", "08-15", "10-04", "11-01", "12-08", "12-25",
        "12-26",
    ),
    "BE": days(
        "01-01", "03-28", "03-29", "05-01", "05-06", "05-16", "05-17", "07-21", "08-15", "11-01", "11-11", "12-25"
    ),
}  # fmt: skip
MORE_OF_ITS_OWN = {"GP", "MQ", "GF", "YT", "BL", "MF", "PM", "RE", "ES"}
"""Where days are known beside those above, such as a bridge that the government gives: they may only be closed too."""
SUNDAYS = {day for number in range(365) if (day := date(YEAR, 1, 1) + timedelta(days=number)).weekday() == 6}
UNCHECKED_HOLIDAYS = {"GB", "GG", "JE", "IM", "US", "PR", "VI", "GU", "AS", "MP"}
"""Whose packs are open on them."""


def places() -> Iterator[tuple[Rule, str, str]]:
    """Every rule, with every country that it names and every zone of that."""
    for pack in packs().values():
        countries = {"ES"} if pack.name == "courtesy" else {country for country in pack.countries if country in known()}
        for country in sorted(countries):
            for rule in [pack.rule, *{rule.name: rule for rule in pack.stricter.values()}.values()]:
                yield from ((rule, country, zone) for zone in zones(country))


def known() -> set[str]:
    return HOLIDAYS.keys() | UNCHECKED_HOLIDAYS


def zones(country: str) -> list[str]:
    if country == "US":
        return ["America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles",
                "America/Anchorage", "Pacific/Honolulu"]  # fmt: skip
    found = zones_of(country)
    code = min(found, key=len)
    return list(found[code])[:3] if code != "+1" else ["America/Puerto_Rico"]


def whole_year(rule: Rule, country: str, zone: str) -> Opens:
    """What is said day after day, put together: each day is looked at from its own noon and from the day before."""
    spans: list[Span] = []
    for day in range(-1, 366, 3):
        found = moments.opens(rule, country, [zone], START + timedelta(days=day, hours=12))
        spans += found.spans or ()
    return joined(spans)


def may(rule: Rule, country: str, zone: Any, at: datetime) -> bool:
    local = at.astimezone(zone)
    if rule.holidays and local.date() in HOLIDAYS[country]:
        return False
    clock = f"{local:%H:%M}"
    return any(start <= clock < end for start, end in HOURS[rule.name].get(local.weekday(), ()))


def looked_at(rule: Rule, zone: Any) -> Iterator[datetime]:
    """Two minutes around every edge of every day, every minute around a change of the clock, and every hour."""
    edges = {edge for hours in HOURS[rule.name].values() for span in hours for edge in span}
    for day in range(365):
        midnight = START + timedelta(days=day)
        for edge in edges:
            at = datetime.fromisoformat(f"{midnight:%Y-%m-%d}T{edge}").replace(tzinfo=zone).astimezone(UTC)
            yield from (at + timedelta(minutes=minute) for minute in (-1, 0, 1))
        yield from (midnight + timedelta(hours=hour, minutes=30) for hour in range(0, 24, 3))
        if (midnight.astimezone(zone).utcoffset()) != (midnight + timedelta(days=1)).astimezone(zone).utcoffset():
            yield from (midnight + timedelta(minutes=minute) for minute in range(24 * 60))


@pytest.mark.parametrize(("rule", "country", "zone"), list(places()), ids=lambda one: getattr(one, "name", one))
def test_a_rule_holds_through_a_whole_year(rule: Rule, country: str, zone: str) -> None:
    other = get_zonefile_instance().get(zone)
    assert other is not None, "the other copy of the zones knows it too"
    opens = whole_year(rule, country, zone)
    wrong = []
    for at in looked_at(rule, other):
        if not START <= at < END or opens.holds(at) == may(rule, country, other, at):
            continue
        local = at.astimezone(other).date()
        if country in MORE_OF_ITS_OWN and is_holiday(country, local) and not opens.holds(at):
            continue
        wrong.append(f"{at.isoformat()} {opens.holds(at)}")
    assert wrong == []


def test_every_holiday_that_we_wrote_down_is_one() -> None:
    for country, dates in HOLIDAYS.items():
        assert [day for day in sorted(dates) if not is_holiday(country, day)] == [], country


def test_beyond_them_few_days_are_closed() -> None:
    for country, dates in HOLIDAYS.items():
        every = [date(YEAR, 1, 1) + timedelta(days=day) for day in range(365)]
        more = [day for day in every if is_holiday(country, day) and day not in dates | SUNDAYS]
        assert len(more) <= (6 if country in MORE_OF_ITS_OWN else 0), (country, more)


def test_every_rule_is_in_the_table() -> None:
    names = {rule.name for pack in packs().values() for rule in (pack.rule, *pack.stricter.values())}
    assert names == HOURS.keys()


def test_every_pack_has_the_shape_of_its_schema_and_is_called_as_its_file() -> None:
    shape = json.loads((ROOT / "schemas/window-pack.schema.json").read_text(encoding="utf-8"))
    campaign = json.loads((ROOT / "schemas/campaign.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(shape)
    registry: Registry[Any] = Registry().with_resource("campaign.schema.json", DRAFT202012.create_resource(campaign))
    validator = Draft202012Validator(shape, registry=registry)
    for path in FOLDER.glob("*.yaml"):
        data = source.load(path, path.name).data
        assert [error.message for error in validator.iter_errors(data)] == [], path.name
        assert data["name"] == path.stem
        assert not validator.is_valid({**data, "hours": "always"})


def test_campaigns_may_name_every_pack_and_no_other() -> None:
    campaign = json.loads((ROOT / "schemas/campaign.schema.json").read_text(encoding="utf-8"))
    assert set(campaign["$defs"]["window_pack"]["enum"]) == {*packs(), "none"}


def test_one_pack_at_most_is_the_default_for_a_country_a_channel_and_a_purpose() -> None:
    seen = [
        (country, channel, purpose)
        for pack in packs().values()
        if pack.default
        for country in pack.countries
        for channel in pack.channels
        for purpose in pack.purposes
    ]
    assert len(seen) == len(set(seen))


@pytest.mark.parametrize(
    ("country", "channel", "name"),
    [
        ("FR", "sms", "fr-strict"), ("RE", "rcs", "fr-strict"), ("GF", "voice_sms", "fr-voice"),
        ("ES", "sms", "courtesy"), ("ES", "voice_sms", "es-voice"), ("JP", "sms", "courtesy"),
        ("US", "sms", "us"), ("CA", "sms", "courtesy"),
    ],
)  # fmt: skip
def test_the_default_of_a_country(country: str, channel: str, name: str) -> None:
    found = default_pack(country, channel, "wholesale")
    assert found is not None
    assert found.name == name
    assert default_pack(country, channel, "alert") is None
    assert default_pack(country, "email", "wholesale") is None


def test_every_zone_that_numbers_have_is_known_here() -> None:
    from phonenumbers.tzdata import TIMEZONE_DATA  # noqa: PLC0415 - large

    table: dict[str, tuple[str, ...]] = TIMEZONE_DATA
    names = {name for zones in table.values() for name in zones}
    assert [name for name in sorted(names) if moments.zone(name) is None] == []


def test_a_territory_keeps_the_rules_of_its_country() -> None:
    assert [home_of(country) for country in ("GP", "PR", "FR")] == ["FR", "US", "FR"]
