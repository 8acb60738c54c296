"""text → the number of SMS it takes; 3GPP TS 23.038 for the alphabet, 160/153 septets and 70/67 UTF-16 units a part.

Written apart from octoplan's own counting on purpose: two implementations of one standard check each other.
"""

import re

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_ESCAPED = frozenset("\f^{}\\[~]|€")
_ONE_GSM, _MANY_GSM = 160, 153
_ONE_UCS2, _MANY_UCS2 = 70, 67
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")


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
