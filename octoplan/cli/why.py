"""`octoplan why`: whether one person gets a campaign, by which rule, and what was sent to them."""

import io
import termios
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TextIO

import click

from octoplan.cli.console import Console
from octoplan.cli.options import common
from octoplan.cli.session import open_session
from octoplan.errors import UsageError

_LONGEST = 1000


@click.command(name="why", short_help="Say whether one person gets a campaign, and why.")
@click.argument("campaign")
@common
@click.pass_obj
def command(console: Console, campaign: str) -> None:
    """Say whether one person gets a campaign, by which rule, and what was sent to them.

    Their phone number or e-mail address is read from stdin, one line: an argument would stay in the shell's history.
    """
    from octoplan.pipeline import finding  # noqa: PLC0415 - loaded when called
    from octoplan.report import reason  # noqa: PLC0415

    session = open_session(console)
    (found,) = session.campaigns((campaign,))
    with session.state() if session.has_state else nullcontext() as state:
        asked = finding.Asked(
            project=session.project.without_stdin(),
            campaign=found,
            state=state,
            open_table=session.table,
            now=console.clock.now(),
        )
        address = _read_address(console, found.address_field.replace("_", " "))
        with console.progress() as say:
            say("reading contacts")
            answer = finding.why(asked, address)
    if console.wanted.json:
        console.data(reason.json_answer(answer))
    else:
        console.lines(reason.text_answer(answer))


def _read_address(console: Console, wanted: str) -> str:
    """One line of stdin, asked for on a terminal, which does not show what is typed; UsageError for none."""
    asking = console.stdin.isatty()
    try:
        with _unseen(console.stdin):  # before it is asked for: nothing that answers the question may be seen
            if asking:
                console.err.write(f"{wanted}: ")
                console.err.flush()
            line = console.stdin.readline(_LONGEST).strip()
    except UnicodeDecodeError:
        line = ""
    if asking:
        console.talk("")
    if not line:
        raise UsageError(f"no {wanted} on stdin", hint="it is one line: echo +33... | octoplan why CAMPAIGN")
    return line


@contextmanager
def _unseen(stream: TextIO) -> Iterator[None]:
    """A terminal → shows nothing of what is typed meanwhile; any other stream is left as it is."""
    try:
        descriptor = stream.fileno()
        before = termios.tcgetattr(descriptor)
    except (termios.error, io.UnsupportedOperation):
        yield
        return
    silent = [*before]
    silent[3] &= ~termios.ECHO
    termios.tcsetattr(descriptor, termios.TCSADRAIN, silent)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
