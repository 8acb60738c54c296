import pytest
from hypothesis import given
from hypothesis import strategies as st

from octoplan.parts import measure
from octoplan.sandbox import counting
from octoplan.sandbox.counting import count_parts


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", 0),
        ("a", 1),
        ("é" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("a" * 1224, 8),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 152 + "€" + "a" * 152, 3),  # the escape pair does not fit at the end of the first part
        ("a" * 151 + "€" + "a" * 153, 2),
        ("ê" * 70, 1),
        ("ê" * 71, 2),
        ("ê" * 134, 2),
        ("ê" * 135, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("ê" * 66 + "😀" + "ê" * 66, 3),  # nor does the surrogate pair
        ("ç", 1),
        ("ç" + "a" * 70, 2),
        ("Ç" + "a" * 70, 1),
    ],
)
def test_a_text_takes_so_many_parts(text: str, parts: int) -> None:
    assert count_parts(text) == parts


def test_the_alphabet_has_127_letters_and_the_escape() -> None:
    assert len(counting._BASIC) == 127
    assert len(counting._ESCAPED) == 10
    assert not counting._BASIC & counting._ESCAPED


@given(st.text(st.sampled_from("aé€^ê😀\f"), max_size=40), st.text(st.characters(codec="utf-8")), st.integers(1, 60))
def test_octoplan_and_its_sandbox_count_the_same(unit: str, end: str, times: int) -> None:
    text = unit * times + end
    assert count_parts(text) == measure(text).parts
