"""Messages → one small HTML page. Everything is escaped, since showing strangers' content is all that it does."""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from html import escape
from types import MappingProxyType

from octoplan.sandbox.records import Message

_STYLE = (
    ":root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;"
    "padding:0 1rem}table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;"
    "padding:.4rem .8rem;border-bottom:1px solid #8886}td.text{white-space:pre-wrap;overflow-wrap:anywhere}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

PAGE_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "content-security-policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none';"
        " form-action 'none'; frame-ancestors 'none'",
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "cross-origin-resource-policy": "same-origin",
    }
)
"""Nothing is loaded, run, framed or kept; our own style alone is let in, by its hash."""


def render_page(messages: Iterable[Message], total: int) -> str:
    """Render `messages`, newest first as given, out of `total`."""
    rows = "".join(_render_row(message) for message in messages)
    caption = f"{total:,} message{'s' * (total != 1)}"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>octoplan sandbox</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body><main>'
        f"<h1>Sandbox</h1><p>{caption}; the newest are shown. As data: <a href='/_sandbox/messages'>messages</a>,"
        " <a href='/_sandbox/requests'>requests</a>.</p>"
        '<table><thead><tr><th scope="col">Time<th scope="col">Channel<th scope="col">Ticket<th scope="col">List'
        f'<th scope="col">To<th scope="col">Text</tr></thead><tbody>{rows}</tbody></table></main></body></html>'
    )


def _render_row(message: Message) -> str:
    when = message.at.isoformat(sep=" ", timespec="seconds")
    cells = (when, message.channel, message.ticket, message.list_name, message.address)
    plain = "".join(f"<td>{_show(cell)}</td>" for cell in cells)
    return f'<tr>{plain}<td class="text">{_show(message.text)}</td></tr>'


def _show(text: str) -> str:
    """Escape `text`, and keep its writing direction to itself."""
    return f"<bdi>{escape(text.replace(chr(0), chr(0xFFFD)), quote=True)}</bdi>"
