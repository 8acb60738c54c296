"""Lengths of time and moments, as people write and read them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octoplan import durations


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("90s", timedelta(seconds=90)),
        ("15m", timedelta(minutes=15)),
        ("36h", timedelta(hours=36)),
        ("7d", timedelta(days=7)),
    ],
)
def test_a_length_is_a_number_and_a_unit(written: str, meant: timedelta) -> None:
    assert durations.parse(written) == meant


@pytest.mark.parametrize(
    "written", ["", "15", "m", "0m", "-1h", "1.5h", "15 m", "15M", "1h30m", "1w", "٣m", "9999999d"]
)
def test_nothing_else_is_a_length(written: str) -> None:
    with pytest.raises(ValueError, match="such as 15m"):
        durations.parse(written)


@given(number=st.integers(1, 999_999), unit=st.sampled_from("smhd"))
def test_what_is_written_reads_as_the_same(number: int, unit: str) -> None:
    length = durations.parse(f"{number}{unit}")
    assert durations.parse(durations.write(length)) == length
    assert len(durations.write(length)) <= len(f"{number}{unit}")


def test_a_moment_keeps_its_author_s_offset() -> None:
    at = datetime(2026, 12, 1, 10, 5)  # noqa: DTZ001 - the zones come below
    assert durations.moment(at.replace(tzinfo=UTC)) == "2026-12-01 10:05 UTC"
    assert durations.moment(at.replace(tzinfo=timezone(timedelta(hours=-3, minutes=-30)))) == "2026-12-01 10:05 -03:30"
