"""The Outcome of an apply → what is kept of it: lines, a document, and the table that Markdown and HTML show."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from octoplan.durations import moment
from octoplan.report.document import document
from octoplan.report.heard import heard_facts, heard_words
from octoplan.report.lines import count, money, several
from octoplan.report.outcome import CampaignOutcome, Outcome
from octoplan.report.safe import plain, words
from octoplan.report.style import BLANK, Line, Style

HEAD = (
    *("campaign", "channel", "edition", "planned"),
    *("sent", "refused", "open", "unknown", "waiting", "unsent", "parts", "cost"),
)
"""The columns of the table; parts and cost are the gateway's word."""

_WHO = 200


def text_applied(found: Outcome) -> list[Line]:
    """An Outcome → lines of text, its last line last."""
    rows = [head(found), *rows_of(found)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    table = ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return [
        Line(Style.TITLE, title(found)),
        *(Line(Style.DETAIL, said) for said in facts(found)),
        *(Line(Style.ERROR, f"stopped: {words(why)}") for why in found.stopped),
        BLANK,
        *([*(Line(Style.PLAIN, said) for said in table), BLANK] if found.campaigns else []),
        *(Line(Style.DETAIL, said) for said in heard_before(found)),
        *(Line(Style.WARN, said) for said in refused_lines(found)),
        Line(Style.TOTAL, found.line),
    ]


def json_applied(found: Outcome) -> str:
    """An Outcome → its document."""
    return document(
        "applied",
        environment=found.environment,
        gateway=words(found.gateway),
        run=found.run or None,
        began=found.began.isoformat(),
        ended=found.ended.isoformat(),
        exit_code=found.code,
        ending=found.ending,
        currency=found.currency,
        campaigns=[_campaign(one) for one in found.campaigns],
        stopped=[words(why) for why in found.stopped],
        refused=[words(who) for who in found.who],
        said=found.line,
    )


def title(found: Outcome) -> str:
    """An Outcome → what it is, and how it ended."""
    return f"Apply for {plain(found.environment)}: {found.ending}"


def facts(found: Outcome) -> tuple[str, ...]:
    """An Outcome → where, when and by which run, a sentence each."""
    settled = any(one.requests for one in found.campaigns)
    left = "only what an earlier run had left open" if settled else "nothing was sent"
    run = f"run {plain(found.run)}" if found.run else left
    return (f"gateway {words(found.gateway)}, {run}", f"from {moment(found.began)} to {moment(found.ended)}")


def head(found: Outcome) -> tuple[str, ...]:
    """An Outcome → the columns of its table: that of who waits only where anybody does."""
    waits = any(one.waiting for one in found.campaigns)
    return tuple(name for name in HEAD if waits or name != "waiting")


def rows_of(found: Outcome) -> tuple[tuple[str, ...], ...]:
    """An Outcome → the cells of each campaign, under its `head`."""
    shown = set(head(found))
    return tuple(
        tuple(cell for name, cell in zip(HEAD, _cells(one), strict=True) if name in shown) for one in found.campaigns
    )


def _cells(one: CampaignOutcome) -> tuple[str, ...]:
    """One campaign → a cell for each column of HEAD."""
    figures = (one.planned, one.sent, one.refused, one.open, one.unknown, one.waiting, one.unsent)
    edition = "" if one.edition is None else str(one.edition)
    parts = "" if one.parts is None else count(one.parts)
    return (plain(one.name), plain(one.channel), edition, *map(count, figures), parts, _cost(one.cost))


def heard_before(found: Outcome) -> tuple[str, ...]:
    """An Outcome → what had been heard of the people of each edition before: nothing yet of those of this apply."""
    told = ((one.name, heard_words(one.heard)) for one in found.campaigns)
    return tuple(f"heard of {plain(name)} before: {heard}" for name, heard in told if heard)


def refused_lines(found: Outcome) -> Sequence[str]:
    """An Outcome → who was refused, masked, and how many more."""
    return tuple(_refused(found.who))


def _refused(who: Sequence[str]) -> Iterator[str]:
    for one in who[:_WHO]:
        yield f"refused: {words(one)}"
    if len(who) > _WHO:
        yield f"and {several(len(who) - _WHO, 'person')} more"


def _cost(amount: Decimal | None) -> str:
    return "" if amount is None else money(amount)


def _campaign(one: CampaignOutcome) -> dict[str, Any]:
    figures = ("planned", "sent", "refused", "open", "unknown", "waiting", "unsent", "requests", "parts")
    return {
        "campaign": one.name,
        "channel": one.channel or None,
        "edition": one.edition,
        **{name: getattr(one, name) for name in figures},
        "cost": None if one.cost is None else f"{one.cost:f}",
        "heard": None if one.heard is None else heard_facts(one.heard),
    }
