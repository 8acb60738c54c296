"""What the plan says a campaign costs and why, held against what another way of writing it really costs."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import Folder, MakeProject

PROJECT = """\
octoplan: 1
environments:
  sandbox: {gateway: sandbox, frame_size: 10, prices: {sms_premium: {FR: 0.05, default: 0.08}, currency: EUR}}
"""
CAMPAIGN = """\
channel: sms
purpose: alert
open: true
audience: {from: audiences/people.csv}
vars: {shop: OctoShop}
text: |
  TEXT
"""
LONG = "Our shop is open on Sunday, with coffee and cake for everybody who comes by before noon. "


def folder_of(project: MakeProject, text: str, rows: list[str], more: str = "", header: str = "name") -> Folder:
    lines = "".join(f"+336000004{number:02},{row}\n" for number, row in enumerate(rows))
    campaign = CAMPAIGN.replace("TEXT", text) + more
    folder: Folder = project(
        {
            "octoplan.yaml": PROJECT,
            "campaigns/sale.yaml": campaign,
            "campaigns/audiences/people.csv": f"phone_number,{header}\n{lines}",
        }
    )
    return folder


def step(folder: Folder) -> Any:
    outcome = folder.call("plan", "--json")
    assert outcome.code == 0, outcome.err
    return outcome.json["steps"][0]


def saving(parts: int, price: str = "0.05") -> dict[str, Any]:
    return {"parts": parts, "amount": f"{Decimal(price) * parts:f}"}


def test_a_curly_quote_of_the_text_is_told_with_what_it_costs_and_that_is_what_replacing_it_saves(
    project: MakeProject,
) -> None:
    folder = folder_of(project, f"It\u2019s {{{{ name }}}}! {LONG}", ["Ann", "Bo", "Ann"])
    before = step(folder)
    expense = before["expense"]
    assert expense["sizes"] == [{"encoding": "ucs2", "parts": 2, "people": 3, "variants": 2}]
    assert expense["characters"] == [
        {
            "characters": "\u2019 (right single quotation mark)",
            "several": False,
            "people": 3,
            "in": ["text"],
            **saving(3),
        }
    ]
    assert expense["changes"][0] == {
        "change": "replace",
        "character": "\u2019 (right single quotation mark)",
        "by": "'",
        **saving(3),
    }
    after = step(folder_of(project, f"It's {{{{ name }}}}! {LONG}", ["Ann", "Bo", "Ann"]))
    assert before["parts"] - after["parts"] == 3
    assert Decimal(before["cost"]["amount"]) - Decimal(after["cost"]["amount"]) == Decimal("0.15")
    assert after["expense"]["changes"] == []
    assert after["expense"]["characters"] == []


def test_a_letter_of_a_column_is_told_with_the_column_and_never_with_its_value(project: MakeProject) -> None:
    folder = folder_of(project, f"Hello {{{{ name }}}}! {LONG}", ["Łukasz", "Bo", "Ann"])
    (culprit,) = step(folder)["expense"]["characters"]
    assert culprit == {"characters": "Ł", "several": False, "people": 1, "in": ["name"], **saving(1)}
    for form in ("text", "json", "markdown", "html"):
        out = folder.call("plan", "--format", form).out
        assert ("\\u0141" if form == "json" else "Ł") in out
        assert "ukasz" not in out


def test_a_character_stands_in_the_text_in_a_var_and_in_a_column_that_bring_it_in(project: MakeProject) -> None:
    text = f"\u2026 {{# \u2014 #}}{{{{ shop }}}} {{{{ name | upper }}}} {LONG}"
    rows = ["\u2026\u2013", "Bo"]
    folder = folder_of(project, text, rows)
    folder.write({"campaigns/sale.yaml": CAMPAIGN.replace("TEXT", text).replace("OctoShop", "\u2026Shop\u2014")})
    told = {one["characters"][0]: (one["in"], one["people"]) for one in step(folder)["expense"]["characters"]}
    assert told == {"\u2026": (["text", "shop", "name"], 2), "\u2014": (["shop"], 2), "\u2013": (["name"], 1)}


def test_what_optimize_would_save_is_what_it_saves(project: MakeProject) -> None:
    text = f"\u201cIt\u2019s\u201d {{{{ name }}}}! {LONG}"
    rows = ["Ann", "Bo", "Łukasz", "\U0001f389"]
    folder = folder_of(project, text, rows)
    before = step(folder)
    (told,) = [one for one in before["expense"]["changes"] if one["change"] == "optimize"]
    assert told == {"change": "optimize", **saving(2)}
    folder.write({"campaigns/sale.yaml": CAMPAIGN.replace("TEXT", text) + "optimize: gsm7\n"})
    after = step(folder)
    assert before["parts"] - after["parts"] == 2
    assert after["expense"]["saved"] == saving(2)
    assert [(one["character"][0], one["by"], one["times"], one["people"]) for one in after["expense"]["replaced"]] == [
        ("\u2019", "'", 2, 2),
        ("\u201c", '"', 2, 2),
        ("\u201d", '"', 2, 2),
    ]


def test_what_the_plan_says_was_replaced_is_what_people_get(project: MakeProject) -> None:
    rows = ["O\u2019Neil", "O'Neil", "\U0001f389"]
    folder = folder_of(project, "It\u2019s you, {{ name }}", rows, "optimize: gsm7\n")
    planned = step(folder)
    assert planned["variants"] == 2
    assert [(one["times"], one["people"]) for one in planned["expense"]["replaced"]] == [(3, 2)]
    shown = folder.call("plan").out
    assert "\u2019 (right single quotation mark) by ' 3 times, for 2 people" in shown
    assert "no message takes fewer parts by it" in shown
    assert "saved" not in shown
    assert folder.call("apply", "--auto-approve").code == 0
    assert sorted(str(message.text) for message in folder.messages()) == [
        "It's you, O'Neil",
        "It's you, O'Neil",
        "It\u2019s you, \U0001f389",
    ]
    assert "It's you" in folder.call("render", "sale", "--limit", "1").out
    folder.write({"campaigns/sale.yaml": CAMPAIGN.replace("TEXT", "It\u2019s you, {{ name }}")})
    assert step(folder)["changed"]


def test_how_many_characters_shorter_a_text_must_be_is_true(project: MakeProject) -> None:
    text = "x" * 150 + "{{ name }}"
    folder = folder_of(project, text, ["a" * 13, "b" * 13, "c" * 11, "d" * 80])
    before = step(folder)
    assert before["parts"] == 8
    (change,) = before["expense"]["changes"]
    assert change == {"change": "shorten", "characters": 1, **saving(1)}
    after = step(folder_of(project, text[1:], ["a" * 13, "b" * 13, "c" * 11, "d" * 80]))
    assert after["parts"] == 7
    (change,) = after["expense"]["changes"]
    assert change == {"change": "shorten", "characters": 2, **saving(2)}
    assert step(folder_of(project, text[3:], ["a" * 13, "b" * 13, "c" * 11, "d" * 80]))["parts"] == 5


def test_without_prices_the_parts_are_told_without_money(project: MakeProject) -> None:
    folder = folder_of(project, f"It\u2019s {{{{ name }}}}! {LONG}", ["Ann"])
    folder.write({"octoplan.yaml": "octoplan: 1\n"})
    assert step(folder)["expense"]["changes"][0]["amount"] is None
    assert "replace \u2019 (right single quotation mark) by ': 1 part less" in folder.call("plan").out


def test_one_part_in_the_cheap_alphabet_is_not_worth_a_word(project: MakeProject) -> None:
    out = folder_of(project, "Hello {{ name }}", ["Ann", "Bo"]).call("plan").out
    for label in ("parts  ", "characters", "cheaper", "replaced", "requests  ", "languages"):
        assert f"     {label}" not in out


PERSONAL = [f"Ann{number % 2},{number}.5" for number in range(90)]


def test_many_requests_are_told_with_the_variable_that_makes_them(project: MakeProject) -> None:
    folder = folder_of(project, "Hello {{ name }}, {{ points }} points", PERSONAL, header="name,points")
    planned = step(folder)
    assert planned["requests"] == 90
    assert planned["expense"]["requests"] == {
        "enough": 9,
        "variable": "points",
        "variants_without": 2,
        "rounded": {"to": 100, "variants": 2},
    }
    out = folder.call("plan").out
    assert "9 requests would do if all words were the same" in out
    assert "`points` makes 90 variants; without it there are at most 2" in out
    assert "rounded down to 100s, `points` makes at most 2 variants" in out
    without = step(folder_of(project, "Hello {{ name }}", PERSONAL, header="name,points"))
    assert without["variants"] == 2
    assert without["expense"]["requests"] is None


@pytest.mark.parametrize("text", ["Hello {{ name }}", "Hello {{ name if name == 'x' else 'you' }}"])
def test_a_variable_that_is_no_number_is_not_told_to_be_rounded(project: MakeProject, text: str) -> None:
    folder = folder_of(project, text, [f"Ann{number}" for number in range(60)])
    split = step(folder)["expense"]["requests"]
    if text == "Hello {{ name }}":
        assert split == {"enough": 6, "variable": "name", "variants_without": 1, "rounded": None}
    else:
        assert split is None
