"""Intervals, against the examples that R. G. Newcombe published, and by the laws that any interval must keep."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octoplan.pipeline.intervals import newcombe, wilson


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_one_share_is_as_in_method_3_of_newcombe_1998(count: int, of: int, low: float, high: float) -> None:
    assert list(wilson(count, of)) == pytest.approx([low, high], abs=5e-5)


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_a_difference_is_as_in_method_10_of_newcombe_1998(
    one: tuple[int, int], other: tuple[int, int], low: float, high: float
) -> None:
    assert list(newcombe(one, other)) == pytest.approx([low, high], abs=5e-5)


COUNTED = st.integers(min_value=1, max_value=10**6).flatmap(
    lambda of: st.tuples(st.integers(min_value=0, max_value=of), st.just(of))
)


@given(COUNTED)
def test_the_interval_of_a_share_holds_it_and_lies_between_nothing_and_all(counted: tuple[int, int]) -> None:
    count, of = counted
    low, high = wilson(count, of)
    assert 0 <= low <= count / of + 1e-12
    assert count / of - 1e-12 <= high <= 1
    mirrored = wilson(of - count, of)
    assert [1 - mirrored[1], 1 - mirrored[0]] == pytest.approx([low, high], abs=1e-9)


@given(COUNTED, COUNTED)
def test_the_interval_of_a_difference_turns_over_with_it(one: tuple[int, int], other: tuple[int, int]) -> None:
    low, high = newcombe(one, other)
    assert -1 <= low <= one[0] / one[1] - other[0] / other[1] + 1e-12
    assert list(newcombe(other, one)) == pytest.approx([-high, -low], abs=1e-9)


def test_of_nobody_nothing_is_known() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert newcombe((0, 0), (3, 4)) == (-1.0, 1.0)
