"""The action installs octoplan from where it is told, and what it installs can make a project and check it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.ci.runner import Runner
from tests.conftest import clean_environment

ROOT = Path(__file__).parents[2]


@pytest.fixture
def machine(tmp_path: Path) -> dict[str, str]:
    """The variables of a machine on which octoplan is not installed: pip finds nothing but what it is given."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "python3").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (programs / "python3").chmod(0o755)
    base = clean_environment(tmp_path, {"PATH": f"{programs}:/usr/bin:/bin", "PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1"})
    del base["PYTHONWARNINGS"]
    return base | {"PYTHONPATH": sysconfig.get_path("purelib")}


def run(tmp_path: Path, base: dict[str, str], step: str) -> tuple[int, str]:
    """Run one step twice in a job, on a machine of its own, in what is in the folder `project`."""
    git = ["git", "-c", "user.name=team", "-c", "user.email=team@example.com"]
    project = tmp_path / "project"
    subprocess.run([*git, "init", "--quiet", "--initial-branch", "main"], cwd=project, check=True)
    workflow = f"jobs:\n  one:\n    steps:\n      - {step}\n      - {step}\n"
    (project / ".github" / "workflows" / "one.yml").write_text(workflow, encoding="utf-8")
    subprocess.run([*git, "add", "--all"], cwd=project, check=True)
    subprocess.run([*git, "commit", "--quiet", "--message", "Begin"], cwd=project, check=True)
    (tmp_path / "shared").mkdir()
    runner = Runner(
        repository=project,
        shared=tmp_path / "shared",
        temp=tmp_path / "jobs",
        octoplan=None,
        base=base,
        environments={},
    )
    ended = runner.run("one.yml", "main", "push")["one"]
    assert ended.code is not None
    return ended.code, ended.log


def validating(requirements: str, action: str = ".github/actions/octoplan") -> str:
    return f"{{uses: ./{action}, with: {{command: validate, requirements: {requirements}}}}}"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    subprocess.run(
        [sys.executable, "-m", "octoplan", "init", str(tmp_path / "project")], check=True, capture_output=True
    )
    return tmp_path / "project"


def test_it_installs_what_the_requirements_say_and_once(
    project: Path, wheel: Path, machine: dict[str, str], tmp_path: Path
) -> None:
    (project / "requirements.txt").write_text(f"octoplan @ {wheel.as_uri()}\n", encoding="utf-8")
    code, log = run(tmp_path, machine, validating("requirements.txt"))
    assert code == 0, log
    assert log.count("Valid: 4 campaigns, 30 people.") == 2
    (installed,) = tmp_path.glob("jobs/*/octoplan/bin/octoplan")
    again = tmp_path / "again"
    made = subprocess.run([installed, "init", again], env=machine, capture_output=True, text=True, check=True)
    assert made.stdout.endswith(" files.\n")
    action = (again / ".github" / "actions" / "octoplan" / "action.yml").read_bytes()
    assert action == (ROOT / "action.yml").read_bytes()


def test_an_octoplan_that_cannot_be_had_is_an_error(project: Path, machine: dict[str, str], tmp_path: Path) -> None:
    del machine["PYTHONPATH"]
    code, log = run(tmp_path, machine, validating("requirements.txt"))
    assert code == 1
    assert "No matching distribution found for octoplan" in log


def test_it_must_be_told_what_to_install(project: Path, machine: dict[str, str], tmp_path: Path) -> None:
    code, log = run(tmp_path, machine, validating("''"))
    assert code == 64
    assert "::error::say which octoplan to install: requirements is empty" in log


def test_in_its_own_repository_it_installs_itself(project: Path, machine: dict[str, str], tmp_path: Path) -> None:
    for name in ("octoplan", "schemas"):
        shutil.copytree(ROOT / name, project / name, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("action.yml", "pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE"):
        shutil.copy(ROOT / name, project)
    base = machine | {"PIP_NO_BUILD_ISOLATION": "0"}  # pip's way to say that the builder is here already
    code, log = run(tmp_path, base, validating("''", ""))
    assert code == 0, log
    assert log.count("Valid: 4 campaigns, 30 people.") == 2
