"""`octoplan status`: what was sent, is open, is unknown, and what it cost."""

import click

from octoplan.cli.console import Console
from octoplan.cli.options import common
from octoplan.cli.session import open_session


@click.command(name="status", short_help="Show what was sent, is open, is unknown.")
@common
@click.pass_obj
def command(console: Console) -> None:
    """Show what was sent, is open, is unknown, and what it cost."""
    from octoplan.report import as_json, text  # noqa: PLC0415 - loaded when called
    from octoplan.report.survey import Survey, survey  # noqa: PLC0415

    session = open_session(console)
    name = session.environment.name
    if session.has_state:
        with session.state() as state:
            found = survey(name, state.store)
    else:
        found = Survey(environment=name, lineage="")
    now = console.clock.now()
    if console.wanted.json:
        console.data(as_json.status(found, now))
    elif console.out.isatty():
        from octoplan.report import terminal  # noqa: PLC0415 - rich, only for people

        terminal.show_status(found, now, console.out, coloured=console.is_colored(console.out))
    else:
        console.lines(text.status(found, now))
