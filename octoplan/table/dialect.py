"""The first record of a CSV file → its delimiter and column names; all its bytes → whether it is text, line by line.

RFC 4180 with what real files have: a BOM, semicolons, tabs, blank lines, any line ending. The dialect is not left to
DuckDB's sniffer, which guesses from dirty rows.
"""

import codecs
import csv
import gzip
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO, cast

_DELIMITERS = (",", ";", "\t", "|")
_CHUNK = 1 << 20
_HEADER = 1 << 18
# An address where a name should stand: shown as a name, it would be a person in an error.
_ROW = re.compile(r"@|(?:\d[ .()/-]*){6}")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_LONGEST_NAME = 1000
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Unreadable(Exception):  # noqa: N818 - it says what is the case
    """A file that is not what its name says: `rule`, `message`, `hint` in our words, `line` from 1 or 0."""

    def __init__(self, rule: str, message: str, hint: str = "", *, line: int = 0) -> None:
        super().__init__(message)
        self.rule, self.message, self.hint, self.line = rule, message, hint, line
        self.shown = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a CSV file is written. `skip`: blank lines before the header."""

    delimiter: str
    columns: tuple[str, ...]
    skip: int


@dataclass(slots=True, kw_only=True)
class Text:
    """What all bytes of a text file say, counted while they pass. `last`: the last byte of ink."""

    quotes: int = 0
    commas: int = 0
    feeds: int = 0
    returns: int = 0
    pairs: int = 0
    last: bytes = b""

    @property
    def is_even(self) -> bool:
        """Whether all lines end alike."""
        return self.returns == 0 or self.feeds == 0 or self.feeds == self.returns == self.pairs

    @property
    def has_lone_returns(self) -> bool:
        """Whether some lines end with a carriage return alone, and others do not."""
        return self.feeds > 0 and self.pairs < self.returns

    @property
    def lines(self) -> int:
        """About how many lines it has."""
        return max(self.feeds, self.returns)

    def line(self, further: bytes) -> int:
        """The line from 1 on which it goes on after further bytes, whatever its lines end with."""
        return max(self.feeds + further.count(b"\n"), self.returns + further.count(b"\r")) + 1


def open_bytes(path: Path, *, gzipped: bool) -> BinaryIO:
    """A contact file → its bytes, unpacked where it is gzipped."""
    return cast("BinaryIO", gzip.open(path, "rb")) if gzipped else path.open("rb")


def read_dialect(path: Path, *, gzipped: bool, tabs: bool = False) -> Dialect:
    """A CSV file → its Dialect, from its first record; Unreadable where it has none. `tabs`: a .tsv file."""
    head = _head(path, gzipped=gzipped)
    lines = list(io.StringIO(head, newline=""))  # as DuckDB counts them: `splitlines` knows more ends than CR and LF
    skip = next((number for number, line in enumerate(lines) if line.strip()), None)
    if skip is None:
        raise Unreadable("file/empty", "the file is empty", "its first line has to name the columns")
    header = "".join(lines[skip:])
    delimiter = "\t" if tabs else _delimiter(header)
    try:
        names = next(csv.reader(io.StringIO(header, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        raise Unreadable("file/header", "the line that names the columns has broken quotes", line=skip + 1) from None
    return Dialect(delimiter=delimiter, columns=_checked([name.strip() for name in names], skip + 1), skip=skip)


def _head(path: Path, *, gzipped: bool) -> str:
    try:
        with open_bytes(path, gzipped=gzipped) as stream:
            head = stream.read(_HEADER)
    except (OSError, EOFError):
        raise _unopened() from None
    if head.startswith(_UTF16):
        raise Unreadable("file/not-utf8", "the file is UTF-16, not UTF-8", "save it as CSV UTF-8")
    text = head.removeprefix(codecs.BOM_UTF8).decode(errors="replace")
    if "\0" in text:
        raise Unreadable("file/not-text", "the file is no text: it has NUL bytes", "save it as CSV UTF-8")
    return text


def _unopened() -> Unreadable:
    return Unreadable("file/unreadable", "the file cannot be read", "is it what its name says, whole, and permitted?")


def _delimiter(header: str) -> str:
    """The header onwards → the delimiter that stands most often outside quotes in its first line."""
    counts: Counter[str] = Counter()
    inside = False
    for character in header:
        if character == '"':
            inside = not inside
        elif inside:
            continue
        elif character in "\r\n":
            break
        else:
            counts[character] += 1
    return max(_DELIMITERS, key=lambda delimiter: counts[delimiter])


def _checked(names: list[str], line: int) -> tuple[str, ...]:
    empty = [str(number) for number, name in enumerate(names, 1) if not name]
    if empty:
        raise Unreadable(
            "file/header",
            f"column {', '.join(empty)} has no name",
            "the first line of the file has to name every column, once",
            line=line,
        )
    if any(len(name) > _LONGEST_NAME for name in names):
        raise Unreadable(
            "file/header",
            f"a column has a name of more than {_LONGEST_NAME:,} characters",
            "the first line of the file has to name every column",
            line=line,
        )
    if any(_is_of_row(name) for name in names):
        raise Unreadable(
            "file/header",
            "the first line looks like a row of people, not like names of columns",
            "the first line of the file has to name every column",
            line=line,
        )
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise Unreadable(
            "file/header",
            f"more than one column is called {', '.join(twice)}",
            "a name in a template or a where could mean either; rename one",
            line=line,
        )
    return tuple(names)


def _is_of_row(name: str) -> bool:
    """A column's name → whether an address stands in it; years beside words, as in `sales 2023-2024`, are none."""
    is_worded = any(character.isalpha() for character in name)
    return _ROW.search(_YEAR.sub("", name) if is_worded else name) is not None


def check_text(path: Path, *, gzipped: bool, forbidden: str = "\0", comma: str = ",") -> Text:
    """A text file → its Text, in one pass; Unreadable, with the line: not UTF-8, or with `forbidden` characters."""
    try:
        return _check(path, gzipped, [character.encode() for character in forbidden], comma.encode())
    except (OSError, EOFError):
        raise _unopened() from None


def _check(path: Path, gzipped: bool, forbidden: list[bytes], comma: bytes) -> Text:  # noqa: FBT001 - private
    decoder = codecs.getincrementaldecoder("utf-8")()
    text = Text()
    last = b""
    for chunk in chain(_chunks(path, gzipped=gzipped), (b"",)):
        _decode(decoder, chunk, text)
        for bad in forbidden:
            if bad in chunk:
                line = text.line(chunk[: chunk.index(bad)])
                raise Unreadable("file/not-text", "a character that no text has, such as NUL", line=line)
        text.quotes += chunk.count(b'"')
        text.commas += chunk.count(comma)
        text.feeds += chunk.count(b"\n")
        if b"\r" in chunk or last == b"\r":
            text.returns += chunk.count(b"\r")
            text.pairs += chunk.count(b"\r\n") + (last == b"\r" and chunk.startswith(b"\n"))
        last = chunk[-1:]
        text.last = chunk.rstrip()[-1:] or text.last
    return text


def _chunks(path: Path, *, gzipped: bool) -> Iterator[bytes]:
    with open_bytes(path, gzipped=gzipped) as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


def _decode(decoder: codecs.IncrementalDecoder, chunk: bytes, text: Text) -> None:
    """The bytes after those of `text` → Unreadable where they are not UTF-8."""
    if chunk.isascii() and chunk and not decoder.getstate()[0]:
        return
    try:
        decoder.decode(chunk, final=not chunk)
    except UnicodeDecodeError as error:
        raise Unreadable(
            "file/not-utf8",
            "the file is not UTF-8",
            "save it as CSV UTF-8; this is the first line that is not",
            line=text.line(error.object[: error.start]),
        ) from None
