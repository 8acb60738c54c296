"""A text → the characters in it that nobody sees; two texts → whether they differ in nothing else."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any, Final

from octoplan.campaign import Campaign
from octoplan.content.tree import strings_of
from octoplan.content.typography import REPLACED, cheaper
from octoplan.errors import Problem
from octoplan.lint.prose import HOLE, Prose
from octoplan.parts import measure

SPACES: Final = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
"""Look like a space; in an SMS they force UCS-2."""
HIDDEN: Final = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e"
    "\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\u3164\ufeff\uffa0"
)
"""Look like nothing. The joiners U+200C and U+200D are not among them: they hold letters and emoji together."""

_DIRECTING: Final = "\u061c\u200e\u200f\u2066\u2067\u2068\u2069"
"""Say which way what stands beside them is written."""

_RIGHT_TO_LEFT: Final = frozenset(("R", "AL"))
_ONE: Final = re.compile(f"[{SPACES}{HIDDEN}]")
_HIDDEN: Final = re.compile(f"[{HIDDEN}]")
_JOINERS: Final = "\u200c\u200d\ufe0e\ufe0f"
_AS_SPACE: Final = dict.fromkeys(map(ord, SPACES), " ") | dict.fromkeys(map(ord, HIDDEN + _JOINERS), "")
_RUNS: Final = re.compile(r"\s+")
_ALIKE: Final = frozenset("АВЕЅІЈКМНОРСТУХаеіјорсухѕΑΒΕΖΗΙΚΜΝΟΡΤΥΧο")  # noqa: RUF001 - Cyrillic and Greek, which is the point
_WORD: Final = re.compile(r"\w+")
_LATIN: Final = re.compile("[A-Za-z]")


def characters(prose: Prose, campaign: Campaign) -> Iterator[Problem]:
    """`invisible-character`: what nobody sees, once a text; spaces of another width count where they force UCS-2 only.

    With `optimize: gsm7` those that it takes out of the text do not count, and beside letters that are written from
    right to left not the marks that say which way a word goes.
    """
    found, hint = _unseen(prose, campaign), "type the passage again"
    if campaign.channel == "sms" and found:
        if _is_basic(prose, campaign):
            hint = "it forces UCS-2: half as much fits into a part"
        else:
            found = [one for one in found if one[0] in HIDDEN]
    if found:
        names = ", ".join(dict.fromkeys(_name(one[0]) for one in found))
        times = f" ({len(found)} characters)" if len(found) > 1 else ""
        yield prose.finding("invisible-character", found[0].start(), f"nobody sees {names} in here{times}", hint)
    for word in _WORD.finditer(prose.words):
        at = next((place for place, letter in enumerate(word[0]) if letter in _ALIKE), None)
        if at is not None and _LATIN.search(word[0]):
            message = f"{_name(word[0][at])} stands in a word of Latin letters, and looks like one"
            yield prose.finding("invisible-character", word.start() + at, message, "type the word again")
            return


def _unseen(prose: Prose, campaign: Campaign) -> list[re.Match[str]]:
    """A text → what nobody sees in it, and is not meant there; in an SMS spaces of another width too."""
    from_the_right = any(one.isalpha() and unicodedata.bidirectional(one) in _RIGHT_TO_LEFT for one in prose.words)
    meant = _DIRECTING if from_the_right else ""
    if _is_optimized(prose, campaign):
        meant = f"{meant}{''.join(REPLACED)}"
    pattern = _ONE if campaign.channel == "sms" else _HIDDEN
    return [one for one in pattern.finditer(prose.words) if one[0] not in meant]


def _is_basic(prose: Prose, campaign: Campaign) -> bool:
    """Whether a text would do without UCS-2 but for what nobody sees in it."""
    words = _ONE.sub("", prose.words.replace(HOLE, ""))
    return measure(cheaper(words) if _is_optimized(prose, campaign) else words).encoding == "gsm7"


def _is_optimized(prose: Prose, campaign: Campaign) -> bool:
    return campaign.optimize and prose.kind in ("text", "var")


def differences(campaign: Campaign, sent: Mapping[str, Any]) -> Iterator[Problem]:
    """`invisible-difference`: the content that was sent last, and the campaign that differs from it in nothing seen."""
    before = dict(strings_of(sent))
    now = dict(strings_of(campaign.content))
    changed = [pointer for pointer, text in now.items() if before.get(pointer) != text]
    if before.keys() != now.keys() or any(seen(now[pointer]) != seen(before[pointer]) for pointer in changed):
        return
    for pointer in changed:
        at = next(
            (at for at, pair in enumerate(zip(now[pointer], before[pointer], strict=False)) if len({*pair}) > 1), 0
        )
        line = now[pointer].count("\n", 0, at) + 1
        yield Problem(
            place=campaign.locate(pointer, line, at - now[pointer].rfind("\n", 0, at)),
            rule="lint/invisible-difference",
            message="this differs from what was sent only in characters that nobody sees",
            hint="people would read the same again; take the text as it was, or say something new",
            severity="warning",
        )


def seen(text: str) -> str:
    """A text → as people see it: nothing hidden, one kind of space, letters composed; for comparing only."""
    return _RUNS.sub(" ", unicodedata.normalize("NFC", text.translate(_AS_SPACE))).strip()


def _name(character: str) -> str:
    return f"U+{ord(character):04X} {unicodedata.name(character, 'unnamed').lower()}"
