"""A file of callbacks → the bytes of each, with its line: a line of its own, or a member of an array.

An array may take a line or many, as may each of its members, and further lines and arrays may follow it. No more of the
file is held than the callback that is being read.
"""

import codecs
import json
import re
from collections.abc import Iterator
from typing import BinaryIO, Final

from octoplan.ingest.bodies import LONGEST
from octoplan.ingest.callbacks import Unusable

_BLOCK: Final = 64 * 1024
_MOST_HELD: Final = 16 * LONGEST
_BETWEEN: Final = re.compile("[ \t\r\n\v\f\ufeff]*")
_BETWEEN_MEMBERS: Final = re.compile("[ \t\r\n\v\f\ufeff,]*")
_TOKEN: Final = 10
"""What stands so near the end may be a number, a name or an escape of which more follows."""
_JSON: Final = json.JSONDecoder(parse_int=len, parse_float=len)  # only where a member ends is asked
_LOST: Final = "what else is on its line cannot be told from it"
_BROKEN: Final = Unusable(rule="ingest/json", reason=f"it begins as JSON, and is none: {_LOST}")
_TOO_LONG: Final = Unusable(rule="ingest/length", reason=f"it is longer than {LONGEST:,} bytes: {_LOST}")
_ENDLESS: Final = Unusable(rule="ingest/json", reason="its array has no end: the file may have been cut off")


def cut(stream: BinaryIO) -> Iterator[tuple[int, bytes | Unusable]]:
    """A file → of each callback its line, from 1, and its bytes, or why it cannot be told from what follows."""
    rest, within, whole = _Rest(stream), False, True
    while first := rest.skip(_BETWEEN_MEMBERS if within else _BETWEEN):
        line = rest.line
        if first == "[" or (within and first == "]"):
            rest.take(1)
            within = first == "["
        else:
            piece = _member(rest, first) if within else rest.take_line()
            whole = whole and piece not in (_BROKEN, _TOO_LONG)
            yield line, piece
    if within and whole:
        yield rest.line, _ENDLESS


def _member(rest: "_Rest", first: str) -> bytes | Unusable:
    """Take a member of an array, as an array of its own; where none can be read, the line."""
    while True:
        try:
            _, end = _JSON.raw_decode(rest.text, rest.at)
        except (ValueError, RecursionError) as error:
            if rest.held <= _MOST_HELD and _goes_on(error, rest.text) and rest.read():
                continue
            if first != "{":
                return rest.take_line()
            found = _TOO_LONG if rest.held > _MOST_HELD else _BROKEN
            rest.take_line()
            _pass_over_fields(rest)
            return found
        return b"[%b]" % rest.take(end - rest.at)


def _pass_over_fields(rest: "_Rest") -> None:
    """Pass over the further lines of an object that cannot be read: each of them would be told of again."""
    while first := rest.skip(_BETWEEN_MEMBERS):
        if first == '"':
            rest.take_line()
        elif first == "}":
            rest.take(1)
        else:
            return


def _goes_on(error: Exception, text: str) -> bool:
    """Whether what is no JSON may be the beginning of some."""
    if not isinstance(error, json.JSONDecodeError):
        return False
    return error.msg.startswith("Unterminated string") or error.pos > len(text.rstrip()) - _TOKEN


class _Rest:
    """What of a stream was not taken yet: the `text` that was read from `at` on, which begins in `line`."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self.text = ""
        self.at = 0
        self.line = 1

    @property
    def held(self) -> int:
        """How many characters were read and not taken."""
        return len(self.text) - self.at

    def read(self) -> bool:
        """Read more, as much again as is held; whether there was any."""
        block = self._stream.read(max(_BLOCK, self.held))
        self.text = self.text[self.at :] + self._decoder.decode(block, final=not block)
        self.at = 0
        return bool(block)

    def take(self, length: int) -> bytes:
        """Take so many characters, as the bytes that they were."""
        taken = self.text[self.at : self.at + length]
        self.at += length
        self.line += taken.count("\n")
        return taken.encode("utf-8", "surrogateescape")

    def skip(self, letters: re.Pattern[str]) -> str:
        """Pass over these letters; the one that follows them, blank at the end."""
        while True:
            found = letters.match(self.text, self.at)
            self.take(found.end() - self.at if found else 0)
            if self.held or not self.read():
                return self.text[self.at : self.at + 1]

    def take_line(self) -> bytes:
        """Take what is left of the line; of one that is too long, the beginning."""
        taken = b""
        while True:
            end = self.text.find("\n", self.at)
            part = self.take(self.held if end < 0 else end - self.at)
            taken = taken if len(taken) > LONGEST else taken + part
            if end >= 0 or not self.read():
                return taken
