"""The jobs of `octoplan init --ci gitlab`, their scripts run by real bash, from merge request to the next morning."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from octoplan.cli.init import starter
from tests.ci.conftest import ACCOUNT, KEY, PEOPLE, SCRIPTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.ci.conftest import Team

JOBS: dict[str, Any] = yaml.safe_load(starter("gitlab")[".gitlab/octoplan.yml"])
EVERYBODY = 30


@pytest.fixture
def team(make_team: Callable[[str], Team]) -> Team:
    return make_team("file")


def run(team: Team, name: str, env: Mapping[str, str] | None = None) -> tuple[int, Path]:
    """Run a job as GitLab does, in a fresh checkout with the artifacts of the jobs before → code and that folder."""
    job, before = JOBS[f"octoplan:{name}"], team.runner.temp / "artifacts"
    before.mkdir(parents=True, exist_ok=True)
    tree = team.runner.check_out(team.git("rev-parse", "main"))
    path = f"{SCRIPTS}{os.pathsep}{team.runner.base['PATH']}"
    shutil.copytree(before, tree, dirs_exist_ok=True)
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", "\n".join(job["script"])],
        cwd=tree,
        env={**team.runner.base, "PATH": path, "CI": "true", **(env or {})},
        capture_output=True,
        timeout=120,
        check=False,
    )
    for path in job.get("artifacts", {}).get("paths", []):
        if (tree / path).exists():
            shutil.copy(tree / path, before)
    return done.returncode, tree


def dotenv(tree: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in (tree / "octoplan.env").read_text(encoding="utf-8").splitlines())


def test_what_was_planned_on_main_is_sent_once_when_somebody_starts_it(team: Team) -> None:
    assert run(team, "validate")[0] == 0
    code, tree = run(team, "plan", KEY)
    assert code == 0
    carried = dotenv(tree)
    assert carried["OCTOPLAN_DIGEST"] in (tree / "plan.html").read_text(encoding="utf-8")
    assert run(team, "waiting", KEY)[0] == 2
    assert team.gateway.bodies == []
    assert run(team, "apply", {**KEY, **ACCOUNT, **carried, "OCTOPLAN_DIGEST": "0000-0000-0000-0000"})[0] == 7
    assert team.gateway.bodies == []
    rows = (team.folder.path / PEOPLE).read_text(encoding="utf-8")
    team.commit({PEOPLE: f"{rows}0600011113,nina.invented@example.com,Nina,,no,mercredi\n"})
    assert run(team, "apply", {**KEY, **ACCOUNT, **carried})[0] == 0
    assert len(team.gateway.addresses()) == EVERYBODY, "who joined after the plan is left out"
    assert run(team, "apply", {**KEY, **ACCOUNT, **carried})[0] == 0
    assert len(team.gateway.addresses()) == EVERYBODY
    assert run(team, "waiting", KEY)[0] == 2
    team.commit({PEOPLE: rows})
    assert run(team, "waiting", KEY)[0] == 0


def test_from_outside_it_is_planned_in_the_sandbox(team: Team) -> None:
    code, tree = run(team, "preview")
    assert code == 0
    assert "sandbox" in (tree / "plan.html").read_text(encoding="utf-8")
    assert team.gateway.bodies == []


def test_problems_are_a_code_quality_report(team: Team) -> None:
    team.commit({"campaigns/autumn-sale.yaml": "channel: sms\npurpos: alert\n"})
    code, tree = run(team, "validate")
    assert code == 3
    found = json.loads((tree / "gl-code-quality-report.json").read_text(encoding="utf-8"))
    assert {one["location"]["path"] for one in found} == {"campaigns/autumn-sale.yaml"}
    assert run(team, "plan", KEY)[0] == 3
