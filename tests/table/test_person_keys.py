"""Person keys."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octoplan.table.connection import Table
from octoplan.table.keys import person_key, person_key_sql


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Table]:
    with Table(tmp_path_factory.mktemp("table")) as opened:
        yield opened


@settings(max_examples=60, deadline=None)
@given(
    st.binary(min_size=16, max_size=16),
    st.one_of(st.emails(), st.text().filter(lambda text: "\0" not in text), st.just("İΣς@ÉXAMPLE.com")),
)
def test_python_and_sql_make_the_same_key(table: Table, key: bytes, address: str) -> None:
    try:
        address.encode()
    except UnicodeEncodeError:
        return
    made = table.value(f"SELECT {person_key_sql('address', key)} FROM (SELECT ? AS address)", [address])
    assert made == person_key(key, address) < 2**128


def test_numbers_need_no_folding_and_keep_their_key(table: Table) -> None:
    sql = person_key_sql("address", b"k" * 16, folded=True)
    assert table.value(f"SELECT {sql} FROM (SELECT '+33600000123' AS address)") == person_key(b"k" * 16, "+33600000123")


def test_case_does_not_matter_and_the_key_does() -> None:
    assert person_key(b"k" * 16, "Ana@Example.COM") == person_key(b"k" * 16, "ana@example.com")
    assert person_key(b"k" * 16, "ana@example.com") != person_key(b"l" * 16, "ana@example.com")
    with pytest.raises(ValueError, match="16 bytes"):
        person_key(b"short", "ana@example.com")
