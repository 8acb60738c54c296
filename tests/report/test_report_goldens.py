"""What every format says of made-up plans, states, problems and events, to be read in review."""

import json
from datetime import UTC, datetime

import pytest

from octoplan import __version__
from octoplan.apply.events import Event
from octoplan.errors import GuardRefused, Problem
from octoplan.plan import Plan
from octoplan.report import annotations, as_json, html, markdown, text
from octoplan.report.style import joined
from octoplan.report.survey import Survey

NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
GUARD = GuardRefused("blocked: late-news: editions only rise", hint="nothing was sent")


@pytest.mark.parametrize("case", ["rich_plan", "empty_plan", "settled_plan"])
def test_a_plan_reads_the_same_in_every_format(case: str, request: pytest.FixtureRequest) -> None:
    golden = request.getfixturevalue("golden")
    plan: Plan = request.getfixturevalue(case)
    folder = f"report-{case.replace('_', '-')}"
    golden(folder, "plan.txt", joined(text.plan(plan)))
    golden(folder, "plan.json", as_json.plan(plan) + "\n")
    golden(folder, "plan.md", markdown.plan(plan) + "\n")
    golden(folder, "plan.html", html.plan(plan) + "\n")


def test_problems_and_errors_are_shown_with_place_rule_and_hint(
    problems: tuple[Problem, ...], request: pytest.FixtureRequest
) -> None:
    golden = request.getfixturevalue("golden")
    golden("report-problems", "problems.txt", joined(text.problems(problems)))
    golden("report-problems", "problems.json", as_json.problems(problems) + "\n")
    golden("report-problems", "error.txt", joined(text.error(GUARD)))
    golden("report-problems", "error.json", as_json.error(GUARD) + "\n")


def test_problems_are_shown_beside_the_lines_of_a_file(
    problems: tuple[Problem, ...], request: pytest.FixtureRequest
) -> None:
    golden = request.getfixturevalue("golden")
    for form, file in (
        ("github", "github.txt"),
        ("gitlab", "gitlab.json"),
        ("sarif", "sarif.json"),
        ("junit", "junit.xml"),
    ):
        said = annotations.annotate(form, problems, "marketing")
        golden("report-problems", file, said.replace(f'"version": "{__version__}"', '"version": "VERSION"') + "\n")


def test_a_status_shows_people_cost_and_what_is_open(survey: Survey, request: pytest.FixtureRequest) -> None:
    golden = request.getfixturevalue("golden")
    golden("report-status", "status.txt", joined(text.status(survey, NOW)))
    golden("report-status", "status.json", as_json.status(survey, NOW) + "\n")


def test_events_are_told_line_by_line(events: tuple[Event, ...], request: pytest.FixtureRequest) -> None:
    golden = request.getfixturevalue("golden")
    golden("report-events", "events.txt", joined([text.event(event) for event in events]))
    told = [as_json.events_header(), *map(as_json.event, events)]
    golden("report-events", "events.ndjson", "".join(f"{line}\n" for line in told))


def test_each_json_document_says_what_it_is_and_its_version(
    rich_plan: Plan, problems: tuple[Problem, ...], survey: Survey
) -> None:
    documents = {
        "plan": as_json.plan(rich_plan),
        "problems": as_json.problems(problems),
        "status": as_json.status(survey, NOW),
        "valid": as_json.validated(4, 8120),
        "error": as_json.error(GUARD),
        "events": as_json.events_header(),
    }
    for kind, document in documents.items():
        read = json.loads(document)
        assert list(read)[:2] == ["octoplan", "version"]
        assert (read["octoplan"], read["version"]) == (kind, 1)


def test_the_first_line_of_an_event_stream_is_its_header() -> None:
    assert as_json.events_header() == '{"octoplan":"events","version":1}'
