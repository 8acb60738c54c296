"""The command line: one small file per command, loaded when it is called. Clock, environment, terminal enter here."""

import gc
import importlib
import io
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import Final

import click

from octoplan import __version__
from octoplan.cli.console import Console
from octoplan.cli.options import common
from octoplan.errors import OctoplanError, ProjectInvalid

# What `octoplan --help` lists, here so that it need not load the commands.
COMMANDS: Final[Mapping[str, str]] = {
    "init": "Make a project: an example for each channel, CI files, editor settings.",
    "validate": "Check everything that needs no network: YAML, schema, templates, audience, parts.",
    "test": "Run the tests of campaigns, and try their words with made-up rows.",
    "audience": "Show who is in a segment, a source or a campaign, as a whole.",
    "render": "Show a campaign's messages as people would see them.",
    "plan": "Show what an apply would send, to how many, at what cost.",
    "apply": "Send what the plan says, once.",
    "halt": "Begin nothing more in an environment, or of one campaign.",
    "resume": "Let an environment, or one campaign, go on that was halted.",
    "status": "Show what was sent, is open, is unknown, and what it cost.",
    "report": "Compare the variants of a campaign: sent, delivered, opted out, replies.",
    "why": "Say whether one person gets a campaign, by which rule, and what was sent to them.",
    "forget": "Erase one person from the state, and never send to them again.",
    "ingest": "Take in what the gateway tells afterwards: deliveries, STOPs and replies.",
    "state": "Make, look at and mend the store of what was sent.",
    "sandbox": "The emulator of the API: serve it, look into its inbox, empty it.",
}
USAGE: Final = 64
INTERRUPTED: Final = 130


class Commands(click.Group):
    """A group whose commands are modules of this package, imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names, in the order of a campaign's life."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the command of this name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"octoplan.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, message="octoplan %(version)s")
@common
def octoplan() -> None:
    """Campaigns as code: SMS, voice, RCS and e-mail campaigns in git, planned, reviewed, sent exactly once."""


def run(arguments: Sequence[str], console: Console) -> int:
    """Arguments of the command line → the exit code; every error said once, without a traceback."""
    try:
        octoplan.main(args=list(arguments), prog_name="octoplan", standalone_mode=False, obj=console)
    except BrokenPipeError:
        raise
    except (KeyboardInterrupt, click.Abort):
        console.talk("interrupted")
        return INTERRUPTED
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.UsageError as error:
        return _say_usage(error, console)
    except Exception as error:  # noqa: BLE001 - the last border: whatever it is, no traceback, since it may quote a row
        return _say(error if isinstance(error, OctoplanError) else _internal(error), console)
    return console.exit_code


def _say_usage(error: click.UsageError, console: Console) -> int:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        console.talk(error.format_message())
    else:
        console.usage(_usage(error), error.ctx.command_path if error.ctx else "octoplan")
    return USAGE


def _usage(error: click.UsageError) -> str:
    """A wrong command line → what is wrong, and how a campaign is named where it may have been meant."""
    message = error.format_message()
    campaigns = error.ctx is not None and any(one.name == "targets" for one in error.ctx.command.params)
    if campaigns and (" extra argument" in message or "PLANFILE" in message):
        return f"{message.removesuffix('.')}; campaigns are named with --target"
    return message


def _say(error: OctoplanError, console: Console) -> int:
    if isinstance(error, ProjectInvalid):
        console.problems(error.problems)
    else:
        console.error(error)
    return error.exit_code


def _internal(fault: Exception) -> OctoplanError:
    """A fault of the system, or of octoplan itself → what may be said of it: never a message, which may quote a row."""
    if isinstance(fault, OSError) and fault.strerror:
        named = f"{fault.filename}: " if isinstance(fault.filename, str) else ""
        return OctoplanError(
            f"{named}{fault.strerror}", hint="what was sent is in the state, `octoplan status` shows it"
        )
    traceback = fault.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    where = f" at {traceback.tb_frame.f_globals.get('__name__')}:{traceback.tb_lineno}" if traceback else ""
    return OctoplanError(
        f"octoplan has a fault: {type(fault).__name__}{where}",
        hint="please report it; what was sent is in the state, `octoplan status` shows it",
    )


def _open_streams() -> None:
    """Standard streams that were closed → nothing to read, and nobody who reads; else a file might take their place."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode, encoding="utf-8", closefd=False))


def main() -> None:
    """Run octoplan with the arguments, streams and environment of this process, and end it."""
    # A short command spends 3 % of its time looking for garbage among modules that stay.
    gc.set_threshold(50_000)
    _open_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that lacks a character is no reason to stop
    console = Console(out=sys.stdout, err=sys.stderr, stdin=sys.stdin, environ=os.environ)
    try:
        code = run(sys.argv[1:], console)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is over: another Ctrl-C would only print a traceback
        sys.stdout.flush()
    except KeyboardInterrupt:  # a second one, while the first was told
        code = INTERRUPTED
    except OSError:
        # Its reader has enough of our output, or the disk is full; a second failure at exit would print a traceback.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    sys.exit(code)
