"""The reference says what the code does."""

import re
from pathlib import Path

from octoplan import errors
from octoplan.cli import INTERRUPTED, USAGE
from octoplan.cli.plan import CHANGES
from octoplan.project import Environment
from octoplan.state.interface import OLDEST

ROOT = Path(__file__).parents[1]
REFERENCE = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")


def every(branch: type[errors.OctoplanError]) -> set[int]:
    return {branch.exit_code}.union(*(every(child) for child in branch.__subclasses__()))


def test_every_exit_code_is_in_the_readme_and_no_other() -> None:
    said = {int(code) for code in re.findall(r"^\| (\d+) \| ", README, re.MULTILINE)}
    refused, unsettled = 8, 9
    assert said == every(errors.OctoplanError) | {0, CHANGES, refused, unsettled, INTERRUPTED, USAGE}


def test_every_environment_variable_that_is_read_is_in_the_reference() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "octoplan" / "cli").glob("*.py"))
    read = set(re.findall(r'environ\.get\("([A-Z_]+)"', code)) - {"TERM", "USER", "LOGNAME"}
    assert read
    assert {name for name in read if f"`{name}`" not in REFERENCE} == set()


def test_the_defaults_of_an_environment_are_those_of_the_reference() -> None:
    defaults = {name: field.default for name, field in Environment.__dataclass_fields__.items()}
    for name in ("max_in_flight", "frame_size", "abort_after"):
        assert f"| `{name}` | {defaults[name]} |" in REFERENCE


def test_open_frames_are_replayed_as_long_as_the_reference_says() -> None:
    assert f"for {OLDEST.total_seconds() / 3600:.0f} hours after the first attempt" in REFERENCE
