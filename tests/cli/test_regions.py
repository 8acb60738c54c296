"""`region: {column, default}` on the whole way: checked, rejected, planned, sent, asked about, and remembered."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest

from octoplan.cli import run as run_here
from octoplan.cli.console import Console
from tests.conftest import NOW, Outcome, StandingClock

if TYPE_CHECKING:
    from tests.conftest import Folder, MakeProject

REASON = "a number without country code, and its row's region is no country's code"
REGION = "{column: country, default: FR}"
FILES = {
    "octoplan.yaml": f"octoplan: 1\nsuppressions: {{all: [{{from: stop.csv, region: {REGION}}}]}}\n",
    "stop.csv": "phone_number,country\n0470000109,be\n",
    "campaigns/people.csv": (
        "phone_number,country\n0600000101,FR\n0470 00 01 02,be\n0470000103,Belgium\n+32470000104,Belgium\n"
        "0600000105,\n0470 00 01 09,BE\n"
    ),
    "campaigns/sale.yaml": (
        "channel: sms\npurpose: alert\nopen: true\ntext: Hello\n"
        f"audience:\n  from: people.csv\n  region: {REGION}\n  max_rejected: 50 %\n"
    ),
}
SENT = ["+32470000102", "+32470000104", "+33600000101", "+33600000105"]


@pytest.fixture
def folder(project: MakeProject) -> Folder:
    folder: Folder = project(FILES)
    return folder


def why(folder: Folder, address: str) -> Outcome:
    out, err = io.StringIO(), io.StringIO()
    console = Console(out=out, err=err, stdin=io.StringIO(address), environ={}, clock=StandingClock(NOW))
    code = run_here(["-C", str(folder.path), "why", "sale", "--json"], console)
    return Outcome(code=code, out=out.getvalue(), err=err.getvalue())


def test_what_is_sent_goes_to_the_number_of_each_row_s_country(folder: Folder) -> None:
    assert folder.call("apply", "--auto-approve").code == 0
    assert folder.addresses() == SENT
    assert folder.call("plan").last.endswith("1 suppressed; 4 already sent.")


def test_the_plan_counts_a_row_whose_country_is_none_and_rejects_show_it(folder: Folder) -> None:
    path = folder.path / ".octoplan" / "rejects.csv"
    path.parent.mkdir(exist_ok=True)
    plan = folder.call("plan", "--json", "--rejects", str(path))
    assert plan.json["steps"][0]["people"]["rejected"] == {REASON: 1}
    with path.open(newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert (row["file"], row["line"], row["reason"]) == ("campaigns/people.csv", "4", REASON)
    assert (row["phone_number"], row["country"]) == ("0470000103", "Belgium")


def test_a_segment_with_a_column_is_looked_at_and_a_flag_is_one_country_for_all(folder: Folder) -> None:
    folder.write({"audiences/known.yaml": f"from: ../campaigns/people.csv\nregion: {REGION}\n"})
    known = folder.call("audience", "known", "--json").json
    assert (known["people"], known["left_out"]) == (4, {REASON: 1, "suppressed": 1})
    flagged = folder.call("audience", "known", "--region", "BE", "--json").json
    assert REASON not in flagged["left_out"]


def test_a_column_that_the_file_does_not_have_is_one_problem_in_every_format(folder: Folder) -> None:
    written = FILES["campaigns/sale.yaml"].replace("column: country", "column: pays")
    folder.write({"campaigns/sale.yaml": written})
    outcome = folder.call("validate")
    assert outcome.code == 3
    assert "campaigns/sale.yaml:7:12: error: campaigns/people.csv has no column pays [audience/column]" in outcome.err
    assert "it has: phone_number, country" in outcome.err
    junit = folder.call("validate", "--format", "junit")
    assert (junit.code, junit.out.count("<failure"), "has no column pays" in junit.out) == (3, 1, True)
    assert folder.call("apply", "--auto-approve").code == 3
    assert not (folder.path / ".octoplan" / "inbox.db").exists() or folder.addresses() == []


@pytest.mark.parametrize(
    ("region", "said"),
    [
        ("{default: FR}", "`column`"),
        ("{column: country, default: fr}", "a region is two capital letters, such as FR"),
        ("{column: ''}", "name a column of the file"),
        ("{colum: country}", "column"),
        ("[FR]", "must be text or a mapping"),
        ("fr", "a region is two capital letters, such as FR"),
    ],
)
def test_another_shape_is_refused_where_it_stands(folder: Folder, region: str, said: str) -> None:
    folder.write({"campaigns/sale.yaml": FILES["campaigns/sale.yaml"].replace(REGION, region)})
    outcome = folder.call("validate")
    assert outcome.code == 3
    assert said in outcome.err
    assert "campaigns/sale.yaml:7" in outcome.err


def test_an_address_that_is_typed_is_read_in_the_default(folder: Folder) -> None:
    assert why(folder, "0600000101").json["rule"] == "in"
    assert why(folder, "0470 00 01 02").json["rule"] in {"absent", "unreachable"}  # as French people write another
    assert why(folder, "+32 470 00 01 02").json["rule"] == "in"
    assert why(folder, "+32 470 00 01 09").json["rule"] == "suppressed"
    folder.write({"campaigns/sale.yaml": FILES["campaigns/sale.yaml"].replace(", default: FR", "")})
    assert why(folder, "0600000101").json["why"] == "a number without country code, and no region given"


def test_another_region_is_another_audience_in_the_plan_and_its_digest(folder: Folder) -> None:
    assert folder.call("apply", "--auto-approve").code == 0
    before = folder.call("plan", "--json").json
    assert "differences" not in before["steps"][0] or before["steps"][0]["differences"] == []
    for region in ("FR", "{column: country}", "{column: country, default: BE}"):
        folder.write({"campaigns/sale.yaml": FILES["campaigns/sale.yaml"].replace(REGION, region)})
        after = folder.call("plan", "--json").json
        keys = [one["key"] for one in after["steps"][0]["differences"]]
        assert keys == ["audience"], region
