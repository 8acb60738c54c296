"""`--rejects FILE`: every row that cannot be used, as it is written, for its owner only; as many as the funnel says."""

from __future__ import annotations

import csv
import json
import os
from collections import Counter
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Folder, MakeProject

CAMPAIGN = """\
channel: sms
purpose: alert
open: true
audience: {{from: {source}, region: FR, max_rejected: 90 %}}
text: Hello
"""
ROWS = [
    ("0600000101", "Ana", "Lyon"),
    ("n/a", "Bob", "Paris"),
    ("", 'Chlo"é', "Ni\nce"),
    ("0600000102", "Dan", "Lille"),
    ("bob@example.com", "Eve", ""),
    ("123", "Fay", "Lyon"),
]
REASONS = ["not a phone number", "blank", "an e-mail address, not a phone number", "not a valid number in FR"]


def written(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".csv":
        with path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def rejected_by_plan(folder: Folder, campaign: str = "sale") -> Counter[str]:
    (step,) = [one for one in folder.call("plan", "--json").json["steps"] if one["campaign"] == campaign]
    counts = step["people"]
    return Counter(counts["rejected"]) + Counter({"unreadable": counts["unreadable"]})


def make_csv(path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("phone_number", "first_name", "city"), *ROWS])


def make_ndjson(path: Path) -> None:
    rows = ({"phone_number": phone, "first_name": name, "city": city} for phone, name, city in ROWS)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def make_json(path: Path) -> None:
    rows = [{"phone_number": phone, "first_name": name, "city": city} for phone, name, city in ROWS]
    path.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")


def make_parquet(path: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE t (phone_number VARCHAR, first_name VARCHAR, city VARCHAR)")
        connection.executemany("INSERT INTO t VALUES (?, ?, ?)", ROWS)
        connection.execute(f"COPY t TO '{path}'")


MAKERS = {"csv": make_csv, "ndjson": make_ndjson, "json": make_json, "parquet": make_parquet}


def make(project: MakeProject, form: str) -> Folder:
    folder = project({"campaigns/sale.yaml": CAMPAIGN.format(source=f"audiences/people.{form}")})
    (folder.path / "campaigns" / "audiences").mkdir()
    MAKERS[form](folder.path / "campaigns" / "audiences" / f"people.{form}")
    return folder


@pytest.mark.parametrize("form", MAKERS)
@pytest.mark.parametrize("out", ["rejects.csv", "rejects.ndjson"])
def test_every_row_that_cannot_be_used_is_there_as_it_is_written(project: MakeProject, form: str, out: str) -> None:
    folder = make(project, form)
    path = folder.path / out
    outcome = folder.call("plan", "--rejects", str(path))
    assert outcome.code == 0
    assert f"Wrote 4 rows that cannot be used to {path}" in outcome.err
    rows = written(path)
    assert [row["reason"] for row in rows] == REASONS
    assert {row["file"] for row in rows} == {f"campaigns/audiences/people.{form}"}
    assert {row["audience"] for row in rows} == {"campaigns/sale.yaml"}
    theirs = [row if out.endswith("csv") else row["row"] for row in rows]
    named = [(row["phone_number"], row["first_name"], row["city"]) for row in theirs]
    assert [tuple(value or "" for value in row) for row in named] == [ROWS[index] for index in (1, 2, 4, 5)]
    lines = {"csv": [3, 4, 7, 8], "ndjson": [2, 3, 5, 6], "json": [7, 12, 22, 27], "parquet": [2, 3, 5, 6]}
    assert [int(row["line"]) for row in rows] == lines[form]
    assert path.stat().st_mode & 0o777 == 0o600
    assert rejected_by_plan(folder) == Counter(REASONS)


BROKEN = """\
phone_number,name
+33600000101,Ana
+33600000102
+33600000103,Chloe,x,y
nobody,Dan
"+33600000104"oops,Eve
+33600000105,"Fay
+33600000106,Gus
"""


def test_rows_that_cannot_be_read_are_there_line_by_line(project: MakeProject) -> None:
    folder = project({"campaigns/sale.yaml": CAMPAIGN.format(source="audiences/people.csv")})
    folder.write({"campaigns/audiences/people.csv": BROKEN})
    path = folder.path / "rejects.csv"
    assert folder.call("validate", "--rejects", str(path)).code == 0
    assert [(row["line"], row["reason"], row["phone_number"], row["rest"]) for row in written(path)] == [
        ("3", "fewer fields than the first line", "+33600000102", ""),
        ("4", "more fields than the first line", "+33600000103", "x,y"),
        ("5", "not a phone number", "nobody", ""),
        ("6", "broken quotes", "", '"+33600000104"oops,Eve'),
        ("7", "broken quotes", "", '+33600000105,"Fay'),
        ("8", "broken quotes", "", "+33600000106,Gus"),
    ]
    assert rejected_by_plan(folder) == Counter({"unreadable": 5, "not a phone number": 1})


def test_lines_that_are_no_objects_are_there(project: MakeProject) -> None:
    folder = project({"campaigns/sale.yaml": CAMPAIGN.format(source="audiences/people.ndjson")})
    folder.write(
        {"campaigns/audiences/people.ndjson": '{"phone_number":"+33600000101"}\n[1]\n{"phone\n{"phone_number":1}\n'}
    )
    path = folder.path / "rejects.ndjson"
    assert folder.call("validate", "--rejects", str(path)).code == 0
    assert [(row["line"], row["reason"], row.get("rest"), row["row"]) for row in written(path)] == [
        (2, "not a JSON object", "[1]", {}),
        (3, "not a JSON object", '{"phone', {}),
        (4, "not a phone number", None, {"phone_number": 1}),
    ]


def test_they_are_written_where_the_project_is_not_valid_for_them(project: MakeProject) -> None:
    folder = make(project, "csv")
    folder.write({"campaigns/sale.yaml": CAMPAIGN.format(source="audiences/people.csv").replace("90 %", "1 %")})
    path = folder.path / "rejects.csv"
    for command in (("validate",), ("plan",), ("apply", "--auto-approve")):
        outcome = folder.call(*command, "--rejects", str(path))
        assert outcome.code == 3
        assert len(written(path)) == 4
    folder.write(
        {
            "campaigns/sale.yaml": CAMPAIGN.format(source="audiences/people.csv"),
            "octoplan.yaml": "octoplan: 1\nsuppressions: {all: [stop.csv]}\n",
            "stop.csv": "phone_number\n+33600000101\nwho?\n",
        }
    )
    assert folder.call("validate", "--rejects", str(path)).code == 3
    assert [row["line"] for row in written(path) if row["file"] == "stop.csv"] == ["3"]


def test_a_query_and_its_sources_are_both_there(project: MakeProject) -> None:
    folder = project(
        {
            "octoplan.yaml": "octoplan: 1\nenvironments: {sandbox: {gateway: sandbox, sources: {all: people.csv}}}\n",
            "people.csv": "mobile,city\n+33600000101,Lyon\nnobody,Lyon\n+33600000102\n",
            "audiences/asked.yaml": "query: select mobile as phone_number, city from all\n".replace("all", '"all"'),
            "campaigns/sale.yaml": CAMPAIGN.format(source="asked"),
        }
    )
    path = folder.path / "rejects.ndjson"
    assert folder.call("validate", "--rejects", str(path)).code == 0
    assert [(row["file"], row["line"], row["row"]) for row in written(path)] == [
        ("segment asked", 2, {"phone_number": "nobody", "city": "Lyon"}),
        ("people.csv", 4, {"mobile": "+33600000102"}),
    ]


@pytest.mark.parametrize("kind", ["others may read it", "a link", "a second name", "a folder", "a pipe"])
def test_nothing_is_written_where_others_may_read(project: MakeProject, kind: str) -> None:
    folder = make(project, "csv")
    path, other = folder.path / "rejects.csv", folder.path / "other.csv"
    if kind == "others may read it":
        path.write_text("kept")
        path.chmod(0o640)
    elif kind == "a folder":
        path.mkdir()
    elif kind == "a pipe":
        os.mkfifo(path, 0o600)
    else:
        other.write_text("kept")
        other.chmod(0o600)
        (path.symlink_to if kind == "a link" else path.hardlink_to)(other)
    outcome = folder.call("validate", "--rejects", str(path))
    assert outcome.code == (64 if kind == "a folder" else 1)
    assert "n/a" not in outcome.err
    assert all(one.read_text() == "kept" for one in (path, other) if one.is_file())


def test_a_file_of_its_own_is_written_anew(project: MakeProject) -> None:
    folder = make(project, "csv")
    path = folder.path / "rejects.csv"
    path.write_text("x" * 10_000)
    path.chmod(0o600)
    assert folder.call("validate", "--rejects", str(path)).code == 0
    assert len(written(path)) == 4


def test_a_name_that_says_no_format_is_a_usage_error(project: MakeProject) -> None:
    folder = make(project, "csv")
    outcome = folder.call("validate", "--rejects", "rejects.xlsx")
    assert outcome.code == 64
    assert ".csv or .ndjson" in outcome.err


def test_columns_that_are_called_like_ours_are_told_apart(project: MakeProject) -> None:
    folder = project({"campaigns/sale.yaml": CAMPAIGN.format(source="audiences/people.csv")})
    folder.write({"campaigns/audiences/people.csv": "phone_number,line,row_line,rest\nnobody,1,2,3\n+33600000101,,,\n"})
    path = folder.path / "rejects.csv"
    assert folder.call("validate", "--rejects", str(path)).code == 0
    (row,) = written(path)
    assert (row["line"], row["row_line"], row["row_row_line"], row["row_rest"], row["rest"]) == ("2", "1", "2", "3", "")


@pytest.mark.parametrize("out", ["rejects.csv", "rejects.ndjson"])
def test_columns_that_are_called_like_a_table_or_its_rows_are_columns(project: MakeProject, out: str) -> None:
    folder = project({"campaigns/sale.yaml": CAMPAIGN.format(source="people.parquet")})
    with duckdb.connect() as connection:
        first = "'+33600000101' AS phone_number, 1 AS x, 2 AS held, 3 AS C0, 4 AS rowid, {'x': 5} AS \"it's \"\"f0\""
        query = f"SELECT {first} UNION ALL SELECT 'nobody', 6, 7, 8, 9, NULL"
        connection.execute(f"COPY ({query}) TO '{folder.path}/campaigns/people.parquet'")
    path = folder.path / out
    assert folder.call("validate", "--rejects", str(path)).code == 0
    (row,) = written(path)
    theirs = row if out.endswith("csv") else row["row"]
    named = ("phone_number", "x", "held", "C0", "rowid", "it's \"f0")
    assert [str(theirs[name] or "") for name in named] == ["nobody", "6", "7", "8", "9", ""]


def test_of_ten_thousand_rows_one_in_a_hundred_broken_every_one_is_there(project: MakeProject) -> None:
    check_large(project, 10_000)


@pytest.mark.long
def test_of_a_million_rows_one_in_a_hundred_broken_every_one_is_there(project: MakeProject) -> None:
    check_large(project, 1_000_000)


def check_large(project: MakeProject, rows: int) -> None:
    kinds = ("nobody,{n}", ",{n}", "+3360{n:07},{n},more", "+3360{n:07}", '+3360{n:07}"x",{n}')
    folder = project({"campaigns/sale.yaml": CAMPAIGN.format(source="audiences/people.csv")})
    people = folder.path / "campaigns" / "audiences" / "people.csv"
    people.parent.mkdir()
    with people.open("w") as file:
        file.write("phone_number,number\n")
        for number in range(rows):
            kind = kinds[number // 100 % len(kinds)] if number % 100 == 0 else "+3360{n:07},{n}"
            file.write(kind.format(n=number) + "\n")
    path = folder.path / "rejects.csv"
    assert folder.call("validate", "--rejects", str(path)).code == 0
    found = written(path)
    assert [int(row["line"]) for row in found] == [number + 2 for number in range(0, rows, 100)]
    by_reason = Counter(row["reason"] for row in found)
    read = rejected_by_plan(folder)
    assert sum(by_reason.values()) == sum(read.values()) == rows // 100
    assert {reason: by_reason[reason] for reason in read if reason != "unreadable"} == {
        reason: count for reason, count in read.items() if reason != "unreadable"
    }
