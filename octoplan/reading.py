"""Path in, the text of a file out: UTF-8, at most 4 MiB, without invisible characters; or what folders hold."""

import errno
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from octoplan.errors import Place, Problem, ProjectInvalid

MAX_BYTES: Final = 4 * 1024 * 1024
LINE_BREAK: Final = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
# What a stream may not hold (YAML 1.1, section 5.1); surrogates never come out of UTF-8.
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")


def read_text(path: Path, shown: str) -> str:
    """Path of a text file, and how people see it, in; its text out. Raises ProjectInvalid where it cannot be read."""
    try:
        if not path.is_file():
            raise refuse(Place(file=shown), "file/missing", "there is no such file")
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, RuntimeError):  # the latter: links in a circle
        raise refuse(Place(file=shown), "file/unreadable", "the file cannot be read") from None
    if len(content) > MAX_BYTES:
        raise refuse(Place(file=shown), "file/too-large", "larger than 4 MiB", "keep people in an audience file")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = Place(file=shown, line=content.count(b"\n", 0, error.start) + 1)
        raise refuse(place, "file/not-utf-8", "the file is not UTF-8", "save it as UTF-8") from None
    if wrong := _FORBIDDEN.search(text):
        *above, line = LINE_BREAK.split(text[: wrong.start() + 1])
        place = Place(file=shown, line=len(above) + 1, column=len(line))
        raise refuse(place, "yaml/character", f"an invisible character, U+{ord(wrong[0]):04X}: delete it")
    return text


def is_file(path: Path) -> bool:
    """Whether a path leads to a file; one that none can have does not, nor does one that may not be followed."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def walk(folder: Path, shown: Callable[[Path], str]) -> Iterator[tuple[Path, list[str], list[str]]]:
    """A folder in; it and all below out, as `os.walk` has them, nothing where there is none.

    Raises ProjectInvalid for one that cannot be read: what it holds is not known. `shown`: how people see a path.
    """

    def refuse_folder(error: OSError) -> None:
        if error.errno not in (errno.ENOENT, errno.ENOTDIR):
            raise refuse(Place(file=shown(Path(error.filename))), "file/unreadable", "the folder cannot be read")

    for parent, folders, files in os.walk(folder, onerror=refuse_folder):
        yield Path(parent), folders, files


def refuse(place: Place, rule: str, message: str, hint: str = "") -> ProjectInvalid:
    """Where, which rule, what and how to mend it → the exception that says so, to be raised."""
    return ProjectInvalid(Problem(place=place, rule=rule, message=message, hint=hint))
