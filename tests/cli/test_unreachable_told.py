"""Landlines and premium numbers: told by `plan`, `why` and `--rejects`, and never heard of by the sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.conftest import GREETING

if TYPE_CHECKING:
    from tests.conftest import MakeProject

PEOPLE = "phone_number,first_name\n+33600000101,Ann\n+33199000002,Bo\n+33199000003,Cy\n+33899000004,Di\n"


def test_the_plan_counts_them_by_kind_and_apply_sends_nothing_to_them(project: MakeProject) -> None:
    folder = project({"campaigns/sale.yaml": GREETING, "campaigns/people.csv": PEOPLE})
    planned = folder.call("plan")
    assert planned.code == 0, planned.err
    assert "- 2 landlines" in planned.out
    assert "- 1 premium number" in planned.out
    assert folder.call("plan", "--json").json["steps"][0]["people"]["unreachable"] == {"landline": 2, "premium": 1}
    assert folder.call("apply", "--auto-approve").code == 0
    assert [message.address for message in folder.messages()] == ["+33600000101"]


def test_why_says_so_and_rejects_list_them(project: MakeProject) -> None:
    folder = project({"campaigns/sale.yaml": GREETING, "campaigns/people.csv": PEOPLE})
    told = folder.run("why", "sale", typed="+33 1 99 00 00 02\n")
    assert "a number that the channel does not reach" in told.out
    assert "landline" in told.out
    assert folder.call("validate", "--rejects", str(folder.path / "out.csv")).code == 0
    listed = (folder.path / "out.csv").read_text().splitlines()
    assert [line.split(",")[3] for line in listed[1:]] == ["landline", "landline", "premium"]


def test_what_nobody_leaves_out_is_not_mentioned(project: MakeProject) -> None:
    folder = project(
        {"campaigns/sale.yaml": GREETING, "campaigns/people.csv": PEOPLE.splitlines()[0] + "\n+33600000101,A\n"}
    )
    assert "unreachable" not in folder.call("plan", "--json").json["steps"][0]["people"]
