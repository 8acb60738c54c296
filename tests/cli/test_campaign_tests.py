"""Tests that authors write beside their words, and rows that octoplan makes up, from the file to the exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

if TYPE_CHECKING:
    from tests.conftest import Folder, MakeProject

CAMPAIGN = """\
channel: sms
purpose: alert
open: true
audience: {from: people.csv}
text: Hi {{ first_name | default("there", true) }} from {{ city }}
tests:
"""
PEOPLE = "phone_number,first_name,city\n+33600000101,Ann,Metz\n+33600000102,Zoé,Lyon\n"
GOOD = """\
  - name: blank first name
    given: {first_name: "", city: Metz}
    expect: {contains: Hi there, excludes: "{{", equals: Hi there from Metz, parts: 1, units: 18, encoding: gsm7}
  - given: {first_name: Ann}
    expect: {fails: missing}
"""


def folder_of(project: MakeProject, tests: str, campaign: str = CAMPAIGN) -> Folder:
    folder: Folder = project({"campaigns/sale.yaml": campaign + tests, "campaigns/people.csv": PEOPLE})
    return folder


def test_tests_that_pass_are_told_by_name_and_change_nothing_else(project: MakeProject) -> None:
    folder = folder_of(project, GOOD)
    tested = folder.call("test", "sale")
    assert (tested.code, tested.err) == (0, "")
    assert tested.out.splitlines()[:3] == ["sale, sms", "   passed   blank first name", "   passed   test 2"]
    assert tested.last == "Tests: 2 passed, 0 failed; 18 rows made up, 0 with a problem."
    bare = folder_of(project, "  - expect: {fails: true}\n")
    assert folder.call("plan").out == bare.call("plan").out


@pytest.mark.parametrize(
    ("expect", "place", "said"),
    [
        ("{contains: Hello}", "9:14", 'expected that the text contains "Hello"; it is "Hi Ann from Metz"'),
        ("{contains: [Hi, Hello]}", "9:29", 'expected that the text contains "Hello"'),
        ("{excludes: Ann}", "9:14", 'expected that the text excludes "Ann"'),
        ("{equals: Hi Ann}", "9:14", 'expected that the text equals "Hi Ann"; it is "Hi Ann from Metz"'),
        ("{parts: 2}", "9:14", "expected 2 parts; it is 1 part"),
        ("{units: 15}", "9:14", "expected 15 units; it is 16 units"),
        ("{encoding: ucs2}", "9:14", "expected UCS-2; it is GSM-7"),
        ("{fails: true}", "9:14", 'expected no message; it is "Hi Ann from Metz"'),
        ("{fails: missing}", "9:14", "expected no message"),
        ("{subject: {contains: Hi}}", "9:24", "a message of this campaign has no subject"),
    ],
)
def test_what_is_not_as_expected_is_a_problem_at_the_expectation(
    project: MakeProject, expect: str, place: str, said: str
) -> None:
    folder = folder_of(project, f"  - name: mine\n    given: {{first_name: Ann, city: Metz}}\n    expect: {expect}\n")
    for command in ("test", "validate", "plan", "apply"):
        outcome = folder.call(command, *(["--auto-approve"] if command == "apply" else []))
        assert outcome.code == 3
        assert f"campaigns/sale.yaml:{place}: error: mine: {said}" in outcome.err
        assert "[campaign/test]" in outcome.err
    assert not folder.messages()


def test_a_message_that_cannot_be_made_fails_a_test_that_expects_one(project: MakeProject) -> None:
    outcome = folder_of(project, "  - given: {first_name: Ann}\n    expect: {contains: Hi}\n").call("test")
    assert outcome.code == 3
    assert "test 1: there is no message: `city` is blank (campaigns/sale.yaml:5:" in outcome.err


def test_a_failure_for_another_reason_is_not_a_missing_variable(project: MakeProject) -> None:
    campaign = CAMPAIGN.replace("from {{ city }}", "from {{ city | int }}")
    folder = folder_of(project, "  - given: {city: Metz}\n    expect: {fails: missing}\n", campaign)
    assert "expected that a variable is missing; there is no message since `int` met" in folder.call("test").err
    assert folder_of(project, "  - given: {city: Metz}\n    expect: {fails: true}\n", campaign).call("test").code == 0


def test_a_name_that_no_text_uses_is_a_slip_and_a_var_is_no_given(project: MakeProject) -> None:
    tests = "  - given: {frist_name: Ann, city: Metz, shop: a}\n    expect: {contains: Hi}\n"
    outcome = folder_of(project, tests, f"vars: {{shop: Octo}}\n{CAMPAIGN}").call("test")
    assert outcome.code == 3
    assert "sale.yaml:8:13: error: test 1: no text uses `frist_name`" in outcome.err
    assert "hint: did you mean `first_name`?" in outcome.err
    assert "`shop` is one of vars" in outcome.err


def test_numbers_are_text_where_the_contact_files_hold_text(project: MakeProject) -> None:
    doubled = CAMPAIGN.replace("from {{ city }}", "{{ points + 12 }}")
    test = "  - given: {points: 12}\n    expect: {equals: Hi there 24}\n"
    assert "there is no message" in folder_of(project, test, doubled).call("test").err
    typed = doubled.replace("people.csv", "people.ndjson")
    assert folder_of(project, test, typed).call("test").code == 0


def test_given_values_choose_the_language(project: MakeProject) -> None:
    campaign = CAMPAIGN.replace("text: Hi", "language: {column: lang}\ntext:\n  fr: Salut {{ city }}\n  en: Hi")
    tests = """\
  - given: {lang: fr-BE, city: Metz}
    expect: {equals: Salut Metz}
  - given: {lang: en, city: Metz}
    expect: {equals: Hi there from Metz}
  - given: {lang: pl, city: Metz}
    expect: {fails: true}
"""
    outcome = folder_of(project, tests, campaign).call("test")
    assert outcome.code == 0, outcome.err


def test_a_subject_is_tested_as_the_body_is_and_html_is_escaped_in_one_only(project: MakeProject) -> None:
    campaign = """\
channel: email
purpose: alert
open: true
audience: {from: people.ndjson}
metadata: {email_from: shop@example.com, subject: "Hi {{ name }}", body_format: html}
text: <p>{{ name }}</p>
tests:
  - given: {name: A & B}
    expect: {equals: "<p>A &amp; B</p>", subject: {equals: Hi A & B, excludes: amp}}
  - given: {name: A}
    expect: {parts: 1}
"""
    outcome = folder_of(project, "", campaign).call("test")
    assert "1 passed, 1 failed" in outcome.out
    assert "test 2: only an SMS has parts" in outcome.err
    assert "a line break: no message, subject must be one line" in outcome.out


def test_expectations_that_exclude_each_other_are_refused_by_the_schema(project: MakeProject) -> None:
    outcome = folder_of(project, "  - expect: {fails: true, parts: 1}\n").call("validate")
    assert outcome.code == 3
    assert "where there is no message, nothing else can be expected of it" in outcome.err


def test_a_quoted_number_is_masked_like_any_other(project: MakeProject) -> None:
    outcome = folder_of(project, "  - given: {city: '+33600000199'}\n    expect: {contains: Metz}\n").call("test")
    assert outcome.code == 3
    assert "33600000199" not in outcome.out + outcome.err


def test_made_up_rows_tell_what_costs_more_and_fail_for_none_of_it(project: MakeProject) -> None:
    long = CAMPAIGN.replace("text: Hi", f"text: {'x' * 120} Hi").removesuffix("tests:\n")
    outcome = folder_of(project, "", long).call("test")
    assert outcome.code == 0
    assert "first_name: 50 characters: 2 parts; right-to-left, emoji: 3 parts, UCS-2" in outcome.out
    assert "city: blank: no message, `city` is blank; 50 characters: 2 parts" in outcome.out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ city }}" * 30, "`city` (50 characters): the text has more than 1224 characters once rendered"),
        ("Hi {{ city | replace('a', 1 // (city | length - 5)) }}", "a division by zero"),
    ],
)
def test_made_up_rows_find_what_some_person_would_meet(project: MakeProject, text: str, said: str) -> None:
    campaign = CAMPAIGN.splitlines(keepends=True)[:4]
    outcome = folder_of(project, "", "".join([*campaign, f'text: "{text}"\n'])).call("test")
    assert outcome.code == 3
    assert said in outcome.err
    assert "[campaign/made-up]" in outcome.err
    assert "with a problem." in outcome.last


def test_a_template_that_needs_numbers_is_tried_with_numbers(project: MakeProject) -> None:
    campaign = CAMPAIGN.replace("{{ city }}", "{{ city | int }}").removesuffix("tests:\n")
    outcome = folder_of(project, "", campaign).call("test")
    assert outcome.code == 0
    assert "city: blank: no message" in outcome.out
    assert "50 characters, right-to-left" in outcome.out


def test_no_contact_file_is_read(project: MakeProject) -> None:
    folder = folder_of(project, GOOD).write({"campaigns/people.csv": None})
    assert folder.call("test").code == 0
    assert folder.call("validate").code == 3


def test_json_and_junit_hold_the_same_tests(project: MakeProject) -> None:
    folder = folder_of(project, f"{GOOD}  - name: wrong\n    given: {{city: Metz}}\n    expect: {{contains: Hello}}\n")
    told = folder.call("test", "--json")
    assert told.code == 3
    (campaign,) = told.json["campaigns"]
    assert [one["passed"] for one in campaign["tests"]] == [True, True, False]
    assert campaign["tests"][2]["problems"][0]["line"] == 14
    junit = folder.call("test", "--format", "junit")
    assert junit.code == 3
    suites = ET.fromstring(junit.out)  # noqa: S314 - our own output
    assert (suites.get("tests"), suites.get("failures")) == ("4", "1")
    (failed,) = [case for case in suites.iter("testcase") if case.find("failure") is not None]
    assert (failed.get("classname"), failed.get("name")) == ("octoplan.sale", "wrong")


def test_a_campaign_that_does_not_exist_and_two_forms_at_once_are_usage_errors(project: MakeProject) -> None:
    folder = folder_of(project, GOOD)
    assert folder.call("test", "nobody").code == 64
    assert folder.call("test", "--json", "--format", "junit").code == 64


def test_templates_that_do_not_compile_are_told_as_everywhere(project: MakeProject) -> None:
    outcome = folder_of(project, GOOD, CAMPAIGN.replace("{{ city }}", "{{ city | nothing }}")).call("test")
    assert outcome.code == 3
    assert "there is no filter `nothing` here" in outcome.err
