"""Annotations: what CI reads, whatever stands in a path, a rule or a message."""

import json
import re
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from octoplan.errors import Place, Problem
from octoplan.report import annotations
from octoplan.report.safe import words

COMMAND = re.compile(r"::(?P<severity>error|warning) (?P<properties>[^:]*)::(?P<message>.*)")
hostile = st.text(alphabet=st.characters(exclude_categories=()) | st.sampled_from(":,%\n\r<>&\"'::"), max_size=30)
problems = st.lists(
    st.builds(
        Problem,
        place=st.builds(Place, file=hostile, line=st.integers(0, 9_999), column=st.integers(0, 99)),
        rule=hostile,
        message=hostile,
        hint=hostile,
        severity=st.sampled_from(["error", "warning"]),
    ),
    max_size=6,
)


def read_back(text: str) -> str:
    """What the runner of GitHub makes of an escaped property or message."""
    for escaped, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(escaped, character)
    return text


@given(found=problems)
def test_a_workflow_command_is_one_line_whose_parts_are_read_back(found: list[Problem]) -> None:
    lines = annotations.github(found, "shop").split("\n") if found else []
    assert len(lines) == len(found)
    for line, one in zip(lines, sorted(found), strict=True):
        command = COMMAND.fullmatch(line)
        assert command
        assert command["severity"] == one.severity
        properties = dict(pair.split("=", 1) for pair in command["properties"].split(","))
        assert read_back(properties["file"]).startswith("shop/")
        assert properties.get("line", "0") == str(one.place.line)
        assert read_back(command["message"]).startswith(words(one.message))
        assert command["message"].splitlines() in ([], [command["message"]])


@given(found=problems)
def test_reports_are_whole_documents_with_a_row_for_each_problem(found: list[Problem]) -> None:
    quality = json.loads(annotations.gitlab(found, ""))
    assert len({row["fingerprint"] for row in quality}) == len(quality) == len(found)
    assert all(row["location"]["lines"]["begin"] >= 1 for row in quality)
    (run,) = json.loads(annotations.sarif(found, ""))["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(run["results"]) == len(found)
    assert all(rules[result["ruleIndex"]] == result["ruleId"] for result in run["results"])
    suite = ET.fromstring(annotations.junit(found, "", ("sale",)))[0]  # noqa: S314 - our own
    errors = [one for one in found if one.severity == "error"]
    failures, printed = suite.findall("testcase/failure"), suite.findall("testcase/system-out")
    assert int(suite.attrib["failures"]) == len(failures) == len({one.place.file for one in errors})
    assert sum(len((failure.text or "").split("\n")) for failure in failures) == len(errors)
    assert sum(len((said.text or "").split("\n")) for said in printed) == len(found) - len(errors)


def test_files_whose_names_look_alike_are_a_case_each() -> None:
    found = [Problem(place=Place(file=f"sale{end}.yaml"), rule="x", message="wrong") for end in ("", "\r", "\x0c")]
    suite = ET.fromstring(annotations.junit(found, ""))[0]  # noqa: S314 - our own
    assert suite.attrib["failures"] == "3"
    assert len(suite.findall("testcase/failure")) == 3


def test_a_fingerprint_stays_when_lines_move_and_tells_equal_problems_apart() -> None:
    def at(line: int) -> Problem:
        return Problem(place=Place(file="sale.yaml", line=line), rule="key/unknown", message="no key sendat")

    def prints(*found: Problem) -> list[str]:
        return [row["fingerprint"] for row in json.loads(annotations.gitlab(found, ""))]

    assert prints(at(3)) == prints(at(9))
    assert len(set(prints(at(3), at(9)))) == 2


def test_an_address_in_a_message_is_masked_everywhere() -> None:
    found = [Problem(place=Place(file="sale.yaml"), rule="x", message="ann@example.com has +33600000301")]
    for form in ("github", "gitlab", "sarif", "junit"):
        said = annotations.annotate(form, found, "")
        assert "ann@" not in said
        assert "33600000301" not in said
