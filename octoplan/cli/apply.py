"""`octoplan apply`: send what the plan says, once."""

import os
import secrets
import signal
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from octoplan.cli import approving, refused, reports
from octoplan.cli.console import Console
from octoplan.cli.ending import Done, ending
from octoplan.cli.options import accept, common, target
from octoplan.cli.plan import show_plan
from octoplan.cli.rejects import open_rejects, rejects
from octoplan.cli.session import Session, chance, open_session
from octoplan.errors import GatewayError, GuardRefused, PlanStale, UsageError
from octoplan.limits import Accepted, parse_accepted

if TYPE_CHECKING:
    from octoplan.apply.events import Event
    from octoplan.apply.pace import Stop
    from octoplan.apply.run import Applier
    from octoplan.apply.witness import Witness
    from octoplan.audience.rejects import Rejects
    from octoplan.campaign import Campaign
    from octoplan.pipeline.drawing import Drawn
    from octoplan.planfile import PlanFile
    from octoplan.state.home import State
    from octoplan.table.connection import Table


@click.command(name="apply", short_help="Send what the plan says, once.")
@click.argument("planfile", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--expect", metavar="DIGEST", help="Send only a plan that has this digest.")
@click.option("--auto-approve", is_flag=True, help="Do not ask.")
@click.option("--retry-refused", is_flag=True, help="Try people again whose message was refused.")
@click.option("--adopt-duplicates", is_flag=True, help="Count frames as sent whose request id is in use already.")
@click.option(
    "--receipts",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Append what became of each frame to FILE.",
)
@reports.report
@rejects
@accept
@target
@common
@click.pass_obj
def command(
    console: Console,
    /,
    planfile: Path | None,
    expect: str | None,
    rejects: Path | None,
    targets: tuple[str, ...],
    **flags: Any,
) -> None:
    """Send what the plan says, once. With PLANFILE, only what that reviewed plan holds."""
    session = open_session(console, sending=True)
    if flags["auto_approve"] and planfile is None and expect is None and session.environment.require_plan:
        raise GuardRefused(
            f"{session.environment.name} is applied from a reviewed plan only: "
            "--auto-approve needs a plan file, or --expect with its digest",
            hint="octoplan plan --out FILE, then octoplan apply FILE; or require_plan: false in octoplan.yaml",
        )
    reports.check(flags["reports"], reports.APPLIED)
    reviewed, digest = approving.approved(planfile, expect, targets)
    flags["accepted"] = parse_accepted(flags["accepted"])
    wanted = reviewed.targets if reviewed else targets
    with ending(console, flags.pop("reports")) as done, open_rejects(console, rejects) as taker:
        order = Order(targets=wanted, reviewed=reviewed, digest=digest, rejects=taker, **flags)
        with open_applier(session, order) as applier:
            _apply(session, applier, order, done)
            console.exit_code = exit_code(applier, done.told)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the command line asks of an apply. `digest`: the only one that the plan made now may have."""

    targets: tuple[str, ...]
    reviewed: "PlanFile | None"
    digest: str | None
    receipts: Path | None
    rejects: "Rejects | None"
    auto_approve: bool
    accepted: Accepted
    retry_refused: bool
    adopt_duplicates: bool


def _apply(session: Session, applier: "Applier", order: Order, done: Done) -> None:
    """Settle, plan, ask, send; `done` takes the plan and what happened. As JSON, each event is a line, below a head.

    What is open is settled before the campaigns are read: a typo in a file must not let its time run out.
    """
    from octoplan.apply import run  # noqa: PLC0415 - loaded when called
    from octoplan.apply.recording import recording  # noqa: PLC0415
    from octoplan.pipeline import credit  # noqa: PLC0415

    console, told = session.console, done.told
    _settle(session, applier, done)
    if applier.stop.interrupted:
        return
    campaigns = _campaigns(session, order)
    with session.table(keeps_rows=order.rejects is not None) as table:
        drawn = _draw(session, applier, order, campaigns, table)
        done.plan = drawn.plan
        if not console.wanted.json:
            show_plan(console, drawn.plan, "text")
        tell(console, applier, refused.listed(table, drawn.drafts, tuple(told)), told)
        drawn.plan.raise_if_refused()
        if (drawn.plan.has_changes or drawn.deciding) and not applier.stop.is_set:
            if drawn.plan.has_changes:
                approving.ask(console, drawn.plan, auto=order.auto_approve)
                approving.check_moments(drawn.plan, console.clock.now())
                credit.check(drawn.least_credit, drawn.plan, applier.gateway.balance, order.accepted)
            sending = run.send(applier, recording(drawn, applier, order.accepted, retry_refused=order.retry_refused))
            settled = len(told)
            tell(console, applier, sending, told, total=drawn.plan.recipients)
            tell(console, applier, refused.listed(table, drawn.drafts, told[settled:]), told)
        tell(console, applier, run.waiting(applier, drawn.plan.steps, tuple(told)), told)


def _settle(session: Session, applier: "Applier", done: Done) -> None:
    """Send once more what earlier runs left open; the plan is one of nothing until there is another."""
    from octoplan.apply import run  # noqa: PLC0415 - loaded when called
    from octoplan.plan import Plan  # noqa: PLC0415
    from octoplan.report import as_json  # noqa: PLC0415

    console, where = session.console, session.environment
    if console.wanted.json:
        console.stream(as_json.events_header())
    done.plan = Plan(environment=where.name, gateway=where.gateway, lineage=applier.state.lineage, steps=())
    tell(console, applier, run.settle(applier), done.told)


def _campaigns(session: Session, order: Order) -> "tuple[Campaign, ...]":
    """The campaigns that are asked for; PlanStale where one that a reviewed plan was made for is there no more."""
    try:
        return session.campaigns(order.targets)
    except UsageError as error:
        if order.reviewed is None:
            raise
        hint = "plan again, and have that reviewed"
        raise PlanStale(f"the plan file is stale: {error.what}", hint=hint) from None


def _draw(
    session: Session, applier: "Applier", order: Order, campaigns: "Sequence[Campaign]", table: "Table"
) -> "Drawn":
    """The plan as it is now; PlanStale where it is not the reviewed one."""
    from octoplan import planfile  # noqa: PLC0415 - loaded when called
    from octoplan.pipeline import drawing, review  # noqa: PLC0415
    from octoplan.pipeline.course import Course  # noqa: PLC0415

    # a reviewed plan was simulated when it was made
    simulates = order.reviewed is None and session.environment.require_simulation
    with session.console.progress() as say:
        course = Course(
            environment=session.environment,
            state=applier.state,
            now=session.console.clock.now(),
            retry_refused=order.retry_refused,
            accepted=order.accepted,
            targeted=bool(order.targets),
            reviewed=order.reviewed,
            notice=say,
            rejects=order.rejects,
            cores=session.cores,
            balance=applier.gateway.balance,
            gateway=applier.gateway if simulates else None,
            simulate="sample" if simulates else "none",
            pace=session.pace(),
        )
        drawn = drawing.draw(session.project, campaigns, table, course)
        if order.reviewed is not None:
            now = review.plan_file(drawn.plan, drawn.drafts, campaigns, applier.state, ("", order.targets))
            planfile.raise_if_stale(order.reviewed, now)
        if order.digest is not None and not drawn.plan.is_blocked:
            planfile.raise_if_unexpected(
                order.digest, review.digest(drawn.plan, drawn.drafts, campaigns, applier.state)
            )
    return drawn


def tell(
    console: Console, applier: "Applier", events: "Iterable[Event]", told: "list[Event]", *, total: int = 0
) -> None:
    """Show events as they happen: a progress bar on a terminal, lines as JSON, or only what a person must know.

    `told` takes each, so that it is known also where the next one does not come; `total`: how many people they are of.
    """
    from octoplan.apply.events import FrameDone  # noqa: PLC0415 - loaded when called
    from octoplan.report import as_json, text  # noqa: PLC0415

    with _interruptible(applier.stop), console.bar(total) as progress:
        for event in events:
            told.append(event)
            if console.wanted.json:
                console.data(as_json.event(event))
            elif progress is not None:
                progress(event)
            elif console.wanted.verbose or not isinstance(event, FrameDone) or event.status != "sent":
                console.talk_lines([text.event(event)])


def exit_code(applier: "Applier", told: "Iterable[Event]") -> int:
    """What happened, and what the state still holds → the exit code; several at once: 130, 4, 9, 5, 8.

    Whoever this run planned and did not begin, since its time ran out or it stopped itself, counts as refused: it must
    not look fine. Those whose time has not come yet do not.
    """
    from octoplan.apply.events import FrameDone, Waiting  # noqa: PLC0415 - loaded when called
    from octoplan.apply.windows import left_out  # noqa: PLC0415
    from octoplan.state.interface import Status  # noqa: PLC0415
    from octoplan.state.records import is_seed  # noqa: PLC0415

    if applier.stop.interrupted:
        return 130
    if applier.stop.account:
        return GatewayError.exit_code
    if any(True for _ in applier.state.store.frames(Status.SENDING, Status.UNKNOWN)):
        return 9
    if applier.stop.halted:
        return GuardRefused.exit_code
    told = list(told)
    left = [frame for frame in applier.planned if not is_seed(frame.campaign)]
    stopped = any(applier.stop.holds(frame.campaign) for frame in left)
    unsure = any(isinstance(event, Waiting) and event.is_unsure for event in told)
    unsent = stopped or unsure or any(left_out(left, told, applier.clock.now()))
    if unsent or any(isinstance(event, FrameDone) and event.status == "refused" for event in told):
        return 8
    return 0


@contextmanager
def open_applier(session: Session, order: Order) -> Iterator["Applier"]:
    """Everything that an apply holds while it lasts: gateway, state, lock."""
    from octoplan.apply.pace import Pace, Stop  # noqa: PLC0415
    from octoplan.apply.run import Applier  # noqa: PLC0415 - loaded when called

    with ExitStack() as stack:
        gateway = stack.enter_context(session.gateway())
        state = stack.enter_context(session.state(writable=True))
        run, epoch = secrets.token_hex(8), stack.enter_context(state.store.lock())
        yield Applier(
            run=run,
            environment=session.environment,
            state=state,
            epoch=epoch,
            gateway=gateway,
            clock=session.console.clock,
            pace=Pace(session.environment.requests_per_second, session.console.clock),
            stop=Stop(),
            random=chance,
            random_bytes=secrets.token_bytes,
            adopt_duplicates=order.adopt_duplicates,
            obeys_stop=session.project.obeys_stop,
            witness=stack.enter_context(_witness(session, order, run, state)),
        )


@contextmanager
def _witness(session: Session, order: Order, run: str, state: "State") -> Iterator["Witness"]:
    """The file that takes receipts, open, or nobody who does."""
    from octoplan.apply import receipts, witness  # noqa: PLC0415 - loaded when called

    if order.receipts is None:
        yield witness.Nobody()
        return
    console = session.console
    now, name = console.clock.now, session.environment.name
    writing = receipts.Run(id=run, environment=name, state=state, now=now, notice=console.talk)
    with receipts.open_receipts(order.receipts, writing) as opened:
        yield opened


@contextmanager
def _interruptible(stop: "Stop") -> Iterator[None]:
    """While requests leave, Ctrl-C once: finish what is in flight, begin nothing. Twice: leave at once, like a kill."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        if stop.interrupted:
            os._exit(130)
        stop.interrupt()

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)
