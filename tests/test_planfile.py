"""A plan file keeps what was reviewed, and nothing of a person."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octoplan.errors import OctoplanError, PlanStale
from octoplan.planfile import VERSION, PlanFile, Reviewed, differences, dump, parse, raise_if_stale, readable

SALE = Reviewed(
    name="sale", edition=1, action="send", definition="ab" * 16, recipients=2, requests=1, messages=bytes(range(16))
)
PLAN = PlanFile(
    environment="production",
    gateway="https://api.octopush.com/v1/public",
    lineage="c0ffee",
    serial=7,
    digest="AAAA-BBBB-CCCC-DDDD",
    salt="00",
    targets=(),
    campaigns=(SALE,),
)


@given(
    st.lists(st.binary(max_size=10).map(lambda some: some * 8), max_size=4), st.lists(st.text(max_size=5), max_size=3)
)
def test_what_is_dumped_is_parsed_again(messages: list[bytes], targets: list[str]) -> None:
    campaigns = tuple(replace(SALE, name=f"c{number}", messages=some) for number, some in enumerate(messages))
    plan = replace(PLAN, campaigns=campaigns, targets=tuple(targets))
    assert parse(dump(plan)) == plan


@given(st.binary(max_size=200))
def test_anything_else_is_one_clear_error(data: bytes) -> None:
    with pytest.raises(OctoplanError, match="plan file"):
        parse(data)


@given(st.integers(0, 400), st.binary(min_size=1, max_size=4))
def test_a_damaged_plan_file_is_refused_or_read_whole(at: int, junk: bytes) -> None:
    whole = dump(PLAN)
    damaged = whole[:at] + junk + whole[at + len(junk) :]
    try:
        found = parse(damaged)
    except OctoplanError:
        return
    assert len(found.campaigns) == 1


def test_a_cut_off_plan_file_is_refused() -> None:
    whole = dump(PLAN)
    for end in range(len(whole)):
        with pytest.raises(OctoplanError):
            parse(whole[:end])


def test_a_newer_plan_file_asks_for_a_newer_octoplan() -> None:
    newer = dump(PLAN).replace(f"file {VERSION}\n".encode(), f"file {VERSION + 1}\n".encode(), 1)
    with pytest.raises(OctoplanError, match=f"version {VERSION + 1}, this octoplan reads {VERSION}"):
        parse(newer)


def test_equal_definitions_are_not_stale_whoever_the_people_are() -> None:
    now = replace(PLAN, salt="11", serial=9, campaigns=(replace(SALE, messages=b"", recipients=0),))
    assert differences(PLAN, now) == ()
    raise_if_stale(PLAN, now)


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (replace(PLAN, environment="staging"), "it was made for environment production, this is staging"),
        (replace(PLAN, gateway="sandbox"), "gateway"),
        (replace(PLAN, lineage="beef"), "it was made for state c0ffee, this is beef"),
        (replace(PLAN, serial=6), "the state is older (serial 6)"),
        (replace(PLAN, campaigns=()), "sale is no longer in the project"),
        (replace(PLAN, campaigns=(replace(SALE, edition=2),)), "sale had edition 1, now 2"),
        (replace(PLAN, campaigns=(replace(SALE, definition="cd" * 16),)), "sale was changed"),
        (replace(PLAN, campaigns=(SALE, replace(SALE, name="more"))), "more was added"),
    ],
)
def test_every_other_definition_is_stale_and_says_why(now: PlanFile, said: str) -> None:
    (only,) = differences(PLAN, now)
    assert said in only
    with pytest.raises(PlanStale) as raised:
        raise_if_stale(PLAN, now)
    assert raised.value.exit_code == 7


def test_a_digest_is_eighty_bits_in_fours() -> None:
    assert readable(bytes(10)) == "0000-0000-0000-0000"
    assert readable(b"\xff" * 32) == "ZZZZ-ZZZZ-ZZZZ-ZZZZ"
