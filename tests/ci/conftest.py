"""A team with a repository that `octoplan init` filled, pull requests, and a small GitHub."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import sysconfig
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.ci.runner import Ended, Runner
from tests.conftest import Folder, clean_environment
from tests.state.server import DATABASE, shared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.conftest import Gateway, Octoplan

PEOPLE = "campaigns/audiences/customers.csv"
KEY = {"OCTOPLAN_STATE_KEY": "correct horse battery staple"}
ACCOUNT = {"OCTOPUSH_API_LOGIN": "shop@example.com", "OCTOPUSH_API_KEY": "api-sesame-4711"}
SCRIPTS = Path(sysconfig.get_path("scripts"))
NUMBER = 7
_AUTHOR = {f"GIT_{who}_{what}": "team@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A clone of the repository in `folder`, on the branch main, what runs its workflows, and what GitHub knows."""

    folder: Folder
    runner: Runner
    gateway: Gateway
    github: Path

    def commit(self, files: Mapping[str, str | bytes | None]) -> str:
        """Commit files and push what is checked out; the commit."""
        self.folder.write(files)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "Change campaigns")
        self.git("push", "--quiet", "--force", "origin", "HEAD")
        return self.git("rev-parse", "HEAD")

    def propose(self, files: Mapping[str, str | bytes | None], *, fork: bool = False) -> dict[str, Ended]:
        """Push files to the pull request, and run what GitHub runs on its merge with main."""
        self.git("checkout", "--quiet", "-B", "proposal")
        self.commit(files)
        self.git("checkout", "--quiet", "-B", "merged", "main")
        self.git("merge", "--quiet", "--no-ff", "--message", "Merge", "proposal")
        self.git("push", "--quiet", "--force", "origin", "merged")
        commit = self.git("rev-parse", "HEAD")
        self.git("checkout", "--quiet", "main")
        head = {"repo": {"full_name": "somebody/campaigns" if fork else "octoshop/campaigns"}}
        return self.runner.run(
            "octoplan-plan.yml", commit, "pull_request", pull_request={"number": NUMBER, "head": head}
        )

    def merge(self) -> str:
        """Squash the proposal into main, as GitHub does; the commit."""
        self.git("merge", "--quiet", "--squash", "proposal")
        commit = self.commit({})
        self.tell({"pulls": {commit: [{"number": NUMBER, "merge_commit_sha": commit}]}})
        return commit

    def on_main(self, event: str, **inputs: str) -> dict[str, Ended]:
        """Run what GitHub runs on main."""
        return self.runner.run("octoplan-apply.yml", self.git("rev-parse", "main"), event, inputs=inputs)

    def hourly(self) -> Ended:
        """Run what GitHub runs every hour on main."""
        return self.runner.run("octoplan-waiting.yml", self.git("rev-parse", "main"), "schedule")["apply"]

    def known(self) -> dict[str, Any]:
        """Read what GitHub knows."""
        known: dict[str, Any] = json.loads(self.github.read_text(encoding="utf-8"))
        return known

    def tell(self, more: Mapping[str, Any]) -> None:
        """Let GitHub know something else."""
        self.github.write_text(json.dumps({**self.known(), **more}), encoding="utf-8")

    def comment(self) -> str:
        """Read the one comment of the pull request."""
        (one,) = self.known()["comments"]
        return str(one["body"])

    def git(self, *arguments: str) -> str:
        """Call git in the clone."""
        env = {**os.environ, **_AUTHOR}
        done = subprocess.run(["git", *arguments], cwd=self.folder.path, env=env, check=True, capture_output=True)
        return done.stdout.decode().strip()


@pytest.fixture
def make_team(
    tmp_path: Path, run: Octoplan, gateway: Gateway, pytestconfig: pytest.Config
) -> Iterator[Callable[[str], Team]]:
    """Make a team whose production is the gateway; its state is kept in a `file` that jobs share, or on a `server`."""
    with ExitStack() as stack:

        def make(kind: str) -> Team:
            assert run("init", "clone").code == 0
            folder = Folder(path=tmp_path / "clone")
            state, plans, applies = _on_server(stack, pytestconfig) if kind == "server" else _in_file()
            people = (folder.path / "campaigns" / "audiences" / "invented-people.csv").read_bytes()
            written = (folder.path / "octoplan.yaml").read_text(encoding="utf-8")
            for old, new in (
                ("gateway: octopush ", f'gateway: {{url: "{gateway.url}"}} '),
                ("postgresql:///?sslmode=verify-full", state),
                ("require_plan: true  ", "require_plan: true\n    windows: show  "),  # whatever the hour of the test
            ):
                assert written.count(old) == 1
                written = written.replace(old, new)
            folder.write({"octoplan.yaml": written, PEOPLE: people})
            (tmp_path / "shared").mkdir()
            (folder.path / ".octoplan").symlink_to(tmp_path / "shared")
            assert folder.run("--env", "production", "state", "init", env={**KEY, **applies}).code == 0
            if kind == "server":
                _let_read(pytestconfig, state, plans["PGUSER"])
            return _team(tmp_path, folder, gateway, (plans, applies))

        yield make


def _team(
    tmp_path: Path, folder: Folder, gateway: Gateway, variables: tuple[Mapping[str, str], Mapping[str, str]]
) -> Team:
    plans, applies = variables
    github = tmp_path / "github.json"
    github.write_text(json.dumps({"comments": [], "pulls": {}, "calls": [], "artifacts": []}), encoding="utf-8")
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "gh").write_text(f'#!/bin/sh\nexec "{sys.executable}" "{Path(__file__).with_name("gh.py")}" "$@"\n')
    (programs / "gh").chmod(0o755)
    base = clean_environment(tmp_path, {"FAKE_GH": str(github)})
    base["PATH"] = f"{programs}{os.pathsep}{base['PATH']}"
    runner = Runner(
        repository=tmp_path / "repository.git",
        shared=tmp_path / "shared",
        temp=tmp_path / "jobs",
        octoplan=SCRIPTS.parent,
        base=base,
        environments={
            "octoplan-plan": {"secrets": KEY, "vars": plans},
            "production": {"secrets": {**KEY, **ACCOUNT}, "vars": applies},
            "production-waiting": {"secrets": {**KEY, **ACCOUNT}, "vars": applies},
        },
    )
    subprocess.run(["git", "init", "--quiet", "--bare", runner.repository], check=True)
    team = Team(folder=folder, runner=runner, gateway=gateway, github=github)
    team.git("init", "--quiet", "--initial-branch", "main")
    team.git("remote", "add", "origin", str(runner.repository))
    team.commit({})
    return team


def _in_file() -> tuple[str, Mapping[str, str], Mapping[str, str]]:
    return ".octoplan/production.db", {}, {}


def _on_server(stack: ExitStack, config: pytest.Config) -> tuple[str, Mapping[str, str], Mapping[str, str]]:
    """What stands in octoplan.yaml, and the variables of who plans, with a role that only reads, and of who applies."""
    server = shared(config)
    schema = stack.enter_context(server.spare_schema())
    reader = f"reader_{secrets.token_hex(6)}"
    server.ask(f"CREATE ROLE {reader} LOGIN")
    stack.callback(server.ask, f"DROP OWNED BY {reader}; DROP ROLE {reader}")
    place = {"PGHOST": str(server.folder), "PGDATABASE": DATABASE}
    state = f"postgresql:///?sslmode=verify-full&schema={schema}"
    return state, {**place, "PGUSER": reader}, {**place, "PGUSER": "owner"}


def _let_read(config: pytest.Config, state: str, reader: str) -> None:
    schema = state.rpartition("=")[2]
    shared(config).ask(
        f"GRANT USAGE ON SCHEMA {schema} TO {reader}; GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {reader}"
    )


@pytest.fixture
def team(make_team: Callable[[str], Team]) -> Team:
    """Make a team with its state in a file."""
    if shutil.which("jq") is None:
        pytest.skip("no jq here, by which the gh of the tests answers")
    return make_team("file")
