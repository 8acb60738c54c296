"""What an apply leaves beside its state: a line for each frame that came to an end, for when the state is restored."""

from __future__ import annotations

import json
import shutil
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from octoplan.apply.receipts import Receipts, Run, open_receipts
from octoplan.apply.run import send, settle
from octoplan.errors import OctoplanError, StateError
from octoplan.state import receipts
from octoplan.state.against import compare
from octoplan.state.home import State
from octoplan.state.receipts import Receipt
from octoplan.state.sqlite import SqliteStore
from tests.apply.conftest import EPOCH, KEYS, LINEAGE, NOW, address_of, frames, make_frame, recording
from tests.apply.gateway import ACCEPT, CUT_AFTER, CUT_BEFORE, RIDDLE, STOP_MISSING, always

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from octoplan.apply.events import Event
    from octoplan.frame import Frame
    from octoplan.state.interface import Held
    from tests.apply.conftest import Field


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "receipts.ndjson"


class Cut(BaseException):
    """Ends a run as a kill would: nobody catches it."""


@contextmanager
def opened(ground: Field, file: Path, told: list[str] | None = None) -> Iterator[Receipts]:
    state = State(store=ground.store, keys=KEYS, lineage=LINEAGE)
    notice = told.append if told is not None else pytest.fail
    run = Run(id=f"run-{ground.runs + 1}", environment="production", state=state, now=ground.clock.now, notice=notice)
    with open_receipts(file, run) as made:
        yield made


def apply(ground: Field, file: Path, *frames: Frame, told: list[str] | None = None) -> list[Event]:
    """Settle, then send these frames, as one apply."""
    with opened(ground, file, told) as witness:
        applier = replace(ground.applier(), witness=witness)
        done = list(settle(applier))
        return done + (list(send(applier, recording(frames))) if frames else [])


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def told(file: Path) -> list[Receipt]:
    return [entry.what for entry in receipts.read(file, file.name) if isinstance(entry.what, Receipt)]


def endings(file: Path) -> list[str]:
    return [f"{one.status}{' kept' if one.keep else ''}" for one in told(file)]


def assert_complete(ground: Field, file: Path) -> None:
    """Hold the receipts against the state: nothing is missing, and nothing is otherwise."""
    state = State(store=ground.store, keys=KEYS, lineage=LINEAGE)
    assert compare(state, file, file.name).broken == ()


def test_a_new_file_is_for_its_owner_only_and_tells_of_a_whole_run(ground: Field, file: Path) -> None:
    one = make_frame(range(3))
    apply(ground, file, one)
    assert file.stat().st_mode & 0o777 == 0o600
    header, begin, campaign, receipt, end = lines(file)
    assert header == {
        "octoplan": "receipts", "version": 1, "environment": "production", "lineage": LINEAGE, "key_check": KEYS.check,
    }  # fmt: skip
    assert (begin["kind"], begin["run"], begin["serial"]) == ("run", "run-1", 1)
    assert (campaign["kind"], campaign["name"]) == ("campaign", "autumn-sale")
    assert (end["kind"], end["run"], end["serial"]) == ("end", "run-1", ground.store.identity.serial)
    named = ("kind", "run", "frame", "status", "recipients", "ticket", "cost", "units")
    assert {key: receipt[key] for key in named} == {
        "kind": "receipt", "run": "run-1", "frame": one.id, "status": "sent", "recipients": 3, "ticket": "sms_1",
        "cost": "0.5", "units": 3,
    }  # fmt: skip
    assert told(file)[0].people == one.people
    assert_complete(ground, file)


def test_people_are_their_keys_and_no_address_is_in_it(ground: Field, file: Path) -> None:
    apply(ground, file, *frames(3))
    text = file.read_text(encoding="utf-8")
    assert not [n for n in range(9) if address_of(n)[1:] in text]


def test_the_next_apply_appends_and_does_not_tell_again_what_has_not_changed(ground: Field, file: Path) -> None:
    apply(ground, file, *frames(2))
    before = file.read_bytes()
    apply(ground, file)
    assert file.read_bytes().startswith(before)
    assert [one["kind"] for one in lines(file)[-2:]] == ["run", "end"]
    assert len(lines(file)) == len(before.splitlines()) + 2
    assert_complete(ground, file)


def test_every_ending_of_a_frame_has_its_receipt(ground: Field, file: Path) -> None:
    ground.max_in_flight = 1
    ground.judge.bad = frozenset({address_of(1)})
    apply(ground, file, make_frame(range(4)))
    assert endings(file) == ["split", "split", "sent", "refused kept", "sent"]
    ground.judge.bad = frozenset()
    ground.judge.script = always(STOP_MISSING)
    apply(ground, file, make_frame(range(10, 13)))
    assert endings(file)[5:] == ["refused"]
    ground.judge.script = always(RIDDLE)
    apply(ground, file, make_frame(range(20, 23)))
    assert endings(file)[6:] == ["open"]
    assert_complete(ground, file)
    ground.judge.script = always(ACCEPT)
    apply(ground, file)
    assert endings(file)[7:] == ["sent"]
    assert len({one.frame for one in told(file)[6:]}) == 1
    assert_complete(ground, file)


def test_a_frame_whose_body_is_lost_has_its_receipt(ground: Field, file: Path) -> None:
    one = make_frame(range(3))
    ground.leave_open(one)
    ground.store._writer.execute("DELETE FROM bodies")  # type: ignore[union-attr]
    apply(ground, file)
    assert [(told_.status, told_.people) for told_ in told(file)] == [("unknown", one.people)]
    assert_complete(ground, file)


@pytest.mark.parametrize("campaign", [STOP_MISSING, ACCEPT])
def test_what_a_run_could_not_tell_any_more_is_told_by_the_next_one(
    campaign: str, ground: Field, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ground.judge.script = always(campaign)
    with monkeypatch.context() as patched:

        def cut(*_: object) -> None:
            raise Cut

        patched.setattr(Receipts, "note", cut)
        with pytest.raises(Cut):
            apply(ground, file, *frames(1))
    assert told(file) == []
    apply(ground, file)
    (one,) = told(file)
    assert (one.status, one.run) == ("refused" if campaign == STOP_MISSING else "sent", "run-1")
    assert one.people == (() if campaign == STOP_MISSING else frames(1)[0].people)
    apply(ground, file)
    assert len(told(file)) == 1
    assert_complete(ground, file)


def test_what_a_run_that_only_settled_could_not_tell_is_told_by_the_next_one(
    ground: Field, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ground.leave_open(make_frame(range(3)))
    ground.judge.script = always(ACCEPT)
    ground.settle()
    apply(ground, file)
    assert endings(file) == ["sent"]


def test_of_however_many_frames_nothing_was_told_an_editions_people_are_looked_through_once(
    ground: Field, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SqliteStore, "end", lambda *_: None)
    sent = [*frames(9), *frames(3, "winter-sale", first=40)]
    ground.send(*sent)
    looks: list[tuple[str, int]] = []
    kept = SqliteStore.messages

    def messages(store: SqliteStore, campaign: str, edition: int) -> Iterator[Sequence[Held]]:
        looks.append((campaign, edition))
        return kept(store, campaign, edition)

    monkeypatch.setattr(SqliteStore, "messages", messages)
    monkeypatch.setattr(SqliteStore, "people", lambda *_: pytest.fail("a look for each frame"))
    apply(ground, file)
    assert looks == [("autumn-sale", 1), ("winter-sale", 1)]
    assert {one.frame: one.people for one in told(file)} == {one.id: one.people for one in sent}


def test_what_a_person_resolved_since_is_told_by_the_next_apply(ground: Field, file: Path) -> None:
    ground.judge.script = always("400:182")
    one = make_frame(range(3))
    apply(ground, file, one)
    assert endings(file) == ["unknown"]
    ground.store.resolve(one.id, sent=False, why="somebody", at=NOW)
    apply(ground, file)
    assert endings(file) == ["unknown", "refused"]
    apply(ground, file)
    assert len(told(file)) == 2


def leave_unknown(ground: Field, file: Path, one: Frame, *, sent: bool) -> None:
    """Have a frame lose all its answers, and a day pass."""
    ground.judge.script = always(CUT_AFTER if sent else CUT_BEFORE)
    apply(ground, file, one)
    ground.clock.offset += timedelta(days=1)
    apply(ground, file)
    ground.judge.script = always(ACCEPT)
    assert endings(file) == ["open", "unknown"]


@pytest.mark.parametrize("sent", [True, False], ids=["sent", "not sent"])
def test_whoever_was_forgotten_after_a_frame_was_resolved_leaves_a_file_that_can_be_read(
    ground: Field, file: Path, *, sent: bool
) -> None:
    one = make_frame(range(5))
    leave_unknown(ground, file, one, sent=sent)
    ground.store.resolve(one.id, sent=sent, why="somebody", at=NOW)
    ground.store.forget(EPOCH, one.people[3], NOW, lambda: b"t" * 16)
    for _ in range(2):
        apply(ground, file)
    assert endings(file) == ["open", "unknown", "sent" if sent else "refused"]
    assert {receipt.people for receipt in told(file)} == {one.people}
    assert_complete(ground, file)


@pytest.mark.parametrize("sent", [True, False], ids=["sent", "not sent"])
def test_a_frame_that_came_back_without_some_of_its_people_leaves_a_file_that_can_be_read(
    ground: Field, file: Path, tmp_path: Path, *, sent: bool
) -> None:
    old = tmp_path / "old.db"
    shutil.copyfile(ground.store.path, old)
    one = make_frame(range(5))
    leave_unknown(ground, file, one, sent=False)
    with closing(SqliteStore(old, writable=True)) as store:
        used = replace(ground, store=store)
        ground.judge.watch = used.watch
        used.send(make_frame(range(2)))
        store.bring(EPOCH, receipts.read(file, file.name), rehearse=False)
        assert used.frame(one).size == 3
        assert store.resolve(one.id, sent=sent, why="somebody", at=NOW)
        for _ in range(2):
            apply(used, file)
    assert endings(file) == ["open", "unknown", "sent" if sent else "refused"]
    assert {(receipt.recipients, receipt.people) for receipt in told(file)} == {(5, one.people)}


@pytest.mark.parametrize("known", [True, False], ids=["known", "new"])
def test_a_pruned_frame_leaves_a_file_that_can_be_read(ground: Field, file: Path, *, known: bool) -> None:
    one = make_frame(range(5))
    if known:
        leave_unknown(ground, file, one, sent=True)
        ground.store.resolve(one.id, sent=True, why="somebody", at=NOW)
    else:
        ground.leave_open(one)
        ground.judge.script = always(ACCEPT)
        ground.settle()
    ground.store.prune(EPOCH, "autumn-sale", {})
    for _ in range(2):
        apply(ground, file)
    assert endings(file) == (["open", "unknown", "sent"] if known else [])
    assert_complete(ground, file)


def test_a_file_that_a_kill_left_in_mid_line_goes_on_below_its_last_whole_line(ground: Field, file: Path) -> None:
    apply(ground, file, *frames(3))
    whole = file.read_bytes()
    first, second, *_ = (line for line in whole.splitlines(keepends=True) if b'"receipt"' in line)
    for cut in (whole.index(first) + 1, whole.index(second) - 1, len(whole) - 1):
        file.write_bytes(whole[:cut])
        said: list[str] = []
        apply(ground, file, told=said)
        assert said == [
            f"{file} ended in the middle of a line, as a kill leaves it: what the line told is looked up again"
        ]
        kept = whole[: whole.rfind(b"\n", 0, cut) + 1]
        assert file.read_bytes().startswith(kept)
        assert lines(file)[len(kept.splitlines())]["kind"] == "run"


def test_a_file_that_a_kill_left_in_its_first_line_is_begun_anew(ground: Field, file: Path) -> None:
    apply(ground, file, *frames(1))
    whole = file.read_bytes()
    first = whole.index(b"\n")
    for cut in (0, 1, first):
        file.write_bytes(whole[:cut])
        apply(ground, file)
        assert file.read_bytes()[: first + 1] == whole[: first + 1]


def test_a_state_that_is_older_than_its_receipts_is_refused_before_anything_is_sent(ground: Field, file: Path) -> None:
    apply(ground, file, *frames(1))
    last = lines(file)[-1]
    with file.open("a", encoding="utf-8") as more:
        more.write(json.dumps({**last, "serial": last["serial"] + 1}) + "\n")
    before = file.read_bytes()
    with pytest.raises(StateError) as caught:
        apply(ground, file, *frames(1, first=10))
    assert caught.value.what == "the state is older than its receipts: restored from a copy?"
    assert f"octoplan state import {file}" in caught.value.hint
    assert (len(ground.judge.asked), file.read_bytes()) == (1, before)


def test_a_state_that_has_forgotten_people_is_refused_however_high_its_serial(ground: Field, file: Path) -> None:
    apply(ground, file, *frames(2))
    connection = ground.store._writer
    assert connection is not None
    (name,) = connection.execute("SELECT id FROM frames WHERE no = 1").fetchone()
    connection.execute("UPDATE messages SET frame = NULL WHERE frame = 1")
    connection.execute("UPDATE frames SET id = 'x' WHERE no = 1")
    with pytest.raises(StateError, match="has forgotten 3 people of its receipts"):
        apply(ground, file)
    connection.execute("UPDATE messages SET frame = 1 WHERE frame IS NULL")
    apply(ground, file)  # who is in another frame is not sent to again
    connection.execute("UPDATE frames SET id = ? WHERE no = 1", (name,))


@pytest.mark.parametrize(
    ("lineage", "key", "said"),
    [("feedfeedfeedfeed", KEYS.check, "holds receipts of another state"), (LINEAGE, "f" * 32, "with another key")],
)
def test_receipts_of_another_state_are_refused_and_left_as_they_are(
    lineage: str, key: str, said: str, ground: Field, file: Path
) -> None:
    header = receipts.Header(environment="production", lineage=lineage, key_check=key)
    file.write_text(f"{receipts.header_line(header)}\nhalf a li", encoding="utf-8")
    before = file.read_bytes()
    with pytest.raises(StateError, match=said):
        apply(ground, file, *frames(1))
    assert (file.read_bytes(), ground.judge.asked) == (before, [])


@pytest.mark.parametrize("content", [b"phone_number,name\n", b"phone_number,name", b"{}\n", b"\n", b"\x00\x01\n"])
def test_another_file_is_refused_and_left_as_it_is(content: bytes, ground: Field, file: Path) -> None:
    file.write_bytes(content)
    with pytest.raises(StateError, match=r"\[import/"):
        apply(ground, file, *frames(1))
    assert (file.read_bytes(), ground.judge.asked) == (content, [])


def test_a_file_that_others_may_write_to_is_refused(ground: Field, file: Path) -> None:
    file.touch()
    file.chmod(0o620)
    with pytest.raises(OctoplanError, match="others may write"):
        apply(ground, file, *frames(1))
    assert ground.judge.asked == []


def test_a_file_that_another_apply_writes_to_is_refused(ground: Field, file: Path) -> None:
    with opened(ground, file), pytest.raises(OctoplanError, match="another octoplan writes to"), opened(ground, file):
        pass
    with opened(ground, file):
        pass


@pytest.mark.parametrize("name", ["missing/receipts.ndjson", "/dev/full", "."])
def test_what_cannot_be_written_to_is_refused_before_anything_is_sent(name: str, ground: Field, tmp_path: Path) -> None:
    with pytest.raises(OctoplanError, match=r"cannot be written|is no file"):
        apply(ground, tmp_path / name, *frames(1))
    assert ground.judge.asked == []


def test_whatever_became_of_a_run_its_receipts_make_a_state_that_forgot_it_whole_again(
    ground: Field, file: Path, tmp_path: Path
) -> None:
    ground.max_in_flight = 1
    ground.judge.bad = frozenset({address_of(1), address_of(6)})
    actions = {address_of(20): STOP_MISSING, address_of(23): CUT_BEFORE}
    ground.judge.script = lambda asked: actions.get(asked.addresses[0], ACCEPT)
    old = tmp_path / "old.db"
    shutil.copyfile(ground.store.path, old)
    apply(ground, file, make_frame(range(5)), make_frame(range(5, 9)), *frames(2, first=20))
    assert set(endings(file)) == {"split", "sent", "refused kept", "refused", "open"}
    with closing(SqliteStore(old, writable=True)) as store:
        with store.lock() as epoch:
            store.bring(epoch, receipts.read(file, file.name), rehearse=False)
        assert compare(State(store=store, keys=KEYS, lineage=LINEAGE), file, file.name).broken == ()
        assert store.identity.serial > ground.store.identity.serial
        there = {one.id: (one.status, one.size, one.ticket, one.cost) for one in ground.store.frames()}
        came = {one.id: (one.status, one.size, one.ticket, one.cost) for one in store.frames()}
        left = {name for name, (status, *_) in there.items() if status == "planned"}
        assert came == {
            name: ("unknown" if status == "sending" else status, *rest)
            for name, (status, *rest) in there.items()
            if name not in left
        }
        state = State(store=store, keys=KEYS, lineage=LINEAGE)
        run = Run(id="run-9", environment="production", state=state, now=ground.clock.now, notice=pytest.fail)
        with open_receipts(tmp_path / "other.ndjson", run):
            assert told(tmp_path / "other.ndjson") == []  # what came from receipts has them
