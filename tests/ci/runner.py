"""A small GitHub runner: workflow files and composite actions, their conditions, contexts and steps, run by real bash.

It knows what the workflows of `octoplan init` use, and fails loudly on anything else. Each job gets a fresh checkout.
"""

import base64
import io
import json
import re
import subprocess
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

_TOKEN = re.compile(r"\s*('(?:[^']|'')*'|==|!=|&&|\|\||[()!]|[A-Za-z_][\w.-]*)")
_WORDS = {"true": True, "false": False, "null": None}
Context = Mapping[str, Any]


def evaluate(expression: str, context: Context) -> Any:
    """Give the value of an expression: literals, paths, ==, !=, &&, ||, ! and parentheses."""
    tokens = _tokens(expression)
    value = _either(tokens, context)
    assert not tokens, f"not understood: {expression}"
    return value


def fill(template: object, context: Context) -> str:
    """Fill in every expression of a template, as text."""
    if isinstance(template, bool):
        return str(template).lower()
    return re.sub(r"\$\{\{(.*?)\}\}", lambda found: _text(evaluate(found[1], context)), str(template))


def load(path: Path) -> dict[str, Any]:
    """Read a workflow or an action; YAML 1.1 takes its `on` for true."""
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {("on" if key is True else key): value for key, value in data.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a job ended: `code` of the step that failed, or 0; None if it was skipped.

    `values`: what stood in the variables that its steps were given.
    """

    code: int | None
    log: str = ""
    summary: str = ""
    values: frozenset[str] = frozenset()
    outputs: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Runner:
    """What runs workflows of `repository`, a bare one. `shared`: what outlives jobs, as a server would.

    `environments`: name → {"secrets": ..., "vars": ...}; `base`: the variables of the machine.
    """

    repository: Path
    shared: Path
    temp: Path
    octoplan: Path | None
    base: Mapping[str, str]
    environments: Mapping[str, Mapping[str, Mapping[str, str]]]
    number: int = 0

    def run(self, workflow: str, commit: str, event: str, **payload: Any) -> dict[str, Ended]:
        """Run all jobs of a workflow at a commit, in order → how each ended. `payload`: what the event says."""
        github = {
            "event_name": event,
            "event": payload,
            "repository": "octoshop/campaigns",
            "ref": "refs/pull/7/merge" if event == "pull_request" else "refs/heads/main",
            "sha": commit,
            "token": "token-of-the-run",
        }
        ended: dict[str, Ended] = {}
        tree = self.check_out(commit)
        for name, job in load(tree / ".github" / "workflows" / workflow)["jobs"].items():
            before = job.get("needs", [])
            needs = {each: ended[each] for each in ([before] if isinstance(before, str) else before)}
            context = {
                "github": github,
                "inputs": payload.get("inputs", {}),
                "needs": {each: {"outputs": one.outputs} for each, one in needs.items()},
                "steps": {},
                **self.environments.get(job.get("environment", ""), {}),
            }
            wanted = all(one.code == 0 for one in needs.values()) and evaluate(job.get("if", "true"), context)
            ended[name] = self._job(job, context) if wanted else Ended(code=None)
        return ended

    def check_out(self, commit: str) -> Path:
        """Make a fresh checkout, in a folder of its own."""
        self.number += 1
        tree = self.temp / str(self.number) / "work"
        subprocess.run(["git", "clone", "--quiet", self.repository, tree], check=True, capture_output=True)
        subprocess.run(["git", "checkout", "--quiet", commit], cwd=tree, check=True, capture_output=True)
        (tree / ".octoplan").symlink_to(self.shared)
        return tree

    def _job(self, job: Mapping[str, Any], context: dict[str, Any]) -> Ended:
        tree = self.check_out(context["github"]["sha"])
        place = _Place(tree=tree, temp=tree.parent, base=self.base, github=context["github"])
        if self.octoplan is not None:
            (place.temp / "octoplan").symlink_to(self.octoplan)
        code = _steps(job["steps"], context, place, {})
        outputs = {name: fill(value, context) for name, value in job.get("outputs", {}).items()}
        return Ended(
            code=code,
            log="".join(place.log),
            summary=place.read("summary"),
            values=frozenset(place.values),
            outputs=outputs,
        )


@dataclass(slots=True, kw_only=True)
class _Place:
    """Where a job runs, and what it has said so far."""

    tree: Path
    temp: Path
    base: Mapping[str, str]
    github: Context
    log: list[str] = field(default_factory=list)
    values: set[str] = field(default_factory=set)

    def read(self, name: str) -> str:
        path = self.temp / name
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def keep(self, name: str, file: Path) -> None:
        """Keep a file as an artifact of the run, as GitHub does."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.write(file, file.name)
        store = Path(self.base["FAKE_GH"])
        known = json.loads(store.read_text(encoding="utf-8"))
        number = 100 + len(known["artifacts"])
        run = {"head_branch": self.github["ref"].rpartition("/")[2], "repository_id": 1, "head_repository_id": 1}
        made = {"id": number, "name": name, "expired": False, "created_at": f"2026-11-30T00:{number % 60:02}:00Z"}
        packed_text = base64.b64encode(packed.getvalue()).decode()
        known["artifacts"].append({**made, "workflow_run": run, "zip": packed_text})
        store.write_text(json.dumps(known), encoding="utf-8")

    def bash(self, script: str, env: Mapping[str, str], action: str) -> tuple[int, dict[str, str]]:
        """Run a script as GitHub does → exit code and outputs."""
        (self.temp / "step.sh").write_text(script, encoding="utf-8")
        self.values |= set(env.values())
        output = self.temp / "output"
        output.write_text("", encoding="utf-8")
        given = {
            "GITHUB_ACTION_PATH": action,
            "GITHUB_EVENT_NAME": self.github["event_name"],
            "GITHUB_OUTPUT": str(output),
            "GITHUB_REPOSITORY": self.github["repository"],
            "GITHUB_RUN_ID": "42",
            "GITHUB_SERVER_URL": "https://github.example.com",
            "GITHUB_SHA": self.github["sha"],
            "GITHUB_STEP_SUMMARY": str(self.temp / "summary"),
            "RUNNER_TEMP": str(self.temp),
            "CI": "true",
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", self.temp / "step.sh"],
            cwd=self.tree,
            env={**self.base, **given, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=120,
            check=False,
        )
        self.log.append(done.stdout.decode())
        lines = output.read_text(encoding="utf-8").splitlines()
        return done.returncode, dict(line.split("=", 1) for line in lines)


def _steps(steps: list[dict[str, Any]], context: dict[str, Any], place: _Place, env: Mapping[str, str]) -> int:
    """Run steps until one fails; its exit code, or 0. Their outputs go into the context."""
    for step in steps:
        if "if" in step and not evaluate(step["if"], context):
            continue
        own = {**env, **{name: fill(value, context) for name, value in step.get("env", {}).items()}}
        code, outputs = _step(step, context, place, own)
        if "id" in step:
            context["steps"][step["id"]] = {"outputs": outputs}
        if code != 0:
            return code
    return 0


def _step(
    step: dict[str, Any], context: dict[str, Any], place: _Place, env: Mapping[str, str]
) -> tuple[int, Mapping[str, str]]:
    if "run" in step:
        assert step["shell"] == "bash"
        return place.bash(step["run"], env, context.get("action", ""))
    if step["uses"].startswith("actions/checkout@"):
        return 0, {}
    if step["uses"].startswith("actions/upload-artifact@"):
        given = {name: fill(value, context) for name, value in step["with"].items()}
        place.keep(given["name"], Path(given["path"]))
        return 0, {}
    assert step["uses"].startswith("./"), step["uses"]
    folder = place.tree / step["uses"]
    action = load(folder / "action.yml")
    given = {name: fill(value, context) for name, value in step.get("with", {}).items()}
    assert set(given) <= set(action["inputs"]), "an input that the action does not have"
    defaults = {name: fill(one.get("default", ""), context) for name, one in action["inputs"].items()}
    inside = {"github": context["github"], "inputs": {**defaults, **given}, "steps": {}, "action": str(folder)}
    code = _steps(action["runs"]["steps"], inside, place, env)
    return code, {name: fill(one["value"], inside) for name, one in action["outputs"].items()}


def _tokens(expression: str) -> list[str]:
    found, at = [], 0
    while expression[at:].strip():
        token = _TOKEN.match(expression, at)
        assert token, f"not understood: {expression}"
        found.append(token[1])
        at = token.end()
    return found


def _either(tokens: list[str], context: Context) -> Any:
    value = _both(tokens, context)
    while tokens[:1] == ["||"]:
        tokens.pop(0)
        other = _both(tokens, context)
        value = value or other
    return value


def _both(tokens: list[str], context: Context) -> Any:
    value = _compared(tokens, context)
    while tokens[:1] == ["&&"]:
        tokens.pop(0)
        other = _compared(tokens, context)
        value = value and other
    return value


def _compared(tokens: list[str], context: Context) -> Any:
    value = _single(tokens, context)
    if tokens[:1] in (["=="], ["!="]):
        wanted = tokens.pop(0) == "=="
        return (_text(value) == _text(_single(tokens, context))) is wanted
    return value


def _single(tokens: list[str], context: Context) -> Any:
    token = tokens.pop(0)
    if token == "!":  # noqa: S105 - a token of an expression
        return not _single(tokens, context)
    if token == "(":  # noqa: S105
        value = _either(tokens, context)
        assert tokens.pop(0) == ")"
        return value
    if token.startswith("'"):
        return token[1:-1].replace("''", "'")
    return _WORDS[token] if token in _WORDS else _looked_up(token.split("."), context)


def _looked_up(path: list[str], context: Context) -> Any:
    value: Any = context
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _text(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
