"""What a workflow or action must keep to so that nobody's pull request reaches a secret, or sends anything."""

import re
import subprocess
from collections.abc import Iterator, Mapping
from typing import Any

_PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")
_SENDS = re.compile(r"secrets\.OCTOPUSH_")


def broken(data: Mapping[str, Any]) -> list[str]:
    """List the rules that a workflow, an action or what is made of them breaks; `data` as the runner loads it."""
    return sorted(
        {*_workflow(data), *(rule for job in data.get("jobs", {}).values() for rule in _job(job)), *_steps(data)}
    )


def _workflow(data: Mapping[str, Any]) -> Iterator[str]:
    if "runs" in data:
        return
    asked = data["on"]
    if {"pull_request_target", "workflow_run"} & set([asked] if isinstance(asked, str) else asked):
        yield "it runs with secrets for whoever opens a pull request"
    if data.get("permissions") != {}:
        yield "permissions are not given job by job"
    if _cancels(data):
        yield "a run is cancelled in the middle"


def _job(job: Mapping[str, Any]) -> Iterator[str]:
    text = str(job)
    if not job.get("timeout-minutes"):
        yield "a job has no end"
    if not set(job.get("permissions", {"everything": "write"}).items()) <= {
        ("actions", "read"),
        ("contents", "read"),
        ("pull-requests", "read"),
        ("pull-requests", "write"),
    }:
        yield "a job may more than it must"
    if "secrets." in text and "environment" not in job:
        yield "a secret is used outside a protected environment"
    if _SENDS.search(text) and job.get("environment") not in ("production", "production-waiting"):
        yield "whoever plans could send"
    if "'command': 'apply'" in text:
        yield from _applying(job)
    if _cancels(job):
        yield "a run is cancelled in the middle"


def _applying(job: Mapping[str, Any]) -> Iterator[str]:
    group = str(job.get("concurrency", {}).get("group", ""))
    if not group or "${{" in group:
        yield "two applies may run at once"
    if all("plan-file" in step["with"] for step in job["steps"] if _applies(step)):
        yield from _waiting(job)
        return
    if "needs.plan.outputs.approved" not in str(job.get("if")):
        yield "what nobody approved is sent"
    if not all(step["with"].get("digest", "").startswith("${{ needs.plan.") for step in job["steps"] if _applies(step)):
        yield "it is another digest that is sent"
    if job.get("environment") != "production":
        yield "nobody is asked"


def _waiting(job: Mapping[str, Any]) -> Iterator[str]:
    """What was approved already is taken from where only main of this repository can have kept it."""
    if job.get("environment") != "production-waiting":
        yield "nobody is asked"
    found = [str(step.get("run")) for step in job["steps"] if step.get("id") == "approved"]
    ours = ('.workflow_run.head_branch == "main"', ".workflow_run.head_repository_id == .workflow_run.repository_id")
    if job.get("if") != "github.ref == 'refs/heads/main'" or not all(one in "".join(found) for one in ours):
        yield "what nobody approved is sent"
    if not all(
        step["with"]["plan-file"] == "${{ steps.approved.outputs.file }}" for step in job["steps"] if _applies(step)
    ):
        yield "it is another plan that is sent"


def _applies(step: Mapping[str, Any]) -> bool:
    return bool(step.get("with", {}).get("command") == "apply")


def _steps(data: Mapping[str, Any]) -> Iterator[str]:
    inside = data.get("runs", {}).get("steps", [])
    for step in (*inside, *(step for job in data.get("jobs", {}).values() for step in job["steps"])):
        uses = step.get("uses", "./")
        if not uses.startswith("./") and not _PINNED.fullmatch(uses):
            yield "an action of somebody else may change"
        if "checkout@" in uses and step.get("with", {}).get("persist-credentials") is not False:
            yield "later steps can use the token of the checkout"
        if "cache" in uses or "cache" in str(step.get("with", {})):
            yield "something is kept in a cache"
        if "run" in step:
            yield from _script(step)


def _script(step: Mapping[str, Any]) -> Iterator[str]:
    if "${{" in step["run"]:
        yield "what somebody wrote becomes a script"
    if step.get("shell") != "bash":
        yield "a script does not stop at its first error"
    if subprocess.run(["bash", "-n"], input=step["run"].encode(), capture_output=True, check=False).returncode:
        yield "a script cannot be read"


def _cancels(data: Mapping[str, Any]) -> bool:
    concurrency = data.get("concurrency", {})
    return "concurrency" in data and concurrency.get("cancel-in-progress") is not False
