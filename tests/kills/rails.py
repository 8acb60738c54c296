"""Chance → the guard rails of a trial, each drawn by itself, so that they come together in every way."""

import random
from dataclasses import dataclass
from typing import Final, Literal, Self

from tests.by_hand import SHARES
from tests.kills.clock import HOURS

_WAVES: Final = "waves: [{people: 4}, {share: 20%}, {rest: true}]\n"
SECONDS: Final = ("fair", "winter")
"""Names of the second campaign: before `sale` and after it, which decides whose people they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rails:
    """Which of them a trial has. `second`: the name of another campaign for some of the same people; blank: none.

    `over`: what becomes of whoever is over the cap of one message, which two campaigns share.
    """

    waves: bool = False
    arms: bool = False
    window: bool = False
    second: str = ""
    over: Literal["skip", "wait"] = "skip"

    @classmethod
    def draw(cls, chance: random.Random) -> Self:
        """Draw them."""
        waves, arms, window, caps = (chance.random() < share for share in (0.3, 0.35, 0.3, 0.3))
        second, skips = chance.choice(SECONDS) if caps else "", chance.random() < 0.5
        return cls(waves=waves, arms=arms, window=window, second=second, over="skip" if skips else "wait")

    @property
    def names(self) -> list[str]:
        """Those that it has, for whoever counts."""
        having = {"waves": self.waves, "variants": self.arms, "windows": self.window, "caps": bool(self.second)}
        return [name for name, has in having.items() if has]

    @property
    def purpose(self) -> str:
        """An `alert` is bound by none of them."""
        return "wholesale" if self.window or self.second else "alert"

    def project(self, *, email: bool) -> str:
        """What octoplan.yaml says of them; e-mail has no window but that of its campaign."""
        caps = f"caps: [{{purpose: wholesale, at_most: 1, within: 7d, over: {self.over}}}]\n"
        window = f"windows: {{FR: {HOURS.written}}}\n"
        return (caps if self.second else "") + (window if self.window and not email else "")

    def campaign(self, *, email: bool) -> str:
        """What a campaign's file says of them, but for its variants."""
        window = f"window: {HOURS.written}\ntimezone: {{default: Europe/Paris}}\n"
        return window if self.window and email else ""

    def sale(self, warm: str) -> str:
        """What only that of the first campaign says; `warm`: the text of a variant."""
        shares = ", ".join(
            f"{label}: {{share: {share}%, text: '{warm}'}}" if label == "warm" else f"{label}: {share}%"
            for label, share in SHARES.items()
        )
        return (_WAVES if self.waves else "") + (f"variants: {{{shares}}}\n" if self.arms else "")
