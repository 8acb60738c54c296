from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from octoplan.parts import BASIC, EXTENSION, ROOM, Encoding, measure, split

GSM_TEXTS = st.text(alphabet=sorted(BASIC | EXTENSION), max_size=700)
# Boundaries matter most: long runs of what must not be split, with a little of the rest.
MIXED_TEXTS = st.text(alphabet=st.sampled_from("a€é~🎉ë\u2028\ud83d\ude00\x1b\r\n"), max_size=500)
ANY_TEXTS = st.one_of(GSM_TEXTS, MIXED_TEXTS, st.text(max_size=300))


def cost_of(character: str, encoding: Encoding) -> int:
    return 1 + (character in EXTENSION if encoding == "gsm7" else ord(character) > 0xFFFF)


def reference(text: str) -> tuple[Encoding, int, int]:
    """Fill part after part, one character at a time."""
    encoding: Encoding = "gsm7" if set(text) <= BASIC | EXTENSION else "ucs2"
    costs = [cost_of(character, encoding) for character in text]
    if sum(costs) <= ROOM[encoding].alone:
        return encoding, sum(costs), min(len(text), 1)
    parts, left = 1, ROOM[encoding].joined
    for cost in costs:
        if cost > left:
            parts, left = parts + 1, ROOM[encoding].joined
        left -= cost
    return encoding, sum(costs), parts


def test_the_basic_table_has_127_characters_and_the_extension_table_ten() -> None:
    assert len(BASIC) == 127
    assert len(EXTENSION) == 10
    assert not BASIC & EXTENSION
    assert "\x1b" not in BASIC


@pytest.mark.parametrize(
    ("text", "units", "parts"),
    [
        ("", 0, 0),
        ("a", 1, 1),
        ("a" * 160, 160, 1),
        ("a" * 161, 161, 2),
        ("a" * 306, 306, 2),
        ("a" * 307, 307, 3),
        ("a" * 1224, 1224, 8),
        ("a" * 1225, 1225, 9),
        ("€" * 80, 160, 1),
        ("a" + "€" * 80, 161, 2),
        # 153 is odd: each part of euros holds 76 and one septet stays free.
        ("€" * 152, 304, 2),
        ("€" * 153, 306, 3),
        ("\r\n" * 80, 160, 1),
    ],
)
def test_septets_fill_160_or_153_a_part(text: str, units: int, parts: int) -> None:
    measured = measure(text)
    assert (measured.encoding, measured.units, measured.parts) == ("gsm7", units, parts)


@pytest.mark.parametrize(
    ("text", "units", "parts"),
    [
        ("ç", 1, 1),
        ("ç" * 70, 70, 1),
        ("ç" * 71, 71, 2),
        ("ç" * 134, 134, 2),
        ("ç" * 135, 135, 3),
        ("🎉" * 35, 70, 1),
        ("🎉" * 36, 72, 2),
        # 67 is odd: each part holds 33 emoji.
        ("🎉" * 66, 132, 2),
        ("🎉" * 67, 134, 3),
        ("ç€", 2, 1),
    ],
)
def test_utf16_units_fill_70_or_67_a_part(text: str, units: int, parts: int) -> None:
    measured = measure(text)
    assert (measured.encoding, measured.units, measured.parts) == ("ucs2", units, parts)


def test_the_euro_sign_costs_two_septets_and_is_named() -> None:
    measured = measure("5 € ou 6 € [ou 7]")
    assert measured.units == 17 + 4
    assert measured.extended == ("€", "[", "]")
    assert measured.costly == ()


def test_the_characters_that_force_ucs2_are_named_once_in_order() -> None:
    measured = measure("L’été à Noël, ça coûte 5 €: l’œuvre")  # noqa: RUF001 - the curly quote is the point
    assert measured.costly == ("’", "ë", "ç", "û", "œ")  # noqa: RUF001 - as above
    assert measured.extended == ()


def test_french_accents_that_gsm_has_are_free() -> None:
    assert measure("é è à ù ì ò Ç É").encoding == "gsm7"


def test_an_escape_character_of_the_text_itself_is_no_septet() -> None:
    assert measure("\x1b").costly == ("\x1b",)


def test_a_euro_sign_at_the_boundary_moves_to_the_next_part() -> None:
    text = "a" * 152 + "€" + "b" * 20
    assert split(text) == ("a" * 152, "€" + "b" * 20)


def test_an_emoji_at_the_boundary_moves_to_the_next_part() -> None:
    text = "ç" * 66 + "🎉" + "b" * 20
    assert split(text) == ("ç" * 66, "🎉" + "b" * 20)


def test_an_empty_text_has_no_part() -> None:
    assert split("") == ()


@given(text=ANY_TEXTS)
@example(text="€" * 400)
@example(text="🎉" * 400)
def test_filling_character_by_character_gives_the_same(text: str) -> None:
    measured = measure(text)
    encoding, units, parts = reference(text)
    assert (measured.encoding, measured.units) == (encoding, units)
    if "\ud83d\ude00" not in text:  # two lone surrogates that meet are kept together, the reference takes them apart
        assert measured.parts == parts


@given(text=ANY_TEXTS)
@example(text="a" * 152 + "€" * 200)
def test_the_parts_joined_are_the_text_and_as_many_as_measured(text: str) -> None:
    pieces = split(text)
    assert "".join(pieces) == text
    assert len(pieces) == measure(text).parts
    assert all(pieces)


@given(text=ANY_TEXTS)
def test_no_part_exceeds_its_room_and_no_pair_is_split(text: str) -> None:
    encoding, pieces = measure(text).encoding, split(text)
    room = ROOM[encoding].alone if len(pieces) == 1 else ROOM[encoding].joined
    assert all(sum(cost_of(character, encoding) for character in piece) <= room for piece in pieces)
    for before, after in pairwise(pieces):
        assert not ("\ud800" <= before[-1] <= "\udbff" and "\udc00" <= after[0] <= "\udfff")


@given(text=ANY_TEXTS, more=st.characters())
def test_a_longer_text_never_costs_less(text: str, more: str) -> None:
    assert measure(text + more).parts >= measure(text).parts


@given(text=ANY_TEXTS)
@example("a" * 161)
@example("a" * 159 + "€")
@example("a" * 152 + "€" * 80)
def test_over_is_the_least_that_must_go_from_the_end_for_one_part_less(text: str) -> None:
    measured = measure(text)
    assert (measured.over > 0) is (measured.parts > 1)
    if measured.parts > 1:
        kept, gone = text, 0
        while measure(kept).parts == measured.parts and measure(kept).encoding == measured.encoding:
            gone += cost_of(kept[-1], measured.encoding)
            kept = kept[:-1]
        if measure(kept).encoding == measured.encoding:
            # a character of two units may reach across
            assert measured.over <= gone <= measured.over + 1
