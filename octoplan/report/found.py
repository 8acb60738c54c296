"""Problems, errors and the counts of a valid project → text and JSON, without loading what plans and applies need."""

from collections.abc import Sequence

from octoplan.errors import OctoplanError, Problem
from octoplan.report.document import document, placed
from octoplan.report.lines import problems_line, valid_line
from octoplan.report.safe import plain, words
from octoplan.report.style import BLANK, Line, Style


def problems(found: Sequence[Problem]) -> list[Line]:
    """Problems → one line each, in order of their places, hints below, and how many there are."""
    lines: list[Line] = []
    for problem in sorted(found):
        place, rule = plain(str(problem.place)), plain(problem.rule)
        lines.append(Line(Style.ERROR, f"{place}: error: {words(problem.message)} [{rule}]"))
        lines += _hint(problem.hint)
    return [*lines, BLANK, Line(Style.TOTAL, problems_line(found))]


def error(raised: OctoplanError) -> list[Line]:
    """What the world did wrong → `error: what`, and how to mend it."""
    return [Line(Style.ERROR, f"error: {words(raised.what)}"), *_hint(raised.hint)]


def validated(campaigns: int, recipients: int) -> list[Line]:
    """Counts of a valid project → its last line."""
    return [Line(Style.TOTAL, valid_line(campaigns, recipients))]


def json_problems(found: Sequence[Problem]) -> str:
    """Problems → their document, in order of their places."""
    rows = [
        {**placed(one.place), "rule": one.rule, "message": words(one.message), "hint": plain(one.hint)}
        for one in sorted(found)
    ]
    return document("problems", problems=rows)


def json_error(raised: OctoplanError) -> str:
    """What the world did wrong → its document."""
    return document("error", what=words(raised.what), hint=plain(raised.hint), exit_code=raised.exit_code)


def json_validated(campaigns: int, recipients: int) -> str:
    """Counts of a valid project → its document."""
    return document("valid", campaigns=campaigns, people=recipients)


def _hint(hint: str) -> list[Line]:
    return [Line(Style.DETAIL, f"    hint: {plain(hint)}")] if hint else []
