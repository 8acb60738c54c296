"""The doors under /_sandbox as a table: what each takes and gives, as the OpenAPI document says it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from octoplan.sandbox.callbacks import LONGEST_TEXT, STATUSES
from octoplan.sandbox.counting import Measure
from octoplan.sandbox.faults import KINDS, LONGEST_QUEUE, LONGEST_SECONDS
from octoplan.sandbox.queries import LISTINGS
from octoplan.sandbox.records import Callback, Entry, Message, Ticket
from octoplan.sandbox.shapes import Schema, make_object, refer, shape_of

_ROOT = "/_sandbox"
_TEXT: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_AMOUNT: Schema = {"type": "number", "minimum": 0}
_FLAG: Schema = {"type": "boolean"}
_MOMENT: Schema = {"type": "string", "format": "date-time"}
_NOTHING: Schema = {"type": "null"}
_PRICES: Schema = {"type": "object", "additionalProperties": {"type": "object", "additionalProperties": _AMOUNT}}


def _list_of(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _some(properties: Mapping[str, Schema]) -> Schema:
    """Make the schema of an object with at least one of `properties`."""
    return make_object(properties, ()) | {"minProperties": 1}


_SETTINGS: Mapping[str, Schema] = MappingProxyType(
    {
        "strict": _FLAG | {"description": "Wrong data is refused: the rule forgiving is off."},
        "rules_off": _list_of(_TEXT) | {"description": "Ids of /_sandbox/rules."},
        "request_id_hours": _AMOUNT,
        "rcs_agent": _FLAG,
        "keep_days": {"type": "integer", "minimum": 0, "maximum": 3660, "description": "0 for ever."},
        "callback_url": _TEXT | {"description": "Blank for none."},
        "callback_format": {"enum": ["json", "form"]},
        "prices": _PRICES | {"description": "EUR by product, then country or default."},
    }
)
_FAULT: Mapping[str, Schema] = MappingProxyType(
    {
        "kind": {"enum": list(KINDS)},
        "seconds": {"type": "number", "minimum": 0, "maximum": LONGEST_SECONDS},
        "status": {"type": "integer", "minimum": 200, "maximum": 599},
        "body": {"description": "Text as it is, anything else as its JSON."},
        "headers": {"type": "object", "additionalProperties": _TEXT},
        "accept": _FLAG | {"description": "The message is taken before `status` is answered."},
        "path": _TEXT | {"description": "How the paths end that it is for; blank for all."},
        "times": {"type": "integer", "minimum": 1, "maximum": LONGEST_QUEUE},
    }
)
_CHANCE: Schema = {"type": "number", "minimum": 0, "maximum": 1}
_SEED: Schema = {"type": "integer", "minimum": 0}


def _shape_entry() -> Schema:
    shape = shape_of(Entry)
    shape["properties"]["body_base64"] = _TEXT | {"contentEncoding": "base64"}
    return shape | {"required": [*shape["required"], "body_base64"]}


DOOR_SCHEMAS: Mapping[str, Schema] = MappingProxyType(
    {
        "problem": make_object({"error": _TEXT, "hint": _TEXT}, ("error",)),
        "ticket": shape_of(Ticket),
        "message": shape_of(Message),
        "request": _shape_entry(),
        "callback": shape_of(Callback),
        "sms": shape_of(Measure),
        "rule": make_object(
            {
                "id": _TEXT,
                "code": {"type": ["integer", "null"]},
                "what": _TEXT,
                "off": _TEXT,
                "source": _TEXT,
                "assumption": _FLAG,
                "on": _FLAG,
            }
        ),
        "clock": make_object({"now": _MOMENT, "offset_seconds": {"type": "number"}, "frozen": _FLAG}),
        "credit": make_object({"amount": _AMOUNT}),
        "addresses": make_object({"addresses": _list_of({"type": "string", "minLength": 1, "maxLength": 200})}),
        "settings": make_object(_SETTINGS),
        "fault": make_object(_FAULT, ("kind",)),
        "faults": make_object(
            {
                "queue": _list_of(refer("fault")),
                "probability": _CHANCE,
                "seed": _SEED,
                "faults": _list_of(refer("fault")),
                "used": _list_of(make_object({"at": _MOMENT, "path": _TEXT, "kind": _TEXT})),
            }
        ),
    }
)

_FILTERS: Mapping[str, Schema] = MappingProxyType(
    {
        "search": _TEXT
        | {"description": "In text, address, list, sender, subject or ticket, in any case; in a request's body."},
        "channel": _TEXT,
        "list_name": _TEXT,
        "ticket": _TEXT,
        "address": _TEXT,
        "message": _COUNT,
        "request": _COUNT,
        "refused": _FLAG,
    }
)
_OF_ALL: Mapping[str, Schema] = MappingProxyType(
    {
        "brief": _FLAG | {"description": "Requests without their bodies."},
        "newest": _FLAG | {"description": "Newest first; tickets always are."},
        "limit": _COUNT | {"maximum": 1000, "default": 100},
        "offset": _COUNT,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """One path and method: what it does, what it `takes` in JSON and `gives` with `status`.

    `gives` None is no content, or, with a `media_type`, a document. `asks`: the parameters that narrow a list.
    """

    method: str
    path: str
    does: str
    gives: Schema | None = None
    takes: Schema | None = None
    status: int = 200
    asks: Mapping[str, Schema] | None = None
    media_type: str = "application/json"


def _list_door(name: str) -> Door:
    gives = make_object({"total": _COUNT, name: _list_of(refer(name.removesuffix("s")))})
    listing = LISTINGS[name]
    known: dict[str, Schema] = {**_FILTERS, "state": {"enum": list(listing.states)}}
    asks = {**{name: known[name] for name in listing.conditions}, **_OF_ALL}
    return Door(method="GET", path=f"{_ROOT}/{name}", does=f"List {name}.", gives=gives, asks=asks)


def _set_door(name: str, schema: str, takes: Schema) -> tuple[Door, Door]:
    path, gives = f"{_ROOT}/{name}", refer(schema)
    return (
        Door(method="GET", path=path, does=f"Show the {name}.", gives=gives),
        Door(method="POST", path=path, does=f"Change the {name}.", gives=gives, takes=takes),
    )


def _happen_door(name: str, does: str, takes: Schema) -> Door:
    return Door(
        method="POST",
        path=f"{_MESSAGE}/{name}",
        does=does,
        gives=make_object({"callback": refer("callback")}),
        takes=takes,
        status=201,
    )


_MESSAGE = f"{_ROOT}/messages/{{number}}"
_CLOCK = _some({"now": _MOMENT, "advance": {"type": ["number", "string"]}, "frozen": _FLAG, "real": _FLAG})
_ORDER = make_object(
    {"faults": _list_of(refer("fault")) | {"minItems": 1}, "probability": _CHANCE, "seed": _SEED}, ("faults",)
)
_ANSWER = make_object({"text": {"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT}})
_ONE_MESSAGE = make_object(
    {
        "message": refer("message"),
        "sms": {"anyOf": [refer("sms"), _NOTHING]},
        "request": refer("request"),
        "callbacks": _list_of(refer("callback")),
    }
)

DOORS: tuple[Door, ...] = (
    Door(
        method="GET",
        path=f"{_ROOT}/version",
        does="Name the present content; the name changes with it.",
        gives=make_object({"version": {"type": ["string", "integer"]}, "now": _MOMENT}),
    ),
    *map(_list_door, ("tickets", "messages", "requests", "callbacks")),
    Door(method="GET", path=_MESSAGE, does="Show a message, its request and its callbacks.", gives=_ONE_MESSAGE),
    Door(method="GET", path=f"{_MESSAGE}/body", does="Show an e-mail's text in a document.", media_type="text/html"),
    _happen_door("delivery", "Report what became of a message.", make_object({"status": {"enum": list(STATUSES)}})),
    _happen_door("stop", "Let the person answer with a STOP.", _ANSWER),
    _happen_door("reply", "Let the person answer.", _ANSWER),
    Door(
        method="GET",
        path=f"{_ROOT}/requests/{{number}}",
        does="Show a request.",
        gives=make_object({"request": refer("request")}),
    ),
    Door(
        method="GET",
        path=f"{_ROOT}/rules",
        does="List the rules, and which of them hold.",
        gives=make_object({"rules": _list_of(refer("rule"))}),
    ),
    *_set_door("settings", "settings", _some(_SETTINGS)),
    *_set_door("clock", "clock", _CLOCK),
    *_set_door("credit", "credit", refer("credit")),
    *_set_door("blacklist", "addresses", refer("addresses")),
    Door(
        method="DELETE",
        path=f"{_ROOT}/blacklist",
        does="Take addresses from the blacklist.",
        gives=refer("addresses"),
        takes=refer("addresses"),
    ),
    *_set_door("faults", "faults", _ORDER),
    Door(method="DELETE", path=f"{_ROOT}/faults", does="Take all faults away.", gives=refer("faults")),
    Door(method="POST", path=f"{_ROOT}/reset", does="Forget everything that was received or set.", status=204),
    Door(method="GET", path="/openapi.json", does="Give this document.", gives={"type": "object"}),
)


def describe_door(door: Door) -> dict[str, Any]:
    """Describe one door as an operation of an OpenAPI document."""
    name = door.path.replace("/{number}", "_of_one" if door.path.count("/") > 3 else "_one")  # noqa: PLR2004
    described: dict[str, Any] = {
        "tags": ["sandbox"],
        "operationId": f"{door.method.lower()}{name.replace('/', '_').replace('.', '_').replace('__', '_')}",
        "summary": door.does,
        "security": [],
        "responses": _list_answers(door),
    }
    if "{number}" in door.path:
        number = {"name": "number", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 0}}
        described["parameters"] = [number]
    if door.asks is not None:
        described["parameters"] = [{"name": name, "in": "query", "schema": one} for name, one in door.asks.items()]
    if door.takes is not None:
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": door.takes}}}
    return described


def _list_answers(door: Door) -> dict[str, Any]:
    problem = {"application/json": {"schema": refer("problem")}}
    success: dict[str, Any] = {"description": "Nothing to say." if door.status == 204 else door.does}  # noqa: PLR2004
    if door.status != 204:  # noqa: PLR2004 - no content
        success["content"] = {door.media_type: {"schema": door.gives} if door.gives else {}}
    answers = {str(door.status): success}
    if door.takes is not None or door.asks is not None:
        answers["400"] = {"description": "It cannot be read or done, and why.", "content": problem}
    if "{number}" in door.path:
        answers["404"] = {"description": "There is none of this number.", "content": problem}
    if door.method != "GET":
        answers["403"] = {"description": "A page of another origin asked.", "content": problem}
        answers["415"] = {"description": "The body does not claim to be JSON.", "content": problem}
    return answers
