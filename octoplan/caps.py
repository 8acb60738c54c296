"""`caps:` of octoplan.yaml → Caps: how many messages of a purpose a person may get in how much time. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from octoplan import durations

Over = Literal["skip", "wait"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """No stretch of time as long as `within` may hold more than `at_most` messages of this purpose to one person.

    `channel` None: those of all channels together. `over`: whoever is over it is left out for this edition, or waits.
    """

    purpose: str
    at_most: int
    within: timedelta
    over: Over = "skip"
    channel: str | None = None

    def is_for(self, purpose: str, channel: str) -> bool:
        """Whether a campaign's messages count, and are capped."""
        return self.purpose == purpose and self.channel in (None, channel)

    @property
    def said(self) -> str:
        """How people read it: `the cap of 2 wholesale messages in 7d`."""
        channel = "" if self.channel is None else f" by {self.channel}"
        messages = f"{self.purpose} message{'s' * (self.at_most != 1)}{channel}"
        return f"the cap of {self.at_most} {messages} in {durations.write(self.within)}"

    @property
    def written(self) -> dict[str, Any]:
        """How a state keeps it, to be compared with a later one."""
        return {
            "purpose": self.purpose,
            "channel": self.channel,
            "at_most": self.at_most,
            "seconds": int(self.within.total_seconds()),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When messages reach people: at any moment from `first` to `last`."""

    first: datetime
    last: datetime


def caps_of(written: Sequence[Mapping[str, Any]] | None) -> tuple[Cap, ...]:
    """`caps` as written, valid by the schema → the Caps, those that leave people out before those that let them wait.

    Whoever is over both is left out: to wait for the one would not help with the other.
    """
    caps = [
        Cap(
            purpose=one["purpose"],
            at_most=one["at_most"],
            within=durations.parse(one["within"]),
            over=one.get("over", "skip"),
            channel=one.get("channel"),
        )
        for one in written or ()
    ]
    return tuple(sorted(caps, key=lambda cap: cap.over != "skip"))


def looser(before: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Caps as they are kept, then and now → those of then that let more through now, in plain words."""
    for was in before:
        same = [one for one in now if (one["purpose"], one["channel"]) == (was["purpose"], was["channel"])]
        if any(one["at_most"] <= was["at_most"] and one["seconds"] >= was["seconds"] for one in same):
            continue
        least = min(same, key=lambda one: (one["at_most"], -one["seconds"]), default=None)
        yield f"{_said(was)} is gone" if least is None else f"{_said(least)}, it was {_said(was)}"


def _said(kept: Mapping[str, Any]) -> str:
    within = timedelta(seconds=kept["seconds"])
    return Cap(purpose=kept["purpose"], channel=kept["channel"], at_most=kept["at_most"], within=within).said
