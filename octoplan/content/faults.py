"""Why a template could not be rendered for a row: the exceptions that never leave this package.

`render` turns each into a `Failed` with the reason of the same name. No message holds a value of a row.
"""

from typing import ClassVar, Literal

from jinja2.exceptions import UndefinedError

Reason = Literal["blank", "error", "language", "limit", "refused"]


class FaultError(Exception):
    """An operation of the template that does not fit its values; `args[0]` says which, in words for the author."""

    reason: ClassVar[Reason] = "error"


class LimitError(FaultError):
    """The template would take too long or grow too large."""

    reason: ClassVar[Reason] = "limit"


class RefusedError(FaultError):
    """The template reached for something that templates may not use, seen only while rendering."""

    reason: ClassVar[Reason] = "refused"


class BlankError(UndefinedError):
    """A blank value was used where a text is needed; the message is the column's name, or empty for a nested value."""


class NothingError(UndefinedError):
    """An element that does not exist was used; the message says so without naming it."""
