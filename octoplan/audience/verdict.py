"""An address as it stands in a row → whether it is good, its canonical form, its country; or the reason against it."""

from dataclasses import dataclass
from typing import Final

BLANK: Final = "blank"
SPACE: Final = " \t\r\n\v\f\u00a0\u2007\u202f\u200b\u2060\ufeff"
"""White space, the invisible kinds included."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`address` where it is good, else None and a `reason` in our words. `country`: ISO region of a number."""

    address: str | None
    country: str | None = None
    reason: str | None = None

    def __repr__(self) -> str:
        return f"<Verdict {'good' if self.reason is None else self.reason}>"


def trimmed(raw: str) -> str:
    """A value → without white space around it, the invisible kinds included."""
    return raw.strip(SPACE)
