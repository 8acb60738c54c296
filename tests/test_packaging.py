"""What is installed, from a wheel as from a checkout, finds its own files."""

import subprocess
import sys
import zipfile
from pathlib import Path

from octoplan import schema
from octoplan.windows.packs import FOLDER, packs

ROOT = Path(__file__).parents[1]
ASKS = """
import octoplan
from octoplan import schema
from octoplan.cli import COMMANDS
from octoplan.windows.packs import packs
print(octoplan.__file__)
print(*packs())
print(*(len(schema.schema_text(name)) for name in ("campaign", "octoplan")))
"""


def test_the_wheel_holds_every_file_that_the_program_reads(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {f"octoplan/_schemas/{path.name}" for path in (ROOT / "schemas").glob("*.json")} <= names
    assert {"octoplan/py.typed", "octoplan/state/schema.sql", "octoplan/_action.yml"} <= names
    assert "octoplan/report/html/page.css" in names
    assert {path.relative_to(ROOT).as_posix() for path in FOLDER.glob("*.yaml")} <= names
    starter = [path for path in (ROOT / "octoplan" / "starter").rglob("*") if path.is_file()]
    assert {path.relative_to(ROOT).as_posix() for path in starter} <= names
    assert {".gitignore", ".gitlab-ci.yml", "octoplan-apply.yml"} <= {path.name for path in starter}
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/", "campaigns/"))]


def test_an_installed_wheel_finds_its_schemas(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    asked = (sys.executable, "-c", ASKS)
    done = subprocess.run(
        asked, cwd=tmp_path, env={"PYTHONPATH": str(tmp_path / "site")}, capture_output=True, text=True, check=True
    )
    where, found, sizes = done.stdout.splitlines()
    assert found.split() == list(packs())
    assert where.startswith(str(tmp_path / "site"))
    assert sizes.split() == [str(len(schema.schema_text(name))) for name in ("campaign", "octoplan")]


def test_a_checkout_reads_the_schemas_that_editors_read() -> None:
    for path in (ROOT / "schemas").glob("*.json"):
        assert schema.schema_text(path.name.removesuffix(".schema.json")) == path.read_text(encoding="utf-8")
