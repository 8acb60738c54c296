"""A campaign as written → the texts of it that YAML ends at a `#`, since what stands behind that is a comment."""

from collections.abc import Iterator, Sequence
from typing import Final

from octoplan.campaign import Campaign
from octoplan.errors import Place, Problem
from octoplan.lint.prose import Prose
from octoplan.lint.rules import AREA
from octoplan.source import Spot

_TEXTS: Final = frozenset({"text", "subject", "name_from", "cards", "actions", "list_name"})
_OF_NOBODYS_WORDS: Final = frozenset({"audience", "recipients", "tests", "vars"})
_MESSAGE: Final = "YAML ends the text here: what follows is a comment, and is not sent"
_HINT: Final = "put the text in quotes, or on lines of its own below `|`; in a comment leave a space behind the `#`"


def cut(campaign: Campaign, texts: Sequence[Prose]) -> Iterator[Problem]:
    """`cut-by-comment`: where a word stands right behind the `#`, as in a hashtag or a number; of vars, those named."""
    for place in (*_cut(campaign.document.spots, is_text=False), *(text.cut for text in texts if text.cut)):
        yield Problem(place=place, rule=f"{AREA}cut-by-comment", message=_MESSAGE, hint=_HINT, severity="warning")


def _cut(spot: Spot, *, is_text: bool) -> Iterator[Place]:
    if is_text and spot.cut is not None:
        yield spot.cut
    for name, below in spot.under.items():
        if name not in _OF_NOBODYS_WORDS:
            yield from _cut(below, is_text=is_text or name in _TEXTS)
