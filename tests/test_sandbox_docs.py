"""What docs/sandbox.md says can be run is run, against a running sandbox; its tables are those of the code."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from octoplan.cli.sandbox import serve
from octoplan.sandbox.callbacks import ASSUMPTIONS
from octoplan.sandbox.doors import DOORS
from octoplan.sandbox.faults import KINDS
from octoplan.sandbox.rules import RULES
from octoplan.sandbox.testing import Octopush, run_octopush

PAGE = (Path(__file__).parents[1] / "docs" / "sandbox.md").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:8025"
COMMANDS = {"sh": ["sh", "-eu"], "python": [sys.executable, "-W", "error"], "js": ["node"], "php": ["php"]}
NEEDED = {"sh": "curl", "js": "node", "php": "php"}
SUFFIXES = {"sh": ".sh", "python": ".py", "js": ".mjs", "php": ".php"}


def blocks(language: str) -> list[str]:
    """The blocks of the page in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


SNIPPETS = re.findall(r"^<!-- sends (\d+)( and forgives)? -->\n```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def marked(marker: str) -> str:
    """What stands between two marks."""
    found = re.search(rf"<!-- {marker} -->\n(.*?)<!-- /{marker} -->", PAGE, re.DOTALL)
    assert found, marker
    return found[1]


@pytest.fixture
def octopush() -> Iterator[Octopush]:
    with run_octopush() as running:
        yield running


def run(code: str, language: str, folder: Path, octopush: Octopush) -> str:
    """Run a snippet of the page against the running sandbox; what it printed."""
    script = folder / f"snippet{SUFFIXES[language]}"
    script.write_text(code.replace(ADDRESS, octopush.address), encoding="utf-8")
    command = [*COMMANDS[language], str(script)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("sends", "forgives", "language", "code"), SNIPPETS, ids=[f"{at}-{one[2]}" for at, one in enumerate(SNIPPETS)]
)
def test_a_snippet_sends_what_the_page_says(
    *, sends: str, forgives: str, language: str, code: str, tmp_path: Path, octopush: Octopush
) -> None:
    needed = NEEDED.get(language, "sh")
    if shutil.which(needed) is None:
        pytest.skip(f"{needed} is not installed: its snippet in docs/sandbox.md was not run")
    run(code, language, tmp_path, octopush)
    assert len(octopush.messages()) == int(sends)
    assert bool(octopush.forgiven()) == bool(forgives)


def test_there_is_a_snippet_for_every_language_that_the_page_promises() -> None:
    assert {language for _, _, language, _ in SNIPPETS} == set(COMMANDS)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_answers_are_as_the_page_shows_them(tmp_path: Path, octopush: Octopush) -> None:
    answer, notes = (json.loads(block) for block in blocks("json"))
    first, *_ = (code for _, _, language, code in SNIPPETS if language == "sh")
    said = json.loads(run(first, "sh", tmp_path, octopush))
    assert list(said) == list(answer)
    assert said | {"sms_ticket": answer["sms_ticket"]} == answer
    (forgiving,) = (code for _, forgives, _, code in SNIPPETS if forgives)
    run(forgiving, "sh", tmp_path, octopush)
    shown = [{"field": one.field, "how": one.how, "note": one.note, "times": one.times} for one in octopush.forgiven()]
    assert shown == notes


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("path", ["messages?address", "messages/1/stop"])
def test_the_commands_that_need_a_message_work_with_one(path: str, tmp_path: Path, octopush: Octopush) -> None:
    first, *_ = (code for _, _, language, code in SNIPPETS if language == "sh")
    octopush.change(callback_url="http://127.0.0.1:9/")
    run(first, "sh", tmp_path, octopush)
    (code,) = (block for block in blocks("sh") if path in block)
    said = json.loads(run(code, "sh", tmp_path, octopush))
    assert said["total"] == 1 if "total" in said else said["callback"]["kind"] == "stop"


def test_the_pytest_example_passes(tmp_path: Path) -> None:
    for name in ("conftest.py", "test_welcome.py"):
        (code,) = (block for block in blocks("python") if block.startswith(f"# {name}\n"))
        (tmp_path / name).write_text(code, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, timeout=120)
    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout


def test_the_workflow_is_yaml_and_starts_the_sandbox_with_flags_that_exist() -> None:
    (text,) = blocks("yaml")
    steps = yaml.safe_load(text)["jobs"]["test"]["steps"]
    (start,) = (step["run"] for step in steps if "serve" in step.get("run", ""))
    assert set(re.findall(r"--(?:memory|strict)", start)) <= {option for one in serve.params for option in one.opts}


def test_every_flag_of_serve_is_on_the_page_and_no_other() -> None:
    (table,) = re.findall(r"^\| flag \| does \|\n(.*?)\n\n", PAGE, re.MULTILINE | re.DOTALL)
    shown = set(re.findall(r"`(--[a-z-]+)", table))
    options = {option for one in serve.params for option in one.opts + one.secondary_opts if option.startswith("--")}
    assert options - shown == {"--env", "--json", "--no-color", "--verbose", "--lenient"}
    assert shown <= options


def test_every_rule_is_on_the_page_as_the_code_has_it() -> None:
    lines = ["| rule | code | says | source | off |", "|---|---|---|---|---|"]
    for rule in RULES:
        source = f"**assumed**; {rule.source}" if rule.assumption else rule.source
        lines.append(f"| `{rule.id}` | {rule.code or ''} | {rule.what} | {source} | {rule.off} |")
    assert marked("rules").splitlines() == lines


def test_every_assumption_about_callbacks_is_on_the_page() -> None:
    assert marked("callbacks").splitlines() == [f"- {assumption}" for assumption in ASSUMPTIONS.values()]


def test_every_door_is_on_the_page_as_the_code_has_it() -> None:
    lines = ["| door | does |", "|---|---|"]
    lines += [f"| `{door.method} {door.path}` | {door.does} |" for door in DOORS]
    assert marked("doors").splitlines() == lines


def test_every_kind_of_fault_is_on_the_page_and_no_other() -> None:
    assert re.findall(r"^\| `(\w+)` \|", marked("faults"), re.MULTILINE) == list(KINDS)
