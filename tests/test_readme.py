"""What the README shows is what the program prints."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def shown(marker: str) -> tuple[list[str], str]:
    """A marked block of the README → the command in it and what it is said to print."""
    block = re.search(rf"<!-- {marker}.*?-->\n```console\n\$ octoplan ([^\n]*)\n(.*?)```\n<!-- /", README, re.DOTALL)
    assert block, f"no block {marker} in the README"
    return block[1].split(), block[2]


def printed(arguments: list[str], folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "octoplan", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "", "COLUMNS": "100"},
    )
    at_any_hour = re.sub(r"notice: [0-9,]+ people are outside their window.*\n", "", done.stdout)
    return re.sub(r"(state) [0-9a-f]{12}", r"\1 16aeb061afff", at_any_hour)


def test_the_readme_shows_the_help_of_the_program(tmp_path: Path) -> None:
    command, said = shown("help")
    assert printed(command, tmp_path) == said


def test_the_readme_shows_the_plan_of_an_example(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "campaigns", tmp_path / "campaigns")
    command, said = shown("plan")
    assert printed(command, tmp_path) == said


@pytest.mark.parametrize("page", [*sorted(ROOT.glob("docs/**/*.md")), ROOT / "README.md"], ids=lambda page: page.name)
def test_every_link_between_pages_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)[)#]", page.read_text(encoding="utf-8"))
    missing = [link for link in links if not (page.parent / link).exists()]
    assert not missing
