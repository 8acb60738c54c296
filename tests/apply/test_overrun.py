"""A run stops itself where the gateway counts much more than the plan does; what was sent stays recorded."""

from dataclasses import replace
from decimal import Decimal

import pytest

from octoplan.apply.overrun import Expected, Tally
from octoplan.apply.run import send
from octoplan.apply.tower import Flight
from octoplan.gateways.interface import Accepted
from tests.apply.conftest import Field, done, frames, recording, stopped


@pytest.mark.parametrize(
    ("expected", "accepted", "why"),
    [
        (Expected(parts=1), Accepted(units=10), ""),
        (Expected(parts=1), Accepted(units=11), ""),
        (Expected(parts=1), Accepted(units=12), "12 parts, more than 10 % above the plan's 10"),
        (Expected(parts=2), Accepted(units=22), ""),
        (Expected(cost=Decimal("0.45")), Accepted(cost=Decimal("0.495")), ""),
        (Expected(cost=Decimal("0.45")), Accepted(cost=Decimal("0.496")), "0.496 of cost, more than 10 % above"),
        (Expected(cost=Decimal(0)), Accepted(cost=Decimal(0)), ""),
        (Expected(cost=Decimal(0)), Accepted(cost=Decimal("0.01")), "0.01 of cost"),
        (Expected(), Accepted(units=1000, cost=Decimal(1000)), ""),
        (Expected(parts=1, cost=Decimal(1)), Accepted(), ""),
        (Expected(parts=1, cost=Decimal(1)), Accepted(units=5, cost=Decimal("0.1")), ""),
    ],
)
def test_ten_per_cent_more_than_planned_is_bearable_and_not_a_bit_beyond(
    expected: Expected, accepted: Accepted, why: str
) -> None:
    said = Tally().add(expected, 10, accepted)
    assert bool(said) == bool(why)
    assert why in said


def test_what_counts_is_the_sum_over_the_run() -> None:
    tally = Tally()
    assert tally.add(Expected(parts=1), 100, Accepted(units=100)) == ""
    assert tally.add(Expected(parts=1), 5, Accepted(units=10)) == ""
    assert "125 parts" in tally.add(Expected(parts=1), 5, Accepted(units=15))


def test_a_frame_of_which_either_side_says_nothing_does_not_count() -> None:
    tally = Tally()
    assert tally.add(Expected(), 5, Accepted(units=500)) == ""
    assert tally.add(Expected(parts=1), 500, Accepted()) == ""
    assert "12 parts" in tally.add(Expected(parts=1), 10, Accepted(units=12))


def test_a_run_that_takes_three_times_the_parts_stops_with_everything_recorded(ground: Field) -> None:
    ground.max_in_flight = 1
    ground.judge.parts = 3
    sending = tuple(frames(5))
    written = recording(sending)
    planned = replace(written, flights=lambda: (Flight(frame=one, expected=Expected(parts=1)) for one in sending))
    events = list(send(ground.applier(), planned))
    assert done(events) == ["sent"]
    assert stopped(events) == [(None, "the gateway counts 9 parts, more than 10 % above the plan's 3")]
    assert ground.statuses() == {"sent": 3, "planned": 12}
    ground.check()
