"""docs/reliability.md claims nothing that no test shows; its lists are those of the model."""

import json
import re
from pathlib import Path

from tests.kills.counts import LONG_TESTS, MANY, SOME, TESTS
from tests.model.laws import Assumption

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
COUNTS = json.loads((ROOT / "tests" / "model" / "counts.json").read_text(encoding="utf-8"))


def block(name: str) -> list[str]:
    """The lines between two markers of the page."""
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", PAGE, re.DOTALL)
    assert found, f"no block {name}"
    return found[1].splitlines()


def test_every_row_names_tests_that_are_there() -> None:
    there = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    rows = block("faults")[2:]
    assert len(rows) > 20
    for row in rows:
        named = re.findall(r"`(test_\w+)`", row)
        assert named, row
        assert set(named) <= there, row


def test_what_is_taken_for_granted_is_what_the_model_takes_for_granted() -> None:
    assert block("assumptions") == [f"- {one}" for one in Assumption]


def test_the_counts_are_those_of_the_model() -> None:
    rows = [
        f"| {name} | {len(worlds)} | {sum(one['states'] for one in worlds.values()):,} "
        f"| {sum(one['steps'] for one in worlds.values()):,} | {max(one['depth'] for one in worlds.values())} |"
        for name, worlds in (("in `make test`", COUNTS["worlds"]), ("in `make test-long`", COUNTS["large"]))
    ]
    assert block("counts") == ["| | worlds | states | steps | deepest |", "|---|--:|--:|--:|--:|", *rows]


def test_the_counts_of_the_kills_are_those_of_the_tests() -> None:
    places = {
        "file": "the state in a file",
        "server": "the state on a PostgreSQL server",
        "filled in": "the state in a file, `personalization: server`",
    }
    rows = [f"| {said} | {TESTS[at] * SOME} | {LONG_TESTS[at] * MANY:,} |" for at, said in places.items()]
    assert block("kills")[2:] == rows
