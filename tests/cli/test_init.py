"""`octoplan init`: what it writes works as it is, and nothing that is there already is touched."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from octoplan import __version__, schema
from octoplan.cli.init import starter
from tests.conftest import clean_environment

if TYPE_CHECKING:
    from tests.conftest import Folder, MakeProject

ROOT = Path(__file__).parents[2]
MODELINE = "# yaml-language-server: $schema="
EVERYBODY = 30


@pytest.fixture
def folder(project: MakeProject) -> Folder:
    made = project({})
    (made.path / "campaigns").rmdir()
    return made


def written(folder: Folder) -> dict[str, bytes]:
    paths = sorted(path for path in folder.path.rglob("*") if path.is_file())
    return {path.relative_to(folder.path).as_posix(): path.read_bytes() for path in paths}


@pytest.mark.parametrize("ci", ["github", "gitlab", "none"])
def test_a_new_project_is_valid_is_sent_once_and_then_there_is_nothing_to_do(ci: str, folder: Folder) -> None:
    outcome = folder.call("init", "--ci", ci)
    assert outcome.code == 0, outcome
    assert outcome.out == f"Made a project in project: {len(starter(ci))} files.\n"
    assert written(folder) == starter(ci)
    assert folder.call("validate").last == f"Valid: 4 campaigns, {EVERYBODY} people."
    assert folder.call("--env", "sandbox", "plan", "--detailed-exitcode").code == 2
    applied = folder.call("--env", "sandbox", "apply", "--auto-approve")
    assert applied.last == f"Applied: {EVERYBODY} sent, 0 refused, 0 open, 0 unknown."
    assert {message.channel for message in folder.messages()} == {"sms", "voice_sms", "rcs", "email"}
    assert {entry.forgiven for entry in folder.requests()} == {()}
    assert folder.call("--env", "sandbox", "plan", "--detailed-exitcode").code == 0


def test_each_ci_gets_its_own_files_and_no_other() -> None:
    none, github, gitlab = (set(starter(ci)) for ci in ("none", "github", "gitlab"))
    workflows = {f".github/workflows/octoplan-{name}.yml" for name in ("plan", "apply", "waiting")}
    assert github - none == workflows | {".github/actions/octoplan/action.yml"}
    assert gitlab - none == {".gitlab-ci.yml", ".gitlab/octoplan.yml"}
    assert starter("github")[".github/actions/octoplan/action.yml"] == (ROOT / "action.yml").read_bytes()


def test_production_reads_no_invented_people_and_is_applied_from_a_plan_only(folder: Folder) -> None:
    assert folder.call("init").code == 0
    outcome = folder.call("--env", "production", "validate")
    assert outcome.code == 3
    assert "no file campaigns/audiences/customers.csv [file/missing]" in outcome.err
    assert folder.call("--env", "production", "apply", "--auto-approve").code == 5


def test_editors_find_a_schema_for_every_file_of_ours(folder: Folder) -> None:
    assert folder.call("init").code == 0
    ours = [folder.path / "octoplan.yaml", *sorted((folder.path / "campaigns").glob("*.yaml"))]
    assert len(ours) == 5
    for path in ours:
        first = path.read_text(encoding="utf-8").splitlines()[0]
        assert (path.parent / first.removeprefix(MODELINE)).is_file(), path
    known = json.loads((folder.path / ".vscode" / "settings.json").read_text(encoding="utf-8"))["yaml.schemas"]
    for name in ("campaign", "octoplan", "segment"):
        assert f"./schemas/{name}.schema.json" in known
        there = folder.path / "schemas" / f"{name}.schema.json"
        assert there.read_text(encoding="utf-8") == schema.schema_text(name)


@pytest.mark.parametrize(
    ("there", "said"),
    [
        ("octoplan.yaml", "there is already octoplan.yaml;"),
        (".github/workflows/octoplan-apply.yml", "there is already .github/workflows/octoplan-apply.yml;"),
        ("campaigns", "there is already campaigns;"),
    ],
)
def test_what_is_there_is_never_overwritten_and_nothing_is_written(there: str, said: str, folder: Folder) -> None:
    folder.write({there: "mine"})
    outcome = folder.call("init")
    assert outcome.code == 1
    assert said in outcome.err
    assert "nothing was written" in outcome.err
    assert written(folder) == {there: b"mine"}


def test_a_second_init_names_the_first_files_and_counts_the_others(folder: Folder) -> None:
    assert folder.call("init").code == 0
    folder.write({"octoplan.yaml": "octoplan: 1\n"})
    before = written(folder)
    outcome = folder.call("init", "--json")
    assert outcome.code == 1
    assert f"and {len(starter('github')) - 3} more; nothing was written" in outcome.json["what"]
    assert written(folder) == before


def test_a_link_that_leads_nowhere_is_not_written_through(folder: Folder) -> None:
    (folder.path / "octoplan.yaml").symlink_to(folder.path.parent / "elsewhere.yaml")
    assert folder.call("init").code == 1
    assert not (folder.path.parent / "elsewhere.yaml").exists()


def test_a_folder_that_is_named_is_made(folder: Folder) -> None:
    outcome = folder.call("init", "campaigns-as-code/spring", "--ci", "none", "--json")
    assert outcome.code == 0
    assert outcome.json["files"] == sorted(starter("none"))
    assert (folder.path / "campaigns-as-code" / "spring" / "octoplan.yaml").is_file()


def test_a_file_where_the_folder_should_be_is_an_error(folder: Folder) -> None:
    folder.write({"taken": "mine"})
    outcome = folder.call("init", "taken")
    assert outcome.code == 1
    assert "there is already taken; nothing was written" in outcome.err


def test_where_nothing_can_be_written_no_file_is_left_behind(folder: Folder) -> None:
    (folder.path / "schemas").symlink_to("/proc")
    outcome = folder.call("init")
    assert outcome.code == 1
    assert "cannot write " in outcome.err
    assert "Traceback" not in outcome.err
    assert [name for name in written(folder) if not name.startswith("schemas/")] == []


def test_below_the_top_of_a_repository_it_says_where_ci_looks(folder: Folder) -> None:
    (folder.path / ".git").mkdir()
    assert "The repository begins above, in project" in folder.call("init", "marketing").err
    assert "begins above" not in folder.call("init", "shop", "--ci", "none").err


def test_ci_installs_the_version_that_made_the_project() -> None:
    assert f"\noctoplan[postgres]=={__version__}\n" in starter("none")["requirements.txt"].decode()


def test_git_keeps_states_keys_and_plans_out(folder: Folder) -> None:
    assert folder.call("init").code == 0
    subprocess.run(["git", "init", "--quiet"], cwd=folder.path, check=True)
    folder.write(dict.fromkeys(("autumn.plan", "production.key", ".octoplan/x", "rows.rejects.csv", ".env"), "x"))
    said = subprocess.run(
        ["git", "status", "--short", "-uall"], cwd=folder.path, check=True, capture_output=True, text=True
    ).stdout
    assert sorted(line[3:] for line in said.splitlines()) == sorted(starter("github"))


def test_the_hook_refuses_to_commit_a_problem(folder: Folder) -> None:
    pytest.importorskip("pre_commit", reason="no pre-commit here")
    assert folder.call("init").code == 0
    env = clean_environment(folder.path.parent, {"PRE_COMMIT_HOME": str(folder.path.parent / "hooks")})
    env["PATH"] = f"{Path(sys.executable).parent}:{env['PATH']}"
    env.pop("PYTHONWARNINGS")

    def hook() -> subprocess.CompletedProcess[str]:
        subprocess.run(["git", "add", "--all"], cwd=folder.path, check=True)
        program = [sys.executable, "-m", "pre_commit", "run"]
        return subprocess.run(program, cwd=folder.path, env=env, capture_output=True, text=True, check=False)

    subprocess.run(["git", "init", "--quiet"], cwd=folder.path, check=True)
    assert hook().returncode == 0
    folder.write({"campaigns/autumn-sale.yaml": "channel: sms\npurpos: alert\n"})
    refused = hook()
    assert refused.returncode == 1
    assert "campaigns/autumn-sale.yaml:2:1: error: `purpos`" in refused.stdout


def test_every_example_says_that_it_is_one() -> None:
    for name, content in starter("none").items():
        if name.startswith("campaigns/") and name.endswith(".yaml"):
            assert content.decode().splitlines()[1].startswith("# An example: make it yours, or delete it."), name
            assert yaml.safe_load(content)["audience"]["from"] == "customers"


def test_what_it_says_comes_next_can_be_typed(folder: Folder) -> None:
    outcome = folder.run("init", "spring")
    assert "octoplan -C spring validate, plan, apply" in outcome.err
    assert folder.run("-C", "spring", "validate").code == 0
    assert "octoplan -C spring/two validate" in folder.run("-C", "spring", "init", "two").err
