"""Numbers → charts as inline SVG: bars with their words and figures, readable where they are 320 pixels wide."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from octoplan.plan import Plan, Step
from octoplan.report.facts import funnel
from octoplan.report.html.markup import NOTHING, Html, element, joined, name
from octoplan.report.lines import count, money, people, several

_WIDTH = 320
_ROW = 36
_BASELINE = 13
_BAR = (20, 9)  # where a bar begins below the top of its row, and how high it is
_SIGNS = 46  # of the width, in the size of the page's charts
_MOST_ROWS = 24
_MOST_FRAMES = 40
_CAMPAIGNS = 8
_GAP = 1.5
_ENCODINGS = {"gsm7": "GSM-7", "ucs2": "UCS-2"}


class Piece(NamedTuple):
    """A stretch of a bar, as shares of its width, and its class."""

    start: float
    end: float
    kind: str


class Bar(NamedTuple):
    """A row of a chart: words on the left, a figure on the right, and the bar below."""

    words: str
    figure: str
    pieces: tuple[Piece, ...]


def chart(title: str, number: str, bars: Sequence[Bar]) -> Html:
    """Bars → one SVG, named by its title and told in words in its description; `number`: unique on the page."""
    if not bars:
        return NOTHING
    shown = bars[:_MOST_ROWS]
    told = "; ".join(f"{bar.words}: {bar.figure}" for bar in shown)
    rows = (piece for at, bar in enumerate(shown) for piece in _row(at * _ROW, bar))
    height = len(shown) * _ROW
    return element(
        "svg", element("title", title, id=f"t{number}"), element("desc", told, id=f"d{number}"), *rows,
        kind="chart", viewBox=f"0 0 {_WIDTH} {height}", width=_WIDTH, height=height, role="img",
        aria_labelledby=f"t{number}", aria_describedby=f"d{number}",
    )  # fmt: skip


def _row(top: int, bar: Bar) -> Iterator[Html]:
    down, high = _BAR
    yield element("text", _clipped(bar.words, _SIGNS - len(bar.figure)), x=0, y=top + _BASELINE)
    yield element("text", bar.figure, kind="figure", x=_WIDTH, y=top + _BASELINE, text_anchor="end")
    yield element("rect", kind="track", x=0, y=top + down, width=_WIDTH, height=high, rx=2)
    for piece in bar.pieces:
        wide = max((piece.end - piece.start) * _WIDTH, 1)
        start = min(piece.start * _WIDTH, _WIDTH - wide)
        yield element(
            "rect", kind=piece.kind, x=f"{start:.1f}", y=top + down, width=f"{wide:.1f}", height=high, rx=2
        )  # fmt: skip


def _clipped(words: str, room: int) -> str:
    """Words → what fits; wide signs count twice."""
    widths = [2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in words]
    if sum(widths) <= room:
        return words
    fit = next(at for at in range(len(words) + 1) if sum(widths[: at + 1]) > room - 1)
    return f"{words[:fit]}…"


def people_funnel(step: Step, number: str) -> Html:
    """A step → its people, from the rows of the source to the frames that they are sent in."""
    counts = funnel(step)
    if not counts:
        return NOTHING
    whole, left = max(counts[0].number, 1), counts[0].number
    bars = [Bar(counts[0].words, count(left), (Piece(0, left / whole, "people"),))]
    for one in counts[1:]:
        before, left = left, left - one.number if one.sign == "-" else one.number
        kept = Piece(0, left / whole, "people" if one.sign == "=" else "kept")
        lost = (Piece(left / whole, before / whole, "lost"),) if one.sign == "-" else ()
        bars.append(Bar(f"{_SAID[one.sign]}{one.words}", count(one.number), (kept, *lost)))
    if step.recipients:
        bars.append(Bar("in frames of one request each", several(step.requests, "request"), _frames(step, whole)))
    return chart("From the source to the frames", number, bars)


_SAID = {"": "", "-": "\u2212 ", "=": "= "}


def _frames(step: Step, whole: int) -> tuple[Piece, ...]:
    wide = step.recipients / whole
    if step.requests > _MOST_FRAMES or wide * _WIDTH / max(step.requests, 1) < 2 * _GAP:
        return (Piece(0, wide, "frame"),)
    each, gap = wide / step.requests, _GAP / _WIDTH
    return tuple(Piece(at * each, (at + 1) * each - gap, "frame") for at in range(step.requests))


def parts_chart(step: Step, number: str) -> Html:
    """A step of an SMS campaign → how many people get how many parts, in which alphabet."""
    sizes = step.expense.sizes
    most = max((size.people for size in sizes), default=1)
    bars = [
        Bar(
            f"{several(size.parts, 'part')} in {_ENCODINGS[size.encoding]}, {several(size.variants, 'variant')}",
            people(size.people),
            (Piece(0, size.people / most, size.encoding),),
        )
        for size in sizes
    ]
    return chart("Parts by alphabet", number, bars)


def people_chart(plan: Plan) -> Html:
    """A plan → its largest campaigns by people."""
    sizes = [(step, step.recipients, count(step.recipients)) for step in plan.steps if step.sends]
    return chart("People by campaign", "people", _largest(sizes))


def cost_chart(plan: Plan) -> Html:
    """A plan → its dearest campaigns, of those whose cost is known."""
    costs = [(step, step.cost.amount) for step in plan.steps if step.sends and step.cost.amount]
    return chart("Estimated cost by campaign", "cost", _largest([(step, cost, money(cost)) for step, cost in costs]))


def _largest(sizes: Iterable[tuple[Step, int | Decimal, str]]) -> list[Bar]:
    ordered = sorted(sizes, key=lambda size: -size[1])
    whole = sum(float(size) for _, size, _ in ordered) or 1
    bars = [
        Bar(name(step.campaign), figure, (Piece(0, float(size) / whole, "people"),))
        for step, size, figure in ordered[:_CAMPAIGNS]
    ]
    rest = ordered[_CAMPAIGNS:]
    if rest:
        share = sum(float(size) for _, size, _ in rest) / whole
        bars.append(Bar(several(len(rest), "campaign") + " more", f"{share:.0%}", (Piece(0, share, "kept"),)))
    return bars


def keyed(entries: Iterable[tuple[str, str]]) -> Html:
    """(class, meaning) → what the colours of a chart mean."""
    return element(
        "p",
        joined(
            element("span", element("i", kind=f"key {kind}", aria_hidden="true"), meaning) for kind, meaning in entries
        ),
        kind="keys",
    )
