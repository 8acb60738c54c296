"""Rows of `endpoints`, dataclasses of `records` → JSON Schemas of what is documented, not of what is forgiven."""

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType, NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from octoplan.sandbox.endpoints import LONGEST_PERSONAL, LONGEST_TEXT, MOST_RECIPIENTS, VOICE_LANGUAGES
from octoplan.sandbox.fields import CHANNEL, METADATA, RECIPIENTS, Channel, Endpoint, Field

Schema = dict[str, Any]

_TYPES: Mapping[object, Mapping[str, str]] = MappingProxyType(
    {
        str: {"type": "string"},
        bytes: {"type": "string"},
        int: {"type": "integer"},
        bool: {"type": "boolean"},
        float: {"type": "number"},
        Decimal: {"type": "number"},
        datetime: {"type": "string", "format": "date-time"},
        NoneType: {"type": "null"},
    }
)
_KINDS: Mapping[str, Schema] = MappingProxyType(
    {
        "text": {"type": "string"},
        "sender": {"type": "string", "pattern": "^[a-zA-Z0-9]{3,11}$"},
        "choice": {"type": "string"},
        "flag": {"type": "boolean"},
        "moment": {"type": "string", "format": "date-time"},
        "objects": {"type": "array", "items": {"type": "object"}},
    }
)
_NARROWER: Mapping[str, Schema] = MappingProxyType(
    {
        "text": {"minLength": 1, "maxLength": LONGEST_TEXT},
        "voice_language": {"enum": sorted(VOICE_LANGUAGES)},
    }
)
"""What a rule demands of a field that is read as plain text."""

_ADDRESSES: Mapping[str, Schema] = MappingProxyType(
    {
        "phone_number": {"type": "string", "pattern": r"^\+[1-9][0-9]{6,14}$"},
        "email": {"type": "string", "format": "email", "maxLength": 254},
    }
)
_ANSWERS: Mapping[str, Schema] = MappingProxyType(
    {
        "number_of_contacts": {"type": "integer", "minimum": 0, "examples": [1]},
        "total_cost": {"type": "number", "minimum": 0, "description": "EUR", "examples": [0.05]},
        "number_of_sms_needed": {"type": "integer", "description": "SMS of all contacts together", "examples": [1]},
        "estimated_duration": {"type": "integer", "description": "seconds", "examples": [30]},
        "residual_credit": {"type": "number", "description": "EUR", "examples": [149.95]},
        "message": {"type": "string", "description": "masked, as in the documentation", "examples": ["******"]},
    }
)
_ALWAYS = ("number_of_contacts", "total_cost", "residual_credit")


def make_object(properties: Mapping[str, Schema], required: Iterable[str] | None = None) -> Schema:
    """Make the schema of an object that holds `properties` and nothing else; `required`: all, unless named."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties if required is None else required),
        "additionalProperties": False,
    }


def refer(name: str) -> Schema:
    """Refer to a schema of the document's components."""
    return {"$ref": f"#/components/schemas/{name}"}


def make_example(schema: Schema) -> dict[str, Any]:
    """Make an object of the first example of each property."""
    return {name: one["examples"][0] for name, one in schema["properties"].items()}


def make_body(endpoint: Endpoint, channel: Channel) -> Schema:
    """Make the schema of the body by which `endpoint` sends on `channel`."""
    rows = endpoint.by_channel[channel.name]
    top = {row.path[0]: make_field(row) for row in rows if row.path[0] != METADATA}
    inner = {row.path[1]: make_field(row) for row in rows if row.path[0] == METADATA}
    if inner:
        top[METADATA] = make_object(inner, ())
    if len(endpoint.channels) > 1:
        top = {CHANNEL: {"const": channel.name}} | top
    contact = make_object(
        {channel.address: _ADDRESSES[channel.address]}
        | {name: {"type": "string", "maxLength": LONGEST_PERSONAL} for name in endpoint.personal},
        (channel.address,),
    )
    top[RECIPIENTS] = {"type": "array", "items": contact, "minItems": 1, "maxItems": MOST_RECIPIENTS}
    body = make_object(top, [name for name in (CHANNEL, RECIPIENTS) if name in top])
    return body | _demand_text(channel.instead_of_text)


def make_field(row: Field) -> Schema:
    """Make the schema of one parameter."""
    schema = dict(_KINDS[row.kind]) | _NARROWER.get(row.name, {})
    if row.choices:
        schema["enum"] = list(row.choices)
    if row.longest is not None:
        schema["maxLength"] = row.longest
    if row.default is not None:
        schema["default"] = row.default
    if row.noted:
        schema["description"] = f"Where it is absent, it is {row.default}, and that is listed as forgiven."
    return schema


def make_answer(channel: Channel) -> Schema:
    """Make the schema of what is answered to a request that was accepted on `channel`."""
    prefix = channel.ticket_prefix
    ticket: Schema = {
        "type": "string",
        "pattern": f"^{prefix}_[0-9a-f]{{13}}$",
        "examples": [f"{prefix}_5f3fbce61266e"],
    }
    named = {name: _ANSWERS[name] for name in _ANSWERS if name in _ALWAYS or name in channel.answers}
    return make_object({channel.ticket_key: ticket} | named)


def shape_of(kind: Any) -> Schema:
    """Make the schema of a type as the views show its values: a moment as text, money as a number, bytes as text."""
    if kind in _TYPES:
        return dict(_TYPES[kind])
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return make_object({one.name: shape_of(hints[one.name]) for one in fields(kind)})
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Literal:
        return {"enum": list(inner)}
    if origin in (Union, UnionType):
        return {"anyOf": [shape_of(one) for one in inner]}
    if origin is tuple:
        return {"type": "array", "items": shape_of(inner[0])}
    return {"type": "object"}


def _demand_text(instead: str) -> Schema:
    if not instead:
        return {"anyOf": [{"required": ["text"]}]}
    other = {"required": [METADATA], "properties": {METADATA: {"required": [instead]}}}
    return {"anyOf": [{"required": ["text"]}, other]}
