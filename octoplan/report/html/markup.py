"""Text → HTML. Whatever is no Html is escaped: there is no other way into the page."""

from collections.abc import Iterable
from html import escape

from octoplan.report.safe import plain, words

LONGEST = 300
"""Characters of a name or a sentence that are shown: files may hold longer ones."""

_EMPTY = frozenset({"br", "meta"})


class Html(str):
    """Markup of ours, which is not escaped again."""

    __slots__ = ()


NOTHING = Html()


def element(tag: str, *content: str, kind: str = "", **attributes: str | float) -> Html:
    """A tag and its content → the element; `kind` is its class, and `aria_label` is written `aria-label`."""
    named = {"class": kind} if kind else {}
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(str(value))}"' for name, value in (named | attributes).items()
    )
    closed = "" if tag in _EMPTY else f"{joined(content)}</{tag}>"
    return Html(f"<{tag}{written}>{closed}")


def joined(content: Iterable[str]) -> Html:
    """Pieces → one, each escaped that is no Html."""
    return Html("".join(piece if isinstance(piece, Html) else escape(piece) for piece in content))


def lines(content: Iterable[str]) -> Html:
    """Pieces → one, each on a line of its own, so that pages can be compared."""
    return Html("".join(f"{joined([piece])}\n" for piece in content if piece))


def name(text: str) -> str:
    """A name → what is shown of it."""
    return short(plain(text))


def said(sentence: str) -> str:
    """A sentence → what is shown of it, whatever looks like an address masked."""
    return short(words(sentence))


def short(shown: str, longest: int = LONGEST) -> str:
    """A text → its beginning, if it is too long."""
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"
