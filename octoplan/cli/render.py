"""`octoplan render`: a campaign's messages as people would see them."""

from typing import TYPE_CHECKING

import click

from octoplan.cli.console import Console
from octoplan.cli.options import common
from octoplan.cli.session import Session, open_session
from octoplan.errors import UsageError

if TYPE_CHECKING:
    from octoplan.campaign import Campaign
    from octoplan.pipeline.gathering import Known


@click.command(name="render", short_help="Show a campaign's messages.")
@click.argument("campaign")
@click.option("--limit", default=3, show_default=True, type=click.IntRange(1), help="How many people.")
@click.option("--to", "address", metavar="ADDRESS", help="Only this person of the audience.")
@common
@click.pass_obj
def command(console: Console, campaign: str, limit: int, address: str | None) -> None:
    """Show a campaign's messages as people would see them.

    On a terminal they are shown whole; in a pipe and as JSON, addresses are masked and values show as their names.
    """
    from octoplan.audience.persons import person_of  # noqa: PLC0415 - loaded when called
    from octoplan.audience.steps import normalise  # noqa: PLC0415
    from octoplan.pipeline.gathering import Known, gather  # noqa: PLC0415
    from octoplan.pipeline.showing import show  # noqa: PLC0415
    from octoplan.report import messages as report  # noqa: PLC0415

    session = open_session(console)
    (found,) = session.campaigns((campaign,))
    masked = console.wanted.json or not console.out.isatty()
    to = None
    if address is not None:
        to = normalise(address, found.address_field, found.audience.home if found.audience else None)
        if to is None:
            raise UsageError(
                f"--to is no {found.address_field}",
                hint="write it as in the contact file, or a number in international form",
            )
    kept, known = _as_known(session, found) if found.arms else (found, Known())
    with session.table() as table, console.progress() as say:
        say("rendering")
        (gathered,) = gather(session.project, [kept], table, known)
        person = None if to is None else person_of(known.person_key, to)
        shown = show(gathered, limit=limit, person=person, masked=masked)
    if to is not None and not shown:
        raise UsageError("that person is not in the audience of this campaign")
    if console.wanted.json:
        console.data(report.json_messages(found, shown))
    else:
        console.lines(report.text_messages(found, shown, masked=masked))


def _as_known(session: Session, campaign: "Campaign") -> tuple["Campaign", "Known"]:
    """A campaign with variants → as the state has it, and what tells who gets which."""
    from octoplan.pipeline.gathering import Known  # noqa: PLC0415 - loaded when called

    if not session.has_state:
        session.console.talk(f"{session.environment.name} has no state yet: who gets which variant is decided with it")
        return campaign, Known()
    kept, person_key = session.kept(campaign)
    return kept, Known(person_key=person_key)
