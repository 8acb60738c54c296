"""The templated part of a campaign, a JSON tree: its strings out, and the tree again with other strings in."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from octoplan.source import Pointer


def strings_of(tree: Any, pointer: Pointer = ()) -> Iterator[tuple[Pointer, str]]:
    """Find every string of a tree with its pointer; keys are not among them."""
    if isinstance(tree, str):
        yield pointer, tree
    elif isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from strings_of(value, (*pointer, key))
    elif isinstance(tree, Sequence):
        for index, value in enumerate(tree):
            yield from strings_of(value, (*pointer, index))


def with_strings(tree: Any, texts: Mapping[Pointer, str], pointer: Pointer = ()) -> Any:
    """Copy a tree with the string at each pointer replaced, into plain dicts and lists."""
    if isinstance(tree, str):
        return texts.get(pointer, tree)
    if isinstance(tree, Mapping):
        return {key: with_strings(value, texts, (*pointer, key)) for key, value in tree.items()}
    if isinstance(tree, Sequence):
        return [with_strings(value, texts, (*pointer, index)) for index, value in enumerate(tree)]
    return tree


def with_leaf(tree: Any, pointer: Pointer, text: str) -> Any:
    """Copy the containers on the way to one string, with that string replaced; the rest is shared."""
    if not pointer:
        return text
    copy = tree.copy()
    copy[pointer[0]] = with_leaf(tree[pointer[0]], pointer[1:], text)
    return copy
