"""Who approves an apply: a plan file or a digest that was reviewed, or a person who types a number."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from octoplan.cli.console import Console
from octoplan.errors import Declined, PlanStale, UsageError

if TYPE_CHECKING:
    from octoplan.plan import Plan
    from octoplan.planfile import PlanFile


def approved(path: Path | None, expect: str | None, targets: tuple[str, ...]) -> tuple["PlanFile | None", str | None]:
    """A plan file, a digest, or both, in which case the file must have it → the file, or the digest to come."""
    from octoplan import planfile  # noqa: PLC0415 - loaded when called

    digest = None if expect is None else planfile.parse_digest(expect)
    if path is None:
        return None, digest
    reviewed = planfile.parse(path.read_bytes())
    if targets and set(targets) != set(reviewed.targets):
        raise UsageError("the plan file was made for other targets", hint="apply it without --target")
    if digest is not None:
        planfile.raise_if_unexpected(digest, reviewed.digest)
    return reviewed, None


def ask(console: Console, plan: "Plan", *, auto: bool) -> None:
    """Have a person type the number of recipients; Declined where they do not, or nobody is there to ask."""
    if auto:
        return
    if not console.is_interactive:
        raise Declined("nobody is here to approve, and --auto-approve was not given", hint="nothing was sent")
    staff = sum(step.beside.people for step in plan.steps if step.beside and step.sends)
    own = f", and {staff:,} of your own staff," if staff else ""
    console.err.write(
        f"{plan.recipients:,} people{own} would be sent to in {plan.environment}. Type that number to send: "
    )
    console.err.flush()
    typed = console.stdin.readline().strip().replace(",", "").replace(" ", "")
    if typed != str(plan.recipients):
        raise Declined("that is not the number; nothing was sent")


def check_moments(plan: "Plan", now: datetime) -> None:
    """PlanStale where a `send_at` has passed since the plan was made: a person may have taken an hour to approve."""
    passed = [step.campaign for step in plan.steps if step.is_due and step.send_at is not None and step.send_at <= now]
    if passed:
        raise PlanStale(
            f"send_at has passed since the plan was made: {', '.join(passed)}",
            hint="nothing was sent: the gateway would have sent it at once",
        )
