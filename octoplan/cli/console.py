"""The terminal as octoplan sees it: stdout is data, stderr is talk; colour and progress only where a person looks."""

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO

from octoplan.errors import Declined, OctoplanError, Problem

if TYPE_CHECKING:
    from octoplan.apply.events import Event
    from octoplan.report.style import Line


@dataclass(slots=True)
class Wanted:
    """What the common flags said so far; a flag after the command's name wins."""

    directory: Path = field(default_factory=Path)
    environment: str | None = None
    json: bool = False
    no_color: bool = False
    verbose: bool = False


class SystemClock:
    """The time of this machine."""

    def now(self) -> datetime:
        """The wall clock, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that only grow, also while the machine sleeps, where the system tells."""
        return time.clock_gettime(time.CLOCK_BOOTTIME) if sys.platform == "linux" else time.monotonic()


def legible(text: str) -> str:
    """What the system or a command line says → the same, `?` for bytes that are no text: no state could keep them."""
    return text.encode(errors="replace").decode()


@dataclass(slots=True)
class Console:
    """Streams and environment variables of one call, and the exit code that it will have."""

    out: TextIO
    err: TextIO
    stdin: TextIO
    environ: Mapping[str, str] = field(repr=False)
    wanted: Wanted = field(default_factory=Wanted)
    clock: SystemClock = field(default_factory=SystemClock)
    exit_code: int = 0
    streaming: bool = False
    has_sent: bool = False
    """Whether an apply has settled or sent something before it went wrong: then it is nothing more that was sent."""

    @property
    def is_interactive(self) -> bool:
        """Whether a person is there to be asked."""
        return self.stdin.isatty() and self.err.isatty() and not self.environ.get("CI")

    @property
    def user(self) -> str:
        """Who calls, as far as the environment says."""
        return legible(self.environ.get("USER") or self.environ.get("LOGNAME") or "somebody")

    def is_colored(self, stream: TextIO) -> bool:
        """Whether this stream takes colour."""
        plain = self.wanted.no_color or self.environ.get("NO_COLOR") or self.environ.get("TERM") == "dumb"
        return stream.isatty() and not plain

    def data(self, text: str) -> None:
        """Text → stdout, with a newline."""
        self.out.write(f"{text}\n")

    def document(self, text: str) -> None:
        """A page, a comment or what CI reads → stdout, with a newline; in UTF-8, as it says itself, in any locale."""
        self.out.flush()
        stream: BinaryIO | None = getattr(self.out, "buffer", None)
        if stream is None:
            self.data(text)
        else:
            stream.write(f"{text}\n".encode(errors="backslashreplace"))

    def stream(self, line: str) -> None:
        """The first line of a stream of JSON → stdout; from here on a document is a line of it."""
        self.streaming = True
        self.data(line)

    def confirm(self, statement: str) -> None:
        """Ask on the terminal, or take the answer that a pipe brings; Declined for anything but yes."""
        self.err.write(f"{statement}? [y/N] ")
        self.err.flush()
        if self.stdin.readline().strip().lower() not in ("y", "yes"):
            raise Declined("not confirmed; nothing was changed", hint="answer y, or say --yes")

    def done(self, text: str, **facts: Any) -> None:
        """What a command that only does something did → stdout, as a sentence, or as JSON with its facts."""
        said = {"octoplan": "done", "version": 1, "said": text, **facts}
        self.data(json.dumps(said, indent=2) if self.wanted.json else text)

    def talk(self, text: str) -> None:
        """Text → stderr, with a newline."""
        self.err.write(f"{text}\n")
        self.err.flush()

    def lines(self, lines: Iterable["Line"]) -> None:
        """Styled lines → stdout, with colour where a person looks."""
        self._lines(self.out, lines)

    def talk_lines(self, lines: Iterable["Line"]) -> None:
        """Styled lines → stderr."""
        self._lines(self.err, lines)

    def usage(self, message: str, command: str) -> None:
        """A wrong command line → one line on stderr, and where help is."""
        self.talk(f"error: {message}\n  Try '{command} --help'.")

    def problems(self, problems: Iterable[Problem]) -> None:
        """Problems → stderr, or as JSON on stdout."""
        from octoplan.report import found  # noqa: PLC0415 - an error is the exception

        if self.wanted.json:
            self._document(found.json_problems(tuple(problems)))
        else:
            self._lines(self.err, found.problems(tuple(problems), more=self.has_sent))

    def error(self, error: OctoplanError) -> None:
        """An error → stderr, or as JSON on stdout."""
        from octoplan.report import found  # noqa: PLC0415

        if self.wanted.json:
            self._document(found.json_error(error, more=self.has_sent))
        else:
            self._lines(self.err, found.error(error, more=self.has_sent))

    def _document(self, text: str) -> None:
        self.data(json.dumps(json.loads(text), separators=(",", ":")) if self.streaming else text)

    @contextmanager
    def progress(self) -> Iterator[Callable[[str], None]]:
        """Something that takes a while → a spinner on a terminal that says what is being done; silence in a pipe."""
        if not self.err.isatty() or self.wanted.json:
            yield (self.talk if self.wanted.verbose else lambda _: None)
            return
        from octoplan.report import terminal  # noqa: PLC0415 - rich, only for people

        with terminal.working(self.err, coloured=self.is_colored(self.err)) as say:
            yield say

    @contextmanager
    def bar(self, total: int) -> Iterator["Callable[[Event], None] | None"]:
        """A run of `total` people → what takes its events: a progress bar on a terminal; None elsewhere."""
        if not total or not self.err.isatty() or self.wanted.json:
            yield None
            return
        from octoplan.report import terminal  # noqa: PLC0415 - rich, only for people

        with terminal.Progress(self.err, coloured=self.is_colored(self.err)) as progress:
            yield progress

    def _lines(self, stream: TextIO, lines: Iterable["Line"]) -> None:
        if self.is_colored(stream):
            from octoplan.report import terminal  # noqa: PLC0415 - rich, only for people

            terminal.show(lines, stream)
        else:
            stream.writelines(f"{line.text}\n" for line in lines)
        stream.flush()
