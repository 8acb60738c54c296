"""A rendered SMS text in; its encoding, its parts and the characters that cost the most out.

The rules are those of 3GPP TS 23.038 (alphabets) and TS 23.040 (concatenation): a text whose characters are all in the
GSM 7-bit alphabet has 160 septets in one part and 153 in each of several; any other text is UCS-2, 70 and 67 units of
UTF-16. A character of the extension table costs two septets, and neither such a pair nor a surrogate pair is ever
split, so parts are counted by filling and not by division. Only the channel `sms` has parts.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Final, Literal, NamedTuple

Encoding = Literal["gsm7", "ucs2"]

# TS 23.038, 6.2.1, row by row; the place of the escape (1B) is no character.
BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# TS 23.038, 6.2.1.1: written as the escape and a second septet.
EXTENSION: Final = frozenset("\f^{}\\[~]|€")


class Room(NamedTuple):
    """How many units fit into the only part, and into each of several."""

    alone: int
    joined: int


ROOM: Final[dict[Encoding, Room]] = {"gsm7": Room(160, 153), "ucs2": Room(70, 67)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a text costs: `units` are septets (gsm7) or UTF-16 code units (ucs2); an empty text has no part.

    `over`: how many units at its end must go for it to need one part less; 0 for a single part.
    """

    encoding: Encoding
    units: int
    parts: int
    over: int = 0
    costly: tuple[str, ...] = ()
    """The distinct characters that force UCS-2, in order of first appearance."""
    extended: tuple[str, ...] = ()
    """The distinct characters that cost two septets; empty in UCS-2, where they cost one unit like any other."""


_ESCAPE = "\x1b"
# By the leading byte of their UTF-16 unit.
_HIGH_SURROGATES = range(0xD8, 0xDC)
_LOW_SURROGATES = range(0xDC, 0xE0)
_ONLY_BASIC = re.compile(f"[{re.escape(''.join(sorted(BASIC)))}]*")
FOREIGN: Final = re.compile(f"[^{re.escape(''.join(sorted(BASIC | EXTENSION)))}]")
_EXTENDED = re.compile(f"[{re.escape(''.join(sorted(EXTENSION)))}]")

# Most texts of a campaign are short and basic: their answers are made once.
_SHORT: Final = tuple(
    Parts(encoding="gsm7", units=units, parts=min(units, 1)) for units in range(ROOM["gsm7"].alone + 1)
)


def measure(text: str) -> Parts:
    """Measure a text: its encoding, units and parts, and the characters that cost most. A newline is one unit."""
    if len(text) < len(_SHORT) and _ONLY_BASIC.fullmatch(text):
        return _SHORT[len(text)]
    costly = tuple(dict.fromkeys(FOREIGN.findall(text)))
    encoding: Encoding = "ucs2" if costly else "gsm7"
    ends = _ends(text, encoding)  # never empty: the fast path has taken the empty text
    return Parts(
        encoding=encoding,
        units=ends[-1],
        parts=len(ends),
        over=_over(ends, encoding),
        costly=costly,
        extended=() if costly else tuple(dict.fromkeys(_EXTENDED.findall(text))),
    )


def _over(ends: list[int], encoding: Encoding) -> int:
    before = (0, *ends)[-2]
    return ends[-1] - max(before, ROOM[encoding].alone) if before else 0


def split(text: str) -> tuple[str, ...]:
    """Split a text into the texts of its parts; joined, they are the text again."""
    if not text:
        return ()
    encoding: Encoding = "ucs2" if FOREIGN.search(text) else "gsm7"
    ends = _ends(text, encoding)
    if len(ends) == 1:
        return (text,)
    double = EXTENSION.__contains__ if encoding == "gsm7" else "\uffff".__lt__
    reached = list(accumulate(1 + double(character) for character in text))
    cuts = [0, *(bisect_left(reached, end) + 1 for end in ends)]
    return tuple(text[start:stop] for start, stop in pairwise(cuts))


def _ends(text: str, encoding: Encoding) -> list[int]:
    """Find where each part of a text ends, in units from the text's beginning."""
    return list(_septet_ends(text) if encoding == "gsm7" else _utf16_ends(text))


def _septet_ends(text: str) -> Iterator[int]:
    septets = _EXTENDED.sub(_ESCAPE + r"\g<0>", text)
    length, end = len(septets), 0
    if length <= ROOM["gsm7"].alone:
        yield length
        return
    while end < length:
        end = min(end + ROOM["gsm7"].joined, length)
        if septets[end - 1] == _ESCAPE:
            end -= 1
        yield end


def _utf16_ends(text: str) -> Iterator[int]:
    # A lone surrogate is no text and cannot be sent; measuring one must still not fail.
    leading_bytes = text.encode("utf-16-be", "surrogatepass")[::2]
    length, end = len(leading_bytes), 0
    if length <= ROOM["ucs2"].alone:
        yield length
        return
    while end < length:
        end = min(end + ROOM["ucs2"].joined, length)
        if end < length and leading_bytes[end - 1] in _HIGH_SURROGATES and leading_bytes[end] in _LOW_SURROGATES:
            end -= 1
        yield end
