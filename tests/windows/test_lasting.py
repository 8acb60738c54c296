"""When a run would end, at a rate and in windows, and who would be too late."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octoplan.windows.lasting import Ended, Load, estimate_rate, lasting
from octoplan.windows.opens import ALWAYS, joined

ZERO = datetime(2026, 11, 30, 8, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return ZERO + timedelta(seconds=seconds)


def load(requests: int, *spans: tuple[int, int], not_after: int | None = None) -> Load:
    opens = joined((at(start), at(end)) for start, end in spans) if spans else ALWAYS
    last = None if not_after is None else at(not_after)
    return Load(requests=requests, people=requests * 10, not_after=last, opens=opens)


def test_requests_leave_one_load_after_the_other() -> None:
    assert lasting([load(10), load(5)], ZERO, 2.0) == (Ended(at(5), 0), Ended(at(7.5), 0))


def test_a_closed_load_lets_later_ones_pass() -> None:
    assert lasting([load(10, (100, 200)), load(5)], ZERO, 1.0) == (Ended(at(110), 0), Ended(at(5), 0))


def test_what_does_not_fit_into_a_window_goes_on_in_the_next() -> None:
    assert lasting([load(10, (0, 4), (100, 200))], ZERO, 1.0) == (Ended(at(106), 0),)


def test_who_is_left_at_the_last_moment_is_late() -> None:
    assert lasting([load(10, not_after=4)], ZERO, 1.0) == (Ended(at(4), 60),)
    assert lasting([load(10, (100, 200), not_after=50)], ZERO, None) == (Ended(at(50), 100),)


def test_without_a_rate_only_windows_take_time() -> None:
    assert lasting([load(1_000_000), load(5, (60, 70))], ZERO, None) == (Ended(at(0), 0), Ended(at(60), 0))


def test_what_never_opens_never_ends() -> None:
    assert lasting([load(10, (-20, -10))], ZERO, 1.0) == (Ended(None, 0),)


@pytest.mark.parametrize(("per_second", "at_once", "rate"), [(None, 4, 8.0), (10, 4, 8.0), (2, 4, 2.0)])
def test_the_rate_is_what_is_allowed_and_what_is_possible(per_second: float | None, at_once: int, rate: float) -> None:
    assert estimate_rate(per_second, at_once) == rate


@given(
    loads=st.lists(
        st.tuples(st.integers(1, 50), st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), max_size=3)),
        min_size=1,
        max_size=5,
    ),
    rate=st.sampled_from([0.5, 1.0, 4.0]),
)
def test_a_second_by_second_walk_ends_at_the_same_time(
    loads: list[tuple[int, list[tuple[int, int]]]], rate: float
) -> None:
    some = [load(requests, *[(min(span), max(span)) for span in spans]) for requests, spans in loads]
    ended = lasting(some, ZERO, rate)
    left = [float(one.requests) for one in some]
    ends: list[int | None] = [None] * len(some)
    for second in range(1_000):
        room = rate
        for number, one in enumerate(some):
            if left[number] > 0 and one.opens.holds(at(second)):
                used = min(room, left[number])
                left[number] -= used
                room -= used
                if left[number] <= 1e-9:
                    left[number], ends[number] = 0.0, second
    for told, end in zip(ended, ends, strict=True):
        assert (told.at is None) == (end is None)
        if told.at is not None and end is not None:
            assert abs((told.at - at(end)).total_seconds()) <= 1
