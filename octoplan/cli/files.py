"""Bytes → a file that is there whole or not at all; and what CI calls the project's folder."""

from pathlib import Path

from octoplan.errors import OctoplanError


def write_whole(path: Path, content: bytes) -> None:
    """Make or replace a file; OctoplanError where it cannot be, and what was there before is there still."""
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        raise OctoplanError(f"cannot write {path}: {error.strerror or 'no reason given'}") from error


def within_repository(directory: Path) -> str:
    """The project's folder → as CI calls it, which runs at the top of the repository; empty if that is the project."""
    whole, top = directory.resolve(), Path.cwd()
    return whole.relative_to(top).as_posix() if whole.is_relative_to(top) and whole != top else ""
