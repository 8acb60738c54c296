"""A text in; the server-side placeholders in it out.

Octopush fills `{first_name}`, `{last_name}` and `{param1}` to `{param5}` itself, documented for its older SMS endpoint
only. octoplan never uses them: it cannot show in a plan what they would become.
"""

import re
from collections.abc import Iterator

_PLACEHOLDER = re.compile(r"\{(first_name|last_name|param[1-5])\}")


def has_placeholder(text: str) -> bool:
    """Tell whether a rendered text holds a placeholder; a value of a row may have brought it in."""
    return "{" in text and _PLACEHOLDER.search(text) is not None


def find_placeholders(text: str) -> Iterator[tuple[int, str]]:
    """Find each placeholder's offset and name."""
    return ((found.start(), found[1]) for found in _PLACEHOLDER.finditer(text))
