"""The tables of the API → an OpenAPI 3.1 document of what this sandbox emulates, and of its own doors."""

import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from octoplan.sandbox.answers import answer_failed, answer_refused, answer_unknown_path
from octoplan.sandbox.doors import DOOR_SCHEMAS, DOORS, describe_door
from octoplan.sandbox.endpoints import BASE_PATH, CHANNELS, ENDPOINTS
from octoplan.sandbox.exchange import LARGEST_BODY, Answer
from octoplan.sandbox.fields import CHANNEL, Endpoint, Field
from octoplan.sandbox.rules import RULES, Rule
from octoplan.sandbox.shapes import Schema, make_answer, make_body, make_example, make_field, make_object, refer

_CREDENTIALS = ("api-key", "api-login")

_ABOUT = f"""\
The API of Octopush as octoplan's sandbox emulates it: nothing is sent to anybody.

The schemas describe what is documented. The API is more lenient than that: a value of the wrong type is cast, a wrong
one changed or defaulted, an unknown field ignored, **and the request is sent**. So does the sandbox, and lists what it
forgave under `/_sandbox/requests`. With the setting `strict` it refuses instead.

Any value will do for `api-key` and `api-login`. Bodies hold at most {LARGEST_BODY} bytes. Every rule stands, with its
source and whether it is assumed, under `/_sandbox/rules`; each can be switched off. What is answered with 403 or 421
was turned away before it was read: a page of another origin asked, or the server was called by a foreign name.
"""
_SAYS: Mapping[str, str] = MappingProxyType(
    {
        "send": "Send to 1 to 500 contacts.",
        "cancel": "Cancel a campaign that waits for its send_at.",
        "balance": "Tell the credit in EUR, or what it is worth in messages of one kind.",
        "credits": "Tell, by country, how many messages of each kind the credit is worth.",
    }
)
_FLAT = make_object({"code": {"type": "integer"}, "message": {"type": "string"}})
_NESTED = make_object(
    {
        "code": {"const": 400},
        "message": {"type": "string"},
        "errors": {"type": "object", "additionalProperties": _FLAT, "description": "By the name of the field."},
    }
)
_COUNT: Schema = {"type": "integer", "minimum": 0}
_BALANCE = make_object(
    {
        "amount": {"type": "number"},
        "unit": {"type": "string", "description": "euros, or the product that was asked for"},
        "wallet_packs": {
            "type": "array",
            "items": make_object(
                {
                    "wallet_pack_id": {"type": "string", "format": "uuid"},
                    "credit": {"type": "number"},
                    "expiration_date": {"type": "string", "format": "date-time"},
                }
            ),
        },
    },
    ("amount", "unit"),
)
_CREDITS: Schema = {
    "type": "object",
    "additionalProperties": make_object(
        {"premium_sms": _COUNT, "vocal_sms": _COUNT, "low_cost_sms": _COUNT, "hlr": _COUNT}
    ),
    "description": "By country, such as FR.",
}


def build_openapi() -> dict[str, Any]:
    """Build the document, a new one with each call."""
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in ENDPOINTS.values():
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _describe(endpoint)
    for door in DOORS:
        paths.setdefault(door.path, {})[door.method.lower()] = describe_door(door)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Octopush, emulated", "version": "1", "description": _ABOUT},
        "servers": [{"url": "/"}],
        "tags": [
            {"name": "api", "description": "What Octopush has, under /v1/public."},
            {"name": "sandbox", "description": "The sandbox's own doors: no credentials are needed."},
        ],
        "security": [{"api-key": [], "api-login": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {name: {"type": "apiKey", "in": "header", "name": name} for name in _CREDENTIALS},
            "schemas": dict(_list_schemas()) | dict(DOOR_SCHEMAS),
        },
    }


def _describe(endpoint: Endpoint) -> dict[str, Any]:
    described: dict[str, Any] = {
        "tags": ["api"],
        "operationId": _name(endpoint),
        "summary": f"{_SAYS[endpoint.does]}{_list_channels(endpoint)}",
        "responses": _list_answers(endpoint),
    }
    if endpoint.method == "GET":
        described["parameters"] = [_make_parameter(row) for row in endpoint.fields]
    else:
        schema = refer(f"{_name(endpoint)}_body")
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return described


def _name(endpoint: Endpoint) -> str:
    """Name an operation by its path: multi_channel_send."""
    return endpoint.path.removeprefix(f"{BASE_PATH}/").replace("/", "_").replace("-", "_")


def _list_channels(endpoint: Endpoint) -> str:
    return f" Channels: {', '.join(endpoint.channels)}." if endpoint.channels else ""


def _make_parameter(row: Field) -> Schema:
    several = row.path[-1].endswith("[]")
    schema: Schema = {"type": "array", "items": {"type": "string"}} if several else make_field(row)
    return {"name": row.path[-1], "in": "query", "schema": schema}


def _list_schemas() -> Iterator[tuple[str, Schema]]:
    yield from {"flat_error": _FLAT, "nested_error": _NESTED, "balance": _BALANCE, "credits": _CREDITS}.items()
    yield from ((f"{name}_accepted", make_answer(channel)) for name, channel in CHANNELS.items())
    for endpoint in ENDPOINTS.values():
        if endpoint.does == "send":
            yield from _list_bodies(endpoint)
        elif endpoint.does == "cancel":
            yield f"{_name(endpoint)}_body", _make_cancel_body(endpoint)


def _list_bodies(endpoint: Endpoint) -> Iterator[tuple[str, Schema]]:
    name = f"{_name(endpoint)}_body"
    if endpoint.fixed:
        yield name, make_body(endpoint, endpoint.channels[endpoint.fixed])
        return
    yield from ((f"{name}_{channel.name}", make_body(endpoint, channel)) for channel in endpoint.channels.values())
    references = {channel: refer(f"{name}_{channel}") for channel in endpoint.channels}
    mapping = {channel: reference["$ref"] for channel, reference in references.items()}
    yield (
        name,
        {"oneOf": list(references.values()), "discriminator": {"propertyName": CHANNEL, "mapping": mapping}},
    )


def _make_cancel_body(endpoint: Endpoint) -> Schema:
    fields = {row.path[-1]: make_field(row) for row in endpoint.fields}
    if not endpoint.fixed:
        fields = {CHANNEL: {"enum": list(endpoint.channels)}} | fields
    return make_object(fields)


def _list_answers(endpoint: Endpoint) -> dict[str, Any]:
    refusals: dict[int, list[Rule]] = {}
    for rule in RULES:
        if rule.code is not None and _concerns(rule, endpoint):
            refusals.setdefault(rule.status, []).append(rule)
    answers = _list_successes(endpoint)
    answers |= {str(status): _make_refusal(rules) for status, rules in sorted(refusals.items())}
    answers["404"] = _make_error("Any other path or method under /v1/public is answered so.", answer_unknown_path())
    answers["500"] = _make_error("The request could not be written down; nothing of it was taken.", answer_failed())
    return answers


def _list_successes(endpoint: Endpoint) -> dict[str, Any]:
    if endpoint.does == "cancel":
        return {"204": {"description": "It is canceled."}}
    if endpoint.does != "send":
        return {"200": _make_content("What the wallet says.", refer(endpoint.does))}
    schemas = [refer(f"{name}_accepted") for name in endpoint.channels]
    schema = schemas[0] if len(schemas) == 1 else {"oneOf": schemas}
    examples = {channel.name: {"value": make_example(make_answer(channel))} for channel in endpoint.channels.values()}
    return {"201": _make_content("Accepted, or simulated.", schema, examples)}


def _concerns(rule: Rule, endpoint: Endpoint) -> bool:
    """Whether a request to `endpoint` can be turned away by `rule`."""
    if rule.id in ("authentication", "body_size", "forgiving"):
        return True
    if rule.id == "body":
        return endpoint.method != "GET"
    return endpoint.does == ("cancel" if rule.id.startswith("cancel_") else "send")


def _make_refusal(rules: list[Rule]) -> dict[str, Any]:
    examples = {
        rule.id: {"summary": rule.what, "value": json.loads(answer_refused(rule).body)}
        for rule in rules
        if rule.id != "forgiving"  # its answer names each field, in the shape of the nested ones
    }
    schema = {"oneOf": [refer("flat_error"), refer("nested_error")]}
    return _make_content("Refused; nothing was taken.", schema, examples)


def _make_error(says: str, answer: Answer) -> dict[str, Any]:
    return _make_content(says, refer("flat_error"), {"usual": {"value": json.loads(answer.body)}})


def _make_content(says: str, schema: Schema, examples: Schema | None = None) -> dict[str, Any]:
    content: Schema = {"schema": schema} | ({"examples": examples} if examples else {})
    return {"description": says, "content": {"application/json": content}}
