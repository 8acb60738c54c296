import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octoplan.content.typography import REPLACED, cheaper, typographic
from octoplan.parts import BASIC, EXTENSION, measure

DOCS = (Path(__file__).parents[2] / "docs" / "templates.md").read_text(encoding="utf-8")
TEXTS = st.text(alphabet=st.sampled_from(["a", "é", "ł", "€", "🎉", "\n", *REPLACED]), max_size=200)


def test_only_what_the_gsm_alphabet_lacks_is_replaced_and_only_by_what_it_has() -> None:
    for character, instead in REPLACED.items():
        assert character not in BASIC | EXTENSION
        assert set(instead) <= BASIC


def test_no_letter_digit_or_part_of_an_emoji_is_replaced() -> None:
    assert not [character for character in REPLACED if unicodedata.category(character)[0] in "LNM"]
    assert not {"\u200d", "\ufe0f"} & REPLACED.keys()  # they hold emoji together


def test_the_table_of_the_docs_is_the_table_of_the_code() -> None:
    section = DOCS.partition("## Typographic characters")[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in section.splitlines() if "U+" in row]
    told = {}
    for cell, instead in rows:
        written = {"nothing": "", "a space": " "}.get(instead, instead.strip("`"))
        for code in re.findall("U\\+([0-9A-F]{4})", cell):
            told[chr(int(code, 16))] = written
    assert told == dict(REPLACED)


@given(text=TEXTS)
def test_a_text_is_changed_only_to_one_without_ucs2_that_has_no_more_parts(text: str) -> None:
    changed = cheaper(text)
    if changed != text:
        assert measure(text).encoding == "ucs2"
        assert measure(changed).encoding == "gsm7"
        assert measure(changed).parts <= measure(text).parts
        assert changed == "".join(REPLACED.get(character, character) for character in text)
    assert cheaper(changed) == changed


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("L\u2019été \u2014 50\u00a0%", "L'été - 50 %"),
        ("it\u2019s \U0001f389", "it\u2019s \U0001f389"),  # UCS-2 all the same: the words stay as written
        ("it\u2019s Łódź", "it\u2019s Łódź"),
        ("\u2026" * 60, "\u2026" * 60),  # one part of 60 units, or two of 180
        ("no\u00adthing\u200b", "nothing"),
        ("plain", "plain"),
        ("a" * 1220 + "\u2026", "a" * 1220 + "..."),
        ("a" * 1223 + "\u2026", "a" * 1223 + "\u2026"),  # an SMS has 1224 characters at most
    ],
)
def test_typographic_characters_are_replaced_where_only_they_cost(text: str, changed: str) -> None:
    assert cheaper(text) == changed


def test_the_characters_of_a_text_are_told_as_often_as_they_are_there() -> None:
    assert typographic("\u201ca\u2019b\u2019\u201d") == "\u2019\u2019\u201c\u201d"
