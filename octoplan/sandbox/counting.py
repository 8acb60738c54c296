"""text → the number of SMS it takes, and where each of them ends.

3GPP TS 23.038 for the alphabet; 160 or 153 septets a part, 70 or 67 UTF-16 units.

Written apart from octoplan's own counting on purpose: two implementations of one standard check each other.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_ESCAPED = frozenset("\f^{}\\[~]|€")
_ONE_GSM, _MANY_GSM = 160, 153
_ONE_UCS2, _MANY_UCS2 = 70, 67
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One SMS of several: its share of the text, and the septets or UTF-16 units that this takes."""

    text: str
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Costly:
    """A character outside GSM-7, its Unicode name, and how often it stands in the text."""

    character: str
    name: str
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A text as a phone network counts it: `room` is what fits into as many parts as there are now."""

    encoding: str
    units: int
    room: int
    parts: tuple[Part, ...]
    costly: tuple[Costly, ...]


def count_parts(text: str) -> int:
    """Count the parts of `text`: none for an empty text; an escape or surrogate pair never stands astride two parts."""
    if not text:
        return 0
    letters = set(text)
    if letters <= _BASIC | _ESCAPED:
        if not letters & _ESCAPED:
            return _divide(len(text), _ONE_GSM, _MANY_GSM)
        return _fill([2 if letter in _ESCAPED else 1 for letter in text], _ONE_GSM, _MANY_GSM)
    if not _ASTRAL.search(text):
        return _divide(len(text), _ONE_UCS2, _MANY_UCS2)
    return _fill([2 if letter > "\uffff" else 1 for letter in text], _ONE_UCS2, _MANY_UCS2)


def measure(text: str) -> Measure:
    """Measure `text`: its encoding, its parts with what stands in each, and the characters that force UCS-2."""
    foreign = Counter(letter for letter in text if letter not in _BASIC and letter not in _ESCAPED)
    alone, together = (_ONE_UCS2, _MANY_UCS2) if foreign else (_ONE_GSM, _MANY_GSM)
    wide = _is_astral if foreign else _ESCAPED.__contains__
    widths = [2 if wide(letter) else 1 for letter in text]
    parts = tuple(_cut(text, widths, together)) if sum(widths) > alone else (Part(text=text, units=sum(widths)),)
    return Measure(
        encoding="UCS-2" if foreign else "GSM-7",
        units=sum(widths),
        room=together * len(parts) if len(parts) > 1 else alone,
        parts=parts,
        costly=tuple(Costly(character=one, name=unicodedata.name(one, ""), times=n) for one, n in foreign.items()),
    )


def _cut(text: str, widths: list[int], together: int) -> Iterator[Part]:
    start, used = 0, 0
    for at, width in enumerate(widths):
        if used + width > together:
            yield Part(text=text[start:at], units=used)
            start, used = at, 0
        used += width
    yield Part(text=text[start:], units=used)


def _is_astral(letter: str) -> bool:
    return letter > "\uffff"


def _divide(length: int, alone: int, together: int) -> int:
    return 1 if length <= alone else -(-length // together)


def _fill(widths: list[int], alone: int, together: int) -> int:
    if sum(widths) <= alone:
        return 1
    parts, room = 1, together
    for width in widths:
        if width > room:
            parts, room = parts + 1, together
        room -= width
    return parts
