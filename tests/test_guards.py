"""Guards as text and back, and which change of them is a loosening."""

from dataclasses import replace
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octoplan.guards import Guards, dump, load, loosened

GATEWAY = "https://gateway.example.com/v1"
STRICT = Guards(
    gateway=GATEWAY,
    require_plan=True,
    require_simulation=True,
    limits=MappingProxyType({"cost": "10.50", "recipients": "50"}),
    suppressions=MappingProxyType({"all": ("a.csv", "b.csv")}),
)
GUARDS = st.builds(
    Guards,
    gateway=st.sampled_from(["sandbox", GATEWAY]),
    require_plan=st.booleans(),
    require_simulation=st.booleans(),
    limits=st.dictionaries(st.sampled_from(["cost", "growth", "recipients"]), st.sampled_from(["1", "2.5", "30"])),
    suppressions=st.dictionaries(
        st.sampled_from(["all", "wholesale"]), st.lists(st.sampled_from("abc"), unique=True).map(tuple)
    ),
)


@given(GUARDS)
def test_guards_come_back_as_they_were(guards: Guards) -> None:
    assert load(dump(guards)) == guards
    assert loosened(guards, guards) == ()


@given(GUARDS, GUARDS)
def test_what_is_loosened_one_way_and_nothing_the_other_is_stricter(one: Guards, other: Guards) -> None:
    """A change that loosens nothing, undone, loosens whatever it tightened."""
    if not loosened(one, other) and not loosened(other, one):
        assert replace(one, limits={}, suppressions={}) == replace(other, limits={}, suppressions={})


def test_nothing_is_looser_than_nothing() -> None:
    assert load(None) is None
    assert loosened(None, STRICT) == ()


def test_another_gateway_is_said_either_way() -> None:
    other = replace(STRICT, gateway="https://other.example.com")
    assert loosened(STRICT, other) == (f"the gateway is https://other.example.com, it was {GATEWAY}",)
    assert len(loosened(other, STRICT)) == 1


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"cost": "10.50", "recipients": "50"}, ()),
        ({"cost": "10.5", "recipients": "50.0"}, ()),
        ({"cost": "9", "recipients": "50", "parts": "3"}, ()),
        ({"cost": "100", "recipients": "50"}, ("max_cost is 100, it was 10.50",)),
        ({}, ("max_cost is gone, it was 10.50", "max_recipients is gone, it was 50")),
    ],
)
def test_a_limit_that_is_higher_or_gone_is_looser(limits: dict[str, str], said: tuple[str, ...]) -> None:
    assert loosened(STRICT, replace(STRICT, limits=limits)) == said


def test_a_credit_of_which_less_must_be_left_is_looser() -> None:
    before, less, more = (replace(STRICT, limits={"credit_left": least}) for least in ("100", "99.5", "200"))
    assert loosened(before, less) == ("min_credit_left is 99.5, it was 100",)
    assert loosened(before, more) == ()
    assert loosened(before, STRICT) == ("min_credit_left is gone, it was 100",)


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        ({"FR": "hours 10:00-12:00"}, {}, ("the window of FR is no longer hours 10:00-12:00",)),
        ({"FR": "pack fr-charter"}, {"FR": "pack none"}, ("the window of FR is pack none",)),
        ({"FR": "pack none"}, {}, ()),
        ({"FR": "channels ['sms'], pack none"}, {}, ()),
        ({"*": "only shown"}, {}, ()),
        ({}, {"*": "only shown"}, ("windows are only shown",)),
    ],
)
def test_a_window_that_is_gone_is_said_as_one_that_is_another(
    before: dict[str, str], now: dict[str, str], said: tuple[str, ...]
) -> None:
    assert loosened(replace(STRICT, windows=before), replace(STRICT, windows=now)) == said
