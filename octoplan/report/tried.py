"""Campaigns that were tried, by their tests and by made-up rows → text, JSON and JUnit."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any
from xml.etree import ElementTree as ET

from octoplan.content.madeup import Row
from octoplan.content.trials import Trial
from octoplan.errors import Problem
from octoplan.pipeline.trying import Tried
from octoplan.report.document import document, placed
from octoplan.report.found import json_rows
from octoplan.report.lines import count, several
from octoplan.report.safe import plain, words
from octoplan.report.style import BLANK, Line, Style


def text_tried(tried: Sequence[Tried]) -> list[Line]:
    """Campaigns that were tried → a line for each test, what made-up rows change, and the last line."""
    lines: list[Line] = []
    for one in tried:
        lines += [*_campaign(one), BLANK]
    return [*lines, Line(Style.TOTAL, tests_line(tried))]


def tests_line(tried: Sequence[Tried]) -> str:
    """Campaigns that were tried → `Tests: 3 passed, 0 failed; 18 rows made up, 0 with a problem.`."""
    trials = [trial for one in tried for trial in one.trials]
    failed = sum(bool(trial.failures) for trial in trials)
    rows = [row for one in tried for row in one.made.rows]
    wrong = sum(bool(row.problems) for row in rows)
    return (
        f"Tests: {count(len(trials) - failed)} passed, {count(failed)} failed; "
        f"{several(len(rows), 'row')} made up, {count(wrong)} with a problem."
    )


def json_tried(tried: Sequence[Tried]) -> str:
    """Campaigns that were tried → a versioned document."""
    return document("tests", campaigns=[_facts(one) for one in tried], line=tests_line(tried))


def junit_tried(tried: Sequence[Tried], folder: str) -> str:
    """Campaigns that were tried → JUnit XML: a case for each test, and one for each campaign's made-up rows."""
    cases = [case for one in tried for case in _cases(one)]
    failed = sum(bool(failures) for _, _, _, failures in cases)
    counts = {"tests": str(len(cases)), "failures": str(failed), "errors": "0"}
    suites = ET.Element("testsuites", {"name": "octoplan", **counts})
    suite = ET.SubElement(suites, "testsuite", {"name": "octoplan test", **counts})
    for campaign, name, file, failures in cases:
        path = f"{folder}/{file}" if folder else file
        case = ET.SubElement(suite, "testcase", {"classname": f"octoplan.{campaign}", "name": name, "file": path})
        if failures:
            failure = ET.SubElement(case, "failure", {"type": failures[0].rule, "message": words(failures[0].message)})
            failure.text = "\n".join(f"{plain(str(one.place))}: {words(one.message)}" for one in failures)
    ET.indent(suites)
    return str(ET.tostring(suites, encoding="us-ascii"), "ascii")


def _cases(tried: Tried) -> Iterator[tuple[str, str, str, Sequence[Problem]]]:
    name, file = plain(tried.campaign.name), plain(tried.campaign.document.shown)
    for trial in tried.trials:
        yield name, words(trial.name), plain(trial.place.file), trial.failures
    if tried.made.rows:
        wrong = dict.fromkeys(problem for row in tried.made.rows for problem in row.problems)
        yield name, "made-up rows", file, tuple(wrong)


def _campaign(tried: Tried) -> Iterator[Line]:
    campaign = tried.campaign
    yield Line(Style.TITLE, f"{plain(campaign.name)}, {campaign.channel}")
    yield from (_trial(trial) for trial in tried.trials)
    if tried.made.rows:
        yield Line(Style.DETAIL, f"   {several(len(tried.made.rows), 'row')} made up")
    for variable, rows in groupby(sorted(tried.made.rows, key=_variable), key=_variable):
        yield Line(Style.PLAIN, f"      {plain(variable)}: {_told([row for row in rows if row.is_notable])}")
    for language in tried.made.unknown:
        tongue = f" in {language}" if language else ""
        yield Line(Style.WARN, f"   no rows made up{tongue}: no ordinary row renders; give one in a test")


def _variable(row: Row) -> str:
    return row.variable


def _trial(trial: Trial) -> Line:
    if trial.failures:
        return Line(Style.ERROR, f"   failed   {words(trial.name)}")
    return Line(Style.PLAIN, f"   passed   {words(trial.name)}")


def _told(rows: Sequence[Row]) -> str:
    """Rows of one variable → what they come to, those together that come to the same."""
    kinds: dict[str, list[str]] = {}
    for row in rows:
        kinds.setdefault(_said(row), []).append(f"{row.kind} in {row.language}" if row.language else row.kind)
    return "; ".join(f"{', '.join(those)}: {said}" for said, those in kinds.items()) or "as usual with all of them"


def _said(row: Row) -> str:
    if row.why:
        return f"no message, {words(row.why)}"
    parts = [several(row.parts, "part")] if row.parts else []
    encoding = [row.encoding.upper().replace("UCS2", "UCS-2").replace("GSM7", "GSM-7")] if row.encoding else []
    return ", ".join([*parts, *encoding]) or "a problem"


def _facts(tried: Tried) -> dict[str, Any]:
    return {
        "campaign": tried.campaign.name,
        "channel": tried.campaign.channel,
        "tests": [
            {
                "name": words(trial.name),
                **placed(trial.place),
                "passed": not trial.failures,
                "problems": json_rows(trial.failures),
            }
            for trial in tried.trials
        ],
        "made_up": [_row_facts(row) for row in tried.made.rows],
        "not_made_up": list(tried.made.unknown),
    }


def _row_facts(row: Row) -> dict[str, Any]:
    return {
        "variable": row.variable,
        "kind": row.kind,
        "language": row.language or None,
        "usual_parts": row.usual or None,
        "parts": row.parts or None,
        "encoding": row.encoding or None,
        "why": words(row.why) or None,
        "problems": json_rows(row.problems),
    }
