"""A text in; the server-side placeholders in it out, or the text that they are filled to.

Octopush fills `{first_name}`, `{last_name}` and `{param1}` to `{param5}` itself, documented for its older SMS endpoint
only. An author never writes them: `personalization: server` puts them where texts differ, see
`docs/personalization.md`.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

PARAMETERS: Final = (*(f"param{number}" for number in range(1, 6)), "first_name", "last_name")
"""In the order in which they are taken into use: the names last, which the server may know something about."""

PLACEHOLDER: Final = r"\{(first_name|last_name|param[1-5])\}"
"""A pattern that Python and SQL read alike."""
_PLACEHOLDER = re.compile(PLACEHOLDER)


def has_placeholder(text: str) -> bool:
    """Tell whether a rendered text holds a placeholder; a value of a row may have brought it in."""
    return "{" in text and _PLACEHOLDER.search(text) is not None


def find_placeholders(text: str) -> Iterator[tuple[int, str]]:
    """Find each placeholder's offset and name."""
    return ((found.start(), found[1]) for found in _PLACEHOLDER.finditer(text))


def fill(text: str, values: Mapping[str, str]) -> str:
    """Fill placeholders as the server does: with the values as they stand, which are not looked into again."""
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], ""), text)
