"""Values → JSON documents and lines of one form: kind and version first, ASCII only, same bytes for same input."""

import json
from collections.abc import Mapping
from typing import Any

from octoplan.errors import Place

VERSION = 1


def document(kind: str, **content: Any) -> str:
    """A kind and its content → a versioned document, its last line not ended."""
    return json.dumps({"octoplan": kind, "version": VERSION, **content}, indent=2, allow_nan=False)


def line(content: Mapping[str, Any]) -> str:
    """An object → one line, not ended."""
    return json.dumps(content, separators=(",", ":"), allow_nan=False)


def placed(place: Place) -> dict[str, Any]:
    """A place → its keys; a file as a whole has neither line nor column."""
    return {"file": place.file, "line": place.line or None, "column": place.column or None}
