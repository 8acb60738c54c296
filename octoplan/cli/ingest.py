"""`octoplan ingest`: what the gateway tells afterwards, from a file or as a small server, into the state."""

import io
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

import click

from octoplan.cli.console import Console
from octoplan.cli.options import common
from octoplan.cli.session import Session, open_session
from octoplan.errors import GatewayError, OctoplanError, UsageError

if TYPE_CHECKING:
    from octoplan.ingest.files import Ingested

_STDIN: Final = "-"
_SECRET: Final = re.compile(r"[0-9A-Za-z_-]{16,200}")


class FileOrServe(click.Group):
    """`ingest FILE`, where no command is named."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or take the word for a file."""
        if args[0] in self.commands:
            return super().resolve_command(ctx, args)
        return "file", read, args


@click.group(
    name="ingest",
    cls=FileOrServe,
    invoke_without_command=True,
    subcommand_metavar="[FILE | serve]",
    short_help="Take in deliveries, STOPs and replies.",
)
@common
@click.pass_context
def command(context: click.Context) -> None:
    """Take in what the gateway tells afterwards: deliveries, STOPs and replies, of FILE or standard input.

    FILE holds JSON arrays, or a callback a line, as JSON or as a form. Nothing is counted twice.
    """
    if context.invoked_subcommand is None:
        context.invoke(read)


@click.command(name="file")
@click.argument("file", default=_STDIN, type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@common
@click.pass_obj
def read(console: Console, file: Path) -> None:
    """Take in the callbacks of FILE, or of standard input."""
    from octoplan.ingest.files import ingest  # noqa: PLC0415 - loaded when called
    from octoplan.ingest.matching import Ear  # noqa: PLC0415
    from octoplan.report import ingested  # noqa: PLC0415

    session = open_session(console, sending=True)
    shown = "standard input" if str(file) == _STDIN else str(file)
    with _opened(console, file) as stream, session.state(writable=True) as state:
        ear = Ear(keys=state.keys, now=console.clock.now())
        found: Ingested = ingest(stream, shown, state.store, ear)
    if console.wanted.json:
        console.data(ingested.json_ingested(found))
    else:
        console.talk_lines(ingested.problem_lines(found))
        console.data(ingested.ingested_line(found))
    console.exit_code = 3 if found.unusable else 0


@command.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option("--port", default=8026, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@common
@click.pass_obj
def serve(console: Console, host: str, port: int) -> None:
    """Take callbacks by POST on http://HOST:PORT/SECRET; each is written down, and only then answered.

    The secret is OCTOPLAN_INGEST_SECRET: 16 characters at least, letters, digits, - and _.
    """
    from octoplan.ingest.scribe import Scribe  # noqa: PLC0415 - loaded when called
    from octoplan.ingest.serve import Door  # noqa: PLC0415
    from octoplan.ingest.serve import serve as serve_door  # noqa: PLC0415

    session = open_session(console, sending=True)
    secret = _secret(session)
    with Scribe(lambda: session.state(writable=True), console.clock.now) as scribe, _calm_signals():
        door = Door(scribe=scribe, secret=secret, tell=console.talk)
        serve_door(door, host, port, lambda url: console.talk(f"Taking callbacks at {url}/, then the secret"))


def _secret(session: Session) -> str:
    secret = session.console.environ.get("OCTOPLAN_INGEST_SECRET")
    if not secret:
        raise GatewayError(
            "OCTOPLAN_INGEST_SECRET is not set: whoever finds the port could say STOP for anybody",
            hint="make it once with `openssl rand -hex 16`, and put it into the callback URL of the account",
        )
    if not _SECRET.fullmatch(secret):
        raise GatewayError(
            "OCTOPLAN_INGEST_SECRET is no secret: it takes 16 to 200 letters, digits, - and _",
            hint="make it once with `openssl rand -hex 16`",
        )
    return secret


@contextmanager
def _opened(console: Console, file: Path) -> Iterator[BinaryIO]:
    """FILE or standard input, as bytes."""
    if str(file) != _STDIN:
        try:
            with file.open("rb") as stream:
                yield stream
        except FileNotFoundError:
            raise UsageError(f"no file {file}", hint="a file of callbacks, - for standard input, or serve") from None
        return
    if console.stdin.isatty():
        raise UsageError("no callbacks on standard input", hint="name a file, or feed it: octoplan ingest < FILE")
    try:
        yield getattr(console.stdin, "buffer", None) or io.BytesIO(console.stdin.read().encode())
    except UnicodeDecodeError:
        raise OctoplanError("standard input is not UTF-8") from None


@contextmanager
def _calm_signals() -> Iterator[None]:
    """Let a signal end the server and nothing else: uvicorn raises it again afterwards, which would kill us."""
    with suppress(ValueError):  # in a thread that is not the main one, no signal comes
        before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, action in before.items():
                signal.signal(number, action)
