"""The CI files that are copied from here have the shape that their readers ask for, and keep to the rules."""

from __future__ import annotations

import re
import subprocess
import sysconfig
from pathlib import Path

import pytest
import yaml

from tests.ci.rules import broken
from tests.ci.runner import load

ROOT = Path(__file__).parents[2]
STARTER = ROOT / "octoplan" / "starter"
ACTION = ROOT / "action.yml"
WORKFLOWS = STARTER / "github" / ".github" / "workflows"
PLAN, APPLY = WORKFLOWS / "octoplan-plan.yml", WORKFLOWS / "octoplan-apply.yml"
WAITING = WORKFLOWS / "octoplan-waiting.yml"
PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
GITLAB = STARTER / "gitlab" / ".gitlab" / "octoplan.yml"


@pytest.mark.parametrize(
    ("shape", "path"),
    [
        ("vendor.github-actions", ACTION),
        ("vendor.github-workflows", PLAN),
        ("vendor.github-workflows", APPLY),
        ("vendor.github-workflows", WAITING),
        ("vendor.gitlab-ci", GITLAB),
        ("vendor.gitlab-ci", STARTER / "gitlab" / ".gitlab-ci.yml"),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_every_file_has_the_shape_that_its_reader_publishes(shape: str, path: Path) -> None:
    program = Path(sysconfig.get_path("scripts")) / "check-jsonschema"
    done = subprocess.run([program, "--builtin-schema", shape, path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", [ACTION, *sorted(WORKFLOWS.iterdir())], ids=lambda path: path.name)
def test_every_file_keeps_to_the_rules(path: Path) -> None:
    assert broken(load(path)) == []


@pytest.mark.parametrize(
    ("path", "old", "new", "rule"),
    [
        (PLAN, "on: pull_request", "on: pull_request_target", "it runs with secrets for whoever opens a pull request"),
        (PLAN, "permissions: {}", "permissions: {contents: read}", "permissions are not given job by job"),
        (PLAN, "in-progress: false", "in-progress: true", "a run is cancelled in the middle"),
        (PLAN, "contents: read", "contents: write", "a job may more than it must"),
        (PLAN, "    environment: octoplan-plan\n", "", "a secret is used outside a protected environment"),
        (PLAN, "secrets.PGPASSWORD", "secrets.OCTOPUSH_API_KEY", "whoever plans could send"),
        (PLAN, "    timeout-minutes: 60\n", "", "a job has no end"),
        (PLAN, "3d3c42e5aac5ba805825da76410c181273ba90b1", "v7", "an action of somebody else may change"),
        (PLAN, "persist-credentials: false", "path: .", "later steps can use the token of the checkout"),
        (PLAN, "requirements: requirements.txt", "cache: pip", "something is kept in a cache"),
        (APPLY, "in-progress: false", "in-progress: true", "a run is cancelled in the middle"),
        (APPLY, "octoplan-apply-production", "${{ github.sha }}", "two applies may run at once"),
        (APPLY, "if: needs.plan.outputs.approved != ''", "if: always()", "what nobody approved is sent"),
        (
            APPLY,
            "${{ needs.plan.outputs.approved }}",
            "${{ inputs.digest }}",
            "it is another digest that is sent",
        ),
        (APPLY, "environment: production\n    #", "environment: octoplan-plan\n    #", "nobody is asked"),
        (APPLY, '<<< "$TYPED"', "<<< '${{ inputs.digest }}'", "what somebody wrote becomes a script"),
        (APPLY, "        shell: bash\n", "", "a script does not stop at its first error"),
        (WAITING, "github.ref == 'refs/heads/main'", "always()", "what nobody approved is sent"),
        (WAITING, '.workflow_run.head_branch == "main" and ', "", "what nobody approved is sent"),
        (
            WAITING,
            ".workflow_run.head_repository_id == .workflow_run.repository_id",
            "true",
            "what nobody approved is sent",
        ),
        (WAITING, "${{ steps.approved.outputs.file }}", "octoplan.plan", "it is another plan that is sent"),
        (WAITING, "environment: production-waiting", "environment: octoplan-plan", "whoever plans could send"),
        (WAITING, "actions: read", "actions: write", "a job may more than it must"),
        (WAITING, "octoplan-waiting-production", "${{ github.sha }}", "two applies may run at once"),
        (ACTION, "esac", "easc", "a script cannot be read"),
    ],
)
def test_a_file_that_breaks_a_rule_is_found(path: Path, old: str, new: str, rule: str, tmp_path: Path) -> None:
    written = path.read_text(encoding="utf-8")
    assert old in written
    changed = tmp_path / path.name
    changed.write_text(written.replace(old, new), encoding="utf-8")
    assert rule in broken(load(changed))


def test_on_gitlab_nothing_runs_for_others_with_secrets_or_twice_at_once() -> None:
    jobs = {name: job for name, job in yaml.safe_load(GITLAB.read_text(encoding="utf-8")).items() if name[0] != "."}
    applies = {"octoplan:apply": "production", "octoplan:apply-waiting": "production-waiting"}
    assert {name for name, job in jobs.items() if "production apply" in str(job["script"])} == set(applies)
    for name, job in jobs.items():
        assert job["extends"] == ".octoplan", name
        if "--env production" in str(job["script"]):
            assert job["environment"]["name"] == applies.get(name, "octoplan-plan")
        else:
            assert "environment" not in job, name
    apply = jobs["octoplan:apply"]
    assert apply["resource_group"] == "octoplan-production"
    assert [rule["when"] for rule in apply["rules"]] == ["manual"]
    assert apply["needs"] == ["octoplan:plan"]
    waiting = jobs["octoplan:apply-waiting"]
    assert waiting["resource_group"] == apply["resource_group"]
    assert [rule["if"] for rule in waiting["rules"]] == [
        '$CI_PIPELINE_SOURCE == "schedule" && $OCTOPLAN_WAITING == "apply" && $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH'
    ]
    outside = "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID != $CI_MERGE_REQUEST_PROJECT_ID"
    assert [name for name, job in jobs.items() if outside in str(job["rules"])] == ["octoplan:preview"]
    assert "cache" not in GITLAB.read_text(encoding="utf-8")


def test_the_page_says_every_input_and_job_and_their_defaults() -> None:
    said = dict(re.findall(r"^\| `([\w:-]+)` \| ([^|]*?) ?\| ", PAGE, re.MULTILINE))
    for name, one in load(ACTION)["inputs"].items():
        default = "that of the run" if name == "token" else str(one.get("default", ""))
        assert said[name].strip("`") == default, name
    jobs = [name for name in yaml.safe_load(GITLAB.read_text(encoding="utf-8")) if name[0] != "."]
    assert set(jobs) <= set(said)


def test_the_page_names_every_variable_and_secret_of_the_workflows() -> None:
    named = {
        name
        for path in (PLAN, APPLY, WAITING)
        for name in re.findall(r"(?:secrets|vars)\.(\w+)", path.read_text("utf-8"))
    }
    assert len(named) == 7
    assert {name for name in named if f"`{name}`" not in PAGE} == set()


def test_the_hooks_of_pre_commit_are_understood(tmp_path: Path) -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert [hook["id"] for hook in hooks] == ["octoplan-validate"]
    config = yaml.safe_load((STARTER / "project" / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    (local,) = config["repos"][0]["hooks"]
    same = ("id", "name", "entry", "pass_filenames", "files")
    assert [local[key] for key in same] == [hooks[0][key] for key in same]
    pre_commit = pytest.importorskip("pre_commit.clientlib", reason="no pre-commit here")
    assert pre_commit.load_manifest(ROOT / ".pre-commit-hooks.yaml")
    assert pre_commit.load_config(STARTER / "project" / ".pre-commit-config.yaml")
