"""From rows to people: who is left out, why, and that it adds up."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from octoplan import campaign, project
from octoplan.audience.inline import read_inline
from octoplan.audience.persons import person_of
from octoplan.table.keys import person_key
from tests.audience.conftest import KEY, Contacts


def test_each_person_is_there_once_by_the_first_row(contacts: Contacts) -> None:
    contacts.file("a.csv", "phone_number,name\n+33600000102,B\n0600000101,A\n06 00 00 01 01,X\n+33600000102,Y\n")
    contacts.campaign(audience={"from": "a.csv", "region": "FR"})
    outcome = contacts.select(["name"])
    assert outcome.people == [("+33600000102", "FR", "B"), ("+33600000101", "FR", "A")]
    assert outcome.audience.counts.duplicates == 2


def test_emails_are_compared_without_case_and_kept_as_written(contacts: Contacts) -> None:
    contacts.file("a.csv", "email\nAna@Example.com\nana@example.COM\nzoé@example.org\n Bob@example.net \n")
    contacts.campaign(channel="email", audience={"from": "a.csv"})
    outcome = contacts.select()
    assert outcome.people == [(one, None) for one in ("Ana@Example.com", "zoé@example.org", "Bob@example.net")]


SPELLINGS = (
    "Ann.é@xn--mnchen-3ya.de",
    "ann.é@XN--MNCHEN-3ya.DE",
    "ann.é@münchen.de",
    "ann.e\u0301@mu\u0308nchen.de",
    "ANN.é@MÜNCHEN.DE",
    "ann.é@\uff4dünchen\u3002de",
)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_all_spellings_of_a_mailbox_are_one_person_written_as_the_first(contacts: Contacts, spelling: str) -> None:
    contacts.file("a.csv", "email\n" + "\n".join([spelling, *SPELLINGS, "ann.é@munchen.de", "ann.e@münchen.de"]) + "\n")
    contacts.campaign(channel="email", audience={"from": "a.csv"})
    assert contacts.select().addresses == [spelling, "ann.é@munchen.de", "ann.e@münchen.de"]
    contacts.suppress({"all": ["campaigns/out.csv"]})
    contacts.file("out.csv", f"email\n{SPELLINGS[2]}\n")
    assert contacts.select().addresses == ["ann.é@munchen.de", "ann.e@münchen.de"]


@pytest.mark.parametrize("spelling", SPELLINGS[:-1])
def test_inline_recipients_are_each_mailbox_once(contacts: Contacts, spelling: str) -> None:
    others = ["é@example.com", "É@example.com"]  # only the server that has them knows whether they are one
    written = (spelling, *SPELLINGS[:-1], *others)
    contacts.campaign(channel="email", recipients=[{"email": one} for one in written])
    assert contacts.select().addresses == [spelling, *others]
    (found,) = campaign.load(project.load(contacts.root))
    assert [person.address for person in read_inline(found).people] == [spelling, *others]


def test_excluded_and_suppressed_people_are_left_out_by_address(contacts: Contacts) -> None:
    contacts.file("a.csv", "mobile\n" + "".join(f"060000010{n}\n" for n in range(6)))
    contacts.file("staff.csv", "mobile\n+33600000101\n")
    contacts.file("rivals.csv", "phone_number;x\n+33600000102;1\n+33600000101;1\n")
    contacts.file("no.csv", "tel,why\n0600000103,a\n0600000199,b\n")
    contacts.file("ads.csv", "phone_number\n+33600000104\n")
    contacts.file("mails.csv", "email\na@example.com\n")
    own = {"columns": {"phone_number": "tel"}, "region": "FR"}
    contacts.suppress(
        {
            "all": [{"from": "campaigns/no.csv", **own}, "campaigns/mails.csv"],
            "wholesale": ["campaigns/ads.csv"],
            "alert": ["campaigns/rivals.csv"],
        }
    )
    contacts.campaign(
        audience={
            "from": "a.csv",
            "columns": {"phone_number": "mobile"},
            "region": "FR",
            "exclude": ["staff.csv", {"from": "rivals.csv", "where": "phone_number like '%2'"}],
        }
    )
    outcome = contacts.select()
    assert outcome.problems == ()
    assert outcome.addresses == ["+33600000100", "+33600000105"]
    assert (outcome.audience.counts.excluded, outcome.audience.counts.suppressed) == (2, 2)


@pytest.mark.parametrize("row", ["nope\n", "\n \n", "1,2,3\n", '"x\n'])
def test_one_row_of_an_exclusion_that_cannot_be_used_is_a_problem(contacts: Contacts, row: str) -> None:
    contacts.file("a.csv", "phone_number\n+33600000101\n+33600000102\n")
    content = "phone_number,name\n+33600000109,A\n" + row.replace(" \n", ",x\n")
    contacts.file("b.csv", content)
    for place in ("exclude", "suppress"):
        contacts.campaign(audience={"from": "a.csv"} | ({"exclude": ["b.csv"]} if place == "exclude" else {}))
        contacts.suppress({"all": ["campaigns/b.csv"]} if place == "suppress" else {})
        outcome = contacts.select()
        assert outcome.rules == ["audience/suppression"], (place, outcome.said)
        assert outcome.problems[0].place.file == "campaigns/b.csv"
        assert outcome.problems[0].place.line in {3, 4}
        assert outcome.audience.people == ""
        assert "0600" not in outcome.said


def test_a_list_of_both_kinds_may_hold_numbers_that_are_no_text(contacts: Contacts) -> None:
    contacts.file("a.csv", "email\na@example.com\nb@example.com\n")
    contacts.file(
        "no.ndjson", '{"email": "a@example.com", "phone_number": 33600000101}\n{"phone_number": 33600000102}\n'
    )
    contacts.suppress({"all": ["campaigns/no.ndjson"]})
    contacts.campaign(channel="email", audience={"from": "a.csv"})
    outcome = contacts.select()
    assert (outcome.problems, outcome.addresses) == ((), ["b@example.com"])


def test_whoever_is_excluded_as_a_decimal_number_is_left_out(contacts: Contacts) -> None:
    contacts.file("a.csv", "phone_number\n+491712345678\n+491712345679\n")
    contacts.file("out.csv", "phone_number,name\n+491712345678.0,Ann\n")
    contacts.campaign(audience={"from": "a.csv", "exclude": ["out.csv"]})
    assert contacts.select().addresses == ["+491712345679"]
    contacts.file("out.csv", "phone_number,name\n+491712345678.00,Ann\n")
    assert contacts.select().rules == ["audience/suppression"]


def test_a_suppression_with_neither_kind_of_address_or_that_is_missing_is_a_problem(contacts: Contacts) -> None:
    contacts.file("a.csv", "phone_number\n+33600000101\n")
    contacts.file("b.csv", "tel,name\n+33600000101,A\n")
    contacts.campaign(audience={"from": "a.csv"})
    contacts.suppress({"all": ["campaigns/b.csv"]})
    outcome = contacts.select()
    assert outcome.rules == ["audience/address"]
    assert "tel, name" in outcome.problems[0].hint
    contacts.suppress({"all": ["campaigns/none.csv"]})
    assert contacts.select().rules == ["file/missing"]
    contacts.suppress({"alert": ["campaigns/none.csv"]})
    assert contacts.select().rules == []


def test_a_suppression_of_both_kinds_may_leave_one_blank_in_a_row_but_not_both(contacts: Contacts) -> None:
    contacts.file("a.csv", "phone_number\n+33600000101\n+33600000102\n")
    contacts.file("b.csv", "phone_number,email\n+33600000101,\n,a@example.com\n")
    contacts.campaign(audience={"from": "a.csv"})
    contacts.suppress({"all": ["campaigns/b.csv"]})
    assert contacts.select().addresses == ["+33600000102"]
    contacts.file("b.csv", "phone_number,email\n+33600000101,\n,\n")
    outcome = contacts.select()
    assert [(one.rule, one.place.line) for one in outcome.problems] == [("audience/suppression", 3)]


def test_each_file_of_a_suppression_is_judged_by_the_kinds_of_address_that_it_has(contacts: Contacts) -> None:
    contacts.file("a.csv", "phone_number\n+33600000101\n+33600000102\n+33600000103\n")
    contacts.file("no1.csv", "phone_number,email\n+33600000101,\n,a@example.com\n")
    contacts.file("no2.csv", "phone_number,name\n+33600000102,x\n")
    contacts.campaign(audience={"from": "a.csv"})
    both = ["campaigns/no1.csv", "campaigns/no2.csv"]
    contacts.suppress({"all": [{"from": both}]})
    assert contacts.select().addresses == ["+33600000103"]
    contacts.file("no2.csv", "phone_number,name\n,x\n")
    assert [(one.rule, str(one.place)) for one in contacts.select().problems] == [
        ("audience/suppression", "campaigns/no2.csv:2")
    ]
    contacts.file("no2.csv", "phone_number,name\n+33600000102,x\n")
    contacts.suppress({"all": [{"from": both, "where": "email is null or email <> 'b'"}]})
    assert contacts.select().rules == ["audience/column"]


def test_two_kinds_of_address_in_one_column_are_a_problem(contacts: Contacts) -> None:
    contacts.file("a.csv", "phone_number\n+33600000101\n")
    contacts.file("no.csv", "contact\n+33600000102\n")
    contacts.campaign(audience={"from": "a.csv"})
    contacts.suppress(
        {"all": [{"from": "campaigns/no.csv", "columns": {"phone_number": "contact", "email": "contact"}}]}
    )
    (problem,) = contacts.select().problems
    assert (problem.rule, problem.place.file) == ("audience/address", "octoplan.yaml")
    assert problem.message == "phone_number and email are the same column, contact"
    contacts.suppress({})
    exclude = {"from": "no.csv", "columns": {"phone_number": "contact", "email": "contact"}}
    contacts.campaign(audience={"from": "a.csv", "exclude": [exclude]})
    assert contacts.select().addresses == ["+33600000101"]


def test_more_rejected_rows_than_allowed_is_a_problem_with_reasons_and_lines_but_no_values(
    contacts: Contacts,
) -> None:
    contacts.file("a.csv", "phone_number,x\n+33600000101,1\n\n,2\n0699,3\nb\n+33699999999,4\n" + "+33600000102,1\n" * 5)
    contacts.campaign(audience={"from": "a.csv", "max_rejected": "20 %"})
    outcome = contacts.select()
    (problem,) = outcome.problems
    assert problem.rule == "audience/max-rejected"
    assert "3 of 10 rows" in problem.message
    assert "1 blank" in problem.message
    assert "campaigns/a.csv:4: blank" in problem.message
    assert "campaigns/a.csv:6: fewer fields than the first line" in problem.message
    assert problem.place.file == "campaigns/sale.yaml"
    assert "0699" not in outcome.said
    contacts.campaign(audience={"from": "a.csv", "max_rejected": "30 %"})
    assert contacts.select().problems == ()


def test_an_email_campaign_over_phone_numbers_says_so(contacts: Contacts) -> None:
    contacts.file("a.csv", "tel\n" + "+33 6 00 00 01 02\n" * 3)
    contacts.campaign(channel="email", audience={"from": "a.csv", "columns": {"email": "tel"}})
    outcome = contacts.select()
    assert outcome.rules == ["audience/max-rejected"]
    assert "3 a phone number, not an e-mail address" in outcome.problems[0].message


def test_nobody_left_is_a_problem_that_tells_the_funnel(contacts: Contacts) -> None:
    contacts.file("a.csv", "phone_number,x\n" + "".join(f"+336000001{n:02},{n % 2}\n" for n in range(50)))
    contacts.file("b.csv", "phone_number\n" + "".join(f"+336000001{n:02}\n" for n in range(50)))
    contacts.campaign(audience={"from": "a.csv", "where": "x = '1'", "exclude": ["b.csv"]})
    outcome = contacts.select()
    assert outcome.rules == ["audience/empty"]
    assert outcome.problems[0].message == "nobody is left: 50 rows, 25 left out by where, 25 excluded"


def test_our_names_and_the_files_names_are_both_there_for_templates(contacts: Contacts) -> None:
    contacts.file("a.csv", "Vorname,mobile,n\nAna,+33600000101,7\n")
    columns = {"phone_number": "mobile", "first_name": "Vorname"}
    contacts.campaign(audience={"from": "a.csv", "columns": columns, "where": "first_name = 'Ana' and Vorname = 'Ana'"})
    outcome = contacts.select(["first_name", "Vorname", "n", "phone_number", "unknown"])
    assert outcome.columns == ("phone_number", "first_name", "Vorname", "mobile", "n")
    assert outcome.audience.variables == ("first_name", "Vorname", "n", "phone_number")
    assert outcome.people == [("+33600000101", "FR", "Ana", "Ana", "7", "+33600000101")]


def test_the_places_of_rows_are_found_when_they_are_asked_for(contacts: Contacts) -> None:
    contacts.file("a.csv", 'phone_number,x\n+33600000101,"1\n2"\n\nbad\n+33600000102,3\n')
    contacts.file("b.csv", "phone_number,x\n\n+33600000103,3\n")
    contacts.campaign(audience={"from": ["a.csv", "b.csv"], "max_rejected": 0.9})
    audience = contacts.select().audience
    shown = [str(place) for place in audience.places([(1, 2), (0, 1), (0, 0)])]
    assert shown == ["campaigns/b.csv:3", "campaigns/a.csv:6", "campaigns/a.csv:2"]


def test_inline_recipients_go_the_same_way(contacts: Contacts) -> None:
    contacts.file("no.csv", "phone_number\n+33600000102\n")
    contacts.suppress({"all": ["campaigns/no.csv"]})
    people = [("+33600000101", 1), ("+33 6 00 00 01 01", 2), ("+33600000102", 3), ("+33600000103", "x")]
    contacts.campaign(recipients=[{"phone_number": number, "n": n} for number, n in people])
    outcome = contacts.select(["n"])
    assert outcome.people == [("+33600000101", "FR", "1"), ("+33600000103", "FR", "x")]
    assert (outcome.audience.counts.duplicates, outcome.audience.counts.suppressed) == (1, 1)
    assert outcome.audience.places([(0, 3)])[0].line > 1


def test_fields_of_inline_recipients_that_do_not_agree_are_text_as_in_a_message(contacts: Contacts) -> None:
    given = [(True, 7, 10**20), (3.0, "x", -1), ("no", 2.5, None)]
    contacts.campaign(
        recipients=[
            {"phone_number": f"+3360000010{n}", "mixed": mixed, "some": some, "large": large}
            for n, (mixed, some, large) in enumerate(given)
        ]
    )
    outcome = contacts.select(["mixed", "some", "large"])
    assert [row[2:] for row in outcome.people] == [
        ("true", "7", str(10**20)),
        ("3", "x", "-1"),
        ("no", "2.5", None),
    ]


def test_inline_recipients_are_validated_with_the_values_that_are_sent(contacts: Contacts) -> None:
    given = [(True, 3, 2**60 + 1, 1), ("no", 2.5, 0.5, 2), (3.0, None, -1, None)]
    names = ("mixed", "number", "large", "whole", "phone_number")
    rows = [dict(zip(names, (*row, f"+3360000010{n}"), strict=True)) for n, row in enumerate(given)]
    contacts.campaign(recipients=rows)
    (found,) = campaign.load(project.load(contacts.root))
    sent = [row[2:] for row in contacts.select(names).people]
    assert sent[0] == ("true", 3.0, str(2**60 + 1), 1, "+33600000100")
    validated = [tuple(person.values.get(name) for name in names) for person in read_inline(found).people]
    assert [[(type(one), one) for one in row] for row in sent] == [
        [(type(one), one) for one in row] for row in validated
    ]


def test_an_inline_recipient_that_is_none_is_a_problem_at_its_place(contacts: Contacts) -> None:
    contacts.campaign(recipients=[{"phone_number": "+33600000101"}, {"phone_number": "+33400000000"}])
    outcome = contacts.select()
    assert outcome.rules == ["recipients/address"]
    assert outcome.problems[0].place.line > 10
    assert "3340" not in outcome.said


def test_a_region_that_no_country_has_is_a_problem(contacts: Contacts) -> None:
    contacts.file("a.csv", "phone_number\n+33600000101\n")
    contacts.campaign(audience={"from": "a.csv", "region": "XX"})
    assert contacts.select().rules == ["audience/region"]


ADDRESS = st.sampled_from(
    [
        "+3360000010{}",
        "060000010{}",
        "06 00 00 01 0{}",
        "+33 6.00.00.01-0{}",
        "+4479460010{}",
        "",
        "x{}",
        "a{}@example.com",
    ]
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(ADDRESS, st.integers(0, 5), st.sampled_from("abc")), min_size=1, max_size=40),
    out=st.sets(st.integers(0, 5), max_size=3),
    no=st.sets(st.integers(0, 5), max_size=3),
    dirt=st.lists(st.sampled_from(["one", "a,b,c,d", ""]), max_size=4),
)
def test_every_row_is_somewhere_and_the_funnel_adds_up(
    new_contacts: Callable[[], Contacts],
    rows: list[tuple[str, int, str]],
    out: set[int],
    no: set[int],
    dirt: list[str],
) -> None:
    contacts = new_contacts()
    lines = [f"{address.format(number)},{letter}" for address, number, letter in rows]
    contacts.file("a.csv", "\n".join(["phone_number,letter", *lines, *dirt]) + "\n")
    for name, numbers in (("out", out), ("no", no)):
        contacts.file(f"{name}.csv", "phone_number\n" + "".join(f"+3360000010{number}\n" for number in numbers))
    contacts.suppress({"all": ["campaigns/no.csv"]})
    audience = {
        "from": "a.csv",
        "region": "FR",
        "where": "letter <> 'c'",
        "exclude": ["out.csv"],
        "max_rejected": "100 %",
    }
    contacts.campaign(audience=audience)
    outcome = contacts.select()
    counts = outcome.audience.counts
    left_out = sum(number for _, number in counts.left_out)
    assert counts.rows == left_out + counts.people == len(rows) + sum(1 for line in dirt if line)
    assert counts.people == len(outcome.addresses) == len(set(outcome.addresses))
    kept = [(address.format(number), number) for address, number, letter in rows if letter != "c"]
    french = {
        number
        for address, number in kept
        if address and "x" not in address and "@" not in address and "44" not in address
    }
    assert {one for one in outcome.addresses if one.startswith("+33")} == {f"+3360000010{n}" for n in french - out - no}
    assert "0600" not in outcome.said
    assert "3360" not in outcome.said


@pytest.mark.parametrize("address", ["Ana.b+c@Example.com", "+33600000101", "ana@xn--mnchen-3ya.de", "zoé@example.com"])
def test_the_key_of_an_address_in_its_plain_spelling_is_that_of_the_address(address: str) -> None:
    assert person_of(KEY, address) == person_key(KEY, address)


def test_person_keys_are_those_of_the_addresses(contacts: Contacts) -> None:
    from octoplan.table import verdicts  # noqa: PLC0415 - to look at what is made

    assert verdicts.BLANK == "blank"
    assert (
        person_key(KEY, "Ana@example.com")
        == person_key(KEY, "ana@EXAMPLE.com")
        != person_key(KEY[::-1], "ana@example.com")
    )
