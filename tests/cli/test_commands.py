"""What every command has in common: flags, help, streams, exit codes, and what it does not load."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from octoplan.cli import COMMANDS
from tests.conftest import OCTOPLAN, PATIENCE, clean_environment

if TYPE_CHECKING:
    from tests.conftest import Folder, MakeProject, Octoplan

CAMPAIGN = """\
channel: sms
purpose: alert
open: true
text: Hello {{ name }}
recipients: [{phone_number: "+33600000123", name: Ann}, {phone_number: "+33600000124", name: Bob}]
"""
MORE = CAMPAIGN.replace("Hello", "Welcome to our shop,")
READING = (
    ("validate",),
    ("audience", "hello"),
    ("render", "hello"),
    ("plan",),
    ("status",),
    ("state", "list"),
    ("state", "show", "hello"),
    ("state", "check"),
    ("sandbox", "inbox"),
)
EVERY = (
    *READING,
    ("apply",),
    ("why", "hello"),
    ("ingest", "campaigns/people.csv"),
    ("ingest", "serve"),
    ("state", "export"),
    ("state", "import", "campaigns/hello.yaml", "--yes"),
    ("state", "init"),
    ("state", "unlock"),
    ("state", "resolve", "0123456789ab", "--sent", "--yes"),
    ("sandbox", "reset"),
    ("sandbox", "serve"),
)
HEAVY = (
    *("duckdb", "jinja2", "jsonschema", "h11", "rich"),
    *("phonenumbers", "yaml", "cryptography", "starlette", "uvicorn", "sqlalchemy", "fsspec"),
)
FLAGS = ("-C", "--env", "--json", "--no-color", "-v")


def names(commands: tuple[tuple[str, ...], ...]) -> list[str]:
    return [" ".join(command) for command in commands]


@pytest.fixture
def folder(project: MakeProject) -> Folder:
    """Make a project of which half of the messages were sent."""
    folder: Folder = project({"campaigns/hello.yaml": CAMPAIGN}, after=(("apply", "--auto-approve"),))
    return folder


@pytest.mark.parametrize("command", EVERY, ids=names(EVERY))
def test_every_command_has_help_that_names_the_common_flags(
    command: tuple[str, ...], folder: Folder, capsys: pytest.CaptureFixture[str]
) -> None:
    group = command[0] in ("state", "sandbox")
    assert folder.call(*command[: 1 + group], "--help").code == 0
    said = capsys.readouterr().out
    for flag in FLAGS:
        assert f" {flag} " in said or f" {flag}," in said


@pytest.mark.parametrize(
    ("command", "said"), [("plan", "extra argument (hello)"), ("apply", "File 'hello' does not exist")]
)
def test_a_campaign_that_stands_alone_is_told_how_it_is_named(command: str, said: str, folder: Folder) -> None:
    outcome = folder.call(command, "hello")
    assert outcome.code == 64
    assert f"{said}; campaigns are named with --target" in outcome.err


def test_help_lists_every_command_with_what_its_own_help_says(
    folder: Folder, capsys: pytest.CaptureFixture[str]
) -> None:
    def said(*arguments: str) -> str:
        assert folder.call(*arguments, "--help").code == 0
        return " ".join(capsys.readouterr().out.split())

    everything = said()
    for name, says in COMMANDS.items():
        assert f"{name} {says}" in everything
        assert says.rstrip(".") in said(name)


def test_the_version_is_said(run: Octoplan) -> None:
    assert run("--version").out == "octoplan 0.1.0\n"


@pytest.mark.parametrize("command", [(), ("state",), ("sandbox",)])
def test_without_a_command_help_is_said_on_stderr_and_exit_is_64(command: tuple[str, ...], run: Octoplan) -> None:
    outcome = run(*command)
    assert (outcome.code, outcome.out) == (64, "")
    assert "Usage: octoplan" in outcome.err


@pytest.mark.parametrize("command", READING, ids=names(READING))
def test_flags_stand_before_or_after_the_name(command: tuple[str, ...], folder: Folder) -> None:
    flags = ("--env", "sandbox", "--json", "--no-color", "-v", "-C", str(folder.path))
    before, after = folder.call(*flags, *command), folder.call(*command, *flags)
    assert before == after
    assert before.code == 0


@pytest.mark.parametrize("command", READING, ids=names(READING))
def test_with_json_stdout_is_one_json_document(command: tuple[str, ...], folder: Folder) -> None:
    outcome = folder.call(*command, "--json", "-v")
    assert outcome.code == 0
    assert isinstance(outcome.json["octoplan"], str)
    assert outcome.json["version"] == 1
    assert outcome.out.endswith("}\n")
    assert not outcome.out.endswith("\n\n")


def test_with_json_an_apply_is_a_stream_of_one_event_a_line(folder: Folder) -> None:
    folder.write({"campaigns/more.yaml": MORE})
    lines = folder.call("apply", "--auto-approve", "--json").out.splitlines()
    events = [json.loads(line) for line in lines]
    assert events[0] == {"octoplan": "events", "version": 1}
    assert [event["event"] for event in events[1:]] == ["started", "sent", "sent"]


def test_with_json_an_error_in_the_stream_is_a_line_too(folder: Folder) -> None:
    folder.write({"campaigns/more.yaml": MORE})
    lines = folder.call("apply", "--json").out.splitlines()
    assert [json.loads(line)["octoplan"] for line in lines] == ["events", "error"]
    folder.write({"campaigns/more.yaml": CAMPAIGN.replace("{{ name }}", "{{ nome }}")})
    lines = folder.call("apply", "--json").out.splitlines()
    assert json.loads(lines[-1])["octoplan"] == "problems"


DOING = (("state", "init", "--env", "other"), ("state", "unlock"), ("sandbox", "reset"))


@pytest.mark.parametrize("command", DOING, ids=names(DOING))
def test_with_json_what_was_done_is_a_document_too(command: tuple[str, ...], folder: Folder) -> None:
    folder.write({"octoplan.yaml": "octoplan: 1\nenvironments: {other: {gateway: octopush}}\n"})
    done = folder.call(*command, "--json").json
    assert done["octoplan"] == "done"
    assert done["said"].endswith(".")


@pytest.mark.parametrize("command", READING, ids=names(READING))
def test_talk_is_never_on_stdout(command: tuple[str, ...], folder: Folder) -> None:
    quiet, talkative = folder.call(*command), folder.call(*command, "-v")
    assert quiet.out == talkative.out
    assert quiet.err == ""


@pytest.mark.parametrize("command", READING, ids=names(READING))
def test_a_pipe_gets_no_colour(command: tuple[str, ...], folder: Folder) -> None:
    outcome = folder.run(*command)
    assert outcome.code == 0
    assert "\x1b" not in outcome.out + outcome.err


@pytest.mark.parametrize("command", [*READING, ("apply", "--auto-approve")])
def test_a_pipe_that_closes_early_gets_no_traceback(command: tuple[str, ...], folder: Folder) -> None:
    process = folder.start(*command)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=30) in (0, 1)
    assert err == b""


@pytest.mark.parametrize(
    "command",
    [
        ("render", "hello", "--json"),
        ("sandbox", "inbox", "--json"),
        ("state", "show", "hello", "--json"),
        ("plan", "--format", "html"),
        ("plan", "--format", "markdown"),
        ("plan", "--json"),
        ("test", "--format", "junit"),
        ("validate", "--format", "sarif"),
    ],
    ids=" ".join,
)
def test_documents_are_the_same_in_every_locale(command: tuple[str, ...], project: MakeProject) -> None:
    foreign = CAMPAIGN.replace("Hello", "Größe € 🍂").replace("Ann", "Zoë")
    folder = project({"campaigns/hello.yaml": foreign}, "locale", after=(("apply", "--auto-approve"),))
    folder.write({"campaigns/więcej.yaml": foreign.replace("Größe", "Länge, 2026,")})
    told = [folder.run(*command, env={"PYTHONIOENCODING": coding}) for coding in ("utf-8", "iso-8859-1")]
    assert told[0].code == 0
    assert told[0] == told[1]


@pytest.mark.parametrize(
    ("closed", "command", "code"),
    [
        (">&-", ("validate",), 0),
        (">&-", ("plan",), 0),
        ("2>&-", ("validate", "--target", "nobody"), 64),
        ("<&-", ("apply",), 10),
        ("<&-", ("why", "hello"), 64),
        ("<&- >&- 2>&-", ("apply", "--auto-approve"), 0),
    ],
)
def test_a_closed_stream_gets_no_traceback_and_the_exit_code_of_an_empty_one(
    closed: str, command: tuple[str, ...], code: int, folder: Folder
) -> None:
    folder.write({"campaigns/more.yaml": MORE})
    script = ["sh", "-c", f'exec "$0" "$@" {closed}', str(OCTOPLAN), *command]
    environment = clean_environment(folder.path.parent)
    done = subprocess.run(script, cwd=folder.path, env=environment, capture_output=True, timeout=PATIENCE, check=False)
    assert done.returncode == code, done
    assert b"Traceback" not in done.stderr
    assert b"fault" not in done.stderr


@pytest.mark.parametrize("form", ["text", "json", "markdown", "html"])
def test_a_plan_is_shown_in_every_form(form: str, folder: Folder) -> None:
    folder.write({"campaigns/more.yaml": MORE})
    outcome = folder.call("plan", "--format", form)
    assert (outcome.code, outcome.err) == (0, "")
    assert "more" in outcome.out
    assert not outcome.out.endswith("\n\n")


def test_a_plan_in_two_forms_at_once_is_usage(folder: Folder) -> None:
    outcome = folder.call("plan", "--json", "--format", "html")
    assert (outcome.code, outcome.json["hint"]) == (64, "leave one of them out")
    assert folder.call("plan", "--json", "--format", "json").json["octoplan"] == "plan"


def test_no_environment_but_its_own_variable_is_read(folder: Folder) -> None:
    folder.write({"octoplan.yaml": "octoplan: 1\nenvironments: {other: {gateway: octopush}}\n"})
    assert folder.call("plan", env={"OCTOPLAN_ENV": "other"}).code == 1
    assert folder.call("plan", "--env", "sandbox", env={"OCTOPLAN_ENV": "other"}).code == 0


def test_the_folder_of_the_state_is_for_its_owner_and_out_of_git(folder: Folder) -> None:
    own = folder.path / ".octoplan"
    assert own.stat().st_mode & 0o777 == 0o700
    assert (own / ".gitignore").read_text() == "*\n"
    for name in ("sandbox.db", "sandbox.db.key"):
        assert (own / name).stat().st_mode & 0o777 == 0o600


def test_reset_empties_the_sandbox_and_touches_nothing_else(folder: Folder) -> None:
    folder.write({"octoplan.yaml": "octoplan: 1\nenvironments: {other: {gateway: octopush}}\n"})
    assert folder.call("state", "init", "--env", "other").code == 0
    other = folder.footprint()["other.db"]
    assert folder.call("sandbox", "reset").code == 0
    assert folder.messages() == ()
    assert folder.call("plan", "--detailed-exitcode").code == 2
    assert folder.footprint()["other.db"] == other
    assert folder.call("apply", "--auto-approve").code == 0
    assert len(folder.messages()) == 2


def test_the_inbox_holds_what_was_sent(folder: Folder) -> None:
    found = folder.call("sandbox", "inbox", "--json").json
    assert found["total"] == 2
    assert {message["address"] for message in found["messages"]} == {"+33600000123", "+33600000124"}
    assert "Hello Ann" in folder.call("sandbox", "inbox").out


def loaded(code: str, folder: Folder) -> list[str]:
    """Run code in a fresh Python → which heavy libraries it loaded."""
    ask = f"{code}\nprint(*[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", ask], cwd=folder.path, capture_output=True, check=True, timeout=60)
    assert done.stderr == b""
    return done.stdout.decode().splitlines()[-1].split()


RUN = """
import io, sys
from octoplan.cli import run
from octoplan.cli.console import Console
run({!r}, Console(out=io.StringIO(), err=sys.stderr, stdin=sys.stdin, environ={{}}))
"""


def test_help_loads_no_heavy_library(folder: Folder) -> None:
    assert loaded(RUN.format(["--help"]), folder) == []
    assert loaded(RUN.format(["--version"]), folder) == []


def test_validating_inline_recipients_loads_no_duckdb(folder: Folder) -> None:
    found = loaded(RUN.format(["validate"]), folder)
    assert "jsonschema" in found
    assert not {"duckdb", "h11", "rich", "cryptography", "starlette", "uvicorn"} & set(found)


def test_a_plan_on_the_embedded_sandbox_loads_no_server(folder: Folder) -> None:
    assert not {"starlette", "uvicorn"} & set(loaded(RUN.format(["plan"]), folder))
