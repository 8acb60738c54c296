"""Every rule of lint by its id: what it finds, in a sentence. Each has a page, `docs/lint/ID.md`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

AREA: Final = "lint/"
"""What stands before the id where a finding is shown; `lint: {off: [...]}` takes the id alone."""

RULES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "all-caps": "A text in capital letters.",
        "cut-by-comment": "A text that ends at a #, where YAML begins a comment.",
        "double-space": "Two spaces, one of which is paid for and not read.",
        "invisible-character": "A character that nobody sees, or a letter that looks like another.",
        "invisible-difference": "A text that differs from the one that was sent only in what nobody sees.",
        "link-not-https": "A link without https.",
        "link-shortener": "A link through a shortener, behind which operators see no sender.",
        "placeholder-left": "A placeholder that nobody fills.",
        "sender-refused": "A sender that operators refuse or replace.",
        "stop-costs-a-part": "A STOP mention that takes a part of its own.",
        "stop-misspelled": "A STOP mention that is not spelled as Octopush wants it.",
        "stop-missing": "Marketing that does not say how to stop it.",
        "zeros-lost": "A number that is not printed as it is written.",
    }
)


def page_of(rule: str) -> str:
    """The rule of a Problem → its page in the documentation; empty where it is none of lint."""
    name = rule.removeprefix(AREA)
    return f"docs/lint/{name}.md" if rule.startswith(AREA) and name in RULES else ""
