"""A campaign's document → the texts of it that YAML ends at a `#`, since what stands behind that is a comment."""

from collections.abc import Iterator
from typing import Final

from octoplan.campaign import Campaign
from octoplan.errors import Problem
from octoplan.lint.rules import AREA
from octoplan.source import Spot

_TEXTS: Final = frozenset({"text", "subject", "name_from", "cards", "actions", "vars", "list_name"})
_OF_NOBODYS_WORDS: Final = frozenset({"audience", "recipients", "tests"})
_HINT: Final = "put the text in quotes, or on lines of its own below `|`; in a comment leave a space behind the `#`"


def cut(campaign: Campaign) -> Iterator[Problem]:
    """`cut-by-comment`: where a word stands right behind the `#`, as in a hashtag or a number."""
    return _cut(campaign.document.spots, is_text=False)


def _cut(spot: Spot, *, is_text: bool) -> Iterator[Problem]:
    if is_text and spot.cut is not None:
        message = "YAML ends the text here: what follows is a comment, and is not sent"
        yield Problem(place=spot.cut, rule=f"{AREA}cut-by-comment", message=message, hint=_HINT, severity="warning")
    for name, below in spot.under.items():
        if name not in _OF_NOBODYS_WORDS:
            yield from _cut(below, is_text=is_text or name in _TEXTS)
