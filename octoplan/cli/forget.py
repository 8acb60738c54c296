"""`octoplan forget`: one person goes from the state, and is never sent to again."""

import os

import click

from octoplan.cli.addresses import read_person
from octoplan.cli.console import Console
from octoplan.cli.options import common
from octoplan.cli.session import open_session


@click.command(name="forget", short_help="Erase one person from the state.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@common
@click.pass_obj
def command(console: Console, *, yes: bool) -> None:
    """Erase one person from the state, and never send to them again.

    Their phone number, in international form, or e-mail address is read from stdin, one line: an argument would stay
    in the shell's history. What was sent to them counts on, under keys of chance.
    """
    session = open_session(console, sending=True)
    session.check_state()
    with session.state(writable=True) as state:
        address, person = read_person(console, state.keys.person)
        if not yes:
            from octoplan.report.safe import masked  # noqa: PLC0415 - loaded when called

            console.confirm(f"Forget {masked(address)} in {session.environment.name}, for good")
        with state.store.lock() as epoch:
            erased = state.store.forget(epoch, person, console.clock.now(), lambda: os.urandom(16))
            state.store.scrub()
    facts = {"messages": erased.messages, "unsent": erased.unsent, "told": erased.told}
    people = f"{erased.messages:,} {'message' if erased.messages == 1 else 'messages'}"
    console.done(
        f"Forgotten: {people} that may have reached them count on without them, and they are never sent to again.",
        **facts,
    )
    console.talk("Contact files, receipts, exports and backups are not in the state: look for them there yourself.")
