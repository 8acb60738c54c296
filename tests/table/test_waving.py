"""Cuts are exact, the same everywhere, a fair sample, and independent of how keys are packed into frames."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from octoplan.table import waving
from octoplan.table.connection import Table
from octoplan.table.waving import EVERYBODY

PEOPLE = 2_000
SEED = waving.seed_of("autumn-sale", 1)


def key(number: int) -> int:
    return int.from_bytes(hashlib.sha256(str(number).encode()).digest()[:16])


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Table]:
    with Table(tmp_path / "tmp") as opened:
        opened.execute("CREATE TABLE people (person UHUGEINT)")
        opened.append("people", ([key(number) for number in range(PEOPLE)],))
        opened.execute("CREATE TABLE messages_people AS SELECT person, NULL::VARCHAR AS held FROM people")
        yield opened


def order(person: int, seed: str = SEED) -> int:
    """The law in one line: the first half of the MD5 of seed and key."""
    return int.from_bytes(hashlib.md5(f"{seed}{person:X}".encode(), usedforsecurity=False).digest()[:8])


def test_cuts_are_where_a_line_of_python_puts_them(table: Table) -> None:
    ordered = sorted(order(key(number)) for number in range(PEOPLE))
    little = waving.cuts(table, "people", SEED, (0, 50, 150, PEOPLE))
    assert little == (ordered[0], ordered[50], ordered[150], EVERYBODY)


def test_each_wave_has_exactly_its_people(table: Table) -> None:
    at = waving.cuts(table, "people", SEED, (0, 50, 150))
    divided = waving.division(table, "people", SEED, at, None)
    rows = table.rows(f"SELECT {divided.wave} AS wave, count(*) FROM messages_people m GROUP BY 1 ORDER BY 1")
    assert rows == [(2, 50), (3, 100), (4, PEOPLE - 150)]


def test_a_cut_behind_everybody_leaves_nobody_for_the_last_wave(table: Table) -> None:
    at = waving.cuts(table, "people", SEED, (PEOPLE,))
    divided = waving.division(table, "people", SEED, at, None)
    assert table.rows(f"SELECT DISTINCT {divided.wave} FROM messages_people m") == [(1,)]


def test_editions_begin_with_other_people_and_keys_tell_nothing_of_it() -> None:
    people = [key(number) for number in range(PEOPLE)]
    first, second = (
        set(sorted(people, key=lambda person: order(person, waving.seed_of("autumn-sale", edition)))[:200])
        for edition in (1, 2)
    )
    assert 5 <= len(first & second) <= 45, "about a tenth of a tenth"
    assert 60 <= sum(person >> 127 for person in first) <= 140, "of either half of the keys about half"
