import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from octoplan.content import limits
from octoplan.content.filters import FILTERS, METHODS, TESTS
from octoplan.content.values import FORMS
from tests.content.conftest import Fail, Render

DOCS = Path(__file__).parents[2] / "docs" / "templates.md"
ROW: dict[str, Any] = {
    "first_name": "Zoë",
    "city": "",
    "age": "42",
    "price": 12.5,
    "tags": ["new", "vip"],
    "shop": {"name": "OctoShop", "phone": None},
}


def examples() -> Iterator[tuple[str, str]]:
    for block in re.findall(r"```jinja\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL):
        for line in block.splitlines():
            template, _, becomes = line.partition("→ ")
            yield template.rstrip(), becomes


@pytest.mark.parametrize(("template", "becomes"), list(examples()))
def test_the_examples_of_the_docs_become_what_the_docs_say(template: str, becomes: str, render: Render) -> None:
    assert render(template, **ROW) == becomes


def test_the_docs_show_the_table_of_values_of_the_code() -> None:
    rows = [f"| {form.kind} | {form.rule} | `{form.write(form.example)}` |" for form in FORMS.values()]
    assert "\n".join(["| value | becomes | example |", "|---|---|---|", *rows, ""]) in DOCS.read_text("utf-8")


@pytest.mark.parametrize(("title", "names"), [("Filters", FILTERS), ("Tests", TESTS), ("Methods of texts", METHODS)])
def test_the_docs_name_all_that_there_is(title: str, names: dict[str, Any]) -> None:
    (listed,) = re.findall(rf"^{title}: ((?:`\w+`[,.]\s)+)", DOCS.read_text("utf-8"), re.MULTILINE)
    assert re.findall(r"\w+", listed) == sorted(names)


def test_the_docs_name_the_limits_of_the_code() -> None:
    numbers = [
        *(limits.MAX_LOOPS, limits.MAX_WORK, limits.MAX_TEXT, limits.MAX_OUTPUT),
        *(limits.MAX_OUTPUT, limits.MAX_SIGNS, limits.MAX_ITEMS),
        *("10**30", limits.MAX_SOURCE, limits.MAX_DEPTH),
    ]
    table = DOCS.read_text("utf-8").partition("## Limits")[2]
    shown = [number if isinstance(number, str) else f"{number:,}" for number in numbers]
    assert re.findall(r"\| ([\d,*]+) \|$", table, re.MULTILINE) == shown
    assert limits.MAX_NUMBER == 10**30


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (" Zoë ", " Zoë "),
        (0, "0"),
        (-(10**29), "-1" + "0" * 29),
        (3.0, "3"),
        (0.1, "0.1"),
        (1e300, "1e+300"),
        (Decimal("12.50"), "12.50"),
        (Decimal("1E+3"), "1000"),
        (True, "true"),
        (False, "false"),
        (date(2026, 12, 1), "2026-12-01"),
        (datetime(2026, 12, 1, 10, tzinfo=UTC), "2026-12-01T10:00:00+00:00"),
        (time(18, 30), "18:30:00"),
        (UUID(int=10), "00000000-0000-0000-0000-00000000000a"),
        (-0.0, "0"),
    ],
)
def test_a_value_becomes_text_by_the_table(value: object, text: str, render: Render) -> None:
    for template in ("{{ x }}", "{{ x ~ '' }}", "{{ x | string }}", "{{ [x] | join }}", "{{ x | replace('_', '') }}"):
        assert render(template, x=value) == text


@pytest.mark.parametrize(
    "value",
    [["a"], {"a": 1}, ("a",), timedelta(1), b"bytes", object(), float("inf"), Decimal("Infinity"), 1j, {1}, int],
)
def test_anything_else_cannot_be_printed(value: object, fail: Fail) -> None:
    for template in ("{{ x }}", "{{ x ~ '' }}", "{{ x | upper }}"):
        assert fail(template, x=value).reason == "error"


def test_numbers_of_absurd_size_are_not_written_out(fail: Fail) -> None:
    for value in (Decimal("1e999999"), Decimal("1e-999999"), 10**5000):
        assert fail("{{ x }}", x=value).reason == "limit"


BLANKS = [None, "", " ", "\t\n", "\u00a0", float("nan"), Decimal("NaN")]


@pytest.mark.parametrize("blank", BLANKS)
def test_a_blank_is_false_undefined_and_replaced_by_default(blank: object, render: Render) -> None:
    assert render("{{ x or 'there' }}", x=blank) == "there"
    assert render("{{ x | default('there') }}", x=blank) == "there"
    assert render("{{ x | default('there', true) }}", x=blank) == "there"
    assert render("{{ x | d('there') }}", constants={"x": blank}) == "there"
    assert render("{{ 'a' if x else 'b' }}{{ 'a' if not x else 'b' }}", x=blank) == "ba"
    assert render("{{ x is defined }} {{ x is undefined }} {{ x is string }}", x=blank) == "false true false"
    assert render("{{ x == 'a' }} {{ x != 'a' }} {{ 'a' == x }} {{ x == '' }}", x=blank) == "false true false false"
    assert render("{{ x == 0 }} {{ x in ['a', 'b'] }}", x=blank) == "false false"
    assert render("{{ 'a' if x and x.y > 3 else 'b' }}", x=blank) == "b"


@pytest.mark.parametrize("blank", BLANKS)
@pytest.mark.parametrize(
    "expression",
    [
        *(
            "x",
            "x ~ ''",
            "'' ~ x",
            "x | upper",
            "x | int(0)",
            "x | length",
            "x | join",
            "[x] | join",
            "[x] | sort",
            "x + 'a'",
        ),
        *(
            "1 + x",
            "x.strip()",
            "'a'.replace(x, 'b')",
            "x.city",
            "x['city']",
            "x[0]",
            "x[1:]",
            "x < 3",
            "3 < x",
            "x in 'a'",
        ),
        *("'a' in x", "x | default(x)", "x or x", "-x", "x is odd", "x is upper", "range(x)", "'a' * x", "x | trim"),
        *("'a' | replace('a', x)", "[3, x] | sum", "[x] | first", "x | e"),
    ],
)
def test_any_other_use_of_a_blank_fails_and_names_the_column(blank: object, expression: str, fail: Fail) -> None:
    failed = fail(f"{{{{ {expression} }}}}", x=blank)
    assert (failed.reason, failed.variable, failed.message) == ("blank", "x", "`x` is blank")


def test_a_loop_over_a_blank_fails(fail: Fail) -> None:
    assert fail("{% for y in x %}{% endfor %}", x=None).variable == "x"


def test_a_blank_inside_a_struct_or_a_list_is_a_blank(render: Render, fail: Fail) -> None:
    row = {"shop": {"phone": None, "fax": " "}, "tags": [None]}
    assert render("{{ shop.phone | d('a') }}{{ shop['fax'] or 'b' }}{{ tags[0] | d('c') }}", **row) == "abc"
    assert render("{% for tag in tags %}{{ tag or 'd' }}{% endfor %}", **row) == "d"
    assert fail("{{ shop.phone }}", **row).variable == "phone"
    assert fail("{{ tags[0] }}", **row).reason == "blank"


def test_an_element_that_does_not_exist_is_an_error_that_default_catches(render: Render, fail: Fail) -> None:
    row: dict[str, Any] = {"shop": {"name": "x"}, "words": "Marie"}
    for expression in ("shop.nmae", "shop['nmae']", "words.split(' ')[1]", "words[20]", "[] | first", "[] | max"):
        assert fail(f"{{{{ {expression} }}}}", **row).reason == "error"
        assert render(f"{{{{ ({expression}) | default('-') }}}}", **row) == "-"


@pytest.mark.parametrize(
    "expression",
    [
        "age == 42",
        "age != 42",
        "42 == age",
        "age < 50",
        "age + 1",
        "age - 1",
        "age * 'x'",
        "[age] | sum",
        "age in [41, 42]",
    ],
)
def test_a_text_and_a_number_never_mix_silently(expression: str, fail: Fail) -> None:
    assert fail(f"{{{{ {expression} }}}}", age="42").reason == "error"


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("born == '1987-05-04'", "a text and a date are never equal"),
        ("'1987-05-04' != born", "a text and a date are never equal"),
        ("born in ['1987-05-04', '1987-05-05']", "a text and a date are never equal"),
        ("'1987-05-04' in [born]", "a text and a date are never equal"),
        ("at < '2026'", "a text and a time are never equal"),
        ("vip == 'true'", "ask for the value alone"),
        ("vip in ['true', 'yes']", "ask for the value alone"),
        ("id == '00000000-0000-0000-0000-000000000001'", "a text and a UUID are never equal"),
    ],
)
def test_a_text_is_not_compared_with_what_it_can_never_equal(expression: str, words: str, fail: Fail) -> None:
    row = {"born": date(1987, 5, 4), "at": time(18, 30), "vip": True, "id": UUID(int=1)}
    failed = fail(f"{{{{ 'y' if {expression} else 'n' }}}}", **row)
    assert (failed.reason, words in failed.message) == ("error", True)


def test_what_may_be_equal_is_compared(render: Render) -> None:
    row = {"born": date(1987, 5, 4), "vip": True, "city": ""}
    text = "{{ born | string == '1987-05-04' }} {{ vip | string == 'true' }} {{ vip == true }} {{ city == 'Paris' }} "
    text += "{{ born == born }} {{ none == 'x' }} {{ city in ['Paris'] }} {{ 'a' in [born, 'a'] }}"
    text += " {{ 'b' in [1, 'a'] }}"
    assert render(text, **row) == "true true true false true false false true false"


@pytest.mark.parametrize(
    ("expression", "becomes"),
    [
        ("'  a b ' | trim ~ '|'", "a b|"),
        ("'mary-ann o\\'neil' | title", "Mary-Ann O'neil"),
        ("'a b'.title()", "A B"),
        ("'élan' | capitalize", "Élan"),
        ("2.567 | round(2)", "2.57"),
        ("2.1 | round(0, 'ceil')", "3"),
        ("2.9 | round(method='floor')", "2"),
        ("12345 | round(-2)", "12300"),
        ("'7.9' | int", "7"),
        ("'x' | int(default=5)", "5"),
        ("'nan' | float(1)", "1"),
        ("'1.50' | float", "1.5"),
        ("(-5) | abs", "5"),
        ("[3, 1, 2] | sort | join(',')", "1,2,3"),
        ("['b', 'A', 'c'] | sort(reverse=true) | join", "cbA"),
        ("['a', 'b', 'A', 'b'] | unique | join", "ab"),
        ("[3, 1] | min ~ [3, 1] | max", "13"),
        ("[1, 2, 3] | sum", "6"),
        ("'abc' | reverse", "cba"),
        ("[1, 2] | reverse | first", "2"),
        ("'abc' | list | last", "c"),
        ("'abc' | length ~ [1] | count", "31"),
        ("'a very long text' | truncate(10)", "a very..."),
        ("'a very long text' | truncate(10, true, '')", "a very lon"),
        ("'short' | truncate(5)", "short"),
        ("'a&b/c d' | urlencode", "a%26b/c%20d"),
        ("'<' | e", "&lt;"),
        ("'aaa' | replace('a', 'b', 2)", "bba"),
        ("'aaa'.replace('a', 'b', 1)", "baa"),
        ("'a,b'.split(',')[1]", "b"),
        ("range(1, 8, 3) | join(' ')", "1 4 7"),
        ("7 // 2 + 7 % 2 - 2 ** 2", "0"),
        ("7 / 2", "3.5"),
        ("'ab' * 2 + 'c'", "ababc"),
        ("([1] + [2]) | length", "2"),
        ("'a' in 'abc' and 2 in [1, 2] and 3 not in (1, 2)", "true"),
        ("4 is even and 3 is odd and 9 is divisibleby(3)", "true"),
        ("d.year - 1", "2025"),
        ("{'FR': 'Bonjour', 'DE': 'Hallo'}['DE']", "Hallo"),
        ("'abc'[1:]", "bc"),
    ],
)
def test_filters_and_operators_do_what_their_names_say(expression: str, becomes: str, render: Render) -> None:
    assert render(f"{{{{ {expression} }}}}", d=date(2026, 12, 1)) == becomes
