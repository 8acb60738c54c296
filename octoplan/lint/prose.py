"""A campaign → its texts as written, one Prose each: templates and markup masked, every character in its place.

A mask has the length of what it hides, so that an offset in a Prose is one in the source. Only the first 100,000
characters of a text are looked at: no message has more than 1,224.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from octoplan.campaign import Campaign
from octoplan.content.sheet import Sheet, make_sheet
from octoplan.content.tree import strings_of
from octoplan.errors import Place, Problem
from octoplan.lint.rules import AREA
from octoplan.project import Project
from octoplan.source import Document, Pointer

HOLE: Final = "\ue000"
"""Stands for each character of a template's tag, and in HTML of markup: for private use, so in no text of anybody."""

Kind = Literal["text", "html", "line", "other", "var", "fraction"]
"""The message's words; the same in HTML; a subject or a name; a string of a card or an action; a var that is text; one
that is a fraction, as it is written, and is printed."""

_MOST: Final = 100_000
_TAGS: Final = (("{{", "}}"), ("{%", "%}"), ("{#", "#}"))
_MARKUP: Final = (("<!--", "-->"), ("<style", "</style"), ("<script", "</script"))
_ELEMENT: Final = re.compile(r"<[^<>]*>")
_SPOKEN: Final = frozenset({"language", "voice_language"})
_LINES: Final = frozenset({"subject", "name_from"})
_LONGEST_QUOTE: Final = 40
# A tag that prints a var as it is, its name to be put in.
_PRINTED: Final = r"\{{\{{-?\s*{name}\s*(?:-?\}}\}}|~|\|\s*d(?:efault)?\b)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prose:
    """One text. `marked`: its source without templates; `words`: without markup too, which only HTML has.

    `cut`: of a var, the `#` that YAML ends it at (see `Spot`).
    """

    sheet: Sheet
    kind: Kind
    marked: str
    words: str
    cut: Place | None = None

    def finding(self, rule: str, offset: int, message: str, hint: str = "") -> Problem:
        """The id of a rule, and where in the text → the warning."""
        place = self.sheet.place(offset)
        return Problem(place=place, rule=f"{AREA}{rule}", message=message, hint=hint, severity="warning")


def prose_of(campaign: Campaign, project: Project) -> tuple[Prose, ...]:
    """A campaign → all texts of it: templated ones, and the vars that these name."""
    texts = [
        _prose(make_sheet(pointer, source, campaign.locate), _kind(pointer, campaign))
        for pointer, source in strings_of(campaign.content)
        if _SPOKEN.isdisjoint(pointer)
    ]
    sources = "\n".join(text.sheet.source for text in texts)
    return (*texts, *_vars(campaign, project, sources))


def quoted(text: str) -> str:
    """A piece of a text as written → it in quotes, cut where it is long; what a template prints in it is `…`."""
    shown = re.sub(f"{HOLE}+", "…", text)
    return f"`{shown}`" if len(shown) <= _LONGEST_QUOTE else f"`{shown[:_LONGEST_QUOTE]}…`"


def _kind(pointer: Pointer, campaign: Campaign) -> Kind:
    if pointer[0] == "text":
        return "html" if campaign.html_body else "text"
    return "line" if _LINES.intersection(pointer) and "cards" not in pointer and "actions" not in pointer else "other"


def _prose(sheet: Sheet, kind: Kind) -> Prose:
    source = sheet.source[:_MOST]
    marked = source if kind == "var" else _masked(source, _TAGS)
    words = _ELEMENT.sub(_hole, _masked(marked, _MARKUP)) if kind == "html" else marked
    return Prose(sheet=sheet, kind=kind, marked=marked, words=words)


def _vars(campaign: Campaign, project: Project, sources: str) -> Iterator[Prose]:
    named = set(re.findall(r"\w+", sources))
    own: Mapping[str, Any] = campaign.document.data.get("vars") or {}
    for name, value in campaign.constants.items():
        document = campaign.document if name in own else project.document
        if name not in named or document is None:
            continue
        pointer = ("vars", name)
        spot, locate = document.spots.at(pointer)[0], _located(document)
        if isinstance(value, str):
            yield replace(_prose(Sheet(pointer=pointer, source=value, locate=locate), "var"), cut=spot.cut)
        elif isinstance(value, float) and re.search(_PRINTED.format(name=name), sources):
            sheet = Sheet(pointer=pointer, source=spot.written, locate=locate)
            yield Prose(sheet=sheet, kind="fraction", marked=spot.written, words=spot.written, cut=spot.cut)


def _located(document: Document) -> Any:
    def locate(pointer: Pointer, line: int, column: int) -> Place:
        return document.place_in_text(pointer, line, column)

    return locate


def _masked(text: str, pairs: tuple[tuple[str, str], ...]) -> str:
    """A text → with all between the pairs masked, in one walk over it; what is never closed stays."""
    opening = re.compile("|".join(re.escape(begin) for begin, _ in pairs), re.IGNORECASE)
    closings = {begin: re.compile(re.escape(end), re.IGNORECASE) for begin, end in pairs}
    pieces, at = list[str](), 0
    while found := opening.search(text, at):
        closing = closings[found[0].lower()].search(text, found.end())
        if closing is None:
            break
        pieces += [text[at : found.start()], HOLE * (closing.end() - found.start())]
        at = closing.end()
    return "".join([*pieces, text[at:]])


def _hole(found: re.Match[str]) -> str:
    return HOLE * len(found[0])
