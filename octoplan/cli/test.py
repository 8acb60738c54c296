"""`octoplan test`: the tests of campaigns, and their words with made-up rows."""

from pathlib import Path
from typing import Any

import click

from octoplan.cli.console import Console
from octoplan.cli.files import within_repository
from octoplan.cli.options import agreed, common
from octoplan.cli.session import open_session
from octoplan.errors import UsageError


@click.command(name="test", short_help="Run the tests of campaigns.")
@click.argument("campaigns", nargs=-1, metavar="[CAMPAIGN]...")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "junit"]),
    default="text",
    show_default=True,
    help="How to say it on stdout.",
)
@click.option(
    "--to",
    "seeds",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Send the real content to own staff, who stand in FILE.",
)
@click.option("--row", "rows", type=click.IntRange(1), multiple=True, help="Whose message --to sends.  [default: 1]")
@click.option("--yes", "--auto-approve", is_flag=True, help="Do not ask before --to sends.")
@common
@click.pass_obj
def command(console: Console, /, campaigns: tuple[str, ...], form: str, **sending: Any) -> None:
    """Run the tests of campaigns, and try their words with made-up rows. No contact file is read.

    With --to FILE, send the real content of one campaign to own staff instead, once, as an apply would.
    """
    console.wanted.json = agreed(console, form) == "json"
    if sending["seeds"] is not None:
        if len(campaigns) != 1:
            raise UsageError("--to sends the content of one campaign", hint="name it: octoplan test CAMPAIGN --to FILE")
        if form == "junit":
            raise UsageError("--format junit tells of the tests of campaigns", hint="leave it out, or --to")
        from octoplan.cli.test_send import send_test  # noqa: PLC0415 - loads all that sends

        send_test(console, campaigns[0], sending["seeds"], sending["rows"], yes=sending["yes"])
        return
    if sending["rows"] or sending["yes"]:
        raise UsageError("--row and --yes are for a test send", hint="add --to FILE")
    _run(console, campaigns, form)


def _run(console: Console, campaigns: tuple[str, ...], form: str) -> None:
    from octoplan.pipeline.trying import try_all  # noqa: PLC0415 - loaded when called
    from octoplan.report import found, tried  # noqa: PLC0415

    session = open_session(console)
    made = try_all(session.campaigns(campaigns))
    problems = tuple(problem for one in made for problem in one.problems)
    if console.wanted.json:
        console.data(tried.json_tried(made))
    elif form == "junit":
        console.document(tried.junit_tried(made, within_repository(console.wanted.directory)))
        console.talk_lines(tried.text_tried(made)[-1:])
    else:
        console.lines(tried.text_tried(made))
    if problems:
        console.exit_code = 3
        if not console.wanted.json:
            console.talk_lines(found.problems(problems))
