"""Path in, Document out: YAML data in which every value knows the file, line and column where it stands.

The only door to pyyaml, of which nothing but the scanner is used: events in, our own data out. What a word means is
decided here, narrower than in YAML 1.1: `true`, `false`, `null`, whole numbers and decimal fractions are what they
say; dates, `no`, `on`, `1:30`, `+33600000123`, `0600000123` and `1_000` are text. One document of at most 4 MiB; keys
are text and stand once; tags, merge keys, deep nesting and aliases that multiply are refused, in our own words only.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from math import isfinite
from operator import getitem
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from octoplan.errors import Place, Problem, ProjectInvalid
from octoplan.reading import LINE_BREAK, read_text, refuse

Pointer = tuple[str | int, ...]  # the way into the data: ("metadata", "voice_language"), ("audience", "exclude", 0)

MAX_DEPTH: Final = 64
MAX_ALIASED: Final = 100_000

_WORDS: Final = MappingProxyType(
    dict.fromkeys(("", "~", "null", "Null", "NULL"))
    | dict.fromkeys(("true", "True", "TRUE"), True)
    | dict.fromkeys(("false", "False", "FALSE"), False)
)
# At most 18 digits: what is longer is an identifier, and would lose digits in a 64-bit column.
_WHOLE: Final = re.compile(r"0|-?[1-9][0-9]{0,17}")
_FRACTION: Final = re.compile(r"(?=.*[.eE])-?(?=\.?[0-9])(?:0|[1-9][0-9]{0,17})?(?:\.[0-9]+)?(?:[eE][-+]?[0-9]{1,3})?")
_HASHED: Final = re.compile(r"[ \t]+#(?=[\w{])")
_SHOWABLE: Final = re.compile(r"(?!.*[0-9]{5})[\w.<-]{1,40}")

# What the scanner stumbled over, told apart by its own words, said in ours: (its words, ours, at the opening?).
_SYNTAX: Final = (
    ("mapping values", "a colon inside a value, or a line indented too far: put the value in quotes", False),
    ("tab character", "a line that is indented with a tab: use spaces", False),
    ("start any token", "a value cannot begin with this character, nor a line with a tab: use quotes or spaces", False),
    ("end of stream", "this quote is never closed", True),
    ("',' or ", "this [ ] or { } is not closed, or lacks a comma", True),
    ("expected key", "this line is not indented like its neighbours, or something follows a closed quote", False),
    ("'-' indicator", "a line of a list that does not begin with `- `, or is not indented like its neighbours", False),
    ("node content", "a value cannot begin with this character: put it in quotes", False),
    ("expected ':'", "a key without its colon", False),
    ("escape character", "no such escape after a backslash: write the backslash twice, or use single quotes", False),
    ("comment or line", "nothing but a comment may follow `|` or `>` on its line", False),
    ("", "this is not YAML from here on", False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where one value stands: its key, itself, the first character of its text, and the spots under it.

    For `rows` lines a line of the text is a line of the file; `size` values in all nest in `height` levels under it.
    `cut`: the `#` that ends a plain text and has a word right behind it: to YAML a comment, to its author seldom.
    `written`: a fraction as its author wrote it, zeros and all; blank for all else.
    """

    key: Place
    value: Place
    text: Place
    rows: int = 0
    cut: Place | None = None
    written: str = ""
    size: int = 1
    height: int = 0
    under: Mapping[str | int, "Spot"] = field(default_factory=lambda: MappingProxyType({}))

    def at(self, pointer: Pointer) -> "tuple[Spot, bool]":
        """Pointer in; the nearest known spot out, and whether it is the very one."""
        spot = self
        for step in pointer:
            if step not in spot.under:
                return spot, False
            spot = spot.under[step]
        return spot, True


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A file's data with places: `path` to read by, `shown` to people. Its repr keeps quiet about the data: people."""

    path: Path
    shown: str
    data: Any = field(repr=False)
    spots: Spot = field(repr=False)

    def place(self, pointer: Pointer) -> Place:
        """Pointer in, the place of its key (or item) out; of the nearest known ancestor where it is not there."""
        return self.spots.at(pointer)[0].key

    def value_place(self, pointer: Pointer) -> Place:
        """Pointer in, the place of its value out; of the nearest known ancestor's key where it is not there."""
        spot, found = self.spots.at(pointer)
        return spot.value if found else spot.key

    def place_in_text(self, pointer: Pointer, line: int, column: int) -> Place:
        """Line and column inside a text (from 1) in, their place in the file out; the value's where YAML folds lines.

        Exact in literal blocks (`|`) and plain texts of one line, and in quoted ones up to the first escape.
        """
        spot, found = self.spots.at(pointer)
        if not found or not 1 <= line <= spot.rows:
            return self.value_place(pointer)
        start = spot.text
        return Place(file=start.file, line=start.line + line - 1, column=start.column + max(column, 1) - 1)

    def child(self, pointer: Pointer) -> "Document":
        """Pointer in, what stands there as a Document of its own out; empty (data None) where nothing does."""
        spot, found = self.spots.at(pointer)
        return replace(self, data=reduce(getitem, pointer, self.data) if found else None, spots=spot)

    def merged_over(self, *beneath: "Document") -> "Document":
        """Documents in, nearest first; this one laid over them out: mappings merge, of all else the upper one wins.

        Every value keeps the place where it was written, file included; a path in it is relative to that file.
        """
        pairs = ((lower.data, lower.spots) for lower in beneath)
        data, spots = reduce(_merge, pairs, (self.data, self.spots))
        return replace(self, data=data, spots=spots)


def _merge(upper: tuple[Any, Spot], lower: tuple[Any, Spot]) -> tuple[Any, Spot]:
    (over, over_spots), (under, under_spots) = upper, lower
    if not (isinstance(over, dict) and isinstance(under, dict)):
        return upper
    data, spots = under | over, {**under_spots.under, **over_spots.under}
    for name in over.keys() & under.keys():
        data[name], spots[name] = _merge((over[name], over_spots.under[name]), (under[name], under_spots.under[name]))
    return data, replace(over_spots, under=MappingProxyType(spots))


def load(path: Path, shown: str) -> Document:
    """Path, and how people see it, in; Document out.

    Raises ProjectInvalid: the file is missing, unreadable, too large, not UTF-8, empty, or not YAML as above.
    """
    data, spots = _Reading(read_text(path, shown), shown).document()
    return Document(path=path.resolve(), shown=shown, data=data, spots=spots)


def _scalar(word: str) -> Any:
    if word in _WORDS:
        return _WORDS[word]
    if _WHOLE.fullmatch(word):
        return int(word)
    if _FRACTION.fullmatch(word) and isfinite(number := float(word)):
        return number
    return word


class _Reading:
    """The scanner's events of one text in, data and spots out; what can be read on after is collected as Problems."""

    def __init__(self, text: str, shown: str) -> None:
        import yaml  # noqa: PLC0415 - 20 ms that a command without a project does not need

        self._yaml = yaml
        self._events = yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        self._lines = LINE_BREAK.split(text)
        self._shown = shown
        self._anchors: dict[str, tuple[Any, Spot]] = {}
        self._aliased = 0
        self._problems: list[Problem] = []

    def document(self) -> tuple[Any, Spot]:
        try:
            built = self._root()
        except self._yaml.MarkedYAMLError as error:
            message, opening = next((ours, at) for theirs, ours, at in _SYNTAX if theirs in str(error.problem))
            place = self._place(error.context_mark if opening else error.problem_mark)
            if place.line not in {problem.place.line for problem in self._problems}:  # else it follows from that one
                self._report(place, "yaml/syntax", message)
        if self._problems:
            raise ProjectInvalid(*self._problems)
        return built

    def _root(self) -> tuple[Any, Spot]:
        start = Place(file=self._shown, line=1, column=1)
        if isinstance([next(self._events), next(self._events)][1], self._yaml.StreamEndEvent):
            raise refuse(start, "yaml/empty", "the file is empty")
        data, spot = self._node(next(self._events), 0)
        if data is None:
            self._report(start, "yaml/empty", "the file holds nothing but comments")
        elif not isinstance(data, dict):
            self._report(spot.value, "yaml/root", "the file must hold `name: value` lines")
        next(self._events)  # the document's end
        if isinstance(another := next(self._events), self._yaml.DocumentStartEvent):
            self._report(self._place(another.start_mark), "yaml/documents", "a second document begins: keep one a file")
        return data, replace(spot, key=start, value=start)

    def _node(self, event: Any, depth: int, key: Place | None = None) -> tuple[Any, Spot]:
        place = self._place(event.start_mark)
        if isinstance(event, self._yaml.AliasEvent):
            return self._alias(event, depth, key or place)
        self._bound(place, depth)
        if event.tag is not None:
            self._report(place, "yaml/tag", "tags (`!`) are not read", "put a text with ! in quotes")
        data, spot = self._built(event, depth, key or place, place)
        if event.anchor:
            self._anchors[event.anchor] = data, spot
        return data, spot

    def _built(self, event: Any, depth: int, key: Place, place: Place) -> tuple[Any, Spot]:
        if isinstance(event, self._yaml.ScalarEvent):
            return self._word(event, key, place)
        gather = self._mapping if isinstance(event, self._yaml.MappingStartEvent) else self._sequence
        data, under = gather(depth + 1)
        size = 1 + sum(below.size for below in under.values())
        height = 1 + max((below.height for below in under.values()), default=0)
        return data, Spot(key=key, value=place, text=place, size=size, height=height, under=MappingProxyType(under))

    def _alias(self, event: Any, depth: int, key: Place) -> tuple[Any, Spot]:
        place = self._place(event.start_mark)
        if event.anchor not in self._anchors:
            self._report(place, "yaml/alias", "no anchor (`&`) ends before this alias", "put a text with * in quotes")
            return None, Spot(key=key, value=place, text=place)
        data, spot = self._anchors[event.anchor]
        self._aliased += spot.size
        self._bound(place, depth + spot.height)
        return data, replace(spot, key=key)

    def _bound(self, place: Place, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise refuse(place, "yaml/depth", f"nested deeper than {MAX_DEPTH} levels")
        if self._aliased > MAX_ALIASED:
            raise refuse(place, "yaml/alias", f"the aliases repeat more than {MAX_ALIASED:,} values")

    def _mapping(self, depth: int) -> tuple[Any, dict[str | int, Spot]]:
        data, under = dict[str, Any](), dict[str | int, Spot]()
        while not isinstance(event := next(self._events), self._yaml.MappingEndEvent):
            key = self._place(event.start_mark)
            name = self._node(event, depth)[0]
            value = self._node(next(self._events), depth, key)
            if self._holds(name, key, under):
                data[name], under[name] = value
        return data, under

    def _holds(self, name: Any, place: Place, under: Mapping[str | int, Spot]) -> bool:
        if isinstance(name, dict) and self._lines[place.line - 1].startswith("{{", place.column - 2):
            told = "a value cannot begin with `{{`, which YAML reads itself"
            place = replace(place, column=place.column - 1)
            self._report(place, "yaml/key", told, "put the value in quotes, or on lines of its own below `|`")
        elif not isinstance(name, str):
            self._report(place, "yaml/key", "a key must be text", "put it in quotes")
        elif name == "<<":
            self._report(place, "yaml/merge-key", "merge keys (`<<`) are not read", "use `defaults` in octoplan.yaml")
        elif name in under:
            shown = f"`{name}`" if _SHOWABLE.fullmatch(name) else "this key"
            self._report(place, "yaml/duplicate-key", f"{shown} stands on line {under[name].key.line} too: keep one")
        else:
            return True
        return False

    def _sequence(self, depth: int) -> tuple[Any, dict[str | int, Spot]]:
        data, under = list[Any](), dict[str | int, Spot]()
        while not isinstance(event := next(self._events), self._yaml.SequenceEndEvent):
            value, under[len(data)] = self._node(event, depth)
            data.append(value)
        return data, under

    def _word(self, event: Any, key: Place, place: Place) -> tuple[Any, Spot]:
        first, word, style = event.start_mark.line + 1, event.value, event.style
        if not style and not word:
            return None, Spot(key=key, value=key, text=key)  # the scanner puts nothing on some later line
        text, rows = place, 0
        if style == "|":
            lines = LINE_BREAK.split(word)
            indent = next((len(self._lines[first + row]) - len(line) for row, line in enumerate(lines) if line), 0)
            text, rows = Place(file=self._shown, line=first + 1, column=indent + 1), len(lines)
        elif first == event.end_mark.line + 1:
            text, rows = Place(file=self._shown, line=first, column=place.column + bool(style)), 1
        if style:
            return word, Spot(key=key, value=place, text=text, rows=rows)
        data, cut = _scalar(word), self._cut(event.end_mark)
        written = word if isinstance(data, float) else ""
        return data, Spot(key=key, value=place, text=text, rows=rows, cut=cut, written=written)

    def _cut(self, end: Any) -> Place | None:
        found = _HASHED.match(self._lines[end.line], end.column)
        return Place(file=self._shown, line=end.line + 1, column=found.end()) if found else None

    def _place(self, mark: Any) -> Place:
        return Place(file=self._shown, line=mark.line + 1, column=mark.column + 1)

    def _report(self, place: Place, rule: str, message: str, hint: str = "") -> None:
        self._problems.append(Problem(place=place, rule=rule, message=message, hint=hint))
