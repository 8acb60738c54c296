"""A text → what is left over in it, or reads otherwise than it was meant: placeholders, capitals, spaces, zeros."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from octoplan.content.values import text_of
from octoplan.errors import Problem
from octoplan.lint.prose import Prose, quoted
from octoplan.lint.stop import MENTION

_MOST_TOLD: Final = 10
_CAPITALS: Final = re.compile(r"[^\W\d_]+")
_FEW_LETTERS: Final = 12
_MOSTLY: Final = 0.7
_WORD_OF_CAPITALS: Final = 3
_TWO_SPACES: Final = re.compile(r"(?<=\S)  +(?=\S)")

# What people put where a name or the like is to come: only in brackets, which a shop's name may stand in too.
_NAMES: Final = (
    r"(?:(?:first|last|full|customer|client|user|company|shop|promo)[ _-]?)?"
    r"(?:name|prénom|prenom|nom|vorname|nachname|nombre|apellido|surname|date|city|ville|address|phone|e-?mail|code"
    r"|link|lien|url|amount|price|prix|discount|placeholder)(?:[ _-](?:here|ici))?"
    r"|(?:insert|your|votre|ihr|dein|tu)[ _-][\w -]{1,30}"
)
_PLACEHOLDERS: Final = re.compile(
    r"\b(?:TODO|FIXME|TBD|TBC)\b"
    r"|\b[Ll]orem [Ii]psum\b"
    r"|\bX{3,}\b"
    rf"|\[\[?(?i:{_NAMES})\]?\]"
    r"|\[[A-Za-z]\w{0,30}_\w{1,30}\]"
    r"|%(?i:[A-Z][A-Z_]{2,30})%"
    r"|\*\|[A-Z][\w:]{1,30}\|\*"
    r"|\$\{\w{1,30}\}"
    r"|(?<![{$%#])\{ ?[^\W\d]\w{0,30} ?\}(?!\})"
)
_IN_ANGLES: Final = re.compile(rf"<(?i:{_NAMES}|[A-Za-z]\w{{0,30}}_\w{{1,30}})>")


def placeholders(prose: Prose) -> Iterator[Problem]:
    """`placeholder-left`: what nobody fills and everybody would read, at most ten of a text."""
    patterns = (_PLACEHOLDERS,) if prose.kind == "html" else (_PLACEHOLDERS, _IN_ANGLES)
    words = _without_mention(prose)
    found = (one for pattern in patterns for one in pattern.finditer(words))
    for one in islice(found, _MOST_TOLD):
        message = f"{quoted(one[0])} looks like a placeholder, and is sent as it stands"
        yield prose.finding("placeholder-left", one.start(), message, "write the words, or a variable: {{ name }}")


def capitals(prose: Prose) -> Iterator[Problem]:
    """`all-caps`: a text of at least twelve letters, most of which are capitals; the STOP mention does not count."""
    if prose.kind not in ("text", "html") and prose.sheet.pointer[:2] != ("metadata", "subject"):
        return
    words = list(_CAPITALS.finditer(_without_mention(prose)))
    letters = "".join(word[0] for word in words)
    cased = sum(letter.islower() or letter.isupper() for letter in letters)
    high = sum(letter.isupper() for letter in letters)
    if cased < _FEW_LETTERS or high < _MOSTLY * cased:
        return
    first = next((word for word in words if len(word[0]) >= _WORD_OF_CAPITALS and word[0].isupper()), words[0])
    share = 100 * high // cased
    hint = "capitals are read as shouting, and by filters as a sign of spam: write them where they belong"
    yield prose.finding("all-caps", first.start(), f"{share} % of the letters are capitals", hint)


def spaces(prose: Prose) -> Iterator[Problem]:
    """`double-space`: two spaces between words of one line; markup and a voice do not care."""
    if prose.kind not in ("text", "line"):
        return
    found = list(_TWO_SPACES.finditer(prose.words))
    if not found:
        return
    times = f", {len(found)} times" if len(found) > 1 else ""
    message = f"{len(found[0][0])} spaces between two words{times}"
    yield prose.finding("double-space", found[0].start(), message, "one is enough, and each is a character of a part")


def zeros(prose: Prose) -> Iterator[Problem]:
    """`zeros-lost`: a price such as 9.90, which is a number, and is printed as one: 9.9."""
    if prose.kind != "fraction":
        return
    printed = text_of(float(prose.words))
    if printed != prose.words:
        message = f"`{prose.sheet.pointer[-1]}` is a number: {prose.words} is printed as {printed}"
        hint = f'put it in quotes, "{prose.words}"; where a template reckons with it, add `| float` there'
        yield prose.finding("zeros-lost", 0, message, hint)


def _without_mention(prose: Prose) -> str:
    return MENTION.sub(lambda found: " " * len(found[0]), prose.words)
