import os
import sqlite3
import stat
import threading
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from octoplan.sandbox.core import Sandbox
from octoplan.sandbox.errors import NewerFormat, StorageError
from octoplan.sandbox.queries import TICKETS
from octoplan.sandbox.records import Query
from octoplan.sandbox.storage import Storage

Ask = Callable[..., tuple[int, dict[str, Any]]]
Make = Callable[..., dict[str, Any]]


def damage(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()


def test_messages_ids_and_credit_survive_a_restart(tmp_path: Path, clock: Any, ask: Ask, sms: Make) -> None:
    path = tmp_path / "inbox.db"
    request = sms(metadata={"request_id": "a1"}, list_name="spring")
    with Storage.at(path) as storage:
        sandbox = Sandbox(storage, clock)
        assert ask(sandbox, request)[0] == 201
        before = sandbox.messages()
    with Storage.at(path) as storage:
        sandbox = Sandbox(storage, clock)
        assert sandbox.messages() == before
        assert ask(sandbox, request)[1]["code"] == 182
        assert ask(sandbox, sms())[1]["residual_credit"] == 99999.82
        first, refused, _ = sandbox.requests()
    assert (first.code, refused.code, first.at) == (None, 182, clock.now)
    assert b'"request_id": "a1"' in first.body


def test_file_and_folder_are_for_the_owner_only(tmp_path: Path, clock: Any, ask: Ask, sms: Make) -> None:
    path = tmp_path / "private" / "inbox.db"
    with Storage.at(path) as storage:
        ask(Sandbox(storage, clock), sms())
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}


def test_the_credentials_are_nowhere_in_the_file(tmp_path: Path, clock: Any, ask: Ask, sms: Make) -> None:
    with Storage.at(tmp_path / "inbox.db") as storage:
        ask(Sandbox(storage, clock), sms())
        ask(Sandbox(storage, clock), sms(), {"api-key": "s3cret-k3y"})
        content = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"s3cret" not in content
    assert b"me@example.com" not in content


def test_a_newer_format_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "inbox.db"
    Storage.at(path).close()
    damage(path, "PRAGMA user_version = 99")
    before = path.read_bytes()
    with pytest.raises(NewerFormat, match="format 99"):
        Storage.at(path)
    assert path.read_bytes() == before


FIRST_FORMAT = """
CREATE TABLE requests (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, endpoint TEXT NOT NULL, body BLOB NOT NULL,
    status INTEGER NOT NULL, code INTEGER, answer BLOB NOT NULL, ticket TEXT, channel TEXT NOT NULL,
    list_name TEXT NOT NULL, simulated INTEGER NOT NULL, forgiven TEXT NOT NULL
) STRICT;
CREATE TABLE deliveries (
    request INTEGER PRIMARY KEY REFERENCES requests (id), text TEXT NOT NULL, sender TEXT NOT NULL,
    purpose TEXT NOT NULL, send_at TEXT NOT NULL, parts INTEGER NOT NULL, options TEXT NOT NULL
) STRICT;
CREATE TABLE messages (
    id INTEGER PRIMARY KEY, request INTEGER NOT NULL REFERENCES deliveries (request), address TEXT NOT NULL
) STRICT;
CREATE TABLE request_ids (request_id TEXT PRIMARY KEY, at TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE account (credit TEXT NOT NULL) STRICT;
CREATE INDEX requests_by_ticket ON requests (ticket);
CREATE INDEX messages_by_request ON messages (request);
CREATE INDEX messages_by_address ON messages (address);
INSERT INTO requests VALUES (1, '2026-11-03T09:00:00.000000+00:00', 'POST /v1/public/multi-channel/send', x'7b7d', 201,
    NULL, CAST('{"sms_ticket":"sms_1","number_of_contacts":2,"total_cost":0.18}' AS BLOB),
    'sms_1', 'sms', 'spring', 0, '[]');
INSERT INTO deliveries VALUES (1, 'Hello', 'OctoShop', 'alert', '', 2, '{}');
INSERT INTO messages VALUES (1, 1, '+33600000123'), (2, 1, '+33600000124');
INSERT INTO request_ids VALUES ('a1', '2026-11-03T09:00:00.000000+00:00');
INSERT INTO account VALUES ('99.82');
PRAGMA application_id = 1868788578;
PRAGMA user_version = 1;
"""


def test_a_file_of_the_first_format_goes_on_with_all_it_knew(tmp_path: Path, clock: Any, ask: Ask, sms: Make) -> None:
    path = tmp_path / "inbox.db"
    connection = sqlite3.connect(path)
    connection.executescript(FIRST_FORMAT)
    connection.close()
    with Storage.at(path) as storage:
        sandbox = Sandbox(storage, clock)
        assert [(one.address, one.text, one.parts, one.state) for one in sandbox.messages()] == [
            ("+33600000123", "Hello", 2, "sent"),
            ("+33600000124", "Hello", 2, "sent"),
        ]
        (ticket,) = sandbox.find(TICKETS, Query())
        assert (ticket.contacts, ticket.units, ticket.cost, ticket.due) == (2, 4, Decimal("0.18"), ticket.at)
        assert sandbox.requests()[0].contacts == 2
        assert ask(sandbox, sms(metadata={"request_id": "a1"}))[1]["code"] == 182
        assert ask(sandbox, sms())[1]["residual_credit"] == 99.73
    Storage.at(path).close()


def test_who_looks_does_not_wait_for_who_sends(tmp_path: Path, clock: Any, ask: Ask, sms: Make) -> None:
    with Storage.at(tmp_path / "inbox.db") as storage:
        sandbox = Sandbox(storage, clock)
        ask(sandbox, sms())
        with storage.transaction():
            assert sandbox.count() == 2


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    damage(path, "CREATE TABLE people (name TEXT)")
    with pytest.raises(StorageError, match="another program"):
        Storage.at(path)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "inbox.db"
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(StorageError, match="damaged"):
        Storage.at(path)


def test_a_folder_in_the_files_place_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be made"):
        Storage.at(tmp_path)


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="this system cannot refuse to follow links")
def test_a_link_in_the_files_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "inbox.db").symlink_to(tmp_path / "elsewhere.db")
    with pytest.raises(StorageError, match="cannot be made"):
        Storage.at(tmp_path / "inbox.db")
    assert not (tmp_path / "elsewhere.db").exists()


def test_what_cannot_be_written_is_answered_500_and_not_kept(storage: Storage, clock: Any, ask: Ask, sms: Make) -> None:
    sandbox = Sandbox(storage, clock)
    storage._connection.execute("PRAGMA query_only = ON")
    status, answer = ask(sandbox, sms(metadata={"request_id": "a1"}))
    assert (status, answer["code"]) == (500, 500)
    storage._connection.execute("PRAGMA query_only = OFF")
    assert sandbox.count() == 0
    assert ask(sandbox, sms(metadata={"request_id": "a1"}))[0] == 201


def test_a_transaction_that_breaks_leaves_nothing(storage: Storage, clock: Any, ask: Ask, sms: Make) -> None:
    storage._connection.execute("CREATE TRIGGER t BEFORE INSERT ON messages BEGIN SELECT RAISE(ABORT, 'no'); END")
    sandbox = Sandbox(storage, clock)
    assert ask(sandbox, sms())[0] == 500
    assert sandbox.requests() == ()


def test_two_storages_of_one_file_share_ids_and_credit(tmp_path: Path, clock: Any, ask: Ask, sms: Make) -> None:
    with Storage.at(tmp_path / "inbox.db") as one, Storage.at(tmp_path / "inbox.db") as two:
        first, second = Sandbox(one, clock), Sandbox(two, clock)
        assert ask(first, sms(metadata={"request_id": "a1"}))[0] == 201
        assert ask(second, sms(metadata={"request_id": "a1"}))[1]["code"] == 182
        assert ask(second, sms())[1]["residual_credit"] == 99999.82
        assert first.count() == 4


def test_storages_that_start_at_once_find_one_format(tmp_path: Path) -> None:
    failures: list[Exception] = []

    def start() -> None:
        try:
            Storage.at(tmp_path / "inbox.db").close()
        except StorageError as error:
            failures.append(error)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_ctrl_c_once_a_file_is_made_is_no_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted(sqlite3.Connection):
        def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
            done = super().execute(sql, *values)
            if sql == "COMMIT":
                raise KeyboardInterrupt
            return done

    with monkeypatch.context() as patched:
        patched.setattr(sqlite3, "connect", partial(sqlite3.connect, factory=Interrupted))
        with pytest.raises(KeyboardInterrupt):
            Storage.at(tmp_path / "inbox.db")
    Storage.at(tmp_path / "inbox.db").close()


def test_queries_filter_page_and_turn_round(clock: Any, storage: Storage, ask: Ask, sms: Make) -> None:
    sandbox = Sandbox(storage, clock)
    ask(sandbox, sms(list_name="spring"))
    ticket = ask(sandbox, sms(list_name="autumn", recipients=[{"phone_number": "+33600000999"}]))[1]["sms_ticket"]
    assert {one.list_name for one in sandbox.messages(Query(list_name="spring"))} == {"spring"}
    assert [one.address for one in sandbox.messages(Query(ticket=ticket))] == ["+33600000999"]
    assert sandbox.messages(Query(channel="email")) == ()
    assert sandbox.count(Query(address="+33600000999")) == 1
    assert [one.ticket for one in sandbox.requests(Query(address="+33600000999"))] == [ticket]
    assert [one.id for one in sandbox.messages(Query(newest=True, limit=2))] == [3, 2]
    assert [one.id for one in sandbox.messages(Query(offset=2))] == [3]


def test_tickets_are_not_given_out_twice_after_a_reset(sandbox: Sandbox, ask: Ask, sms: Make) -> None:
    tickets = []
    for _ in range(3):
        tickets.append(ask(sandbox, sms())[1]["sms_ticket"])
        sandbox.reset()
    assert len(set(tickets)) == 3
