"""A frame refused for one of its people, and how many requests that may take → halves, or one by one. Pure.

Halves find one bad address among n in at most 2 log2(n) requests more. Where many are bad they would take 2n in all; so
a frame is halved only as long as n + 2 log2(n) + 1 suffice even if everybody else had to be asked about alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """The search through one frame. `most` requests are promised, `asked` of them were made; retries do not count."""

    most: int
    asked: int = 0

    @classmethod
    def through(cls, people: int) -> Self:
        """The number of people in a frame → its search, before anything is asked."""
        return cls(most=people + 2 * (people - 1).bit_length() + 1)

    def on(self) -> Self:
        """The search, one request later."""
        return type(self)(most=self.most, asked=self.asked + 1)

    def affords_halves(self, people: int, waiting: Iterable[int]) -> bool:
        """Whether a refused frame of so many may be halved, while frames of these sizes wait to be asked about."""
        first = people // 2
        return self.asked + sum(map(_worst, (first, people - first, *waiting))) <= self.most


def _worst(people: int) -> int:
    """How many requests a frame takes at worst: it is refused, then everybody in it is asked about alone."""
    return people + 1 if people > 1 else people
