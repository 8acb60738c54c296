"""The address of objects in a store → contact files; the only door to fsspec.

Parquet is read where it is, by DuckDB through fsspec's file system, and only the columns that are needed. Other
formats are read whole, more than once, so that they are copied into the table's own folder. Credentials are the
affair of each store's library, which finds them in its usual environment; DuckDB's own ways into the network stay
closed.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Any

from octoplan.table import files
from octoplan.table.connection import Table
from octoplan.table.dialect import Unreadable
from octoplan.table.files import ContactFile
from octoplan.table.quiet import hush

_CHUNK = 1 << 20
_MAGIC = frozenset("*[")
_EXTRAS = MappingProxyType({"s3": "s3", "gs": "gcs", "gcs": "gcs", "az": "azure", "abfs": "azure", "abfss": "azure"})


def bring(table: Table, address: str, form: str | None) -> Iterator[ContactFile]:
    """An address, perhaps a pattern, and what the objects are if their names do not say it → contact files."""
    protocol = address.partition("://")[0]
    store = _store(protocol)
    for name in _names(store, address):
        shown = f"{protocol}://{name}"
        try:
            kind, _ = files.format_of(Path(name if form is None else f"contacts.{form}"))
            yield _remote(table, store, shown) if kind == "parquet" else _copied(table, store, name, (shown, form))
        except Unreadable as error:
            error.shown = error.shown or shown
            raise


def _store(protocol: str) -> Any:
    hush()
    extra = f"pip install 'octoplan[{_EXTRAS.get(protocol, 's3')}]'"
    try:
        import fsspec  # noqa: PLC0415 - an extra, and only where objects are read

        return fsspec.filesystem(protocol)
    except (ImportError, ValueError):
        raise Unreadable("source/extra", f"reading {protocol}:// needs a library", extra) from None
    except Exception:  # noqa: BLE001 - each store's library has its own, and may quote a secret
        raise _unreached() from None


def _names(store: Any, address: str) -> list[str]:
    """An address → the objects, in order of their names; Unreadable where there is none."""
    path = store._strip_protocol(address)  # noqa: SLF001 - what every file system of fsspec offers for this
    if not _MAGIC & set(address) or _exists(store, address):
        return [path]
    try:
        found = sorted(store.glob(path))
    except Exception:  # noqa: BLE001 - as above
        raise _unreached() from None
    if not found:
        raise Unreadable("file/missing", "no object matches", "is the bucket right, and the pattern?")
    return found


def _unreached() -> Unreadable:
    hint = "credentials and region come from the environment of the store's own library"
    return Unreadable("source/store", "the store cannot be read", hint)


def _remote(table: Table, store: Any, address: str) -> ContactFile:
    if not _exists(store, address):
        raise Unreadable("file/missing", "there is no such object", "is the bucket right, and the key?")
    table.reach(store)
    return files.inspect_remote(table, address)


def _exists(store: Any, address: str) -> bool:
    try:
        return bool(store.exists(address))
    except Exception:  # noqa: BLE001 - as above
        raise _unreached() from None


def _copied(table: Table, store: Any, name: str, called: tuple[str, str | None]) -> ContactFile:
    shown, form = called
    ending = form or "".join(Path(name).suffixes[-2:])
    try:
        with store.open(name, "rb") as stream:
            path = spool(table, stream.read, f"object.{ending.removeprefix('.')}")
    except FileNotFoundError:
        raise Unreadable("file/missing", "there is no such object", "is the bucket right, and the key?") from None
    except Exception:  # noqa: BLE001 - as above
        raise _unreached() from None
    return files.inspect(table, path, shown, form)


def spool(table: Table, read: Callable[[int], bytes], name: str) -> Path:
    """What gives bytes → a file in the table's own folder, which only its owner can read and which goes with it."""
    path = table.folder / f"{table.name('spool')}-{name}"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while chunk := read(_CHUNK):
            file.write(chunk)
    return path
