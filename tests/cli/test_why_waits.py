"""`octoplan why` tells what one person waits for beside their window: a wave, a cap, a flag; as the apply then does."""

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.cli.test_waves import hear
from tests.conftest import GREETING, NOW

if TYPE_CHECKING:
    from tests.conftest import Folder, MakeProject, Outcome

NUMBERS = [f"+336000020{number:02}" for number in range(40)]
ADA, BOB = NUMBERS[:2]
CAPPED = "caps: [{purpose: wholesale, per: person, at_most: 1, within: 7d, over: %s}]\n"


@pytest.fixture
def folder(project: "MakeProject") -> "Folder":
    rows = "phone_number,first_name\n" + "".join(f"{number},Ann\n" for number in NUMBERS)
    waves = "waves: [{people: 4}, {share: 25%, after: 15m}, {rest: true, after: 1h}]\n"
    made: Folder = project({"campaigns/people.csv": rows, "campaigns/sale.yaml": GREETING + waves})
    assert made.call("plan").code == 0  # the sandbox has its state from here on
    return made


def ask(folder: "Folder", number: str, *flags: str, at: datetime = NOW, campaign: str = "sale") -> "Outcome":
    found = folder.call("why", campaign, *flags, typed=f"{number}\n", at=at)
    assert number not in found.out + found.err
    return found


def waits(folder: "Folder", number: str, at: datetime = NOW) -> list[str]:
    return [one["why"] for one in json.loads(ask(folder, number, "--json", at=at).out)["waits"]]


def test_why_tells_which_wave_somebody_is_in_and_the_apply_does_just_that(folder: "Folder") -> None:
    told = {number: waits(folder, number) for number in NUMBERS}
    assert folder.call("apply", "--auto-approve").code == 0
    assert sorted(number for number, why in told.items() if not why) == folder.addresses()
    later = NOW + timedelta(minutes=1)
    second = [number for number in NUMBERS if waits(folder, number, later) == ["wave 2 of 3, 15m after the one before"]]
    assert {number for number, why in told.items() if why and why[0].startswith("wave 2")} == set(second)
    said = ask(folder, second[0], at=later).out
    assert "In: in the audience\n" in said
    assert "    waits until 2026-11-03 10:15 UTC: wave 2 of 3, 15m after the one before\n" in said
    assert "waits" not in ask(folder, folder.addresses()[0], at=later).out, "they have had it"
    assert folder.call("apply", "--auto-approve", at=NOW + timedelta(minutes=15)).code == 0
    assert sorted(second) == sorted(set(folder.addresses()) - {one for one, why in told.items() if not why})


def test_why_tells_that_a_campaign_is_halted_or_its_waves_are(folder: "Folder") -> None:
    folder.call("apply", "--auto-approve")
    left = next(number for number in NUMBERS if number not in folder.addresses())
    folder.call("halt", "--campaign", "sale", "--why", "the price is wrong")
    said = ask(folder, left).out
    assert "    blocked: sale was halted by " in said
    assert "the price is wrong\n" in said
    assert "blocked" not in ask(folder, folder.addresses()[0]).out
    folder.call("resume", "--campaign", "sale")
    assert "blocked" not in ask(folder, left).out


def test_why_tells_that_stop_if_keeps_the_next_wave_from_beginning(folder: "Folder") -> None:
    campaign = folder.path / "campaigns" / "sale.yaml"
    with campaign.open("a", encoding="utf-8") as written:
        written.write("stop_if: {undelivered: 5%, min_people: 2}\n")
    assert folder.call("apply", "--auto-approve").code == 0
    left = next(number for number in NUMBERS if number not in folder.addresses())
    assert "blocked" not in ask(folder, left).out
    hear(folder, "undelivered", 2)
    said = ask(folder, left, at=NOW + timedelta(minutes=20)).out
    assert "    blocked: wave 2 of 3 does not begin: 2 of 4 people (50.0 %) were not reached, more than 5 %" in said
    assert "blocked" not in ask(folder, folder.addresses()[0], at=NOW + timedelta(minutes=20)).out


@pytest.mark.parametrize("over", ["skip", "wait"])
def test_why_tells_whoever_is_over_a_cap_now(project: "MakeProject", over: str) -> None:
    shop = project({"octoplan.yaml": "octoplan: 1\n" + CAPPED % over, "campaigns/a.yaml": _sale("Autumn", ADA)})
    assert shop.call("apply", "--auto-approve").code == 0
    shop.write({"campaigns/b.yaml": _sale("Books", ADA, BOB)})
    at = NOW + timedelta(days=1)
    said = ask(shop, ADA, at=at, campaign="b").out
    if over == "skip":
        assert "Out: left out of this edition, over a cap (the cap of 1 wholesale message in 7d)\n" in said
    else:
        assert "In: in the audience\n" in said
        assert "    waits until 2026-11-10 10:00 UTC: the cap of 1 wholesale message in 7d\n" in said
    assert "cap" not in ask(shop, BOB, at=at, campaign="b").out
    assert shop.call("apply", "--auto-approve", at=at).code == 0
    assert shop.addresses() == [ADA, BOB]


def test_why_tells_who_waits_for_max_ahead(folder: "Folder") -> None:
    far = "send_at: 2026-12-24T10:00:00+01:00\nmax_ahead: 7d\n"
    folder.write({"campaigns/sale.yaml": GREETING + far})
    said = ask(folder, ADA).out
    assert "    waits until 2026-12-17 10:00 +01:00: send_at is further away than max_ahead (7d)\n" in said


def _sale(text: str, *numbers: str) -> str:
    listed = ", ".join(f'{{phone_number: "{one}"}}' for one in numbers)
    head = "channel: sms\npurpose: wholesale\nsender: OctoShop\nopen: true\n"
    return f"{head}text: {text} STOP au 30101\nrecipients: [{listed}]\n"
