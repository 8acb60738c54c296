"""A plan → the page: what it is and what blocks it, the table of all campaigns, then each that sends or is blocked."""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from itertools import accumulate

from octoplan.plan import Plan, Step
from octoplan.report import text
from octoplan.report.facts import one_line
from octoplan.report.html.charts import cost_chart, people_chart
from octoplan.report.html.markup import NOTHING, Html, element, joined, lines, name, said, short
from octoplan.report.html.sections import bounds_table, channel, matters, section, when
from octoplan.report.lines import count, estimated, loosened_line, money, several

LIMIT = 2_000_000
"""Bytes of UTF-8 that a page has at most."""

_FOR_ROWS = 600_000
_FOR_THE_LAST_WORD = 10_000
_NOTICES = 50
_CURRENCY = 8
_LOOSENED = 2_000
_COLUMNS = ("campaign", "channel", "people", "requests", "parts", "cost", "when")
_FIGURES = frozenset(("people", "requests", "parts", "cost"))
_WIDE = frozenset(("channel", "requests", "parts", "when"))  # columns that are left out where there is no room


_LEGEND = (
    "+ send, ~ extend to people who joined, = nothing to do or closed, ! changed after it was sent, ? outcome unknown, "
    "… waiting, x blocked, - no longer in the project"
)


@cache
def _style() -> tuple[Html, str]:
    """Nothing → the style sheet, and the source by which a browser is told to take it and no other."""
    sheet = files("octoplan.report.html").joinpath("page.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()
    return Html(sheet), f"'sha256-{digest}'"


def plan(drawn: Plan) -> str:
    """A plan → the page, of at most LIMIT bytes: campaigns that do not fit are counted."""
    weighed = [step for step in drawn.weighed if matters(step)]
    sections = [section(step, number) for number, step in enumerate(weighed, 1)]
    head = lines((_top(drawn), _blocked(drawn, weighed), *_notices(drawn)))
    drawings = _overview(drawn)
    rows = _table(drawn, {step.campaign: number for number, step in enumerate(weighed, 1)})
    room = LIMIT - _FOR_THE_LAST_WORD - sum(len(part.encode()) for part in (head, rows, drawings, *_style()))
    fit = _fitting(sections, room)
    body = element("main", head, rows, drawings, *sections[:fit], _cut(len(sections) - fit), _foot(drawn))
    return page(f"octoplan: plan for {name(drawn.environment)}", body)


def page(title: str, body: Html) -> str:
    """A title and what the page says → the whole of it, which loads nothing and runs nothing."""
    sheet, source = _style()
    policy = f"default-src 'none'; style-src {source}; base-uri 'none'; form-action 'none'"
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
{element("meta", http_equiv="Content-Security-Policy", content=policy)}
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
{element("title", title)}
<style>{sheet}</style>
</head>
<body>
{body}
</body>
</html>"""


def _top(drawn: Plan) -> Html:
    nothing = text.nothing_to_do(drawn)
    campaigns = sum(step.sends for step in drawn.steps)
    later = f", {count(drawn.waiting)} of them later" if drawn.waiting else ""
    told = f"{several(campaigns, 'campaign')} would send {several(drawn.recipients, 'message')}{later}."
    cost = estimated(drawn.cost).removeprefix("est. ").removeprefix("cost ")
    why = f"{said(drawn.cost.why)}" if drawn.cost.amount is None else "estimated"
    tiles = (
        ("people", count(drawn.recipients), "in each campaign once"),
        ("requests", count(drawn.requests), "to the gateway"),
        ("parts", count(drawn.parts), "of SMS"),
        ("cost", cost, why),
    )
    shown = [element("div", element("dt", what), element("dd", much), element("dd", of)) for what, much, of in tiles]
    loosened = loosened_line(drawn)
    return element(
        "header",
        element("p", short(loosened, _LOOSENED), kind="stop first") if loosened else NOTHING,
        element("h1", "Plan for ", element("span", name(drawn.environment), kind="environment")),
        element("p", nothing or told, kind="told"),
        element("dl", *shown, kind="tiles"),
        element("p", *_where(drawn), kind="soft"),
    )


def _where(drawn: Plan) -> Iterator[str]:
    yield f"Gateway {said(drawn.gateway)}, state {name(drawn.lineage[: text.ID_SHOWN])}"
    if drawn.digest:
        yield ", digest "
        yield element("b", name(drawn.digest), kind="digest")
    yield "."


def _blocked(drawn: Plan, weighed: Sequence[Step]) -> Html:
    """What keeps the plan from being sent, in words, above everything else."""
    whole = [element("li", said(why)) for why in drawn.blocked]
    each = [
        element("li", element("a", name(step.campaign), href=f"#c{number}"), ": ", said(why))
        for number, step in enumerate(weighed, 1)
        for why in step.blocked
    ]
    reasons = [*whole, *each]
    if not reasons:
        return NOTHING
    more = (
        element("p", f"and {several(len(reasons) - _NOTICES, 'reason')} more") if len(reasons) > _NOTICES else NOTHING
    )
    title = element("h2", "Nothing is sent: this plan is blocked")
    return element("section", title, element("ul", *reasons[:_NOTICES]), more, kind="stop")


def _notices(drawn: Plan) -> Iterator[Html]:
    for notice in drawn.notices[:_NOTICES]:
        yield element("p", said(notice), kind="warn")
    if len(drawn.notices) > _NOTICES:
        yield element("p", f"{several(len(drawn.notices) - _NOTICES, 'notice')} more", kind="warn")


def _overview(drawn: Plan) -> Html:
    if not drawn.is_left:
        return NOTHING
    unknown = element("p", f"The whole is unknown: {said(drawn.cost.why)}.") if drawn.cost.amount is None else NOTHING
    parts = (
        ("People", people_chart(drawn)),
        ("Cost", joined((unknown, cost_chart(drawn)))),
    )
    shown = [element("div", element("h2", title), content) for title, content in parts if content]
    limits = bounds_table(drawn.bounds, "Numbers that nobody may pass unnoticed")
    return lines(
        (
            element("section", *shown, kind="charts"),
            element("section", element("h2", "Limits of the whole"), limits) if limits else NOTHING,
        )
    )


def _table(drawn: Plan, linked: dict[str, int]) -> Html:
    if not drawn.steps:
        return NOTHING
    head = element("tr", *(element("th", one, kind=_kind(one), scope="col") for one in _COLUMNS))
    rows = [_row(step, linked.get(step.campaign)) for step in drawn.weighed]
    fit = _fitting(rows, _FOR_ROWS)
    more = f"{several(len(rows) - fit, 'campaign')} more: see the output of octoplan plan --format text."
    return element(
        "section",
        element("h2", "Who gets what, and when"),
        lines((Html("<table>"), element("thead", head), Html("<tbody>"), *rows[:fit], Html("</tbody></table>"))),
        element("p", more, kind="soft") if fit < len(rows) else NOTHING,
        element("p", _LEGEND, kind="soft legend"),
    )


def _row(step: Step, number: int | None) -> Html:
    linked = element("a", name(step.campaign), href=f"#c{number}") if number else name(step.campaign)
    symbol = element("span", step.symbol, kind="symbol")
    cells: list[str] = ["", "", "", "", ""]
    if step.recipients:
        cost = (
            "unknown"
            if step.cost.amount is None
            else f"{money(step.cost.amount)} {short(name(step.cost.currency), _CURRENCY)}"
        )
        parts = "" if step.parts is None else count(step.parts)
        cells = [count(step.recipients), count(step.requests), parts, cost, when(step) if step.sends else ""]
    told = joined((symbol, " ", linked, element("span", said(one_line(step)), kind="why")))
    return element(
        "tr",
        element("th", told, scope="row"),
        *(
            element("td", cell, kind=_kind(column))
            for column, cell in zip(_COLUMNS[1:], (channel(step), *cells), strict=True)
        ),
        kind=step.action,
    )


def _kind(column: str) -> str:
    kinds = {"figure": column in _FIGURES, "wide": column in _WIDE, "channel": column == "channel"}
    return " ".join(kind for kind, is_one in kinds.items() if is_one)


def _fitting(blocks: Sequence[str], room: int) -> int:
    """Blocks → how many of them fit into `room` bytes."""
    return sum(size <= room for size in accumulate(len(block.encode()) + 1 for block in blocks))


def _cut(left: int) -> Html:
    if not left:
        return NOTHING
    told = (
        f"{several(left, 'campaign')} more did not fit into this page: see octoplan plan --target NAME --format html."
    )
    return element("p", told, kind="warn cut")


def _foot(drawn: Plan) -> Html:
    told = [element("p", line.text, kind="total") for line in text.last_lines(drawn)]
    return element("footer", *told)
