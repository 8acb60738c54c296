"""Standard input → one address, that nobody sees on the way, and the person key of it."""

import io
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from octoplan.cli.console import Console
from octoplan.errors import UsageError

_LONGEST = 1000


def read_person(console: Console, key: bytes) -> tuple[str, int]:
    """One line of stdin, a number in international form or an e-mail address → it, and the key of its person."""
    from octoplan.audience.persons import person_of  # noqa: PLC0415
    from octoplan.audience.selecting import judge  # noqa: PLC0415 - loaded when called

    typed = read_address(console, "phone number or e-mail", "echo +33... | octoplan forget")
    verdict = judge("email" if "@" in typed else "phone_number", None)(typed)
    if verdict.address is None:
        raise UsageError(
            f"this is no address: {verdict.reason or 'not valid'}",
            hint="a phone number in international form, such as +33..., or an e-mail address",
        )
    return verdict.address, person_of(key, verdict.address)


def read_address(console: Console, wanted: str, example: str) -> str:
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
        raise UsageError(f"no {wanted} on stdin", hint=f"it is one line: {example}")
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
