"""The flags that every command takes, before or after its name."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from octoplan.cli.console import Console
from octoplan.errors import UsageError

Command = TypeVar("Command", bound=Callable[..., Any])


def common(command: Command) -> Command:
    """A command → the same with -C, --env, --json, --no-color and -v; what is given is kept in the Console."""

    @wraps(command)
    def keeping(*args: Any, **options: Any) -> Any:
        context = click.get_current_context()
        console = context.find_object(Console)
        if console is not None:
            for name in ("directory", "environment", "json", "no_color", "verbose"):
                value = options.pop(name, None)
                if value:
                    setattr(console.wanted, name, value)
        return command(*args, **options)

    decorated: Any = keeping
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    result: Command = decorated
    return result


_OPTIONS = (
    click.option(
        "-C",
        "directory",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        metavar="DIR",
        help="The project's folder.  [default: .]",
    ),
    click.option("--env", "environment", metavar="NAME", help="The environment.  [default: sandbox]"),
    click.option("--json", "json", is_flag=True, help="Data for programs on stdout."),
    click.option("--no-color", "no_color", is_flag=True, help="No colour."),
    click.option("-v", "--verbose", "verbose", is_flag=True, help="Say more on stderr."),
)


def agreed(console: Console, form: str) -> str:
    """What `--format` says → the form that is wanted, of which --json is one; UsageError where they name two."""
    if console.wanted.json and form not in ("text", "json"):
        raise UsageError(f"--json and --format {form} are two forms of one answer", hint="leave one of them out")
    return "json" if console.wanted.json else form


accept = click.option(
    "--accept",
    "accepted",
    multiple=True,
    metavar="WHAT=NUMBER",
    help="Let this number pass its limit, such as recipients=48211; repeatable.",
)
target = click.option("--target", "targets", multiple=True, metavar="CAMPAIGN", help="Only this campaign; repeatable.")
