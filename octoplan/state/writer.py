"""What one transaction of a store can do. `statements` and `recording` speak to it, each store has its own."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from octoplan.state.interface import Change
from octoplan.state.rows import Row
from octoplan.state.statements import Statement, statements

Placed = tuple[int, int, bytes, int]
Fill = Callable[["Writer"], None]
"""What else goes into a state in the transaction that makes it."""
PLACED = "campaign, edition, person, frame"


def nothing(_writer: "Writer") -> None:
    """A Fill that leaves the state empty."""


class Writer(ABC):
    """A transaction that is open: everything becomes durable together, or nothing does.

    Values stand as `?` in every text. `epoch`: that of the state, which nobody can raise before the transaction ends.
    """

    epoch: int

    @property
    @abstractmethod
    def touched(self) -> bool:
        """Whether a row was changed so far."""

    @abstractmethod
    def change(self, sql: str, *values: Any) -> int:
        """A statement → how many rows it touched."""

    @abstractmethod
    def value(self, sql: str, *values: Any) -> Any:
        """A statement → the first value of its one row."""

    @abstractmethod
    def rows(self, sql: str, *values: Any) -> Sequence[Row]:
        """A question → all rows of its answer, as this transaction sees them."""

    @abstractmethod
    def each(self, sql: str, rows: Sequence[Sequence[Any]]) -> int:
        """A statement, once with the values of each row → how many rows it touched."""

    @abstractmethod
    def upgrade(self, after: int) -> None:
        """A format → all that later ones have besides."""

    @abstractmethod
    def insert(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Many new rows → into the table."""

    @abstractmethod
    def place(self, people: Iterable[Placed]) -> int:
        """Campaign, edition, person and frame of many, in person order → how many of them were free and are placed."""

    def swap(self, made: Sequence[Statement]) -> bool:
        """A change's statements → whether its compare-and-swap held; if it did not, the rest is not run."""
        (sql, values), *rest = made
        if self.change(sql, *values) != 1:
            return False
        for sql, values in rest:
            self.change(sql, *values)
        return True

    def make(self, changes: Sequence[Change]) -> tuple[bool, ...]:
        """Changes → for each, in order, whether its frame was as it said."""
        return tuple(self.swap(statements(change)) for change in changes)
