"""Hostile or personal text → text that may stand in any report.

`plain` is for names and paths: nothing in it can move a cursor, turn the writing direction or begin a line. `words` is
for sentences, and masks whatever looks like an address as well: they come from our own modules, which quote nobody, and
this is the second lock on that door.
"""

import re
import unicodedata
from typing import Final

# ITU-T E.164 assigns calling codes of one digit (1, 7), of two, and of three for all the rest.
_CALLING_CODE: Final = re.compile(r"1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|\d{3}")
_SHORTEST_NUMBER: Final = 7
_BREAKS: Final = frozenset("\n\r\t\v\f\x85\u2028\u2029")
_UNSEEN: Final = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
_QUOTED_MAILBOX: Final = re.compile(r'"[^"@]*"@\S+')
_WORD: Final = re.compile(r"\S+")
_NUMBER: Final = re.compile(r"(?<![\w.,])(?:(?:\+ ?|00?)[1-9](?:[ .()/\u00a0\u202f-]{0,2}\d){7,}|\d{9,15}(?!\w))")
_LAST_LABEL: Final = re.compile(r"\.([A-Za-z]{2,24})\W*\Z")


def plain(text: str) -> str:
    """A name or path → the same on one line, with every unseen or steering character made visible."""
    if text.isprintable():  # no control, format, surrogate or unassigned character, and no space but the plain one
        return text
    return "".join(_shown(character) for character in text)


def words(text: str) -> str:
    """A sentence → the same, plain, with whatever looks like an address masked."""
    sentence = plain(text)
    if "@" in sentence:
        sentence = _QUOTED_MAILBOX.sub(_masked_match, sentence)
        sentence = _WORD.sub(_masked_mailbox, sentence)
    return _NUMBER.sub(_masked_match, sentence)


def masked(address: str) -> str:
    """An address → what may be shown of it: country code and last two digits, or the end of the domain."""
    if "@" in address:
        label = _LAST_LABEL.search(address.rpartition("@")[2])
        return f"•••@•••.{label[1].lower()}" if label else "•••@•••"
    digits = "".join(str(int(character)) for character in address if character.isdecimal())
    if len(digits) < _SHORTEST_NUMBER:
        return "•••"
    code = _CALLING_CODE.match(digits) if address.lstrip().startswith("+") else None
    return f"{f'+{code[0]}' if code else ''}…{digits[-2:]}"


def _shown(character: str) -> str:
    if character in _BREAKS:
        return " "
    if unicodedata.category(character) in _UNSEEN:
        return ascii(character)[1:-1]
    return character


def _masked_match(found: re.Match[str]) -> str:
    return masked(found[0])


def _masked_mailbox(found: re.Match[str]) -> str:
    return masked(found[0]) if "@" in found[0].strip("@") else found[0]
