"""A state of the latest format → the same as an octoplan of the first format had left it."""

import sqlite3
from contextlib import closing

from octoplan.state import formats
from octoplan.state.address import parse
from octoplan.state.server import connect
from tests.state.conftest import Bench

FIRST = (
    "DROP INDEX frames_ticket",
    *(f"ALTER TABLE frames DROP COLUMN {name}" for name in ("opens", "wave", "arm", "due")),
    *(f"DROP TABLE {name}" for name in formats.NEW),
    "UPDATE meta SET value = '1' WHERE name = 'format'",
)


def age(bench: Bench) -> None:
    """Take away what the first format did not have."""
    bench.close()
    change(bench, *FIRST)


def change(bench: Bench, *statements: str) -> None:
    """Change a state as nothing of ours would."""
    url = bench.folder / "url"
    if url.exists():
        with connect(parse(url.read_text(encoding="utf-8")), writable=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())
        return
    with closing(sqlite3.connect(bench.folder / "state.db", isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def shape(bench: Bench) -> set[tuple[str, str]]:
    """Every column of every table, as the database lists them."""
    url = bench.folder / "url"
    if url.exists():
        with connect(parse(url.read_text(encoding="utf-8")), writable=False) as connection:
            listed = connection.execute(
                """SELECT table_name AS t, concat_ws(' ', column_name, data_type, is_nullable, column_default) AS c
                   FROM information_schema.columns WHERE table_schema = current_schema()"""
            ).fetchall()
            return {(row["t"], row["c"]) for row in listed}
    with closing(sqlite3.connect(bench.folder / "state.db")) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {(table, repr(row[1:])) for table in tables for row in connection.execute(f"PRAGMA table_info({table})")}
