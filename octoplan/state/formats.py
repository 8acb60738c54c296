"""The formats of a state → the SQL that makes each of the one before, and how the latest code reads an earlier one.

A new state goes through all of them. One of an earlier format is brought to the latest by whoever first holds its lock;
until then it is read as one whose new tables are empty, and whose new columns say nothing.
"""

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Final

FORMAT: Final = 2
_FILES: Final[Mapping[int, str]] = MappingProxyType({1: "schema.sql", 2: "format_2.sql"})
# What reads as the tables of format 2 where only those of format 1 are.
_NOTHING: Final[Mapping[str, str]] = MappingProxyType(
    {
        "deliveries": "'' AS ticket, nobody.person AS person, '' AS status, 0 AS standing, '' AS at",
        "optouts": "0 AS no, nobody.person AS person, '' AS ticket, '' AS at, '' AS heard_at",
        "replies": "'' AS ticket, nobody.person AS person, '' AS mark, '' AS at",
        "skipped": "0 AS campaign, 0 AS edition, nobody.person AS person, '' AS why",
        "forgotten": "nobody.person AS person, '' AS at",
        "suppressed": "'' AS entry, nobody.person AS person",
    }
)
NEW: Final = tuple(_NOTHING)
"""The tables that format 1 lacks."""
_FRAMES: Final = "SELECT was.*, '' AS opens, 0 AS wave, '' AS arm, '' AS due FROM frames was"
_READS: Final = re.compile(rf"\b(FROM|JOIN) (frames|{'|'.join(NEW)})\b(?: ([a-z]\w*))?")


def texts(after: int = 0) -> tuple[str, ...]:
    """A format, 0 for none → what makes all later formats of it, in order."""
    folder = resources.files("octoplan.state")
    return tuple(folder.joinpath(name).read_text(encoding="utf-8") for no, name in _FILES.items() if no > after)


@cache
def as_first(question: str) -> str:
    """A question about the latest format → the same about a state of format 1."""

    def instead(found: re.Match[str]) -> str:
        verb, table, alias = found.groups()
        read = _FRAMES if table == "frames" else f"SELECT {_NOTHING[table]} FROM messages nobody WHERE 1 = 0"
        return f"{verb} ({read}) {alias or table}"

    return _READS.sub(instead, question)
