"""Limits: what is above one is said, until a number that is large enough is accepted; nothing else is."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octoplan.errors import UsageError
from octoplan.limits import NAMES, Figures, Limits, breaches, credit_breach, limits_of, parse_accepted

SMALL = Figures(recipients=3, requests=2, parts=4, cost=Decimal("1.50"), growth=Decimal("0.5"))
MORE = ", and than the 99.99 accepted"
WRITTEN = {"max_recipients": 3, "max_requests": 2, "max_parts": 4, "max_cost": 1.5, "max_growth": "50%"}


def test_what_is_written_is_what_limits() -> None:
    limits = limits_of(WRITTEN)
    assert breaches(limits, SMALL, {}) == ()
    assert limits.written == {"recipients": "3", "requests": "2", "parts": "4", "cost": "1.5", "growth": "0.5"}
    assert limits_of({"max_growth": 0.25}) == Limits(growth=Decimal("0.25"))
    assert limits_of(None) == limits_of({}) == Limits()


def test_a_project_s_growth_holds_where_a_campaign_says_none() -> None:
    assert limits_of({"max_parts": 1}, Decimal("0.1")).growth == Decimal("0.1")
    assert limits_of({"max_growth": 0.3}, Decimal("0.1")).growth == Decimal("0.3")


@pytest.mark.parametrize(
    ("larger", "said"),
    [
        (
            replace(SMALL, recipients=48_211),
            "48,211 recipients are more than max_recipients 3 (--accept recipients=48211)",
        ),
        (
            replace(SMALL, growth=Decimal(2) / 3),
            "a growth of 66.7 % is more than max_growth 50.0 % (--accept growth=66.7%)",
        ),
        (replace(SMALL, requests=3), "3 requests are more than max_requests 2 (--accept requests=3)"),
        (replace(SMALL, parts=5), "5 parts are more than max_parts 4 (--accept parts=5)"),
        (replace(SMALL, cost=Decimal("1.51")), "a cost of 1.51 is more than max_cost 1.5 (--accept cost=1.51)"),
        (
            replace(SMALL, growth=Decimal("0.512")),
            "a growth of 51.2 % is more than max_growth 50.0 % (--accept growth=51.2%)",
        ),
    ],
)
def test_each_number_above_its_limit_is_said_with_how_to_accept_it(larger: Figures, said: str) -> None:
    limits = limits_of(WRITTEN)
    assert breaches(limits, larger, {}) == (said,)
    _, _, typed = said.removesuffix(")").rpartition("--accept ")
    assert breaches(limits, larger, parse_accepted((typed,))) == ()
    assert breaches(limits, larger, parse_accepted(("recipients=4", "requests=2", "parts=4"))) != ()


def test_a_number_that_has_grown_since_it_was_accepted_is_refused_again() -> None:
    (said,) = breaches(Limits(recipients=10), replace(SMALL, recipients=12), parse_accepted(("recipients=11",)))
    assert said == ("12 recipients are more than max_recipients 10, and than the 11 accepted (--accept recipients=12)")


def test_a_cost_that_nobody_knows_is_refused_whatever_is_accepted() -> None:
    unknown = replace(SMALL, cost=None)
    (said,) = breaches(Limits(cost=Decimal(5)), unknown, parse_accepted(("cost=1000000",)))
    assert said == "max_cost is 5, and the cost is not known: no price says it"
    assert breaches(Limits(recipients=5), unknown, {}) == ()


def test_a_first_edition_has_not_grown() -> None:
    assert breaches(Limits(growth=Decimal(0)), replace(SMALL, growth=None), {}) == ()


@given(
    name=st.sampled_from(NAMES),
    limit=st.integers(min_value=0, max_value=10**9),
    real=st.integers(min_value=0, max_value=10**9),
    accepted=st.none() | st.integers(min_value=0, max_value=10**9),
)
def test_a_number_passes_just_where_limit_or_acceptance_reach_it(
    name: str, limit: int, real: int, accepted: int | None
) -> None:
    typed = () if accepted is None else (f"{name}={accepted}",)
    found = breaches(replace(Limits(), **{name: limit}), replace(SMALL, **{name: real}), parse_accepted(typed))  # type: ignore[arg-type]
    assert (found == ()) == (real <= max(limit, -1 if accepted is None else accepted))


@pytest.mark.parametrize(
    "typed",
    ["", "recipients", "recipients=", "=5", "people=5", "max_recipients=5", "recipients=-1", "cost=nan", "growth=inf%"],
)
def test_what_accepts_nothing_is_usage(typed: str) -> None:
    with pytest.raises(UsageError, match="--accept takes a name and a number"):
        parse_accepted((typed,))


@pytest.mark.parametrize("number", ["12,50", "1,2500", "12500,5", "0,500", "1,250,5", "12.500,50", ",500", "40,5%"])
def test_a_decimal_comma_is_not_taken_for_one_between_thousands(number: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_accepted((f"cost={number}",))
    assert "cost=1,250.50" in refused.value.hint


@pytest.mark.parametrize(
    ("typed", "number"),
    [("48,211", "48211"), ("1,048,211.75", "1048211.75"), ("12.50", "12.50"), ("48_211", "48211"), ("1,200%", "12")],
)
def test_a_number_may_have_commas_between_its_thousands(typed: str, number: str) -> None:
    assert parse_accepted((f"cost={typed}",)) == {"cost": Decimal(number)}


def test_a_name_is_accepted_once() -> None:
    with pytest.raises(UsageError, match="names recipients twice"):
        parse_accepted(("recipients=5", "recipients=6"))


def test_numbers_may_be_written_as_plans_write_them() -> None:
    assert parse_accepted(("recipients=48,211", "growth=40%", "cost= 12.50")) == {
        "recipients": 48211,
        "growth": Decimal("0.4"),
        "cost": Decimal("12.5"),
    }


def test_the_least_credit_is_written_under_its_own_name() -> None:
    limits = limits_of({"min_credit_left": 99.5, "max_parts": 4})
    assert limits == Limits(parts=4, credit_left=Decimal("99.5"))
    assert limits.written == {"parts": "4", "credit_left": "99.5"}
    assert breaches(limits, SMALL, {}) == ()


@pytest.mark.parametrize(
    ("credit", "typed", "said"),
    [
        ("101.50", (), ""),
        (
            "101.49",
            (),
            "a credit of 99.99 would be left, less than min_credit_left 100 (--accept min_credit_left=99.99)",
        ),
        ("101.49", ("min_credit_left=99.99",), ""),
        (
            "101.48",
            ("min_credit_left=99.99",),
            f"a credit of 99.98 would be left, less than min_credit_left 100{MORE} (--accept min_credit_left=99.98)",
        ),
        ("1.50", ("min_credit_left=0",), ""),
        (
            "1.49",
            ("min_credit_left=0",),
            "the credit of 1.49 does not cover the cost of 1.50, and min_credit_left is 100",
        ),
        ("-5", (), "the credit of -5 does not cover the cost of 1.50, and min_credit_left is 100"),
        ("101.50", ("min_credit_left=500",), ""),
    ],
)
def test_a_credit_that_would_be_too_small_is_said_with_how_to_accept_it(
    credit: str, typed: tuple[str, ...], said: str
) -> None:
    assert credit_breach(Decimal(100), Decimal(credit), Decimal("1.50"), parse_accepted(typed)) == said


@given(
    least=st.integers(0, 10**9),
    credit=st.integers(-(10**9), 10**9),
    cost=st.integers(0, 10**9),
    accepted=st.none() | st.integers(0, 10**9),
)
def test_a_plan_passes_just_where_enough_is_left_of_the_credit(
    least: int, credit: int, cost: int, accepted: int | None
) -> None:
    typed = () if accepted is None else (f"min_credit_left={accepted}",)
    said = credit_breach(Decimal(least), Decimal(credit), Decimal(cost), parse_accepted(typed))
    assert (said == "") == (credit - cost >= min(least, least if accepted is None else accepted))
