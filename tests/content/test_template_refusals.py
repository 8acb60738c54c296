"""What a hostile author would try: to reach Python, the machine or other rows."""

from typing import Any

import pytest

from octoplan.content import Failed, compile_content
from octoplan.errors import ProjectInvalid
from tests.content.conftest import Fail, Refuse, locate

ROW: dict[str, Any] = {
    "x": "text",
    "n": 3,
    "row": {"a": {"b": 1}, "__class__": "mine", "_id": 1},
    "tags": ["a"],
    "m": "__class__",
    "f": "{0.__class__}",
}

PAYLOADS = [
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ ''['__class__'] }}",
    "{{ x['__cla' ~ 'ss__'] }}",
    "{{ x[m] }}",
    "{{ row[m] }}",
    "{{ row._id }}",
    "{{ row.__class__ }}",
    "{{ row.a.__init__.__globals__ }}",
    "{{ x | attr('__class__') }}",
    "{{ x | attr(m) }}",
    "{{ [x] | map(attribute='__class__') | list }}",
    "{{ tags | map('upper') | list }}",
    "{{ tags | selectattr('__class__') | list }}",
    "{{ tags | groupby('__class__') }}",
    "{{ x.format(x) }}",
    "{{ f.format(x) }}",
    "{{ f.format_map(row) }}",
    "{{ f | format(x) }}",
    "{{ '%s' % x }}",
    "{{ '%99999999999d' % n }}",
    "{{ x % n }}",
    "{{ self }}",
    "{{ self.__init__ }}",
    "{{ self._TemplateReference__context.environment }}",
    "{{ request }}{{ config() }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ joiner() }}",
    "{{ lipsum() }}",
    "{{ namespace(a=1) }}",
    "{{ dict(a=1) }}",
    "{{ range.__self__ }}",
    "{{ range(3).__class__ }}",
    "{{ range(3).count(1) }}",
    "{{ (range)(3).start }}",
    "{{ get_flashed_messages.__globals__ }}",
    "{{ url_for.__globals__ }}",
    "{{ tags.append(1) }}",
    "{{ tags.pop() }}",
    "{{ row.update({'a': 1}) }}",
    "{{ row.keys() }}",
    "{{ row.a.clear() }}",
    "{{ x.encode() }}",
    "{{ x.translate({}) }}",
    "{{ x.join(tags) }}",
    "{{ x.zfill(10 ** 10) }}",
    "{{ x.center(10 ** 10) }}",
    "{{ x.expandtabs(10 ** 10) }}",
    "{{ x.strip }}",
    "{{ x.strip() () }}",
    "{{ x() }}",
    "{{ (x.upper)() () }}",
    "{{ x.upper(*tags) }}",
    "{{ x | replace(*tags) }}",
    "{{ x | default(**row) }}",
    "{{ x is sameas x }}",
    "{{ x is callable }}",
    "{{ x is in(tags) }}",
    "{{ n.real }}",
    "{{ n.to_bytes(9, 'big') }}",
    "{{ n.__add__(1) }}",
    "{% include '/etc/passwd' %}",
    "{% include x %}",
    "{% import 'os' as os %}",
    "{% from 'os' import system %}",
    "{% extends 'base' %}",
    "{% block a %}{% endblock %}",
    "{% macro a() %}{% endmacro %}{{ a() }}",
    "{% macro a() %}{{ caller() }}{% endmacro %}{% call a() %}{% endcall %}",
    "{% call(x) x() %}{% endcall %}",
    "{% filter upper %}a{% endfilter %}",
    "{% set a %}b{% endset %}",
    "{% set x.y = 1 %}",
    "{% set row.a = 1 %}",
    "{% autoescape false %}{{ x }}{% endautoescape %}",
    "{% for a in tags recursive %}{{ loop(tags) }}{% endfor %}",
    "{% for a in tags %}{{ loop.__init__ }}{% endfor %}",
    "{% for a in tags %}{{ loop._iterator }}{% endfor %}",
    "{% for a in tags %}{{ loop['_iter' ~ 'ator'] }}{% endfor %}",
    "{% for a in tags %}{{ loop.cycle('a') }}{% endfor %}",
    "{% for a in tags %}{{ loop.changed(a) }}{% endfor %}",
    "{% for a in tags %}{{ loop }}{% endfor %}",
    "{% for loop in tags %}{{ loop }}{% endfor %}",
    "{% debug %}",
    "{% do tags.append(1) %}",
    "{% break %}",
    "{% trans %}a{% endtrans %}",
    "{{ x | safe }}",
    "{{ x | tojson }}",
    "{{ x | pprint }}",
    "{{ x | xmlattr }}",
    "{{ x | random }}",
    "{{ x | unknown }}",
    "{{ varargs }}{{ kwargs }}",
    "{{ super() }}",
    "{{ caller() }}",
    "{{ _ }}{{ gettext('a') }}",
    "{{ ' loop' | attr('x') }}",
    "{{ ({}.__class__) }}",
    "{{ {tags: 1} }}",
    "{{ row[(tags, tags)] }}",
    "{{ row[tags] }}",
    "{{ x[:n].__class__ }}",
    "{{ n[0:1] }}",
    "{{ none }}",
    "{{ [none] | sum }}",
]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_payload_gets_further_than_a_problem_or_a_failure(payload: str) -> None:
    try:
        templates = compile_content({"text": payload}, html_body=False, locate=locate)
    except ProjectInvalid as invalid:
        problems = invalid.problems
    else:
        problems = templates.check_names(tuple(ROW), ())
    if problems:
        assert all(problem.place.line == 10 for problem in problems)
        assert all("object at" not in problem.message for problem in problems)
        return
    rendered = templates.renderer(tuple(ROW), {}).render(tuple(ROW.values()))
    assert isinstance(rendered, Failed), rendered
    assert "object at" not in rendered.message


def test_a_row_is_never_changed_by_a_template() -> None:
    text = "{% set row = {'a': 2} %}{% for a in tags %}{% set tags = [] %}{% endfor %}{{ tags | sort | join ~ row.a }}"
    row, tags = {"a": 1}, ["b", "a"]
    renderer = compile_content({"text": text}, html_body=False, locate=locate).renderer(("row", "tags"), {})
    assert not isinstance(renderer.render((row, tags)), Failed)
    assert (row, tags) == ({"a": 1}, ["b", "a"])


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("{% include 'x' %}", 4, "`include` is not for templates here"),
        ("a {% macro m() %}{% endmacro %}", 6, "`macro` is not for templates here"),
        ("{{ x | safe }}", 8, "there is no filter `safe` here"),
        ("{{ x is callable }}", 6, "there is no test `callable` here"),
        ("{{ x.format(1) }}", 12, "there is no method `format` here"),
        ("{{ x.__class__ }}", 5, "names that begin with `_` are out of reach"),
        ("{{ dict(a=1) }}", 8, "the only function is `range`"),
        ("{{ range() }}", 9, "`range` takes one to three whole numbers"),
        ("{{ 'a' if x }}", 4, "an `if` inside `{{ }}` needs its `else`"),
        ("{{ 1 < x < 3 }}", None, "comparisons cannot be chained"),
        ("{{ x | upper(3) }}", 8, "the filter `upper` does not take these arguments"),
        ("{{ x | replace('a') }}", 8, "the filter `replace` does not take these arguments"),
        ("{{ x | truncate(size=3) }}", 8, "the filter `truncate` does not take these arguments"),
        ("{{ self }}", 4, "`self` is a reserved word of templates"),
        ("{{ \ufb01rst }}", 4, "this name has letters that read as others"),
    ],
)
def test_what_is_refused_is_named_at_its_place(text: str, column: int | None, message: str, refuse: Refuse) -> None:
    (problem,) = refuse(text)
    assert problem.rule in ("template/refused", "template/arguments")
    assert problem.message == message
    assert column is None or problem.place.column == column + 2


def test_a_misspelt_filter_is_guessed(refuse: Refuse) -> None:
    (problem,) = refuse("{{ x | uper }}")
    assert problem.hint == "did you mean `upper`?"
    (problem,) = refuse("{{ x.stripp() }}")
    assert problem.hint == "did you mean `strip`?"


def test_reaching_out_at_render_time_is_told_apart_from_errors(fail: Fail) -> None:
    assert fail("{{ x[m] }}", **ROW).reason == "refused"
    assert fail("{{ x['__cla' ~ 'ss__'] }}", **ROW).reason == "refused"
    assert fail("{{ x.upper }}", **ROW).reason == "refused"
    assert fail("{{ row[m] }}", **ROW).reason == "refused"
