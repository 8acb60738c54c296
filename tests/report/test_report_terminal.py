"""On a terminal the same words come with colours, tables and a bar; names stay names."""

import io
import re
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from octoplan.apply.events import Event
from octoplan.plan import Plan
from octoplan.report import terminal, text
from octoplan.report.style import Line, Style, joined
from octoplan.report.survey import Survey

NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "120")
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return _Terminal()


def test_lines_are_coloured_and_otherwise_the_same(rich_plan: Plan, stream: io.StringIO) -> None:
    terminal.show(text.plan(rich_plan), stream)
    assert _ESCAPES.search(stream.getvalue())
    assert _ESCAPES.sub("", stream.getvalue()) == joined(text.plan(rich_plan))


def test_without_colour_no_colour_is_written(rich_plan: Plan, stream: io.StringIO) -> None:
    terminal.show(text.plan(rich_plan), stream, coloured=False)
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", stream.getvalue())


def test_markup_in_a_name_is_only_a_name(stream: io.StringIO) -> None:
    terminal.show([Line(Style.SEND, "[bold red]:tada: [/]")], stream)
    assert "[bold red]:tada: [/]" in _ESCAPES.sub("", stream.getvalue())


def test_a_plan_of_several_sends_ends_in_a_table_and_its_last_lines(rich_plan: Plan, stream: io.StringIO) -> None:
    terminal.show_plan(rich_plan, stream)
    shown = _ESCAPES.sub("", stream.getvalue()).splitlines()
    assert [line.text for line in text.last_lines(rich_plan)] == shown[-2:]
    assert any("autumn-sale" in line and "48,000" in line and "│" in line for line in shown)


def test_a_status_has_its_campaigns_in_a_table_once(survey: Survey, stream: io.StringIO) -> None:
    terminal.show_status(survey, NOW, stream)
    shown = _ESCAPES.sub("", stream.getvalue())
    assert shown.count("216.54") == 1
    assert shown.splitlines()[-1] == "Status: 4,902 sent, 1 refused, 450 open, 300 unknown."


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_a_figure_is_whole_however_narrow_the_terminal_is(
    width: int, rich_plan: Plan, survey: Survey, stream: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    terminal.show_status(survey, NOW, stream, coloured=False)
    words = stream.getvalue().replace("│", " ").split()
    for one in survey.campaigns:
        for cell in text.status_row(one):
            assert set(cell.split()) <= {word.rstrip(",") for word in words}, cell
    terminal.show_plan(rich_plan, stream, coloured=False)
    table = stream.getvalue().rpartition("\nPlan: ")[0].rpartition("\n\n")[2]
    assert "…" not in table
    for step in rich_plan.steps:
        if step.sends:
            assert step.campaign in table
            assert f"{step.recipients:,}" in table


def test_a_status_of_nothing_is_said(stream: io.StringIO) -> None:
    terminal.show_status(Survey(environment="e", lineage="0" * 16), NOW, stream)
    assert "Nothing was ever sent." in stream.getvalue()


def test_progress_says_what_a_person_should_see(events: tuple[Event, ...], stream: io.StringIO) -> None:
    with terminal.Progress(stream) as progress:
        for event in events:
            progress(event)
    shown = _ESCAPES.sub("", stream.getvalue())
    assert "stopped: the credentials were not accepted" in shown
    assert "no answer (503)" in shown
    assert "sms_5f3fbce61266e" not in shown


def test_a_spinner_says_what_is_being_done_as_it_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    seen = Seen()
    with terminal.working(seen) as notice:
        notice("reading [contacts]")
    assert "reading [contacts]" in _ESCAPES.sub("", seen.getvalue())


class Seen(io.StringIO):
    """A stream that a person looks at."""

    def isatty(self) -> bool:
        return True


def test_no_report_loads_rich_but_the_terminal() -> None:
    code = (
        "import sys; from octoplan.report import as_json, html, markdown, text; "
        "print([name for name in ('rich', 'duckdb', 'h11', 'phonenumbers', 'jinja2') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
