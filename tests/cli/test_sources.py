"""Sources in a process of their own: secrets from its environment only, people from its standard input, and silence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.state.server import DATABASE, Server, shared

if TYPE_CHECKING:
    from tests.conftest import Folder, MakeProject

CAMPAIGN = """\
channel: sms
purpose: alert
open: true
audience: {from: customers, columns: {phone_number: mobile}, region: FR}
text: Hello {{ city }}
"""
SECRET = "hunter2-Xyz"  # noqa: S105 - what must not be shown
VARIABLE = "OCTOPLAN_SOURCE_CRM"
PROJECT = "octoplan: 1\nenvironments: {{sandbox: {{gateway: sandbox, sources: {{customers: {source}}}}}}}\n"
DATABASE_SOURCE = f"{{database: 'env:{VARIABLE}', query: customers.sql}}"
STDIN_SOURCE = "{from: '-', format: csv}"
ROWS = "mobile,city\n0600000101,Lyon\n0600000102,Paris\n"
QUERY = "SELECT * FROM (VALUES ('0600000101', 'Lyon'), ('0600000102', 'Paris')) AS people (mobile, city)"


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Server:
    return shared(request.config)


@pytest.fixture
def address(server: Server) -> str:
    return f"postgresql://owner@/{DATABASE}?host={server.folder}"


def make(project: MakeProject, source: str, query: str = QUERY) -> Folder:
    return project(
        {
            "octoplan.yaml": PROJECT.format(source=source),
            "campaigns/sale.yaml": CAMPAIGN,
            "customers.sql": query,
        }
    )


def test_people_of_a_database_are_planned_sent_and_known(project: MakeProject, address: str) -> None:
    folder = make(project, DATABASE_SOURCE)
    env = {VARIABLE: address}
    assert folder.run("plan", env=env).code == 0
    applied = folder.run("apply", "--auto-approve", env=env)
    assert (applied.code, applied.last) == (0, "Applied: 2 sent, 0 refused, 0 open, 0 unknown.")
    assert folder.addresses() == ["+33600000101", "+33600000102"]
    assert "0 to send" in folder.run("plan", env=env).out
    assert folder.run("why", "sale", "--json", env=env, typed="0600000101\n").json["rule"] == "in"


def test_without_its_variable_nothing_is_sent_and_it_is_said_why(project: MakeProject, address: str) -> None:
    folder = make(project, DATABASE_SOURCE)
    outcome = folder.run("apply", "--auto-approve", env={"CRM": address})
    assert outcome.code == 3
    assert f"octoplan.yaml:2:66: error: the environment variable {VARIABLE} is not set" in outcome.err
    assert folder.messages() == ()


def test_a_database_that_dies_in_mid_query_is_one_clear_error(project: MakeProject, server: Server) -> None:
    server.ask("DROP ROLE IF EXISTS mayfly")
    server.ask("CREATE ROLE mayfly LOGIN SUPERUSER")
    folder = make(project, DATABASE_SOURCE, "SELECT pg_terminate_backend(pg_backend_pid())::text AS mobile, '' AS city")
    try:
        outcome = folder.run("validate", env={VARIABLE: f"postgresql://mayfly@/{DATABASE}?host={server.folder}"})
    finally:
        server.ask("DROP ROLE mayfly")
    assert outcome.code == 3
    assert len(outcome.err.splitlines()) == 4, outcome.err
    assert "Traceback" not in outcome.err
    assert "mayfly" not in outcome.err


def test_no_message_of_a_driver_is_passed_on(project: MakeProject) -> None:
    folder = make(project, DATABASE_SOURCE)
    for address in (
        f"postgresql://me:{SECRET}@127.0.0.1:1/db",
        f"sqlite:///{SECRET}",
        f"mysql://{SECRET}@host",
        SECRET,
    ):
        for flags in ((), ("--json",), ("-v",)):
            outcome = folder.run("plan", *flags, env={VARIABLE: address})
            assert outcome.code == 3
            assert SECRET not in outcome.out + outcome.err
            assert "Traceback" not in outcome.err


def test_people_can_be_piped_in(project: MakeProject) -> None:
    folder = make(project, STDIN_SOURCE)
    assert folder.run("validate", typed=ROWS).last == "Valid: 1 campaigns, 2 people."
    assert folder.run("apply", "--auto-approve", typed=ROWS).code == 0
    assert folder.addresses() == ["+33600000101", "+33600000102"]
    assert list((folder.path / ".octoplan" / "tmp").iterdir()) == []


def test_what_reads_an_address_does_not_read_people_from_there(project: MakeProject) -> None:
    folder = make(project, STDIN_SOURCE)
    outcome = folder.run("why", "sale", typed=f"0600000101\n{ROWS}")
    assert outcome.code == 3
    assert "this command does not read people from there" in outcome.err


def test_on_a_terminal_nobody_waits_for_people(project: MakeProject) -> None:
    folder = make(project, STDIN_SOURCE)
    outcome = folder.call("validate", typed="")
    assert outcome.code == 3
    assert "[source/stdin]" in outcome.err
