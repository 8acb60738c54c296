"""What differs from what was last sent is shown, key by key, in every format of a plan."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.conftest import GREETING

if TYPE_CHECKING:
    from tests.conftest import Folder, MakeProject

PATH, PEOPLE = "campaigns/sale.yaml", "campaigns/people.csv"
FIRST, MORE = ("phone_number,first_name\n" + "".join(f"+336000003{n:02},Ann\n" for n in range(to)) for to in (2, 4))


@pytest.fixture
def folder(project: MakeProject) -> Folder:
    made: Folder = project({PATH: GREETING, PEOPLE: FIRST}, after=(("apply", "--auto-approve"),))
    return made


def differing(folder: Folder) -> list[dict[str, str | None]]:
    (step,) = folder.call("plan", "--format", "json").json["steps"]
    found: list[dict[str, str | None]] = step["differences"]
    return found


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (GREETING, []),
        (
            GREETING.replace("Hello {{ first_name }}", "Hi {{ first_name }}"),
            [{"key": "text", "before": "Hello {{ first_name }}", "after": "Hi {{ first_name }}"}],
        ),
        (f"{GREETING}sender: OctoShop\n", [{"key": "sender", "before": None, "after": "OctoShop"}]),
        (f"{GREETING}vars: {{code: A1}}\n", [{"key": "vars.code", "before": None, "after": "A1"}]),
        (
            GREETING.replace("{from: people.csv}", "{from: people.csv, where: first_name = 'Ann'}"),
            [{"key": "audience", "before": None, "after": None}],
        ),
        (f"{GREETING}limits: {{max_recipients: 9}}\n", [{"key": "limits.recipients", "before": None, "after": "9"}]),
    ],
    ids=["nothing", "text", "a setting", "a var", "the audience", "a limit"],
)
@pytest.mark.parametrize("edition", [1, 2])
def test_what_differs_is_named_by_its_key(
    folder: Folder, written: str, expected: list[dict[str, str | None]], edition: int
) -> None:
    folder.write({PATH: f"{written}edition: {edition}\n"})
    assert differing(folder) == expected


def test_a_campaign_that_was_never_sent_differs_from_nothing(project: MakeProject) -> None:
    assert differing(project({PATH: GREETING, PEOPLE: FIRST})) == []


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
@pytest.mark.parametrize("people", [FIRST, MORE], ids=["nobody to send to", "somebody joined"])
def test_both_texts_are_shown_to_whoever_reads_the_plan(folder: Folder, form: str, people: str) -> None:
    folder.write({PATH: GREETING.replace("Hello", "Good morning"), PEOPLE: people})
    shown = folder.call("plan", "--format", form).out
    assert "Good morning" in shown
    assert "Hello" in shown


def test_an_address_in_a_template_is_masked(folder: Folder) -> None:
    folder.write({PATH: GREETING.replace("Hello", "Call +33 6 00 00 03 99,")})
    for form in ("text", "json", "markdown", "html"):
        shown = folder.call("plan", "--format", form).out
        assert "03 99" not in shown
        assert "+33…99" in (str(json.loads(shown)) if form == "json" else shown)


def test_once_it_is_sent_nothing_differs_any_more(folder: Folder) -> None:
    folder.write({PATH: GREETING.replace("Hello", "Hi"), PEOPLE: MORE})
    assert len(differing(folder)) == 1
    assert folder.call("apply", "--auto-approve").code == 0
    assert differing(folder) == []
