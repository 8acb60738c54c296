"""A path → an open SQLite connection in the sandbox's own format: private, durable, and never of a later version."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from octoplan.sandbox.errors import NewerFormat, StorageError

FORMAT = 3
_APPLICATION = 0x6F63_7362
"""Marks the file as a sandbox's, so that another program's database is refused instead of written into."""
_PATIENCE = 30.0
_FIRST_TABLES = (
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
_SECOND_TABLES = (
    "ALTER TABLE requests ADD COLUMN contacts INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE deliveries ADD COLUMN contacts INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE deliveries ADD COLUMN units INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE deliveries ADD COLUMN cost TEXT NOT NULL DEFAULT '0'",
    "ALTER TABLE deliveries ADD COLUMN due TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE deliveries ADD COLUMN canceled TEXT",
    "ALTER TABLE messages ADD COLUMN text TEXT",
    "ALTER TABLE messages ADD COLUMN parts INTEGER",
    "CREATE TABLE settings (stored TEXT NOT NULL) STRICT",
    "CREATE TABLE blacklist (address TEXT PRIMARY KEY) STRICT, WITHOUT ROWID",
    """CREATE TABLE callbacks (
        id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, ticket TEXT NOT NULL, message INTEGER,
        due TEXT NOT NULL, url TEXT NOT NULL, format TEXT NOT NULL, body BLOB NOT NULL,
        state TEXT NOT NULL, status INTEGER, error TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX deliveries_by_due ON deliveries (due)",
    "CREATE INDEX callbacks_by_message ON callbacks (message)",
    "CREATE INDEX callbacks_waiting ON callbacks (due) WHERE state = 'waiting'",
    # what a file of the first format knows already; costs were not kept but in the answers
    """UPDATE deliveries SET contacts = (SELECT count(*) FROM messages AS m WHERE m.request = deliveries.request)""",
    """UPDATE deliveries SET units = parts * deliveries.contacts, due = r.at,
        cost = CAST(coalesce(json_extract(CAST(r.answer AS TEXT), '$.total_cost'), 0) AS TEXT)
        FROM requests AS r WHERE r.id = deliveries.request""",
    "UPDATE requests SET contacts = d.contacts FROM deliveries AS d WHERE d.request = requests.id",
)
_THIRD_TABLES = (
    "ALTER TABLE requests ADD COLUMN arrived TEXT NOT NULL DEFAULT ''",
    # what is there already is as old as the file's new format: it is kept as long as what comes in today
    "UPDATE requests SET arrived = strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000+00:00'",
)
_STEPS = (_FIRST_TABLES, _SECOND_TABLES, _THIRD_TABLES)
"""What makes each format of the one before; a new file goes through all of them."""


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


def open_reader(path: Path) -> sqlite3.Connection:
    """Open the file a second time, to read while others write; StorageError if it cannot be opened."""
    try:
        connection = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA query_only = ON")
    except sqlite3.Error:
        raise StorageError(f"{path}: the sandbox's file cannot be opened") from None
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
        if connection.in_transaction:  # Ctrl-C may come when it has ended already
            connection.execute("ROLLBACK")
        raise
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")  # what is removed is personal data
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
    own = application == _APPLICATION and found
    if not own and (application or found or _ask(connection, "SELECT count(*) FROM sqlite_master")):
        raise StorageError(f"{path}: a database of another program", hint="use another file for the sandbox")
    for statements in _STEPS[found:]:
        for statement in statements:
            connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {_APPLICATION}")
    connection.execute(f"PRAGMA user_version = {FORMAT}")


def _ask(connection: sqlite3.Connection, statement: str) -> int:
    (value,) = connection.execute(statement).fetchone()
    return int(value)
