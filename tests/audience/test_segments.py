"""Segments: named audiences, what they build on, whom they draw, and the SELECT that some of them are."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from octoplan.errors import ProjectInvalid
from tests.audience.conftest import Contacts

PEOPLE = [(f"+3360000{number:04}", ("Lyon", "Paris", "Lille")[number % 3], number) for number in range(120)]
CUSTOMERS = "mobile,city,age\n" + "".join(f"{number},{city},{age}\n" for number, city, age in PEOPLE)
MAPPED = {"columns": {"phone_number": "mobile"}}


@pytest.fixture
def customers(contacts: Contacts) -> Contacts:
    contacts.file("audiences/customers.csv", CUSTOMERS)
    return contacts


def those(keep: str) -> list[str]:
    return [number for number, city, age in PEOPLE if eval(keep, {"city": city, "age": age})]  # noqa: S307 - ours


def test_a_campaign_builds_on_a_segment_that_builds_on_another(customers: Contacts) -> None:
    customers.file("audiences/staff.csv", f"mobile\n{PEOPLE[3][0]}\n")
    customers.file("rivals.csv", f"phone_number\n{PEOPLE[6][0]}\n")
    customers.segment("known", **{"from": "customers.csv", "region": "FR", "exclude": ["staff.csv"], **MAPPED})
    customers.segment("lyon", **{"from": "known", "where": "city = 'Lyon'", "columns": {"years": "age"}})
    customers.campaign(
        audience={"from": "lyon", "where": "cast(years as integer) < 20", "exclude": ["rivals.csv"]},
    )
    outcome = customers.select(["years"])
    assert outcome.problems == ()
    assert outcome.addresses == [
        n for n in those("city == 'Lyon' and age < 20") if n not in (PEOPLE[3][0], PEOPLE[6][0])
    ]
    assert outcome.people[0][2] == "0"
    assert outcome.audience.counts.excluded == 2
    assert outcome.audience.counts.filtered == 120 - len(those("city == 'Lyon' and age < 20"))


def test_no_where_is_asked_of_a_row_that_the_segment_below_leaves_out(customers: Contacts) -> None:
    customers.file("audiences/odd.csv", "phone_number,age\n" + "+33600000101,31\n+33600000102,n/a\n" * 500)
    customers.segment("aged", **{"from": "odd.csv", "where": "age <> 'n/a'"})
    customers.campaign(audience={"from": "aged", "where": "cast(age as integer) > 30"})
    outcome = customers.select()
    assert outcome.problems == ()
    assert outcome.addresses == ["+33600000101"]


def test_the_where_that_fails_is_the_one_that_is_blamed(customers: Contacts) -> None:
    customers.segment("all", **{"from": "customers.csv", "where": "cast(age as integer) >= 0", **MAPPED})
    customers.campaign(audience={"from": "all", "where": "cast(city as integer) > 1"})
    assert [str(one.place) for one in customers.select().problems] == ["campaigns/sale.yaml:8:12"]
    customers.segment("all", **{"from": "customers.csv", "where": "cast(city as integer) > 1", **MAPPED})
    customers.campaign(audience={"from": "all", "where": "cast(age as integer) >= 0"})
    assert [one.place.file for one in customers.select().problems] == ["campaigns/audiences/all.yaml"]


def test_whoever_a_segment_leaves_out_is_not_excluded_by_it(customers: Contacts) -> None:
    customers.file("audiences/friends.csv", f"phone_number\n{PEOPLE[0][0]}\n")
    customers.segment("young", **{"from": "customers.csv", "where": "cast(age as integer) < 9", **MAPPED})
    customers.segment("strangers", **{"from": "young", "exclude": ["friends.csv"], "limit": 4})
    customers.campaign(audience={"from": "audiences/customers.csv", "exclude": ["strangers"], **MAPPED})
    assert customers.select().addresses == [PEOPLE[0][0], *(number for number, *_ in PEOPLE[5:])]


def test_a_limit_takes_the_first_people_and_a_sample_the_same_ones_again(customers: Contacts) -> None:
    customers.campaign(audience={"from": "audiences/customers.csv", "limit": 5, **MAPPED})
    assert customers.select().addresses == [number for number, *_ in PEOPLE[:5]]
    customers.campaign(audience={"from": "audiences/customers.csv", "sample": 10, **MAPPED})
    drawn = customers.select()
    assert len(drawn.addresses) == 10
    assert drawn.addresses == customers.select().addresses
    assert drawn.addresses != [number for number, *_ in PEOPLE[:10]]
    assert str(drawn.audience.counts) == "120 rows, 110 outside sample or limit"
    customers.campaign(audience={"from": "audiences/customers.csv", "limit": 20, "sample": 10, **MAPPED})
    assert set(customers.select().addresses) < {number for number, *_ in PEOPLE[:20]}


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(joined=st.integers(1, 40), many=st.integers(1, 60))
def test_whoever_joins_takes_the_place_of_one_other_at_most(customers: Contacts, joined: int, many: int) -> None:
    customers.campaign(audience={"from": "audiences/customers.csv", "sample": many, **MAPPED})
    customers.file("audiences/customers.csv", CUSTOMERS)
    before = set(customers.select().addresses)
    customers.file("audiences/customers.csv", CUSTOMERS + "".join(f"+3360001{n:04},Nice,1\n" for n in range(joined)))
    after = set(customers.select().addresses)
    assert len(after) == many
    assert before - after == before - {address for address in after if not address.startswith("+3360001")}
    assert len(before - after) == len(after - before) == len([one for one in after if one.startswith("+3360001")])


def test_a_segment_draws_before_the_campaign_asks(customers: Contacts) -> None:
    customers.segment("drawn", **{"from": "customers.csv", "sample": 30, **MAPPED})
    customers.campaign(audience={"from": "drawn"})
    drawn = customers.select().addresses
    customers.campaign(audience={"from": "drawn", "where": "city = 'Lyon'"})
    outcome = customers.select()
    assert outcome.addresses == [number for number in drawn if number in those("city == 'Lyon'")]
    assert (outcome.audience.counts.unchosen, outcome.audience.counts.filtered) == (90, 30 - len(outcome.addresses))


def test_every_row_of_whoever_is_drawn_stays_in_a_segment(customers: Contacts) -> None:
    customers.file(
        "audiences/twice.csv", "phone_number,city\n+33600000101,Lyon\n+33600000101,Paris\n+33600000102,Lyon\n"
    )
    customers.segment("first", **{"from": "twice.csv", "limit": 1})
    customers.campaign(audience={"from": "first", "where": "city = 'Paris'"})
    outcome = customers.select(["city"])
    assert outcome.people == [("+33600000101", "FR", "Paris")]
    counts = outcome.audience.counts
    assert (counts.rows, counts.unchosen, counts.filtered, counts.duplicates, counts.people) == (3, 1, 1, 0, 1)


def test_segments_in_a_circle_are_a_problem(customers: Contacts) -> None:
    customers.segment("one", **{"from": "two"})
    customers.segment("two", **{"from": "customers.csv", "exclude": ["one"], **MAPPED})
    customers.campaign(audience={"from": "one"})
    with pytest.raises(ProjectInvalid) as invalid:
        customers.select()
    (problem,) = invalid.value.problems
    assert (problem.rule, problem.place.file) == ("segment/cycle", "campaigns/audiences/two.yaml")
    assert "one → two → one" in problem.message


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ({}, "schema/required"),
        ({"from": "customers.csv", "query": "select 1"}, "schema/either"),
        ({"from": "customers.csv", "sample": 0}, "schema/range"),
        ({"from": "customers.csv", "limit": "all"}, "schema/type"),
        ({"from": "customers.csv", "max_rejected": 0.5}, "schema/unknown-key"),
        ({"from": "customers.csv", "wher": "true"}, "schema/unknown-key"),
    ],
)
def test_a_segment_has_a_shape(customers: Contacts, written: dict[str, object], rule: str) -> None:
    customers.segment("odd", **written)
    customers.campaign(audience={"from": "odd"})
    with pytest.raises(ProjectInvalid) as invalid:
        customers.select()
    assert [problem.rule for problem in invalid.value.problems] == [rule]
    assert invalid.value.problems[0].place.file == "campaigns/audiences/odd.yaml"


def test_a_name_that_could_mean_two_things_is_a_problem(customers: Contacts) -> None:
    customers.sources(vip="campaigns/audiences/customers.csv")
    customers.segment("vip", **{"from": "customers.csv", **MAPPED})
    customers.campaign(audience={"from": "vip"})
    assert customers.select().rules == ["audience/ambiguous"]
    customers.campaign(audience={"from": ["audiences/customers.csv", "vip"]})
    with pytest.raises(ProjectInvalid, match="1 problem") as invalid:
        customers.select()
    assert invalid.value.problems[0].rule == "segment/alone"


# Queries


@pytest.fixture
def shop(customers: Contacts) -> Contacts:
    customers.file(
        "audiences/orders.ndjson",
        "".join(
            f'{{"phone": "{number}", "year": {2024 + age % 3}, "amount": {age}.5}}\n' for number, _, age in PEOPLE[:60]
        ),
    )
    customers.sources(customers="campaigns/audiences/customers.csv", orders="campaigns/audiences/orders.ndjson")
    return customers


QUERIES = {
    "select * from customers": "True",
    "from customers where city = 'Lyon'": "city == 'Lyon'",
    "select c.* from customers c join orders o on o.phone = c.mobile where o.year = 2025": "age < 60 and age % 3 == 1",
    "select mobile from customers where mobile in (select phone from orders where amount > 30)": "30 <= age < 60",
    "select c.mobile from customers c where not exists (select 1 from orders o where o.phone = c.mobile)": "age >= 60",
    "select phone as mobile, sum(amount) as spent from orders group by phone having sum(amount) > 50": "50 <= age < 60",
    "select mobile from customers where city = 'Lyon' union select phone from orders": "city == 'Lyon' or age < 60",
    "select mobile from customers except select phone from orders": "age >= 60",
    "with bought as (select distinct phone from orders) select c.* from customers c semi join bought b "
    "on b.phone = c.mobile": "age < 60",
    "select mobile, count(distinct city) as towns from customers group by all order by mobile desc": "True",
}


@pytest.mark.parametrize(("query", "keep"), QUERIES.items())
def test_a_query_over_sources_is_a_segment(shop: Contacts, query: str, keep: str) -> None:
    shop.segment("asked", query=query, **MAPPED)
    shop.campaign(audience={"from": "asked"})
    outcome = shop.select()
    assert outcome.problems == ()
    assert sorted(outcome.addresses) == sorted(those(keep))


def test_the_rows_of_a_query_are_in_its_order_and_then_in_that_of_their_values(shop: Contacts) -> None:
    shop.file(
        "audiences/orders.ndjson", "".join(f'{{"phone": "+3360001{n % 5000:04}", "n": {n}}}\n' for n in range(9000))
    )
    for query, first in (
        ("select phone, n from orders order by n desc", 8999),
        ("select phone, n from orders", 0),
        ("select n, phone from orders order by phone desc, n desc", 4999),
    ):
        shop.segment("asked", query=query, columns={"phone_number": "phone"})
        shop.campaign(audience={"from": "asked", "limit": 1})
        assert [row[2] for row in shop.select(["n"]).people] == [first], query


def test_the_order_of_a_query_holds_whatever_its_columns_are_called(shop: Contacts) -> None:
    shop.file("audiences/orders.ndjson", "".join(f'{{"phone": "+3360001{n:04}", "rowid": {n}}}\n' for n in range(9)))
    shop.segment("asked", query="select * from orders order by phone desc", columns={"phone_number": "phone"})
    shop.campaign(audience={"from": "asked"})
    assert [row[2] for row in shop.select(["rowid"]).people] == list(range(8, -1, -1))


def test_a_query_takes_where_columns_exclude_and_sample_too(shop: Contacts) -> None:
    shop.file("audiences/staff.csv", f"mobile\n{PEOPLE[0][0]}\n")
    shop.segment("asked", query="select mobile, age from customers", where="cast(age as integer) < 9", **MAPPED)
    shop.segment("few", **{"from": "asked", "exclude": ["staff.csv"], "sample": 3})
    shop.campaign(audience={"from": "few"})
    outcome = shop.select(["age"])
    assert len(outcome.people) == 3
    assert PEOPLE[0][0] not in outcome.addresses
    assert str(outcome.audience.counts) == "120 rows, 111 left out by where, 1 excluded, 5 outside sample or limit"


def test_rows_that_a_query_cannot_read_are_counted_and_its_own_are_numbered(shop: Contacts) -> None:
    shop.file("audiences/customers.csv", "mobile,city,age\n+33600000101,Lyon,1\n+33600000102\nnobody,Lyon,3\n")
    shop.segment("asked", query="select mobile, city from customers", **MAPPED)
    shop.campaign(audience={"from": "asked", "max_rejected": 0.9})
    outcome = shop.select()
    assert str(outcome.audience.counts) == "3 rows, 1 unreadable, 1 not a phone number"
    assert [str(one) for one in outcome.audience.rejects] == [
        "campaigns/audiences/customers.csv:3: fewer fields than the first line",
        "segment asked:2: not a phone number",
    ]


@pytest.mark.parametrize(
    "query",
    [
        "select 1",
        "values ('+33600000101')",
        "drop table customers",
        "select * from customers; select * from orders",
        "copy customers to '/tmp/x'",
        "select * from read_csv('audiences/customers.csv')",
        "select * from 'audiences/customers.csv'",
        "select * from duckdb_settings()",
        "select * from duckdb_tables",
        "select * from information_schema.tables",
        "select * from main.customers",
        "select * from range(10), customers",
        "select * from customers where getenv('HOME') is null",
        "select *, random() as r from customers",
        "select *, now() as t from customers",
        "select * from customers where age > current_date",
        "select *, row_number() over () as n from customers",
        "select * from customers limit 3",
        "select * from customers using sample 3",
        "select * from customers tablesample 10%",
        "select distinct on (city) * from customers",
        "select any_value(mobile) as mobile from customers",
        "select first(mobile) as mobile from customers",
        "select string_agg(mobile, ',') as mobile from customers",
        "select * from customers qualify row_number() over () = 1",
        "with recursive t as (select 1 as x union all select x + 1 from t) select * from t, customers",
        "with a as (select * from shape_1), shape_1 as (select * from customers) select * from a",
        "select * from customers, rows_2, (with rows_2 as (select 1 as x) select * from rows_2) r",
        "select * from (select * from customers order by age limit 1)",
        "select * from customers positional join orders",
        "select mobile, mobile from customers",
        "pivot customers on city using count(*)",
        "select nothing from customers",
        "select * from customers where $1",
        "select list_transform([1], x -> x) as l, mobile from customers",
        "select unnest([1, 2]) as u, mobile from customers",
        "select query_table('orders') from customers",
        "from customers select mobile::struct(a int) as mobile",
        "show tables",
        "describe customers",
    ],
)
def test_a_query_can_do_nothing_but_look_at_rows(shop: Contacts, query: str) -> None:
    shop.segment("asked", query=query, **MAPPED)
    shop.campaign(audience={"from": "asked"})
    outcome = shop.select()
    assert set(outcome.rules) <= {"segment/query", "source/unknown"}, outcome.said
    assert outcome.problems
    assert outcome.audience.people == ""


def test_a_moment_that_a_query_reads_with_its_zone_is_one_of_utc(shop: Contacts) -> None:
    asked = "select mobile, strptime('2026-12-01 10:00 +02', '%Y-%m-%d %H:%M %z') as at from customers where age = '7'"
    shop.segment("asked", query=asked, **MAPPED)
    shop.campaign(audience={"from": "asked"})
    assert [str(row[2]) for row in shop.select(["at"]).people] == ["2026-12-01 08:00:00"]


def test_a_number_of_32_bits_that_a_query_makes_has_the_digits_that_it_is_written_with(shop: Contacts) -> None:
    shop.segment("asked", query="select mobile, cast('12.99' as float) as price from customers", **MAPPED)
    shop.campaign(audience={"from": "asked", "limit": 1})
    assert [row[2] for row in shop.select(["price"]).people] == [12.99]


def test_an_address_that_a_query_makes_a_number_is_read_as_its_digits(shop: Contacts) -> None:
    shop.segment("buyers", query="select distinct cast(33600000101 as double) as phone_number from customers")
    shop.campaign(audience={"from": "buyers", "region": "FR"})
    assert shop.select().addresses == ["+33600000101"]


def test_a_query_that_fails_on_a_row_is_a_problem_that_shows_no_row(shop: Contacts) -> None:
    shop.segment("asked", query="select mobile, cast(city as integer) as x from customers", **MAPPED)
    shop.campaign(audience={"from": "asked"})
    outcome = shop.select()
    assert outcome.rules == ["segment/query"]
    assert str(outcome.problems[0].place) == "campaigns/audiences/asked.yaml:2:11"
    assert "Lyon" not in outcome.said


def test_a_query_names_what_the_environment_lacks(shop: Contacts) -> None:
    shop.segment("asked", query="select * from clients", **MAPPED)
    shop.campaign(audience={"from": "asked"})
    (problem,) = shop.select().problems
    assert problem.rule == "source/unknown"
    assert "clients" in problem.message
    assert "customers" in problem.hint


def test_a_link_to_a_segment_is_a_name_of_its_own(customers: Contacts) -> None:
    customers.segment("one", **{"from": "customers.csv", "sample": 10, **MAPPED})
    (customers.root / "campaigns" / "audiences" / "two.yaml").symlink_to("one.yaml")
    drawn = []
    for name in ("one", "two"):
        customers.campaign(audience={"from": name})
        drawn.append(customers.select().addresses)
    assert len(drawn[0]) == len(drawn[1]) == 10
    assert drawn[0] != drawn[1]


def test_a_segment_outside_the_project_is_not_read(customers: Contacts) -> None:
    (customers.root.parent / "far.yaml").write_text("from: customers.csv\n")
    (customers.root / "campaigns" / "audiences" / "far.yaml").symlink_to(customers.root.parent / "far.yaml")
    customers.campaign(audience={"from": "far"})
    with pytest.raises(ProjectInvalid) as invalid:
        customers.select()
    assert [problem.rule for problem in invalid.value.problems] == ["file/outside"]


def test_two_segments_of_one_name_are_a_problem(customers: Contacts) -> None:
    customers.segment("one", **{"from": "customers.csv", **MAPPED})
    (customers.root / "audiences").mkdir()
    (customers.root / "audiences" / "one.yml").write_text("from: x.csv\n")
    customers.campaign(audience={"from": "one"})
    with pytest.raises(ProjectInvalid) as invalid:
        customers.select()
    assert [problem.rule for problem in invalid.value.problems] == ["segment/twice"]
