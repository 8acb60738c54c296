"""The bytes of a callback → its fields: JSON, one object or several, or a form. Nothing is believed of them yet.

A form nests as PHP does: `meta_data[call_duration]=3`, `deliveries[0][email]=...`.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl

LONGEST: Final = 1024 * 1024
"""Bytes of a callback, or of a line of a file of them."""
_FIELDS: Final = 20_000
_NAME: Final = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
Fields = Mapping[str, Any]


class Unreadable(ValueError):  # noqa: N818 - it says what is the case
    """It is neither JSON nor a form; `rule` and our words for why, nothing of what stands there."""

    def __init__(self, rule: str, reason: str) -> None:
        super().__init__(reason)
        self.rule = rule
        self.reason = reason


def read(body: bytes) -> Sequence[object]:
    """A body → the fields of each callback in it, or what stands there for them; one at least, else Unreadable."""
    if len(body) > LONGEST:
        raise Unreadable("ingest/length", f"it is longer than {LONGEST:,} bytes")
    text = _decode(body).strip()
    if not text:
        raise Unreadable("ingest/empty", "it is empty")
    return _objects(text) if text[0] in "{[" else (_form(text),)


def members(value: object) -> Iterator[object]:
    """A list, or what a form makes of one → its members, in order."""
    if isinstance(value, Mapping):
        yield from (value[key] for key in sorted(value, key=lambda key: (len(str(key)), str(key))))
    elif isinstance(value, list):
        yield from value


def _decode(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("ingest/text", "it is not UTF-8") from None


def _objects(text: str) -> Sequence[object]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable("ingest/json", "it begins as JSON, and is none") from None
    if found == []:
        raise Unreadable("ingest/json", "it is a list of nothing")
    return found if isinstance(found, list) else [found]


def _form(text: str) -> Fields:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=True, max_num_fields=_FIELDS, errors="strict")
    except ValueError:
        raise Unreadable("ingest/form", "it is neither JSON nor a form") from None
    made: dict[str, Any] = {}
    for name, value in pairs:
        found = _NAME.fullmatch(name)
        if found is None:
            raise Unreadable("ingest/form", "a field of the form has a name that cannot be read")
        _put(made, [found[1], *re.findall(r"\[([^\[\]]*)\]", found[2])], value)
    return made


def _put(made: dict[str, Any], path: Sequence[str], value: str) -> None:
    """A path of names, and what stands there → into the fields; a blank name counts on, as in PHP."""
    *parents, last = path
    for name in parents:
        within = made.setdefault(name or str(len(made)), {})
        if not isinstance(within, dict):
            raise Unreadable("ingest/form", "a field of the form is a value and a list at once")
        made = within
    made[last or str(len(made))] = value
