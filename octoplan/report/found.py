"""Problems, errors and the counts of a valid project → text and JSON, without loading what plans and applies need."""

from collections.abc import Sequence
from typing import Any

from octoplan.errors import OctoplanError, Problem
from octoplan.report.document import document, placed
from octoplan.report.lines import problems_line, valid_line, warnings_line
from octoplan.report.safe import plain, words
from octoplan.report.style import BLANK, Line, Style


def problems(found: Sequence[Problem], *, more: bool = False) -> list[Line]:
    """Problems → one line each, in order of their places, hints below, and how many there are.

    `more`: something was sent before they were found, so that it is nothing more that was sent.
    """
    return [*_listed(found), BLANK, Line(Style.TOTAL, _rest(problems_line(found), more=more))]


def warnings(found: Sequence[Problem]) -> list[Line]:
    """Warnings about a valid project → the same, in lines of their own; none without any."""
    return [*_listed(found), BLANK, Line(Style.WARN, warnings_line(found))] if found else []


def error(raised: OctoplanError, *, more: bool = False) -> list[Line]:
    """What the world did wrong → `error: what`, and how to mend it; `more` as for `problems`."""
    what = _rest(raised.what, more=more)
    return [Line(Style.ERROR, f"error: {words(what)}"), *_hint(_rest(raised.hint, more=more))]


def validated(campaigns: int, recipients: int) -> list[Line]:
    """Counts of a valid project → its last line."""
    return [Line(Style.TOTAL, valid_line(campaigns, recipients))]


def json_problems(found: Sequence[Problem]) -> str:
    """Problems → their document, in order of their places."""
    return document("problems", problems=json_rows(found))


def json_error(raised: OctoplanError, *, more: bool = False) -> str:
    """What the world did wrong → its document; `more` as for `problems`."""
    what, hint = _rest(raised.what, more=more), _rest(raised.hint, more=more)
    return document("error", what=words(what), hint=plain(hint), exit_code=raised.exit_code)


def json_validated(campaigns: int, recipients: int, warned: Sequence[Problem] = ()) -> str:
    """Counts of a valid project, and the warnings about it → its document."""
    return document("valid", campaigns=campaigns, people=recipients, warnings=json_rows(warned))


def json_rows(found: Sequence[Problem]) -> list[dict[str, Any]]:
    """Problems → their rows in a document, in order of their places."""
    return [
        {
            **placed(one.place),
            "rule": one.rule,
            "severity": one.severity,
            "message": words(one.message),
            "hint": plain(one.hint),
        }
        for one in sorted(found)
    ]


def _listed(found: Sequence[Problem]) -> list[Line]:
    lines: list[Line] = []
    for problem in sorted(found):
        place, rule = plain(str(problem.place)), plain(problem.rule)
        style = Style.WARN if problem.severity == "warning" else Style.ERROR
        lines.append(Line(style, f"{place}: {problem.severity}: {words(problem.message)} [{rule}]"))
        lines += _hint(problem.hint)
    return lines


def _rest(said: str, *, more: bool) -> str:
    """What is said of an apply that sends nothing → the same of the rest of one that has sent something before."""
    return said.replace("nothing was sent", "nothing more was sent") if more else said


def _hint(hint: str) -> list[Line]:
    return [Line(Style.DETAIL, f"    hint: {plain(hint)}")] if hint else []
