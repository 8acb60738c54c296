"""`octoplan ingest`: callbacks from a file or standard input are kept once, and bad ones are told by line."""

import json
from urllib.parse import urlencode

import pytest

from tests.conftest import Folder, MakeProject
from tests.ingest.conftest import PEOPLE, delivery, reply, stop, ticket_of


@pytest.fixture
def lines(sent: Folder) -> list[str]:
    ann, bob = (ticket_of(sent, PEOPLE[n]) for n in (0, 5))
    told = [
        delivery(PEOPLE[0], ann),
        delivery(PEOPLE[5], bob, "NOT_DELIVERED"),
        stop(PEOPLE[1], ticket_of(sent, PEOPLE[1])),
        reply(PEOPLE[0], ann),
    ]
    return [json.dumps(one) for one in told]


def test_status_says_how_people_took_it_also_of_a_state_that_moved(sent: Folder, lines: list[str]) -> None:
    assert status(sent) == {"delivered": 0, "failed": 0, "opted_out": 0, "replies": 0}
    assert "Heard since" not in sent.call("status").out
    sent.write({"callbacks.ndjson": "\n".join(lines)})
    assert sent.call("ingest", str(sent.path / "callbacks.ndjson")).code == 0
    heard = {"delivered": 1, "failed": 1, "opted_out": 1, "replies": 1}
    assert status(sent) == heard
    assert "sale  edition 1: 1 delivered, 1 failed, 1 opted out, 1 replies" in sent.call("status").out
    sent.write({"state.ndjson": sent.call("state", "export").out})
    for path in (sent.path / ".octoplan").glob("sandbox.db*"):
        if path.suffix != ".key":
            path.unlink()
    assert sent.call("state", "import", str(sent.path / "state.ndjson"), "--yes").code == 0
    assert status(sent) == heard


def status(folder: Folder) -> dict[str, object]:
    (found,) = folder.call("status", "--json").json["campaigns"]
    return {name: found[name] for name in ("delivered", "failed", "opted_out", "replies")}


def test_a_file_of_callbacks_is_counted_once(sent: Folder, lines: list[str]) -> None:
    sent.write({"callbacks.ndjson": "\n".join(lines) + "\n"})
    file = str(sent.path / "callbacks.ndjson")
    done = sent.call("ingest", file)
    assert (done.code, done.last) == (0, "Ingested: 2 deliveries, 1 STOP, 1 reply; 4 new.")
    assert sent.call("ingest", file).last == "Ingested: 2 deliveries, 1 STOP, 1 reply; 0 new."
    assert sent.call("ingest", file, "--json").json["new"] == 0


@pytest.mark.parametrize("form", ["array", "array over several lines", "forms", "standard input", "dash"])
def test_it_may_be_written_in_several_ways(sent: Folder, lines: list[str], form: str) -> None:
    objects = [json.loads(line) for line in lines]
    text = {
        "array": json.dumps(objects),
        "array over several lines": json.dumps(objects, indent=2),
        "forms": "\n".join(urlencode(one) for one in objects),
    }.get(form, "\n".join(lines))
    sent.write({"callbacks": text})
    if form in ("standard input", "dash"):
        done = sent.run("ingest", *(["-"] if form == "dash" else []), typed=text)
    else:
        done = sent.run("ingest", "callbacks")
    assert (done.code, done.last, done.err) == (0, "Ingested: 2 deliveries, 1 STOP, 1 reply; 4 new.", "")


def test_bad_lines_are_told_and_the_good_ones_kept(sent: Folder, lines: list[str]) -> None:
    bad = ['{"number": "+33600000599"', '{"stop_date": "", "number": "0612345678"}', "x" * 1_200_000, '{"a": 1}']
    sent.write({"callbacks.ndjson": "\n".join([bad[0], lines[0], "", *bad[1:], *lines[1:]])})
    done = sent.run("ingest", "callbacks.ndjson")
    assert (done.code, done.last) == (3, "Ingested: 2 deliveries, 1 STOP, 1 reply; 4 new; 4 cannot be used.")
    for place, rule in ((1, "json"), (4, "address"), (5, "length"), (6, "kind")):
        assert any(f"callbacks.ndjson:{place}" in line and f"[ingest/{rule}]" in line for line in done.err.splitlines())
    assert "0612345678" not in done.err + done.out
    assert "33600000599" not in done.err + done.out


def test_of_many_bad_lines_the_first_are_told(sent: Folder) -> None:
    sent.write({"callbacks.ndjson": "{}\n" * 500})
    done = sent.run("ingest", "callbacks.ndjson")
    assert (done.code, done.last) == (3, "Ingested: 0 deliveries, 0 STOPs, 0 replies; 0 new; 500 cannot be used.")
    assert done.err.count("[ingest/kind]") == 20


def test_a_file_that_is_not_there_is_a_usage_error(sent: Folder) -> None:
    assert sent.call("ingest", "nowhere.ndjson").code == 64
    assert sent.call("ingest", typed="").code == 64


def test_a_missing_state_is_never_made(project: MakeProject) -> None:
    folder = project({"octoplan.yaml": "octoplan: 1\nenvironments: {live: {gateway: octopush}}\n", "c": "{}"})
    done = folder.run("ingest", "--env", "live", "c")
    assert done.code == 1
    assert "is missing" in done.err


def test_an_environment_in_a_variable_is_not_enough(sent: Folder) -> None:
    sent.write({"octoplan.yaml": "octoplan: 1\nenvironments: {live: {gateway: octopush}}\n", "c": "{}"})
    assert sent.run("ingest", "c", env={"OCTOPLAN_ENV": "live"}).code == 64
