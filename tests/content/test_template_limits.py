import time

import pytest

from octoplan.content import Failed, compile_content
from octoplan.errors import ProjectInvalid
from tests.content.conftest import Fail, Refuse, Render, locate

RUNAWAYS = [
    "{% for i in range(10**9) %}{% endfor %}",
    "{% for i in range(10**30) %}{% endfor %}",
    "{% for i in range(9999) %}{% for j in range(9999) %}x{% endfor %}{% endfor %}",
    "{% for i in range(9999) %}{% for j in [] %}x{% endfor %}{% for j in [] %}x{% endfor %}{% endfor %}",
    "{{ 'a' * 10**10 }}",
    "{{ 10**10 * 'a' }}",
    "{{ 10**10**10 }}",
    "{{ 2 ** 200 }}",
    "{{ 10**20 * 10**20 }}",
    "{{ (10**29) * (10**29) }}",
    "{{ [0] * 10**10 }}",
    "{{ '%1000000000d' % 3 }}",
    "{% set a = 'aaaaaaaaaaaaaaaa' %}" + "{% set a = a ~ a %}" * 60,
    "{% set a = 'aaaaaaaaaaaaaaaa' %}" + "{% set a = a + a %}" * 60,
    "{% set a = [1, 2, 3, 4, 5, 6] %}" + "{% set a = a + a %}" * 60,
    "{{ 'aaaaaaaa'" + " | replace('a', 'aaaaaaaa')" * 20 + " }}",
    "{{ 'aaaaaaaa'" + ".replace('', 'aaaaaaaa')" * 20 + " }}",
    "{{ ('&' * 19999) | e }}",
    "{{ ('&' * 19999) | urlencode }}",
    "{{ range(9999) | join('a' * 9999) }}",
    "{{ range(99999) | list }}",
    "{{ 5 | round(10**10) }}",
    "{{ 5 | round(-10**10) }}",
    "{{ ('9' * 19999) | int }}",
    "{{ ('9' * 4000) | int }}",
    "{{ '1e999999999' | int }}",
    "{% for i in range(9999) %}{{ range(9999) | sort | sum }}{% endfor %}",
    "{% for i in range(9999) %}{{ 'y' if -1 in range(9999) | list else 'n' }}{% endfor %}",
    "{% set a = range(9999) | list %}{% for i in a %}{{ 'y' if -1 in a else 'n' }}{% endfor %}",
    "{% set a = 'x' * 19999 %}{% for i in range(9999) %}{{ a }}{{ a }}{{ a }}{% endfor %}",
    "{% set a = 'x' * 19999 %}{% for i in range(9999) %}{{ a | replace('y', '') | length }}{% endfor %}",
    "{% for i in range(9999) %}" + "x" * 5000 + "{% endfor %}",
    "{% for i in range(9999) %}" + "{{ i }}" * 500 + "{% endfor %}",
    "{% set a = [1] %}{% set b = [1] %}" + "{% set a = [a, a] %}{% set b = [b, b] %}" * 40 + "{{ a == b }}",
    "{% set a = (1,) %}" + "{% set a = (a, a) %}" * 40 + "{{ {}[a] }}",
    "{% set a = (1,) %}" + "{% set a = (a, a) %}" * 40 + "{{ [a, a] | unique | first }}",
    "{% set a = (1,) %}{% set b = (1,) %}" + "{% set a = (a, a) %}{% set b = (b, b) %}" * 40 + "{{ [a, b] | max }}",
    "{% set a = (1,) %}" + "{% set a = (a, a) %}" * 40 + "{{ a }}",
    "{% set a = (1,) %}" + "{% set a = (a, a) %}" * 40 + "{{ a in [a] }}",
    "{{ x | string }}{{ x * 2 }}",
    "{{ ('a' * 19000) | replace('a', 'b' * 19000, -1) | length }}",
    "{{ ('a' * 19000).replace('a', 'b' * 19000, -1) | length }}",
    "{% for i in range(9999) %}{{ 'x' * 20000 }}{% endfor %}",
    "{% for i in range(9999) %}{{ ('x' * 20000) | length }}{% endfor %}",
    "{% set a = 'x' * 19999 %}{% for i in range(9999) %}{{ a[1:] | length }}{% endfor %}",
    "{% for i in range(9999) %}{{ 'x'.replace('x', 'y' * 4000) | length }}{% endfor %}",
    "{% for i in range(9999) %}{{ x[:19999].strip(x) }}{% endfor %}",
    "{% for i in range(9999) %}{{ x[:19999] | trim(x[1:]) }}{% endfor %}",
    "{{ [" + "x," * 9999 + "] | sort | length }}",
    "{{ [" + "x," * 9999 + "] | unique | length }}",
]


@pytest.mark.parametrize("text", RUNAWAYS)
def test_nothing_runs_away(text: str) -> None:
    begin = time.process_time()
    templates = compile_content({"text": text}, html_body=False, locate=locate)
    rendered = templates.renderer(("x",), {}).render(("y" * 100_000,))
    assert time.process_time() - begin < 1
    assert isinstance(rendered, Failed), str(rendered)[:100]
    assert rendered.reason in ("limit", "error")


@pytest.mark.parametrize("taken", ["x.strip(y)", "x.lstrip(y)", "x.rstrip(y)", "x | trim(y)"])
def test_of_more_than_a_hundred_characters_none_is_taken_off(taken: str, render: Render, fail: Fail) -> None:
    signs = "".join(map(chr, range(0x4E00, 0x4E64)))
    assert render(f"{{{{ {taken} }}}}|", x=f"{signs}a{signs}"[::-1], y=signs * 3).count("a") == 1
    assert fail(f"{{{{ {taken} }}}}|", x="a", y=f"{signs}b").reason == "limit"


@pytest.mark.parametrize(
    "text",
    [
        "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
        "{{ " + "[" * 5000 + "]" * 5000 + " }}",
        "{{ " + "not " * 5000 + "1 }}",
        "{{ " + "-" * 5000 + "1 }}",
        "{{ 1" + " + 1" * 5000 + " }}",
        "{{ " + "(1 < " * 40 + "1" + ")" * 40 + " }}",
        "{{ 'a'" + " | upper" * 5000 + " }}",
        "{{ a" + ".b" * 5000 + " }}",
        "{% if a %}" * 500 + "{% endif %}" * 500,
        "{% for a in b %}" * 30 + "{% endfor %}" * 30,
        "{{ 1 if 2 else " * 300 + "3" + " }}",
        "x" * 100_001 + "{{ a }}",
    ],
)
def test_what_is_too_deep_or_too_long_is_a_problem(text: str, refuse: Refuse) -> None:
    begin = time.process_time()
    problems = refuse(text)
    assert time.process_time() - begin < 1
    assert {problem.rule for problem in problems} <= {"template/limit", "template/syntax"}


def test_long_but_flat_templates_are_fine(render: Render) -> None:
    assert render("{{ x }}, " * 5000, x="abc") == "abc, " * 5000
    assert render("{{ " + " ~ ".join(["x"] * 500) + " }}", x="a") == "a" * 500
    branches = "".join(f"{{% elif x == '{number}' %}}{number}" for number in range(300))
    assert render("{% if x == '-' %}-" + branches + "{% endif %}", x="299") == "299"


def test_an_honest_loop_stays_within_the_limits(render: Render) -> None:
    items = [{"name": f"article {number}", "price": number} for number in range(500)]
    text = "{% for item in items %}{{ loop.index }}. {{ item.name | title }}: {{ item.price * 2 }} EUR\n{% endfor %}"
    assert render(text, items=items).count("\n") == 499 + 1


def test_the_budget_is_new_for_every_row_and_common_to_its_texts() -> None:
    loop = "{% for i in range(4000) %}{% endfor %}"
    tree = {"text": loop + "{{ x }}", "metadata": {"subject": loop}}
    renderer = compile_content(tree, html_body=False, locate=locate).renderer(("x",), {})
    assert not any(isinstance(renderer.render(("a",)), Failed) for _ in range(5))
    more = compile_content({"text": loop, "metadata": {"a": loop, "b": loop}}, html_body=False, locate=locate)
    failed = more.renderer((), {}).render(())
    assert isinstance(failed, Failed)
    assert (failed.reason, failed.place.file) == ("limit", "metadata.b")


def test_a_column_cannot_replace_the_budget(fail: Fail) -> None:
    row = {" budget": "mine", "x": "a"}
    assert fail("{% for i in range(9999) %}{% for j in range(9999) %}{% endfor %}{% endfor %}", **row).reason == "limit"


def test_a_value_of_any_length_may_be_printed_up_to_the_limit_of_a_text(render: Render, fail: Fail) -> None:
    assert len(render("{{ x }}", x="a" * 150_000)) == 150_000
    assert fail("{{ x }}{{ x }}", x="a" * 150_000).reason == "limit"


def test_twenty_one_loops_inside_each_other_are_a_problem_and_no_crash() -> None:
    text = "{% for a in x %}" * 21 + "{% endfor %}" * 21
    with pytest.raises(ProjectInvalid):
        compile_content({"text": text}, html_body=False, locate=locate)
