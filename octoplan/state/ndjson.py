"""A file of JSON lines that anybody may have touched → its lines, each checked before anything is believed of it.

What is wrong is told by file, line and column, with a rule and a reason; nothing of the line is repeated.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NoReturn

from octoplan.errors import Place, StateError
from octoplan.state.database import mapped_files
from octoplan.state.fields import Check

LONGEST: Final = 16 * 1024 * 1024
HINT: Final = "nothing was changed; take the file as octoplan wrote it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a file, from 1, and the object that it is. `end`: how many bytes of the file end with it."""

    file: str
    number: int
    end: int
    text: str = field(repr=False)
    values: Mapping[str, Any] = field(repr=False)

    @property
    def kind(self) -> str:
        """What the line says it is; blank where it does not."""
        kind = self.values.get("kind")
        return kind if isinstance(kind, str) else ""

    def wrong(self, rule: str, reason: str, key: str = "") -> StateError:
        """A rule that the line, or the value of one of its keys, breaks → the error to raise."""
        return _wrong(Place(file=self.file, line=self.number, column=_column(self.text, key)), rule, reason)

    def read(self, shape: Mapping[str, Check]) -> dict[str, Any]:
        """The checks of a kind of line, by key → the values, as they check them; StateError where one does not fit."""
        for key in self.values:
            if key not in shape:
                raise self.wrong("import/key", f"a {self.kind or 'first'} line has no such key", key)
        return {key: self._value(key, check) for key, check in shape.items()}

    def _value(self, key: str, check: Check) -> Any:
        if key not in self.values:
            raise self.wrong("import/key", f"it has no {key}")
        try:
            return check(self.values[key])
        except ValueError as unfit:
            raise self.wrong("import/value", f"{key} is not {unfit}", key) from None


def read_lines(path: Path, shown: str) -> Iterator[Line]:
    """A file → its lines, one at a time; a last one that was cut off is left out. StateError where one is no object."""
    with mapped_files(shown), path.open("rb") as file:
        end = 0
        number = 0
        while raw := file.readline(LONGEST + 1):
            number, end = number + 1, end + len(raw)
            place = Place(file=shown, line=number, column=1)
            if len(raw) > LONGEST:
                raise _wrong(place, "import/length", f"it is longer than {LONGEST:,} bytes")
            if not raw.endswith(b"\n"):
                return
            text = _decode(raw.removesuffix(b"\n"), place)
            yield Line(file=shown, number=number, end=end, text=text, values=_parse(text, place))


class _TwiceError(ValueError):
    """An object names a key twice."""


def _decode(raw: bytes, place: Place) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        column = len(raw[: error.start].decode()) + 1
        raise _wrong(Place(file=place.file, line=place.line, column=column), "import/json", "it is not UTF-8") from None


def _parse(text: str, place: Place) -> Mapping[str, Any]:
    column = 1
    try:
        value = json.loads(text, object_pairs_hook=_once, parse_constant=_refuse)
    except _TwiceError:
        reason = "an object in it names a key twice"
    except json.JSONDecodeError as error:
        column, reason = error.colno, "it is not JSON"
    except (ValueError, RecursionError):
        reason = "it holds a number that is none, or is nested too deep"
    else:
        if isinstance(value, dict):
            return value
        reason = "it is no object"
    raise _wrong(Place(file=place.file, line=place.line, column=column), "import/json", reason)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _TwiceError
    return made


def _refuse(_name: str) -> NoReturn:
    raise ValueError


def _wrong(place: Place, rule: str, reason: str) -> StateError:
    return StateError(f"{place}: {reason} [{rule}]", hint=HINT)


def _column(text: str, key: str) -> int:
    """The text of an object that can be read, and one of its keys → the column where the key's value begins, or 1."""
    decoder = json.JSONDecoder()
    at = text.index("{") + 1
    while key:
        name, at = decoder.raw_decode(text, text.index('"', at))
        at = _skip(text, text.index(":", at) + 1)
        if name == key:
            return at + 1
        _, at = decoder.raw_decode(text, at)
    return 1


def _skip(text: str, at: int) -> int:
    while text[at] in " \t\n\r":
        at += 1
    return at
