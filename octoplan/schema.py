"""Document in, Problems out, all of them: whatever in it has not the shape that `schemas/` describes.

The only door to jsonschema. The schemas are the one truth: what is allowed, and in `errorMessage` what people read when
it is not; `x-rule` names the problem's rule, `x-other` the other one of two that exclude each other. Here stands only
what a schema cannot say: names that were meant, the channel that a field goes with, what a value is instead. Values of
people (recipients, stand-ins) are never quoted.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from octoplan.errors import Problem
from octoplan.source import Document, Pointer

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

CHANNELS: Final = ("sms", "voice_sms", "rcs", "email")

_RULES: Final = MappingProxyType(
    {"type": "type", "enum": "enum", "const": "enum", "pattern": "pattern", "not": "forbidden"}
    | dict.fromkeys(("required", "anyOf"), "required")
    | dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), "range")
    | dict.fromkeys(("minLength", "maxLength", "minItems"), "length")
)
_KINDS: Final = MappingProxyType(
    {
        "string": "text",
        "integer": "a whole number",
        "number": "a number",
        "boolean": "true or false",
        "array": "a list",
        "object": "a mapping (`name: value` lines)",
        "null": "empty",
    }
)
_PEOPLE: Final = frozenset({"recipients", "simulate_to"})
_QUOTABLE: Final = re.compile(r"(?!.*[0-9]{5})[^@\n]{1,40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fault:
    """What jsonschema found, without its message, which quotes data: where, what was asked, what was met."""

    pointer: Pointer
    keyword: str
    asked: Any
    value: Any
    schema: Mapping[str, Any]

    @property
    def rule(self) -> str:
        return str(self.schema.get("x-rule", f"schema/{_RULES.get(self.keyword, 'shape')}"))


def check_campaign(document: Document) -> tuple[Problem, ...]:
    """A campaign, with defaults merged beneath it, in; its Problems in file order out, none when it is valid."""
    problems = check(document, "campaign")
    rule = _schema("campaign")["$defs"]["name"]
    stem = Path(document.shown).stem
    if "name" in document.data or (len(stem) <= rule["maxLength"] and re.search(rule["pattern"], stem)):
        return problems
    message = f"without `name` it is called as its file, and {rule['errorMessage']}"
    unnamed = Problem(place=document.place(()), rule="schema/pattern", message=message, hint="say `name`")
    return unnamed, *problems


def check_project(document: Document) -> tuple[Problem, ...]:
    """octoplan.yaml in; its Problems in file order out, none when it is valid."""
    return check(document, "octoplan")


def check(document: Document, schema_name: str) -> tuple[Problem, ...]:
    """Document and the name of its schema (`campaign`, `octoplan`) in; its Problems in file order out."""
    faults = _telling(_faults(_validator(schema_name), document.data))
    return tuple(sorted({problem for fault in faults for problem in _problems(fault, document)}))


def schema_text(name: str) -> str:
    """A schema's name in, its JSON out: from the wheel, or beside the package in a checkout."""
    package = Path(__file__).parent
    installed = package / "_schemas"
    folder = installed if installed.is_dir() else package.parent / "schemas"
    return (folder / f"{name}.schema.json").read_text(encoding="utf-8")


@cache
def _schema(name: str) -> Mapping[str, Any]:
    # In JSON Schema `$` is the very end; Python's `$` would let a line break through.
    schema: dict[str, Any] = json.loads(schema_text(name).replace('$"', r'\\Z"'))
    return schema


@cache
def _validator(name: str) -> "Validator":
    from jsonschema.validators import Draft202012Validator, extend  # noqa: PLC0415 - 130 ms that only a check needs
    from referencing import Registry  # noqa: PLC0415 - comes with it
    from referencing.jsonschema import DRAFT202012  # noqa: PLC0415 - comes with it

    resources = ((f"{each}.schema.json", DRAFT202012.create_resource(_schema(each))) for each in ("campaign", name))
    # 1.0 is a number, not a whole one: an edition of 1.0 is a slip.
    kinds = Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int)
    strict: Any = extend(Draft202012Validator, type_checker=kinds)  # type: ignore[no-untyped-call] # not in its stubs
    validator: Validator = strict(_schema(name), registry=Registry().with_resources(resources))
    return validator


def _faults(validator: "Validator", data: Any) -> Iterator[_Fault]:
    for error in validator.iter_errors(data):
        schema: Any = error.schema
        yield _Fault(
            pointer=tuple(error.absolute_path),
            keyword=str(error.validator),
            asked=error.validator_value,
            value=error.instance,
            schema=schema,
        )


def _telling(faults: Iterable[_Fault]) -> Iterator[_Fault]:
    """Faults in, those worth telling out: of a value of the wrong type, or with a template in it, only that."""
    settled: set[Pointer] = set()
    for fault in sorted(faults, key=lambda fault: (fault.keyword != "type", fault.rule != "schema/template")):
        if fault.pointer not in settled:
            yield fault
        if fault.keyword == "type" or fault.rule == "schema/template":
            settled.add(fault.pointer)


def _problems(fault: _Fault, document: Document) -> Iterator[Problem]:
    """A fault in, its Problems out: one per unknown key or missing field, else one."""
    pointer = fault.pointer
    if fault.keyword == "additionalProperties":
        for key in _extra(fault):
            message, hint = _unknown(key, fault, document)
            yield Problem(place=document.place((*pointer, key)), rule="schema/unknown-key", message=message, hint=hint)
        return
    message, hint = _words(fault, document)
    missing = sorted(set(fault.asked) - fault.value.keys()) if fault.keyword == "required" else ("",)
    for key in missing:
        name = _name((*pointer, key) if key else pointer)
        shown = f"`{name}`: {message}" if name else message
        slip = key and "recipients" not in pointer and _closest(key, fault.value)
        advice = f"did you mean it by `{slip}`?" if slip else hint
        yield Problem(place=document.place(pointer), rule=fault.rule, message=shown, hint=advice)


def _extra(fault: _Fault) -> tuple[str, ...]:
    patterns = tuple(re.compile(pattern) for pattern in fault.schema.get("patternProperties", ()))
    known = fault.schema.get("properties", {})
    return tuple(key for key in fault.value if key not in known and not any(each.search(key) for each in patterns))


def _name(pointer: Pointer) -> str:
    """Pointer in, its name as people write it out: `audience.exclude[0].from`."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in pointer)
    return "".join(steps).removeprefix(".")


def _words(fault: _Fault, document: Document) -> tuple[str, str]:
    """Fault in, message and hint out."""
    quote = "" if _PEOPLE.intersection(fault.pointer) else _quoted(fault.value)
    if fault.keyword == "type":
        return _type_words(fault, quote)
    if fault.keyword == "enum":
        meant = isinstance(fault.value, str) and _closest(fault.value, fault.asked)
        message = fault.schema.get("errorMessage", f"must be {_listed(fault.asked)}") + (quote and f", not {quote}")
        return message, f"did you mean {meant}?" if meant else ""
    message = str(fault.schema.get("errorMessage", "this is not allowed here"))
    if other := fault.schema.get("x-other"):
        return message, f"`{other}` stands at {document.place(tuple(other.split('.')))}"
    return message, _example(fault)


def _type_words(fault: _Fault, quote: str) -> tuple[str, str]:
    kinds = [fault.asked] if isinstance(fault.asked, str) else fault.asked
    wanted = f"must be {_listed(_KINDS[kind] for kind in kinds)}"
    if fault.value is None:
        return f"is empty: {wanted}", _example(fault)
    message = f"{wanted}, not {_found(fault.value, quote)}"
    if "string" in kinds and isinstance(fault.value, bool | int | float):
        return message, f"put it in quotes, {_example(fault)}".removesuffix(", ")
    return message, _example(fault)


def _found(value: Any, quote: str) -> str:
    if isinstance(value, str):
        return f"text {quote}".rstrip()
    if isinstance(value, bool):
        return quote or "true or false"
    if isinstance(value, int | float):
        return f"the number {quote}" if quote else "a number"
    return _KINDS["array" if isinstance(value, list) else "object"]


def _quoted(value: Any) -> str:
    """A value in, itself in quotes out; nothing where it is long, or could be somebody's address."""
    shown = json.dumps(value, ensure_ascii=False) if isinstance(value, str | bool | int | float) else ""
    return shown.replace('"', "'") if _QUOTABLE.fullmatch(shown) else ""


def _example(fault: _Fault) -> str:
    if not fault.pointer or "examples" not in fault.schema:
        return ""
    key, example = fault.pointer[-1], json.dumps(fault.schema["examples"][0], ensure_ascii=False)
    return f"for example `- {example}`" if isinstance(key, int) else f"for example `{key}: {example}`"


def _listed(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last


def _plain(word: str) -> str:
    return re.sub("[^a-z0-9]", "", word.lower())


def _closest(word: str, known: Iterable[str], cutoff: float = 0.75) -> str:
    """A word and those there are in; the one that was meant out, or nothing."""
    plain = {_plain(each): each for each in known}
    close = get_close_matches(_plain(word), plain, n=1, cutoff=cutoff)
    return plain[close[0]] if close else ""


def _unknown(key: str, fault: _Fault, document: Document) -> tuple[str, str]:
    """A key that the schema does not know in; message and hint out: what was meant, or where it goes."""
    pointer = fault.pointer
    name = _name((*pointer, key) if _QUOTABLE.fullmatch(key) and "recipients" not in pointer else pointer)
    if "patternProperties" in fault.schema:
        return f"`{name}`: {fault.schema['errorMessage']}", ""
    refused = {home.name for home in _homes() if home.refused}
    siblings = tuple(name for name in fault.schema["properties"] if name not in refused)
    message = f"`{name}`: there is no such field"
    if meant := _closest(key, siblings, 1):
        return message, f"did you mean `{meant}`?"
    if elsewhere := _elsewhere(key, pointer, document):
        return elsewhere
    if meant := _closest(key, siblings):
        return message, f"did you mean `{meant}`?"
    if elsewhere := _elsewhere(_closest(key, (home.name for home in _homes())), pointer, document):
        return elsewhere
    return message, f"known here: {', '.join(siblings)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Home:
    """Where a field belongs: channel, the field above it (or none), name; `refused` says why nobody may use it."""

    channel: str
    above: str
    name: str
    refused: str


@cache
def _homes() -> tuple[_Home, ...]:
    return tuple(
        _Home(channel=channel, above=above, name=name, refused=field.get("errorMessage", "") if "not" in field else "")
        for channel in CHANNELS
        for above, shape in (("", channel), ("metadata", f"{channel}_metadata"), ("audience", "audience"))
        for name, field in _fields(shape)
    )


def _fields(shape: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    shapes = _schema("campaign")["$defs"]
    for name, field in shapes[shape]["properties"].items():
        yield name, shapes[field["$ref"].rpartition("/")[2]] if "$ref" in field else field


def _elsewhere(key: str, pointer: Pointer, document: Document) -> tuple[str, str] | None:
    """A key that has no place here in; message and hint out if another level or another channel has it."""
    channel = pointer[1] if pointer[:1] == ("defaults",) and pointer[1:] else document.data.get("channel")
    homes = [home for home in _homes() if _plain(home.name) == _plain(key)]
    if not homes or channel not in (*CHANNELS, "all"):
        return None
    name = homes[0].name
    if here := next((home for home in homes if home.channel == channel), None):
        goes = f"under `{here.above}`" if here.above else "at the top level of the campaign"
        return (f"`{name}`: {here.refused}", "") if here.refused else (f"`{name}` belongs {goes}", "move it there")
    channels = _listed(dict.fromkeys(home.channel for home in homes))
    under = f"there it stands under `{homes[0].above}`" if homes[0].above else ""
    return f"`{name}` goes with {channels}, not with {channel}", under
