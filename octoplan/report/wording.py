"""How a campaign's messages read → which of them to show, and their words in lines of text.

A preview holds what the author wrote, with the names of variables where a person's values will stand.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

from octoplan.plan import Preview, Step
from octoplan.report.lines import people
from octoplan.report.safe import plain

MOST = 6
"""Previews of a campaign that are shown."""

_BLOCKS = frozenset(("p", "div", "br", "tr", "li", "h1", "h2", "h3", "h4", "table", "ul", "ol", "section", "footer"))
# Not `head`, which needs no end: what nobody reads of it are elements of their own.
_UNREAD = frozenset(("style", "script", "title", "template"))


def chosen(step: Step) -> tuple[Preview, ...]:
    """A step → its previews that are shown: every extreme, then those of most people; in the order of people."""
    first = sorted(step.previews, key=lambda one: (not one.extremes, -one.people))[:MOST]
    return tuple(one for one in step.previews if one in first)


def wordings(step: Step) -> Iterator[tuple[str, ...]]:
    """A step → for each preview that is shown: who gets it, and the lines of what it says."""
    more = "" if step.previewed >= step.variants else " or more"
    for one in chosen(step):
        yield (f"{people(one.people)}{more}:", *map(plain, _said(one, step)))


def _said(one: Preview, step: Step) -> Iterator[str]:
    metadata, text = one.content.get("metadata", {}), one.content.get("text")
    if metadata.get("subject"):
        yield f"subject: {metadata['subject']}"
    if text:
        own = (step.settings or {}).get("metadata", {})
        yield from (readable(text) if own.get("body_format") == "html" else str(text)).split("\n")
    yield from (
        f"{key.removesuffix('s')}: {_flat(item)}" for key in ("cards", "actions") for item in metadata.get(key, ())
    )


def _flat(item: Any) -> str:
    """A card or a button → the texts in it, one after the other."""
    if isinstance(item, dict):
        item = list(item.values())
    return ", ".join(filter(None, map(_flat, item))) if isinstance(item, list | tuple) else str(item)


def readable(source: str) -> str:
    """An HTML body → the text of it, in lines: a letter's own styles and pictures have no place in a report."""
    reader = _Reader()
    reader.feed(source)
    reader.close()
    spaced = re.sub(r"[ \t\r\f\v]+", " ", "".join(reader.said))
    return re.sub(r" ?\n[ \n]*", "\n", spaced).strip()


class _Reader(HTMLParser):
    """Gathers the words of a page, a line break for each block."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self._unread = 0

    def parse_html_declaration(self, i: int) -> int:
        """Take `<![` for a comment up to the next `>`, as browsers do; Python fails at some of mail programs."""
        if self.rawdata.startswith("<![", i):
            return self.parse_bogus_comment(i)
        return super().parse_html_declaration(i)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - its signature
        self._unread += tag in _UNREAD
        if tag in _BLOCKS:
            self.said.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._unread -= tag in _UNREAD and self._unread > 0
        if tag in _BLOCKS:
            self.said.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self.said.append(data.replace("\n", " "))
