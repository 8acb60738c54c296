"""What frames were to take, and what the gateway says they took → a reason to stop, if that is much more."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate, compress, pairwise
from typing import Final

from octoplan.gateways.interface import Accepted

MORE: Final = Fraction(1, 10)
"""By how much parts and cost may exceed the plan's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the plan says of a frame: the parts of one message, the cost of all; None where the plan does not know.

    `each`: the parts of each person's message, in order, where these are not all the same.
    """

    parts: int | None = None
    cost: Decimal | None = None
    each: tuple[int, ...] = ()

    def parts_of(self, people: int) -> int | None:
        """How many people the frame is for → the parts of all their messages."""
        return sum(self.each) if self.each else None if self.parts is None else self.parts * people

    def of(self, stays: Iterable[bool]) -> "Expected":
        """For each person of the frame, in order, whether they stay in it → what is expected of it then."""
        return replace(self, cost=None, each=tuple(compress(self.each, stays)))

    def shares(self, sizes: Iterable[int]) -> list["Expected"]:
        """What is expected of the frames of these sizes that this one is split into."""
        ends = list(accumulate(sizes, initial=0))
        # which country the people of a part are in, nobody knows any more
        return [replace(self, cost=None, each=self.each[start:end]) for start, end in pairwise(ends)]


NOTHING_KNOWN: Final = Expected()


class Tally:
    """Sums over the accepted frames of a run, each of which counts only where plan and answer both name a number."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._planned = {"parts": Decimal(0), "cost": Decimal(0)}
        self._answered = {"parts": Decimal(0), "cost": Decimal(0)}

    def add(self, expected: Expected, people: int, accepted: Accepted) -> str:
        """Add an accepted frame of so many people; why the run has to stop, or blank."""
        planned = {"parts": expected.parts_of(people), "cost": expected.cost}
        answered = {"parts": accepted.units, "cost": accepted.cost}
        with self._guard:
            return next((why for name in planned if (why := self._sum(name, planned[name], answered[name]))), "")

    def _sum(self, name: str, planned: Decimal | int | None, answered: Decimal | int | None) -> str:
        if planned is None or answered is None:
            return ""
        self._planned[name] += planned
        self._answered[name] += answered
        if Fraction(self._answered[name]) <= Fraction(self._planned[name]) * (1 + MORE):
            return ""
        share = f"more than {MORE.numerator * 100 // MORE.denominator} % above the plan's"
        return f"the gateway counts {self._answered[name]:,} {_NOUNS[name]}, {share} {self._planned[name]:,}"


_NOUNS: Final = {"parts": "parts", "cost": "of cost"}
