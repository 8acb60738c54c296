"""A request body in bytes → a Submission: every field as the API would understand it, and what it forgave."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from types import MappingProxyType
from typing import NoReturn

from octoplan.sandbox.casting import Forgiven, cast_value
from octoplan.sandbox.contacts import Contacts, read_contacts, shorten
from octoplan.sandbox.fields import CHANNEL, CHANNELS, METADATA, RECIPIENTS, Endpoint, Field

_MOST_FORGIVEN = 100
_ABSENT = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What a request asks for, as understood.

    `channel` is blank where none was recognised; `contacts` counts the array, `addresses` what is usable of it;
    `options` holds every other field under its own name, defaults included, as JSON values.
    """

    channel: str = ""
    contacts: int = 0
    addresses: tuple[str, ...] = ()
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
        """The text to be sent."""
        return self.option("text")

    @property
    def simulated(self) -> bool:
        """Whether nothing shall be sent."""
        return self.flag("simulation_mode")


def read_submission(body: bytes, endpoint: Endpoint) -> Submission | None:
    """Read a JSON object in UTF-8; None if it is none, or nested too deeply to be read."""
    found = _parse(body)
    if not isinstance(found, dict):
        return None
    channel, said = _read_channel(found.get(CHANNEL))
    fields = tuple(field for field in endpoint.fields if not channel or channel in field.channels)
    options, notes = _read_options(found, fields)
    contacts = read_contacts(found.get(RECIPIENTS), CHANNELS[channel].address) if channel else Contacts()
    unknown = _list_unknown(found, endpoint, channel)
    listed = islice((*said, *notes, *contacts.forgiven, *unknown, *_list_unused(options)), _MOST_FORGIVEN)
    return Submission(
        channel=channel,
        contacts=contacts.count,
        addresses=contacts.addresses,
        options=MappingProxyType(options),
        forgiven=tuple(listed),
    )


def _parse(body: bytes) -> object:
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError):  # not UTF-8, not JSON, a number of 5,000 digits, 100,000 brackets
        return None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _read_channel(value: object) -> tuple[str, tuple[Forgiven, ...]]:
    if not isinstance(value, str) or value in CHANNELS:
        return (value if isinstance(value, str) else ""), ()
    name = value.strip().casefold()
    if name not in CHANNELS:
        return "", ()
    return name, (Forgiven(field=CHANNEL, how="changed", note=f"read as {name}"),)


def _read_options(body: dict[str, object], fields: tuple[Field, ...]) -> tuple[dict[str, object], list[Forgiven]]:
    options: dict[str, object] = {}
    notes: list[Forgiven] = []
    for row in fields:
        value, forgiven = _read_field(body, row)
        notes.extend(forgiven)
        if value is not None:
            options[row.name] = value
    return options, notes


def _read_field(body: dict[str, object], field: Field) -> tuple[object, tuple[Forgiven, ...]]:
    value = _find(body, field.path)
    label = ".".join(field.path)
    if value is _ABSENT:
        note = f"absent: {field.default}"
        return field.default, (Forgiven(field=label, how="defaulted", note=note),) if field.noted else ()
    cast = cast_value(field, value)
    if cast.how is None:
        return cast.value, ()
    if cast.value is None and field.default is not None:
        note = f"{cast.note}: {field.default}"
        return field.default, (Forgiven(field=label, how="defaulted", note=note),)
    return cast.value, (Forgiven(field=label, how=cast.how, note=cast.note),)


def _find(body: Mapping[str, object], path: tuple[str, ...]) -> object:
    found: object = body
    for name in path:
        found = found.get(name, _ABSENT) if isinstance(found, dict) else _ABSENT
    return found


def _list_unknown(body: dict[str, object], endpoint: Endpoint, channel: str) -> Iterator[Forgiven]:
    known = {field.path for field in endpoint.fields} | {(CHANNEL,), (RECIPIENTS,), (METADATA,)}
    used = {field.path for field in endpoint.fields if channel in field.channels}
    for path in _list_paths(body):
        label = ".".join(shorten(name) for name in path)
        if path not in known:
            yield Forgiven(field=label, how="ignored", note="not a field of this endpoint")
        elif channel and path[-1] not in {CHANNEL, RECIPIENTS, METADATA} and path not in used:
            yield Forgiven(field=label, how="ignored", note=f"not a field of {channel}")


def _list_paths(body: dict[str, object]) -> Iterator[tuple[str, ...]]:
    yield from ((name,) for name in body)
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
