"""Bytes → a file that is there whole or not at all; and what CI calls the project's folder."""

from pathlib import Path

from octoplan.errors import OctoplanError


def write_whole(path: Path, content: bytes) -> None:
    """Make or replace a file; OctoplanError where it cannot be, and what was there before is there still."""
    part = _part(path)
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        raise OctoplanError(f"cannot write {path}: {_why(error)}") from error


def why_not_written(path: Path) -> str:
    """A file that is to be written later → why it cannot be, as far as that is known now; blank if nothing is."""
    try:
        with _part(path).open("ab"):
            pass
        _part(path).unlink()
    except OSError as error:
        return _why(error)
    return ""


def _part(path: Path) -> Path:
    return path.with_name(f"{path.name}.part")


def _why(error: OSError) -> str:
    return error.strerror or "no reason given"


def within_repository(directory: Path) -> str:
    """The project's folder → as CI calls it, which runs at the top of the repository; empty if that is the project."""
    whole, top = directory.resolve(), Path.cwd()
    return whole.relative_to(top).as_posix() if whole.is_relative_to(top) and whole != top else ""
