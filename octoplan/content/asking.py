"""What was composed → requests with placeholders: what differs between people becomes parameters, the rest stays text.

Octopush's pages name seven parameters of at most 50 characters each, and nothing else about them. So only what cannot
be mistaken becomes one; any other value stays in the text, which is then another request:

- more than 50 characters, also if those beyond the basic plane are counted twice;
- a brace, a line break or another control character anywhere; white space or an invisible character at either end;
- nothing, and what a server may take for nothing: `0`, `null`, `true`, `false`.

A brace in what stays in the text makes the whole message rendered here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Final

from octoplan.content.composing import Composed
from octoplan.content.limits import LONGEST
from octoplan.content.placeholders import PARAMETERS
from octoplan.content.typography import plain
from octoplan.table.asking import Asking
from octoplan.table.composing import PLAIN, Parts
from octoplan.table.rows import Cell, Request, Survey

MOST_SHAPES: Final = 200
"""How many shapes of a campaign's texts are asked for, the most frequent ones; the others are rendered here."""
LONGEST_VALUE: Final = 50
MISTAKABLE: Final = ("0", "null", "true", "false")

_END = r"[^\pZ\pC{}]"
_INSIDE = r"[^\p{Cc}\p{Zl}\p{Zp}{}]"
_FITS: Final = (
    f"(length(value) <= {LONGEST_VALUE // 2} OR (length(value) <= {LONGEST_VALUE}"
    r" AND NOT regexp_matches(value, '[\x{10000}-\x{10FFFF}]')))"
    f" AND regexp_full_match(value, '{_END}({_INSIDE}*{_END})?')"
    f" AND lower(value) NOT IN ({', '.join(map(repr, MISTAKABLE))})"
)

Piece = str | Cell


def ask_all(asking: Asking, composed: Composed) -> None:
    """Group texts into requests that the gateway can fill."""
    for shape in asking.shapes(MOST_SHAPES):
        request = _request(asking, shape, tuple(_layout(composed, shape)))
        if request is not None:
            asking.ask(shape, request)


def _layout(composed: Composed, shape: str) -> Iterator[Piece]:
    """Lay out the texts of a shape: its fixed texts, and the cells between them."""
    replaced = shape.startswith(PLAIN)
    tongue, *numbers = shape.removeprefix(PLAIN).split(",")
    for piece in _pieces(composed, composed.tongues[int(tongue)], iter(numbers)):
        if not replaced:
            yield piece
        else:
            yield plain(piece) if isinstance(piece, str) else replace(piece, plain=True)


def _pieces(composed: Composed, parts: Parts, numbers: Iterator[str]) -> Iterator[Piece]:
    for part in parts:
        if isinstance(part, str):
            yield part
        elif not part.flow:
            yield Cell(part=part.number)
        else:
            first, *others = composed.shapes[part.number][int(next(numbers))]
            yield first
            for index, text in enumerate(others):
                yield Cell(part=part.number, index=index if len(others) > 1 else None)
                yield text


def _request(asking: Asking, shape: str, layout: Sequence[Piece]) -> Request | None:
    """Choose what becomes a parameter; None where nothing can, or where the text holds a brace."""
    cells = list(dict.fromkeys(piece for piece in layout if isinstance(piece, Cell)))
    surveys = dict(zip(cells, asking.survey(shape, cells, _FITS), strict=True))
    fixed = {cell: look.least for cell, look in surveys.items() if look.least == look.greatest}
    pieces = tuple(fixed.get(piece, piece) if isinstance(piece, Cell) else piece for piece in layout)
    varying = {cell: look for cell, look in surveys.items() if cell not in fixed}
    if not varying or any("{" in piece or "}" in piece for piece in pieces if isinstance(piece, str)):
        return None
    names = _names(_shared(asking, shape, varying), varying)
    fit = frozenset(cell for cell in names if surveys[cell].fit)
    return Request(pieces=pieces, names=names, fit=fit, fits=_FITS, longest=LONGEST["sms"])


def _shared(asking: Asking, shape: str, varying: Mapping[Cell, Survey]) -> dict[Cell, Cell]:
    """Each cell → the first one that holds the same in every text."""
    first = {cell: cell for cell in varying}
    for one, other in combinations(varying, 2):
        if first[one] is one and first[other] is other and varying[one] == varying[other]:
            first[other] = one if asking.are_same(shape, one, other) else other
    return first


def _names(first: Mapping[Cell, Cell], varying: Mapping[Cell, Survey]) -> dict[Cell, str]:
    """Give the cells with most values the parameters there are, in order of the text."""
    alone = [cell for cell in varying if first[cell] == cell]
    most = sorted(alone, key=lambda cell: -varying[cell].distinct)[: len(PARAMETERS)]
    named = dict(zip((cell for cell in alone if cell in most), PARAMETERS, strict=False))
    return {cell: named[first[cell]] for cell in varying if first[cell] in named}
