"""Pairs and samples → rows with a bound, and the table that `make bench` prints."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from benchmarks.measure import Pair, Sample

MEBIBYTE = 1024 * 1024
HEADER = ("what", "median", "min", "max", "bound", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Values that were measured, and the most that is allowed.

    A ratio is judged by its median, since single rounds are noisy; memory by its peak, since one round too large is a
    process that was killed.
    """

    name: str
    values: tuple[float, ...]
    bound: float
    unit: Literal["x", "MiB", "kB", "requests"] = "x"

    @property
    def is_ok(self) -> bool:
        """Whether the bound is kept."""
        judged = median(self.values) if self.unit == "x" else max(self.values)
        return judged <= self.bound


def ratios(name: str, pairs: Iterable[Pair], bound: float) -> Row:
    """Pairs → the row of their ratios."""
    return Row(name=name, values=tuple(pair.ratio for pair in pairs), bound=bound)


def peaks(name: str, samples: Iterable[Sample], bound: float) -> Row:
    """Samples → the row of their peak memory in MiB."""
    return Row(name=name, values=tuple(sample.peak_bytes / MEBIBYTE for sample in samples), bound=bound, unit="MiB")


def show(rows: Sequence[Row]) -> str:
    """Rows → the table as text, the numbers aligned to the right."""
    cells = [HEADER, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEADER))]
    return "\n".join(
        "  ".join(
            text.rjust(width) if 0 < column < len(HEADER) - 1 else text.ljust(width)
            for column, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    )


def _cells(row: Row) -> tuple[str, ...]:
    digits = 2 if row.unit == "x" else 0
    measured = (median(row.values), min(row.values), max(row.values), row.bound)
    return (row.name, *(f"{value:.{digits}f} {row.unit}" for value in measured), "ok" if row.is_ok else "over")
