"""`octoplan init`: a project that works, with an example for each channel and what continuous integration needs."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

import click

from octoplan import schema
from octoplan.cli.console import Console
from octoplan.cli.options import common
from octoplan.errors import OctoplanError

_SCHEMAS: Final = ("campaign", "octoplan", "segment")
_ACTION: Final = ".github/actions/octoplan/action.yml"
_SHOWN: Final = 3


@click.command(name="init", short_help="Make a project: an example for each channel, CI files, editor settings.")
@click.argument("folder", required=False, default=Path(), type=click.Path(path_type=Path))
@click.option(
    "--ci",
    type=click.Choice(["github", "gitlab", "none"]),
    default="github",
    show_default=True,
    help="Which continuous integration it gets files for.",
)
@common
@click.pass_obj
def command(console: Console, folder: Path, ci: str) -> None:
    """Make a project: an example for each channel, CI files, editor settings. In FOLDER, or here.

    No file is overwritten: if one of them is there already, nothing is written.
    """
    root = console.wanted.directory / folder
    files = starter(ci)
    _check_free(root, files)
    _write(root, files)
    name = root.resolve().name
    console.done(f"Made a project in {name}: {len(files)} files.", files=sorted(files))
    for said in _next_steps(root, ci):
        console.talk(said)


def starter(ci: str) -> Mapping[str, bytes]:
    """`github`, `gitlab` or `none` → what a new project consists of: path → content."""
    package = resources.files("octoplan") / "starter"
    files = dict(_walk(package / "project"))
    for name in _SCHEMAS:
        files[f"schemas/{name}.schema.json"] = schema.schema_text(name).encode()
    if ci != "none":
        files |= dict(_walk(package / ci))
    if ci == "github":
        files[_ACTION] = _action()
    return files


def _walk(folder: Traversable, above: str = "") -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _walk(entry, f"{above}{entry.name}/")
        else:
            yield f"{above}{entry.name}", entry.read_bytes()


def _action() -> bytes:
    """The composite action: from the wheel, or beside the package in a checkout, where others use it from."""
    package = Path(schema.__file__).parent
    installed = package / "_action.yml"
    return (installed if installed.is_file() else package.parent / "action.yml").read_bytes()


def _check_free(root: Path, files: Mapping[str, bytes]) -> None:
    """OctoplanError that names what is in the way: a file that would be overwritten, or one where a folder must be."""
    there = [name for name in sorted(files) if (root / name).exists() or (root / name).is_symlink()]
    folders = {parent for name in files for parent in (root / name).parents if parent.is_relative_to(root)}
    taken = [*there, *sorted(_shown(root, each) for each in folders if each.exists() and not each.is_dir())]
    if taken:
        more = f" and {len(taken) - _SHOWN} more" if len(taken) > _SHOWN else ""
        raise OctoplanError(
            f"there is already {', '.join(taken[:_SHOWN])}{more}; nothing was written",
            hint="name an empty folder: octoplan init FOLDER",
        )


def _write(root: Path, files: Mapping[str, bytes]) -> None:
    """Write all files, or leave none of them behind."""
    written: list[Path] = []
    try:
        for name, content in sorted(files.items()):
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                written.append(path)
                file.write(content)
    except OSError as error:
        with suppress(OSError):
            for path in written:
                path.unlink()
        raise OctoplanError(
            f"cannot write {_shown(root, Path(error.filename or root))}: {error.strerror or 'no reason given'}",
            hint="no file was left behind",
        ) from error


def _next_steps(root: Path, ci: str) -> Iterator[str]:
    there = "" if root == Path() else f" -C {root}"
    yield f"Try it, nothing leaves this machine: octoplan{there} validate, plan, apply, then sandbox inbox."
    if ci != "none":
        yield "Before anything real is sent, give CI what its files ask for: environments, roles, secrets."
    top = next((each for each in root.resolve().parents if (each / ".git").exists()), None)
    if ci != "none" and top is not None and not (root / ".git").exists():
        yield f"The repository begins above, in {top.name}: CI reads its files there. Move them, and set their folder."


def _shown(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) and path != root else path.name
