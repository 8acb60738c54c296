"""A state moves from one store to another as an export: whole, or not at all."""

import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from octoplan.errors import StateError
from octoplan.project import Environment
from octoplan.state import exports, sqlite
from octoplan.state.checking import check
from octoplan.state.cuts import Cuts, cuts_of
from octoplan.state.home import LOCK_FILE, Home, check_none, create, move_in, open_state
from octoplan.state.interface import (
    Begin,
    Change,
    Child,
    Delivery,
    Halted,
    Optout,
    Refused,
    Reply,
    Sent,
    Split,
    Store,
    Unknown,
)
from octoplan.state.sqlite import SqliteStore
from octoplan.state.told import Heard
from tests.state.conftest import EPOCH, META, at, campaign, everything, frame_id, record, run_record
from tests.state.given import KEYS, changed, export, write_lines

if TYPE_CHECKING:
    from tests.state.server import Server

SECRET = "correct horse battery staple"  # noqa: S105 - of a state that nobody sends with
OTHER = {"sqlite": "postgres", "postgres": "sqlite"}
PLANNED, SENDING, SENT, KEPT, FREED, SPLIT, UNKNOWN = range(1, 8)


@pytest.fixture
def lived(store: Store) -> Store:
    """A state with a frame of every status, in three campaigns."""
    live(store)
    return store


def live(store: Store) -> None:
    record(store, campaign({number: (number * 10, number * 10 + 1, number * 10 + 2) for number in range(1, 8)}))
    begun = [
        Begin(
            frame=frame_id(number), run="run-1", at=at(1.5), body=KEYS.seal(frame_id(number), b"{}", lambda n: b"n" * n)
        )
        for number in range(SENDING, UNKNOWN + 1)
    ]
    halves = (Child(id=frame_id(11), people=(60, 61), refusals=1), Child(id=frame_id(12), people=(62,), refusals=1))
    changes: tuple[Change, ...] = (
        *begun,
        Sent(frame=frame_id(SENT), run="run-1", at=at(2), ticket="sms_1", units=3),
        Refused(frame=frame_id(KEPT), run="run-1", at=at(2), code=181, why="a number", keep=True),
        Refused(frame=frame_id(FREED), run="run-1", at=at(2), code=121, why="STOP", keep=False),
        Split(frame=frame_id(SPLIT), run="run-1", at=at(2), code=181, why="a number", children=halves),
        Unknown(frame=frame_id(UNKNOWN), run="run-1", at=at(2), why="no answer"),
    )
    assert all(store.commit(EPOCH, changes))
    store.end("run-1", EPOCH, at(3))
    winter = replace(campaign({22: (10,)}, edition=2, name="winter"), skipped=[[(11, "holdout")], [(12, "cap")]])
    record(store, campaign({21: (10, 20)}, name="été"), winter, run="run-2")
    store.hear(HEARD)
    for flag in HALTS:
        store.halt(flag)
    store.note(EPOCH, *CUTS.note)


HALTS = (
    Halted(who="ann@desk", at=at(7), why="a broken link"),
    Halted(campaign="autumn-sale", who="ben@desk", at=at(8)),
    Halted(campaign="never-applied", who="ben@desk", at=at(9)),
)
WAVES: list[dict[str, Any]] = [{"people": 50}, {"share": "5%", "after": "15m"}, {"rest": True, "after": "1h"}]
CUTS = Cuts(campaign="été", edition=1, waves=WAVES, cuts=(12, 1 << 64))

HEARD: tuple[Heard, ...] = (
    Delivery(ticket="sms_1", person=30, status="DELIVERED", at=at(3)),
    Delivery(ticket="sms_1", person=31, status="NOT_DELIVERED", at=None),
    Optout(person=31, ticket="sms_1", at=at(4), heard_at=at(5)),
    Optout(person=7, ticket="", at=None, heard_at=at(6)),
    Reply(ticket="sms_1", person=30, mark="a" * 32, at=at(4)),
)


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], Home]]:
    """Name a place of this kind where no state is."""
    number = count()
    with ExitStack() as stack:

        def made(kind: str) -> Home:
            state = ".octoplan/production.db"
            if kind == "postgres":
                server: Server = request.getfixturevalue("server")
                state = server.address(stack.enter_context(server.spare_schema()))
            root = tmp_path / f"project-{next(number)}"
            root.mkdir()
            environment = Environment(name="production", gateway="https://api.octopush.com/v1/public", state=state)
            return Home(root=root, environment=environment, secret=SECRET, random_bytes=secrets.token_bytes)

        yield made


def move(home: Home, file: Path) -> None:
    move_in(home, exports.read_header(file, file.name), exports.read(file, file.name))


@contextmanager
def opened(home: Home) -> Iterator[Store]:
    """What has become of it, which has to be whole."""
    state = open_state(home, writable=True)
    try:
        assert check(state, 0).broken == ()
        yield state.store
    finally:
        state.store.close()


def exported(home: Home, file: Path) -> list[dict[str, Any]]:
    with opened(home) as store:
        return read(export(store, file))


def read(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.node.callspec.params["bench"]
    return found


def test_a_state_moves_to_another_kind_of_store_and_back(
    lived: Store, kind: str, place: Callable[[str], Home], tmp_path: Path
) -> None:
    first, *records = read(export(lived, tmp_path / "first.ndjson"))
    there, back = place(OTHER[kind]), place(kind)
    move(there, tmp_path / "first.ndjson")
    header, *moved = exported(there, tmp_path / "second.ndjson")
    was_open = {"status": "unknown", "why": "it was open when the state was exported, without its bytes"}
    assert moved == [
        one | ({**was_open} if one["kind"] == "frame" else {"status": "unknown"})
        if one.get("status") == "sending"
        else one
        for one in records
    ]
    assert header == {**first, "serial": first["serial"] + 1}
    move(back, tmp_path / "second.ndjson")
    again, *came = exported(back, tmp_path / "third.ndjson")
    assert came == moved
    assert again == {**first, "serial": first["serial"] + 2}


def test_what_is_halted_stays_so_where_the_state_is_moved_to(
    lived: Store, kind: str, place: Callable[[str], Home], tmp_path: Path
) -> None:
    home = place(OTHER[kind])
    file = export(lived, tmp_path / "state.ndjson")
    move(home, file)
    with opened(home) as store:
        assert store.halts() == HALTS
        store.record(run_record("run-3"), EPOCH, [campaign({31: (10, 11, 50)}), campaign({32: (5,)}, name="new")])
        begun = Begin(frame=frame_id(32), run="run-3", at=at(9), body=b"sealed")
        assert store.commit(EPOCH, [begun]) == (False,), "everything is halted"
        for flag in HALTS:
            assert store.resume(flag.campaign)
        assert store.commit(EPOCH, [begun]) == (True,)


def test_waves_stay_cut_where_the_state_is_moved_to(
    lived: Store, kind: str, place: Callable[[str], Home], tmp_path: Path
) -> None:
    home = place(OTHER[kind])
    move(home, export(lived, tmp_path / "state.ndjson"))
    with opened(home) as store:
        assert cuts_of(store.meta(), "été") == CUTS == cuts_of(lived.meta(), "été")
        assert cuts_of(store.meta(), "winter") is None


def test_a_list_of_suppressions_that_takes_many_words_moves_with_its_people(
    lived: Store, place: Callable[[str], Home], tmp_path: Path
) -> None:
    entry = json.dumps({"from": [f"audiences/unsubscribed-2026-{number}.csv" for number in range(100)]})
    lived.remember(EPOCH, entry, (), [[10, 11]])
    home = place("sqlite")
    move(home, export(lived, tmp_path / "first.ndjson"))
    with opened(home) as store:
        assert list(store.suppressed_in(entry)) == [[10, 11]]


def test_more_parts_than_a_store_can_keep_are_read_and_left_out(
    given: list[str], place: Callable[[str], Home], tmp_path: Path
) -> None:
    lines = [changed(line, units=3_000_000_000) if '"status":"sent","size"' in line else line for line in given]
    assert lines != given
    for kind in OTHER:
        home = place(kind)
        move(home, write_lines(tmp_path / "first.ndjson", lines))
        with opened(home) as store:
            assert {one.units for one in store.frames() if one.status == "sent"} == {None}


def test_an_export_from_before_flags_were_in_it_is_read(
    given: list[str], place: Callable[[str], Home], tmp_path: Path
) -> None:
    home = place("sqlite")
    before = _without("halt", "waves")(given)
    move(home, write_lines(tmp_path / "state.ndjson", [*before[:-1], changed(before[-1], lines=len(before) - 2)]))
    with opened(home) as store:
        assert store.halts() == ()


def test_the_reasons_of_flags_are_exported_without_addresses(lived: Store, tmp_path: Path) -> None:
    lived.resume("")
    lived.halt(Halted(who="ann@desk", at=at(7), why="ask ben@example.com or +33600000123"))
    (flag, *_) = [one for one in read(export(lived, tmp_path / "state.ndjson")) if one.get("kind") == "halt"]
    assert "example" not in flag["why"]
    assert "600000" not in flag["why"]


def test_a_state_that_was_moved_works_on(lived: Store, kind: str, place: Callable[[str], Home], tmp_path: Path) -> None:
    home = place(OTHER[kind])
    move(home, export(lived, tmp_path / "state.ndjson"))
    with opened(home) as store:
        for flag in HALTS:
            store.resume(flag.campaign)
        store.record(run_record("run-3"), EPOCH, [campaign({31: (10, 11, 50)}), campaign({32: (5,)}, name="new")])
        begun = Begin(
            frame=frame_id(31), run="run-3", at=at(9), body=KEYS.seal(frame_id(31), b"{}", lambda n: b"n" * n)
        )
        assert store.commit(EPOCH, [begun]) == (True,)
        assert store.commit(EPOCH, [Sent(frame=frame_id(31), run="run-3", at=at(9), ticket="sms_31")]) == (True,)
        assert len(store.runs()) == 3
        with pytest.raises(StateError, match="are in a frame already"):
            store.record(run_record("run-4"), EPOCH, [campaign({33: (30,)})])


def test_the_lock_file_names_a_state_that_was_moved_in(
    lived: Store, place: Callable[[str], Home], tmp_path: Path
) -> None:
    home, other = place("sqlite"), place("sqlite")
    file = export(lived, tmp_path / "state.ndjson")
    move(home, file)
    assert META["lineage"] in (home.root / LOCK_FILE).read_text(encoding="utf-8")
    create(other)
    other.path.unlink()
    with pytest.raises(StateError, match=rf"lineage {META['lineage']}, octoplan.lock.yaml says \w{{16}} for"):
        move(other, file)
    check_none(other)


@pytest.mark.parametrize("target", ["sqlite", "postgres"])
def test_a_second_state_is_never_put_beside_the_first(
    target: str, lived: Store, place: Callable[[str], Home], tmp_path: Path
) -> None:
    home = place(target)
    file = export(lived, tmp_path / "state.ndjson")
    move(home, file)
    with opened(home) as store:
        before = everything(store)
        with pytest.raises(StateError, match="exists already"):
            move(home, file)
        with pytest.raises(StateError, match="has a state already"):
            check_none(home)
        assert everything(store) == before


@pytest.mark.parametrize("secret", [None, "another horse battery staple"])
def test_without_the_right_key_nothing_is_made(
    secret: str | None, lived: Store, place: Callable[[str], Home], tmp_path: Path
) -> None:
    home = replace(place("sqlite"), secret=secret)
    with pytest.raises(StateError, match="key"):
        move(home, export(lived, tmp_path / "state.ndjson"))
    assert list(home.root.rglob("*.db*")) == []
    check_none(home)


def _without(*kinds: str) -> Callable[[list[str]], list[str]]:
    return lambda lines: [line for line in lines if json.loads(line).get("kind") not in kinds]


def _edit(kind: str, /, **values: Any) -> Callable[[list[str]], list[str]]:
    """Change the first line of this kind."""

    def edit(lines: list[str]) -> list[str]:
        at = next(n for n, line in enumerate(lines) if json.loads(line).get("kind", "header") == kind)
        return [*lines[:at], changed(lines[at], **values), *lines[at + 1 :]]

    return edit


def _twice(kind: str) -> Callable[[list[str]], list[str]]:
    def edit(lines: list[str]) -> list[str]:
        at = next(n for n, line in enumerate(lines) if json.loads(line).get("kind") == kind)
        end = changed(lines[-1], lines=len(lines) - 1)
        return [*lines[: at + 1], *lines[at:-1], end]

    return edit


WRONG: dict[str, tuple[Callable[[list[str]], list[str]], str]] = {
    "without an end": (lambda lines: lines[:-1], "import/end"),
    "cut off in its last line": (lambda lines: [*lines[:-1], lines[-1][:-5]], "import/json"),
    "with a line after the end": (lambda lines: [*lines, lines[-1]], "import/end"),
    "with a run too few": (_without("run"), "import/count"),
    "with a wrong count": (_edit("end", lines=3), "import/count"),
    "of a newer version": (_edit("header", version=2), "import/header"),
    "of a newer format": (_edit("header", format=99), "import/header"),
    "of an epoch that nobody reaches": (_edit("header", epoch=2_000_000_000), "import/value"),
    "of something else": (_edit("header", octoplan="receipts"), "import/header"),
    "without a key check": (_edit("header", key_check=...), "import/key"),
    "with a key that is unknown": (_edit("frame", colour="red"), "import/key"),
    "with a kind that is unknown": (_edit("run", kind="person"), "import/kind"),
    "without its campaigns": (_without("campaign"), "import/reference"),
    "without its frames": (_without("frame"), "import/reference"),
    "with a run after messages": (lambda lines: [*lines[:4], *lines[5:-1], lines[4], lines[-1]], "import/order"),
    "with a campaign twice": (_twice("campaign"), "import/twice"),
    "with a run twice": (_twice("run"), "import/twice"),
    "with a frame twice": (_twice("frame"), "import/twice"),
    "with a delivery twice": (_twice("delivery"), "import/order"),
    "with an opt-out twice": (_twice("optout"), "import/twice"),
    "with somebody skipped twice": (_twice("skipped"), "import/order"),
    "with somebody skipped of another campaign": (_edit("skipped", campaign="spring"), "import/reference"),
    "with a delivery of no status": (_edit("delivery", status="SOMEHOW"), "import/value"),
    "with a frame of no wave": (_edit("frame", wave=...), "import/key"),
    "with a flag twice": (_twice("halt"), "import/twice"),
    "with a flag of no moment": (_edit("halt", at="yesterday"), "import/value"),
    "with a flag that nobody set": (_edit("halt", who=...), "import/key"),
    "with waves twice": (_twice("waves"), "import/twice"),
    "with waves of another campaign": (_edit("waves", campaign="spring"), "import/reference"),
    "with no waves": (_edit("waves", waves=[]), "import/value"),
    "with waves that are none": (_edit("waves", waves="50, then the rest"), "import/value"),
    "with a cut too few": (_edit("waves", cuts=["c"]), "import/value"),
    "with cuts in another order": (_edit("waves", cuts=["d", "c"]), "import/value"),
    "with cuts that are numbers": (_edit("waves", cuts=[12, 13]), "import/value"),
    "with a cut that is no hash": (_edit("waves", cuts=["c", "f" * 18]), "import/value"),
    "with a message twice": (_twice("message"), "import/order"),
    "with a message of another status": (_edit("message", status="refused"), "import/reference"),
    "with a message of another campaign": (_edit("message", campaign="winter"), "import/reference"),
    "with a frame of another size": (_edit("frame", size=4), "import/count"),
    "with a frame of too many": (_edit("frame", size=501), "import/value"),
    "with a planned frame that was attempted": (_edit("frame", attempts=1), "planned/attempted"),
    "with a frame that is free": (_edit("frame", status="free"), "import/value"),
    "with a number that is a truth value": (_edit("frame", refusals=True), "import/value"),
    "with a number that no store keeps": (_edit("frame", refusals=2**31), "import/value"),
    "with a moment without an offset": (_edit("campaign", applied_at="2026-11-03T10:00:00"), "import/value"),
    "with half a character": (_edit("campaign", channel="sms", definition={"text": "\ud800"}), "import/value"),
    "with a zero byte": (_edit("run", id="a\0b"), "import/value"),
    "with a person of too few digits": (_edit("message", person="1234"), "import/value"),
}


@pytest.mark.parametrize("target", ["sqlite", "postgres"])
@pytest.mark.parametrize("wrong", WRONG)
def test_an_export_that_is_not_whole_is_refused_and_leaves_nothing_behind(
    wrong: str, target: str, place: Callable[[str], Home], given: list[str], tmp_path: Path
) -> None:
    edit, rule = WRONG[wrong]
    home = place(target)
    file = write_lines(tmp_path / "state.ndjson", edit(given))
    with pytest.raises(StateError) as caught:
        move(home, file)
    assert f"[{rule}]" in caught.value.what
    check_none(home)
    assert not (home.root / LOCK_FILE).exists()
    assert not [path for path in home.root.rglob("*") if path.is_file() and path.name != ".gitignore"]


@pytest.fixture
def given(tmp_path: Path) -> list[str]:
    """Lines of an export of a state in a file."""
    path = tmp_path / "given.db"
    sqlite.create(path, META)
    with closing(SqliteStore(path, writable=True)) as store:
        live(store)
        return export(store, tmp_path / "given.ndjson").read_text(encoding="utf-8").splitlines()
