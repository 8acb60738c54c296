"""The structures of JSON objects, as DuckDB's `json_structure` writes them → one structure for all, and its SQL.

A structure is a word (`VARCHAR`, `UBIGINT`, ...), a list with the structure of its items, or an object of structures.
What has no common form becomes text: `JSON`.
"""

import json
from typing import Any

from octoplan.table.quoting import quoted

Structure = Any
TEXT = "VARCHAR"
_NOTHING = "NULL"
_MIXED = "JSON"
_WHOLE = ("UBIGINT", "BIGINT", "HUGEINT")
_PLAIN = ("DOUBLE", "BOOLEAN")
_MOST_EXACT = 1 << 53  # of whole numbers that a floating-point one can be


def merged_keys(known: dict[str, Structure], more: dict[str, Structure]) -> dict[str, Structure]:
    """The structures of two objects → that of both."""
    return known | {key: merged(known.get(key, _NOTHING), structure) for key, structure in more.items()}


def merged(one: Structure, other: Structure) -> Structure:
    """Two structures of a value → one that holds both."""
    if other in (one, _NOTHING):
        return one
    if one == _NOTHING:
        return other
    if isinstance(one, list) and isinstance(other, list):
        return [merged(one[0], other[0])]
    if isinstance(one, dict) and isinstance(other, dict):
        return merged_keys(one, other)
    numbers = (*_WHOLE, "DOUBLE")
    if one in numbers and other in numbers:
        return max(one, other, key=numbers.index)
    return _MIXED


def with_floats(structure: dict[str, Structure]) -> list[str]:
    """The structure of objects → the keys that hold floating-point numbers, at any depth."""
    return [key for key, inner in structure.items() if '"DOUBLE"' in json.dumps(inner)]


def as_text(structure: Structure, value: Any) -> Structure:
    """A structure and a value of it → the same with text for floating-point numbers that cannot hold the value."""
    if structure == "DOUBLE":
        return _MIXED if isinstance(value, int) and abs(value) > _MOST_EXACT else structure
    if isinstance(structure, list) and isinstance(value, list):
        found = structure[0]
        for item in value:
            found = as_text(found, item)
        return [found]
    if isinstance(structure, dict) and isinstance(value, dict):
        return {key: as_text(inner, value.get(key)) for key, inner in structure.items()}
    return structure


def sql_type(structure: Structure) -> str:
    """A structure → its SQL type."""
    if isinstance(structure, list):
        return f"{sql_type(structure[0])}[]"
    if _is_struct(structure):
        return f"STRUCT({', '.join(f'{quoted(key)} {sql_type(inner)}' for key, inner in structure.items())})"
    if structure in _WHOLE:
        return "HUGEINT"
    return str(structure) if structure in _PLAIN else TEXT


def shape(structure: Structure) -> str:
    """A structure → what `json_transform` is told, so that it gives the type of `sql_type`."""
    return json.dumps(_shape(structure), ensure_ascii=False)


def _shape(structure: Structure) -> Any:
    if isinstance(structure, list):
        return [_shape(structure[0])]
    if _is_struct(structure):
        return {key: _shape(inner) for key, inner in structure.items()}
    return sql_type(structure)


def _is_struct(structure: Structure) -> bool:
    """Whether it can be one in SQL, where names that differ in case alone are one name."""
    return isinstance(structure, dict) and 0 < len(structure) == len({key.casefold() for key in structure})
