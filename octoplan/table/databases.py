"""A database's address and a query → rows in a table, in a session that can only read; the only door to SQLAlchemy.

PostgreSQL promises it for the session and the transaction, and takes the query as a cursor: one statement that
returns rows. SQLite opens the file for reading, and asks of every action whether it reads. Of others nothing is
promised here, so they are refused. Whatever a driver says stays unsaid, since it may quote the address or a row: its
SQLSTATE is enough.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from octoplan.table.connection import Table
from octoplan.table.quiet import hush
from octoplan.table.quoting import quoted
from octoplan.table.values import Column

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

_BATCH = 10_000
_LONGEST = 1 << 20
_CONNECT_SECONDS = 15
# Action codes of https://www.sqlite.org/c3ref/c_alter_table.html: read, select, transaction, function, recursive.
_READING = frozenset({20, 21, 22, 31, 33})
_ONLY_READ = "only reading is possible here: one SELECT, which changes nothing"


class Refused(Exception):  # noqa: N818 - it says what is the case
    """What a database, or we, refused: `rule`, `message`, `hint` in our words; `about_address`, or else the query."""

    def __init__(self, rule: str, message: str, hint: str = "", *, about_address: bool = False) -> None:
        super().__init__(message)
        self.rule, self.message, self.hint, self.about_address = rule, message, hint, about_address


def read_query(path: Path) -> str:
    """A file → the query in it; Refused where it is none."""
    try:
        text = path.read_bytes()[: _LONGEST + 1].decode("utf-8-sig").strip().removesuffix(";")
    except (OSError, UnicodeDecodeError):
        raise Refused("source/query", "the query cannot be read", "one SELECT, in UTF-8") from None
    if not text.strip() or len(text) > _LONGEST:
        raise Refused("source/query", "the file holds no query", "one SELECT, at most 1 MiB")
    return text


def fetch(table: Table, address: str, query: str, into: str) -> None:
    """An address as SQLAlchemy writes it, and one SELECT → all its rows in the new table `into`, a batch at a time."""
    engine = _engine(address)
    try:
        with _mapped(engine), engine.connect() as connection, _reading(connection, query) as result:
            _fill(table, into, list(result.keys()), result.partitions(_BATCH))
    finally:
        engine.dispose()


def _engine(address: str) -> "Engine":
    """An address → an engine whose sessions only read."""
    try:
        import sqlalchemy  # noqa: PLC0415 - an extra, and only where a database is asked
    except ImportError:
        hint = "pip install 'octoplan[database]'"
        raise Refused("source/extra", "databases need SQLAlchemy", hint, about_address=True) from None
    hush()
    try:
        url = sqlalchemy.make_url(address)
    except sqlalchemy.exc.ArgumentError:
        hint = "as in postgresql://user@host/database or sqlite:////folder/file.db"
        raise Refused("source/address", "the address is no database's", hint, about_address=True) from None
    kinds = {"postgresql": _postgresql, "postgres": _postgresql, "sqlite": _sqlite}
    kind = kinds.get(url.drivername.partition("+")[0])
    if kind is None:
        hint = "PostgreSQL and SQLite are; of others, write the rows to a file first"
        raise Refused("source/address", "this kind of database is not read", hint, about_address=True)
    try:
        return kind(url)
    except (ImportError, sqlalchemy.exc.SQLAlchemyError):
        hint = "pip install 'octoplan[database]' brings what SQLite and PostgreSQL need"
        raise Refused("source/extra", "the database's driver is missing", hint, about_address=True) from None


def _postgresql(url: "URL") -> "Engine":
    from sqlalchemy import create_engine, event  # noqa: PLC0415 - as above
    from sqlalchemy.pool import NullPool  # noqa: PLC0415

    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        poolclass=NullPool,
        hide_parameters=True,
        connect_args={"connect_timeout": _CONNECT_SECONDS},
        execution_options={"postgresql_readonly": True},
    )

    def only_read(connection: Any, _record: object) -> None:
        connection.execute("SET default_transaction_read_only = on")
        connection.commit()

    event.listen(engine, "connect", only_read)
    return engine


def _sqlite(url: "URL") -> "Engine":
    from sqlalchemy import create_engine, event  # noqa: PLC0415 - as above
    from sqlalchemy.pool import NullPool  # noqa: PLC0415

    if not url.database or not Path(url.database).is_file():
        hint = "its address is sqlite:/// and the path: four slashes begin one from the root"
        raise Refused("source/address", "there is no such SQLite file", hint, about_address=True)
    file = f"file:{quote(str(Path(url.database).resolve()))}"
    engine = create_engine(
        url.set(drivername="sqlite", database=file, query={"mode": "ro", "uri": "true"}),
        poolclass=NullPool,
        hide_parameters=True,
    )

    def only_read(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA query_only = ON")
        connection.set_authorizer(lambda action, *_: 0 if action in _READING else 1)

    event.listen(engine, "connect", only_read)
    return engine


@contextmanager
def _reading(connection: "Connection", query: str) -> Iterator[Any]:
    """A connection and a query → its result, streamed; Refused where it returns no rows."""
    asking = connection.execution_options(stream_results=True, max_row_buffer=_BATCH, no_parameters=True)
    with asking.exec_driver_sql(query) as result:
        if not result.returns_rows:
            raise Refused("source/query", "the query returns no rows", _ONLY_READ)
        yield result


@contextmanager
def _mapped(engine: "Engine") -> Iterator[None]:
    """What SQLAlchemy and drivers raise inside → Refused, without their words."""
    from sqlalchemy import exc  # noqa: PLC0415 - as above

    try:
        yield
    except exc.DBAPIError as error:
        state = getattr(error.orig, "sqlstate", None)
        shown = f" (SQLSTATE {state})" if isinstance(state, str) and state.isalnum() else ""
        if error.statement is None or (state or "").startswith(("08", "28", "3D")):
            hint = "is the address right, the server up, the password given, the file a database?"
            raise Refused(
                "source/connect",
                f"the {engine.dialect.name} database cannot be reached{shown}",
                hint,
                about_address=True,
            ) from None
        raise Refused("source/query", f"the database refuses the query{shown}", _ONLY_READ) from None
    except exc.SQLAlchemyError:
        raise Refused("source/query", "the query cannot be run", _ONLY_READ) from None


def _fill(table: Table, into: str, names: Sequence[str], batches: Iterator[Sequence[Any]]) -> None:
    """Names of columns and batches of rows → the new table; a column's type grows with what it holds."""
    twice = len({name.casefold() for name in names}) < len(names)
    if twice or not all(names):
        hint = "name each column of the SELECT once: select a.name as first_name, ..."
        raise Refused("source/query", "two columns of the query have the same name, or one has none", hint)
    columns = [Column() for _ in names]
    listed = ", ".join(f"{quoted(name)} VARCHAR" for name in names)
    table.execute(f"CREATE TABLE {quoted(into)} ({listed})")
    for rows in batches:
        taken = list(zip(*rows, strict=True))
        for name, column, values in zip(names, columns, taken, strict=True):
            before = column.sql
            if not column.grow(values):
                message = f"the column {name} holds what is no value of a row"
                raise Refused("source/query", message, "leave it out, or make it text in the query")
            if column.sql != before:
                table.execute(f"ALTER TABLE {quoted(into)} ALTER {quoted(name)} TYPE {column.sql}")
        marks = ", ".join(f"CAST(unnest(?) AS {column.sql})" for column in columns)
        texts = [column.texts(values) for column, values in zip(columns, taken, strict=True)]
        table.execute(f"INSERT INTO {quoted(into)} SELECT {marks}", texts)
