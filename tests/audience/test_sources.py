"""A name in `from`: what it stands for in each environment, and what happens where it stands for nothing."""

import gzip
import io
import json

import pytest

from octoplan.errors import ProjectInvalid
from octoplan.project import Outside
from tests.audience.conftest import Contacts


def test_each_environment_says_what_a_name_is(contacts: Contacts) -> None:
    contacts.file("sample.csv", "phone_number,city\n+33600000101,Lyon\n")
    contacts.file("all-1.csv", "phone_number,city\n+33600000102,Lyon\n+33600000103,Paris\n")
    contacts.file("all-2.ndjson", '{"phone_number": "+33600000104", "city": "Lyon"}\n')
    contacts.configure(
        environments={
            "sandbox": {"gateway": "sandbox", "sources": {"customers": "campaigns/sample.csv"}},
            "production": {
                "gateway": "octopush",
                "sources": {"customers": ["campaigns/all-*.csv", "campaigns/all-2.ndjson"]},
            },
        }
    )
    contacts.campaign(audience={"from": "customers", "where": "city = 'Lyon'"})
    assert contacts.select().addresses == ["+33600000101"]
    assert contacts.select(environment="production").addresses == ["+33600000102", "+33600000104"]


def test_a_name_that_the_environment_does_not_have_is_a_problem_where_it_stands(contacts: Contacts) -> None:
    contacts.file("sample.csv", "phone_number\n+33600000101\n")
    contacts.configure(
        environments={
            "sandbox": {"gateway": "sandbox", "sources": {"customers": "campaigns/sample.csv"}},
            "production": {"gateway": "octopush", "sources": {"clients": "campaigns/sample.csv"}},
        }
    )
    contacts.campaign(audience={"from": "customers"})
    (problem,) = contacts.select(environment="production").problems
    assert (problem.rule, str(problem.place)) == ("source/unknown", "campaigns/sale.yaml:7:3")
    assert "no source of production" in problem.message
    assert "sandbox has it" in problem.hint
    assert "clients" in problem.hint


def test_a_source_and_a_file_of_one_name_are_a_problem(contacts: Contacts) -> None:
    contacts.file("sample.csv", "phone_number\n+33600000101\n")
    contacts.file("customers", "phone_number\n+33600000102\n")
    contacts.sources(customers="campaigns/sample.csv")
    contacts.campaign(audience={"from": "customers"})
    assert contacts.select().rules == ["audience/ambiguous"]


def test_a_file_without_an_ending_is_still_a_file_where_no_source_is_called_so(contacts: Contacts) -> None:
    contacts.file("customers", "phone_number\n+33600000102\n")
    contacts.campaign(audience={"from": "customers"})
    assert contacts.select().rules == ["file/format"]


def test_where_columns_region_and_the_rest_work_on_a_source_as_on_a_file(contacts: Contacts) -> None:
    contacts.file("sample.csv", "mobile,city\n0600000101,Lyon\n06 00 00 01 01,Lyon\nno,Lyon\n0600000102,Paris\n1,2,3\n")
    contacts.file("staff.csv", "mobile\n0600000199\n")
    written = {
        "columns": {"phone_number": "mobile"},
        "region": "FR",
        "where": "city = 'Lyon'",
        "max_rejected": "60 %",
    }
    contacts.sources(customers="campaigns/sample.csv", staff="campaigns/staff.csv")
    contacts.campaign(audience={"from": "customers", "exclude": ["staff"], **written})
    named = contacts.select(["city"])
    contacts.campaign(audience={"from": "sample.csv", "exclude": ["staff.csv"], **written})
    filed = contacts.select(["city"])
    assert named.people == filed.people == [("+33600000101", "FR", "Lyon")]
    assert named.audience.counts == filed.audience.counts
    assert [str(one) for one in named.audience.rejects] == [
        "campaigns/sample.csv:4: not a phone number",
        "campaigns/sample.csv:6: more fields than the first line",
    ]


def test_a_suppression_can_be_a_source_and_is_missed_where_it_is_missing(contacts: Contacts) -> None:
    contacts.file("sample.csv", "phone_number\n+33600000101\n+33600000102\n")
    contacts.file("stop.csv", "phone_number\n+33600000102\n")
    environments = {
        "sandbox": {"gateway": "sandbox", "sources": {"stop": "campaigns/stop.csv"}},
        "production": {"gateway": "octopush"},
    }
    contacts.configure(environments=environments, suppressions={"all": ["stop"]})
    contacts.campaign(audience={"from": "sample.csv"})
    assert contacts.select().addresses == ["+33600000101"]
    missing = contacts.select(environment="production")
    assert missing.rules == ["source/unknown"]
    assert missing.people == []


@pytest.mark.parametrize("form", ["csv", "ndjson", "json", "csv.gz"])
def test_standard_input_is_read_once_for_all_who_name_it(contacts: Contacts, form: str) -> None:
    rows = [{"phone_number": "+33600000101"}, {"phone_number": "nobody"}, {"phone_number": "+33600000102"}]
    text = {
        "csv": "phone_number\n" + "".join(f"{row['phone_number']}\n" for row in rows),
        "ndjson": "".join(f"{json.dumps(row)}\n" for row in rows),
        "json": json.dumps(rows),
    }[form.removesuffix(".gz")].encode()
    contacts.file("only.csv", "phone_number\n+33600000102\n")
    contacts.sources(piped={"from": "-", "format": form}, only="campaigns/only.csv")
    contacts.campaign(
        audience={
            "from": "only",
            "max_rejected": 0.5,
            "exclude": [{"from": "piped", "where": "phone_number like '%1'"}],
        }
    )
    stdin = io.BytesIO(gzip.compress(text) if form.endswith(".gz") else text)
    assert contacts.select(outside=Outside(stdin=stdin)).addresses == ["+33600000102"]
    contacts.campaign(audience={"from": "piped", "max_rejected": 0.5})
    stdin.seek(0)
    read = contacts.select(outside=Outside(stdin=stdin))
    assert read.addresses == ["+33600000101", "+33600000102"]
    assert read.audience.rejects[0].place.file == "source piped"
    assert list((contacts.root / ".octoplan" / "tmp").iterdir()) == []


def test_without_anything_piped_in_standard_input_is_a_problem(contacts: Contacts) -> None:
    contacts.sources(piped={"from": "-", "format": "csv"})
    contacts.campaign(audience={"from": "piped"})
    assert contacts.select().rules == ["source/stdin"]


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ("-", "schema/forbidden"),
        ("env:HOME", "schema/forbidden"),
        ("env:OCTOPLAN_SOURCE_X", "schema/forbidden"),
        ("ftp://host.example.com/a.csv", "schema/pattern"),
        ("file:///etc/passwd", "schema/pattern"),
        ("s3://key:hunter2@bucket/a.csv", "source/secret"),
        ("s3://bucket/a.csv?secret=hunter2", "source/secret"),
        ({"database": "postgresql://me:hunter2@host/db", "query": "q.sql"}, "source/secret"),
        ({"database": "env:OCTOPUSH_API_KEY", "query": "q.sql"}, "source/secret"),
        ({"database": "env:HOME", "query": "q.sql"}, "source/secret"),
        ({"database": "env:OCTOPLAN_SOURCE_X"}, "schema/required"),
        ({"database": "env:OCTOPLAN_SOURCE_X", "query": "q.sql", "format": "csv"}, "schema/either"),
        ({"from": "a.txt"}, "schema/required"),
        ({"from": "-", "format": "excel"}, "schema/enum"),
        ({"from": "a.csv", "format": "csv", "limit": 3}, "schema/unknown-key"),
    ],
)
def test_what_a_source_cannot_be_is_a_problem_that_quotes_no_secret(
    contacts: Contacts, written: object, rule: str
) -> None:
    contacts.sources(customers=written)
    contacts.campaign(audience={"from": "customers"})
    with pytest.raises(ProjectInvalid) as invalid:
        contacts.select()
    assert {problem.rule for problem in invalid.value.problems} == {rule}
    assert all(problem.place.line for problem in invalid.value.problems)
    assert "hunter2" not in str([(problem.message, problem.hint) for problem in invalid.value.problems])


def test_a_source_of_files_stays_inside_the_project(contacts: Contacts) -> None:
    (contacts.root.parent / "outside.csv").write_text("phone_number\n+33600000101\n")
    contacts.sources(customers="../outside.csv")
    contacts.campaign(audience={"from": "customers"})
    assert contacts.select().rules == ["file/outside"]
