"""`octoplan validate`: everything that needs no network."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from octoplan.cli.console import Console
from octoplan.cli.files import within_repository
from octoplan.cli.options import agreed, common, target
from octoplan.cli.rejects import open_rejects, rejects
from octoplan.cli.session import open_session
from octoplan.errors import Problem, ProjectInvalid

if TYPE_CHECKING:
    from octoplan.pipeline.checking import Checked


@click.command(name="validate", short_help="Check everything that needs no network.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github", "gitlab", "sarif", "junit"]),
    default="text",
    show_default=True,
    help="How to say it on stdout: annotations of GitHub, a report for GitLab, SARIF or JUnit.",
)
@click.option("--strict", is_flag=True, help="Take warnings for errors: exit 3 where there are any.")
@rejects
@target
@common
@click.pass_obj
def command(console: Console, form: str, targets: tuple[str, ...], rejects: Path | None, *, strict: bool) -> None:
    """Check everything that needs no network: YAML, schema, templates, audience, parts."""
    from octoplan.report import found  # noqa: PLC0415 - loaded when called

    console.wanted.json = agreed(console, form) == "json"
    try:
        campaigns, checked = _check(console, targets, rejects, strict=strict)
    except ProjectInvalid as invalid:
        told = ProjectInvalid(*(replace(one, severity="error") for one in invalid.problems)) if strict else invalid
        _annotate(console, form, told.problems, ())
        raise told from None
    _annotate(console, form, checked.warnings, campaigns)
    if console.wanted.json:
        console.data(found.json_validated(len(campaigns), checked.people, checked.warnings))
        return
    console.talk_lines(found.warnings(checked.warnings))
    say = console.lines if form == "text" else console.talk_lines
    say(found.validated(len(campaigns), checked.people))


def _check(
    console: Console, targets: tuple[str, ...], rejects: Path | None, *, strict: bool
) -> tuple[list[str], "Checked"]:
    """The names of the campaigns, and what was found; ProjectInvalid with all Problems, `strict`: with warnings."""
    from octoplan.pipeline.checking import Means, check  # noqa: PLC0415 - loaded when called

    session = open_session(console)
    campaigns = session.campaigns(targets)
    session.check_segments(targets)
    table = partial(session.table, keeps_rows=rejects is not None)
    with console.progress() as say, open_rejects(console, rejects) as taker:
        say("checking campaigns")
        means = Means(open_table=table, rejects=taker, cores=session.cores)
        checked = check(session.project, campaigns, means, console.clock.now())
    if strict and checked.warnings:
        raise ProjectInvalid(*checked.warnings)
    return [campaign.name for campaign in campaigns], checked


def _annotate(console: Console, form: str, problems: Sequence[Problem], valid: Sequence[str]) -> None:
    """What was found → stdout as well, where CI is to read it; `valid`: the campaigns of a valid project."""
    if form in ("text", "json"):
        return
    from octoplan.report import annotations  # noqa: PLC0415 - loaded when called

    if said := annotations.annotate(form, problems, within_repository(console.wanted.directory), valid):
        console.document(said)
