from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from octoplan.content import Failed, Rendered, compile_content
from octoplan.errors import ProjectInvalid
from tests.content.conftest import locate, render_tree

NAMES = ("x", "n", "tags", "shop", "blank")
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.decimals(),
    st.uuids(),
    st.binary(max_size=3),
    st.lists(st.one_of(st.text(max_size=3), st.none(), st.integers()), max_size=3),
    st.dictionaries(st.sampled_from(["a", "b"]), st.one_of(st.none(), st.text(max_size=3))),
)
WORDS = st.sampled_from(
    [
        *(
            "{{",
            "}}",
            "{%",
            "%}",
            "{#",
            "#}",
            "{{-",
            "-%}",
            " ",
            "\n",
            "\r\n",
            "'",
            '"',
            "\\",
            "(",
            ")",
            "[",
            "]",
            "{",
            "}",
        ),
        *(
            ".",
            ",",
            "|",
            "~",
            "+",
            "-",
            "*",
            "**",
            "/",
            "//",
            "%",
            "==",
            "<",
            "=",
            ":",
            "!",
            "is",
            "in",
            "not",
            "and",
            "or",
        ),
        *(
            "if",
            "else",
            "elif",
            "endif",
            "for",
            "endfor",
            "set",
            "with",
            "endwith",
            "raw",
            "endraw",
            "include",
            "loop",
            "none",
        ),
        *(
            "x",
            "n",
            "tags",
            "shop",
            "blank",
            "a",
            "__class__",
            "upper",
            "default",
            "join",
            "range",
            "replace",
            "int",
            "0",
            "9",
        ),
        *(
            "1e5",
            "'a'",
            "3.0",
            "true",
            "{first_name}",
            "é",
            "🎉",
            "self",
            "recursive",
            "first",
            "defined",
            "strip()",
            "sort",
        ),
    ]
)
TEMPLATES = (
    st.lists(WORDS, max_size=25).map(" ".join) | st.lists(WORDS, max_size=25).map("".join) | st.text(max_size=50)
)

# Expressions that mostly parse, so that rendering is reached.
ATOMS = st.sampled_from(
    [*NAMES, "'a'", "3", "0", "-1", "2.5", "true", "[]", "[x, 1]", "{'a': n}", "range(3)", "(1, 2)"]
)
EXPRESSIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "//", "%", "**", "~"]), inner).map(" ".join),
        st.tuples(inner, st.sampled_from(["==", "!=", "<", ">=", "in", "not in", "and", "or"]), inner).map(
            lambda three: f"({' '.join(three)})"
        ),
        st.tuples(
            inner,
            st.sampled_from(["upper", "int", "int(0)", "join(',')", "length", "first", "sort", "round", "e", "d('')"]),
        ).map(lambda two: f"({two[0]}) | {two[1]}"),
        st.tuples(inner, st.sampled_from([".a", "[0]", "['a']", "[1:]", "[x]", ".strip()", ".split(x)"])).map(
            lambda two: f"({two[0]}){two[1]}"
        ),
        st.tuples(inner, inner, inner).map(lambda three: f"({three[0]} if {three[1]} else {three[2]})"),
        st.tuples(inner, st.sampled_from(["defined", "odd", "string", "none"])).map(
            lambda two: f"({two[0]} is {two[1]})"
        ),
    ),
    max_leaves=6,
)
ROWS = st.tuples(*[VALUES] * len(NAMES))


def render_or_refuse(text: str, row: tuple[Any, ...], *, html: bool) -> Rendered | Failed | None:
    try:
        templates = compile_content({"text": text, "metadata": {"subject": text}}, html_body=html, locate=locate)
    except ProjectInvalid:
        return None
    if templates.check_names(NAMES, ()):
        return None
    rendered = templates.renderer(NAMES, {}).render(row)
    assert isinstance(rendered, Rendered | Failed)
    return rendered


@settings(max_examples=300, deadline=None)
@given(text=TEMPLATES, row=ROWS, html=st.booleans())
def test_any_text_is_refused_or_rendered_or_fails_but_never_raises(text: str, row: tuple[Any, ...], html: bool) -> None:  # noqa: FBT001 - Hypothesis passes by name
    rendered = render_or_refuse(text, row, html=html)
    if isinstance(rendered, Rendered):
        assert type(rendered.content["text"]) is str


@example(expression="(([])[0] and x)", row=(None,) * 5)  # Jinja2 works this out when it compiles, if it may
@settings(max_examples=400, deadline=None)
@given(expression=EXPRESSIONS, row=ROWS)
def test_any_expression_renders_to_the_same_twice_or_fails_the_same_twice(
    expression: str, row: tuple[Any, ...]
) -> None:
    text = f"{{{{ {expression} }}}}"
    assert render_or_refuse(text, row, html=False) == render_or_refuse(text, row, html=False)


@given(value=st.text().filter(lambda text: text.strip()))
def test_a_printed_text_is_itself(value: str) -> None:
    rendered = render_tree({"text": "{{ x }}"}, {"x": value}, {})
    assert isinstance(rendered, Rendered)
    assert rendered.content["text"] == value


@given(text=st.text().filter(lambda text: not {"{{", "{%", "{#"} & {text[i : i + 2] for i in range(len(text))}))
def test_a_text_without_jinja_is_itself_but_for_newlines(text: str) -> None:
    try:
        rendered = render_tree({"text": text}, {}, {})
    except ProjectInvalid as invalid:
        assert {problem.rule for problem in invalid.problems} == {"template/placeholder"}  # noqa: PT017 - the other branch is the law
        return
    assert isinstance(rendered, Rendered)
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    assert rendered.content["text"] == plain.removesuffix("\n")


@given(text=st.text(alphabet="a \n\r", max_size=8), value=st.sampled_from(["b", "\n", "c\n"]))
def test_a_fixed_text_and_a_rendered_one_treat_newlines_alike(text: str, value: str) -> None:
    fixed = render_tree({"text": text}, {}, {})
    rendered = render_tree({"text": "{# #}" + text}, {"x": value}, {})
    assert isinstance(fixed, Rendered)
    assert fixed == rendered


STATEMENTS = st.tuples(
    st.sampled_from(
        [
            "{{{{ {0} }}}}",
            "{{% if {0} %}}{{{{ {1} }}}}{{% else %}}{{{{ x }}}}{{% endif %}}",
            "{{% for a in [n, x] %}}{{{{ shop[a] | d('') }}}}{{{{ {0} }}}}{{% endfor %}}",
            "{{% set a = {0} %}}{{{{ {1} }}}}{{{{ a }}}}",
            "{{% with x = {0} %}}{{{{ {1} }}}}{{% endwith %}}",
            "{{{{ shop[{0}] | d(tags[{1}]) }}}}",
        ]
    ),
    EXPRESSIONS,
    EXPRESSIONS,
).map(lambda three: three[0].format(three[1], three[2]))


@settings(max_examples=400, deadline=None)
@given(text=STATEMENTS, row=ROWS)
def test_only_the_variables_that_are_found_matter_however_they_are_reached(text: str, row: tuple[Any, ...]) -> None:
    try:
        templates = compile_content({"text": text}, html_body=False, locate=locate)
    except ProjectInvalid:
        return
    assert templates.variables <= set(NAMES)
    found = [name for name in NAMES if name in templates.variables]
    values = [value for name, value in zip(NAMES, row, strict=True) if name in templates.variables]
    assert templates.renderer(found, {}).render(values) == templates.renderer(NAMES, {}).render(row)
