"""Bytes → a file that is there whole or not at all."""

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
