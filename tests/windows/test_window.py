"""Zones, choices and days: whose window is which."""

from datetime import UTC, datetime

import pytest

from octoplan.audience.zones import zones_of
from octoplan.windows import moments
from octoplan.windows.choice import Choice
from octoplan.windows.rules import Rule, spans, weekdays
from octoplan.windows.window import Window, fits_all, windows

SMS = Choice(channel="sms", purpose="wholesale")


def rule(hours: str, days: str = "mon-sun") -> Rule:
    return Rule(name="own", hours=spans(days, hours), holidays=False, confidence="own")


def window(country: str, number: str, choice: Choice = SMS) -> Window | None:
    found = windows(country, choice.rules(country), zones_of(country), None)
    return found[max((one for one in found if number.startswith(one)), key=len)]


@pytest.mark.parametrize(
    ("country", "number", "rule", "zones"),
    [
        ("FR", "+33600000200", "fr-strict", ("Europe/Paris",)),
        ("GP", "+590690000200", "fr-strict", ("America/Guadeloupe",)),
        ("RE", "+262692000200", "fr-strict", ("Indian/Mayotte", "Indian/Reunion")),
        ("ES", "+34600000200", "courtesy", ("Atlantic/Canary", "Europe/Madrid")),
        ("US", "+12125550100", "us", ("America/New_York",)),
        ("US", "+13055550100", "us florida", ("America/New_York",)),
        ("US", "+12065550100", "us washington", ("America/Los_Angeles",)),
    ],
)
def test_a_number_tells_rule_and_zones(country: str, number: str, rule: str, zones: tuple[str, ...]) -> None:
    found = window(country, number)
    assert found is not None
    assert (found.rule.name, found.zones) == (rule, zones)


def test_an_area_code_that_nobody_knows_may_be_in_any_zone_of_the_calling_code() -> None:
    found = window("US", "+19990000000")
    assert found is not None
    assert {"America/New_York", "Pacific/Honolulu"} < set(found.zones)


@pytest.mark.parametrize("country", ["US", "MX", "FR", "RE"])
def test_of_several_beginnings_that_fit_a_number_the_longest_tells_its_zones(country: str) -> None:
    told, found = zones_of(country), windows(country, SMS.rules(country), zones_of(country), None)
    for number in (f"{beginning}99" for beginning in told):
        longest = max((one for one in told if number.startswith(one)), key=len)
        its = found[max((one for one in found if number.startswith(one)), key=len)]
        assert its is not None
        assert its.zones == tuple(sorted(told[longest])), number


def test_of_several_zones_all_have_to_be_open() -> None:
    both = Window(rule("08:00-20:00"), "", ("Atlantic/Canary", "Europe/Madrid"))
    opens = both.opens(datetime(2026, 11, 3, tzinfo=UTC))
    assert [opens.holds(datetime(2026, 11, 3, hour, 30, tzinfo=UTC)) for hour in (7, 8, 18, 19)] == [
        False, True, True, False,
    ]  # fmt: skip


def test_zones_that_are_never_awake_together_are_never_open() -> None:
    far = Window(rule("09:00-12:00"), "", ("Europe/Paris", "Pacific/Auckland"))
    assert far.opens(datetime(2026, 11, 3, tzinfo=UTC)).spans == ()
    assert far.opens(datetime(2026, 11, 3, tzinfo=UTC)).text == "never"


def test_the_next_moment_that_fits_all_is_the_first_at_which_all_are_open() -> None:
    early, late = Window(rule("08:00-12:00"), "", ("Europe/Paris",)), Window(rule("11:00-20:00"), "", ("Europe/Paris",))
    assert fits_all([early, late], datetime(2026, 11, 3, 20, tzinfo=UTC)) == datetime(2026, 11, 4, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "open_at", "closed_at"),
    [
        ("2027-03-28", ("00:30", "01:00", "01:29"), ("00:29", "01:30")),  # 02:00 to 03:00 is skipped
        ("2027-10-31", ("00:00", "00:59", "01:00", "01:29"), ("01:30",)),  # 02:00 to 03:00 is there twice
    ],
)
def test_a_span_over_a_change_of_the_clock_is_open_as_often_as_clocks_show_it(
    day: str, open_at: tuple[str, ...], closed_at: tuple[str, ...]
) -> None:
    hours = "01:30-03:30" if day == "2027-03-28" else "02:00-02:30"
    found = moments.opens(rule(hours), "", ["Europe/Paris"], datetime.fromisoformat(f"{day}T00:00+00:00"))

    def holds(clock: str) -> bool:
        return found.holds(datetime.fromisoformat(f"{day}T{clock}+00:00"))

    if day == "2027-10-31":
        # 02:00-02:30 of summer is 00:00-00:30, and of winter 01:00-01:30
        assert [holds(clock) for clock in ("00:00", "00:29", "00:30", "00:59", "01:00", "01:29", "01:30")] == [
            True, True, False, False, True, True, False,
        ]  # fmt: skip
    else:
        assert [holds(clock) for clock in open_at] == [True] * len(open_at)
        assert [holds(clock) for clock in closed_at] == [False] * len(closed_at)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("mon", {0}), ("mon-fri", {0, 1, 2, 3, 4}), ("sat-mon", {5, 6, 0}), ("mon-wed, fri", {0, 1, 2, 4}),
        ("mon-sun", set(range(7))),
    ],
)  # fmt: skip
def test_days_are_ranges_that_may_go_over_sunday(written: str, meant: set[int]) -> None:
    assert weekdays(written) == meant


def test_the_nearer_word_counts() -> None:
    shared = {"FR": {"pack": "fr-charter", "why": "x"}, "default": {"hours": "10:00-11:00", "why": "x"}}
    own = {"hours": "12:00-13:00", "why": "x"}

    def name(country: str, **given: object) -> str:
        choice = Choice(channel="sms", purpose="wholesale", shared=shared, **given)  # type: ignore[arg-type]
        found = choice.rules(country)
        return found[""].name + " " + found[""].said if found else "none"

    assert name("FR").startswith("fr-charter")
    assert name("GP").startswith("fr-charter"), "a territory follows its country"
    assert name("DE").startswith("de ")
    assert name("JP").startswith("own mon-sun 10:00-11:00")
    assert name("FR", own=own).startswith("own mon-sun 12:00-13:00")
    assert name("FR", own={"pack": "none", "why": "x"}) == "none"
    assert name("DE", own={"pack": "fr-strict", "why": "x"}).startswith("de "), "a pack is for its countries"


def test_an_alert_and_an_email_are_bound_by_their_own_word_alone() -> None:
    shared = {"FR": {"hours": "10:00-11:00", "why": "x"}}
    alert = Choice(channel="sms", purpose="alert", shared=shared)
    mail = Choice(channel="email", purpose="wholesale", shared=shared)
    assert (alert.binds, mail.binds, alert.rules("FR"), mail.rules("FR")) == (False, False, {}, {})
    own = {"hours": "12:00-13:00", "why": "x"}
    for choice in (alert, mail):
        bound = Choice(channel=choice.channel, purpose=choice.purpose, own=own)
        assert bound.binds
        assert bound.rules("")[""].name == "own"
