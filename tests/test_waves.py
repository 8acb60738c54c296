"""How large waves are, when they may begin, and which numbers keep them from it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octoplan.waves import Passed, StopIf, Wave, Waves, begins, too_bad

NOW = datetime(2026, 11, 3, 10, 0, tzinfo=UTC)
THREE = Waves(each=(Wave(people=50), Wave(share=Decimal("0.05"), after=timedelta(minutes=15)), Wave()))
A_WAVE = st.builds(Wave, people=st.integers(1, 10_000)) | st.builds(Wave, share=st.decimals(0, 1, places=3))


@pytest.mark.parametrize(("people", "ends"), [(1_000, (50, 100)), (30, (30, 30)), (101, (50, 56)), (0, (0, 0))])
def test_a_share_is_of_the_whole_audience_and_rounded_up(people: int, ends: tuple[int, ...]) -> None:
    assert THREE.ends(people) == ends


@given(st.lists(A_WAVE, min_size=1, max_size=6), st.integers(0, 20_000))
def test_waves_never_overlap_and_hold_nobody_twice(some: list[Wave], people: int) -> None:
    ends = Waves(each=(*some, Wave())).ends(people)
    assert list(ends) == sorted(ends)
    assert all(0 <= end <= people for end in ends)


def test_a_wave_begins_so_long_after_the_one_before_is_over() -> None:
    assert begins(THREE, 2, Passed(ended=NOW)) == NOW + timedelta(minutes=15)
    assert begins(THREE, 3, Passed(ended=NOW)) is None, "it says no time"
    assert begins(THREE, 2, Passed()) is None, "nobody was in the one before"


@pytest.mark.parametrize(
    ("refused", "sent", "said"),
    [
        (2, 98, ()),
        (3, 97, ("3 of 100 people (3.0 %) were refused, more than 2 %",)),
        (9, 10, ()),
        (10, 10, ("10 of 20 people (50.0 %) were refused, more than 2 %",)),
        (0, 0, ()),
    ],
)
def test_a_share_is_looked_at_from_the_fewest_people_on_and_may_be_reached(
    refused: int, sent: int, said: tuple[str, ...]
) -> None:
    waves = Waves(each=THREE.each, stop_if=StopIf(shares={"refused": Decimal("0.02")}))
    assert too_bad(waves, Passed(sent=sent, counts={"refused": refused})) == said


def test_every_share_that_is_passed_is_told() -> None:
    shares = {"undelivered": Decimal("0.1"), "opted_out": Decimal("0.005")}
    passed = Passed(sent=1_000, counts={"undelivered": 101, "opted_out": 6})
    assert too_bad(Waves(each=THREE.each, stop_if=StopIf(shares=shares)), passed) == (
        "101 of 1,000 people (10.1 %) were not reached, more than 10 %",
        "6 of 1,000 people (0.6 %) opted out, more than 0.5 %",
    )
