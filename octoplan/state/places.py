"""What an environment calls its `state` → a Place, file or schema of a server: to be made, looked for and opened."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from octoplan.errors import StateError
from octoplan.project import own_folder
from octoplan.state import database, sqlite
from octoplan.state.address import Address, is_address, parse
from octoplan.state.interface import Missing
from octoplan.state.store import SqlStore
from octoplan.state.writer import Fill, nothing


class Place(Protocol):
    """Where a state is, or will be. `shown`: how people see it. `has_key_file`: whether its key may lie beside it."""

    @property
    def shown(self) -> str:
        """How people see it."""

    @property
    def has_key_file(self) -> bool:
        """Whether its key may lie in a file beside it."""

    def check_free(self) -> None:
        """StateError where a state is there already."""

    def create(self, meta: Mapping[str, str], fill: Fill = nothing) -> None:
        """Make a state that says `meta` of itself and holds what `fill` adds; StateError where one is there already."""

    def open(self, *, writable: bool) -> SqlStore:
        """The state that is there; Missing where none is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePlace:
    """A file of SQLite below the project `root`."""

    root: Path
    shown: str
    has_key_file: bool = True

    @property
    def path(self) -> Path:
        """The file."""
        return self.root / self.shown

    def check_free(self) -> None:
        """StateError where a state is there already."""
        if self.path.exists():
            raise StateError(
                f"{self.shown} exists already", hint="a second init would forget what was sent; nothing was done"
            )
        database.check_no_log(self.path)

    def create(self, meta: Mapping[str, str], fill: Fill = nothing) -> None:
        """Make a state that says `meta` of itself and holds what `fill` adds; StateError where one is there already."""
        own_folder(self.root)
        sqlite.create(self.path, meta, fill)

    def open(self, *, writable: bool) -> SqlStore:
        """The state that is there; Missing where none is."""
        if not self.path.exists():
            raise Missing(f"{self.shown} is missing")
        return sqlite.SqliteStore(self.path, writable=writable)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerPlace:
    """A schema of a PostgreSQL database. Whoever else uses it has no file of ours, so its key is in a variable."""

    address: Address
    has_key_file: bool = False

    @property
    def shown(self) -> str:
        """How people see it."""
        return self.address.shown

    def check_free(self) -> None:
        """Nothing: `create` finds out, in the one transaction that makes it."""

    def create(self, meta: Mapping[str, str], fill: Fill = nothing) -> None:
        """Make a state that says `meta` of itself and holds what `fill` adds; StateError where one is there already."""
        _check_installed()
        from octoplan.state import postgres  # noqa: PLC0415 - psycopg, only where a server is

        postgres.create(self.address, meta, fill)

    def open(self, *, writable: bool) -> SqlStore:
        """The state that is there; Missing where none is."""
        _check_installed()
        from octoplan.state import postgres  # noqa: PLC0415 - psycopg, only where a server is

        return postgres.PostgresStore(self.address, writable=writable)


def find(root: Path, state: str) -> Place:
    """What an environment of the project `root` calls its state → where that is."""
    return ServerPlace(address=parse(state)) if is_address(state) else FilePlace(root=root, shown=state)


def _check_installed() -> None:
    try:
        import psycopg  # noqa: F401, PLC0415 - looked for before it is used
    except ImportError:
        raise StateError(
            "a PostgreSQL state needs psycopg, which is not installed", hint="pip install 'octoplan[postgres]'"
        ) from None
