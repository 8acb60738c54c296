"""What a state has heard of an edition → its variants compared: shares, differences, and what can be concluded."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from octoplan.pipeline.arming import WHY
from octoplan.pipeline.intervals import Interval, newcombe, wilson
from octoplan.state.interface import Store
from octoplan.state.told import Took

MEASURES: Final = ("delivered", "opted_out", "replied")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """So many people of those who were sent to, and the interval of their share."""

    people: int
    share: float | None
    interval: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One variant of an edition, blank where there are none: who was sent to, and the rate of each of MEASURES."""

    arm: str
    sent: int
    rates: tuple[Rate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Two variants and one of MEASURES: the first share less the second, and the interval of that."""

    measure: str
    one: str
    other: str
    difference: float
    interval: Interval

    @property
    def is_told(self) -> bool:
        """Whether it can be concluded that they differ: no difference is outside the interval."""
        low, high = self.interval
        return low > 0 or high < 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """An edition of a campaign as its people took it. `heard`: the measures of which anything was heard."""

    campaign: str
    edition: int
    figures: tuple[Figures, ...]
    differences: tuple[Difference, ...]
    held_out: int
    heard: tuple[str, ...]


def compare(store: Store, campaign: str, edition: int) -> Comparison:
    """An edition of a campaign, by its name in the state → its variants compared."""
    took = store.took(campaign, edition)
    heard = tuple(measure for measure in MEASURES if any(getattr(one, measure) for one in took))
    return Comparison(
        campaign=campaign,
        edition=edition,
        figures=tuple(_figures(one) for one in took),
        differences=tuple(_differences(took, heard)),
        held_out=sum(sum(one.why == WHY for one in batch) for batch in store.skipped(campaign, edition)),
        heard=heard,
    )


def _figures(took: Took) -> Figures:
    return Figures(
        arm=took.arm, sent=took.sent, rates=tuple(_rate(getattr(took, measure), took.sent) for measure in MEASURES)
    )


def _rate(people: int, of: int) -> Rate:
    return Rate(people=people, share=people / of if of else None, interval=wilson(people, of))


def _differences(took: Sequence[Took], heard: Sequence[str]) -> list[Difference]:
    return [
        Difference(
            measure=measure,
            one=one.arm,
            other=other.arm,
            difference=getattr(one, measure) / one.sent - getattr(other, measure) / other.sent,
            interval=newcombe((getattr(one, measure), one.sent), (getattr(other, measure), other.sent)),
        )
        for measure in heard
        for one, other in combinations(took, 2)
    ]
