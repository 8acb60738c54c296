"""Names and texts → SQL; for what cannot be bound, such as identifiers, file names and patterns."""

from typing import Final

WHITE_SPACE: Final = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""What is white space to Python, and so to templates; SQL's `trim` knows spaces only, its patterns ASCII."""


def quoted(name: str) -> str:
    """Any name → an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Any text → an SQL string literal; for what cannot be bound, such as file names and patterns."""
    return "'" + text.replace("'", "''") + "'"


def is_white(expression: str) -> str:
    """SQL of a text → SQL of whether it is nothing but white space, or empty."""
    listed = "".join(f"\\x{{{ord(character):X}}}" for character in WHITE_SPACE)
    return f"regexp_full_match({expression}, '[{listed}]*')"


def trimmed(expression: str) -> str:
    """SQL of a text → SQL of it without the white space around it."""
    # To trim more than spaces takes microseconds.
    trim = f"trim({expression}, {literal(WHITE_SPACE)})"
    return f"CASE WHEN regexp_matches({expression}, '[^!-~]') THEN {trim} ELSE {expression} END"
