"""`where` as a campaign has it: over real rows, and what is said when it fails."""

import pytest

from octoplan.table import where
from tests.audience.conftest import Contacts

CSV = (
    "phone_number,country,age,Since\n"
    "+33600000101,FR,7,2020-01-01\n+33600000102,BE,,x\n+33600000103,FR,eleven,2021-01-01\n"
)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("country = 'FR'", ["01", "03"]),
        ("COUNTRY = 'FR' and since < '2021'", ["01"]),
        ("age is null", ["02"]),
        ("try_cast(age as integer) > 3", ["01"]),
        ("phone_number like '%3'", ["03"]),
        ("country <> 'FR' or age = 'eleven'", ["02", "03"]),
    ],
)
def test_where_keeps_the_rows_for_which_it_is_true(contacts: Contacts, written: str, kept: list[str]) -> None:
    contacts.file("a.csv", CSV)
    contacts.campaign(audience={"from": "a.csv", "where": written})
    outcome = contacts.select()
    assert outcome.addresses == [f"+336000001{end}" for end in kept]
    assert outcome.audience.counts.filtered == 3 - len(kept)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("cast(age as integer) > 3", "fails on a row"),
        ("age > 3", "does not fit the columns"),
        ("Since::date > date '2020-01-01'", "fails on a row"),
        ("country", "no condition"),
        ("length(country)", "no condition"),
        ("country + age > 3", "does not fit the columns"),
        ("list_contains(country, 'x')", "does not fit the columns"),
        ("regexp_matches(country, '(')", "not valid"),
        ("read_csv('a.csv')", "read_csv"),
        ("contry = 'FR'", "contry"),
        ("1=1; select 1", "not one SQL expression"),
    ],
)
def test_a_where_that_cannot_be_is_a_problem_at_its_place_without_values(
    contacts: Contacts, written: str, words: str
) -> None:
    contacts.file("a.csv", CSV)
    contacts.campaign(audience={"from": "a.csv", "where": written})
    outcome = contacts.select()
    assert outcome.rules == ["audience/where"]
    assert words in outcome.problems[0].message
    assert str(outcome.problems[0].place).startswith("campaigns/sale.yaml:8:")
    assert "eleven" not in outcome.said


def test_a_where_that_takes_too_long_is_stopped(contacts: Contacts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("octoplan.table.people.SECONDS", 0.05)
    contacts.file("a.csv", "phone_number,x\n" + "".join(f"+336{n:08},{'ab' * 50}\n" for n in range(40_000)))
    slow = " or ".join(f"regexp_matches(x || '{n}', '(a|b|ab)*(a.*b){{9}}c{n}$')" for n in range(60))
    contacts.campaign(audience={"from": "a.csv", "where": slow})
    outcome = contacts.select()
    assert outcome.rules == ["audience/where"]
    assert "30 seconds" in outcome.problems[0].message
    assert where.SECONDS == 30
