"""`octoplan sandbox`: the emulator of the API, as a server; its inbox; a fresh start."""

import os

import click

from octoplan.cli.console import Console
from octoplan.cli.options import common
from octoplan.cli.session import open_sandbox, open_session
from octoplan.errors import GatewayError
from octoplan.project import SANDBOX


@click.group(name="sandbox", short_help="The emulator of the API.")
def command() -> None:
    """The emulator of the API: serve it, look into its inbox, empty it."""


@command.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option("--port", default=8025, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@common
@click.pass_obj
def serve(console: Console, host: str, port: int) -> None:
    """Serve the API on http://HOST:PORT/v1/public, and what it received on http://HOST:PORT/."""
    from octoplan.sandbox.app import build_app  # noqa: PLC0415 - starlette, only to serve
    from octoplan.sandbox.errors import SandboxError  # noqa: PLC0415
    from octoplan.sandbox.serve import serve as serve_app  # noqa: PLC0415

    root = open_session(console).project.root
    local = host in ("127.0.0.1", "localhost", "::1")
    if not local:
        console.talk(f"warning: listening on {host}: whoever reaches this address can read the inbox")
    with open_sandbox(root, console) as sandbox:
        app = build_app(sandbox) if local else build_app(sandbox, hosts=None)
        try:
            serve_app(app, host, port, ready=lambda url: console.talk(f"Serving {url}/v1/public, inbox at {url}/"))
        except SandboxError as error:
            raise GatewayError(error.what, hint=error.hint) from error


@command.command()
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1), help="How many messages.")
@common
@click.pass_obj
def inbox(console: Console, limit: int) -> None:
    """Show what the embedded sandbox received, newest first. It holds whole addresses and texts."""
    from octoplan.report import inbox as report  # noqa: PLC0415 - loaded when called
    from octoplan.sandbox.records import Query  # noqa: PLC0415

    with open_sandbox(open_session(console).project.root, console) as sandbox:
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
    with open_sandbox(root, console) as sandbox:
        sandbox.reset()
    console.done("The sandbox is empty.")
