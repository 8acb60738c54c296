"""`octoplan state import`: what receipts know comes back into a state, or an export becomes a new one."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from octoplan.cli.console import Console
from octoplan.cli.options import common
from octoplan.cli.session import Session, open_session
from octoplan.errors import StateError

if TYPE_CHECKING:
    from octoplan.state.restoring import Brought


@click.command(name="import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask.")
@common
@click.pass_obj
def import_(console: Console, file: Path, *, yes: bool) -> None:
    """Bring back from FILE, the receipts of applies, what a restored state has forgotten; or make one of an export."""
    from octoplan.state import exports, ndjson, receipts  # noqa: PLC0415 - loaded when called

    session = open_session(console, sending=True)
    first = next(iter(ndjson.read_lines(file, str(file))), None)
    match first and first.values.get("octoplan"):
        case receipts.KIND:
            _bring(session, file, yes=yes)
        case exports.KIND:
            _move_in(session, file, yes=yes)
        case _:
            raise StateError(
                f"{file} holds neither receipts nor the export of a state [import/header]",
                hint="`apply --receipts FILE` makes the one, `state export` the other",
            )


def _bring(session: Session, file: Path, *, yes: bool) -> None:
    """Receipts → into the state that is there, as far as it has forgotten them."""
    from octoplan.report import imported  # noqa: PLC0415 - loaded when called
    from octoplan.state import against, receipts  # noqa: PLC0415

    console, name = session.console, session.environment.name
    session.check_state()
    with session.state(writable=True) as state, state.store.lock() as epoch:
        against.check_header(receipts.survey(file, str(file)).header, state, str(file))

        def bring(*, rehearse: bool) -> "Brought":
            return state.store.bring(epoch, receipts.read(file, str(file)), rehearse=rehearse)

        brought = bring(rehearse=True)
        if not brought.is_nothing:
            if not yes:
                console.talk(imported.brought_line(brought))
                console.confirm(f"Bring this back into the state of {name}")
            brought = bring(rehearse=False)
    console.done(imported.brought_line(brought), **imported.brought_facts(brought))
    if brought.campaigns:
        console.talk(
            "Campaigns are as they were last applied; who was left out of them for good, by a cap or a holdout, is not "
            "in receipts: look at the next plan."
        )


def _move_in(session: Session, file: Path, *, yes: bool) -> None:
    """An export → the state of an environment that has none."""
    from octoplan.report import imported  # noqa: PLC0415 - loaded when called
    from octoplan.state import exports, home, moving  # noqa: PLC0415

    console, name = session.console, session.environment.name
    exported = exports.read_header(file, str(file))
    place = session.home()
    home.check_none(place)
    found = moving.count(exports.read(file, str(file)))
    if not yes:
        console.talk(imported.moved_line(found))
        console.confirm(f"Make this the state of {name}")
    home.move_in(place, exported, exports.read(file, str(file)))
    console.done(imported.moved_line(found), lineage=exported.identity.lineage, **imported.moved_facts(found))
    if not session.environment.is_sandbox:
        console.talk(f"Commit {home.LOCK_FILE}, if it changed. Keep what it was made from until nothing applies to it.")
