"""A request in bytes → a Submission: every field as the API would understand it, and what it forgave."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from types import MappingProxyType
from typing import NoReturn
from urllib.parse import parse_qsl

from octoplan.sandbox.casting import Forgiven, cast_value
from octoplan.sandbox.contacts import Contacts, read_contacts, shorten
from octoplan.sandbox.endpoints import MOST_RECIPIENTS
from octoplan.sandbox.fields import CHANNEL, METADATA, RECIPIENTS, Endpoint, Field
from octoplan.sandbox.personal import note_blanks, personalise

_MOST_FORGIVEN = 100
_ABSENT = object()
_FRAME = frozenset({(CHANNEL,), (RECIPIENTS,), (METADATA,)})
"""What is read by itself, and not by a row of the table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What a request asks for, as understood.

    `channel` is blank where none was recognised; `contacts` counts the array, `addresses` what is usable of it, and
    `personal` is the text that each address gets, where they differ; `options` holds every other field under its own
    name, defaults included, as JSON values.
    """

    channel: str = ""
    contacts: int = 0
    addresses: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()
    options: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    forgiven: tuple[Forgiven, ...] = ()

    def option(self, name: str) -> str:
        """Look up a text field; blank where it is absent."""
        value = self.options.get(name)
        return value if isinstance(value, str) else ""

    def flag(self, name: str) -> bool:
        """Look up a truth value; absent is false."""
        return self.options.get(name) is True

    @property
    def text(self) -> str:
        """The text as it was given, braces and all."""
        return self.option("text")

    @property
    def texts(self) -> tuple[str, ...]:
        """Every text that is sent: one for all, or one an address."""
        return self.personal or (self.text,)

    @property
    def simulated(self) -> bool:
        """Whether nothing shall be sent."""
        return self.flag("simulation_mode")


def read_submission(body: bytes, endpoint: Endpoint, rules_off: frozenset[str] = frozenset()) -> Submission | None:
    """Read a JSON object in UTF-8; None if it is none, or nested too deeply to be read.

    Switched off, the rule `body` takes anything else for an empty object, `channel` an unknown channel for the first,
    and `recipients` any number of contacts.
    """
    found = _parse(body)
    if not isinstance(found, dict):
        if "body" not in rules_off:
            return None
        found = {}
    channel, said = _read_channel(found.get(CHANNEL), endpoint, fallback="channel" in rules_off)
    options, notes = _read_options(found, endpoint.by_channel[channel])
    contacts = _read_contacts(found, endpoint, channel, most=None if "recipients" in rules_off else MOST_RECIPIENTS)
    text = str(options.get("text", ""))
    blanks = note_blanks(text, endpoint.personal, contacts.personal)
    unknown = _list_unknown(found, endpoint, channel)
    listed = islice(chain(said, notes, contacts.forgiven, blanks, unknown, _list_unused(options)), _MOST_FORGIVEN)
    return Submission(
        channel=channel,
        contacts=contacts.count,
        addresses=contacts.addresses,
        personal=personalise(text, endpoint.personal, contacts.personal),
        options=MappingProxyType(options),
        forgiven=tuple(listed),
    )


def read_query(query: str, endpoint: Endpoint) -> Submission:
    """Read what stands behind the question mark of a GET; `country_codes` is a tuple of all that were named."""
    pairs = parse_qsl(query, keep_blank_values=True, errors="replace")
    found: dict[str, object] = dict(pairs)
    countries = tuple(value for name, value in pairs if name.partition("[")[0] == "country_codes")
    listed = {name: value for name, value in found.items() if name.partition("[")[0] != "country_codes"}
    options, notes = _read_options(listed, endpoint.fields)
    unknown = tuple(_list_unknown(listed, endpoint, ""))
    return Submission(
        options=MappingProxyType(options | {"country_codes": countries}),
        # a flag in a query is text by nature: nothing has to be forgiven
        forgiven=tuple(note for note in (*notes, *unknown) if note.how != "cast")[:_MOST_FORGIVEN],
    )


def _parse(body: bytes) -> object:
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError):  # not UTF-8, not JSON, a number of 5,000 digits, 100,000 brackets
        return None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _read_channel(value: object, endpoint: Endpoint, *, fallback: bool) -> tuple[str, tuple[Forgiven, ...]]:
    if endpoint.fixed:
        return endpoint.fixed, ()
    if isinstance(value, str):
        if value in endpoint.channels:
            return value, ()
        name = value.strip().casefold()
        if name in endpoint.channels:
            return name, (Forgiven(field=CHANNEL, how="changed", note=f"read as {name}"),)
    if not fallback:
        return "", ()
    first = next(iter(endpoint.channels))
    return first, (Forgiven(field=CHANNEL, how="defaulted", note=f"not supported: {first}"),)


def _read_contacts(body: Mapping[str, object], endpoint: Endpoint, channel: str, *, most: int | None) -> Contacts:
    if not channel or endpoint.does != "send":
        return Contacts()
    key = endpoint.channels[channel].address
    return read_contacts(body.get(RECIPIENTS), key, personal=endpoint.personal, most=most)


def _read_options(body: dict[str, object], fields: tuple[Field, ...]) -> tuple[dict[str, object], list[Forgiven]]:
    options: dict[str, object] = {}
    notes: list[Forgiven] = []
    for row in fields:
        found = _find(body, row.path)
        if found is _ABSENT and not row.noted:  # most of them, in most requests
            value: object = row.default
        else:
            value, forgiven = _read_field(row, found)
            if forgiven is not None:
                notes.append(forgiven)
        if value is not None:
            options[row.name] = value
    return options, notes


def _read_field(field: Field, value: object) -> tuple[object, Forgiven | None]:
    if value is _ABSENT:
        return field.default, Forgiven(field=field.label, how="defaulted", note=f"absent: {field.default}")
    cast = cast_value(field, value)
    if cast.how is None:
        return cast.value, None
    if cast.value is None and field.default is not None:
        return field.default, Forgiven(field=field.label, how="defaulted", note=f"{cast.note}: {field.default}")
    return cast.value, Forgiven(field=field.label, how=cast.how, note=cast.note)


def _find(body: Mapping[str, object], path: tuple[str, ...]) -> object:
    found: object = body
    for name in path:
        found = found.get(name, _ABSENT) if isinstance(found, dict) else _ABSENT
    return found


def _list_unknown(body: dict[str, object], endpoint: Endpoint, channel: str) -> Iterator[Forgiven]:
    elsewhere = endpoint.known - {field.path for field in endpoint.by_channel[channel]} - _FRAME
    for path in _list_paths(body, endpoint):
        if path not in endpoint.known:
            label = ".".join(shorten(name) for name in path)
            yield Forgiven(field=label, how="ignored", note="not a field of this endpoint")
        elif path in elsewhere:
            yield Forgiven(field=".".join(path), how="ignored", note=f"not a field of {channel}")


def _list_paths(body: dict[str, object], endpoint: Endpoint) -> Iterator[tuple[str, ...]]:
    yield from ((name,) for name in body)
    if (METADATA,) not in endpoint.known:
        return
    inner = body.get(METADATA, {})
    if isinstance(inner, dict):
        yield from ((METADATA, name) for name in inner)
    else:
        yield (f"{METADATA} (not an object)",)


def _list_unused(options: Mapping[str, object]) -> Iterator[Forgiven]:
    unused = {"rich_card": "actions", "simple_text": "cards"}.get(str(options.get("message_type")))
    if unused in options:
        note = f"not used with message_type {options['message_type']}"
        yield Forgiven(field=f"{METADATA}.{unused}", how="ignored", note=note)
