"""What every part of a store in SQL is made of: questions, streams and transactions, which each database has itself."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, closing
from typing import Any, TypeVar

from octoplan.state import rows
from octoplan.state.formats import FORMAT, as_first
from octoplan.state.rows import Row
from octoplan.state.writer import Writer

Value = TypeVar("Value")


class Asking(ABC):
    """A database that is asked and told in SQL, with `?` for each value, whatever it is."""

    _format = FORMAT
    """That of the state as it was found."""

    @abstractmethod
    def _read(self, sql: str, *values: Any) -> Sequence[Row]:
        """A question → all rows of its answer."""

    @abstractmethod
    def _stream(self, sql: str, *values: Any) -> Generator[Sequence[Row]]:
        """A question → the rows of its answer as they are at its beginning, in batches, never all of them at once."""

    @abstractmethod
    def _begin(self) -> AbstractContextManager[Writer]:
        """A transaction: durable at the end of the block, undone if the block fails; no other writer meanwhile."""

    def _batches(self, read: Callable[[Row], Value], sql: str, *values: Any) -> Iterator[Sequence[Value]]:
        """A question → what `read` makes of each row of its answer, in batches."""
        with closing(self._stream(sql, *values)) as batches:
            for batch in batches:
                yield rows.decode(batch, read)

    def _asked(self, sql: str) -> str:
        """A question → the same as a state of this format is asked it."""
        return sql if self._format == FORMAT else as_first(sql)
