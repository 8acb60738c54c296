"""Lines, plans, states and events → a terminal, with colours, tables and progress; the only door to rich.

Import it only where a terminal is: a pipe gets the plain lines. Every text goes to rich as a `Text`, never as markup,
so that a name such as `[red]` is only a name. The stream is the caller's; `coloured` False is NO_COLOR.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from types import TracebackType
from typing import Final, Literal, Self, TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.measure import Measurement
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.table import Column, Table
from rich.text import Text

from octoplan.apply.events import Event, FrameDone, Settling, Started
from octoplan.plan import Plan
from octoplan.report import text
from octoplan.report.lines import count, estimated
from octoplan.report.safe import plain, words
from octoplan.report.style import Line, Style
from octoplan.report.survey import Survey
from octoplan.state.records import is_seed

_LOOKS: Final = {
    Style.PLAIN: "",
    Style.TITLE: "bold",
    Style.SEND: "bold green",
    Style.EXTEND: "bold cyan",
    Style.SAME: "dim",
    Style.DETAIL: "",
    Style.WARN: "yellow",
    Style.ERROR: "bold red",
    Style.TOTAL: "bold",
}
_ANY_WIDTH: Final = 10_000
_ENDED = frozenset(("sent", "refused", "unknown", "open"))


def show(lines: Iterable[Line], stream: TextIO, *, coloured: bool = True) -> None:
    """Lines → the stream."""
    _show(lines, _console(stream, coloured=coloured))


def show_plan(drawn: Plan, stream: TextIO, *, coloured: bool = True) -> None:
    """A plan → the stream: its report and, where several campaigns send, a table of them above the last lines."""
    console = _console(stream, coloured=coloured)
    last = text.last_lines(drawn)
    _show(text.plan(drawn)[: -len(last)], console)
    if sum(step.sends for step in drawn.steps) > 1:
        _print(_sends(drawn), console)
        console.print()
    _show(last, console)


def show_status(found: Survey, now: datetime, stream: TextIO, *, coloured: bool = True) -> None:
    """A state's survey → the stream, its campaigns as a table."""
    console = _console(stream, coloured=coloured)
    lines = text.status(found, now)
    if not found.campaigns:
        _show(lines, console)
        return
    head, rows = 2, len(found.campaigns) + 1
    _show(lines[:head], console)
    _print(_standings(found), console)
    _show(lines[head + rows :], console)


@contextmanager
def working(stream: TextIO, *, coloured: bool = True) -> Iterator[Callable[[str], None]]:
    """A stream → a spinner while the block runs; what is given takes the words on what is being done."""
    console = _console(stream, coloured=coloured)
    with console.status(Text("")) as spinner:
        yield lambda notice: spinner.update(Text(words(notice)))


class Progress:
    """Events → a bar over people, moving as frames reach an outcome; lines may be shown above it meanwhile."""

    def __init__(self, stream: TextIO, *, coloured: bool = True) -> None:
        self._console = _console(stream, coloured=coloured)
        self._bars = Bars(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=self._console,
        )
        self._bar = self._bars.add_task("sending", total=None)

    def __enter__(self) -> Self:
        """Draw the bar."""
        self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Leave the bar as it stands."""
        self._bars.stop()

    def __call__(self, happened: Event) -> None:
        """Take one event: move the bar, or show a line above it where a person should see it."""
        match happened:
            case Settling():
                self._bars.update(self._bar, description="settling", total=None)
            case Started():
                self._bars.reset(self._bar, description="sending", total=happened.recipients)
            case FrameDone() if happened.status in _ENDED:
                if not is_seed(happened.campaign):
                    self._bars.advance(self._bar, happened.recipients)
                if happened.status != "sent":
                    self._say(happened)
            case FrameDone():
                pass
            case _:
                self._say(happened)

    def _say(self, happened: Event) -> None:
        _show([text.event(happened)], self._console)


def _console(stream: TextIO, *, coloured: bool) -> Console:
    # Without a colour system rich writes no bold either, which NO_COLOR alone would leave.
    system: Literal["auto"] | None = "auto" if coloured else None
    return Console(file=stream, color_system=system, highlight=False, markup=False, emoji=False)


def _show(lines: Iterable[Line], console: Console) -> None:
    for line in lines:
        console.print(Text(line.text, style=_LOOKS[line.style]), soft_wrap=True)


def _print(table: Table, console: Console) -> None:
    """A table → the console; where that is too narrow each row as a sentence, since no figure may be cut."""
    for column in table.columns:
        if column.no_wrap:
            column.min_width = max(cell_len(str(cell)) for cell in (column.header, *column.cells))
    if Measurement.get(console, console.options.update(max_width=_ANY_WIDTH), table).minimum <= console.width:
        console.print(table)
        return
    names = [str(column.header) for column in table.columns]
    for cells in zip(*(column.cells for column in table.columns), strict=True):
        said = zip(names, cells, strict=True)
        filled = (Text(f"{name} ").append(cell) for name, cell in said if isinstance(cell, Text) and cell)
        console.print(Text(", ").join(filled))


def _sends(drawn: Plan) -> Table:
    numbers = _whole("recipients", "requests", "parts", justify="right")
    table = Table(*_whole("campaign", "channel"), *numbers, Column("cost", justify="right"))
    for step in drawn.steps:
        if step.sends:
            parts = "" if step.parts is None else count(step.parts)
            cost = estimated(step.cost).removeprefix("cost ")
            figures = (count(step.recipients), count(step.requests), parts, cost)
            table.add_row(*map(Text, (plain(step.campaign), plain(step.channel), *figures)))
    return table


def _standings(found: Survey) -> Table:
    first, *figures, last = text.STATUS_HEAD
    table = Table(*_whole(first), *_whole(*figures, justify="right"), last)
    for one in found.campaigns:
        look = _LOOKS[Style.WARN if one.open or one.unknown else Style.PLAIN]
        table.add_row(*(Text(cell, style=look) for cell in text.status_row(one)))
    return table


def _whole(*names: str, justify: Literal["left", "right"] = "left") -> tuple[Column, ...]:
    """Names → columns of which nothing is folded, let alone cut, as long as the table has room."""
    return tuple(Column(name, justify=justify, no_wrap=True) for name in names)
