"""`octoplan audience`: who is in a segment, a source or a campaign, as a whole, and nobody of them by name."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Folder, MakeProject

PEOPLE = "mobile;first_name;email;town\n" + "".join(
    f"06 00 07 {n:02} 64;{'Xanthippe' if n % 4 else ''};x{n}@mail.example.org;{('Quimperlé', 'Zwolle')[n % 2]}\n"
    for n in range(40)
)
SMS = "channel: sms\npurpose: wholesale\nnot_after: 2099-12-01T18:00:00+01:00\ntext: Hello STOP au 30101\n"
MAPPED = "columns: {phone_number: mobile}\nregion: FR\n"
FILES = {
    "octoplan.yaml": (
        "octoplan: 1\nsuppressions:\n"
        "  all: [{from: stop.csv, region: FR}]\n  wholesale: [{from: ads.csv, region: FR}]\n"
        "environments:\n"
        "  sandbox: {gateway: sandbox, sources: {customers: people.csv}}\n"
        "  local: {gateway: {url: 'http://127.0.0.1:9/'}, sources: {clients: people.csv}}\n"
    ),
    "people.csv": f"{PEOPLE}n/a;Nobody;;\n",
    "stop.csv": "phone_number\n0600070064\n",
    "ads.csv": "phone_number\n0600070164\n",
    "audiences/zwolle.yaml": f"from: customers\nwhere: town = 'Zwolle'\n{MAPPED}",
    "campaigns/all.yaml": f"{SMS}audience:\n  from: customers\n  columns: {{phone_number: mobile}}\n  region: FR\n",
    "campaigns/few.yaml": f"{SMS}audience: {{from: zwolle, limit: 3}}\n",
    "campaigns/mail.yaml": (
        "channel: email\npurpose: alert\nopen: true\naudience: {from: customers}\ntext: Hello\n"
        "metadata: {email_from: shop@example.com, subject: Hello}\n"
    ),
}


@pytest.fixture
def folder(project: MakeProject) -> Folder:
    return project(FILES)


def test_a_segment_is_counted_described_and_held_against_the_campaigns(folder: Folder) -> None:
    outcome = folder.call("audience", "zwolle", "--json")
    assert outcome.code == 0
    found = outcome.json
    assert (found["name"], found["is_a"], found["by"]) == ("zwolle", "segment", "phone_number")
    assert (found["rows"], found["people"]) == (41, 20)
    assert found["left_out"] == {"left out by where": 21}
    assert found["columns"] == [
        {"name": "mobile", "ours": ["phone_number"], "kind": "text", "blank": 0, "share": 0.0},
        {"name": "first_name", "ours": [], "kind": "text", "blank": 0, "share": 0.0},
        {"name": "email", "ours": [], "kind": "text", "blank": 0, "share": 0.0},
        {"name": "town", "ours": [], "kind": "text", "blank": 0, "share": 0.0},
    ]
    # Neither is one of an alert, nor the e-mail campaign among them: it reaches people by another address.
    assert found["overlaps"] == [{"campaign": "all", "people": 19}, {"campaign": "few", "people": 3}]


def test_a_source_is_read_as_the_command_line_says(folder: Folder) -> None:
    found = folder.call("audience", "customers", "--column", "mobile", "--region", "FR", "--json").json
    assert (found["is_a"], found["by"], found["people"]) == ("source", "phone_number", 39)
    assert found["left_out"] == {"not a phone number": 1, "suppressed": 1}
    assert found["rejects"] == [{"file": "people.csv", "line": 42, "column": None, "reason": "not a phone number"}]
    blank = {column["name"]: column["share"] for column in found["columns"]}
    assert blank["first_name"] == 9 / 39
    found = folder.call("audience", "customers", "--json").json
    assert (found["by"], found["people"]) == ("email", 40)


def test_a_campaign_is_read_as_a_plan_reads_it(folder: Folder) -> None:
    found = folder.call("audience", "all", "--json").json
    assert (found["is_a"], found["people"]) == ("campaign", 38)
    assert {one["campaign"]: one["people"] for one in found["overlaps"]} == {"few": 3}
    (step,) = folder.call("plan", "--target", "all", "--json").json["steps"]
    assert step["people"]["people"] == 38


def test_nobody_is_shown(folder: Folder) -> None:
    for arguments in (("zwolle",), ("customers",), ("all",), ("mail",), ("customers", "--column", "mobile")):
        for more in ((), ("--json",)):
            outcome = folder.call("audience", *arguments, *more)
            said = outcome.out + outcome.err
            assert outcome.code in (0, 3)
            for personal in ("Xanthippe", "0007", "00 07", "mail.example.org", "Quimperlé", "Zwolle"):
                assert personal not in said, (arguments, personal)
    assert "+33…64" in folder.call("audience", "zwolle").out


def test_a_closed_campaign_is_not_read(folder: Folder) -> None:
    folder.write({"campaigns/few.yaml": f"{SMS}audience: {{from: gone}}\n"})
    found = folder.call("audience", "zwolle", "--json", at=datetime(2100, 1, 1, tzinfo=UTC)).json
    assert found["overlaps"] == []
    found = folder.call("audience", "zwolle", "--json").json
    assert {one["campaign"]: one["people"] for one in found["overlaps"]} == {"all": 19, "few": None}


def test_a_closed_campaign_may_name_what_is_gone(folder: Folder) -> None:
    folder.write({"campaigns/few.yaml": f"{SMS}audience: {{from: gone}}\n"})
    assert folder.call("validate").code == 3
    assert folder.call("validate", at=datetime(2100, 1, 1, tzinfo=UTC)).code == 0


def test_where_nobody_is_left_it_is_shown_and_is_a_problem(folder: Folder) -> None:
    folder.write({"audiences/nobody.yaml": f"from: customers\nwhere: town = 'Ys'\n{MAPPED}"})
    outcome = folder.call("audience", "nobody")
    assert outcome.code == 3
    assert "left out by where" in outcome.out
    assert "nobody is left" in outcome.err
    outcome = folder.call("audience", "nobody", "--json")
    assert (outcome.code, [one["rule"] for one in outcome.json["problems"]]) == (3, ["audience/empty"])


def test_a_name_that_is_nothing_is_a_usage_error_that_says_what_there_is(folder: Folder) -> None:
    outcome = folder.call("audience", "zwole")
    assert outcome.code == 64
    assert "customers, zwolle" in outcome.err
    assert folder.call("audience", "all", "--by", "email").code == 64


def test_rows_that_cannot_be_used_can_be_written(folder: Folder) -> None:
    path = folder.path / "rejects.csv"
    assert (
        folder.call("audience", "customers", "--column", "mobile", "--region", "FR", "--rejects", str(path)).code == 0
    )
    assert path.read_text().splitlines()[1:] == ["octoplan.yaml,people.csv,42,not a phone number,n/a,Nobody,,,,"]


def test_each_environment_reads_its_own_and_validate_asks_which(folder: Folder) -> None:
    assert folder.call("validate").code == 0
    outcome = folder.call("validate", "--env", "local")
    assert outcome.code == 3
    assert "customers is no segment, and no source of local" in outcome.err
    assert "campaigns/all.yaml:6:3: error" in outcome.err
    assert folder.call("audience", "clients", "--env", "local", "--column", "mobile", "--region", "FR").code == 0


def test_a_segment_that_nobody_names_is_validated_too_but_not_for_a_target(folder: Folder) -> None:
    folder.write({"audiences/odd.yaml": "form: customers\n"})
    assert folder.call("validate").code == 3
    assert "audiences/odd.yaml:1:1" in folder.call("validate").err
    assert folder.call("validate", "--target", "all").code == 0


def test_a_changed_segment_makes_a_plan_stale(folder: Folder) -> None:
    plan = folder.path / "a.plan"
    assert folder.call("plan", "--target", "few", "--out", str(plan)).code == 0
    folder.write({"audiences/zwolle.yaml": f"from: customers\nwhere: town <> 'Zwolle'\n{MAPPED}"})
    assert folder.call("apply", str(plan), "--auto-approve").code == 7
    assert folder.messages() == ()


def test_why_knows_who_is_outside_a_limit(folder: Folder) -> None:
    assert folder.call("why", "few", "--json", typed=None).code == 64
    said = folder.run("why", "few", "--json", typed="0600070164\n").json
    assert said["rule"] == "suppressed"
    assert folder.run("why", "few", "--json", typed="0600070564\n").json["rule"] == "in"
    assert folder.run("why", "few", "--json", typed="0600072564\n").json["rule"] == "unchosen"
