"""`octoplan test CAMPAIGN --to FILE`: the real content to own staff, before anybody else gets it."""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from octoplan.cli.apply import Order, exit_code, open_applier, tell
from octoplan.cli.console import Console
from octoplan.cli.session import Session, open_session
from octoplan.errors import ProjectInvalid, UsageError

if TYPE_CHECKING:
    from octoplan.apply.events import Event
    from octoplan.apply.trials import Trial
    from octoplan.campaign import Campaign

_ORDER = Order(
    targets=(),
    reviewed=None,
    digest=None,
    receipts=None,
    rejects=None,
    auto_approve=True,
    accepted=MappingProxyType({}),
    retry_refused=False,
    adopt_duplicates=False,
)


def send_test(console: Console, campaign: str, seeds: Path, rows: Sequence[int], *, yes: bool) -> None:
    """Send a campaign's message of each of these rows to everybody in a file of seeds, once."""
    from octoplan.apply import run, trials  # noqa: PLC0415 - loaded when called
    from octoplan.report import as_json  # noqa: PLC0415
    from octoplan.report.lines import applied_line, people, several  # noqa: PLC0415
    from octoplan.report.safe import masked  # noqa: PLC0415

    session = open_session(console, sending=True)
    (found,) = session.campaigns((campaign,))
    addresses = _addresses(seeds, found)
    made = _trials(session, found, addresses, rows)
    name, who = session.environment.name, ", ".join(map(masked, addresses))
    if not session.environment.is_sandbox and not yes:
        console.confirm(f"Send {several(len(made), 'message')} of {found.name} in {name} to each of {who}")
    if console.wanted.json:
        console.stream(as_json.events_header())
    with open_applier(session, _ORDER) as applier:
        told: list[Event] = []
        tell(console, applier, run.settle(applier), told)
        for trial in made:
            one = replace(applier, run=secrets.token_hex(8))
            tell(console, one, run.send(one, trials.recording(trial, one)), told)
            console.exit_code = max(console.exit_code, exit_code(one, told))
    if not console.wanted.json:
        said = f"Test of {found.name}: {several(len(made), 'message')} to {people(len(addresses))}: {who}"
        console.data(f"{said}; {_cost(told)}.")
        console.data(applied_line(told))


def _addresses(path: Path, campaign: "Campaign") -> tuple[str, ...]:
    """A file of seeds → whom the campaign's channel reaches, each once; ProjectInvalid with every Problem."""
    from octoplan import schema, source  # noqa: PLC0415 - loaded when called
    from octoplan.audience.seeds import reached  # noqa: PLC0415

    document = source.load(path, str(path))
    if problems := schema.check(document, "seeds"):
        raise ProjectInvalid(*problems)
    return tuple(one.address for one in reached(document, campaign))


def _trials(
    session: Session, campaign: "Campaign", addresses: tuple[str, ...], rows: Sequence[int]
) -> tuple["Trial", ...]:
    """The messages of the people of these numbers; UsageError where there is no such person, or none for them."""
    from octoplan.apply.trials import Trial  # noqa: PLC0415 - loaded when called
    from octoplan.pipeline.gathering import Known, gather  # noqa: PLC0415
    from octoplan.pipeline.showing import show_person  # noqa: PLC0415

    made = []
    kept, person_key = session.kept(campaign)
    with session.table() as table, session.console.progress() as say:
        say("rendering")
        (gathered,) = gather(session.project, [kept], table, Known(person_key=person_key))
        for number in rows or (1,):
            shown = show_person(gathered, number)
            if shown is None:
                raise UsageError(f"the audience of {campaign.name} has no row {number}", hint="rows count from 1")
            if shown.content is None:
                raise UsageError(
                    f"row {number} of {campaign.name} has no message: {shown.why}", hint="take another row"
                )
            made.append(Trial(campaign=campaign, content=shown.content, addresses=addresses))
    return tuple(made)


def _cost(told: "Sequence[Event]") -> str:
    from octoplan.apply.events import FrameDone  # noqa: PLC0415 - loaded when called
    from octoplan.report.lines import money  # noqa: PLC0415

    costs = [event.cost for event in told if isinstance(event, FrameDone) and event.status == "sent"]
    known = [cost for cost in costs if cost is not None]
    return f"cost {money(sum(known, Decimal(0)))}" if known and len(known) == len(costs) else "cost unknown"
