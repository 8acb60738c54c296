"""What a line of a report is → a Style, so that a terminal can colour it and a pipe need not."""

from enum import StrEnum
from typing import NamedTuple


class Style(StrEnum):
    """What a line says; never how it looks."""

    PLAIN = "plain"
    TITLE = "title"
    SEND = "send"
    EXTEND = "extend"
    SAME = "same"
    DETAIL = "detail"
    WARN = "warn"
    ERROR = "error"
    TOTAL = "total"


class Line(NamedTuple):
    """One line of a report, without its newline and without escape sequences."""

    style: Style
    text: str


BLANK = Line(Style.PLAIN, "")


def joined(lines: list[Line]) -> str:
    """Lines → the text that a pipe gets, each line ended."""
    return "".join(f"{line.text}\n" for line in lines)
