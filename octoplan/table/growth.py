"""A call of `replace`, as DuckDB's parser gives it → how much longer than what stands in a row its text can be.

Calls around each other multiply, since one finds what those within it put in: a few of them would make gigabytes of a
name. What only stands side by side (`||`, `concat`, branches) adds up, as long as it is written out.
"""

from collections.abc import Iterator, Mapping
from typing import Any

MOST = 100
"""Texts of a row, or pieces of text in the expression itself, of which one that `replace` makes may be as long."""
_PIECE = 20
_OPERANDS = 3  # the text, what is looked for, and what is put in its place

Node = Mapping[str, Any]


def growth(call: Node) -> int:
    """A node of an expression → in how many texts of a row it can be as long; what is above MOST is not counted out."""
    total, stack = 0, [(call, 1)]
    while stack and total <= MOST:
        node, factor = stack.pop()
        if is_replace(node):
            innermost, own = _chained(node)
            stack.append((innermost, min(factor * own, MOST + 1)))
        elif below := _operands(node):
            stack += [(one, factor) for one in below]
        else:
            total += factor * (1 + len(_constant(node) or "") // _PIECE)
    return total


def is_replace(node: Node) -> bool:
    """A node → whether it calls `replace` as that is meant."""
    return node.get("function_name") == "replace" and len(_operands(node)) == _OPERANDS


def _chained(call: Node) -> tuple[Node, int]:
    """A call of `replace`, perhaps of another one's result, and so on → the text of the innermost, and their factor."""
    calls, text = [call], _operands(call)[0]
    while is_replace(text):
        calls.append(text)
        text = _operands(text)[0]
    factor = 1
    put_in: str | None = ""  # None: anything
    for one in reversed(calls):
        _, old, new = map(_constant, _operands(one))
        own = MOST if new is None else max(1, -(-len(new.encode()) // len((old or "x").encode())))
        # Where it finds nothing of what was put in, no character is replaced twice.
        is_apart = put_in == "" or (put_in is not None and old is not None and not set(old) & set(put_in))
        factor = max(factor, own) if is_apart else min(factor * own, MOST + 1)
        put_in = None if put_in is None or new is None else put_in + new
    return text, factor


def _operands(node: Node) -> list[Node]:
    """A node → the nodes right below it, in their order, whatever the parser puts around them."""
    return [one for value in node.values() for one in _found(value)]


def _found(value: Any) -> Iterator[Node]:
    if isinstance(value, dict) and "class" in value:
        yield value
    elif isinstance(value, dict):
        yield from (one for inner in value.values() for one in _found(inner))
    elif isinstance(value, list):
        yield from (one for inner in value for one in _found(inner))


def _constant(node: Node) -> str | None:
    """A node → what it says, where it is a constant; NULL says nothing. Before DuckDB 2 it was a `value`."""
    if node["class"] != "CONSTANT":
        return None
    held = node.get("literal") or node["value"]
    return str(held.get("text", held.get("value")) or "")
