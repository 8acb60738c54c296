"""The connection: what it spills, what it leaves behind, what it lets through, what it says."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from octoplan.table import connection
from octoplan.table.connection import Table, TableError, sweep
from octoplan.table.quoting import quoted

ROOT = Path(__file__).parents[2]
NAME = 'a "b"'
SPILLING = """
import sys
from pathlib import Path
from octoplan.table.connection import Table
with Table(Path(sys.argv[1]), memory=60, threads=1) as table:
    people = "SELECT 'ana' || lpad(i::VARCHAR, 9, '0') || '@example.com' AS address FROM range(1500000) x(i)"
    table.execute(f"CREATE TABLE a AS {people}")
    table.execute("CREATE TABLE b AS SELECT address, hash(address) AS h FROM a ORDER BY h")
    print(table.folder, flush=True)
    sys.stdin.read()
"""

ZONED = """
import sys
from pathlib import Path
from octoplan.table.connection import Table
with Table(Path(sys.argv[1])) as table:
    asked = "SELECT current_setting('TimeZone'), TIMESTAMPTZ '2026-12-01 10:00:00+00'::VARCHAR"
    print(table.rows(asked) == next(table.batches(asked)) == [("UTC", "2026-12-01 10:00:00+00")])
"""


def spilling(folder: Path) -> tuple["subprocess.Popen[str]", Path]:
    """A process that has spilled people into a folder and waits."""
    process = subprocess.Popen(
        [sys.executable, "-c", SPILLING, str(folder)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def content(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_spilled_people_cannot_be_read_even_after_a_kill_and_go_at_the_next_start(tmp_path: Path) -> None:
    process, folder = spilling(tmp_path / "tmp")
    try:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        spilled = content(folder)
        assert len(spilled) > 1_000_000
        assert b"@example.com" not in spilled
        sweep(tmp_path / "tmp")
        assert folder.exists()
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert b"@example.com" not in content(folder)
        with Table(tmp_path / "tmp") as table:
            assert not folder.exists()
            assert table.folder.exists()
    finally:
        process.kill()
        process.communicate()
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_folder_with_the_number_of_this_very_process_is_swept_when_nobody_holds_it(tmp_path: Path) -> None:
    left = tmp_path / f"people-{os.getpid()}-00000000"
    left.mkdir()
    (left / "rows").write_text("ana@example.com")
    (tmp_path / "other").mkdir()
    with Table(tmp_path):
        assert not left.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["other"]
    sweep(tmp_path / "none")


def test_a_locked_table_reaches_no_file_and_no_setting(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a\n1\n")
    with Table(tmp_path / "tmp") as table:
        table.execute("CREATE TABLE t AS SELECT 1 AS x")
        table.lock()
        for sql in (
            f"SELECT * FROM read_csv('{tmp_path / 'a.csv'}')",
            f"SELECT * FROM '{tmp_path / 'a.csv'}'",
            f"COPY t TO '{tmp_path / 'out.csv'}'",
            f"ATTACH '{tmp_path / 'x.db'}'",
            "SET enable_external_access = true",
            "SET memory_limit = '1GB'",
            "INSTALL httpfs",
            "LOAD httpfs",
        ):
            with pytest.raises(TableError):
                table.execute(sql)
        assert table.value("SELECT x FROM t") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "tmp"]


@pytest.mark.parametrize(("rows", "allowed"), [(1_000, "57.2 MiB"), (5_000, "95.3 MiB")])
def test_more_rows_than_fit_get_the_memory_that_they_need_and_fewer_do_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int, allowed: str
) -> None:
    monkeypatch.setattr(connection, "_BYTES_OF_A_ROW", 20_000)
    with Table(tmp_path / "tmp", memory=60, threads=1) as table:
        table.execute(f"CREATE TABLE people AS SELECT i FROM range({rows}) x(i)")
        table.lock()
        assert table.value("SELECT current_setting('memory_limit')") == allowed


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("SELECT 'ana@example.com'::INTEGER", "value"),
        ("SELECT 'ana@example.com' FROM nowhere", "expression"),
        ("SELECT ana_secret", "expression"),
        ("SELECT (", "expression"),
        ("SELECT * FROM read_csv('/nowhere/ana@example.com')", "file"),
        ("SELECT regexp_matches('ana@example.com', '(')", "file"),
    ],
)
def test_an_error_has_a_kind_and_never_the_words_of_the_database(tmp_path: Path, sql: str, kind: str) -> None:
    with Table(tmp_path) as table, pytest.raises(TableError) as caught:
        table.rows(sql)
    assert caught.value.kind == kind
    assert "ana" not in f"{caught.value} {caught.value!r} {caught.value.hint}"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_statement_that_takes_too_long_is_stopped_and_the_table_goes_on(tmp_path: Path) -> None:
    with Table(tmp_path, threads=1) as table:
        with pytest.raises(TableError) as caught, table.limit(0.2):
            table.value("SELECT count(*) FROM range(10000000) a(i), range(100000) b(j) WHERE (i * j) % 7 = 3")
        assert caught.value.kind == "interrupted"
        with table.limit(60):
            assert table.value("SELECT 1") == 1


def test_rows_go_in_as_lists_and_come_out_in_batches_while_others_are_written(tmp_path: Path) -> None:
    with Table(tmp_path) as table:
        table.execute(f"CREATE TABLE {quoted(NAME)} (x BIGINT, y VARCHAR)")
        table.append(NAME, [list(range(1000)), [None, *map(str, range(999))]])
        seen = []
        table.execute("CREATE TABLE other (x BIGINT)")
        for batch in table.batches(f"SELECT x, y FROM {quoted(NAME)} ORDER BY x", (), 300):
            table.append("other", [[row[0] for row in batch]])
            seen.append(len(batch))
        assert seen == [300, 300, 300, 100]
        assert table.value("SELECT sum(x) FROM other WHERE x < ?", [10]) == 45
        assert table.execute("DELETE FROM other WHERE x < 10") == 10


def test_moments_are_those_of_utc_for_every_statement_wherever_the_machine_stands(tmp_path: Path) -> None:
    command = [sys.executable, "-c", ZONED, str(tmp_path)]
    environment = os.environ | {"TZ": "Europe/Paris"}
    assert subprocess.check_output(command, cwd=ROOT, env=environment, text=True) == "True\n"


def test_a_table_that_is_closed_says_so(tmp_path: Path) -> None:
    table = Table(tmp_path)
    with pytest.raises(ValueError, match="not open"):
        table.execute("SELECT 1")
    with table:
        pass
    table.close()
    with pytest.raises(ValueError, match="not open"):
        table.rows("SELECT 1")
