"""A path → an open SQLite connection in the sandbox's own format: private, durable, and never of a later version."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from octoplan.sandbox.errors import NewerFormat, StorageError

FORMAT = 1
_APPLICATION = 0x6F63_7362
"""Marks the file as a sandbox's, so that another program's database is refused instead of written into."""
_PATIENCE = 30.0
_TABLES = (
    """CREATE TABLE requests (
        id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, endpoint TEXT NOT NULL, body BLOB NOT NULL,
        status INTEGER NOT NULL, code INTEGER, answer BLOB NOT NULL, ticket TEXT, channel TEXT NOT NULL,
        list_name TEXT NOT NULL, simulated INTEGER NOT NULL, forgiven TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE deliveries (
        request INTEGER PRIMARY KEY REFERENCES requests (id), text TEXT NOT NULL, sender TEXT NOT NULL,
        purpose TEXT NOT NULL, send_at TEXT NOT NULL, parts INTEGER NOT NULL, options TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE messages (
        id INTEGER PRIMARY KEY, request INTEGER NOT NULL REFERENCES deliveries (request), address TEXT NOT NULL
    ) STRICT""",
    "CREATE TABLE request_ids (request_id TEXT PRIMARY KEY, at TEXT NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE account (credit TEXT NOT NULL) STRICT",
    "CREATE INDEX requests_by_ticket ON requests (ticket)",
    "CREATE INDEX messages_by_request ON messages (request)",
    "CREATE INDEX messages_by_address ON messages (address)",
)


def open_database(path: Path | None) -> sqlite3.Connection:
    """Open the file, made if missing (0600, its folder 0700), or memory for None; StorageError if it cannot be used."""
    if path is not None:
        _make_private(path)
    try:
        connection = sqlite3.connect(
            path or ":memory:", timeout=_PATIENCE, isolation_level=None, check_same_thread=False, cached_statements=64
        )
    except sqlite3.Error:
        raise StorageError(f"{path}: the sandbox's file cannot be opened") from None
    try:
        with _alone(path):
            _prepare(connection, path)
    except sqlite3.Error:
        connection.close()
        raise StorageError(
            f"{path}: not a file of the sandbox, or damaged", hint="move it away to start anew"
        ) from None
    except BaseException:
        connection.close()
        raise
    return connection


def _make_private(path: Path) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | getattr(os, "O_NOFOLLOW", 0), 0o600))
        path.chmod(0o600)  # a file that was there already; SQLite gives its own side files the same mode
    except OSError:
        raise StorageError(f"{path}: the sandbox's file cannot be made or opened") from None


@contextmanager
def _alone(path: Path | None) -> Iterator[None]:
    """Keep others out while a file is prepared: SQLite does not wait for anybody when it turns to write-ahead logging.

    The folder is locked and not the file, since to close a file of SQLite's would drop SQLite's own locks on it.
    """
    if path is None:
        yield
        return
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _prepare(connection: sqlite3.Connection, path: Path | None) -> None:
    connection.execute("BEGIN IMMEDIATE")  # two processes that start at once: the second one finds the tables made
    try:
        _check_format(connection, path)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = OFF")  # deliveries and messages are only ever written together


def _check_format(connection: sqlite3.Connection, path: Path | None) -> None:
    application = _ask(connection, "PRAGMA application_id")
    found = _ask(connection, "PRAGMA user_version")
    if application == _APPLICATION and found > FORMAT:
        raise NewerFormat(
            f"{path}: written by a newer octoplan (format {found}, this one reads {FORMAT})",
            hint="update octoplan, or use another file",
        )
    if application == _APPLICATION and found == FORMAT:
        return
    if application or found or _ask(connection, "SELECT count(*) FROM sqlite_master"):
        raise StorageError(f"{path}: a database of another program", hint="use another file for the sandbox")
    for statement in _TABLES:
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {_APPLICATION}")
    connection.execute(f"PRAGMA user_version = {FORMAT}")


def _ask(connection: sqlite3.Connection, statement: str) -> int:
    (value,) = connection.execute(statement).fetchone()
    return int(value)
