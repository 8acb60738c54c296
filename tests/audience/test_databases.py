"""Audiences from a real PostgreSQL and a real SQLite: every row, with its types, and never a change."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from octoplan import project
from octoplan.audience.locating import bring
from octoplan.project import Outside
from octoplan.table import databases
from octoplan.table.connection import Table
from tests.audience.conftest import Contacts, Outcome
from tests.state.server import DATABASE, Server, shared

VARIABLE = "OCTOPLAN_SOURCE_CUSTOMERS"
SECRET = "hunter2-Xyz"  # noqa: S105 - what must not be shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """A real database with a table `people`: its address, and what asks it as its owner."""

    address: str
    ask: Callable[[str], list[Any]]


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Server:
    return shared(request.config)


@pytest.fixture
def postgresql(server: Server) -> Iterator[Store]:
    with server.spare_schema() as schema:
        server.ask(f"CREATE SCHEMA {schema}")
        host = f"host={server.folder}&options=-csearch_path%3D{schema}"
        make(lambda sql: server.ask(f"SET search_path TO {schema}; {sql}"))
        yield Store(
            address=f"postgresql://owner@/{DATABASE}?{host}",
            ask=lambda sql: server.ask(sql.replace("people", f"{schema}.people")),
        )


@pytest.fixture
def sqlite(tmp_path: Path) -> Store:
    path = tmp_path / "c r&m?%.db"

    def ask(sql: str) -> list[Any]:
        with closing(sqlite3.connect(path)) as connection, connection:
            return [row[0] for row in connection.execute(sql)]

    make(ask)
    return Store(address=f"sqlite:///{path}".replace("?", "%3F").replace("&", "%26"), ask=ask)


@pytest.fixture(params=["postgresql", "sqlite"])
def store(request: pytest.FixtureRequest) -> Store:
    found: Store = request.getfixturevalue(request.param)
    return found


def make(ask: Callable[[str], object]) -> None:
    ask("CREATE TABLE people (number INTEGER, mobile VARCHAR(30), city VARCHAR(30))")
    ask("INSERT INTO people VALUES (1, '0600000101', 'Lyon'), (2, '+33600000102', 'Paris'), (3, 'who?', NULL)")


def select(
    contacts: Contacts,
    address: str,
    query: str,
    variables: tuple[str, ...] = (),
    more: Mapping[str, Any] | None = None,
) -> Outcome:
    (contacts.root / "queries").mkdir(exist_ok=True)
    (contacts.root / "queries" / "customers.sql").write_text(query)
    contacts.sources(customers={"database": f"env:{VARIABLE}", "query": "queries/customers.sql"})
    written = {"from": "customers", "columns": {"phone_number": "mobile"}, "region": "FR", "max_rejected": "50 %"}
    contacts.campaign(audience=written | dict(more or {}))
    return contacts.select(variables, outside=Outside(variables={VARIABLE: address}))


def test_the_rows_of_a_query_are_people_as_those_of_a_file_are(contacts: Contacts, store: Store) -> None:
    outcome = select(contacts, store.address, "SELECT * FROM people ORDER BY number;\n", ("city", "number"))
    assert outcome.problems == ()
    assert outcome.people == [("+33600000101", "FR", "Lyon", 1), ("+33600000102", "FR", "Paris", 2)]
    assert str(outcome.audience.counts) == "3 rows, 1 not a phone number"
    assert [str(one) for one in outcome.audience.rejects] == ["source customers:3: not a phone number"]


def test_where_and_segments_work_on_it(contacts: Contacts, store: Store) -> None:
    contacts.segment("lyon", **{"from": "customers", "where": "number < 2"})
    outcome = select(contacts, store.address, "SELECT * FROM people", more={"from": "lyon", "where": "city = 'Lyon'"})
    assert outcome.addresses == ["+33600000101"]
    contacts.segment("lyon", query="select mobile from customers where number = 2")
    assert select(contacts, store.address, "SELECT * FROM people", more={"from": "lyon"}).addresses == ["+33600000102"]


def test_a_query_without_rows_has_its_columns(contacts: Contacts, store: Store) -> None:
    outcome = select(contacts, store.address, "SELECT * FROM people WHERE 1 = 0")
    assert outcome.rules == ["audience/empty"]
    assert outcome.columns == ("phone_number", "number", "mobile", "city")


def test_numbers_of_which_no_column_holds_all_digits_are_text(contacts: Contacts, postgresql: Store) -> None:
    large, small = "12345678901234567890123456.5", "0.123456789012345"
    for numbers in ((large, small), (large.removesuffix(".5"), small)):
        query = f"SELECT mobile, CASE number WHEN 1 THEN {numbers[0]} ELSE {numbers[1]} END AS n FROM people"
        outcome = select(contacts, postgresql.address, query, ("n",))
        assert [row[2] for row in outcome.people] == list(numbers)


def test_the_order_of_a_query_holds_whatever_its_columns_are_called(contacts: Contacts, store: Store) -> None:
    query = 'SELECT mobile, 3 - number AS "rowid", number AS x FROM people WHERE number < 3 ORDER BY number'
    outcome = select(contacts, store.address, query, ("rowid", "x"))
    assert [row[2:] for row in outcome.people] == [(2, 1), (1, 2)]


def test_more_rows_than_a_batch_all_arrive_in_order(contacts: Contacts, postgresql: Store) -> None:
    query = "SELECT '+3360' || lpad(n::text, 7, '0') AS mobile, n FROM generate_series(0, 25000) n ORDER BY n"
    outcome = select(contacts, postgresql.address, query, ("n",), {"limit": 12345})
    assert outcome.audience.counts.rows == 25001
    assert [row[2] for row in outcome.people] == list(range(12345))


CHANGES = {
    "a change": "UPDATE people SET city = 'Ys'",
    "a change that returns rows": "UPDATE people SET city = 'Ys' RETURNING *",
    "a deletion": "DELETE FROM people",
    "a table": "CREATE TABLE others (x INTEGER)",
    "the end of a table": "DROP TABLE people",
    "a change behind a query": "SELECT * FROM people; DELETE FROM people",
    "a change behind the end of the transaction": "COMMIT; DELETE FROM people",
    "a change within": "WITH gone AS (DELETE FROM people RETURNING *) SELECT * FROM gone",
    "nothing that returns rows": "BEGIN",
}
OF_POSTGRESQL = {
    "permission to write": "SET default_transaction_read_only = off",
    "permission and a change": "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE; COMMIT; DELETE FROM people",
    "permission by a function": "SELECT set_config('transaction_read_only', 'off', false) AS mobile",
    "a sequence": "SELECT nextval('numbers') AS mobile",
    "a copy": "COPY people TO STDOUT",
    "a block": "DO $$ BEGIN DELETE FROM people; END $$",
}
OF_SQLITE = {
    "another file": "ATTACH DATABASE 'other.db' AS other",
    "permission to write": "PRAGMA query_only = OFF",
    "a copy": "VACUUM INTO 'copy.db'",
}


@pytest.mark.parametrize("query", CHANGES.values(), ids=CHANGES)
def test_nothing_can_be_changed(contacts: Contacts, store: Store, query: str) -> None:
    check_refused(contacts, store, query)


@pytest.mark.parametrize("query", OF_POSTGRESQL.values(), ids=OF_POSTGRESQL)
def test_nothing_can_be_changed_in_postgresql(contacts: Contacts, postgresql: Store, query: str) -> None:
    postgresql.ask("CREATE SEQUENCE people_numbers")
    check_refused(contacts, postgresql, query.replace("numbers", "people_numbers"))


@pytest.mark.parametrize("query", OF_SQLITE.values(), ids=OF_SQLITE)
def test_nothing_can_be_changed_in_sqlite(
    contacts: Contacts, sqlite: Store, query: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = sorted(path.name for path in tmp_path.iterdir())
    check_refused(contacts, sqlite, query)
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def check_refused(contacts: Contacts, store: Store, query: str) -> None:
    outcome = select(contacts, store.address, query)
    assert outcome.rules == ["source/query"], outcome.said
    assert outcome.problems[0].place.file == "queries/customers.sql"
    assert "customers: " in outcome.problems[0].message
    assert store.ask("SELECT count(*) FROM people WHERE city = 'Lyon'") == [1]
    assert store.ask("SELECT count(*) FROM people") == [3]


def test_a_query_that_fails_says_its_state_and_nothing_of_a_row(contacts: Contacts, postgresql: Store) -> None:
    outcome = select(contacts, postgresql.address, "SELECT city::integer AS mobile FROM people ORDER BY number")
    assert outcome.rules == ["source/query"]
    assert "SQLSTATE 22P02" in outcome.problems[0].message
    assert "Lyon" not in outcome.said


@pytest.mark.parametrize(
    ("address", "rule"),
    [
        ("", "source/variable"),
        (SECRET, "source/address"),
        (f"postgresql://me:{SECRET}@127.0.0.1:1/db", "source/connect"),
        (f"postgresql://me:{SECRET}@127.0.0.1:1/db?nonsense={SECRET}", "source/connect"),
        (f"sqlite:////nowhere/{SECRET}.db", "source/address"),
        ("sqlite://", "source/address"),
        (f"oracle://me:{SECRET}@host/db", "source/address"),
        (f"mysql://me:{SECRET}@host/db", "source/address"),
        (f"nonsense+driver://me:{SECRET}@host/db", "source/address"),
        (f"http://me:{SECRET}@host/db", "source/address"),
    ],
)
def test_an_address_that_cannot_be_used_is_a_problem_that_does_not_show_it(
    contacts: Contacts, address: str, rule: str
) -> None:
    outcome = select(contacts, address, "SELECT 1 AS mobile")
    assert outcome.rules == [rule]
    assert outcome.problems[0].place.file == "octoplan.yaml"
    assert outcome.problems[0].place.line > 1
    assert SECRET not in outcome.said
    assert "127.0.0.1" not in outcome.said


def test_a_password_that_is_refused_is_not_shown(contacts: Contacts, server: Server) -> None:
    server.ask("DROP ROLE IF EXISTS stranger")
    server.ask("CREATE ROLE stranger LOGIN PASSWORD 'right'")
    outcome = select(contacts, f"postgresql://stranger:{SECRET}@/{DATABASE}?host={server.folder}", "SELECT 1 AS mobile")
    assert outcome.rules == ["source/connect"]
    assert SECRET not in outcome.said
    assert "stranger" not in outcome.said


def test_only_variables_of_sources_are_looked_at(contacts: Contacts, sqlite: Store) -> None:
    outcome = select(contacts, sqlite.address, "SELECT * FROM people")
    assert outcome.problems == ()
    assert contacts.select(outside=Outside(variables={"CUSTOMERS": sqlite.address})).rules == ["source/variable"]


@pytest.mark.parametrize("query", ["", " ;", "\ufeff", b"\xff\xfe", None])
def test_a_file_that_holds_no_query_is_a_problem(contacts: Contacts, sqlite: Store, query: str | bytes | None) -> None:
    select(contacts, sqlite.address, "SELECT 1 AS mobile")
    path = contacts.root / "queries" / "customers.sql"
    if query is None:
        path.unlink()
    else:
        path.write_bytes(query.encode() if isinstance(query, str) else query)
    outcome = contacts.select(outside=Outside(variables={VARIABLE: sqlite.address}))
    assert outcome.rules == ["source/query" if query is not None else "file/missing"]


@pytest.mark.parametrize("query", ["SELECT mobile, mobile FROM people", "SELECT mobile, city AS MOBILE FROM people"])
def test_two_columns_of_one_name_are_a_problem(contacts: Contacts, store: Store, query: str) -> None:
    assert select(contacts, store.address, query).rules == ["source/query"]


def test_the_database_is_asked_once_for_all_who_name_it(contacts: Contacts, postgresql: Store) -> None:
    select(contacts, postgresql.address, "SELECT * FROM people")
    read = project.load(contacts.root).at("sandbox", Outside(variables={VARIABLE: postgresql.address}))
    with Table(contacts.root / ".octoplan" / "tmp") as table:
        first = bring(read.sources["customers"], read, table)
        postgresql.ask("DELETE FROM people")
        assert bring(read.sources["customers"], read, table) is first


TYPED = """
SELECT 'a' AS text, 7::smallint AS small, 12345678901234567890::numeric AS huge, 12.50::numeric(10,2) AS price,
    1.5::double precision AS ratio, true AS yes, date '2026-12-01' AS day, timestamp '2026-12-01 10:00:00' AS moment,
    timestamptz '2026-12-01 10:00:00+01' AS instant, '{"a": 1}'::jsonb AS tree, ARRAY['x', 'y'] AS tags,
    '00000000-0000-0000-0000-000000000001'::uuid AS id, NULL::integer AS nothing
UNION ALL SELECT NULL, NULL, 3, 0.125, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
"""


def test_values_keep_their_types(tmp_path: Path, postgresql: Store) -> None:
    with Table(tmp_path / "tmp") as table:
        databases.fetch(table, postgresql.address, TYPED, "people")
        first, second = table.rows("SELECT * FROM people ORDER BY rowid")
    assert first == (
        *("a", 7, Decimal("12345678901234567890.000"), Decimal("12.500"), 1.5, True, date(2026, 12, 1)),
        *(datetime(2026, 12, 1, 10), datetime(2026, 12, 1, 9)),  # noqa: DTZ001 - a column has no zone, it is UTC
        *('{"a": 1}', '["x", "y"]', "00000000-0000-0000-0000-000000000001", None),
    )
    assert second[2:4] == (Decimal(3), Decimal("0.125"))


def test_a_column_that_holds_several_types_is_text(tmp_path: Path, sqlite: Store) -> None:
    query = "SELECT 1 AS x, 2 AS y, 1.5 AS z UNION ALL SELECT 'a', 2.5, NULL UNION ALL SELECT 3, 1, NULL"
    with Table(tmp_path / "tmp") as table:
        databases.fetch(table, sqlite.address, query, "people")
        assert table.rows("SELECT * FROM people ORDER BY rowid") == [
            ("1", 2.0, 1.5),
            ("a", 2.5, None),
            ("3", 1.0, None),
        ]


def test_bytes_are_no_value_of_a_row(contacts: Contacts, sqlite: Store) -> None:
    assert select(contacts, sqlite.address, "SELECT x'00ff' AS mobile").rules == ["source/query"]
