"""What is composed in sets, and filled in by the gateway, is what rendering gives: `personalization: server`."""

from collections.abc import Iterator, Mapping, Sequence

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from octoplan.campaign import Language
from octoplan.content.segments import Segment, segments_of
from octoplan.content.wording import Wording
from octoplan.errors import ProjectInvalid
from octoplan.table.connection import Table
from tests.content.composed import CONSTANTS, TAGS, Outcome, Row, compose, render, told, wording_of

AWKWARD = (
    *(
        "Ann",
        "Zoë",
        "0",
        "null",
        "TRUE",
        "",
        " ",
        " Ann",
        "Ann ",
        "A\tB",
        "A\nB",
        "x\x1fy",
        "{a}",
        "{param1}",
        "}",
        "{",
    ),
    *(
        "{param",
        "1}",
        "\u00a0",
        "\ufeffAnn",
        "x" * 49,
        "x" * 50,
        "x" * 51,
        "😀" * 25,
        "😀" * 26,
        "€" * 50,
        "\\1",
        "$1",
        "'",
        '"',
    ),
)
WORDS = (
    *(
        "Hi {{ a }}",
        ", ",
        "!",
        "{{ a }}{{ b }}",
        "{{ b | upper }}",
        "{{ n }}",
        "{{ n + 1 }}",
        "{{ shop }}",
        "'",
        "€",
        "😀",
    ),
    *("{{ b | default('there', true) }}", "{% if a == b %}same{% else %}{{ a }} not {{ b }}{% endif %}", "{ ", "\n"),
    *("{% for c in a %}{{ c }}-{% endfor %}", "{% for i in range(n) %}{{ a }}{{ loop.index }};{% endfor %}", "x" * 150),
    *(
        "{% set d = a %}{{ d }}",
        "{% if n %}{% set e = b %}{% endif %}",
        "{% with f = a ~ b %}{{ f }}{% endwith %}",
        "{param",
    ),
    *(
        "{{ a if n else 'nobody' }}",
        "{% if b %}{{ b }}{% endif %}",
        "{{ dear }}",
        "{{ a | truncate(3) }}",
        "{{ a[0] }}",
    ),
    *(
        "{{ a | int(7) }}",
        "{{ '{' ~ 'param1' ~ '}' }}",
        "{{ blank }}",
        "{{ a ~ 1 }}{{ b ~ 2 }}{{ n }}{{ a ~ 3 }}{{ b ~ 4 }}",
    ),
)
LANGUAGE = Language(column="tongue")
TYPOGRAPHIC = ("\u2018", "\u2019", "…", "\u2013", "\u00a0", "\u200b", "`", "\t", "…" * 70)
values = st.none() | st.sampled_from([*AWKWARD, *TYPOGRAPHIC]) | st.text(max_size=6)
tongues = st.sampled_from([None, "en", "fr", "FR", "fr_BE", "pt", "pt-br", "xx", " en ", ""])
rows = st.lists(st.tuples(values, values, st.none() | st.integers(-1, 4), tongues), min_size=1, max_size=12)
words = st.sampled_from([*WORDS, *TYPOGRAPHIC, "Ж", "Ж{{ a }}" * 20])
texts = st.lists(words, min_size=1, max_size=7).map("".join)
translated = st.fixed_dictionaries(dict.fromkeys(TAGS, texts))
languages = st.sampled_from([LANGUAGE, Language(column="tongue", default="en")])
LAW = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Table]:
    with Table(tmp_path_factory.mktemp("spill"), threads=1) as opened:
        yield opened


def compiled(text: str | Mapping[str, str], language: Language | None = None, *, optimize: bool = False) -> Wording:
    try:
        return wording_of(text, language, optimize=optimize)
    except ProjectInvalid:
        reject()


def agree(one: Outcome, other: Outcome) -> None:
    assert one.words == other.words
    assert one.parts == other.parts
    assert told(one.faults) == told(other.faults)
    assert one.report == other.report


def identities(outcome: Outcome) -> set[tuple[tuple[int, ...], str]]:
    """What the request ids of the frames are made of."""
    return {(frame.people, frame.digest) for frame in outcome.frames}


@LAW
@given(text=texts, people=rows, skip=st.booleans(), size=st.sampled_from([1, 2, 450]), optimize=st.booleans())
def test_everybody_gets_exactly_the_words_that_rendering_gives(
    table: Table, text: str, people: list[Row], *, skip: bool, size: int, optimize: bool
) -> None:
    wording = compiled(text, optimize=optimize)
    agree(compose(table, wording, people, skip=skip, size=size), render(table, wording, people, skip=skip, size=size))


@LAW
@given(text=texts, people=rows, size=st.sampled_from([1, 2, 450]), optimize=st.booleans())
def test_where_the_gateway_fills_in_nothing_it_makes_the_frames_that_rendering_makes(
    table: Table, text: str, people: list[Row], *, size: int, optimize: bool
) -> None:
    wording = compiled(text, optimize=optimize)
    composed = compose(table, wording, people, size=size, personalization="client")
    rendered = render(table, wording, people, size=size)
    agree(composed, rendered)
    assert identities(composed) == identities(rendered)


@LAW
@given(text=translated, language=languages, people=rows, skip=st.booleans(), optimize=st.booleans())
def test_everybody_gets_them_in_their_own_language(
    table: Table, text: dict[str, str], language: Language, people: list[Row], *, skip: bool, optimize: bool
) -> None:
    wording = compiled(text, language, optimize=optimize)
    agree(compose(table, wording, people, skip=skip), render(table, wording, people, skip=skip))


SPLITS = (
    ("Hi {{ a }}, {{ n }}!", 2),
    ("{% if n %}{{ a }}{% else %}{{ b }}{% endif %} {{ a }}", 2),
    ("{{ a }}{% set c = b %}{{ c }}{{ n }}", 2),
    ("{% if n %}{% set c = b %}{% endif %}{{ a }}", 1),
    ("{% with c = a %}{{ c }}{% endwith %}{% for c in a %}{{ c }}{% endfor %}", 2),
)


@pytest.mark.parametrize(("text", "count"), SPLITS)
def test_a_template_is_one_segment_from_its_first_set_on_and_many_before(text: str, count: int) -> None:
    template = compiled(text).templates[""].text
    assert not isinstance(template, str)
    parts = segments_of(template, CONSTANTS).parts
    assert sum(isinstance(part, Segment) for part in parts) == count


def crowd(number: int) -> list[Row]:
    return [(f"Ann {one}", f"Zoë {one % 3}", one % 5 + 1, TAGS[one % 2]) for one in range(number)]


def requests_of(outcome: Outcome) -> Sequence[str | None]:
    return sorted((frame.text for frame in outcome.frames), key=str)


@pytest.mark.parametrize(
    ("text", "requests"),
    [
        ("Hi {{ a }}, {{ n }}!", ["Hi {param1}, {param2}!"]),
        # the same value is one parameter, however often it stands there; what is the same for everybody is text
        ("{{ a }} {{ shop }} {{ n }} {{ a }}", ["{param1} OctoShop {param2} {param1}"]),
        # a condition makes requests, not parameters
        ("{% if n > 2 %}Dear {{ a }}{% else %}Hi {{ a }}{% endif %}", ["Dear {param1}", "Hi {param1}"]),
        # seven at most, those with most values: `n` has five, `b` has three and stays text
        (
            "{{ a }}1{{ a ~ 2 }}{{ a ~ 3 }}{{ a ~ 4 }}{{ a ~ 5 }}{{ a ~ 6 }}{{ n }} {{ b }}",
            [
                f"{{param1}}1{{param2}}{{param3}}{{param4}}{{param5}}{{first_name}}{{last_name}} Zoë {one}"
                for one in "012"
            ],
        ),
        # nothing differs: this is an ordinary request
        ("Hi {{ shop }}", [None]),
        ("Hi {{ 'x' * 2 }}{{ a | length > 100 }}", [None]),
    ],
)
def test_what_differs_becomes_parameters_and_the_rest_is_text(
    table: Table, text: str, requests: Sequence[str | None]
) -> None:
    people = crowd(60)
    outcome = compose(table, compiled(text), people)
    assert requests_of(outcome) == requests
    assert outcome.words == render(table, compiled(text), people).words


@pytest.mark.parametrize(
    "odd", ["", "0", "null", "True", " Zoë", "Zoë ", "Z\to", "Z\no", "{x}", "a}", "x" * 51, "😀" * 26, "\ufeffx"]
)
def test_a_value_that_a_server_could_take_for_something_else_is_not_left_to_it(table: Table, odd: str) -> None:
    people: list[Row] = [(name, odd, n, tongue) for name, _, n, tongue in crowd(5)] + crowd(5)
    text = "Hi {{ a }}: {{ b | default('', true) if n else b ~ '' }}."
    people = [(name, value or None, 1, None) for name, value, _, _ in people]
    outcome = compose(table, compiled(text), people)
    assert outcome.words == render(table, compiled(text), people).words
    filled = {value for frame in outcome.frames for one in frame.values for value in one.values()}
    assert odd not in filled
    assert "Zoë 1" in filled


def test_fifty_characters_fit(table: Table) -> None:
    people = [("x" * 49 + str(number), "😀" * 25, 1, None) for number in range(3)]
    outcome = compose(table, compiled("{{ a }}{{ b ~ a[:0] }}"), people)
    assert requests_of(outcome) == ["{param1}" + "😀" * 25]


def test_a_text_that_is_too_long_only_before_it_is_filled_is_rendered_here(table: Table) -> None:
    people = [(str(number), None, number, None) for number in range(1, 9)]
    text = "x" * 1222 + "{{ a }}"  # with a placeholder in it, 1,230
    outcome = compose(table, compiled(text), people)
    assert requests_of(outcome) == [None] * 8
    assert outcome.words == {number: "x" * 1222 + str(number + 1) for number in range(8)}


def test_texts_that_are_equal_are_one_variant_whatever_made_them(table: Table) -> None:
    people: list[Row] = [("ab", "c", 1, None), ("a", "bc", 1, None), ("x", "y", 1, None)]
    outcome = compose(table, compiled("{{ a }}{{ b }}"), people)
    assert outcome.words == {0: "abc", 1: "abc", 2: "xy"}
    (shared,) = outcome.frames
    assert shared.values[0] == shared.values[1]


def test_a_template_too_heavy_for_one_message_fails_here_as_it_does_there(table: Table) -> None:
    loop = "{% for i in range(6000) %}{% if i > 5998 %}{{ a }}{% endif %}{% endfor %}"
    for text in (loop, loop * 2):
        outcome, other = (make(table, compiled(text), crowd(2)) for make in (compose, render))
        agree(outcome, other)
    assert not outcome.words


MANY = 60


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Hi {{ a }}" + "".join(f"{{% if n == {one} %}}, {one}{{% endif %}}" for one in range(MANY)), "Ann"),
        # columns as they stand, of which nothing is printed but what may be blank
        ("{{ a }} " * MANY, "Ann"),
        ("{{ a }} " * MANY, "Ζωή"),
        ("No. {{ n }} " * MANY, "Ann"),
    ],
)
def test_a_text_of_more_segments_than_can_be_joined_is_the_same(table: Table, text: str, name: str) -> None:
    people: list[Row] = [(name, None, number, None) for number in range(MANY)]
    for personalization in ("client", "server"):
        outcome = compose(table, compiled(text), people, personalization=personalization)
        agree(outcome, render(table, compiled(text), people))
        assert len(outcome.words) == MANY


def test_each_language_is_a_request_of_its_own_and_equal_words_are_shared(table: Table) -> None:
    wording = compiled({"en": "Hi {{ a }}!", "fr": "Salut {{ a }} !", "pt-BR": "Hi {{ a }}!"}, LANGUAGE)
    outcome = compose(table, wording, crowd(20))
    assert requests_of(outcome) == ["Hi {param1}!", "Salut {param1} !"]
    assert outcome.report["languages"] == [("en", 10, 10), ("fr", 10, 10)]
    both: list[Row] = [("Ann", "b", 1, "en"), ("Ann", "b", 1, "pt-BR")]
    assert compose(table, wording, both).report["languages"] == [("en, pt-BR", 2, 1)]


def test_what_is_replaced_is_replaced_in_what_is_filled_in_too(table: Table) -> None:
    people: list[Row] = [
        ("d\u2019Arc…", "b", 1, None),
        ("l\u2019Eau", "b", 1, None),
        ("Ж\u2019", "b", 1, None),
        ("Д\u2019", "b", 1, None),
    ]
    outcome = compose(table, compiled("It\u2019s {{ a }}", optimize=True), people)
    assert outcome.words == {0: "It's d'Arc...", 1: "It's l'Eau", 2: "It\u2019s Ж\u2019", 3: "It\u2019s Д\u2019"}
    assert requests_of(outcome) == ["It's {param1}", "It\u2019s {param1}"]
