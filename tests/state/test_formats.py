"""A state of an earlier format is read as it is, and becomes one of the latest format whole or not at all."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from octoplan.state import exports
from octoplan.state.address import parse
from octoplan.state.checking import check
from octoplan.state.home import Home
from octoplan.state.interface import FORMAT, Begin, Delivery, Sent, Store
from octoplan.state.postgres import PostgresStore
from tests.state.ageing import age, change, shape
from tests.state.conftest import EPOCH, Bench, at, campaign, everything, frame_id, record, run_record
from tests.state.given import changed, export, of, write_lines
from tests.state.server import Server
from tests.state.test_moving import HALTS, given, live, move, opened, place  # noqa: F401 - fixtures among them

KILLED = """
import os, signal, sys
from pathlib import Path
from octoplan.state import formats
from octoplan.state.store import SqlStore
from tests.state.conftest import KINDS

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

kind, folder, moment = sys.argv[1:]
texts = formats.texts
if moment == "half":
    whole = texts(1)[0]
    half = whole[: whole.index(";", len(whole) // 2) + 1]
    import octoplan.state.server as server
    cut = lambda after=0: (yield half) or die() or ()
    formats.texts = server.texts = cut
store = KINDS[kind].open(Path(folder), True)
if moment != "half":
    upgrade = SqlStore._upgrade
    def upgraded(self, epoch):
        if moment == "after commit":
            upgrade(self, epoch)
            die()
        with self._transaction() as writer:
            writer.upgrade(1)
            die()
    SqlStore._upgrade = upgraded
with store.lock():
    pass
"""


@pytest.fixture
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.node.callspec.params["bench"]
    return found


@pytest.fixture
def before(bench: Bench) -> tuple[object, ...]:
    """What a state of the first format holds; that state is the bench's."""
    store = bench.open()
    live(store)
    said = told(store)
    age(bench)
    return said


def told(store: Store) -> tuple[object, ...]:
    """All that a state says but for its format and serial."""
    identity, *rest = everything(store)
    assert identity == store.identity
    return (store.identity.lineage, store.identity.epoch, *rest, store.breaches(), tuple(store.all_frames()))


def test_a_state_of_the_first_format_is_read_as_one_to_which_nothing_new_happened(
    bench: Bench, before: tuple[object, ...]
) -> None:
    for writable in (False, True):
        store = bench.open(writable=writable)
        assert told(store) == before
        assert store.responses() == {}
        assert (store.last_optout(), list(store.optouts()), store.opted_out((10, 11))) == (0, [], frozenset())
        assert [*store.deliveries(), *store.replies(), *store.all_skipped(), *store.forgotten()] == []
        assert [*store.skipped("autumn-sale", 1), *store.suppressed()] == []
        assert store.told_of(10) == ()
        assert check(of(store), 1).broken == ()
        assert store.identity.format == 1


def test_whoever_holds_it_has_it_in_the_latest_format_with_all_that_it_held(
    bench: Bench, before: tuple[object, ...], tmp_path: Path
) -> None:
    other = bench.open(writable=False)
    store = bench.open()
    serial = store.identity.serial
    with store.lock() as epoch:
        assert epoch == EPOCH
        assert store.identity.format == FORMAT
        assert told(store) == before
    assert told(other) == before
    assert store.identity.serial == serial + 1
    with store.lock():
        assert store.identity.serial == serial + 1
    assert shape(bench) == shape(made_new(bench))


def made_new(bench: Bench) -> Bench:
    """Make another state in the place of this one, of the latest format from the beginning."""
    bench.close()
    url = bench.folder / "url"
    if url.exists():
        schema = parse(url.read_text(encoding="utf-8")).schema
        change(bench, f"DROP SCHEMA {schema} CASCADE")
    else:
        (bench.folder / "state.db").unlink()
    bench.kind.make(bench.folder)
    return bench


def test_a_state_that_was_upgraded_works_on(bench: Bench, before: tuple[object, ...]) -> None:
    store = bench.open()
    assert all(store.resume(flag.campaign) for flag in HALTS)
    with store.lock():
        first, *_ = campaign({31: (10, 11)}, edition=3).frames
        new = replace(campaign({31: (10, 11)}, edition=3), frames=[replace(first, wave=2, arm="b", opens="0-9")])
        store.record(run_record("run-9"), EPOCH, [replace(new, skipped=[[(12, "cap")]])])
        begun = Begin(frame=frame_id(31), run="run-9", at=at(9), body=b"sealed")
        assert all(store.commit(EPOCH, [begun, Sent(frame=frame_id(31), run="run-9", at=at(9), ticket="sms_31")]))
    assert store.hear([Delivery(ticket="sms_31", person=10, status="DELIVERED", at=at(10))]) == 1
    kept = bench.open(writable=False).frame(frame_id(31))
    assert (kept.wave, kept.arm, kept.opens) == (2, "b", "0-9")
    assert [(one.person, one.why) for batch in store.skipped("autumn-sale", 3) for one in batch] == [(12, "cap")]
    assert store.responses()["autumn-sale", 3].delivered == 1


@pytest.mark.parametrize(("moment", "found"), [("half", 1), ("before the commit", 1), ("after commit", FORMAT)])
def test_killed_in_the_middle_of_it_a_state_is_of_one_format_or_the_other(
    bench: Bench, kind: str, before: tuple[object, ...], moment: str, found: int
) -> None:
    bench.close()
    done = subprocess.run([sys.executable, "-c", KILLED, kind, bench.folder, moment], check=False, capture_output=True)
    assert done.returncode == -9, done.stderr.decode()
    store = bench.open()
    assert store.identity.format == found
    assert told(store) == before
    with store.lock():
        assert told(store) == before
        record(store, campaign({41: (99,)}, name="later"), run="run-8")
    assert store.identity.format == FORMAT


def test_a_role_that_may_only_read_reads_it_before_and_after(server: Server, bench: Bench, kind: str) -> None:
    if kind != "postgres":
        pytest.skip("a file has no roles")
    live(bench.open())
    age(bench)
    address = (bench.folder / "url").read_text(encoding="utf-8")
    schema = parse(address).schema
    server.ask(f'CREATE ROLE "reads {schema}" LOGIN')
    reader = f'"reads {schema}"'
    server.ask(f"GRANT USAGE ON SCHEMA {schema} TO {reader}; GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {reader}")
    there = parse(address.replace("owner@", f"reads%20{schema}@"))
    try:
        for _ in range(2):
            looking = PostgresStore(there, writable=False)
            assert len(list(looking.frames())) > 7
            assert (looking.responses(), looking.last_optout()) == ({}, 0)
            looking.close()
            with bench.open().lock():
                pass
    finally:
        bench.close()
        server.ask(f"DROP OWNED BY {reader}; DROP ROLE {reader}")


def test_an_export_of_the_first_format_is_moved_in(
    place: Callable[[str], Home],  # noqa: F811 - a fixture
    given: list[str],  # noqa: F811
    tmp_path: Path,
) -> None:
    header, *lines, end = given
    kinds = ("campaign", "run", "frame", "message")
    first = [
        changed(line, opens=..., wave=..., arm=..., due=...) if '"kind":"frame"' in line else line
        for line in lines
        if any(f'"kind":"{kind}"' in line for kind in kinds)
    ]
    whole = [changed(header, format=1), *first, changed(end, lines=len(first))]
    for target in ("sqlite", "postgres"):
        home = place(target)
        move(home, write_lines(tmp_path / "first.ndjson", whole))
        with opened(home) as store:
            assert store.identity.format == FORMAT
            assert {one.arm for one in store.frames()} == {""}
    with pytest.raises(Exception, match="import/key"):
        move(place("sqlite"), write_lines(tmp_path / "mixed.ndjson", [changed(header, format=1), *lines, end]))


def test_a_state_of_the_first_format_is_exported_in_that_of_its_lines_and_moves(
    bench: Bench,
    before: tuple[object, ...],
    place: Callable[[str], Home],  # noqa: F811 - a fixture
    tmp_path: Path,
) -> None:
    store = bench.open(writable=False)
    assert (told(store), store.identity.format) == (before, 1)
    home = place("sqlite")
    move(home, export(store, tmp_path / "aged.ndjson"))
    with opened(home) as moved:
        assert [one.id for one in moved.frames()] == [one.id for one in store.frames()]


def test_exports_stay_what_they_were() -> None:
    assert exports.VERSION == 1
