"""A text in; the same without the typographic characters that alone make it cost more parts out.

One such character, often put in by a word processor, makes a whole text UCS-2, of which less than half as much fits
into a part. `REPLACED` is the one table of them; `docs/templates.md` shows it and a test compares the two. No letter is
in it: nobody's name is written in another way.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from octoplan import parts
from octoplan.content.limits import LONGEST

_BY_REPLACEMENT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "'": "\u2018\u2019\u201a\u201b\u2032\u2039\u203a`\u00b4",
        '"': "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb",
        "-": "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2022",
        "...": "\u2026",
        " ": "\t\u00a0\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000",
        "": "\u00ad\u200b\u2060\ufeff",
    }
)
REPLACED: Final[Mapping[str, str]] = MappingProxyType(
    {character: instead for instead, characters in _BY_REPLACEMENT.items() for character in characters}
)
"""A typographic character that the GSM 7-bit alphabet lacks → what it has instead."""

_TABLE: Final = str.maketrans(dict(REPLACED))
_TYPOGRAPHIC: Final = re.compile(f"[{re.escape(''.join(REPLACED))}]")


def cheaper(text: str) -> str:
    """A text → with all typographic characters replaced, if it then needs neither UCS-2 nor more parts; or itself.

    Nor is a text made longer than an SMS may be: what may be sent as it is written is not refused for its replacements.
    """
    if text.isascii() and "`" not in text and "\t" not in text:
        return text
    replaced = plain(text)
    if replaced == text or len(text) <= LONGEST["sms"] < len(replaced):
        return text
    measured = parts.measure(replaced)
    return replaced if not measured.costly and measured.parts <= parts.measure(text).parts else text


def plain(text: str) -> str:
    """A text → with all typographic characters replaced."""
    return text.translate(_TABLE)


def typographic(text: str) -> str:
    """A text → the typographic characters in it, each as often as it is there, in order of their code points."""
    return "".join(sorted(_TYPOGRAPHIC.findall(text)))


def in_gsm7(text: str) -> str:
    """A text → with typographic characters replaced and a `?` for all others that force UCS-2: what to compare with."""
    return parts.FOREIGN.sub("?", plain(text))
