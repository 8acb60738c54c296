"""The web inbox's own files, and an e-mail's body as a document: what a browser gets, and what it may do with it."""

from collections.abc import Mapping
from html import escape
from pathlib import Path
from types import MappingProxyType

from octoplan.sandbox.records import Message

_FOLDER = Path(__file__).parent / "web"
_TYPES: Mapping[str, str] = MappingProxyType(
    {".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
    | {".svg": "image/svg+xml"}
)
INDEX = "index.html"

PRIVATE: Mapping[str, str] = MappingProxyType(
    {
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        "x-dns-prefetch-control": "off",
        "x-content-type-options": "nosniff",
        "cross-origin-resource-policy": "same-origin",
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    }
)
"""Nothing is kept, sniffed, looked up or shown elsewhere; as data it may do nothing at all."""

PAGE_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        **PRIVATE,
        "cross-origin-opener-policy": "same-origin",
        "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
        " img-src 'self' data:; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
        " require-trusted-types-for 'script'; trusted-types 'none'",
    }
)
"""The inbox runs its own scripts, which write text and never markup; nothing comes from elsewhere."""

_BODY_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        **PRIVATE,
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:;"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
    }
)
"""An e-mail may bring its styles and inline images; it runs nothing, loads nothing and reaches nobody."""

_PLAIN = (
    '<!doctype html><meta charset="utf-8"><style>:root{{color-scheme:light dark}}'
    "body{{font:15px/1.5 system-ui,sans-serif;margin:16px;white-space:pre-wrap;overflow-wrap:anywhere}}</style>"
    "<body><bdi>{text}</bdi>"
)


def load_files() -> dict[str, tuple[bytes, str]]:
    """Load the inbox's files: name → bytes and media type."""
    return {path.name: (path.read_bytes(), _TYPES[path.suffix]) for path in _FOLDER.iterdir() if path.suffix in _TYPES}


def render_body(message: Message) -> tuple[bytes, Mapping[str, str]]:
    """Render an e-mail's text as the document for a frame without rights, and the headers that see to it."""
    text = message.text.replace("\x00", "\ufffd")
    document = text if message.options.get("body_format") == "html" else _PLAIN.format(text=escape(text))
    return document.encode("utf-8", "replace"), _BODY_HEADERS
