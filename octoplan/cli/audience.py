"""`octoplan audience`: who is in a segment, a source or a campaign, as a whole."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from octoplan.cli.console import Console
from octoplan.cli.options import common
from octoplan.cli.rejects import open_rejects, rejects
from octoplan.cli.session import Session, open_session
from octoplan.errors import ProjectInvalid, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from octoplan.campaign import AddressField, Campaign
    from octoplan.pipeline.surveying import Hints, Subject

_KINDS: "Final[Mapping[str, AddressField]]" = {"phone_number": "phone_number", "email": "email"}


@click.command(name="audience", short_help="Show who is in a segment, a source or a campaign.")
@click.argument("name")
@click.option(
    "--by",
    type=click.Choice(list(_KINDS)),
    help="Which address.  [default: phone_number, if there is one]",
)
@click.option("--column", metavar="COLUMN", help="Which column holds it, where neither a segment nor its name says so.")
@click.option("--region", metavar="CODE", help="The country whose national numbers there are.")
@rejects
@common
@click.pass_obj
def command(console: Console, /, name: str, rejects: Path | None, **hints: str | None) -> None:
    """Show who is in a segment, a source or a campaign, as a whole: counts, columns, what is left out, overlaps.

    NAME is looked for among the segments, then the sources of the environment, then the campaigns. Nobody is shown
    but a few masked addresses.
    """
    from octoplan.pipeline.surveying import Hints, survey  # noqa: PLC0415 - loaded when called
    from octoplan.report import surveyed as report  # noqa: PLC0415

    session = open_session(console)
    subject = _subject(
        session, name, Hints(by=_KINDS.get(hints["by"] or ""), column=hints["column"], region=hints["region"])
    )
    others = _others(console, session)
    with (
        session.table(keeps_rows=rejects is not None) as table,
        open_rejects(console, rejects) as taker,
        console.progress() as say,
    ):
        say("reading contacts")
        found = survey(subject, others, session.project, table, taker)
    if console.wanted.json:
        console.data(report.json_surveyed(found))
        console.exit_code = ProjectInvalid.exit_code if found.problems else 0
        return
    console.lines(report.text_surveyed(found))
    if found.problems:
        raise ProjectInvalid(*found.problems)


def _subject(session: Session, name: str, hints: "Hints") -> "Subject":
    """A name → what is called so; UsageError where nothing is."""
    from octoplan.pipeline.surveying import Subject, find_named  # noqa: PLC0415 - loaded when called

    named = find_named(session.project, name, hints)
    if named is not None:
        return named
    try:
        campaigns = session.campaigns((name,))
    except UsageError:
        known = sorted({*session.project.segments.names(), *session.project.sources})
        hint = f"segments and sources there are: {', '.join(known) or 'none'}; campaigns: octoplan validate"
        missing = f"no segment, source of {session.environment.name} or campaign is called {name!r}"
        raise UsageError(missing, hint=hint) from None
    if hints.given:
        raise UsageError(
            f"{name} is a campaign, which says itself how its people are read", hint="leave these flags out"
        )
    return Subject(name=name, kind="campaign", campaigns=campaigns)


def _others(console: Console, session: Session) -> "tuple[Campaign, ...]":
    """The campaigns that people could be in too, of those that are not closed; none where they are not valid."""
    try:
        found = session.campaigns()
    except ProjectInvalid as invalid:
        console.talk(f"The campaigns are not valid ({invalid.what}): no overlap is shown. See octoplan validate.")
        return ()
    return tuple(one for one in found if not one.is_closed(console.clock.now()))
