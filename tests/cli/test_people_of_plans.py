"""People beside those who would be sent to: who is gone from an audience, and who gets several messages a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conftest import GREETING

if TYPE_CHECKING:
    from tests.conftest import Folder, MakeProject

MAIL = """\
channel: email
purpose: alert
open: true
audience: {from: people.csv}
metadata: {email_from: shop@example.com, subject: News}
text: Good morning, {{ first_name }}
"""
THANKS = GREETING.replace("Hello", "Thank you for your visit to our shop,").replace("people.csv", "some.csv")


def people(*numbers: int) -> str:
    rows = "".join(f"+336000003{one:02},Ann,ann{one}@example.com\n" for one in numbers)
    return f"phone_number,first_name,email\n{rows}"


@pytest.fixture
def folder(project: MakeProject) -> Folder:
    made: Folder = project({"campaigns/sale.yaml": GREETING, "campaigns/people.csv": people(*range(8))})
    return made


def steps(folder: Folder) -> dict[str, tuple[int, int]]:
    """Campaign → people who are gone, people who get another message that day."""
    found = folder.call("plan", "--format", "json").json["steps"]
    return {step["campaign"]: (step["gone"], step["same_day"]) for step in found}


def test_who_is_gone_from_the_audience_is_counted(folder: Folder) -> None:
    assert folder.call("apply", "--auto-approve").code == 0
    assert steps(folder) == {"sale": (0, 0)}
    folder.write({"campaigns/people.csv": people(*range(3, 10))})
    assert steps(folder) == {"sale": (3, 0)}
    assert "3 people of this edition are in the audience no more" in folder.call("plan").out
    folder.write({"campaigns/people.csv": people(*range(3, 8))})
    assert steps(folder) == {"sale": (3, 0)}


def test_a_new_edition_has_lost_nobody(folder: Folder) -> None:
    assert folder.call("apply", "--auto-approve").code == 0
    folder.write({"campaigns/sale.yaml": f"{GREETING}edition: 2\n", "campaigns/people.csv": people(1)})
    assert steps(folder) == {"sale": (0, 0)}


def test_who_gets_two_messages_of_a_plan_is_counted_in_both(folder: Folder) -> None:
    folder.write({"campaigns/thanks.yaml": THANKS, "campaigns/some.csv": people(6, 7, 8, 9)})
    assert steps(folder) == {"sale": (0, 2), "thanks": (0, 2)}
    shown = folder.call("plan").out
    assert shown.count("2 people get another message of this plan that day") == 2


def test_who_has_had_one_of_them_does_not_count(folder: Folder) -> None:
    assert folder.call("apply", "--auto-approve").code == 0
    folder.write({"campaigns/thanks.yaml": THANKS, "campaigns/some.csv": people(6, 7, 8, 9)})
    assert steps(folder) == {"sale": (0, 0), "thanks": (0, 0)}


def test_another_day_or_another_kind_of_address_is_another_thing(folder: Folder) -> None:
    later = f"{THANKS}send_at: 2026-12-24T10:00:00+01:00\n"
    folder.write({"campaigns/thanks.yaml": later, "campaigns/some.csv": people(6, 7), "campaigns/mail.yaml": MAIL})
    assert steps(folder) == {"mail": (0, 0), "sale": (0, 0), "thanks": (0, 0)}
    folder.write({"campaigns/sale.yaml": f"{GREETING}send_at: 2026-12-24T23:00:00+01:00\n"})
    assert steps(folder) == {"mail": (0, 0), "sale": (0, 2), "thanks": (0, 2)}
