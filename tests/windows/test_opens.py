"""Moments at which something is open, and the text that a state keeps of them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octoplan.windows.opens import ALWAYS, Opens, all_of, joined

ZERO = datetime(2026, 11, 30, tzinfo=UTC)
minutes = st.integers(min_value=0, max_value=60)
some = st.lists(st.tuples(minutes, minutes), max_size=6)


def at(minute: float) -> datetime:
    return ZERO + timedelta(minutes=minute)


def opens(spans: list[tuple[int, int]]) -> Opens:
    return joined((at(start), at(end)) for start, end in spans)


@given(spans=some)
def test_joined_spans_are_open_when_any_of_them_is(spans: list[tuple[int, int]]) -> None:
    found = opens(spans)
    for minute in range(61):
        assert found.holds(at(minute)) is any(start <= minute < end for start, end in spans)
    ends = [end for _, end in found.spans or ()]
    assert all(end < start for end, (start, _) in zip(ends, (found.spans or ())[1:], strict=False))


@given(spans=some, others=some)
def test_within_is_open_when_both_are(spans: list[tuple[int, int]], others: list[tuple[int, int]]) -> None:
    both = opens(spans).within(opens(others))
    for minute in range(61):
        assert both.holds(at(minute)) is (opens(spans).holds(at(minute)) and opens(others).holds(at(minute)))


@given(spans=some)
def test_the_text_says_the_same(spans: list[tuple[int, int]]) -> None:
    found = opens(spans)
    assert Opens.parse(found.text) == found


@given(spans=some, now=minutes)
def test_the_first_moment_is_the_first_that_is_open(spans: list[tuple[int, int]], now: int) -> None:
    found = opens(spans)
    later = [minute for minute in range(now, 61) if found.holds(at(minute))]
    assert found.first_from(at(now)) == (at(later[0]) if later else None)


def test_always_is_blank_and_never_is_said() -> None:
    assert (ALWAYS.text, Opens.parse(""), Opens(()).text, Opens.parse("never")) == ("", ALWAYS, "never", Opens(()))
    assert ALWAYS.holds(ZERO)
    assert not Opens.parse("never").holds(ZERO)
    assert all_of([]) == ALWAYS


def test_seconds_are_dropped_so_that_it_is_never_longer_open() -> None:
    text = Opens(((at(0.5), at(9.5)),)).text
    assert text == "20261130T0001/20261130T0009"


@pytest.mark.parametrize("text", ["x", "20261130T0000", "20261130T0000/", " "])
def test_another_text_is_no_moments(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Opens.parse(text)
