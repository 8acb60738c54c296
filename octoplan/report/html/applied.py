"""The Outcome of an apply → a page of the same kind as a plan's."""

from collections.abc import Sequence

from octoplan.report.applied import facts, head, heard_before, refused_lines, rows_of, title
from octoplan.report.html.markup import NOTHING, Html, element, lines, name, said
from octoplan.report.html.page import page
from octoplan.report.outcome import Outcome

_NAMES = 3
"""How many columns are words; the others are figures."""


def applied(found: Outcome) -> str:
    """An Outcome → the page."""
    stopped = [element("p", f"Stopped: {said(why)}", kind="stop") for why in found.stopped]
    who = [element("li", said(one)) for one in refused_lines(found)]
    body = element(
        "main",
        element("header", element("h1", name(title(found))), element("p", name(found.line), kind="told")),
        lines(element("p", said(fact), kind="soft") for fact in facts(found)),
        *stopped,
        _table(found) if found.campaigns else NOTHING,
        lines(element("p", name(told), kind="soft") for told in heard_before(found)),
        element("section", element("h2", "Refused"), element("ul", *who)) if who else NOTHING,
    )
    return page(f"octoplan: {name(title(found))}", body)


def _table(found: Outcome) -> Html:
    top = element("tr", *(element("th", column, scope="col", kind=_kind(n)) for n, column in enumerate(head(found))))
    rows = lines(_row(cells) for cells in rows_of(found))
    return element("div", element("table", element("thead", top), element("tbody", rows)), kind="scroll")


def _row(cells: Sequence[str]) -> Html:
    first, *others = cells
    figures = (element("td", name(cell), kind=_kind(number)) for number, cell in enumerate(others, 1))
    return element("tr", element("th", name(first), scope="row"), *figures)


def _kind(column: int) -> str:
    return "figure" if column >= _NAMES else ""
