"""`octoplan state`: make, look at and mend the store of what was sent."""

from contextlib import closing
from pathlib import Path

import click

from octoplan.cli.console import Console, legible
from octoplan.cli.options import common
from octoplan.cli.session import open_session
from octoplan.cli.state_import import import_
from octoplan.cli.state_prune import command as prune
from octoplan.errors import StateError, UsageError
from octoplan.state import faults, home


@click.group(name="state", short_help="The store of what was sent.")
def command() -> None:
    """Make, look at and mend the store of what was sent."""


@command.command()
@common
@click.pass_obj
def init(console: Console) -> None:
    """Make the state of an environment, once. Commit octoplan.lock.yaml afterwards."""
    session = open_session(console, sending=True)
    lineage = home.create(session.home())
    console.done(f"Made the state of {session.environment.name}, lineage {lineage}.", lineage=lineage)
    if not session.environment.is_sandbox:
        console.talk(f"Commit {home.LOCK_FILE}. Keep the key safe: without it nobody who was sent to is recognised.")
        key, root = session.home().key_path, session.project.root
        if key.exists() and not key.is_relative_to(root / ".octoplan"):
            console.talk(f"Keep {session.project.shown(key)} out of git: whoever has it can tell people by the state.")


@command.command(name="list")
@common
@click.pass_obj
def list_(console: Console) -> None:
    """List the campaigns that the state has sent."""
    from octoplan.report import records  # noqa: PLC0415 - loaded when called

    with open_session(console).state() as state:
        found = state.store.campaigns()
    if console.wanted.json:
        console.data(records.json_campaigns(found))
    else:
        console.lines(records.text_campaigns(found))


@command.command()
@click.argument("campaign")
@common
@click.pass_obj
def show(console: Console, campaign: str) -> None:
    """Show a campaign as it was last sent, and its frames."""
    from octoplan.report import records  # noqa: PLC0415 - loaded when called

    with open_session(console).state() as state:
        record = next((record for record in state.store.campaigns() if record.name == campaign), None)
        if record is None:
            raise UsageError(f"the state knows no campaign {campaign!r}", hint="octoplan state list")
        frames = tuple(state.store.frames(campaign=campaign))
    if console.wanted.json:
        console.data(records.json_campaign(record, frames))
    else:
        console.lines(records.text_campaign(record, frames))


@command.command()
@click.option(
    "--against-receipts",
    "receipts",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Compare it with what `apply --receipts` left.",
)
@common
@click.pass_obj
def check(console: Console, receipts: Path | None) -> None:
    """Check that everything in the state is as it must be; it only reads. Exit code 1 where something is broken."""
    from octoplan.report import checked  # noqa: PLC0415 - loaded when called
    from octoplan.state import against, checking  # noqa: PLC0415

    session = open_session(console)
    if not session.has_state and receipts is None:
        console.done(f"{session.environment.name} has no state yet: nothing was sent, and nothing can be broken.")
        return
    session.check_state()
    with session.state() as state, console.progress() as say:
        say("checking the state")
        found = checking.check(state, session.environment.max_in_flight)
        compared = against.compare(state, receipts, str(receipts)) if receipts else None
    if console.wanted.json:
        console.data(checked.json_checked(session.environment.name, found, compared))
    else:
        console.lines(checked.text_checked(session.environment.name, found, compared))
    console.exit_code = 1 if found.broken or (compared and compared.broken) else 0


@command.command()
@common
@click.pass_obj
def export(console: Console) -> None:
    """Write all that the state holds to stdout, one JSON object a line; people are hashes, and bodies are left out."""
    from octoplan.report import exported  # noqa: PLC0415 - loaded when called

    session = open_session(console)
    session.check_state()
    with session.state() as state, closing(exported.export_lines(state.store)) as lines:
        identity = state.store.identity
        console.stream(exported.export_header(session.environment.name, identity, state.keys.check))
        written = sum(1 for _ in map(console.data, lines))
        if state.store.identity != identity:
            raise StateError("the state changed while it was exported", hint="try again when nobody applies")
    console.data(exported.export_end(written))


@command.command()
@common
@click.pass_obj
def unlock(console: Console) -> None:
    """Shut out a run that hangs, for good: it can change nothing in the state any more, and sends nothing new."""
    session = open_session(console, sending=True)
    with session.state(writable=True) as state:
        epoch = state.store.unlock()
        left = state.store.lurking()
    said = f"Unlocked {session.environment.name}; epoch {epoch}. Open frames are settled by the next apply."
    ending = f" Shut out, and still there: {', '.join(left)}; end it." if left else ""
    console.done(f"{said}{ending}", epoch=epoch, shut_out=list(left))


@command.command()
@click.argument("frame")
@click.option("--sent", "sent", flag_value=True, type=bool, default=None, help="Its people have had the message.")
@click.option("--not-sent", "sent", flag_value=False, type=bool, help="They have not: they may be sent to again.")
@click.option("--why", default="", metavar="TEXT", help="How you know; kept in the state.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@common
@click.pass_obj
def resolve(console: Console, frame: str, sent: bool | None, why: str, *, yes: bool) -> None:  # noqa: FBT001 - click
    """Say of an unknown FRAME whether it was sent; only a person can tell.

    Not sent is refused, with 6, while a process that was shut out is still there: it may be about to send the frame.
    """
    if sent is None:
        raise UsageError("say which: --sent or --not-sent", hint="Octopush's own reports tell, by ticket and time")
    session = open_session(console, sending=True)
    with session.state(writable=True) as state, state.store.lock():
        record = state.store.frame(legible(frame))
        word = "sent" if sent else "not sent"
        if not sent and (lurking := state.store.lurking()):
            raise faults.lurking(lurking)
        if not yes:
            console.confirm(f"{record.size:,} people of {record.campaign} are {word}")
        note = f"{console.user} says {word}{f': {legible(why)}' if why else ''}"
        if not state.store.resolve(record.id, sent=sent, why=note, at=console.clock.now()):
            raise StateError(
                f"frame {record.id[:12]} is {record.status}, not unknown", hint="only unknown frames are resolved"
            )
    console.done(f"Resolved {record.id[:12]} as {word}.", frame=record.id, sent=sent)


command.add_command(import_)
command.add_command(prune)
