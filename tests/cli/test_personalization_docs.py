"""Every example of docs/personalization.md is run, and judged by the requests that the sandbox was sent."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Folder, MakeProject

PAGE = (Path(__file__).parents[2] / "docs" / "personalization.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^```\w+ (campaigns\S+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
HEADER, *ROWS = FILES["campaigns/audiences/points.csv"].splitlines()
TEXT = next(line for line in FILES["campaigns/points.yaml"].splitlines() if line.startswith("text:"))


def block(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return str(found)


@pytest.fixture
def folder(project: MakeProject) -> Folder:
    return project(FILES)


def texts(folder: Folder) -> list[str]:
    """The text of each request, as it was asked of the gateway."""
    assert folder.call("apply", "--auto-approve").code == 0
    return sorted(json.loads(entry.body)["text"] for entry in folder.requests() if b"request_id" in entry.body)


def test_the_plan_says_what_the_page_shows(folder: Folder) -> None:
    command, said = block("console").splitlines()
    outcome = folder.call(*command.removeprefix("$ octoplan ").split())
    assert outcome.code == 0
    assert said in outcome.out.splitlines()


def test_the_requests_are_those_that_the_page_names(folder: Folder) -> None:
    (shared,) = re.findall(r"with the text `(.*?)`", PAGE)
    assert texts(folder) == sorted([shared, "Hi Zoë {the great}, you have 42 points."])


def test_a_condition_makes_as_many_requests_as_it_has_ways(folder: Folder) -> None:
    written = FILES["campaigns/points.yaml"].replace(TEXT, f"text: {json.dumps(block('jinja').strip())}")
    rows = [row.replace(" {the great}", "").replace(",,", ",Eve,") for row in ROWS]
    numbers = "\n".join([HEADER, *rows, ""])
    folder.write({"campaigns/points.yaml": written, "campaigns/audiences/points.csv": numbers})
    assert texts(folder) == ["Dear {param1}, {param2} points!", "Hi {param1}"]


@pytest.mark.parametrize("odd", ["x" * 51, "a}b", "a\u200b", "0", "null", "TRUE", "false", "\N{GRINNING FACE}" * 26])
def test_what_a_server_could_take_for_something_else_is_in_a_request_of_its_own(folder: Folder, odd: str) -> None:
    folder.write({"campaigns/audiences/points.csv": "\n".join([HEADER, *ROWS[:3], f"+33600000109,{odd},5", ""])})
    own, shared = texts(folder)
    assert sorted((own, shared)) == sorted(("Hi {param1}, you have {param2} points.", f"Hi {odd}, you have 5 points."))
