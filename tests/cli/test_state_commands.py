"""`octoplan state check` and `octoplan state export`: what they say of whole and of damaged states, and of nobody."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from octoplan.state.checking import RULES
from octoplan.state.sqlite import SqliteStore
from tests.cli.test_personal_data import COUNT, FILES, assert_discreet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from octoplan.state.interface import FrameRecord
    from tests.conftest import Folder, Gateway, MakeProject

APPLY = ("apply", "--auto-approve")
KINDS = ["campaign", "run", "frame", "message"]


@pytest.fixture
def folder(project: MakeProject) -> Folder:
    folder: Folder = project(FILES)
    return folder


@pytest.fixture
def applied(project: MakeProject) -> Folder:
    folder: Folder = project(FILES, after=(APPLY,))
    return folder


@pytest.fixture
def held(folder: Folder, gateway: Gateway) -> Folder:
    """Leave frames open at a gateway that gives no answer, more at once than an environment of one allows."""
    local = f'{{gateway: {{url: "{gateway.url}"}}, require_plan: false, max_in_flight: 2, frame_size: 5}}'
    folder.write({"octoplan.yaml": f"octoplan: 1\nenvironments:\n  local: {local}\n"})
    assert folder.call("state", "init", "--env", "local").code == 0
    gateway.script = [(500, b"{}")] * 100
    assert folder.call(*APPLY, "--env", "local", "--target", "sms", hurried=True).code == 9
    return folder


def damage(folder: Folder, statement: str, name: str = "sandbox") -> None:
    with closing(sqlite3.connect(folder.path / ".octoplan" / f"{name}.db")) as connection, connection:
        connection.execute(statement)


def exported(folder: Folder, *flags: str) -> list[dict[str, Any]]:
    outcome = folder.call("state", "export", *flags)
    assert (outcome.code, outcome.err) == (0, "")
    assert_discreet(folder, outcome)
    return [json.loads(line) for line in outcome.out.splitlines()]


def test_a_whole_state_is_said_to_be_whole(applied: Folder) -> None:
    outcome = applied.call("state", "check")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.last == f"Check: {len(RULES)} rules, 0 broken, 0 notes."
    assert "lineage and key are the right ones" in outcome.out
    assert_discreet(applied, outcome)


def test_as_json_a_check_names_the_state_and_every_rule_that_was_asked(applied: Folder) -> None:
    told = applied.call("state", "check", "--json").json
    with closing(sqlite3.connect(applied.path / ".octoplan" / "sandbox.db")) as connection:
        meta = dict(connection.execute("SELECT name, value FROM meta").fetchall())
    assert (told["lineage"], told["serial"]) == (meta["lineage"], int(meta["serial"]))
    assert (told["broken"], told["notes"], told["rules"]) == ([], [], list(RULES))


def test_damage_is_exit_1_and_names_rule_and_frame(applied: Folder) -> None:
    damage(applied, "UPDATE frames SET size = size + 1 WHERE no = 1")
    (name,) = [one["id"] for one in exported(applied) if one.get("kind") == "frame"][:1]
    outcome = applied.call("state", "check")
    assert outcome.code == 1
    assert f"broken: 1 frame: hold more or fewer people than their size says [frame/size] {name}\n" in outcome.out
    assert outcome.last == f"Check: {len(RULES)} rules, 1 broken, 0 notes."
    told = applied.call("state", "check", "--json")
    assert told.code == 1
    assert [(one["rule"], one["count"], one["first"]) for one in told.json["broken"]] == [("frame/size", 1, [name])]
    assert_discreet(applied, outcome, told)


def test_a_note_is_no_failure(applied: Folder) -> None:
    damage(applied, "UPDATE runs SET ended_at = NULL")
    outcome = applied.call("state", "check")
    assert outcome.code == 0
    assert "note: 1 run: never ended" in outcome.out
    assert outcome.last.endswith(" 0 broken, 1 note.")


def test_open_frames_are_whole_as_long_as_the_environment_allows_so_many(held: Folder) -> None:
    assert held.call("state", "check", "--env", "local").code == 0
    text = (held.path / "octoplan.yaml").read_text().replace("max_in_flight: 2", "max_in_flight: 1")
    held.write({"octoplan.yaml": text})
    outcome = held.call("state", "check", "--env", "local")
    assert outcome.code == 1
    assert "broken: 2 frames: are in sending, more than max_in_flight (1) [sending/many]" in outcome.out


@pytest.mark.parametrize("command", ["check", "export"])
@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE meta SET value = '99' WHERE name = 'format'", "has format 99"),
        ("UPDATE meta SET value = 'feedfeedfeedfeed' WHERE name = 'lineage'", "octoplan.lock.yaml says"),
        ("UPDATE meta SET value = 'x' WHERE name = 'key_check'", "the key is not the one"),
    ],
)
def test_a_state_that_is_not_the_right_one_is_refused(command: str, statement: str, said: str, held: Folder) -> None:
    damage(held, statement, "local")
    outcome = held.call("state", command, "--env", "local")
    assert (outcome.code, outcome.out) == (1, "")
    assert said in outcome.err


def test_a_sandbox_without_a_state_is_not_given_one(folder: Folder) -> None:
    checked, export = folder.call("state", "check"), folder.call("state", "export")
    assert (checked.code, export.code, export.out) == (0, 1, "")
    assert "nothing was sent" in checked.out
    assert "nothing was sent" in export.err
    assert not list((folder.path / ".octoplan").glob("*.db*"))


@pytest.mark.parametrize("command", ["check", "export"])
def test_reading_a_state_leaves_it_as_it_was(command: str, applied: Folder) -> None:
    before = applied.footprint()
    assert applied.call("state", command).code == 0
    assert applied.footprint() == before


def test_an_export_holds_everything_once_and_people_as_hashes(applied: Folder) -> None:
    header, *records, end = exported(applied)
    told = applied.call("state", "check", "--json").json
    assert (header["octoplan"], header["version"], header["environment"]) == ("state", 1, "sandbox")
    assert {key: header[key] for key in ("format", "lineage", "serial")} == {
        key: told[key] for key in ("format", "lineage", "serial")
    }
    assert end == {"kind": "end", "lines": len(records)}
    kinds = [record["kind"] for record in records]
    assert list(dict.fromkeys(kinds)) == [*KINDS, "suppressed"]
    with closing(sqlite3.connect(applied.path / ".octoplan" / "sandbox.db")) as connection:
        counted = {kind: connection.execute(f"SELECT count(*) FROM {kind}s").fetchone()[0] for kind in KINDS}
        people = {row[0].hex() for row in connection.execute("SELECT person FROM messages")}
    assert {kind: kinds.count(kind) for kind in KINDS} == counted
    messages = [record for record in records if record["kind"] == "message"]
    assert len(messages) == COUNT // 2 + COUNT + 1
    assert {message["person"] for message in messages} == people
    frames = {record["id"]: record for record in records if record["kind"] == "frame"}
    assert {message["frame"] for message in messages} == set(frames)
    assert all(frames[message["frame"]]["campaign"] == message["campaign"] for message in messages)


def test_an_export_holds_every_edition(applied: Folder) -> None:
    applied.write({"campaigns/sms.yaml": f"edition: 2\n{FILES['campaigns/sms.yaml']}"})
    assert applied.call(*APPLY, "--target", "sms").code == 0
    messages = [one for one in exported(applied) if one.get("kind") == "message" and one["campaign"] == "sms"]
    assert [one["edition"] for one in messages] == [1] * (COUNT // 2) + [2] * (COUNT // 2)


def test_an_export_of_open_frames_holds_no_body(held: Folder) -> None:
    records = exported(held, "--env", "local")
    sealed = [one for one in records if one.get("kind") == "frame" and one["status"] == "sending"]
    assert len(sealed) == 2
    assert not [key for one in records for key in one if "body" in key or "sealed" in key]


def test_what_is_no_text_is_kept_with_marks_in_its_place(applied: Folder) -> None:
    damage(applied, "UPDATE frames SET status = 'unknown' WHERE no = 1")
    (frame,) = (one["id"] for one in exported(applied) if one.get("status") == "unknown" and one["kind"] == "frame")
    resolve = ("state", "resolve", "--sent", "--yes", "--why", "caf\udce9")
    said = applied.call(*resolve, "\udce9", env={"USER": "ren\udce9"})
    assert (said.code, "no frame begins with '?'" in said.err) == (1, True), said
    assert applied.call(*resolve, frame, env={"USER": "ren\udce9"}).code == 0
    assert [one["why"] for one in exported(applied) if one.get("id") == frame] == ["ren? says sent: caf?"]


def test_what_a_person_gave_as_a_reason_is_masked(applied: Folder) -> None:
    damage(applied, "UPDATE frames SET why = 'ask +33600079999 or wilhelmine@mail1.example.org' WHERE no = 1")
    frames = [one for one in exported_of(applied) if one.get("kind") == "frame"]
    assert frames[0]["why"] == "ask +33…99 or •••@•••.org"


def exported_of(folder: Folder) -> list[dict[str, Any]]:
    """Export a state that has people in it, which the files of the project may not."""
    return [json.loads(line) for line in folder.call("state", "export").out.splitlines()]


def test_an_export_of_a_state_that_changes_meanwhile_is_not_whole(
    applied: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = SqliteStore.all_frames

    def changing(store: SqliteStore) -> Iterator[Sequence[FrameRecord]]:
        damage(applied, "UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE name = 'serial'")
        return whole(store)

    monkeypatch.setattr(SqliteStore, "all_frames", changing)
    outcome = applied.call("state", "export")
    assert outcome.code == 1
    assert "the state changed while it was exported" in outcome.err
    assert '"kind":"end"' not in outcome.out
