"""`octoplan sandbox`: the emulator of the API, as a server; its inbox; a fresh start."""

import os
from pathlib import Path
from typing import Any

import click

from octoplan.cli.console import Console
from octoplan.cli.options import common
from octoplan.cli.serving import LOCAL, open_storage, serve_sandbox, start_sandbox, warn_of_people
from octoplan.cli.session import open_session
from octoplan.project import SANDBOX


@click.group(name="sandbox", short_help="The emulator of the API.")
def command() -> None:
    """The emulator of the API: serve it, look into its inbox, empty it."""


@command.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option("--port", default=8025, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--memory", "in_memory", is_flag=True, help="Remember nothing: no file is written.")
@click.option("--strict/--lenient", default=None, help="Refuse wrong data instead of mending it.")
@click.option("--without", "rules_off", multiple=True, metavar="RULE", help="Switch a rule off; repeatable.")
@click.option("--clock", metavar="MOMENT", help="The time at the start, such as 2026-12-01T10:00:00+01:00.")
@click.option("--credit", metavar="EUR", type=click.FloatRange(0), help="The credit of the account.")
@click.option("--prices", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE", help="As JSON.")
@click.option(
    "--keep-days", type=click.IntRange(0, 3660), metavar="DAYS", help="How long it keeps what it received; 0 for ever."
)
@click.option("--callback-url", metavar="URL", help="Where deliveries, STOPs and replies are posted.")
@click.option("--callback-format", type=click.Choice(["json", "form"]), help="How they are written.")
@common
@click.pass_obj
def serve(console: Console, /, *, host: str, port: int, in_memory: bool, **flags: Any) -> None:
    """Serve the API on http://HOST:PORT/v1/public, and what it received on http://HOST:PORT/.

    It needs no project: .octoplan/inbox.db is made in the present folder, or in the one named with -C.
    """
    if host not in LOCAL:
        console.talk(f"warning: listening on {host}: whoever reaches this address can read and change the inbox")
    flags["rules_off"] = flags["rules_off"] or None
    with open_storage(console.wanted.directory.resolve(), in_memory=in_memory) as storage:
        sandbox = start_sandbox(storage, console, flags)
        warn_of_people(sandbox, console)
        ready = lambda url: console.talk(f"Serving {url}/v1/public, inbox at {url}/")  # noqa: E731 - one sentence
        serve_sandbox(sandbox, host, port, ready)


@command.command()
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1), help="How many messages are listed.")
@click.option("--list", "listed", is_flag=True, help="List them here, also on a terminal.")
@common
@click.pass_obj
def inbox(console: Console, /, *, limit: int, listed: bool) -> None:
    """Open what the embedded sandbox received in a browser; in a pipe, list it, newest first.

    It holds whole addresses and texts.
    """
    project = open_session(console).project
    with open_storage(project.root) as storage:
        sandbox = start_sandbox(storage, console, {}, project.environment(SANDBOX).keep_days)
        if console.is_interactive and not listed and not console.wanted.json:
            serve_sandbox(sandbox, LOCAL[0], 0, lambda url: _open(console, url))
            return
        from octoplan.report import inbox as report  # noqa: PLC0415 - loaded when called
        from octoplan.sandbox.records import Query  # noqa: PLC0415

        messages = sandbox.messages(Query(newest=True, limit=limit))
        total = sandbox.count()
    if console.wanted.json:
        console.data(report.json_inbox(messages, total))
    else:
        console.lines(report.text_inbox(messages, total))


@command.command()
@common
@click.pass_obj
def reset(console: Console) -> None:
    """Forget what was sent in the sandbox: its inbox and its state. No other environment is touched."""
    from octoplan.state.home import Home, forget  # noqa: PLC0415 - loaded when called

    session = open_session(console)
    root, environment = session.project.root, session.project.environment(SANDBOX)
    forget(Home(root=root, environment=environment, secret=None, random_bytes=os.urandom))
    with open_storage(root) as storage:
        start_sandbox(storage, console, {}).reset()
    console.done("The sandbox is empty.")


def _open(console: Console, url: str) -> None:
    import webbrowser  # noqa: PLC0415 - only on a terminal

    opened = webbrowser.open(f"{url}/")
    console.talk(f"The inbox is {'open' if opened else 'served'} at {url}/, until Ctrl-C.")
