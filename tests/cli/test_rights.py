"""What people may ask: to be forgotten, to know what is kept; and campaigns that are long over lose their people."""

import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import NOW

if TYPE_CHECKING:
    from tests.conftest import Folder, MakeProject, Outcome

ADA, BOB = "+33600000001", "+33600000002"
SETTINGS = "octoplan: 1\nenvironments: {sandbox: {gateway: sandbox, keep_days: 0}}\n"


def hello(*people: str, more: str = "open: true\n", edition: int = 1, text: str = "Hello") -> str:
    listed = ", ".join(f'{{phone_number: "{one}"}}' for one in people)
    return (
        f"channel: sms\npurpose: alert\nsender: OctoShop\nedition: {edition}\n{more}"
        f"text: {text}\nrecipients: [{listed}]\n"
    )


@pytest.fixture
def sent(project: "MakeProject") -> "Folder":
    folder: Folder = project({"octoplan.yaml": SETTINGS, "campaigns/hello.yaml": hello(ADA, BOB)})
    assert folder.call("apply", "--auto-approve").code == 0
    return folder


def forget(folder: "Folder", address: str = ADA, *flags: str) -> "Outcome":
    return folder.run("forget", "--yes", *flags, typed=f"{address}\n")


def keys(folder: "Folder") -> list[bytes]:
    return [row[0] for row in ask(folder, "SELECT person FROM messages ORDER BY person")]


def ask(folder: "Folder", question: str) -> list[Any]:
    with closing(sqlite3.connect(folder.path / ".octoplan" / "sandbox.db")) as connection:
        return connection.execute(question).fetchall()


def content(folder: "Folder") -> bytes:
    return b"".join(path.read_bytes() for path in (folder.path / ".octoplan").glob("sandbox.db*") if path.is_file())


def key_of(folder: "Folder", address: str) -> bytes:
    """The key of a person, told by who else is there: the one that is not in the state without them."""
    before = set(keys(folder))
    done = forget(folder, address)
    assert done.code == 0, done.err
    (key,) = before - set(keys(folder))
    return bytes(key)


def test_who_is_forgotten_is_gone_from_every_byte_but_the_mark_that_suppresses_them(sent: "Folder") -> None:
    counted = content(sent)
    key = key_of(sent, ADA)
    assert counted.count(key) >= 1
    assert content(sent).count(key) == 1
    assert ask(sent, "SELECT hex(person) FROM forgotten") == [(key.hex().upper(),)]
    assert len(keys(sent)) == 2
    assert sent.run("state", "check").code == 0
    assert sent.call("status").last.startswith("Status: 2 sent")


def test_who_is_forgotten_is_never_sent_to_again_whatever_the_purpose_or_edition(sent: "Folder") -> None:
    assert forget(sent).code == 0
    sent.write({"campaigns/hello.yaml": hello(ADA, BOB, edition=2), "campaigns/more.yaml": hello(ADA, text="More")})
    done = sent.call("apply", "--auto-approve")
    assert done.last.startswith("Applied: 1 sent")
    assert sent.addresses() == [ADA, BOB, BOB]


def test_why_says_forgotten_and_nothing_else(sent: "Folder") -> None:
    assert forget(sent).code == 0
    asked = sent.run("why", "hello", typed=ADA)
    assert "forgotten and suppressed (on 20" in asked.out
    assert "edition 1: sent" not in asked.out
    everything = sent.run("why", "--all", typed=ADA)
    assert everything.out.splitlines()[1].startswith("forgotten on 20")
    assert len(everything.out.splitlines()) == 2


def test_why_all_tells_everything_of_one_person_and_nobody_else(sent: "Folder") -> None:
    sent.write({"campaigns/more.yaml": hello(ADA, text="More")})
    assert sent.call("apply", "--auto-approve").code == 0
    said = sent.run("why", "--all", "--json", typed=ADA).json
    assert [(one["campaign"], one["edition"], one["status"]) for one in said["messages"]] == [
        ("hello", 1, "sent"),
        ("more", 1, "sent"),
    ]
    assert all(one["ticket"] and one["request"] for one in said["messages"])
    assert said["address"] == "+33…01"
    assert ADA not in json.dumps(said)
    text = sent.run("why", "--all", typed=BOB).out
    assert text.count("edition 1, sms: sent") == 1
    assert sent.run("why", "--all", typed="+33600000999").out.splitlines()[1] == "Nothing."


@pytest.mark.parametrize("arguments", [("why",), ("why", "hello", "--all")])
def test_why_takes_a_campaign_or_all(sent: "Folder", arguments: tuple[str, ...]) -> None:
    assert sent.run(*arguments, typed=ADA).code == 64


def test_forget_asks_first(sent: "Folder") -> None:
    before = keys(sent)
    assert sent.run("forget", typed=f"{ADA}\nn\n").code == 10
    assert keys(sent) == before
    assert sent.run("forget", typed=f"{ADA}\ny\n").code == 0
    assert keys(sent) != before


def test_nobody_is_forgotten_while_the_outcome_of_their_frame_is_not_known(sent: "Folder") -> None:
    with closing(sqlite3.connect(sent.path / ".octoplan" / "sandbox.db", isolation_level=None)) as connection:
        connection.execute("UPDATE frames SET status = 'unknown'")
    before = keys(sent)
    done = forget(sent)
    assert done.code == 9
    assert "is not known yet" in done.err
    assert keys(sent) == before


def test_an_export_carries_who_is_forgotten_and_they_stay_so(sent: "Folder") -> None:
    assert forget(sent).code == 0
    exported = sent.run("state", "export").out
    assert '"kind":"forgotten"' in exported
    assert ADA not in exported


CLOSED = f"not_after: {(NOW + timedelta(days=1)).isoformat()}\n"


@pytest.fixture
def over(project: "MakeProject") -> "Folder":
    files = {"octoplan.yaml": SETTINGS, "campaigns/hello.yaml": hello(ADA, BOB, more=CLOSED)}
    folder: Folder = project({**files, "campaigns/open.yaml": hello(ADA, text="Something else")})
    assert folder.call("apply", "--auto-approve").code == 0
    return folder


def prune(folder: "Folder", days: float, *flags: str) -> "Outcome":
    return folder.call("state", "prune", "--yes", *flags, at=NOW + timedelta(days=days))


def test_a_closed_campaign_loses_its_people_and_keeps_their_number(over: "Folder") -> None:
    gone = set(keys(over))
    done = prune(over, 500)
    assert (done.code, done.out) == (0, "Pruned: 2 messages of 1 campaigns lost their people.\n")
    assert len(keys(over)) == 1
    left = set(keys(over))
    assert not any(key in content(over) for key in gone - left)
    assert over.call("state", "check").code == 0
    assert over.call("status").last.startswith("Status: 3 sent")
    assert "closed" in over.call("plan", at=NOW + timedelta(days=500)).out
    assert prune(over, 500).out == "Pruned: 0 messages of 0 campaigns lost their people.\n"


def test_what_is_young_or_open_keeps_its_people(over: "Folder") -> None:
    before = keys(over)
    assert "0 campaigns" in prune(over, 400).out
    said = prune(over, 500, "--older-than", "600d")
    assert "closed or last changed on 2026-11-04" in said.err
    assert "its file is not closed" in said.err
    assert keys(over) == before
    assert prune(over, 500, "--older-than", "soon").code == 64


def test_a_pruned_campaign_that_is_put_back_is_blocked_and_sends_nothing(over: "Folder") -> None:
    assert prune(over, 500).code == 0
    later = NOW + timedelta(days=501)
    over.write({"campaigns/hello.yaml": hello(ADA, BOB), "campaigns/open.yaml": None})
    done = over.call("apply", "--auto-approve", at=later)
    assert done.code == 5
    assert "the people of edition 1 were pruned on 2028-03-17" in done.err
    assert len(over.addresses()) == 3
    over.write({"campaigns/hello.yaml": hello(ADA, BOB, edition=2)})
    assert over.call("apply", "--auto-approve", at=later).last.startswith("Applied: 2 sent")
    over.write({"campaigns/hello.yaml": hello(ADA, BOB)})
    assert over.call("apply", "--auto-approve", at=later).code == 5


def test_a_pruned_campaign_under_another_name_is_asked_about(over: "Folder") -> None:
    assert prune(over, 500).code == 0
    over.write({"campaigns/hello.yaml": None, "campaigns/again.yaml": hello(ADA, BOB)})
    plan = over.call("plan", at=NOW + timedelta(days=501))
    assert "whose people were pruned" in plan.out
    over.write({"campaigns/again.yaml": hello(ADA, BOB, more="open: true\nnot_moved_from: [hello]\n")})
    assert "1 to send" in over.call("plan", at=NOW + timedelta(days=501)).out


def test_what_a_cap_still_counts_keeps_its_people(over: "Folder") -> None:
    over.write({"octoplan.yaml": SETTINGS + "caps: [{purpose: alert, at_most: 9, within: 900d}]\n"})
    assert "a cap still counts its messages" in prune(over, 500).err


def test_an_unknown_outcome_is_kept_and_said(over: "Folder") -> None:
    with closing(sqlite3.connect(over.path / ".octoplan" / "sandbox.db", isolation_level=None)) as connection:
        connection.execute("UPDATE frames SET status = 'unknown' WHERE size = 2")
    done = prune(over, 500)
    assert done.code == 9
    assert "1 frame is open or unknown" in done.err


def test_a_pruned_state_is_exported_and_moved_in_whole(over: "Folder", tmp_path: Any) -> None:
    assert prune(over, 500).code == 0
    file = tmp_path / "export.ndjson"
    file.write_text(over.call("state", "export").out, encoding="utf-8")
    over.write({"octoplan.yaml": SETTINGS})
    state = over.path / ".octoplan" / "sandbox.db"
    key = (over.path / ".octoplan" / "sandbox.db.key").read_text(encoding="ascii").strip()
    for path in state.parent.glob("sandbox.db*"):
        path.unlink()
    moved = over.call("state", "import", str(file), "--yes", env={"OCTOPLAN_STATE_KEY": key})
    assert moved.code == 0, moved.err
    assert over.call("state", "check", env={"OCTOPLAN_STATE_KEY": key}).code == 0
    over.write({"campaigns/hello.yaml": hello(ADA, BOB)})
    again = over.call("plan", at=NOW + timedelta(days=501), env={"OCTOPLAN_STATE_KEY": key})
    assert "were pruned on" in again.out
