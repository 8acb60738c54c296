"""Audiences from a real S3 server on loopback: every format, patterns, and what is said where something is missing."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import duckdb
import httpx
import pytest
from moto.server import ThreadedMotoServer

from tests.cli.test_rejects import written

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Folder, MakeProject

SECRET = "hunter2-Xyz"  # noqa: S105 - what must not be shown
CAMPAIGN = """\
channel: sms
purpose: alert
open: true
audience: {from: customers, columns: {phone_number: mobile}, region: FR, where: city = 'Lyon', max_rejected: 50 %}
text: Hello {{ city }}
"""
ROWS = [{"mobile": f"06000001{n:02}", "city": ("Lyon", "Paris")[n % 2]} for n in range(20)]
ROWS += [{"mobile": "nobody", "city": "Lyon"}]
CSV = "mobile,city\n" + "".join(f"{row['mobile']},{row['city']}\n" for row in ROWS)
NDJSON = "".join(f"{json.dumps(row)}\n" for row in ROWS)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        yield "http://{}:{}".format(*server.get_host_and_port())
    finally:
        server.stop()


@pytest.fixture(scope="module")
def bucket(endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Fill a bucket, and give the environment's own variables of the store."""
    parquet = tmp_path_factory.mktemp("parquet") / "people.parquet"
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE t (mobile VARCHAR, city VARCHAR)")
        connection.executemany("INSERT INTO t VALUES (?, ?)", [list(row.values()) for row in ROWS])
        connection.execute(f"COPY t TO '{parquet}'")
    objects = {
        "all/people.parquet": parquet.read_bytes(),
        "all/people.csv": CSV.encode(),
        "all/people.csv.gz": gzip.compress(CSV.encode()),
        "all/people.ndjson": NDJSON.encode(),
        "all/people.json": json.dumps(ROWS).encode(),
        "all/people": CSV.encode(),
        "odd/a[1]*.parquet": parquet.read_bytes(),
        "odd/a[1].csv": CSV.encode(),
        "days/2.parquet": parquet.read_bytes(),
        "days/1.parquet": parquet.read_bytes(),
        "broken/people.parquet": b"not parquet",
    }
    httpx.put(f"{endpoint}/people").raise_for_status()
    for key, content in objects.items():
        httpx.put(f"{endpoint}/people/{key}", content=content).raise_for_status()
    return endpoint


def environ(endpoint: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "someone",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": "us-east-1",
    }


@pytest.fixture
def here(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the store's library find its variables in this process."""
    for name, value in environ(bucket).items():
        monkeypatch.setenv(name, value)


def make(project: MakeProject, source: object) -> Folder:
    sources = {"sandbox": {"gateway": "sandbox", "sources": {"customers": source}}}
    return project(
        {
            "octoplan.yaml": json.dumps({"octoplan": 1, "environments": sources}),
            "campaigns/sale.yaml": CAMPAIGN,
        }
    )


@pytest.mark.parametrize(
    ("source", "file", "line"),
    [
        ("s3://people/all/people.parquet", "s3://people/all/people.parquet", 21),
        ("s3://people/all/people.csv", "s3://people/all/people.csv", 22),
        ("s3://people/all/people.csv.gz", "s3://people/all/people.csv.gz", 22),
        ("s3://people/all/people.ndjson", "s3://people/all/people.ndjson", 21),
        ("s3://people/all/*.json", "s3://people/all/people.json", 1),
        ({"from": "s3://people/all/people", "format": "csv"}, "s3://people/all/people", 22),
        ("s3://people/odd/a[1]*.parquet", "s3://people/odd/a[1]*.parquet", 21),
        ("s3://people/odd/a[1].csv", "s3://people/odd/a[1].csv", 22),
        (["s3://people/days/*.parquet"], "s3://people/days/1.parquet", 21),
    ],
)
def test_people_of_objects_are_planned_and_every_row_accounted_for(
    project: MakeProject, here: None, source: object, file: str, line: int
) -> None:
    folder = make(project, source)
    path = folder.path / "rejects.ndjson"
    outcome = folder.call("plan", "--json", "--rejects", str(path))
    assert outcome.code == 0, outcome.err
    (step,) = outcome.json["steps"]
    assert (step["people"]["people"], step["people"]["rejected"]) == (
        10,
        {"not a phone number": step["people"]["rows"] // 21},
    )
    first = written(path)[0]
    assert (first["file"], first["line"], first["row"]) == (file, line, {"mobile": "nobody", "city": "Lyon"})


def test_objects_are_read_in_the_order_of_their_names(project: MakeProject, here: None) -> None:
    folder = make(project, "s3://people/days/*.parquet")
    path = folder.path / "rejects.ndjson"
    assert folder.call("validate", "--rejects", str(path)).code == 0
    assert [row["file"] for row in written(path)] == ["s3://people/days/1.parquet", "s3://people/days/2.parquet"]


def test_they_are_sent_to_and_nothing_of_them_is_left(project: MakeProject, bucket: str) -> None:
    folder = make(project, "s3://people/all/people.csv")
    applied = folder.run("apply", "--auto-approve", env=environ(bucket))
    assert (applied.code, len(applied.err.splitlines())) == (0, 1), applied.err
    assert len(folder.addresses()) == 10
    assert list((folder.path / ".octoplan" / "tmp").iterdir()) == []


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("s3://people/none.csv", "s3://people/none.csv: there is no such object"),
        ("s3://people/none.parquet", "s3://people/none.parquet: there is no such object"),
        ("s3://people/none/*.csv", "no object matches"),
        ("s3://nobody/people.parquet", "there is no such object"),
        ("s3://people/broken/people.parquet", "no parquet file, or a broken one"),
        ("s3://people/all/people", "does not say what it is"),
    ],
)
def test_what_is_missing_or_broken_is_a_problem_where_it_is_named(
    project: MakeProject, here: None, source: str, says: str
) -> None:
    folder = make(project, source)
    outcome = folder.call("validate")
    assert outcome.code == 3
    assert outcome.err.startswith("octoplan.yaml:1:")
    assert says in outcome.err
    assert SECRET not in outcome.err
    assert "Traceback" not in outcome.err


def test_a_store_that_cannot_be_reached_is_one_clear_error(project: MakeProject) -> None:
    folder = make(project, "s3://people/all/people.csv")
    without = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "1", "AWS_DEFAULT_REGION": "us-east-1"}
    outcome = folder.run("validate", env=without | {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"})
    assert outcome.code == 3
    assert "the store cannot be read [source/store]" in outcome.err
    assert len(outcome.err.splitlines()) == 4


def test_a_store_whose_library_is_not_installed_says_how_to_get_it(project: MakeProject, tmp_path: Path) -> None:
    folder = make(project, "az://people/all/people.csv")
    (tmp_path / "adlfs.py").write_text("raise ImportError")
    outcome = folder.run("validate", env={"PYTHONPATH": str(tmp_path)})
    assert outcome.code == 3
    assert "octoplan[azure]" in outcome.err
