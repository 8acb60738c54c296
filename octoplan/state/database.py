"""A path → SQLite connections for a state: made whole or not at all, checked before use, SQLite's errors mapped.

The header of an SQLite file: https://sqlite.org/fileformat2.html#the_database_header (page size at 16, pages at 28).
"""

import errno
import os
import sqlite3
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from octoplan.errors import StateError
from octoplan.state.faults import RESTORE, Reason, unusable
from octoplan.state.formats import texts

_REASONS = {
    "FULL": Reason.FULL,
    "READONLY": Reason.READ_ONLY,
    "IOERR": Reason.DISK,
    "BUSY": Reason.BUSY,
    "CANTOPEN": Reason.CANNOT_OPEN,
    "PERM": Reason.DENIED,
}
_SYSTEM_REASONS = {errno.ENOSPC: Reason.FULL, errno.EROFS: Reason.READ_ONLY, errno.EIO: Reason.DISK}
_HEADER = 100


@contextmanager
def mapped() -> Iterator[None]:
    """SQLite's errors → StateError in our words, once, at this border."""
    try:
        yield
    except sqlite3.Error as error:
        # SQLITE_IOERR_WRITE, SQLITE_FULL, ...: the second word is the kind.
        reason = _REASONS.get(f"{getattr(error, 'sqlite_errorname', '')}_".split("_")[1])
        raise unusable(reason) from error
    except UnicodeDecodeError as error:  # what it says of a damaged schema quotes the damage
        raise unusable(None) from error


@contextmanager
def mapped_files(name: str) -> Iterator[None]:
    """The system's errors about a file or folder → StateError that says its `name` and the reason."""
    try:
        yield
    except OSError as error:
        why = _SYSTEM_REASONS.get(error.errno or 0, error.strerror) or "the system gives no reason"
        raise StateError(f"{name} cannot be used: {why}") from error


def check_file(path: Path) -> None:
    """Pass a file that may be a state; StateError if others may write to it, if it is cut off, or is something else."""
    with mapped_files(f"the state {path.name}"):
        _check_folder(path)
        path = path.resolve()  # log and lock lie beside the file itself, whatever links lead to it
        _check_folder(path)
        mode = path.stat().st_mode
        whole = _is_whole(path) or _is_whole(path)  # the log may have been emptied into it, or pages of it given up
    if mode & 0o022:
        raise StateError(f"others may write to {path.name}", hint=f"chmod 600 {path.name}")
    if not whole:
        raise StateError(f"{path.name} is truncated or no state", hint=RESTORE)


def _is_whole(path: Path) -> bool:
    """Whether a file is as long as its header says; with a write-ahead log its last pages may be in there alone.

    The size is looked at last: by then all is in the file that a log which is empty has held.
    """
    with path.open("rb") as file:
        header = file.read(_HEADER)
    pages, size = int.from_bytes(header[28:32], "big"), int.from_bytes(header[16:18], "big")
    logged = _size(path.with_name(f"{path.name}-wal")) > 0
    return header[:15] == b"SQLite format 3" and (
        logged or path.stat().st_size >= pages * (65536 if size == 1 else size)
    )


def _size(path: Path) -> int:
    """A file's bytes, 0 where there is none."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _check_folder(path: Path) -> None:
    """Pass a place where nobody else may put another file under this name: with the sticky bit, only its owner may."""
    mode = path.parent.stat().st_mode
    if mode & 0o022 and not mode & stat.S_ISVTX:
        raise StateError(f"others may write to the folder of {path.name}", hint="chmod go-w that folder, or move it")


def connect(path: Path, pragma: str) -> sqlite3.Connection:
    """An existing file → a connection without transactions of its own; with `pragma`, such as "query_only = ON"."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None, check_same_thread=False, timeout=30
    )
    try:
        connection.row_factory = sqlite3.Row
        for setting in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = OFF", pragma):
            connection.execute(f"PRAGMA {setting}")
    except (sqlite3.Error, UnicodeDecodeError):
        connection.close()
        raise
    return connection


def create(path: Path, meta: Mapping[str, str], fill: Callable[[sqlite3.Connection], None] = lambda _: None) -> None:
    """Make a state of mode 0600 that says `meta` of itself and holds what `fill` adds; StateError where it exists."""
    check_no_log(path)
    with _new_file(path, "a second init would forget what was sent") as draft, mapped():
        schema = "".join(texts())
        connection = connect(draft, "secure_delete = ON")
        try:
            connection.executescript(f"BEGIN; {schema}")
            connection.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
            fill(connection)
            connection.execute("COMMIT")
        finally:
            connection.close()


def check_no_log(path: Path) -> None:
    """Pass a place without the log of a state that lay there: SQLite would merge it into a new one, whatever it is."""
    log = path.with_name(f"{path.name}-wal")
    with mapped_files(log.name):
        left = not path.exists() and _size(log) > 0
    if left:
        raise StateError(
            f"{log.name} is left of a state that lay here: it would be merged into a new one",
            hint=f"nothing was done; put {path.name} back, whose last changes it holds, or move it away as well",
        )


def write_new(path: Path, text: str, *, hint: str) -> None:
    """Make a text file of mode 0600; StateError, with the hint, where it exists."""
    with _new_file(path, hint) as draft:
        draft.write_text(text, encoding="utf-8")


def replace_text(path: Path, text: str) -> None:
    """Make or replace a text file as a whole: a crash leaves the old or the new one, never half of it."""
    with mapped_files(path.name):
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(0o644)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink()
            raise


@contextmanager
def _new_file(path: Path, hint: str) -> Iterator[Path]:
    """A path → an empty file beside it, which gets that name after the block: it is there whole or not at all."""
    with mapped_files(path.name):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check_folder(path)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(descriptor)
    draft = Path(name)
    try:
        yield draft
        with mapped_files(path.name):
            _sync(draft)
            try:
                path.hardlink_to(draft)
            except FileExistsError:
                raise StateError(f"{path.name} exists already", hint=hint) from None
            _sync(path.parent)
    finally:
        draft.unlink()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
