"""Counts of people → intervals in which a share, or the difference of two, lies with 95 % confidence. Pure.

Wilson's score interval (1927) for one share, and for two Newcombe's hybrid of both (R. G. Newcombe, Statistics in
Medicine 17, 1998: method 3 of pages 857-872, method 10 of pages 873-890). Both hold for few people and for shares
near 0, where the textbook's interval does not.
"""

from math import sqrt
from typing import Final

Z: Final = 1.959963984540054
"""Of the normal distribution, 95 % lies within so many deviations."""
Interval = tuple[float, float]


def wilson(count: int, of: int) -> Interval:
    """So many of so many people → the interval of their share; all of it where there is nobody."""
    if of == 0:
        return 0.0, 1.0
    share, square = count / of, Z * Z
    middle = share + square / (2 * of)
    half = Z * sqrt(share * (1 - share) / of + square / (4 * of * of))
    whole = 1 + square / of
    low = 0.0 if count == 0 else (middle - half) / whole
    return low, 1.0 if count == of else (middle + half) / whole


def newcombe(one: tuple[int, int], other: tuple[int, int]) -> Interval:
    """So many of so many people, twice → the interval of the first share less the second."""
    if one[1] == 0 or other[1] == 0:
        return -1.0, 1.0
    (low, high), (low_other, high_other) = wilson(*one), wilson(*other)
    share, share_other = one[0] / one[1], other[0] / other[1]
    difference = share - share_other
    down = sqrt((share - low) ** 2 + (high_other - share_other) ** 2)
    up = sqrt((high - share) ** 2 + (share_other - low_other) ** 2)
    return max(difference - down, -1.0), min(difference + up, 1.0)
