"""`octoplan plan`: what an apply would send, to how many, at what cost."""

import importlib
import secrets
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from octoplan.cli import reports
from octoplan.cli.console import Console
from octoplan.cli.files import write_whole
from octoplan.cli.options import accept, agreed, common, target
from octoplan.cli.rejects import open_rejects, rejects
from octoplan.cli.session import Session, open_session
from octoplan.limits import Accepted, parse_accepted

if TYPE_CHECKING:
    from octoplan.audience.rejects import Rejects
    from octoplan.pipeline.course import Simulate
    from octoplan.pipeline.drawing import Drawn
    from octoplan.plan import Plan

CHANGES = 2
_MODULES = {"json": "as_json", "markdown": "markdown", "html": "html"}
# How many campaigns show their words: about as many as there is room for.
_PREVIEWED = {"markdown": 25, ".md": 25, "html": 60, ".html": 60}


@click.command(name="plan", short_help="Show what an apply would send.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write a plan file.")
@click.option(
    "--simulate",
    type=click.Choice(["sample", "all", "none"]),
    default="sample",
    show_default=True,
    help="Which requests to simulate: per campaign the first and the longest, all, or none.",
)
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 if anything is left to be sent.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown", "html"]),
    default="text",
    show_default=True,
    help="How to show the plan.",
)
@reports.report
@rejects
@accept
@target
@common
@click.pass_obj
def command(console: Console, /, simulate: "Simulate", form: str, targets: tuple[str, ...], **flags: Any) -> None:
    """Show what an apply would send, to how many, at what cost."""
    form = agreed(console, form)
    reports.check(flags["reports"], reports.PLAN)
    session = open_session(console)
    session.check_gateway()
    with open_rejects(console, flags["rejects"]) as taker:
        accepted = parse_accepted(flags["accepted"])
        previewed = max(_PREVIEWED.get(shown, 0) for shown in (form, *(path.suffix for path in flags["reports"])))
        asked = Asked(simulate=simulate, accepted=accepted, previewed=previewed)
        drawn = _draw(session, asked, targets, Files(out=flags["out"], rejects=taker))
    show_plan(console, drawn.plan, form)
    reports.write(flags["reports"], reports.PLAN, drawn.plan)
    drawn.plan.raise_if_refused()
    if flags["detailed_exitcode"] and drawn.plan.is_left:
        console.exit_code = CHANGES


def show_plan(console: Console, plan: "Plan", form: str) -> None:
    """A plan in one of its formats → stdout."""
    if form == "text":
        _show_text(console, plan)
        return
    module = importlib.import_module(f"octoplan.report.{_MODULES[form]}")
    console.document(module.plan(plan))


def _show_text(console: Console, plan: "Plan") -> None:
    if console.out.isatty():
        from octoplan.report import terminal  # noqa: PLC0415 - rich, only for people

        terminal.show_plan(plan, console.out, coloured=console.is_colored(console.out))
        return
    from octoplan.report import text  # noqa: PLC0415 - only the format that is asked for

    console.lines(text.plan(plan))


@dataclass(frozen=True, slots=True)
class Files:
    """What a plan is to write besides itself: a plan file, and the rows that cannot be used."""

    out: Path | None
    rejects: "Rejects | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked of a plan.

    `simulate`: all, sample or none; `accepted`: numbers that may pass a limit; `previewed`: of how many campaigns to
    show how messages read.
    """

    simulate: "Simulate"
    accepted: Accepted
    previewed: int = 0


def _draw(session: Session, asked: Asked, targets: tuple[str, ...], files: Files) -> "Drawn":
    from octoplan import planfile  # noqa: PLC0415 - loaded when called
    from octoplan.pipeline import drawing, review  # noqa: PLC0415
    from octoplan.pipeline.course import Course  # noqa: PLC0415
    from octoplan.pipeline.credit import least_left, unasked  # noqa: PLC0415
    from octoplan.pipeline.previewing import with_previews  # noqa: PLC0415

    console = session.console
    campaigns = session.campaigns(targets)
    with ExitStack() as stack:
        state = stack.enter_context(session.state())
        wanted = asked.simulate != "none" and session.environment.simulate_to != ()
        wanted = wanted or least_left(session.project, campaigns) is not None
        gateway = stack.enter_context(session.gateway()) if wanted else None
        table = stack.enter_context(session.table(keeps_rows=files.rejects is not None))
        say = stack.enter_context(console.progress())
        course = Course(
            environment=session.environment,
            state=state,
            now=console.clock.now(),
            gateway=gateway,
            simulate=asked.simulate,
            accepted=asked.accepted,
            targeted=bool(targets),
            notice=say,
            rejects=files.rejects,
            cores=session.cores,
            pace=session.pace(),
            balance=gateway.balance if gateway else unasked,
        )
        drawn = drawing.draw(session.project, campaigns, table, course)
        if asked.previewed:
            plan = with_previews(drawn.plan, drawn.drafts, asked.previewed)
            drawn = replace(drawn, plan=plan)
        if files.out is not None and not drawn.plan.is_blocked:
            made = (secrets.token_hex(16), targets)
            plan_file = review.plan_file(drawn.plan, drawn.drafts, campaigns, state, made)
            write_whole(files.out, planfile.dump(plan_file))
            console.talk(f"Wrote {files.out}, digest {plan_file.digest}")
            drawn = replace(drawn, plan=replace(drawn.plan, digest=plan_file.digest))
    return drawn
