"""The SQLite state as a file: who may touch it, what is in its bytes, and what happens when it is not what it was."""

import random
import secrets
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from octoplan.errors import StateError, StateLocked
from octoplan.state import database
from octoplan.state.interface import Begin, Sent, Status
from octoplan.state.keys import derive
from octoplan.state.places import find
from octoplan.state.sqlite import SqliteStore
from tests.state.conftest import EPOCH, META, NOW, campaign, everything, frame_id, record

KEYS = derive("correct horse battery staple", "0123456789abcdef")
ADDRESS = "+33600000123"
QUOTES = ("sqlite", "no such table", "disk image", "malformed", "unable to open", "not a database", "datatype")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "state.db"
    database.create(made, META)
    return made


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(path, writable=True)
    yield opened
    with suppress(StateError):
        opened.close()


def refusal(path: Path, *, writable: bool = True) -> StateError:
    """Open what must not be opened, look at it; the error, which must be in our words and leave the file as it was."""
    before = path.read_bytes()
    with pytest.raises(StateError) as caught:
        everything_in(path, writable=writable)
    said = f"{caught.value.what} {caught.value.hint}".lower()
    assert not [words for words in QUOTES if words in said], said
    assert path.read_bytes() == before
    return caught.value


def everything_in(path: Path, *, writable: bool) -> None:
    store = SqliteStore(path, writable=writable)
    try:
        everything(store)
    finally:
        store.close()


def bytes_of(path: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in path.parent.iterdir()}


def test_only_the_owner_may_read_any_file_of_a_state(store: SqliteStore) -> None:
    record(store, campaign({1: (1,)}))
    with store.lock():
        modes = {file.name: file.stat().st_mode & 0o777 for file in store.path.parent.iterdir()}
    assert modes == dict.fromkeys(("state.db", "state.db-wal", "state.db-shm", "state.db.lock.1"), 0o600)


def test_no_state_is_made_beside_the_log_of_one_that_lay_there(path: Path, store: SqliteStore) -> None:
    record(store, campaign({1: (1,)}))
    log = path.with_name("state.db-wal")
    left = log.read_bytes()
    store.close()
    path.unlink()
    log.write_bytes(left)
    for make in (partial(database.create, path, META), find(path.parent, path.name).check_free):
        with pytest.raises(StateError, match=r"state\.db-wal is left of a state that lay here") as caught:
            make()
        assert "put state.db back" in caught.value.hint
        assert bytes_of(path) == {"state.db-wal": left}
    log.write_bytes(b"")
    database.create(path, META)
    with closing(SqliteStore(path, writable=False)) as made:
        assert made.campaigns() == ()


def linked(path: Path, folder: Path) -> Path:
    """Make a folder from which a link leads to the state."""
    folder.mkdir(mode=0o700)
    link = folder / "production.db"
    link.symlink_to(path)
    return link


def test_a_state_that_several_links_lead_to_is_held_by_one(path: Path, store: SqliteStore) -> None:
    with store.lock():
        for name in ("first", "second"):
            link = linked(path, path.with_name(name))
            with closing(SqliteStore(link, writable=True)) as other, pytest.raises(StateLocked), other.lock():
                pass
    assert sorted(file.name for file in path.parent.glob("*/*")) == ["production.db"] * 2


@pytest.mark.parametrize("folder", ["its own", "the link's"])
def test_neither_the_folder_of_a_link_nor_that_of_the_state_may_be_written_by_others(
    folder: str, tmp_path: Path
) -> None:
    path = tmp_path / "far" / "state.db"
    database.create(path, META)
    link = linked(path, tmp_path / "near")
    (path if folder == "its own" else link).parent.chmod(0o777)
    assert "others may write to the folder" in refusal(link).what


def test_a_log_that_is_emptied_while_a_state_is_looked_at_is_no_damage(
    path: Path, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    stat, looked = Path.stat, [0]

    def stat_and_empty(file: Path, **other: Any) -> Any:
        found = stat(file, **other)
        looked[0] += file == path
        if looked[0] == at:
            store.scrub()
        return found

    for at in range(1, 4):
        looked[0] = 0
        store.note(EPOCH, f"note-{at}", "note" * 10_000)
        with monkeypatch.context() as patched:
            patched.setattr(Path, "stat", stat_and_empty)
            database.check_file(path)


def test_pages_that_contradict_each_other_are_damage(path: Path, store: SqliteStore) -> None:
    record(store, campaign({1: (1,)}))
    assert [one.rule for one in store.breaches()] == ["run/not-ended"]
    store.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        wrong = "replace(sql, 'IS NOT NULL', 'IS NULL')"  # an index that lacks what it must have
        connection.execute(f"UPDATE sqlite_schema SET sql = {wrong} WHERE name = 'frames_ticket'")
    with closing(SqliteStore(path, writable=False)) as damaged, pytest.raises(StateError, match="it is damaged"):
        damaged.breaches()


def test_making_a_state_leaves_nothing_else_behind(path: Path) -> None:
    assert [file.name for file in path.parent.iterdir()] == ["state.db"]


def test_a_state_is_never_made_over_another_one(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(StateError, match="exists already"):
        database.create(path, META)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["state.db"]


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_state_that_others_may_write_is_refused(path: Path, mode: int) -> None:
    path.chmod(mode)
    assert "others may write" in refusal(path).what


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777])
def test_a_state_in_a_folder_that_others_may_write_is_refused_and_none_is_made_there(path: Path, mode: int) -> None:
    path.parent.chmod(mode)  # whoever may write there may put another state in this one's place
    assert refusal(path).what == "others may write to the folder of state.db"
    with pytest.raises(StateError, match=r"others may write to the folder of other\.db"):
        database.create(path.with_name("other.db"), META)
    assert [file.name for file in path.parent.iterdir()] == ["state.db"]


def test_a_folder_where_everybody_may_write_but_nobody_replace_is_one_for_a_state(path: Path) -> None:
    path.parent.chmod(0o1777)
    everything_in(path, writable=True)


def test_a_missing_state_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="cannot be used: No such file"):
        SqliteStore(tmp_path / "state.db", writable=True)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.1, 0.5, 0.99])
@pytest.mark.parametrize("writable", [True, False])
def test_a_truncated_state_is_refused(path: Path, store: SqliteStore, share: float, writable: bool) -> None:  # noqa: FBT001
    record(store, campaign({1: range(2_000)}))
    store.close()
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    assert "truncated or no state" in refusal(path, writable=writable).what


@pytest.mark.parametrize("start", [b"", b"SQLite format 3\x00", b"\x1f\x8b"])
def test_a_file_of_random_bytes_is_refused(tmp_path: Path, start: bytes) -> None:
    path = tmp_path / "state.db"
    path.write_bytes(start + random.Random(5).randbytes(8192))  # noqa: S311 - the same bytes each time
    path.chmod(0o600)
    refusal(path)


def test_another_database_is_no_state(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE meta (name, value)")
    path.chmod(0o600)
    with pytest.raises(StateError, match="no octoplan state"):
        SqliteStore(path, writable=True)


def test_damaged_bytes_end_in_one_clear_error_or_in_the_truth(path: Path, store: SqliteStore) -> None:
    record(store, campaign({1: range(500), 2: range(500, 900)}))
    store.commit(EPOCH, [Begin(frame=frame_id(1), run="run-1", at=NOW, body=secrets.token_bytes(9_000))])
    store.close()
    whole = path.read_bytes()
    chance = random.Random(7)  # noqa: S311 - the same damage each time
    refused = 0
    for _ in range(60):
        damaged = bytearray(whole)
        for _ in range(chance.choice((1, 40))):
            damaged[chance.randrange(100, len(whole))] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        refused += said_clearly(path)
    assert refused > 5


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE meta SET value = '3' WHERE name = 'format'", "format 3; this octoplan reads up to 2"),
        ("UPDATE meta SET value = 'many' WHERE name = 'format'", "no octoplan state, or it is damaged"),
        ("DELETE FROM meta WHERE name = 'serial'", "no octoplan state, or it is damaged"),
        ("DELETE FROM meta WHERE name = 'lineage'", "no octoplan state, or it is damaged"),
        ("DROP TABLE meta", "no octoplan state, or it is damaged"),
        ("UPDATE frames SET first_attempt = 'yesterday, for +33600000123'", "it is damaged or no state"),
        ("UPDATE frames SET cost = 'dear'", "it is damaged or no state"),
        ("UPDATE campaigns SET definition = '{'", "it is damaged or no state"),
    ],
)
def test_what_no_octoplan_wrote_is_refused(path: Path, store: SqliteStore, statement: str, words: str) -> None:
    record(store, campaign({1: (1,)}))
    store.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(statement)
    assert words in refusal(path).what


@pytest.mark.parametrize("writable", [True, False])
def test_a_schema_that_is_no_text_any_more_is_refused(path: Path, writable: bool) -> None:  # noqa: FBT001
    path.write_bytes(path.read_bytes().replace(b"CREATE TABLE messages", b"CREATE TABLE\xfe\xffessages"))
    assert "it is damaged or no state" in refusal(path, writable=writable).what


@pytest.mark.parametrize("size", [100, 3_000, 40_000])
def test_a_body_is_encrypted_while_its_frame_is_open_and_gone_afterwards(
    path: Path, store: SqliteStore, size: int
) -> None:
    body = ADDRESS.encode() + secrets.token_bytes(size)
    record(store, campaign({number: (number,) for number in range(1, 30)}))
    sealed = {frame_id(n): KEYS.seal(frame_id(n), body, secrets.token_bytes) for n in range(1, 30)}
    store.commit(EPOCH, [Begin(frame=n, run="run-1", at=NOW, body=one) for n, one in sealed.items()])
    assert KEYS.unseal(frame_id(1), store.body(frame_id(1))) == body
    held = bytes_of(path)
    assert held["state.db-wal"]
    assert not [name for name, content in held.items() if ADDRESS.encode() in content]
    some = sorted(sealed)[:-1]
    for start in range(0, len(some), 4):
        store.commit(EPOCH, [Sent(frame=name, run="run-1", at=NOW) for name in some[start : start + 4]])
    assert [one.id for one in store.frames(Status.SENDING)] == sorted(sealed)[-1:]
    store.close()
    left = b"".join(bytes_of(path).values())
    for name in some:
        pieces = [sealed[name][start : start + 24] for start in range(0, len(sealed[name]) - 24, 1_009)]
        assert not [piece for piece in pieces if piece in left], "erased bytes are still readable"


def test_nothing_erased_stays_in_the_log_even_if_somebody_reads_meanwhile(path: Path, store: SqliteStore) -> None:
    sealed = KEYS.seal(frame_id(1), secrets.token_bytes(5_000), secrets.token_bytes)
    record(store, campaign({1: (1,)}))
    store.commit(EPOCH, [Begin(frame=frame_id(1), run="run-1", at=NOW, body=sealed)])
    reader = SqliteStore(path, writable=False)
    assert reader.body(frame_id(1)) == sealed
    store.commit(EPOCH, [Sent(frame=frame_id(1), run="run-1", at=NOW)])
    store.close()
    assert sealed[100:130] not in b"".join(bytes_of(path).values())
    reader.close()


def test_whoever_reads_on_while_something_is_erased_is_told_of_and_keeps_nobody_waiting(
    path: Path, store: SqliteStore
) -> None:
    sealed = KEYS.seal(frame_id(1), secrets.token_bytes(5_000), secrets.token_bytes)
    record(store, campaign({1: (1,)}))
    store.commit(EPOCH, [Begin(frame=frame_id(1), run="run-1", at=NOW, body=sealed)])
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT sealed FROM bodies").fetchone()
        store.commit(EPOCH, [Sent(frame=frame_id(1), run="run-1", at=NOW)])
        assert store._writer is not None
        store._writer.execute("PRAGMA busy_timeout = 10")
        with pytest.raises(StateError, match="copies of it are still in the file"):
            store.scrub()
        begun = time.monotonic()
        store.close()
        assert time.monotonic() - begun < 10
        assert sealed[100:130] in b"".join(bytes_of(path).values())
        reader.execute("ROLLBACK")
        SqliteStore(path, writable=True).close()
        assert sealed[100:130] not in b"".join(bytes_of(path).values())


def said_clearly(path: Path) -> bool:
    """Whether a damaged file is refused; if so, in our words."""
    try:
        everything_in(path, writable=False)
    except StateError as error:
        said = error.what.lower()
    else:
        return False
    assert not [words for words in QUOTES if words in said]
    return True


def test_a_full_disk_is_told_and_leaves_a_state_that_works(path: Path) -> None:
    script = f"""
import resource, signal
from octoplan.errors import StateError
from octoplan.state.sqlite import SqliteStore
from octoplan.state.interface import Begin
from tests.state.conftest import NOW, campaign, record, frame_id
from pathlib import Path
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = SqliteStore(Path({str(path)!r}), writable=True)
record(store, campaign({{1: (1,), 2: (2,)}}))
resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, resource.RLIM_INFINITY))
try:
    store.commit(1, [Begin(frame=frame_id(1), run="run-1", at=NOW, body=bytes(400_000))])
except StateError as error:
    print(error.what)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(store.commit(1, [Begin(frame=frame_id(2), run="run-1", at=NOW, body=b"small")]))
print([str(frame.status) for frame in store.frames()])
store.close()
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=30)
    first, *rest = done.stdout.splitlines()
    assert first in (
        "the state cannot be used: the disk reports an error",
        "the state cannot be used: the disk is full",
    )
    assert rest == ["(True,)", "['planned', 'sending']"]
