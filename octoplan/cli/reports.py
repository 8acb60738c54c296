"""`--report FILE` of a plan or an apply: what it came to, in the format that the file's name ends with."""

import importlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click

from octoplan.cli.files import why_not_written, write_whole
from octoplan.errors import UsageError

Formats = Mapping[str, tuple[str, str]]
"""The end of a name → module and function that write it."""

PLAN: Final[Formats] = {
    ".gitlab.json": ("octoplan.report.as_json", "changes"),
    ".txt": ("octoplan.report.text", "plan"),
    ".json": ("octoplan.report.as_json", "plan"),
    ".md": ("octoplan.report.markdown", "plan"),
    ".html": ("octoplan.report.html", "plan"),
}
APPLIED: Final[Formats] = {
    ".txt": ("octoplan.report.applied", "text_applied"),
    ".json": ("octoplan.report.applied", "json_applied"),
    ".md": ("octoplan.report.markdown", "applied"),
    ".html": ("octoplan.report.html", "applied"),
}


def report(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the option."""
    return click.option(
        "--report",
        "reports",
        multiple=True,
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Write it to FILE too, which ends with .txt, .json, .md or .html.",
    )(command)


def check(paths: Sequence[Path], formats: Formats) -> None:
    """UsageError for a file of another kind, or where no file can be: nobody should learn of that after sending."""
    for path in paths:
        if _end(path, formats) is None:
            raise UsageError(
                f"--report {path.name} ends with none of {', '.join(formats)}",
                hint="the end of the name says the format",
            )
        if not path.parent.is_dir():
            raise UsageError(f"--report {path.name}: its folder does not exist", hint="make it first")
        if why := why_not_written(path):
            raise UsageError(f"--report {path.name} cannot be written: {why}", hint="name another file")


def write(paths: Sequence[Path], formats: Formats, found: object) -> None:
    """A plan or an Outcome → a file in the format of its name, for each path, each whole or not at all.

    OctoplanError for the first that cannot be written.
    """
    for path in paths:
        module, name = formats[_end(path, formats) or ""]
        made = getattr(importlib.import_module(module), name)(found)
        said = made if isinstance(made, str) else "\n".join(line.text for line in made)
        write_whole(path, f"{said}\n".encode())


def _end(path: Path, formats: Formats) -> str | None:
    return next((end for end in formats if path.name.endswith(end)), None)
