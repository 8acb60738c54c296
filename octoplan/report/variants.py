"""The variants of an edition, compared → text, JSON and Markdown. What cannot be concluded is said so."""

from collections.abc import Iterator
from typing import Any, Final

from octoplan.pipeline.comparing import MEASURES, Comparison, Difference, Figures, Rate
from octoplan.report.document import document
from octoplan.report.lines import count, people
from octoplan.report.safe import plain
from octoplan.report.style import BLANK, Line, Style

_WORDS: Final = {"delivered": "delivered", "opted_out": "opted out", "replied": "replied"}
_HEAD: Final = ("variant", "sent", *(_WORDS[measure] for measure in MEASURES))
_MANY: Final = 2


def text_variants(found: Comparison) -> list[Line]:
    """A comparison → a table of shares with their intervals, and what can be concluded."""
    table = [_HEAD, *(_cells(one) for one in found.figures)]
    widths = [max(len(row[column]) for row in table) for column in range(len(_HEAD))]
    return [
        Line(Style.TITLE, f"{plain(found.campaign)}, edition {found.edition}"),
        *(
            Line(Style.PLAIN, "   ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())
            for row in table
        ),
        BLANK,
        *(Line(Style.PLAIN, sentence) for sentence in _sentences(found)),
    ]


def markdown_variants(found: Comparison) -> str:
    """A comparison → the same as Markdown."""
    rows = [_HEAD, ("---", *("--:" for _ in _HEAD[1:])), *(_cells(one) for one in found.figures)]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    listed = "\n".join(f"- {sentence}" for sentence in _sentences(found))
    return f"### {plain(found.campaign)}, edition {found.edition}\n\n{table}\n\n{listed}"


def json_variants(found: Comparison) -> str:
    """A comparison → a versioned document; shares are numbers from 0 to 1."""
    return document(
        "variants",
        campaign=found.campaign,
        edition=found.edition,
        confidence=0.95,
        variants=[_figure_facts(one) for one in found.figures],
        held_out=found.held_out,
        differences=[_difference_facts(one) for one in found.differences],
        said=list(_sentences(found)),
    )


def _cells(one: Figures) -> tuple[str, ...]:
    return plain(one.arm) or "(all)", count(one.sent), *(_rate(rate) for rate in one.rates)


def _rate(rate: Rate) -> str:
    if rate.share is None:
        return "-"
    low, high = rate.interval
    return f"{count(rate.people)} = {100 * rate.share:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def _sentences(found: Comparison) -> Iterator[str]:
    """What can be concluded, and what cannot."""
    if not found.figures:
        yield "Nothing of this edition was sent yet."
    elif not found.heard:
        yield "Nothing can be concluded: no delivery, STOP or reply was heard yet; `octoplan ingest` takes them in."
    elif len(found.figures) < _MANY:
        yield "There is one variant, so there is nothing to compare."
    yield from (_conclusion(one) for one in found.differences)
    if len(found.differences) > 1:
        many = len(found.differences)
        yield f"Of {many} comparisons at 95 % one may look real by chance: decide before which of them counts."
    if found.held_out:
        yield f"{people(found.held_out)} held out: nothing is heard of them; compare what they did elsewhere."


def _conclusion(one: Difference) -> str:
    low, high = one.interval
    points = f"{100 * one.difference:+.1f} points (95 %: {100 * low:+.1f} to {100 * high:+.1f})"
    pair, measure = f"{plain(one.one)} against {plain(one.other)}", _WORDS[one.measure]
    if not one.is_told:
        return f"{measure}: {pair} {points}: nothing can be concluded."
    more = plain(one.one if one.difference > 0 else one.other)
    return f"{measure}: {pair} {points}: more in {more}."


def _figure_facts(one: Figures) -> dict[str, Any]:
    rates = zip(MEASURES, one.rates, strict=True)
    return {
        "variant": one.arm or None,
        "sent": one.sent,
        **{
            measure: {"people": rate.people, "share": rate.share, "low": rate.interval[0], "high": rate.interval[1]}
            for measure, rate in rates
        },
    }


def _difference_facts(one: Difference) -> dict[str, Any]:
    low, high = one.interval
    return {
        "measure": one.measure,
        "one": one.one,
        "other": one.other,
        "difference": one.difference,
        "low": low,
        "high": high,
        "told": one.is_told,
    }
