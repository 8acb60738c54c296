"""The templated part of a campaign, a JSON tree: its strings out, and the tree again with other strings in."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from json import JSONEncoder
from json.encoder import encode_basestring, encode_basestring_ascii
from typing import Any, Final

from octoplan.source import Pointer

_Encode = Callable[[Any], str]
_plain: Final[_Encode] = JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
_ascii: Final[_Encode] = JSONEncoder(sort_keys=True, separators=(",", ":")).encode


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


class Canonical:
    """A tree and the pointers of its changing strings → canonical JSON: keys sorted, no spaces.

    The JSON around the changing strings is made once, so that a text costs little more than its own quoting.
    """

    def __init__(self, tree: Any, pointers: Sequence[Pointer]) -> None:
        holes = {pointer: number for number, pointer in enumerate(pointers)}
        self._pieces = _joined(_pieces(tree, holes, _plain))
        self._ascii_pieces = _joined(_pieces(tree, holes, _ascii))

    def write(self, texts: Sequence[str]) -> str:
        """Texts in the order of the pointers → the JSON of the tree with them in it."""
        return "".join([each if isinstance(each, str) else encode_basestring(texts[each]) for each in self._pieces])

    def write_ascii(self, texts: Sequence[str]) -> str:
        """Write the same with escapes for everything beyond ASCII, which is what digests are made of."""
        pieces = self._ascii_pieces
        return "".join([each if isinstance(each, str) else encode_basestring_ascii(texts[each]) for each in pieces])


_Piece = str | int
"""A bit of JSON, or the number of the text that belongs there."""


def _pieces(tree: Any, holes: Mapping[Pointer, int], encode: _Encode, pointer: Pointer = ()) -> Iterator[_Piece]:
    if pointer in holes:
        yield holes[pointer]
    elif not any(hole[: len(pointer)] == pointer for hole in holes):
        yield encode(tree)
    elif isinstance(tree, Mapping):
        for number, key in enumerate(sorted(tree)):
            yield f"{',' if number else '{'}{encode(key)}:"
            yield from _pieces(tree[key], holes, encode, (*pointer, key))
        yield "}"
    else:
        for number, value in enumerate(tree):
            yield "," if number else "["
            yield from _pieces(value, holes, encode, (*pointer, number))
        yield "]"


def _joined(pieces: Iterator[_Piece]) -> tuple[_Piece, ...]:
    joined: list[_Piece] = []
    for piece in pieces:
        if joined and isinstance(piece, str) and isinstance(joined[-1], str):
            joined[-1] += piece
        else:
            joined.append(piece)
    return tuple(joined)
