"""A pattern such as `lists/**/*.csv` → the files that it matches: as `glob` finds them, which leaves out dot files.

But `glob` passes over folders that it may not look into, and so over those people whom their files would leave out.
"""

import errno
import os
import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

_MAGIC: Final = re.compile(r"[*?[]")
_ANY_DEPTH: Final = "**"
_NOTHING: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP})
"""What says that there is nothing; the last: a link that leads in a circle."""


def is_pattern(written: str) -> bool:
    """Whether what stands in `from` may match several files."""
    return _MAGIC.search(written) is not None


def matching(base: Path, pattern: str) -> list[str]:
    """A folder and a pattern relative to it → the files that it matches, by name.

    OSError, which names the folder, where one on the way cannot be read.
    """
    return sorted(set(_matching(base, "", pattern.split("/")))) if "\0" not in pattern else []


def _matching(base: Path, above: str, parts: Sequence[str]) -> Iterator[str]:
    """The folder where a name begins, and what of a pattern is to follow → the names that there are."""
    part, rest = parts[0], parts[1:]
    if not is_pattern(part):
        if rest:
            yield from _matching(base, f"{above}{part}/", rest)
        elif _is_there(base / f"{above}{part}"):
            yield f"{above}{part}"
        return
    if part == _ANY_DEPTH and rest:
        yield from _matching(base, above, rest)
    for name, is_folder in _entries(base / above, part):
        if is_folder and (rest or part == _ANY_DEPTH):
            yield from _matching(base, f"{above}{name}/", parts if part == _ANY_DEPTH else rest)
        elif not is_folder and not rest:
            yield f"{above}{name}"


def _entries(folder: Path, part: str) -> list[tuple[str, bool]]:
    """What one part of a pattern matches in a folder, and whether that is a folder itself; of none, nothing."""
    dots = part.startswith(".")
    try:
        with os.scandir(folder) as found:
            fitting = (one for one in found if fnmatchcase(one.name, part) and (dots or not one.name.startswith(".")))
            return [(one.name, _is_folder(one)) for one in fitting]
    except OSError as error:
        if error.errno in _NOTHING:
            return []
        raise


def _is_there(path: Path) -> bool:
    """Whether there is something of this name that is no folder; a link that leads nowhere is there."""
    try:
        path.lstat()
    except OSError as error:
        if error.errno in _NOTHING:
            return False
        raise
    return not path.is_dir()


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError as error:
        if error.errno in _NOTHING:
            return False
        raise
