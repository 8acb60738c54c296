"""A folder for spilled rows → one in-memory DuckDB connection, with its limits, its errors mapped, its folder removed.

Rows that do not fit in memory are spilled, encrypted with a key that lives in this process only, into a folder of mode
0700 that goes when the table is closed, or at the next start where the process was killed.
"""

import contextlib
import fcntl
import os
import secrets
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from octoplan.errors import OctoplanError
from octoplan.table.quoting import quoted

if TYPE_CHECKING:
    import duckdb

Kind = Literal["value", "expression", "file", "space", "interrupted", "other"]

_PREFIX = "people-"
_BOUND_BITS = 63
_BYTES_OF_A_ROW = 54  # in memory, while tables are joined; found by trying
_CTRL_C = "Query interrupted"  # what DuckDB makes of a Ctrl-C that comes while it works
# What DuckDB's exceptions mean to us; the first that fits, the special before the general.
_KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "InterruptException": "interrupted",
        "ConversionException": "value",
        "OutOfRangeException": "value",
        "BinderException": "expression",
        "CatalogException": "expression",
        "ParserException": "expression",
        "SyntaxException": "expression",
        "TypeMismatchException": "expression",
        "NotImplementedException": "expression",
        "OutOfMemoryException": "space",
        "InvalidInputException": "file",
        "IOException": "file",
    }
)
_WORDS: Mapping[Kind, str] = MappingProxyType(
    {
        "value": "a value does not fit the type that is asked of it",
        "expression": "an expression does not fit the columns",
        "file": "a file cannot be read as what its name says it is",
        "space": "the rows fit neither in memory nor on the disk",
        "interrupted": "stopped, because it took too long",
        "other": "the rows could not be read",
    }
)


class TableError(OctoplanError):
    """What DuckDB refused, by `kind`; its own message is dropped, since it may quote a row."""

    def __init__(self, kind: Kind) -> None:
        super().__init__(
            _WORDS[kind], hint="free some space on the disk that holds .octoplan/" if kind == "space" else ""
        )
        self.kind = kind


def sweep(folder: Path) -> None:
    """The folder of spilled rows → removes what killed processes left in it, and nothing of a living one's."""
    if not folder.is_dir():
        return
    with _locked(folder):
        for entry in folder.glob(f"{_PREFIX}*"):
            with contextlib.suppress(OSError), _locked(entry, wait=False):
                shutil.rmtree(entry, ignore_errors=True)


@contextlib.contextmanager
def _locked(folder: Path, *, wait: bool = True) -> Iterator[None]:
    """A folder → its lock, which the system drops when the process dies; BlockingIOError where another holds it."""
    descriptor = _lock(folder, wait=wait)
    try:
        yield
    finally:
        os.close(descriptor)


def _lock(folder: Path, *, wait: bool) -> int:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


class Table:
    """One in-memory database, a context manager. `folder` is where rows that do not fit in `memory`, MB, are spilled.

    Nothing is fetched from the network but what `reach` is given; `lock` then closes the file system too. Errors are
    TableErrors. `keeps_rows`: rows that have no line in a file are kept whole, for whoever wants to see what was left
    out. `kept`: what was brought in once for all campaigns, by the name of its source; `passing`: tables that go when
    all is loaded.
    """

    def __init__(
        self, folder: Path, *, memory: int = 270, threads: int | None = None, keeps_rows: bool = False
    ) -> None:
        self._memory, self._threads = memory, threads
        self.keeps_rows = keeps_rows
        self.kept: dict[str, Any] = {}
        self.passing: list[str] = []
        self._reached: list[Any] = []
        self._parent = folder
        self._counter = 0
        self._errors: type[Exception] | tuple[()] = ()
        self._connection: duckdb.DuckDBPyConnection | None = None

    def __enter__(self) -> Self:
        import duckdb  # noqa: PLC0415 - 90 ms; a campaign with inline recipients is validated without it

        self._errors = duckdb.Error
        self._parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        sweep(self._parent)
        with _locked(self._parent):
            self.folder = self._parent / f"{_PREFIX}{os.getpid()}-{secrets.token_hex(4)}"
            self.folder.mkdir(mode=0o700)
            self._owner = _lock(self.folder, wait=False)
        self._connection = duckdb.connect(":memory:", config=self._config())
        # The time zone: so that rows say the same on every machine. Global: for the cursors of `batches`, too.
        for setting in ("GLOBAL python_enable_replacements = false", "GLOBAL TimeZone = 'UTC'"):
            self.execute(f"SET {setting}")
        self.execute("SET enable_progress_bar = false")
        return self

    def _config(self) -> dict[str, Any]:
        config: dict[str, Any] = {
            "temp_directory": str(self.folder / "spill"),
            # DuckDB's own cipher calls itself unsafe for files that are to last, since its random numbers are weaker
            # than OpenSSL's, which would have to be downloaded. Here it is the second wall behind the folder's mode.
            "force_mbedtls_unsafe": True,
            "temp_file_encryption": True,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "memory_limit": f"{self._memory}MB",
            # Nothing here outlives the process: to pack rows at some commit costs more than it saves.
            "checkpoint_threshold": "1TB",
        }
        return config if self._threads is None else config | {"threads": self._threads}

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return "<Table of people>"

    def close(self) -> None:
        """Drops all rows, in memory and spilled."""
        if self._connection is None:
            return
        self._connection.close()
        self._connection = None
        shutil.rmtree(self.folder, ignore_errors=True)
        os.close(self._owner)

    def lock(self) -> None:
        """From here on no file, no extension and no setting can be reached; call it once all files are loaded.

        Rows have no order any more but that of an ORDER BY: DuckDB is faster so, and needs less memory. More than five
        million of them get more of it, since a join cannot spill everything.
        """
        self.kept.clear()
        for name in self.passing:
            self.execute(f"DROP TABLE {quoted(name)}")
        self.passing.clear()
        most = int(self.value("SELECT coalesce(max(estimated_size), 0) FROM duckdb_tables()"))
        for setting in (
            f"memory_limit = '{max(self._memory, most * _BYTES_OF_A_ROW // 10**6)}MB'",
            "preserve_insertion_order = false",
            "allow_community_extensions = false",
            "enable_external_access = false",
            "lock_configuration = true",
        ):
            self.execute(f"SET {setting}")

    def reach(self, files: Any) -> None:
        """Files of fsspec → what the addresses that begin with their protocol stand for, until the table is locked."""
        if files not in self._reached:
            self._open.register_filesystem(files)
            self._reached.append(files)

    def name(self, what: str) -> str:
        """What a table is for → a name that no table has yet."""
        self._counter += 1
        return f"{what}_{self._counter}"

    def execute(self, sql: str, params: Sequence[Any] | Mapping[str, Any] = ()) -> int:
        """A statement → how many rows it made or changed, 0 where that means nothing."""
        with self._mapped():
            rows = self._open.execute(sql, params or None).fetchall()  # all: a statement ends with its last row
        return int(rows[0][0]) if rows and isinstance(rows[0][0], int) else 0

    def rows(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """A query → all of its rows; for few."""
        with self._mapped():
            return self._open.execute(sql, params or None).fetchall()

    def value(self, sql: str, params: Sequence[Any] = ()) -> Any:
        """A query of one row and column → the value."""
        return self.rows(sql, params)[0][0]

    def batches(self, sql: str, params: Sequence[Any] = (), size: int = 10_000) -> Iterator[list[tuple[Any, ...]]]:
        """A query → its rows in lists of at most `size`; other statements may run in between."""
        with self._mapped():
            cursor = self._open.cursor()
        try:
            with self._mapped():
                cursor.execute(sql, params or None)
            while True:
                with self._mapped():
                    batch = cursor.fetchmany(size)
                if not batch:
                    return
                yield batch
        finally:
            cursor.close()

    def each(self, sql: str) -> Iterator[tuple[Any, ...]]:
        """A query → its rows, one by one; no other statement may run before the last. Sees tables of rejects."""
        with self._mapped():
            result = self._open.execute(sql)
            while batch := result.fetchmany(10_000):
                yield from batch

    def append(self, table: str, columns: Sequence[Sequence[Any]]) -> None:
        """Lists of equal length → rows of an existing table, in order."""
        marks = ", ".join("unnest(?)" for _ in columns)
        self.execute(f"INSERT INTO {quoted(table)} SELECT {marks}", [_bindable(column) for column in columns])

    def append_lines(self, table: str, columns: Sequence[tuple[str, str]], lines: Sequence[str]) -> None:
        """Lines, the values of each joined by newlines, → rows of an existing table; `columns`: (name, SQL type).

        One list of texts is bound in half the time of a list for each column.
        """
        values = ", ".join(
            f"split_part(line, chr(10), {number})::{kind}" for number, (_, kind) in enumerate(columns, 1)
        )
        names = ", ".join(quoted(name) for name, _ in columns)
        self.execute(f"INSERT INTO {quoted(table)} ({names}) SELECT {values} FROM (SELECT unnest(?) AS line)", [lines])

    @contextlib.contextmanager
    def limit(self, seconds: float) -> Iterator[None]:
        """Statements inside are stopped after `seconds`: a TableError of kind `interrupted`."""
        timer = threading.Timer(seconds, self._open.interrupt)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()

    @property
    def _open(self) -> "duckdb.DuckDBPyConnection":
        if self._connection is None:
            raise ValueError("the table is not open")
        return self._connection

    @contextlib.contextmanager
    def _mapped(self) -> Iterator[None]:
        """DuckDB's errors inside → TableErrors, without their words and without a chain that would show them."""
        try:
            yield
        except self._errors as error:
            names = [cls.__name__ for cls in type(error).__mro__]
            raise TableError(next((_KINDS[name] for name in names if name in _KINDS), "other")) from None
        except RuntimeError as error:
            if str(error) == _CTRL_C:
                raise KeyboardInterrupt from None
            raise


def _bindable(column: Sequence[Any]) -> list[Any]:
    """A column → as DuckDB takes it whole: it binds numbers beyond 64 bits as floating point, so these go in hex."""
    if any(isinstance(value, int) and value.bit_length() > _BOUND_BITS for value in column):
        return [None if value is None else hex(value) for value in column]
    return list(column)
