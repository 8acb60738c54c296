"""What was approved and had to wait is sent every hour in CI, and nothing else; judged by what the gateway got."""

from __future__ import annotations

import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from octoplan.cli.init import starter
from octoplan.state.sqlite import SqliteStore
from tests.ci.conftest import ACCOUNT, KEY, PEOPLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tests.ci.conftest import Team
    from tests.ci.runner import Ended

NIGHT = datetime(2027, 3, 2, 21, 30, tzinfo=UTC)  # Tuesday, 22:30 in Paris
LATER = datetime(2027, 3, 2, 22, 30, tzinfo=UTC)
MORNING = datetime(2027, 3, 3, 9, 0, tzinfo=UTC)  # Wednesday, 10:00 in Paris
EVERYBODY = 30
NEWCOMER = "0600011113,nina.invented@example.com,Nina,,yes,mercredi\n"
# Octoplan itself, which takes the time from a file.
PROGRAM = """#!{python}
from datetime import datetime
from pathlib import Path
from octoplan.cli import console
console.SystemClock.now = lambda _: datetime.fromisoformat(Path({clock!r}).read_text())
from octoplan.__main__ import main
main()
"""


@pytest.fixture
def clock(tmp_path: Path) -> Path:
    """Where octoplan finds what time it is."""
    path = tmp_path / "clock"
    path.write_text(NIGHT.isoformat(), encoding="utf-8")
    return path


@pytest.fixture
def team(make_team: Callable[[str], Team], clock: Path, tmp_path: Path) -> Team:
    """A team whose production keeps to windows, at night."""
    if shutil.which("jq") is None:
        pytest.skip("no jq here, by which the gh of the tests answers")
    made = make_team("file")
    written = (made.folder.path / "octoplan.yaml").read_text(encoding="utf-8")
    made.commit({"octoplan.yaml": written.replace("windows: show", "windows: enforce")})
    programs = tmp_path / "prefix" / "bin"
    programs.mkdir(parents=True)
    (programs / "octoplan").write_text(PROGRAM.format(python=sys.executable, clock=str(clock)), encoding="utf-8")
    (programs / "octoplan").chmod(0o755)
    made.runner.octoplan = programs.parent
    return made


def approve(team: Team, files: Mapping[str, str | bytes | None]) -> dict[str, Ended]:
    """A pull request is shown, merged, and what it showed is applied."""
    team.propose(files)
    team.merge()
    pushed = team.on_main("push")
    assert [one.code for one in pushed.values()] == [0, 0], pushed
    return pushed


def with_newcomer(team: Team) -> dict[str, str]:
    return {PEOPLE: (team.folder.path / PEOPLE).read_text(encoding="utf-8") + NEWCOMER}


def test_what_had_to_wait_is_sent_within_the_hour_in_which_its_window_opens(team: Team, clock: Path) -> None:
    pushed = approve(team, {})
    at_night = team.gateway.addresses()
    assert 0 < len(at_night) < EVERYBODY
    assert "waiting" in pushed["apply"].summary
    still = team.hourly()
    assert (still.code, team.gateway.addresses()) == (0, at_night)
    clock.write_text(MORNING.isoformat(), encoding="utf-8")
    opened = team.hourly()
    assert opened.code == 0, opened.log
    assert len(team.gateway.addresses()) == EVERYBODY
    assert f"Applied: {EVERYBODY - len(at_night)} sent, 0 refused, 0 open, 0 unknown." in opened.summary
    assert team.hourly().code == 0
    assert len(team.gateway.addresses()) == EVERYBODY, "and once"


def test_before_anything_was_approved_nothing_waits(team: Team) -> None:
    ended = team.hourly()
    assert (ended.code, team.gateway.bodies) == (0, [])
    assert "Nothing was approved yet, so that nothing waits." in ended.log
    assert not ended.values & set(ACCOUNT.values()), "octoplan is not even called"


def test_who_joined_since_is_nobody_whom_somebody_approved(team: Team, clock: Path) -> None:
    approve(team, {})
    team.commit(with_newcomer(team))
    clock.write_text(MORNING.isoformat(), encoding="utf-8")
    assert team.hourly().code == 0
    assert len(team.gateway.addresses()) == EVERYBODY
    assert team.on_main("schedule")["plan"].code == 2, "it is found as ever"


def test_what_was_merged_and_not_approved_is_not_sent_and_whoever_waits_is_not_forgotten(
    team: Team, clock: Path
) -> None:
    approve(team, {})
    at_night = team.gateway.addresses()
    sale = "campaigns/autumn-sale.yaml"
    written = (team.folder.path / sale).read_text(encoding="utf-8")
    team.commit({sale: written.replace("discount: 20", "discount: 90")})
    clock.write_text(MORNING.isoformat(), encoding="utf-8")
    ended = team.hourly()
    assert (ended.code, team.gateway.addresses()) == (7, at_night)
    assert "is not approved yet: whoever waits is sent to once that is applied" in ended.log
    team.commit({sale: written})
    assert team.hourly().code == 0
    assert len(team.gateway.addresses()) == EVERYBODY


def test_a_merge_after_all_was_sent_does_not_fail_every_hour(team: Team, clock: Path) -> None:
    clock.write_text(MORNING.isoformat(), encoding="utf-8")
    approve(team, {})
    assert len(team.gateway.addresses()) == EVERYBODY
    team.commit({"campaigns/newsletter.yaml": None, "campaigns/visit-reminder.yaml": None})
    ended = team.hourly()
    assert ended.code == 0, ended.log
    assert "Something else was merged since, and nothing waits." in ended.log


@pytest.mark.parametrize("other", [{"head_repository_id": 2}, {"head_branch": "proposal"}], ids=["fork", "branch"])
def test_a_plan_that_main_did_not_keep_is_not_taken(team: Team, clock: Path, other: dict[str, Any]) -> None:
    approve(team, {})
    (kept,) = team.known()["artifacts"]
    forged = {**kept, "id": 1, "created_at": "2030-01-01T00:00:00Z", "zip": "bm90IGEgemlw"}
    forged["workflow_run"] = {**kept["workflow_run"], **other}
    expired = {**forged, "id": 2, "expired": True, "workflow_run": kept["workflow_run"]}
    team.tell({"artifacts": [forged, expired, kept]})
    clock.write_text(MORNING.isoformat(), encoding="utf-8")
    assert team.hourly().code == 0
    assert len(team.gateway.addresses()) == EVERYBODY


def test_the_plan_that_was_approved_last_is_the_one_that_counts(team: Team, clock: Path) -> None:
    approve(team, {})
    clock.write_text(LATER.isoformat(), encoding="utf-8")
    approve(team, with_newcomer(team))
    assert len(team.known()["artifacts"]) == 2
    clock.write_text(MORNING.isoformat(), encoding="utf-8")
    assert team.hourly().code == 0
    joined = team.gateway.addresses().count("+33600011113")
    assert joined > 0
    assert len(team.gateway.addresses()) == EVERYBODY + joined + 1, "and her e-mail"


def test_while_another_apply_is_at_work_the_hour_is_let_pass(team: Team, clock: Path) -> None:
    approve(team, {})
    clock.write_text(MORNING.isoformat(), encoding="utf-8")
    at_night = team.gateway.addresses()
    store = SqliteStore(team.runner.shared / "production.db", writable=True)
    with store.lock():
        ended = team.hourly()
        assert (ended.code, team.gateway.addresses()) == (0, at_night)
        assert "Another apply is at work" in ended.log
    store.close()
    assert team.hourly().code == 0
    assert len(team.gateway.addresses()) == EVERYBODY


def test_what_is_kept_names_nobody(team: Team) -> None:
    approve(team, {})
    (kept,) = team.known()["artifacts"]
    assert kept["name"] == "octoplan-approved-production"
    rows = (team.folder.path / PEOPLE).read_text(encoding="utf-8").splitlines()[1:]
    for value in {value for row in rows for value in row.split(",")[:3] if value}:
        assert value not in json.dumps(kept)


class _Packages(http.server.BaseHTTPRequestHandler):
    """GitLab's registry of packages, as far as the jobs use it: one file is put, and got with the token of a job."""

    files: dict[str, bytes]

    def do_PUT(self) -> None:
        assert self.headers["JOB-TOKEN"] == "token-of-the-job"
        self.files[self.path] = self.rfile.read(int(self.headers["content-length"]))
        self._answer(201, b"{}")

    def do_GET(self) -> None:
        assert self.headers["JOB-TOKEN"] == "token-of-the-job"
        self._answer(*((200, self.files[self.path]) if self.path in self.files else (404, b"{}")))

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name for it
        pass


@contextmanager
def packages() -> Iterator[str]:
    """Serve them on loopback; the address of GitLab's API."""
    handler = type("Handler", (_Packages,), {"files": {}})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/api/v4"
        finally:
            server.shutdown()
            thread.join()


JOBS: dict[str, Any] = yaml.safe_load(starter("gitlab")[".gitlab/octoplan.yml"])


def run_job(team: Team, name: str, given: Mapping[str, str]) -> subprocess.CompletedProcess[bytes]:
    """Run a job as GitLab does, with what the jobs before have left in `given`'s folder."""
    job = JOBS[f"octoplan:{name}"]
    tree = team.runner.check_out(team.git("rev-parse", "main"))
    kept = team.runner.temp / "artifacts"
    kept.mkdir(parents=True, exist_ok=True)
    shutil.copytree(kept, tree, dirs_exist_ok=True)
    programs = team.runner.octoplan
    assert programs is not None
    env = {**team.runner.base, "PATH": f"{programs / 'bin'}{os.pathsep}{team.runner.base['PATH']}", **given}
    variables = {key: _named(value, env) for key, value in job.get("variables", {}).items()}
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", "\n".join(job["script"])],
        cwd=tree,
        env={**env, **variables, "CI": "true"},
        capture_output=True,
        timeout=120,
        check=False,
    )
    for path in ("octoplan.plan", "octoplan.env"):
        if name == "plan" and (tree / path).exists():
            shutil.copy(tree / path, kept)
    return done


def _named(value: str, env: Mapping[str, str]) -> str:
    for name, said in env.items():
        value = value.replace(f"${name}", said)
    return value


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl here, which the image of the jobs has")
def test_on_gitlab_too_what_had_to_wait_is_sent_once_its_window_opens(team: Team, clock: Path) -> None:
    with packages() as api:
        given = {
            **KEY,
            **ACCOUNT,
            "CI_API_V4_URL": api,
            "CI_PROJECT_ID": "7",
            "CI_JOB_TOKEN": "token-of-the-job",
        }
        nothing = run_job(team, "apply-waiting", given)
        assert (nothing.returncode, team.gateway.bodies) == (0, [])
        assert b"Nothing was approved yet" in nothing.stdout
        assert run_job(team, "plan", given).returncode == 0
        env = (team.runner.temp / "artifacts" / "octoplan.env").read_text(encoding="utf-8").strip()
        digest = env.partition("=")[2]
        assert run_job(team, "apply", {**given, "OCTOPLAN_DIGEST": "0000-0000-0000-0000"}).returncode == 7
        assert run_job(team, "apply-waiting", given).stdout.startswith(b"Nothing was approved yet")
        assert run_job(team, "apply", {**given, "OCTOPLAN_DIGEST": digest}).returncode == 0
        at_night = team.gateway.addresses()
        assert 0 < len(at_night) < EVERYBODY
        assert run_job(team, "apply-waiting", given).returncode == 0
        assert team.gateway.addresses() == at_night
        team.commit(with_newcomer(team))
        clock.write_text(MORNING.isoformat(), encoding="utf-8")
        assert run_job(team, "apply-waiting", given).returncode == 0
        assert len(team.gateway.addresses()) == EVERYBODY
        assert run_job(team, "apply-waiting", given).returncode == 0
        assert len(team.gateway.addresses()) == EVERYBODY
        team.commit({"campaigns/newsletter.yaml": None})
        stale = run_job(team, "apply-waiting", given)
        assert (stale.returncode, b"is not approved yet" in stale.stdout) == (7, True)
        assert len(team.gateway.addresses()) == EVERYBODY
        unreachable = run_job(team, "apply-waiting", {**given, "CI_API_V4_URL": "http://127.0.0.1:1/api/v4"})
        assert unreachable.returncode != 0
