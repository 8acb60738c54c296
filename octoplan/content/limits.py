"""What a template may use up at most, and the count of it during one render.

A template is written by the project's authors, but reviewed by people: it must not be able to stall a plan. Everything
that can multiply (loops, operators, filters) asks here before it computes.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, cast

from jinja2.runtime import Context

from octoplan.content.faults import LimitError

MAX_SOURCE: Final = 100_000
"""Characters of one template."""
MAX_DEPTH: Final = 60
"""How deep expressions and blocks may be nested."""
MAX_LOOPS: Final = 10_000
"""Turns of all loops in one render."""
MAX_WORK: Final = 500_000
"""Work of one render: about one for each expression that is evaluated, each list element and each 100 characters."""
MAX_TEXT: Final = 20_000
"""Characters that an operator or a filter may make."""
MAX_OUTPUT: Final = 200_000
"""Characters of one rendered text, before the channel's own limit is looked at."""
MAX_SIGNS: Final = 100
"""Different characters that are taken off the ends of a text."""
MAX_ITEMS: Final = 10_000
"""Elements of a list that is made or walked."""
MAX_NUMBER: Final = 10**30
"""The largest whole number, either side of zero."""

# The contract: 1 to 1224 characters; for e-mail an assumption, since the page states one length for the parameter.
LONGEST: Final[Mapping[str, int]] = MappingProxyType({"sms": 1224, "voice_sms": 1224, "rcs": 1224, "email": 1224})
"""Characters of a text that a channel takes."""

# The key of the Budget among a render's variables; the blank keeps it out of any template's reach.
BUDGET: Final = " budget"


class Budget:
    """What is left for one render."""

    __slots__ = ("loops", "work")

    def __init__(self) -> None:
        self.loops = MAX_LOOPS
        self.work = MAX_WORK

    def spend(self, work: int) -> None:
        """Take `work` off; raise LimitError when nothing is left."""
        self.work -= work
        if self.work < 0:
            raise LimitError("the template does too much work for one message")

    def turn(self, turns: int, weight: int) -> None:
        """Take a loop of `turns`, each of `weight` work, off; starting a loop is a turn of its own."""
        self.loops -= turns + 1
        if self.loops < 0:
            raise LimitError(f"more than {MAX_LOOPS:,} loop turns in one message")
        self.spend(turns * weight)


def budget_of(context: Context) -> Budget:
    """Find the budget of the render that `context` belongs to."""
    return cast("Budget", context.parent[BUDGET])


def within_text(length: int) -> None:
    """Raise LimitError if a text of `length` characters is too long to be made."""
    if length > MAX_TEXT:
        raise LimitError(f"a text of more than {MAX_TEXT:,} characters would be made")


def within_items(count: int) -> None:
    """Raise LimitError if a list of `count` elements is too long."""
    if count > MAX_ITEMS:
        raise LimitError(f"a list of more than {MAX_ITEMS:,} elements would be made or walked")


def within_number(number: object) -> None:
    """Raise LimitError if a whole number is too large to compute with."""
    if isinstance(number, int) and not -MAX_NUMBER <= number <= MAX_NUMBER:
        raise LimitError("a number beyond 10**30 would be made")
