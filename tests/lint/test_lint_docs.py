"""The page of each rule says what the rule does: its bad example has the finding, its good one has none at all."""

import json
import re
from pathlib import Path

import pytest

from octoplan.lint.links import SHORTENERS
from octoplan.lint.rules import RULES, page_of
from octoplan.schema import schema_text
from tests.conftest import MakeProject

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "lint"


def page(rule: str) -> str:
    return (PAGES / f"{rule}.md").read_text(encoding="utf-8")


def example(rule: str, kind: str) -> str | None:
    found = re.search(rf"<!-- {kind} -->\n```yaml\n(.*?)```", page(rule), re.DOTALL)
    return found[1] if found else None


def test_each_rule_has_a_page_and_no_other_is_there() -> None:
    assert {path.stem for path in PAGES.glob("*.md")} - {"README"} == set(RULES)
    assert all((ROOT / page_of(f"lint/{rule}")).is_file() for rule in RULES)


def test_the_index_says_of_each_rule_what_the_code_says() -> None:
    rows = re.findall(r"^\| \[([a-z-]+)\]\(\1\.md\) \| (.+) \|$", page("README"), re.MULTILINE)
    assert dict(rows) == dict(RULES)


@pytest.mark.parametrize("rule", RULES)
def test_a_page_says_what_is_found_and_how_to_switch_it_off(rule: str) -> None:
    said = page(rule)
    assert said.startswith(f"# {rule}\n\n{RULES[rule]}\n\n")
    assert f"lint: {{off: [{rule}]}}" in said


@pytest.mark.parametrize("rule", sorted(RULES.keys() - {"invisible-difference"}))  # which needs what was sent
def test_the_bad_example_of_a_page_is_found_and_the_good_one_is_fine(rule: str, project: MakeProject) -> None:
    folder = project({"campaigns/one.yaml": example(rule, "bad")})
    rules = {one.get("rule") for one in rows(folder.call("validate", "--json").json)}
    assert rules == {f"lint/{rule}"}
    folder.write({"campaigns/one.yaml": f"{example(rule, 'bad')}lint: {{off: [{rule}]}}\n"})
    assert rows(folder.call("validate", "--json").json) == []
    folder.write({"campaigns/one.yaml": example(rule, "good")})
    outcome = folder.call("validate", "--strict")
    assert (outcome.code, outcome.err) == (0, "")


def rows(document: dict[str, list[dict[str, str]]]) -> list[dict[str, str]]:
    return document.get("warnings", []) + document.get("problems", [])


def test_the_schema_knows_the_rules_that_there_are() -> None:
    assert json.loads(schema_text("campaign"))["$defs"]["lint_rule"]["enum"] == list(RULES)


def test_the_page_of_shorteners_lists_them() -> None:
    listed = re.search(r"^These are known: (.+)\.$", page("link-shortener"), re.MULTILINE)
    assert listed
    assert re.findall(r"`([^`]+)`", listed[1]) == sorted(SHORTENERS)


def test_the_examples_of_this_repository_say_nothing_that_is_seldom_meant(project: MakeProject) -> None:
    folder = project({})
    for path in (ROOT / "campaigns").rglob("*"):
        if path.is_file():
            folder.write({str(path.relative_to(ROOT)): path.read_bytes()})
    outcome = folder.call("validate", "--strict")
    assert (outcome.code, outcome.err) == (0, "")
