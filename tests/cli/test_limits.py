"""Limits on the command line: what is above one is refused with 5, and sent once its number is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conftest import GREETING as CAMPAIGN

if TYPE_CHECKING:
    from tests.conftest import Folder, MakeProject

PRICES = "octoplan: 1\nenvironments: {sandbox: {gateway: sandbox, prices: {sms_premium: 0.1}}}\n"


def people(number: int) -> str:
    return "phone_number,first_name\n" + "".join(f"+336000003{one:02},Ann {one}\n" for one in range(number))


@pytest.fixture
def folder(project: MakeProject) -> Folder:
    made: Folder = project({"campaigns/sale.yaml": CAMPAIGN, "campaigns/people.csv": people(3)})
    return made


def limited(folder: Folder, limits: str, *, whole: bool) -> None:
    """Write limits into the project or into its campaign."""
    if whole:
        folder.write({"octoplan.yaml": f"{PRICES}limits: {limits}\n"})
    else:
        folder.write({"octoplan.yaml": PRICES, "campaigns/sale.yaml": f"{CAMPAIGN}limits: {limits}\n"})


@pytest.mark.parametrize("whole", [True, False], ids=["project", "campaign"])
@pytest.mark.parametrize(
    ("limits", "said", "accept"),
    [
        ("{max_recipients: 2}", "3 recipients are more than max_recipients 2", "recipients=3"),
        ("{max_requests: 2}", "3 requests are more than max_requests 2", "requests=3"),
        ("{max_parts: 2}", "3 parts are more than max_parts 2", "parts=3"),
        ("{max_cost: 0.2}", "a cost of 0.3 is more than max_cost 0.2", "cost=0.3"),
    ],
)
def test_what_is_above_a_limit_is_sent_once_its_number_is_named(
    whole: bool,  # noqa: FBT001 - a case
    limits: str,
    said: str,
    accept: str,
    folder: Folder,
) -> None:
    limited(folder, limits, whole=whole)
    out = folder.path / "reviewed.plan"
    for command in (("plan", "--out", str(out)), ("apply", "--auto-approve")):
        refused = folder.call(*command)
        assert refused.code == 5
        assert said in refused.err
        assert said in refused.out
        assert f"--accept {accept}" in refused.err
    assert not out.exists()
    assert folder.messages() == ()
    assert folder.call("plan", "--out", str(out), "--accept", accept).code == 0
    assert folder.call("apply", str(out), "--auto-approve").code == 5
    assert folder.call("apply", str(out), "--auto-approve", "--accept", accept).code == 0
    assert len(folder.messages()) == 3


@pytest.mark.parametrize("form", ["text", "json", "markdown", "html"])
@pytest.mark.parametrize("whole", [True, False], ids=["project", "campaign"])
def test_every_format_of_a_plan_says_what_is_above_a_limit(whole: bool, form: str, folder: Folder) -> None:  # noqa: FBT001 - a case
    limited(folder, "{max_recipients: 2}", whole=whole)
    shown = folder.call("plan", "--format", form)
    assert shown.code == 5
    assert "3 recipients are more than max" in shown.out
    if form == "json":
        assert bool(shown.json["blocked"]) == whole


def test_one_person_above_a_limit_is_one_person(folder: Folder) -> None:
    folder.write({"campaigns/people.csv": people(1)})
    limited(folder, "{max_recipients: 0}", whole=False)
    assert "1 recipient is more than max_recipients 0" in folder.call("plan").err


def test_what_is_at_its_limit_is_sent(folder: Folder) -> None:
    limited(folder, "{max_recipients: 3, max_requests: 3, max_parts: 3, max_cost: 0.30, max_growth: 0}", whole=True)
    assert folder.call("apply", "--auto-approve").code == 0
    folder.write({"campaigns/people.csv": people(5)})
    assert folder.call("apply", "--auto-approve").code == 0, "what was sent before does not count"
    assert folder.call("apply", "--auto-approve").code == 0
    assert len(folder.messages()) == 5


def test_a_cost_that_no_price_says_is_above_every_limit(folder: Folder) -> None:
    folder.write({"campaigns/sale.yaml": f"{CAMPAIGN}limits: {{max_cost: 1000}}\n"})
    refused = folder.call("apply", "--auto-approve", "--accept", "cost=1000000")
    assert refused.code == 5
    assert "the cost is not known" in refused.err
    assert folder.messages() == ()


@pytest.mark.parametrize("whole", [True, False], ids=["project", "campaign"])
def test_an_edition_that_grew_too_much_is_refused(whole: bool, folder: Folder) -> None:  # noqa: FBT001 - a case
    assert folder.call("apply", "--auto-approve").code == 0
    text = f"{CAMPAIGN}edition: 2\n"
    grown = "limits: {max_growth: 50%}\n"
    folder.write({"octoplan.yaml": PRICES + (grown if whole else "")})
    folder.write({"campaigns/sale.yaml": text + ("" if whole else grown), "campaigns/people.csv": people(5)})
    refused = folder.call("apply", "--auto-approve")
    assert refused.code == 5
    assert "a growth of 66.7 % is more than max_growth 50.0 %" in refused.err
    assert folder.call("apply", "--auto-approve", "--accept", "growth=60%").code == 5
    assert len(folder.messages()) == 3
    assert folder.call("apply", "--auto-approve", "--accept", "growth=67%").code == 0
    assert len(folder.messages()) == 8
    folder.write({"campaigns/people.csv": people(6)})
    assert folder.call("apply", "--auto-approve").code == 5, "whoever joins later makes it grow too"


def test_a_limit_that_was_changed_makes_a_plan_stale(folder: Folder) -> None:
    limited(folder, "{max_recipients: 9}", whole=False)
    out = str(folder.path / "reviewed.plan")
    assert folder.call("plan", "--out", out).code == 0
    limited(folder, "{max_recipients: 10}", whole=False)
    assert folder.call("apply", out, "--auto-approve").code == 7


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ("{}", "give at least one"),
        ("{max_people: 5}", "max_people"),
        ("{max_recipients: -1}", "a whole number from 0"),
        ("{max_recipients: many}", "must be a whole number"),
        ("{max_growth: 20}", None),
        ("{max_growth: lots}", "a share such as 0.2, or a percentage such as 20%"),
        ("{max_cost: 1 EUR}", "must be a number"),
    ],
)
@pytest.mark.parametrize("whole", [True, False], ids=["project", "campaign"])
def test_limits_are_checked_where_they_stand(whole: bool, limits: str, said: str | None, folder: Folder) -> None:  # noqa: FBT001 - a case
    limited(folder, limits, whole=whole)
    outcome = folder.call("validate")
    assert outcome.code == (0 if said is None else 3)
    if said:
        assert said in outcome.err
        assert f"{'octoplan' if whole else 'campaigns/sale'}.yaml:{3 if whole else 6}:" in outcome.err


def test_an_acceptance_that_says_nothing_is_usage(folder: Folder) -> None:
    for command in ("plan", "apply"):
        outcome = folder.call(command, "--accept", "everything")
        assert outcome.code == 64
        assert "--accept takes a name and a number" in outcome.err


def test_people_who_are_in_the_list_no_more_count_for_the_growth_of_an_edition(folder: Folder) -> None:
    """Whoever turns the list over, a part at a time, sends to more people all the same."""
    assert folder.call("apply", "--auto-approve").code == 0
    second = CAMPAIGN.replace("purpose", "edition: 2\nlimits: {max_growth: 50%}\npurpose")
    head, *rows = people(9).splitlines(keepends=True)
    folder.write({"campaigns/sale.yaml": second, "campaigns/people.csv": head + "".join(rows[:3])})
    assert folder.call("apply", "--auto-approve").code == 0
    folder.write({"campaigns/people.csv": head + "".join(rows[3:6])})
    refused = folder.call("apply", "--auto-approve")
    assert refused.code == 5
    assert "a growth of 100.0 % is more than max_growth 50.0 %" in refused.err
    planned = folder.call("plan", "--accept", "growth=100%").out
    assert "~  sale  sms  edition 2  people who joined since" in planned
