"""`octoplan validate`: everything that needs no network."""

from functools import partial
from pathlib import Path

import click

from octoplan.cli.console import Console
from octoplan.cli.options import common, target
from octoplan.cli.rejects import open_rejects, rejects
from octoplan.cli.session import open_session


@click.command(name="validate", short_help="Check everything that needs no network.")
@rejects
@target
@common
@click.pass_obj
def command(console: Console, targets: tuple[str, ...], rejects: Path | None) -> None:
    """Check everything that needs no network: YAML, schema, templates, audience, parts."""
    from octoplan.pipeline.checking import Means, check  # noqa: PLC0415 - loaded when called
    from octoplan.report import found  # noqa: PLC0415

    session = open_session(console)
    campaigns = session.campaigns(targets)
    session.check_segments(targets)
    table = partial(session.table, keeps_rows=rejects is not None)
    with console.progress() as say, open_rejects(console, rejects) as taker:
        say("checking campaigns")
        means = Means(open_table=table, rejects=taker, cores=session.cores)
        people = check(session.project, campaigns, means, console.clock.now())
    if console.wanted.json:
        console.data(found.json_validated(len(campaigns), people))
    else:
        console.lines(found.validated(len(campaigns), people))
