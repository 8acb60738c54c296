"""What an author writes in `region` → Region: in which country a number is read that is written without its code."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """The same country for all rows, `default`; or the one that `column` names, and `default` where that is blank.

    Both as ISO 3166-1 has them, in two letters. Without either, a number in national form cannot be read.
    """

    column: str | None = None
    default: str | None = None

    @property
    def written(self) -> str | dict[str, str] | None:
        """As an author writes it, for what is remembered of it."""
        if self.column is None:
            return self.default
        return {"column": self.column} | ({} if self.default is None else {"default": self.default})


def region_of(written: Any) -> Region | None:
    """What stands in `region`, two letters or a mapping of `column` and `default` → its Region; None for nothing."""
    if written is None:
        return None
    return Region(**written) if isinstance(written, Mapping) else Region(default=written)
