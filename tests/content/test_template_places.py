import pytest
from hypothesis import given
from hypothesis import strategies as st

from octoplan.content import compile_content
from tests.content.conftest import Fail, Refuse, locate

# The fake `locate` puts a string's first line in line 10 and indents it by two.


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("{{ nmae }}", 10, 6),
        ("Hi\nthere, {{ nmae }}", 11, 13),
        ("Hi\r\nthere, {{ nmae }}", 11, 13),
        ("a\n\n  {%- if true -%}\n\n   {{- 'x' | default(nmae) }}{% endif %}", 14, 24),
        ("{# comment\n #}{% raw %}{{ x }}\n{% endraw %}{{ nmae }}", 12, 18),
        ("é🎉 {{ nmae }}", 10, 9),
        ("{{ 'nmae' ~ nmae }}", 10, 15),
        ("nmae {{\n\n nmae }}", 12, 4),
        ("{% for x in nmae %}{% endfor %}", 10, 15),
    ],
)
def test_an_unknown_name_is_shown_at_its_line_and_column(text: str, line: int, column: int) -> None:
    (problem,) = compile_content({"text": text}, html_body=False, locate=locate).check_names(("name",), ("shop",))
    assert (problem.rule, problem.place.line, problem.place.column) == ("template/unknown-name", line, column)
    assert problem.message == "`nmae` is neither a column nor a var"
    assert problem.hint == "did you mean `name`? columns: name; vars: shop"


@pytest.mark.parametrize("half", ["\\ud83d", "\\ude00", "\\ude00\\ud83d", "a\\ud83d\\ud83d\\ude00"])
def test_half_a_character_is_a_problem_at_its_line_and_column(half: str, refuse: Refuse) -> None:
    (problem,) = refuse(f'Hi\nthere, {{{{ name | default("{half}") }}}}')
    assert (problem.rule, problem.place.line, problem.place.column) == ("template/syntax", 11, 28)


def test_each_use_of_a_wrong_name_is_a_problem() -> None:
    templates = compile_content({"text": "{{ a }}{{ b }}{{ a }}"}, html_body=False, locate=locate)
    problems = templates.check_names(("b",), ("b",))
    assert [(problem.rule, problem.place.column) for problem in problems] == [
        ("template/unknown-name", 6),
        ("template/ambiguous-name", 13),
        ("template/unknown-name", 20),
    ]


def test_a_name_that_is_both_but_not_used_is_no_problem() -> None:
    assert not compile_content({"text": "hi {{ a }}"}, html_body=False, locate=locate).check_names(("a", "b"), ("b",))


def test_the_columns_of_a_file_without_a_header_are_not_shown() -> None:
    templates = compile_content({"text": "{{ name }}"}, html_body=False, locate=locate)
    (problem,) = templates.check_names(("+33600000123", "zoe@example.com"), ())
    assert problem.hint == "columns: 2 whose names a template cannot use; vars: none"


def test_many_columns_are_cut_short() -> None:
    templates = compile_content({"text": "{{ name }}"}, html_body=False, locate=locate)
    (problem,) = templates.check_names([f"c{number:03}" for number in range(200)], ())
    assert "c019, 180 more; vars" in problem.hint


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("{{ x }}", 10, 6),
        ("Hi\n {{ a }} and {{ x | upper }}", 11, 19),
        ("{% if a %}\n{{ a }}{{ x ~ a }}\n{% endif %}", 11, 13),
        ("{{ x | default('') }}\n{{ a }}\n{{ x }}", 12, 6),
        ("{% for i in x %}{% endfor %}", 10, 15),
        ("{%- set b =\n x | upper -%}", 11, 4),
    ],
)
def test_a_blank_is_shown_where_it_is_used(text: str, line: int, column: int, fail: Fail) -> None:
    failed = fail(text, x=" ", a="a")
    assert (failed.place.line, failed.place.column) == (line, column)


def test_a_failure_while_rendering_is_shown_at_its_expression(fail: Fail) -> None:
    assert fail("a\n{{ x }}{{ x + 1 }}", x="a").place.line == 11
    assert fail("a\n{{ x }}{{ x + 1 }}", x="a").place.column == 2 + 11
    assert fail("{% if x > 1 %}{% endif %}", x="a").place.column == 2 + 4


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("{{ a", 4, "`{{` or `{%` is never closed"),
        ("{{ a b }}", 6, "`}}` is expected here, not `b`"),
        ("{{ }}", 4, "a value is expected here"),
        ("{{ a ! }}", 6, "this character means nothing between `{{` and `}}`"),
        ("{{ (a] }}", 6, None),
        ("{% if a %}", None, "`{% if %}` is never closed"),
        ("{% endif %}", 4, "`{% endif %}` has nothing that it belongs to"),
        ("{% iff a %}", 4, "there is no tag `iff`"),
        ("{# a", None, "a comment `{#` is never closed"),
        ("{% raw %} a", None, "`{% raw %}` is never closed"),
        ("{{ a is b is c }}", None, None),
        ("{{ 'abc }}", 4, "a text in quotes is never closed"),
        ('{{ "abc }}', 4, "a text in quotes is never closed"),
        ("{% set a %}", None, "`{% set %}` needs a value"),
        ("{% if a %}{% for x in y %}{% endif %}", 30, "`{% for %}` is never closed"),
        ("{{ 1" + "0" * 5000 + " }}", 4, "this number is too large"),
        ("{% set 3 = 4 %}", 8, None),
    ],
)
def test_wrong_syntax_is_said_in_our_words(text: str, column: int | None, message: str | None, refuse: Refuse) -> None:
    (problem,) = refuse("one\ntwo " + text)
    assert problem.rule == "template/syntax"
    assert problem.place.line == 11
    assert column is None or problem.place.column == 2 + len("two ") + column
    assert message is None or problem.message == message


def test_the_problems_of_all_strings_come_together(refuse: Refuse) -> None:
    problems = refuse("{{ }} {first_name}", subject="{{ a | uper }}{param3}", cards=[{"title": "{last_name}"}])
    assert {(problem.place.file, problem.rule) for problem in problems} == {
        ("text", "template/syntax"),
        ("metadata.subject", "template/refused"),
        ("metadata.subject", "template/placeholder"),
        ("metadata.cards.0.title", "template/placeholder"),
    }


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("Hi {first_name}", 4),
        ("{{ a }} {param5}", 9),
        ("{{ a | d('{param1}') }}", 11),
        ("{% raw %}{param2}{% endraw %}", 10),
    ],
)
def test_a_placeholder_of_octopush_is_a_problem_where_it_stands(text: str, column: int, refuse: Refuse) -> None:
    (problem,) = refuse("x\n" + text)
    assert (problem.rule, problem.place.line, problem.place.column) == ("template/placeholder", 11, column + 2)
    assert problem.hint.startswith("use `{{ ")


def test_a_placeholder_in_a_comment_is_no_problem() -> None:
    templates = compile_content({"text": "{# not {first_name} #}{{ a }} {{ b }}"}, html_body=False, locate=locate)
    assert templates.variables == {"a", "b"}


@given(
    pieces=st.lists(
        st.sampled_from(
            ["x", "\n", " ", "é", "🎉", "\r\n", "{{ a }}", "{{- a -}}", "{# c\n #}", "{%- if a -%}\n", "{% endif %}"]
        ),
        max_size=12,
    )
)
def test_the_place_of_a_name_is_right_whatever_stands_before_it(pieces: list[str]) -> None:
    before = "".join(pieces)
    missing = before.count("{%- if") - before.count("{% endif")
    if missing < 0 or ("{% endif" in before and before.find("{% endif") < before.find("{%- if")):
        return
    text = before + "{{ wanted }}" + "{% endif %}" * missing
    plain = text.replace("\r\n", "\n")
    head = plain[: plain.index("wanted")]
    try:
        templates = compile_content({"text": text}, html_body=False, locate=locate)
    except Exception:  # noqa: BLE001 - an `endif` may close nothing; other tests look at that
        return
    (problem,) = templates.check_names(("a",), ())
    assert problem.place.line == head.count("\n") + 10
    assert problem.place.column == len(head) - (head.rfind("\n") + 1) + 3
