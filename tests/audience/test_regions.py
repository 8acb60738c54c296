"""`region: {column, default}`: each row's number is read as those of its own country are."""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import duckdb
import phonenumbers
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneNumberType

from octoplan.audience import numbering, numbers
from octoplan.audience.verdict import Verdict
from octoplan.region import Region, region_of
from octoplan.table.connection import Table
from tests.audience.conftest import Contacts, Outcome
from tests.audience.test_addresses import REGIONS, written

BY_COUNTRY = {"column": "country", "default": "FR"}
EVERYWHERE = phonenumbers.SUPPORTED_REGIONS
COUNTRIES = ["FR", "DE", "GB", "BE", "ES", "IT", "CH", "NL", "PT", "PL"]
ROWS = "phone_number,country\n0600000101,FR\n0470 00 01 02, be \n07400 000103,GB\n0600000104,\n+33600000105,Narnia\n"
ADDRESSES = ["+33600000101", "+32470000102", "+447400000103", "+33600000104", "+33600000105"]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Table]:
    with Table(tmp_path_factory.mktemp("table")) as opened:
        yield opened


def csv(rows: Sequence[tuple[str, str]]) -> str:
    """Numbers and what their rows say of their country → a file; none of both holds a quote or a tab."""
    return "phone_number\tcountry\n" + "".join(f"{number}\t{country}\n" for number, country in rows)


def at(problem: Any) -> tuple[str, int, int]:
    return problem.place.file, problem.place.line, problem.place.column


def test_each_number_is_read_in_the_country_that_its_row_names(contacts: Contacts) -> None:
    contacts.file("a.csv", ROWS)
    contacts.campaign(audience={"from": "a.csv", "region": BY_COUNTRY})
    outcome = contacts.select()
    assert (outcome.problems, outcome.addresses) == ((), ADDRESSES)
    assert [row[1] for row in outcome.people] == ["FR", "BE", "GB", "FR", "FR"]


def test_a_row_without_country_is_rejected_where_there_is_no_default(contacts: Contacts) -> None:
    contacts.file("a.csv", ROWS)
    contacts.campaign(audience={"from": "a.csv", "region": {"column": "country"}, "max_rejected": 0.2})
    outcome = contacts.select()
    assert outcome.addresses == [one for one in ADDRESSES if one != "+33600000104"]
    assert [str(one) for one in outcome.audience.rejects] == [f"campaigns/a.csv:5: {numbers.NO_COUNTRY}"]


@pytest.mark.parametrize("cell", ["XX", "UK", "Frankreich", "F", "é", "001", "--", "??", "F R", "33", "FRA", "\u00df"])
def test_a_country_that_there_is_not_rejects_a_national_number_and_no_international_one(
    contacts: Contacts, cell: str
) -> None:
    rows = f"0600000101,{cell}\n+33 6 00 00 01 02,{cell}\n+33600000103,FR\n,{cell}\nn/a,{cell}\n06(0)000102 x,{cell}\n"
    contacts.file("a.csv", f"phone_number,country\n{rows}")
    contacts.campaign(audience={"from": "a.csv", "region": BY_COUNTRY, "max_rejected": "100 %"})
    outcome = contacts.select()
    assert (outcome.problems, outcome.addresses) == ((), ["+33600000102", "+33600000103"])
    assert dict(outcome.audience.counts.rejected) == {numbers.NO_REGION: 2, "blank": 1, numbers.NO_NUMBER: 1}
    assert str(outcome.audience.rejects[0]) == f"campaigns/a.csv:2: {numbers.NO_REGION}"
    assert "0600" not in outcome.said


def test_too_many_such_rows_are_a_problem_as_any_are(contacts: Contacts) -> None:
    contacts.file("a.csv", ROWS.replace("Narnia", "FR") + "0600000106,Narnia\n")
    contacts.campaign(audience={"from": "a.csv", "region": BY_COUNTRY})
    outcome = contacts.select()
    assert outcome.rules == ["audience/max-rejected"]
    assert numbers.NO_REGION in outcome.said


@pytest.mark.parametrize("cell", ["fr", "Fr", " FR ", "\u00a0fr\u200b", "\ufefffR\u202f"])
def test_case_and_space_around_a_country_do_not_matter(contacts: Contacts, cell: str) -> None:
    contacts.file("a.csv", f"phone_number,country\n0600000101,{cell}\n06(0)0000102,{cell}\n")
    contacts.campaign(audience={"from": "a.csv", "region": {"column": "country", "default": "BE"}, "max_rejected": 0.5})
    assert contacts.select().addresses[0] == "+33600000101"


@pytest.mark.parametrize("cell", ["", " ", "\u00a0", "\u200b\ufeff"])
def test_white_space_is_no_country(contacts: Contacts, cell: str) -> None:
    contacts.file("a.csv", f"phone_number,country\n0600000101,{cell}\n")
    contacts.campaign(audience={"from": "a.csv", "region": BY_COUNTRY})
    assert contacts.select().addresses == ["+33600000101"]


def test_the_same_words_are_other_people_in_other_countries(contacts: Contacts) -> None:
    # The second form is none that SQL decides: phonenumbers is asked for each country.
    contacts.file("a.csv", csv([(text, one) for text in ("0470000101", "tel 0470 000 102") for one in ("BE", "FR")]))
    contacts.campaign(audience={"from": "a.csv", "region": BY_COUNTRY}, unreachable="send")
    assert contacts.select().people == [
        ("+32470000101", "BE"),
        ("+33470000101", "FR"),
        ("+32470000102", "BE"),
        ("+33470000102", "FR"),
    ]


def test_landlines_are_told_by_the_country_of_their_row(contacts: Contacts) -> None:
    contacts.file("a.csv", csv([("0470000101", "BE"), ("0470000101", "FR"), ("tel 0470000102", "FR")]))
    contacts.campaign(audience={"from": "a.csv", "region": BY_COUNTRY})
    outcome = contacts.select()
    assert outcome.addresses == ["+32470000101"]
    assert dict(outcome.audience.counts.unreachable) == {"landline": 2}


# --- which column


@pytest.mark.parametrize(
    ("region", "key", "rule", "said"),
    [
        ({"column": "contry", "default": "FR"}, "column", "audience/column", "campaigns/a.csv has no column contry"),
        ({"column": "Country"}, "column", "audience/column", "did you mean country? it has: address, country"),
        ({"column": "country", "default": "XX"}, "default", "audience/region", "XX is no country's code"),
    ],
)
@pytest.mark.parametrize("channel", ["sms", "email"])
def test_a_column_or_default_that_there_is_not_is_a_problem_where_it_is_written(
    contacts: Contacts, channel: str, *, region: Any, key: str, rule: str, said: str
) -> None:
    contacts.file("a.csv", "address,country\n0600000101,FR\n" if channel == "sms" else "address,country\na@b.fr,\n")
    columns = {"phone_number" if channel == "sms" else "email": "address"}
    contacts.campaign(channel=channel, audience={"from": "a.csv", "columns": columns, "region": region})
    (problem,) = contacts.select().problems
    assert problem.rule == rule
    assert said in f"{problem.message}; {problem.hint}"
    lines = (contacts.root / "campaigns" / "sale.yaml").read_text().splitlines()
    assert at(problem)[:2] == ("campaigns/sale.yaml", 1 + next(n for n, one in enumerate(lines) if f'"{key}":' in one))


def test_every_file_of_an_audience_has_the_column(contacts: Contacts) -> None:
    contacts.file("a-1.csv", ROWS)
    contacts.file("a-2.csv", "phone_number,land\n0600000101,FR\n")
    contacts.campaign(audience={"from": "a-*.csv", "region": BY_COUNTRY})
    (problem,) = contacts.select().problems
    assert problem.message == "campaigns/a-2.csv has no column country"


def test_a_column_may_be_called_by_our_name(contacts: Contacts) -> None:
    contacts.file("a.csv", ROWS.replace("phone_number,country", "mobile,Land des Kunden"))
    columns = {"phone_number": "mobile", "land": "Land des Kunden"}
    contacts.campaign(audience={"from": "a.csv", "columns": columns, "region": {"column": "land", "default": "FR"}})
    outcome = contacts.select(["land"])
    assert (outcome.problems, outcome.addresses) == ((), ADDRESSES)
    assert outcome.people[1][2] == " be "


def test_the_column_may_be_asked_of_and_printed_as_any_other(contacts: Contacts) -> None:
    contacts.file("a.csv", ROWS)
    contacts.campaign(audience={"from": "a.csv", "region": BY_COUNTRY, "where": "trim(country) = 'be'"})
    assert contacts.select(["country"]).people == [("+32470000102", "BE", " be ")]


@pytest.mark.parametrize("form", ["ndjson", "json", "parquet"])
def test_values_that_are_no_text_name_no_country(contacts: Contacts, form: str) -> None:
    path = contacts.file(f"a.{form}", "")
    rows = "('0600000101', 33), ('+33600000102', 33), ('+33600000103', NULL), ('0600000104', NULL)"
    kind = {"ndjson": "FORMAT json", "json": "FORMAT json, ARRAY true", "parquet": "FORMAT parquet"}[form]
    with duckdb.connect() as other:
        other.execute(f"COPY (SELECT * FROM (VALUES {rows}) t(phone_number, country)) TO '{path}' ({kind})")
    contacts.campaign(audience={"from": f"a.{form}", "region": BY_COUNTRY, "max_rejected": 0.25})
    outcome = contacts.select()
    assert outcome.addresses == ["+33600000102", "+33600000103", "+33600000104"]
    assert dict(outcome.audience.counts.rejected) == {numbers.NO_REGION: 1}


# --- segments, sources and queries


SEGMENTS: Mapping[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "that of the segment": ({"region": BY_COUNTRY}, {}),
    "that of the segment, by a name that means another column above": (
        {"region": BY_COUNTRY},
        {"columns": {"country": "other"}},
    ),
    "the campaign's own column": ({"region": "PL"}, {"region": BY_COUNTRY}),
    "a name that the segment has given": (
        {"columns": {"land": "country"}},
        {"region": {"column": "land", "default": "FR"}},
    ),
    "a name that the campaign has given to one of the segment": (
        {"columns": {"land": "country"}, "region": "PL"},
        {"columns": {"pays": "land"}, "region": {"column": "pays", "default": "FR"}},
    ),
}


@pytest.mark.parametrize("case", SEGMENTS)
def test_what_builds_on_a_segment_is_read_by(contacts: Contacts, case: str) -> None:
    segment, audience = SEGMENTS[case]
    contacts.file("audiences/a.csv", ROWS.replace("\n", ",PL\n").replace("y,PL", "y,other"))
    contacts.segment("known", **{"from": "a.csv", **segment})
    contacts.campaign(audience={"from": "known", **audience})
    outcome = contacts.select()
    assert (outcome.problems, outcome.addresses) == ((), ADDRESSES)


def test_one_country_above_a_segment_is_that_of_all_its_rows(contacts: Contacts) -> None:
    contacts.file("audiences/a.csv", csv([("0470000101", "BE"), ("0470000102", "nowhere")]))
    contacts.segment("known", **{"from": "a.csv", "region": BY_COUNTRY})
    contacts.campaign(audience={"from": "known", "region": "BE"})
    assert contacts.select().addresses == ["+32470000101", "+32470000102"]


def test_the_rows_of_a_query_have_a_country_each(contacts: Contacts) -> None:
    contacts.file("a.csv", ROWS)
    contacts.sources(people="campaigns/a.csv")
    contacts.segment("asked", query="select phone_number, trim(country) as land, 1 as n from people", region=LAND)
    contacts.campaign(audience={"from": "asked"})
    assert set(contacts.select().addresses) == set(ADDRESSES)
    contacts.segment("asked", query="select phone_number, country from people", region=LAND)
    (problem,) = contacts.select().problems
    assert (problem.place.file, problem.rule) == ("campaigns/audiences/asked.yaml", "audience/column")
    assert problem.hint.endswith("it has: phone_number, country")


LAND = {"column": "land", "default": "FR"}


# --- who may not be reached


def test_a_bare_path_in_exclude_has_the_column_too_or_takes_the_default(contacts: Contacts) -> None:
    contacts.file("a.csv", ROWS)
    contacts.file("by-country.csv", "phone_number,country\n0470000102,BE\n")
    contacts.file("plain.csv", "phone_number\n0600000104\n+447400000103\n")
    contacts.campaign(audience={"from": "a.csv", "region": BY_COUNTRY, "exclude": ["by-country.csv", "plain.csv"]})
    outcome = contacts.select()
    assert (outcome.problems, outcome.addresses) == ((), ["+33600000101", "+33600000105"])
    contacts.campaign(audience={"from": "a.csv", "region": {"column": "country"}, "exclude": ["plain.csv"]})
    outcome = contacts.select()
    assert outcome.rules == ["audience/suppression"]
    assert f"{numbers.NO_COUNTRY}: it could be someone" in outcome.said


def test_of_several_files_in_a_bare_path_all_have_the_column_or_none_has(contacts: Contacts) -> None:
    contacts.file("a.csv", ROWS)
    contacts.file("no-1.csv", "phone_number,country\n0470000102,BE\n")
    contacts.file("no-2.csv", "phone_number\n0600000104\n")
    contacts.campaign(audience={"from": "a.csv", "region": BY_COUNTRY, "exclude": ["no-*.csv"]})
    (problem,) = contacts.select().problems
    assert (problem.rule, problem.message) == ("audience/column", "campaigns/no-2.csv has no column country")


@pytest.mark.parametrize("where", ["exclude", "suppress"])
def test_where_an_exclusion_names_the_column_itself_its_file_has_it(contacts: Contacts, where: str) -> None:
    contacts.file("a.csv", ROWS)
    contacts.file("no.csv", "phone_number,pays\n0470000102,BE\n0600000104,\n+447400000103,?\n")
    for column, rules in (("pays", []), ("country", ["audience/column"])):
        entry = {"region": {"column": column, "default": "FR"}}
        shut = [{"from": "no.csv", **entry}] if where == "exclude" else []
        contacts.suppress({"all": [{"from": "campaigns/no.csv", **entry}] if where == "suppress" else []})
        contacts.campaign(audience={"from": "a.csv", "region": BY_COUNTRY, "exclude": shut})
        outcome = contacts.select()
        assert outcome.rules == rules
        assert rules or outcome.addresses == ["+33600000101", "+33600000105"]


def test_a_suppression_whose_country_is_none_stops_everything(contacts: Contacts) -> None:
    contacts.file("a.csv", ROWS)
    contacts.file("no.csv", "phone_number,country\n0470000102,Belgique\n")
    contacts.suppress({"all": [{"from": "campaigns/no.csv", "region": BY_COUNTRY}]})
    contacts.campaign(audience={"from": "a.csv", "region": BY_COUNTRY})
    outcome = contacts.select()
    assert outcome.rules == ["audience/suppression"]
    assert at(outcome.problems[0])[:2] == ("campaigns/no.csv", 2)
    assert numbers.NO_REGION in outcome.said


def test_a_file_of_emails_only_beside_others_needs_no_country(contacts: Contacts) -> None:
    contacts.file("a.csv", ROWS)
    contacts.file("no-1.csv", "phone_number,country\n0470000102,BE\n")
    contacts.file("no-2.csv", "email\na@example.com\n")
    contacts.suppress({"all": [{"from": "campaigns/no-*.csv", "region": BY_COUNTRY}]})
    contacts.campaign(audience={"from": "a.csv", "region": BY_COUNTRY})
    outcome = contacts.select()
    assert (outcome.problems, outcome.audience.counts.suppressed) == ((), 1)
    contacts.file("mail.csv", "email,country\na@example.com,??\nb@example.com,\n")
    contacts.campaign(channel="email", audience={"from": "mail.csv", "region": BY_COUNTRY})
    outcome = contacts.select()
    assert (outcome.problems, outcome.addresses) == ((), ["b@example.com"])


# --- the laws


def test_a_region_is_remembered_as_it_is_written() -> None:
    for region in ("FR", BY_COUNTRY, {"column": "country"}):
        found = region_of(region)
        assert found is not None
        assert found.written == region
    assert region_of(None) is None
    assert Region().written is None


CELLS = st.sampled_from(["FR", "be", " GB", "DE ", "CH", "it", "US", "CA", "LU", "", " ", "XX", "Narnia"])
SPLIT = {"FR": "FR", "BE": "BE", "GB": "GB", "DE": "DE", "CH": "CH", "IT": "IT", "US": "US", "CA": "CA", "LU": "LU"}


@st.composite
def rows(draw: st.DrawFn) -> list[tuple[str, str]]:
    """Rows of many countries: a number, as people of this country or of another write it, and a cell."""
    chance = random.Random(draw(st.integers(0, 2**32)))  # noqa: S311 - of Hypothesis's choosing
    found = []
    for cell in draw(st.lists(CELLS, min_size=1, max_size=40)):
        own = SPLIT.get(cell.strip().upper(), "FR")
        region = own if chance.random() < 0.7 else chance.choice(REGIONS)
        found.append((written(chance, region).replace("\t", " "), cell))
    return found


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(rows(), st.sampled_from([None, "FR", "BE", "US"]))
def test_to_read_by_column_is_to_read_each_country_by_itself_and_to_join(
    new_contacts: Callable[[], Contacts], found: list[tuple[str, str]], default: str | None
) -> None:
    by_country: dict[str | None, list[tuple[str, str]]] = {}
    for number, cell in found:
        named = cell.strip().upper()
        by_country.setdefault(SPLIT.get(named, None if named else default), []).append((number, cell))
    region = {"column": "country"} | ({} if default is None else {"default": default})
    whole = read(new_contacts(), found, region)
    parts = [read(new_contacts(), some, country) for country, some in by_country.items()]
    assert set(whole.people) == {person for part in parts for person in part.people}
    for counted in ("rejected", "unreachable"):
        apart = sum((Counter(getattr(part.audience.counts, counted)) for part in parts), Counter())
        together = Counter(getattr(whole.audience.counts, counted))
        together[numbers.NO_COUNTRY] += together.pop(numbers.NO_REGION, 0)
        assert +together == apart


def read(contacts: Contacts, found: Sequence[tuple[str, str]], region: Any) -> Outcome:
    contacts.file("a.tsv", csv(found))
    where = {} if region is None else {"region": region}
    contacts.campaign(audience={"from": "a.tsv", "max_rejected": "100 %", **where})
    return contacts.select()


def told(table: Table, texts: Sequence[tuple[str, str]]) -> dict[tuple[str, str], tuple[str | None, str | None]]:
    """Texts and cells → what SQL makes of them: address, and why it is left out; both None where it is undecided."""
    homes = list(dict.fromkeys(cell for _, cell in texts))
    check = numbering.check_each("", None, homes, ["+336", "+447"], (numbers.PREMIUM, numbers.LANDLINE))
    table.execute("CREATE OR REPLACE TABLE texts (f0 VARCHAR, cell VARCHAR)")
    table.append("texts", [list(column) for column in zip(*texts, strict=True)])
    found: dict[tuple[str, str], tuple[str | None, str | None]] = {}
    for one in (check, *check.further):
        steps = "SELECT * FROM texts"
        for name, expression in one.steps:
            steps = f"SELECT *, {expression} AS {name} FROM ({steps})"
        for text, cell, address, why in table.rows(f"SELECT f0, cell, {one.address}, {one.left_out} FROM ({steps})"):
            if (text, cell) not in found or found[text, cell] == (None, None):
                found[text, cell] = (address, None if address else why)
    return found


def test_what_sql_decides_by_column_phonenumbers_says_too(table: Table) -> None:
    chance = random.Random("by column")  # noqa: S311 - the same numbers every time
    homes = [*REGIONS, "XX", numbers.NOWHERE, "??"]
    texts = []
    for _ in range(6000):
        home = chance.choice(homes)
        texts.append((written(chance, home if home.isalpha() and home != "XX" else "FR"), home))
    decided = 0
    for (text, cell), (address, why) in told(table, texts).items():
        verdict = numbers.verdict_at_home(cell + text, (numbers.PREMIUM, numbers.LANDLINE))
        if address is not None:
            assert address == verdict.address, (cell, text)
        elif why is not None:
            assert why == verdict.reason, (cell, text)
        decided += address is not None or why is not None
    assert decided > len(texts) // 3


def test_where_each_row_has_its_country_clean_numbers_are_decided_without_phonenumbers(
    contacts: Contacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were they asked about one by one, a million rows would take minutes."""

    def unasked(raw: str, without: Sequence[str] = ()) -> Verdict:
        raise AssertionError(f"phonenumbers was asked about {raw!r}")

    monkeypatch.setattr(numbers, "verdict_at_home", unasked)
    kinds = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE)
    examples = [(phonenumbers.example_number_for_type(one, kind), one) for one in COUNTRIES for kind in kinds]
    form = phonenumbers.PhoneNumberFormat.NATIONAL
    found = [(phonenumbers.format_number(number, form), one) for number, one in examples if number is not None]
    contacts.file("a.tsv", csv([*found, ("tel 0600000101", "FR")]))
    contacts.campaign(audience={"from": "a.tsv", "region": BY_COUNTRY, "max_rejected": 0.1})
    with pytest.raises(AssertionError, match="'FRtel 0600000101'"):
        contacts.select()
    contacts.file("a.tsv", csv([*found, ("+33600000101", "nowhere")]))
    outcome = contacts.select()
    assert {row[1] for row in outcome.people} == set(COUNTRIES)
    assert outcome.audience.counts.unreachable["landline"] >= len(COUNTRIES) - 1


def test_a_list_of_all_countries_of_the_world_is_read(contacts: Contacts) -> None:
    every = [(phonenumbers.example_number_for_type(one, PhoneNumberType.MOBILE), one) for one in sorted(EVERYWHERE)]
    known = [(number, one) for number, one in every if number is not None]
    forms = phonenumbers.PhoneNumberFormat
    national = [(phonenumbers.format_number(number, forms.NATIONAL), one) for number, one in known]
    contacts.file("a.tsv", csv(national * 300))
    contacts.campaign(audience={"from": "a.tsv", "region": {"column": "country"}}, unreachable="send")
    outcome = contacts.select()
    assert outcome.problems == ()
    assert set(outcome.addresses) == {phonenumbers.format_number(number, forms.E164) for number, _ in known}
    contacts.file("b.csv", "phone_number\n" + "".join(f"{one}\n" for one in outcome.addresses * 300))
    contacts.campaign(audience={"from": "b.csv", "region": "FR"}, unreachable="send")
    assert set(contacts.select().addresses) == set(outcome.addresses)
