"""A text → its links without https, or through a shortener."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from octoplan.errors import Problem
from octoplan.lint.prose import HOLE, Prose, quoted

SHORTENERS: Final = frozenset(
    {
        *(
            "bc.vc",
            "bit.do",
            "bit.ly",
            "bitly.com",
            "bitly.ws",
            "budurl.com",
            "clicky.me",
            "cutt.ly",
            "goo.gl",
            "is.gd",
        ),
        *("lc.chat", "linki.la", "lnkd.in", "ow.ly", "rb.gy", "rebrand.ly", "s2r.co", "shorturl.at", "soo.gd", "t.co"),
        *("t.ly", "tiny.cc", "tinyurl.com", "v.gd"),
    }
)
"""Shorteners that anybody may use.

Most are those that operators are known to block: Bandwidth, "Text messages with shortened URLs might not get delivered"
(www.bandwidth.com/blog), and lists of the kind in the help pages of other senders. A shop's own short domain, also at
one of these companies, is none.
"""

_MOST_TOLD: Final = 10
_HOST: Final = rf"[\w{HOLE}-]+(?:\.[\w{HOLE}-]+)*"
# The first form goes to the end of its query, in which another address is not one that anybody opens. The second is a
# link only to telephones, which open it without https: www. before it, or a path behind it.
_LINK: Final = re.compile(
    rf"(?P<scheme>https?)://(?P<host>{_HOST})(?:(?!https?://)[^\s<>\"?#])*(?:[?#][^\s<>\"]*)?"
    r"|(?<![\w.@/:-])(?P<bare>www(?:\.[\w-]{1,63}){2,8}|[\w-]{1,63}(?:\.[\w-]{1,63}){0,8}\.[a-z]{2,24}(?=/\w))",
    re.IGNORECASE,
)
_FILES: Final = (".asp", ".aspx", ".css", ".htm", ".html", ".jpg", ".js", ".jsp", ".pdf", ".php", ".png", ".xml")
"""How names of files end that are no addresses: no top-level domain is called so."""

_NAMES_OF_FORMATS: Final = frozenset({"w3.org", "schema.org", "schemas.microsoft.com"})


def plain_links(prose: Prose) -> Iterator[Problem]:
    """`link-not-https`: what anybody on the way can read and change, at most ten of a text."""
    open_to_all = (found for found in _links(prose) if found["scheme"] is None or found["scheme"].lower() == "http")
    for found in islice(open_to_all, _MOST_TOLD):
        how = "is opened without https" if found["bare"] else "goes without https"
        yield prose.finding(
            "link-not-https", found.start(), f"the link to {quoted(_shown(found))} {how}", "write https://"
        )


def shorteners(prose: Prose) -> Iterator[Problem]:
    """`link-shortener`: what hides where it leads, at most ten of a text."""
    short = (found for found in _links(prose) if _host(found) in SHORTENERS)
    for found in islice(short, _MOST_TOLD):
        message = f"the link goes through {quoted(_shown(found))}, which hides where it leads"
        hint = "operators block public shorteners, since fraud uses them: link to your own domain"
        yield prose.finding("link-shortener", found.start(), message, hint)


def _links(prose: Prose) -> Iterator[re.Match[str]]:
    text = prose.marked if prose.kind == "html" else prose.words
    for found in _LINK.finditer(text):
        markup = prose.kind == "html" and found["bare"] is not None and prose.words[found.start()] == HOLE
        is_file = found["bare"] is not None and _host(found).endswith(_FILES)
        if not is_file and _host(found) not in _NAMES_OF_FORMATS and not markup:
            yield found


def _host(found: re.Match[str]) -> str:
    return _shown(found).removeprefix("www.")


def _shown(found: re.Match[str]) -> str:
    return str(found["host"] or found["bare"]).lower()
