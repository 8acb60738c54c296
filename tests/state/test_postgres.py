"""What only a PostgreSQL state can meet: roles, settings, poolers, and connections that end at the worst moment."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from octoplan.errors import StateError, StateLocked
from octoplan.state import server as border
from octoplan.state.address import Address, parse
from octoplan.state.interface import Begin, Missing, Sent, Status, Store
from octoplan.state.postgres import PostgresStore, create
from tests.state.conftest import EPOCH, META, NOW, at, campaign, everything, frame, frame_id, record, statuses
from tests.state.server import PATIENCE, Cable, Server, lay_cable

ONE, TWO = frame_id(1), frame_id(2)
BEGIN = Begin(frame=ONE, run="run-1", at=at(1), body=b"sealed")
SESAME = "sesame-4711"
LOST = "the connection to its server was lost"
QUOTES = ("psycopg", "relation", "fatal", "permission", "column", "syntax", "libpq", "owner", "stranger", "/tmp")  # noqa: S108


@pytest.fixture
def address(server: Server, schema: str) -> Address:
    made = parse(server.address(schema))
    create(made, META)
    return made


@contextmanager
def opened(address: Address, *, writable: bool = True) -> Iterator[PostgresStore]:
    store = PostgresStore(address, writable=writable)
    try:
        yield store
    finally:
        store.close()


@pytest.fixture
def store(address: Address) -> Iterator[PostgresStore]:
    with opened(address) as made:
        record(made, campaign({1: (1, 2), 2: (3,)}))
        yield made


@pytest.fixture
def cable(server: Server) -> Iterator[Cable]:
    with lay_cable(server) as laid:
        yield laid


def refusal(act: Callable[[], object], words: str) -> StateError:
    """Do what must fail; the error, which must be in our words."""
    with pytest.raises(StateError) as caught:
        act()
    said = f"{caught.value.what} {caught.value.hint}".lower()
    assert words in caught.value.what
    assert not [each for each in (*QUOTES, SESAME) if each in said], said
    return caught.value


def look(address: Address, *, writable: bool = False) -> tuple[object, ...]:
    with opened(address, writable=writable) as store:
        return everything(store)


def role(server: Server, name: str, schema: str, *rights: str) -> Address:
    """Make a role with these rights on a schema's tables, and log in by it."""
    server.ask(f"DROP ROLE IF EXISTS {name}")
    server.ask(f"CREATE ROLE {name} LOGIN PASSWORD '{SESAME}'")
    server.ask(f"GRANT USAGE ON SCHEMA {schema} TO {name}")
    for right in rights:
        server.ask(f"GRANT {right} ON ALL TABLES IN SCHEMA {schema} TO {name}")
    return parse(server.address(schema, user=name))


@pytest.fixture
def reader(server: Server, store: Store, schema: str) -> Iterator[Address]:
    yield role(server, "reading", schema, "SELECT")
    server.ask("DROP OWNED BY reading")


def test_a_role_that_may_only_read_sees_everything_and_changes_nothing(
    store: PostgresStore, address: Address, reader: Address
) -> None:
    store.commit(EPOCH, [BEGIN])
    before = everything(store)
    assert look(reader) == look(address) == before
    with opened(reader, writable=True) as trying:
        refusal(lambda: trying.commit(EPOCH, [BEGIN]), "access is denied")
        refusal(trying.unlock, "access is denied")
    assert everything(store) == before


def test_a_reading_store_is_refused_by_the_server_too(store: PostgresStore, address: Address) -> None:
    with opened(address, writable=False) as reading, pytest.raises(StateError, match="it is read-only"):
        reading._read("UPDATE meta SET value = '2' WHERE name = 'epoch' RETURNING value")
    assert store.clearance(EPOCH).holds


def test_a_role_without_rights_is_told_so(server: Server, address: Address, schema: str) -> None:
    refusal(lambda: look(role(server, "nosy", schema)), "access is denied")
    server.ask(f"REVOKE USAGE ON SCHEMA {schema} FROM nosy")
    refusal(lambda: look(parse(server.address(schema, user="nosy"))), "access is denied")


def test_rows_that_a_policy_hides_are_an_error_and_not_a_state_without_them(
    server: Server, reader: Address, schema: str
) -> None:
    server.ask(f"ALTER TABLE {schema}.messages ENABLE ROW LEVEL SECURITY")
    refusal(lambda: look(reader), "access is denied")


def test_a_password_comes_from_the_environment_or_a_passfile_and_is_never_repeated(
    server: Server, address: Address, schema: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = role(server, "stranger", schema, "SELECT")
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "none"))
    refusal(lambda: look(stranger), "refuses us: user, password or database")
    monkeypatch.setenv("PGPASSWORD", f"{SESAME}-no")
    refusal(lambda: look(stranger), "refuses us: user, password or database")
    monkeypatch.setenv("PGPASSWORD", SESAME)
    assert look(stranger)
    monkeypatch.delenv("PGPASSWORD")
    passfile = tmp_path / "pass"
    passfile.write_text(f"*:*:*:stranger:{SESAME}\n", encoding="ascii")
    passfile.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(passfile))
    with opened(stranger, writable=False) as store:
        assert everything(store)
        assert SESAME not in f"{store!r}{stranger!r}"
    server.ask("DROP OWNED BY stranger")


def test_a_server_or_database_that_is_not_there_is_one_clear_error(server: Server, tmp_path: Path) -> None:
    refusal(lambda: look(parse(f"postgresql://owner@/postgres?host={tmp_path}")), "does not answer")
    refusal(lambda: look(parse(f"postgresql://owner@/nowhere?host={server.folder}")), "refuses us")


def test_a_schema_without_a_state_is_missing_and_not_empty(server: Server, schema: str) -> None:
    there = parse(server.address(schema))
    for _ in range(2):
        with pytest.raises(Missing):
            look(there)
        server.ask(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    create(there, META)
    assert look(there)


def test_a_state_is_never_made_over_another_one(address: Address, store: PostgresStore) -> None:
    before = everything(store)
    refusal(lambda: create(address, META), "exists already")
    assert everything(store) == before


def test_a_state_that_cannot_be_made_whole_is_not_made(server: Server, schema: str) -> None:
    server.ask(f"CREATE SCHEMA {schema}; CREATE TABLE {schema}.messages (text TEXT)")
    refusal(lambda: create(parse(server.address(schema)), META), "exists already")
    assert server.ask("SELECT relname FROM pg_class WHERE relnamespace = %s::regnamespace", schema) == ["messages"]


def test_a_database_that_is_not_in_utf_8_is_refused(server: Server, schema: str) -> None:
    server.ask("DROP DATABASE IF EXISTS latin")
    server.ask("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LOCALE 'C'")
    there = parse(server.address(schema).replace("/postgres?", "/latin?"))
    refusal(lambda: create(there, META), "not in UTF-8")


def test_a_pooler_is_refused_for_no_lock_holds_through_it(address: Address, cable: Cable, schema: str) -> None:
    there = parse(cable.address(schema))
    assert look(there) == look(address)
    cable.renames = True
    for writable in (True, False):
        refusal(lambda writable=writable: look(there, writable=writable), "a connection pooler")  # type: ignore[misc] # mypy asks for the type of the default
    refusal(lambda: create(there, META), "a connection pooler")


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE meta SET value = '3' WHERE name = 'format'", "format 3; this octoplan reads up to 2"),
        ("UPDATE meta SET value = 'many' WHERE name = 'format'", "no octoplan state, or it is damaged"),
        ("DELETE FROM meta WHERE name = 'serial'", "no octoplan state, or it is damaged"),
        ("DELETE FROM meta WHERE name = 'lineage'", "no octoplan state, or it is damaged"),
        ("ALTER TABLE meta DROP COLUMN value", "no octoplan state, or it is damaged"),
        ("DROP TABLE messages", "it is damaged or no state"),
        ("UPDATE frames SET first_attempt = 'yesterday, for +33600000123'", "it is damaged or no state"),
        ("UPDATE frames SET cost = 'dear'", "it is damaged or no state"),
        ("UPDATE campaigns SET definition = '{'", "it is damaged or no state"),
    ],
)
def test_what_no_octoplan_wrote_is_refused(
    server: Server, store: PostgresStore, address: Address, statement: str, words: str
) -> None:
    server.ask(f"SET search_path = {address.schema}; {statement}")
    for writable in (True, False):
        refusal(lambda writable=writable: look(address, writable=writable), words)  # type: ignore[misc] # as above


@pytest.mark.parametrize("code", sorted(psycopg.errors._sqlcodes))
def test_every_error_of_the_server_becomes_one_of_ours(code: str) -> None:
    with pytest.raises(StateError) as caught, border.mapped():
        raise psycopg.errors.lookup(code)(f"for +33600000123, {SESAME}")
    assert caught.value.what.startswith("the state cannot be used: ")
    assert SESAME not in f"{caught.value.what}{caught.value.hint}"


def test_durability_and_patience_are_ours_whatever_the_role_is_set_to(
    server: Server, store: PostgresStore, schema: str
) -> None:
    careless = role(server, "careless", schema, "SELECT, INSERT, UPDATE, DELETE")
    for setting in (
        "synchronous_commit = off",
        "statement_timeout = '1min'",
        "default_transaction_isolation = serializable",
        "default_transaction_read_only = on",
        "search_path = pg_catalog",
        "idle_session_timeout = '1min'",
    ):
        server.ask(f"ALTER ROLE careless SET {setting}")
    with opened(careless) as other:
        assert other._writer is not None
        found = {
            name: (other._writer.execute(f"SHOW {name}".encode()).fetchone() or {})[name]
            for name in (
                "synchronous_commit",
                "statement_timeout",
                "lock_timeout",
                "row_security",
                "idle_session_timeout",
            )
        }
        assert found == {
            "synchronous_commit": "on",
            "statement_timeout": "0",
            "lock_timeout": "30s",
            "row_security": "off",
            "idle_session_timeout": "0",
        }
        assert other.commit(EPOCH, [BEGIN]) == (True,)
    assert statuses(store)[1] == "sending"
    server.ask("DROP OWNED BY careless")


def test_what_was_committed_survives_a_crash_of_the_server(server: Server, address: Address) -> None:
    store = PostgresStore(address, writable=True)
    record(store, campaign({number: (number,) for number in range(1, 30)}))
    begun = [Begin(frame=frame_id(number), run="run-1", at=NOW, body=b"sealed") for number in range(1, 30)]
    assert all(store.commit(EPOCH, [each])[0] for each in begun)
    server.stop(signal.SIGQUIT)
    refusal(lambda: store.commit(EPOCH, [Sent(frame=ONE, run="run-1", at=NOW)]), LOST)
    store.close()
    server.start()
    with opened(address) as after:
        assert len(list(after.frames(Status.SENDING))) == 29
        assert after.body(ONE) == b"sealed"


def test_the_lock_ends_with_the_connection_that_writes_and_the_store_notices_at_once(
    server: Server, store: PostgresStore, address: Address
) -> None:
    with store.lock(), opened(address) as other:
        assert store.clearance(EPOCH).holds
        with pytest.raises(StateLocked), other.lock():
            pass
        assert server.terminate(writing=True) == 1
        refusal(lambda: store.clearance(EPOCH).holds, LOST)
        with other.lock():
            refusal(lambda: store.clearance(EPOCH).holds, LOST)
            refusal(lambda: store.commit(EPOCH, [BEGIN]), LOST)
        refusal(lambda: store.clearance(EPOCH).holds, LOST)
    assert look(address)[0] == other_identity(address)
    assert statuses_at(address) == {1: "planned", 2: "planned", 3: "planned"}


def other_identity(address: Address) -> object:
    with opened(address, writable=False) as store:
        return store.identity


def statuses_at(address: Address) -> dict[int, str]:
    with opened(address, writable=False) as store:
        return statuses(store)


def test_a_lock_let_go_of_behind_our_back_is_noticed_though_both_connections_live(store: PostgresStore) -> None:
    with store.lock():
        assert store._writer is not None
        store._writer.execute("SELECT pg_advisory_unlock_all()")
        refusal(lambda: store.clearance(EPOCH).holds, LOST)
        assert store.commit(EPOCH, []) == ()


def test_the_connection_that_reads_may_end_first_and_then_nothing_is_known(
    server: Server, store: PostgresStore
) -> None:
    with store.lock():
        assert server.terminate(writing=False) == 1
        refusal(lambda: store.clearance(EPOCH).holds, LOST)
        refusal(lambda: list(store.messages("autumn-sale", 1)), LOST)


def test_one_store_takes_its_lock_once(store: PostgresStore) -> None:
    with store.lock():
        with pytest.raises(StateLocked), store.lock():
            pass
        assert store.clearance(EPOCH).holds


def test_a_copy_of_a_state_in_another_schema_has_the_same_lock(
    store: PostgresStore, server: Server, other_schema: str
) -> None:
    copy = parse(server.address(other_schema))
    create(copy, META)
    with store.lock(), opened(copy) as other, pytest.raises(StateLocked), other.lock():
        pass


def await_end_of(server: Server, session: int) -> None:
    """Wait until a session has done what had arrived for it, and has seen that nobody is there any more."""
    until = time.monotonic() + PATIENCE
    while server.ask("SELECT 1 FROM pg_stat_activity WHERE pid = %s", session):
        assert time.monotonic() < until, "the server does not end it"
        time.sleep(0.01)


@pytest.mark.parametrize(("arrives", "status"), [(True, Status.SENDING), (False, Status.PLANNED)])
def test_a_commit_whose_answer_was_lost_is_never_taken_for_made_or_not_made(
    store: PostgresStore,
    cable: Cable,
    schema: str,
    arrives: bool,  # noqa: FBT001 - a parameter of the test
    status: Status,
) -> None:
    cable.arrives = arrives
    with opened(parse(cable.address(schema))) as far, far.lock():
        assert far._writer is not None
        session = far._writer.info.backend_pid
        cable.cut_at = b"COMMIT\0"
        refusal(lambda: far.commit(EPOCH, [BEGIN]), LOST)
        assert cable.cuts == 1
        cable.cut_at = b""
        refusal(lambda: far.clearance(EPOCH), LOST)
        refusal(lambda: far.commit(EPOCH, [BEGIN]), LOST)
    await_end_of(cable.server, session)
    assert frame(store, 1).status is status
    with store.lock() as epoch:
        assert epoch == EPOCH


def test_a_commit_that_no_longer_waits_for_its_standby_is_not_taken_for_durable(
    server: Server, store: PostgresStore
) -> None:
    server.ask("ALTER SYSTEM SET synchronous_standby_names = 'elsewhere'")
    server.ask("SELECT pg_reload_conf()")
    try:
        time.sleep(0.3)
        stopping = threading.Thread(target=cancel_waiting, args=(server,))
        stopping.start()
        refusal(lambda: store.commit(EPOCH, [BEGIN]), "its server was told to stop")
        stopping.join()
    finally:
        server.ask("ALTER SYSTEM RESET synchronous_standby_names")
        server.ask("SELECT pg_reload_conf()")
    assert frame(store, 1).status is Status.SENDING
    assert store.commit(EPOCH, [Sent(frame=ONE, run="run-1", at=NOW)]) == (True,)


def cancel_waiting(server: Server) -> None:
    """Cancel the commit that waits for a standby, as soon as one does."""
    asked = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
    until = time.monotonic() + PATIENCE
    while not server.ask(asked):
        assert time.monotonic() < until, "nothing waits"
        time.sleep(0.02)


WARNS = """
CREATE FUNCTION warn() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN RAISE WARNING ''terminating connection'' USING ERRCODE = ''57P02''; RETURN NULL; END';
CREATE CONSTRAINT TRIGGER warns AFTER UPDATE ON frames DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION warn()
"""


def test_a_server_that_says_at_the_commit_that_it_ends_is_lost(
    server: Server, schema: str, store: PostgresStore
) -> None:
    server.ask(f"SET search_path = {schema}; {WARNS}")
    refusal(lambda: store.commit(EPOCH, [BEGIN]), LOST)


def test_a_transaction_of_another_is_waited_for_and_not_for_ever(
    store: PostgresStore, address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(border._SETTINGS, "lock_timeout", "200ms")
    with opened(address) as other:
        assert store._writer is not None
        with store._writer.transaction():
            store._writer.execute("SELECT value FROM meta WHERE name = 'epoch' FOR UPDATE")
            refusal(lambda: other.commit(EPOCH, [BEGIN]), "another program holds it")
        assert other.commit(EPOCH, [BEGIN]) == (True,)


def test_a_process_that_is_stopped_in_a_transaction_does_not_hold_it_for_ever(store: PostgresStore) -> None:
    assert store._writer is not None
    found = store._writer.execute("SHOW idle_in_transaction_session_timeout").fetchone()
    assert found == {"idle_in_transaction_session_timeout": "1min"}


def test_reading_leaves_no_transaction_open_however_far_it_went(server: Server, store: PostgresStore) -> None:
    batches = store.messages("autumn-sale", 1)
    assert len(next(batches)) == 3
    states = "SELECT state FROM pg_stat_activity WHERE application_name ~ '^octoplan process '"
    assert set(server.ask(states)) == {"idle"}
    batches.close()  # type: ignore[attr-defined] # a generator here
    assert [len(batch) for batch in store.messages("autumn-sale", 1)] == [3]


def test_a_stream_shows_the_state_as_it_was_at_its_beginning(store: PostgresStore) -> None:
    record(store, campaign({3: range(1, 45_001)}, name="large"), run="run-2")
    batches = store.messages("large", 1)
    first = next(batches)
    store.commit(EPOCH, [Begin(frame=frame_id(3), run="run-2", at=NOW, body=b"")])
    rest = [one for batch in batches for one in batch]
    assert {one.status for one in (*first, *rest)} == {Status.PLANNED}
    assert [one.person for one in (*first, *rest)] == list(range(1, 45_001))


def test_people_who_are_known_and_people_who_are_new_are_placed_together(store: PostgresStore) -> None:
    record(store, campaign({3: (2, 3, 4, 5)}), run="run-2")
    assert statuses(store) == {1: "free", 2: "planned", 3: "planned", 4: "planned", 5: "planned"}
    record(store, campaign({4: (1,)}), run="run-3")
    assert statuses(store) == {1: "planned", 2: "free", 3: "free", 4: "free", 5: "free"}


def test_the_holder_is_named_with_its_machine(address: Address) -> None:
    script = f"""
import sys
from octoplan.state.address import Address
from octoplan.state.postgres import PostgresStore
with PostgresStore(Address(uri={address.uri!r}, schema={address.schema!r}), writable=True).lock():
    print("held", flush=True)
    sys.stdin.read()
"""
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with (
            opened(address) as store,
            pytest.raises(StateLocked, match=rf"\(process {holder.pid} on \S+\)"),
            store.lock(),
        ):
            pass
        holder.kill()
