from typing import Any

import pytest

from octoplan.content import Failed, Rendered, compile_content, has_placeholder
from tests.content.conftest import Fail, Refuse, Render, locate, render_tree

TREE: dict[str, Any] = {
    "text": "Hi {{ first_name }}\n",
    "metadata": {
        "subject": "For {{ first_name }}",
        "cards": [{"title": "{{ shop }}", "height": 3, "fixed": "as it is"}, {"{{ key }}": None}],
    },
}


def test_every_string_of_the_tree_is_rendered_and_nothing_else_is_touched() -> None:
    rendered = render_tree(TREE, {"first_name": "Zoë"}, {"shop": "OctoShop"})
    assert isinstance(rendered, Rendered)
    assert rendered.content == {
        "text": "Hi Zoë",
        "metadata": {
            "subject": "For Zoë",
            "cards": [{"title": "OctoShop", "height": 3, "fixed": "as it is"}, {"{{ key }}": None}],
        },
    }


def test_the_next_row_does_not_change_the_content_of_the_last() -> None:
    renderer = compile_content(TREE, html_body=False, locate=locate).renderer(("first_name",), {"shop": "OctoShop"})
    first, second = renderer.render(("Zoë",)), renderer.render(("Marie",))
    assert isinstance(first, Rendered)
    assert isinstance(second, Rendered)
    assert first.content["metadata"]["subject"] == "For Zoë"
    assert second.content["metadata"]["subject"] == "For Marie"
    assert first.digest != second.digest
    assert renderer.render(("Zoë",)) == first


def test_names_set_for_one_row_are_gone_for_the_next() -> None:
    text = "{% if x == 'a' %}{% set y = x %}{% else %}{% set y = 'other' %}{% endif %}{{ y }}"
    renderer = compile_content({"text": text}, html_body=False, locate=locate).renderer(("x",), {})
    made = [renderer.render((value,)) for value in ("a", "b")]
    assert [rendered.content["text"] for rendered in made if isinstance(rendered, Rendered)] == ["a", "other"]


def test_the_digest_depends_on_the_content_and_not_on_the_order_of_its_keys() -> None:
    one = render_tree({"text": "{{ x }}", "metadata": {"a": "1", "b": "2"}}, {"x": "y"}, {})
    two = render_tree({"metadata": {"b": "2", "a": "1"}, "text": "y"}, {}, {})
    assert isinstance(one, Rendered)
    assert isinstance(two, Rendered)
    assert one.digest == two.digest
    assert len(one.digest) == 32


def test_content_without_templates_is_rendered_once_for_all() -> None:
    renderer = compile_content({"text": "Hi all\n"}, html_body=False, locate=locate).renderer(("x",), {})
    assert renderer.render(("a",)) is renderer.render((None,))


def test_the_variables_are_those_that_must_come_from_outside() -> None:
    text = "{% set a = b %}{{ a }}{% for c in d if c != e %}{{ c ~ loop.index ~ f }}{% endfor %}{{ g | default(h) }}"
    templates = compile_content({"text": text, "metadata": {"subject": "{{ i }}"}}, html_body=False, locate=locate)
    assert templates.variables == set("bdefghi")


def test_a_name_set_in_one_branch_only_comes_from_outside_in_the_other() -> None:
    text = "{% if a %}{% set b = 1 %}{% endif %}{{ b }}{% for c in [1] %}{% set d = c %}{% endfor %}{{ c ~ d }}"
    assert compile_content({"text": text}, html_body=False, locate=locate).variables == set("abcd")


def test_a_name_that_the_template_sets_hides_the_column(render: Render) -> None:
    assert render("{% set name = name | upper %}{{ name }}", name="zoë") == "ZOË"
    assert render("{% with name = 'x' %}{{ name }}{% endwith %}{{ name }}", name="y") == "xy"
    assert render("{% for loop_ in [1, 2] %}{{ loop.last }}{% endfor %}{{ loop }}", loop="y") == "falsetruey"


def test_columns_may_be_named_like_anything_that_jinja_or_python_uses(render: Render) -> None:
    for name in (
        "range",
        "context",
        "environment",
        "missing",
        "resolve",
        "class",
        "import",
        "dict",
        "namespace",
        "loop",
    ):
        assert render("{{ %s }}" % name, **{name: "x"}) == "x"  # noqa: UP031 - braces


def test_two_escaped_halves_of_a_character_are_that_character(render: Render) -> None:
    assert render('{{ x | default("\\ud83d\\ude00 \\u00e9") }}', x="") == "😀 é"


def test_one_newline_at_the_end_is_dropped_and_the_others_stay(render: Render) -> None:
    assert render("a\n\n{{ x }}\n\n", x="b") == "a\n\nb\n"
    assert render("a\n\n") == "a\n"
    assert render("a\r\nb\r\n") == "a\nb"


def test_what_a_value_holds_is_never_evaluated(render: Render) -> None:
    for hostile in ("{{ 7 * 7 }}", "{% for i in range(9) %}x{% endfor %}", "{{ first_name }}", "#}{{ x }}", "${7}"):
        assert render("Hi {{ first_name }}", first_name=hostile) == f"Hi {hostile}"
        assert render("{{ ('a' ~ x) | upper | replace('A', '') }}", x=hostile) == hostile.upper().replace("A", "")


def test_html_bodies_escape_values_and_nothing_else(render: Render) -> None:
    hostile = "<script>alert('x')</script>&"
    safe = "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;"
    for expression in (
        "x",
        "x | e",
        "x | string",
        "x ~ ''",
        "x | default('')",
        "x.strip()",
        "[x] | join",
        "(x | e) ~ ''",
    ):
        assert render(f"<p>{{{{ {expression} }}}}</p>", html=True, x=hostile) == f"<p>{safe}</p>"
    assert render("<p>{{ x }}</p>", x=hostile) == f"<p>{hostile}</p>"


def test_no_detour_brings_a_value_into_html_unescaped(render: Render) -> None:
    hostile = "<i>"
    for expression in (
        "('&' | e) ~ x",
        "('<b>' | e) + x",
        "('&' | e) | replace(';', x)",
        "[('&' | e), x] | join('<')",
        "('a' | e) | join(x)",
        "('&' | e).replace('&', x)",
        "(x | e) | replace('&lt;', '<') | replace('&gt;', '>')",
        "x | default(x | e) | trim",
    ):
        assert "<" not in render(f"{{{{ {expression} }}}}", html=True, x=hostile)


def test_only_the_body_is_html() -> None:
    tree = {"text": "{{ x }}", "metadata": {"subject": "{{ x }}", "text": "{{ x }}"}}
    rendered = render_tree(tree, {"x": "<"}, {}, html=True)
    assert isinstance(rendered, Rendered)
    assert rendered.content == {"text": "&lt;", "metadata": {"subject": "<", "text": "<"}}


@pytest.mark.parametrize("field", ["subject", "name_from"])
@pytest.mark.parametrize("value", ["a\nBcc: someone@example.com", "a\rb", "a\r\nb", "a\u2028b", "a\x00b"])
def test_a_value_cannot_begin_another_header(field: str, value: str) -> None:
    failed = render_tree({"text": "{{ x }}", "metadata": {field: "Hi {{ x }}"}}, {"x": value}, {})
    assert isinstance(failed, Failed)
    assert (failed.reason, failed.message) == ("error", f"{field} must be one line")
    assert failed.place.file == f"metadata.{field}"


def test_a_fixed_subject_of_two_lines_is_a_problem(refuse: Refuse) -> None:
    (problem,) = refuse("hi", subject="one\ntwo\n")
    assert (problem.rule, problem.place.file) == ("template/one-line", "metadata.subject")


def test_a_value_may_have_lines_in_the_text(render: Render) -> None:
    assert render("{{ x }}", x="a\nb") == "a\nb"


def test_placeholders_in_rendered_texts_are_found() -> None:
    for name in ("first_name", "last_name", "param1", "param5"):
        assert has_placeholder(f"Hi {{{name}}}")
    for text in ("Hi first_name", "{ first_name }", "{param6}", "{}", "{param0}"):
        assert not has_placeholder(text)


def test_a_failure_never_shows_a_value(fail: Fail) -> None:
    value = "zoe@example.com"
    row: dict[str, Any] = {"x": value, "row": {"a": 1}, "n": 1, "tags": [value]}
    for expression in (
        *("x + n", "x - n", "x | int", "x | float", "row[x]", "row[x].y", "n / 0", "x % 3", "x[99]", "x.y", "tags"),
        *("x == 3", "x < 3", "tags | sum", "x | round", "x | truncate(1)", "range(x)", "x.split('')", "-x", "x[::0]"),
        *("{'a': x}[x]", "x ** x", "x * 30000", "x | abs", "tags | first | int", "x is odd", "x | replace(x, tags)"),
        *("tags[x]", "tags.y", "n | join"),
    ):
        failed = fail(f"{{{{ {expression} }}}}", **row)
        assert failed.reason in ("error", "limit", "refused")
        assert value not in repr(failed)


def test_a_rendered_content_does_not_show_itself_in_a_log() -> None:
    assert "Zoë" not in repr(render_tree({"text": "{{ x }}"}, {"x": "Zoë"}, {}))
