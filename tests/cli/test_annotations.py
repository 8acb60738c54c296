"""`validate --format`: stdout is what CI reads, stderr what people read, and the exit code stays."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

if TYPE_CHECKING:
    from tests.conftest import MakeProject

GOOD = """\
channel: sms
purpose: alert
open: true
recipients: [{phone_number: "+33600000301"}]
text: Hello
"""
BAD = GOOD.replace("purpose", "purpos")
FORMS = ["github", "gitlab", "sarif", "junit"]


@pytest.mark.parametrize("form", FORMS)
def test_problems_are_told_to_ci_and_to_people(form: str, project: MakeProject) -> None:
    folder = project({"campaigns/good.yaml": GOOD, "campaigns/bad.yaml": BAD})
    plain = folder.call("validate")
    outcome = folder.call("validate", "--format", form)
    assert outcome.code == plain.code == 3
    assert outcome.err == plain.err
    assert plain.out == ""
    assert "campaigns/bad.yaml" in outcome.out
    assert "good.yaml" not in outcome.out


def test_github_marks_line_and_column(project: MakeProject) -> None:
    folder = project({"campaigns/bad.yaml": BAD})
    missing, unknown = folder.call("validate", "--format", "github").out.splitlines()
    assert missing.startswith("::error file=campaigns/bad.yaml,line=1,col=1,title=schema/required::`purpose`: ")
    assert unknown.startswith("::error file=campaigns/bad.yaml,line=2,col=1,title=schema/")


def test_paths_begin_at_the_top_of_the_repository(project: MakeProject) -> None:
    folder = project({"campaigns/bad.yaml": BAD}, "marketing")
    above = replace(folder, path=folder.path.parent)
    outcome = above.run("-C", "marketing", "validate", "--format", "github")
    assert outcome.code == 3
    assert outcome.out.startswith("::error file=marketing/campaigns/bad.yaml,line=1,col=1,")
    assert "marketing" not in outcome.err


@pytest.mark.parametrize("form", FORMS)
def test_a_valid_project_is_a_report_without_findings(form: str, project: MakeProject) -> None:
    outcome = project({"campaigns/good.yaml": GOOD}).call("validate", "--format", form)
    assert outcome.code == 0
    assert "1 campaign" in outcome.err
    match form:
        case "github":
            assert outcome.out == ""
        case "gitlab":
            assert outcome.json == []
        case "sarif":
            assert outcome.json["runs"][0]["results"] == []
        case "junit":
            suites = ET.fromstring(outcome.out)  # noqa: S314 - our own
            assert [case.attrib["name"] for case in suites.iter("testcase")] == ["good"]
            assert suites.attrib["failures"] == "0"


def test_format_json_is_json(project: MakeProject) -> None:
    folder = project({"campaigns/good.yaml": GOOD})
    assert folder.call("validate", "--format", "json").out == folder.call("validate", "--json").out


def test_an_error_of_the_world_is_no_report(project: MakeProject) -> None:
    outcome = project({"campaigns/good.yaml": GOOD}).call("validate", "--format", "sarif", "--target", "none")
    assert outcome.code == 64
    assert outcome.out == ""


def test_two_forms_of_one_answer_are_usage(project: MakeProject) -> None:
    outcome = project({"campaigns/good.yaml": GOOD}).call("validate", "--json", "--format", "sarif")
    assert outcome.code == 64
    assert "leave one of them out" in json.loads(outcome.out)["hint"]
