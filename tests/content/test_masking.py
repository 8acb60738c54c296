"""A masked wording prints the names of columns, takes the branches of the real message, and never prints a value."""

import json
from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octoplan.content.masking import mask
from octoplan.content.render import Failed, Rendered
from octoplan.content.wording import Wording, Written, compile_wording
from octoplan.errors import Place
from octoplan.source import Pointer

CONSTANTS = {"shop": "OctoShop", "letters": ["Q", "Z"]}


def place(pointer: Pointer, line: int, column: int) -> Place:
    return Place(file="a.yaml", line=line, column=column)


def wording_of(text: str, *, html: bool = False) -> Wording:
    written = Written(content={"text": text}, html_body=html, language=None, optimize=False)
    return compile_wording(written, place)


def masked(text: str, values: dict[str, object], *, html: bool = False) -> str:
    rendered = mask(wording_of(text, html=html), CONSTANTS).renderer(list(values), CONSTANTS).render([*values.values()])
    assert isinstance(rendered, Rendered), rendered
    return str(rendered.content["text"])


@pytest.mark.parametrize(
    ("text", "values", "shown"),
    [
        ("Hi {{ name }}!", {"name": "Zoé"}, "Hi {name}!"),
        ("Hi {{ name | upper | trim }}!", {"name": "Zoé"}, "Hi {name}!"),
        ('Hi {{ name | default("there", true) }}!', {"name": ""}, "Hi there!"),
        ('Hi {{ name | default("there", true) }}!', {"name": "Zoé"}, "Hi {name}!"),
        ("{{ name | default(last, true) }}", {"name": "", "last": "Li"}, "{name last}"),
        ("Hi from {{ shop | upper }}", {"name": "Zoé"}, "Hi from OCTOSHOP"),
        ("{{ shop ~ ' for ' ~ name }}", {"name": "Zoé"}, "OctoShop for {name}"),
        ('{{ "Sir" if sex == "m" else name }}', {"sex": "m", "name": "Zoé"}, "Sir"),
        ('{{ "Sir" if sex == "m" else name }}', {"sex": "f", "name": "Zoé"}, "{name}"),
        ("{% if points | int > 9 %}Gold{% else %}Tin{% endif %}", {"points": "12"}, "Gold"),
        ("{% set first = name.split(' ')[0] %}{{ first }}", {"name": "Zoé Li"}, "{first}"),
        ("{% set a = name %}{% set b = a %}{% set c = b ~ '' %}{{ c }}", {"name": "Zoé"}, "{c}"),
        ('{% set level = "Gold" if points | int > 9 else "Tin" %}{{ level }}', {"points": "12"}, "Gold"),
        ("{% set mine = shop %}{{ mine }}", {"name": "Zoé"}, "OctoShop"),
        ("{% with x = name %}{{ x }}{% endwith %}", {"name": "Zoé"}, "{x}"),
        ("{% for sign in name | list %}{{ sign }}{% endfor %}", {"name": "Zoé"}, "{sign}{sign}{sign}"),
        ("{% for l in letters if l == name[0] %}{{ l }}{{ loop.index }}{% endfor %}", {"name": "Z"}, "{l}{loop.index}"),
        ('{{ address.city | default("your town", true) }}', {"address": {"city": "Li"}}, "{address.city}"),
        ('{{ address.city | default("your town", true) }}', {"address": {"city": None}}, "your town"),
        ("{{ a['city'] }} {{ letters[points | int] }}", {"a": {"city": "Li"}, "points": "1"}, "{a} {points}"),
        ("{{ name == 'Zoé' }}{{ name | length }}", {"name": "Zoé"}, "{name}{name}"),
        ("{{ name.upper() }} {{ name.split(' ')[0] }}", {"name": "Zoé Li"}, "{name} {name}"),
        ("{{ shop.replace('Shop', name) }} {{ shop.upper() }}", {"name": "Zoé"}, "{name} OCTOSHOP"),
        ("{{ address.city.strip() }}", {"address": {"city": "Li"}}, "{address.city}"),
        ("{{ born.year }} {{ 'y' ~ born.year }}", {"born": date(1987, 5, 4)}, "{born.year} y{born.year}"),
        ("{{ born.year + 1 }} {{ born.month % 2 }}", {"born": date(1987, 5, 4)}, "{born.year} {born.month}"),
        ("{{ at.hour }}", {"at": time(10, 20)}, "{at.hour}"),
        ("{{ of.born.year }}", {"of": {"born": date(1987, 5, 4)}}, "{of.born.year}"),
        ("{{ of.born.year if of.born else '?' }}", {"of": {"born": None}}, "?"),
        ("{{ 0 if points else 1 }}", {"points": 0}, "1"),
        ("{{ points }}", {"points": 0}, "{points}"),
    ],
)  # fmt: skip
def test_what_is_printed_of_a_row_is_its_name(text: str, values: dict[str, object], shown: str) -> None:
    assert masked(text, values) == shown


def test_markup_of_an_html_body_stays_and_a_name_needs_no_escape() -> None:
    assert masked("<b>{{ name }}</b> {{ shop }}", {"name": "<i>"}, html=True) == "<b>{name}</b> OctoShop"


def test_each_language_and_every_place_of_content_is_masked() -> None:
    content = {"text": "Hi {{ name }}", "metadata": {"subject": "For {{ name }}", "cards": [{"title": "{{ name }}"}]}}
    written = Written(content=content, html_body=False, language=None, optimize=False)
    rendered = mask(compile_wording(written, place), ()).renderer(["name"], {}).render(["Zoé"])
    assert isinstance(rendered, Rendered)
    assert json.loads(rendered.json) == {
        "text": "Hi {name}",
        "metadata": {"subject": "For {name}", "cards": [{"title": "{name}"}]},
    }


_EXPRESSIONS = st.recursive(
    st.sampled_from(["first", "last", "town.name", "shop", "'and'", "letters[0]", "born.year", "town.built.day"]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda two: f"({two[0]} ~ {two[1]})"),
        st.tuples(inner, inner).map(lambda two: f"({two[0]} or {two[1]})"),
        st.tuples(inner, inner, inner).map(lambda three: f"({three[0]} if {three[1]} else {three[2]})"),
        st.tuples(inner, inner).map(lambda two: f"({two[0]} | default({two[1]}, true))"),
        inner.map(lambda one: f"({one} | upper)"),
        inner.map(lambda one: f"({one} ~ '').strip()"),
        inner.map(lambda one: f"({one} | replace('a', 'b'))"),
        inner.map(lambda one: f"([{one}, {one}] | join('-'))"),
        inner.map(lambda one: f"({one})[1:]"),
    ),
    max_leaves=6,
)
_STATEMENTS = st.one_of(
    _EXPRESSIONS.map(lambda one: f"{{{{ {one} }}}}"),
    st.tuples(_EXPRESSIONS, _EXPRESSIONS).map(
        lambda two: f"{{% set x = {two[0]} %}}{{{{ x }}}}{{% set y = {two[1]} ~ x %}}{{{{ y }}}}"
    ),
    _EXPRESSIONS.map(lambda one: f"{{% for sign in {one} | list %}}{{{{ sign }}}}{{% endfor %}}"),
    _EXPRESSIONS.map(lambda one: f"{{% with z = {one} %}}{{{{ z }}}}{{% endwith %}}"),
    st.tuples(_EXPRESSIONS, _EXPRESSIONS).map(lambda two: f"{{% if {two[0]} %}}{{{{ {two[1]} }}}}{{% endif %}}"),
)  # fmt: skip
_SIGNS = "ᚠᚢᚦᚨᚱᚲᚷᚹ"  # in no template, in no name of a variable, and without another case
_DIGITS = "0123456789"  # likewise: no template prints a number of its own
_VALUES = st.text(alphabet=_SIGNS, max_size=6)
_DATES = st.none() | st.dates()


@given(
    statements=st.lists(_STATEMENTS, min_size=1, max_size=4),
    values=st.tuples(_VALUES, _VALUES, _VALUES),
    dates=st.tuples(_DATES, _DATES),
)
def test_no_sign_of_a_value_is_ever_printed(
    statements: list[str], values: tuple[str, str, str], dates: tuple[date | None, date | None]
) -> None:
    wording = wording_of("Dear ".join(statements))
    first, last, town = values
    born, built = dates
    row = {"first": first, "last": last, "town": {"name": town, "built": built}, "born": born}
    names = sorted(wording.variables - CONSTANTS.keys())
    picked = [row[name] for name in names]
    rendered = mask(wording, CONSTANTS).renderer(names, CONSTANTS).render(picked)
    real = wording.renderer(names, CONSTANTS).render(picked)
    if isinstance(real, Rendered):
        assert isinstance(rendered, Rendered), "what can be sent can be shown"
    if isinstance(rendered, Failed):
        return
    assert not set(rendered.json) & {*_SIGNS, *_DIGITS}, rendered.json
