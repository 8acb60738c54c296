"""A state that was restored from an old copy, beyond the time for which the API remembers: its receipts know better.

The judge is what people got by the sandbox's own record, never our state.
"""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from octoplan.state.against import RULES
from tests.cli.test_personal_data import COUNT, FILES, assert_discreet
from tests.conftest import NOW, PATIENCE, Folder, Gateway, MakeProject, Outcome, clean_environment

if TYPE_CHECKING:
    from pathlib import Path

    from tests.state.server import Server

CAMPAIGN = """\
channel: sms
purpose: alert
open: true
audience: {from: audiences/people.csv}
text: Hello {{ first_name }}
"""
MAIL = """\
channel: email
purpose: alert
open: true
audience: {from: audiences/people.csv}
text: Hello {{ first_name }}
metadata: {subject: Hi, email_from: shop@example.com}
"""
NOBODY = "email,first_name\nnobody.5@example.c,Ann\n"  # the sandbox refuses it
SANDBOX = "octoplan: 1\nenvironments: {sandbox: {gateway: sandbox, frame_size: 5}}\n"
PROJECT = """\
octoplan: 1
environments:
  production:
    gateway: {{url: "{url}"}}
    state: {state}
    require_plan: false
    max_in_flight: 1
    frame_size: 5
"""
FILE = "receipts.ndjson"
KEY = {"OCTOPLAN_STATE_KEY": "correct horse battery staple"}
APPLY = ("apply", "--auto-approve")
YESTERDAY = NOW
NEXT_DAY = NOW + timedelta(hours=26)
FIRST, ALL = 12, 30
OLDER = "the state is older than its receipts: restored from a copy?"
# Ends itself as a kill does, between the state's commit of an outcome and its receipt.
KILLED = """
import os, signal, sys
from octoplan.apply.receipts import Receipts
from octoplan.__main__ import main
kept, left = Receipts.note, [int(sys.argv.pop(1))]
def note(self, frame, change):
    left[0] -= 1
    if left[0] < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    kept(self, frame, change)
Receipts.note = note
main()
"""
# No file of it grows beyond so many bytes, as on a disk that is full.
FULL = """
import resource, sys
from octoplan.__main__ import main
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)), resource.RLIM_INFINITY))
main()
"""


def numbers(number: int) -> list[str]:
    return [f"+336000{40000 + one}" for one in range(number)]


def people(number: int) -> dict[str, str]:
    rows = "".join(f"{one},Zoltan-Nepomuk\n" for one in numbers(number))
    return {"campaigns/audiences/people.csv": f"phone_number,first_name\n{rows}"}


@pytest.fixture
def folder(project: MakeProject) -> Folder:
    return project({"octoplan.yaml": SANDBOX, "campaigns/sale.yaml": CAMPAIGN, **people(FIRST)})


def file(folder: Folder) -> str:
    return str(folder.path / FILE)


def receipts(folder: Folder) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder.path / FILE).read_text(encoding="utf-8").splitlines()]


def apply(folder: Folder, at: datetime = YESTERDAY) -> Outcome:
    outcome = folder.call(*APPLY, "--receipts", file(folder), at=at)
    assert "Traceback" not in outcome.err
    return outcome


def copy_state(folder: Folder, name: str) -> None:
    shutil.copyfile(folder.path / ".octoplan" / "sandbox.db", folder.path.parent / name)


def restore(folder: Folder, name: str) -> None:
    for path in (folder.path / ".octoplan").glob("sandbox.db-*"):
        path.unlink()
    shutil.copyfile(folder.path.parent / name, folder.path / ".octoplan" / "sandbox.db")


@pytest.fixture
def restored(folder: Folder) -> Folder:
    """A campaign that went to everybody yesterday, whose state is a copy from before most of them got it."""
    assert apply(folder).code == 0
    copy_state(folder, "copy.db")
    folder.write(people(ALL))
    assert apply(folder).code == 0
    assert folder.addresses() == numbers(ALL)
    restore(folder, "copy.db")
    return folder


def test_without_its_receipts_a_state_that_forgot_would_send_again_after_a_day(restored: Folder) -> None:
    assert restored.call(*APPLY, at=NEXT_DAY).code == 0
    assert max(Counter(restored.addresses()).values()) == 2


def test_with_its_receipts_a_restored_state_sends_nobody_anything_twice(restored: Folder) -> None:
    before = restored.footprint()
    outcome = apply(restored, NEXT_DAY)
    assert outcome.code == 1
    assert OLDER in outcome.err
    assert f"octoplan state import {file(restored)}" in outcome.err
    checked = restored.call("state", "check", "--against-receipts", file(restored))
    assert checked.code == 1
    assert f"broken: {ALL - FIRST} people: had it, or may have had it" in checked.out
    assert restored.footprint() == before
    imported = restored.call("state", "import", file(restored), typed="y\n")
    assert (imported.code, f"of {ALL - FIRST} people" in imported.out) == (0, True)
    again = restored.call("state", "check", "--against-receipts", file(restored))
    assert (again.code, "8 rules, 0 broken" in again.out) == (0, True)
    finished = apply(restored, NEXT_DAY)
    assert (finished.code, finished.last) == (0, "Applied: 0 sent, 0 refused, 0 open, 0 unknown.")
    assert restored.addresses() == numbers(ALL)


def test_after_the_import_whoever_is_new_gets_it_once(restored: Folder) -> None:
    assert restored.call("state", "import", file(restored), "--yes").code == 0
    restored.write(people(ALL + 5))
    assert apply(restored, NEXT_DAY).code == 0
    assert restored.addresses() == numbers(ALL + 5)


def test_what_a_restored_state_had_turned_away_within_a_day_is_sent_by_its_receipts(restored: Folder) -> None:
    hours = YESTERDAY + timedelta(hours=2)
    assert restored.call(*APPLY, at=hours).code == 9  # the API knows the id of the frame, and turns it away
    assert not restored.call("status").last.endswith(" 0 unknown.")
    assert restored.call("state", "import", file(restored), "--yes").code == 0
    assert restored.call("status").last == f"Status: {ALL} sent, 0 refused, 0 open, 0 unknown."
    assert apply(restored, NEXT_DAY).code == 0
    assert restored.addresses() == numbers(ALL)


def test_a_copy_that_had_its_frames_only_planned_is_refused_also_once_it_was_used(folder: Folder) -> None:
    assert folder.call("halt", "--campaign", "sale").code == 0
    assert apply(folder).code == 5
    copy_state(folder, "copy.db")
    assert folder.call("resume", "--campaign", "sale").code == 0
    assert apply(folder).code == 0
    restore(folder, "copy.db")
    assert folder.call("resume", "--campaign", "sale").code == 0
    other = CAMPAIGN.replace("Hello", "A quite different message about something else, dear").replace("people", "other")
    rows = "".join(f"+336000{50000 + one},Ann\n" for one in range(40))
    folder.write({"campaigns/other.yaml": other, "campaigns/audiences/other.csv": f"phone_number,first_name\n{rows}"})
    assert folder.call(*APPLY, "--target", "other", at=NEXT_DAY).code == 0
    refused = apply(folder, NEXT_DAY)
    assert (refused.code, f"has forgotten {FIRST} people of its receipts" in refused.err) == (1, True), refused
    assert folder.call("state", "import", file(folder), "--yes").code == 0
    assert apply(folder, NEXT_DAY).code == 0
    assert set(Counter(folder.addresses()).values()) == {1}


def test_a_refusal_that_a_restored_state_has_missed_is_not_asked_again_under_its_id(folder: Folder) -> None:
    assert apply(folder).code == 0
    copy_state(folder, "copy.db")
    wholesale = CAMPAIGN.replace("alert", "wholesale")
    folder.write({"campaigns/sale.yaml": wholesale, **people(ALL)})
    assert apply(folder).code == 8  # in France a text without STOP is refused
    restore(folder, "copy.db")
    seen = {one["frame"] for one in receipts(folder) if one.get("kind") == "receipt"}
    assert folder.call("state", "import", file(folder), "--yes").code == 0
    folder.write({"campaigns/sale.yaml": CAMPAIGN})
    assert apply(folder, NEXT_DAY).code == 0
    assert folder.addresses() == numbers(ALL)
    assert len({one["frame"] for one in receipts(folder) if one.get("kind") == "receipt"} - seen) > 0


def test_a_second_refusal_that_a_restored_state_has_missed_is_not_asked_again_under_its_id(
    project: MakeProject,
) -> None:
    files = {"octoplan.yaml": SANDBOX, "campaigns/mail.yaml": MAIL, "campaigns/audiences/people.csv": NOBODY}
    folder: Folder = project(files)
    again = (*APPLY, "--retry-refused", "--receipts", file(folder))
    assert apply(folder).code == 8
    copy_state(folder, "copy.db")
    assert folder.call(*again).code == 8
    restore(folder, "copy.db")
    assert folder.call("state", "import", file(folder), "--yes").code == 0
    assert folder.call("state", "check", "--against-receipts", file(folder)).code == 0
    assert folder.call(*again, at=NEXT_DAY).code == 8
    told = [one["frame"] for one in receipts(folder) if one.get("kind") == "receipt"]
    assert len(set(told)) == len(told) == 3


def test_an_import_says_that_nobody_knows_who_was_left_out_of_campaigns_that_it_brings(folder: Folder) -> None:
    said = "who was left out of them for good, by a cap or a holdout, is not"
    assert apply(folder).code == 0
    copy_state(folder, "copy.db")
    folder.write(people(ALL))
    assert apply(folder, YESTERDAY + timedelta(hours=1)).code == 0
    restore(folder, "copy.db")
    assert said in folder.call("state", "import", file(folder), "--yes").err
    again = folder.call("state", "import", file(folder), "--yes")
    assert (again.code, again.err) == (0, "")


def test_a_state_is_not_checked_against_receipts_of_another(restored: Folder, project: MakeProject) -> None:
    other: Folder = project({"octoplan.yaml": SANDBOX, "campaigns/sale.yaml": CAMPAIGN, **people(3)}, "other")
    assert apply(other).code == 0
    before = other.footprint()
    for command in (("state", "check", "--against-receipts"), ("state", "import", "--yes")):
        outcome = other.call(*command, file(restored))
        assert (outcome.code, "holds receipts of another state" in outcome.err) == (1, True)
    assert other.footprint() == before


@pytest.mark.parametrize("command", [("state", "check", "--against-receipts"), ("state", "import")])
def test_a_sandbox_without_a_state_is_not_given_one(
    command: tuple[str, ...], restored: Folder, project: MakeProject
) -> None:
    other: Folder = project({"octoplan.yaml": SANDBOX, "campaigns/sale.yaml": CAMPAIGN, **people(3)}, "other")
    outcome = other.call(*command, file(restored))
    assert (outcome.code, "has no state yet" in outcome.err) == (1, True)
    assert not list((other.path / ".octoplan").glob("*.db*"))


@pytest.mark.parametrize("typed", ["n\n", "\n", ""])
def test_an_import_says_what_it_would_bring_and_brings_nothing_without_a_yes(typed: str, restored: Folder) -> None:
    before = restored.footprint()
    outcome = restored.call("state", "import", file(restored), typed=typed)
    assert outcome.code == 10
    assert f"of {ALL - FIRST} people" in outcome.err
    assert "Bring this back into the state of sandbox?" in outcome.err
    assert restored.footprint() == before


def test_as_json_an_import_and_a_check_name_their_counts(restored: Folder) -> None:
    checked = restored.call("state", "check", "--against-receipts", file(restored), "--json")
    found = {one["rule"]: one["count"] for one in checked.json["receipts"]["broken"]}
    assert found["receipts/free"] == ALL - FIRST
    assert checked.json["receipts"]["rules"] == list(RULES)
    assert "receipts" not in restored.call("state", "check", "--json").json
    told = restored.call("state", "import", file(restored), "--yes", "--json").json
    assert (told["people"], sum(told["frames"].values())) == (ALL - FIRST, found["receipts/missing"])
    nothing = restored.call("state", "import", file(restored), "--json")
    assert (nothing.code, nothing.json["said"]) == (0, "Import: the state has every frame.")


def test_an_apply_that_is_declined_has_its_receipts_ended(folder: Folder) -> None:
    outcome = folder.call("apply", "--receipts", file(folder), typed="no\n")
    assert outcome.code == 10
    assert [one.get("kind") for one in receipts(folder)] == [None, "run", "end"]


def test_receipts_name_nobody(project: MakeProject) -> None:
    folder: Folder = project(FILES)
    said = [folder.call(*APPLY, "--receipts", file(folder), "--json")]
    said += [folder.call("state", "check", "--against-receipts", file(folder), *flags) for flags in ((), ("--json",))]
    said.append(folder.call("state", "import", file(folder)))
    assert [outcome.code for outcome in said] == [0, 0, 0, 0]
    assert sum(one["kind"] == "receipt" for one in receipts(folder)[1:]) >= COUNT // 5
    assert_discreet(folder, *said)


@pytest.fixture
def remote(project: MakeProject, gateway: Gateway) -> Folder:
    """A project that sends to the gateway, one frame after the other."""
    settings = PROJECT.format(url=gateway.url, state=".octoplan/production.db")
    folder: Folder = project({"octoplan.yaml": settings, "campaigns/sale.yaml": CAMPAIGN, **people(ALL)})
    assert folder.call("state", "init", "--env", "production").code == 0
    return folder


def start(folder: Folder, program: str, number: int, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run octoplan in a process of its own that has been tampered with."""
    return subprocess.run(
        [sys.executable, "-c", program, str(number), *arguments],
        cwd=folder.path,
        env=clean_environment(folder.path.parent),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )


def test_a_kill_between_commit_and_receipt_loses_no_receipt(remote: Folder, gateway: Gateway) -> None:
    arguments = ("--env", "production", *APPLY, "--receipts", FILE)
    frames = 0
    for round_ in range(2):
        killed = start(remote, KILLED, round_, *arguments)
        assert killed.returncode == -signal.SIGKILL, killed
        frames += 1 + round_
        assert len(gateway.bodies) == frames
    outcome = remote.run(*arguments)
    assert outcome.code == 0, outcome
    assert gateway.addresses() == numbers(ALL)
    told = Counter(one["frame"] for one in receipts(remote) if one.get("kind") == "receipt")
    assert set(told.values()) == {1}
    assert len(told) == len(gateway.bodies)
    checked = remote.run("--env", "production", "state", "check", "--against-receipts", FILE)
    assert (checked.code, f"Receipts: {len(told)} frames, 8 rules, 0 broken." in checked.out) == (0, True), checked


def grow(path: Path, size: int) -> None:
    """Add lines of runs that did nothing until the file is as long as that."""
    line = path.read_bytes().splitlines(keepends=True)[-1]
    with path.open("ab") as more:
        more.write(line * ((size - path.stat().st_size) // len(line)))


def test_a_disk_that_is_full_in_mid_run_stops_it_with_everything_recorded(remote: Folder, gateway: Gateway) -> None:
    remote.write(people(FIRST))
    assert remote.run("--env", "production", *APPLY, "--receipts", FILE).code == 0
    sent = len(gateway.bodies)
    path = remote.path / FILE
    grow(path, 3_000_000)
    whole = path.read_bytes()
    remote.write(people(ALL))
    arguments = ("--env", "production", *APPLY, "--receipts", FILE)
    none = start(remote, FULL, len(whole) + 50, *arguments)
    assert (none.returncode, len(gateway.bodies), path.read_bytes()) == (1, sent, whole), none
    ended = start(remote, FULL, len(whole) + 1_400, *arguments)
    assert ended.returncode == 1, ended
    assert b"cannot be written: File too large" in ended.stderr
    assert b"Traceback" not in ended.stderr
    assert sent < len(gateway.bodies) < sent + 4
    assert path.read_bytes().endswith(b"\n")
    status = remote.run("--env", "production", "status")
    assert status.last == f"Status: {len(gateway.addresses())} sent, 0 refused, 0 open, 0 unknown."
    outcome = remote.run(*arguments)
    assert (outcome.code, gateway.addresses()) == (0, numbers(ALL)), outcome
    told = Counter(one["frame"] for one in receipts(remote) if one.get("kind") == "receipt")
    assert (set(told.values()), len(told)) == ({1}, len(gateway.bodies))


def move_to(folder: Folder, gateway: Gateway, state: str) -> None:
    folder.write({"octoplan.yaml": PROJECT.format(url=gateway.url, state=state)})


def test_a_state_moves_from_a_file_to_a_server_and_back(
    remote: Folder, gateway: Gateway, server: Server, schema: str
) -> None:
    key = {"OCTOPLAN_STATE_KEY": (remote.path / ".octoplan" / "production.db.key").read_text().strip()}

    def call(*arguments: str) -> Outcome:
        return remote.call("--env", "production", *arguments, env=key, at=datetime.now(UTC))

    remote.write(people(FIRST))
    assert call(*APPLY).code == 0
    (remote.path / "first.ndjson").write_text(call("state", "export").out, encoding="utf-8")
    move_to(remote, gateway, server.address(schema))
    refused = call("plan")
    assert (refused.code, "is missing" in refused.err) == (1, True)
    moved = call("state", "import", str(remote.path / "first.ndjson"), "--yes")
    assert moved.code == 0, moved  # how many frames people are packed in goes by the key, which is by chance
    assert re.fullmatch(rf"Import: 1 campaign, \d frames?, {FIRST} messages\.", moved.last)
    remote.write(people(ALL))
    assert call(*APPLY).code == 0
    assert gateway.addresses() == numbers(ALL)
    (remote.path / "second.ndjson").write_text(call("state", "export").out, encoding="utf-8")
    move_to(remote, gateway, ".octoplan/again.db")
    assert call("state", "import", str(remote.path / "second.ndjson"), "--yes").code == 0
    assert call("plan", "--detailed-exitcode").code == 0
    assert call("state", "check").code == 0
    assert call("state", "import", str(remote.path / "second.ndjson"), "--yes").code == 1


def test_on_a_server_too_yesterdays_export_and_todays_receipts_are_todays_state(
    project: MakeProject, gateway: Gateway, server: Server, schema: str
) -> None:
    settings = PROJECT.format(url=gateway.url, state=server.address(schema))
    folder: Folder = project({"octoplan.yaml": settings, "campaigns/sale.yaml": CAMPAIGN, **people(FIRST)})

    def call(*arguments: str) -> Outcome:
        return folder.call("--env", "production", *arguments, env=KEY, at=datetime.now(UTC))

    sending = (*APPLY, "--receipts", file(folder))
    assert call("state", "init").code == 0
    assert call(*sending).code == 0
    (folder.path / "export.ndjson").write_text(call("state", "export").out, encoding="utf-8")
    folder.write(people(ALL))
    assert call(*sending).code == 0
    server.ask(f"DROP SCHEMA {schema} CASCADE")
    assert call("state", "import", str(folder.path / "export.ndjson"), "--yes").code == 0
    bodies = len(gateway.bodies)
    refused = call(*sending)
    assert (refused.code, OLDER in refused.err, len(gateway.bodies)) == (1, True, bodies), refused
    assert call("state", "import", file(folder), "--yes").code == 0
    assert call("state", "check", "--against-receipts", file(folder)).code == 0
    assert (call(*sending).code, len(gateway.bodies)) == (0, bodies)
    assert gateway.addresses() == numbers(ALL)


def opened_people(gateway: Gateway) -> set[str]:
    """Who is in the one request that was made, however often."""
    (body,) = set(gateway.bodies)
    return {one["phone_number"] for one in json.loads(body)["recipients"]}


def test_frames_that_were_open_come_in_as_unknown_and_that_is_said(remote: Folder, gateway: Gateway) -> None:
    gateway.script = [(500, b"{}")] * 100
    opened = remote.call("--env", "production", *APPLY, hurried=True)
    assert opened.code == 9
    path = remote.path / "export.ndjson"
    path.write_text(remote.call("--env", "production", "state", "export").out, encoding="utf-8")
    key = {"OCTOPLAN_STATE_KEY": (remote.path / ".octoplan" / "production.db.key").read_text().strip()}
    move_to(remote, gateway, ".octoplan/again.db")
    said = remote.call("--env", "production", "state", "import", str(path), env=key, typed="y\n")
    assert (said.code, "1 frame of them open: unknown from now on" in said.err) == (0, True), said
    waiting = remote.call("--env", "production", "status", env=key)
    assert waiting.last == f"Status: 0 sent, 0 refused, 0 open, {len(opened_people(gateway))} unknown."
    assert remote.call("--env", "production", "state", "check", env=key).code == 0


def test_what_is_neither_receipts_nor_an_export_is_refused(folder: Folder) -> None:
    for content in ('{"octoplan":"plan"}\n', "", "{}\n", "phone_number\n"):
        folder.write({"some.ndjson": content})
        outcome = folder.call("state", "import", str(folder.path / "some.ndjson"))
        assert outcome.code == 1
        assert "[import/" in outcome.err


def test_an_export_that_was_cut_off_makes_no_state(remote: Folder, gateway: Gateway) -> None:
    key = {"OCTOPLAN_STATE_KEY": (remote.path / ".octoplan" / "production.db.key").read_text().strip()}
    whole = remote.call("--env", "production", "state", "export").out.splitlines(keepends=True)
    path = remote.path / "export.ndjson"
    path.write_text("".join(whole[:-1]), encoding="utf-8")
    move_to(remote, gateway, ".octoplan/again.db")
    outcome = remote.call("--env", "production", "state", "import", str(path), "--yes", env=key)
    assert (outcome.code, "has no end" in outcome.err) == (1, True)
    assert not list((remote.path / ".octoplan").glob("again.db*"))
