from collections.abc import Mapping
from typing import Any

import pytest

from octoplan.campaign import Language
from octoplan.content import Failed, Rendered
from octoplan.content.languages import Chooser
from octoplan.content.wording import Wording, Written, compile_wording
from octoplan.errors import Problem, ProjectInvalid
from tests.content.conftest import locate

TEXTS = {"text": {"en": "Hello {{ name }}", "fr": "Bonjour {{ prenom }}\n"}}


def compile_texts(
    content: Mapping[str, Any], default: str | None = "en", *, optimize: bool = False, html: bool = False
) -> Wording:
    language = Language(column="lang", default=default)
    return compile_wording(Written(content=content, html_body=html, language=language, optimize=optimize), locate)


def problems(content: Mapping[str, Any], default: str | None = "en") -> tuple[Problem, ...]:
    with pytest.raises(ProjectInvalid) as caught:
        compile_texts(content, default)
    return caught.value.problems


def render(content: Mapping[str, Any], row: Mapping[str, Any], default: str | None = "en") -> Rendered | Failed:
    return compile_texts(content, default).renderer(tuple(row), {}).render(tuple(row.values()))


@pytest.mark.parametrize("value", ["fr", "FR", " fr ", "fr-BE", "fr_FR"])
def test_a_person_gets_the_text_in_the_language_that_their_column_names(value: str) -> None:
    rendered = render(TEXTS, {"lang": value, "name": "Zoë", "prenom": "Zoé"})
    assert isinstance(rendered, Rendered)
    assert (rendered.content, rendered.language, rendered.by_default) == ({"text": "Bonjour Zoé"}, "fr", False)


@pytest.mark.parametrize("value", [None, "", "  ", "de", "french", "frx", 7, float("nan")])
def test_a_value_without_a_text_falls_to_the_default_and_is_told(value: Any) -> None:
    rendered = render(TEXTS, {"lang": value, "name": "Zoë", "prenom": None})
    assert isinstance(rendered, Rendered)
    assert (rendered.content, rendered.language, rendered.by_default) == ({"text": "Hello Zoë"}, "en", True)


def test_without_a_default_a_language_without_a_text_is_a_fault_and_its_value_is_not_told() -> None:
    failed = render(TEXTS, {"lang": "klingon", "name": "Zoë", "prenom": "Zoé"}, None)
    assert isinstance(failed, Failed)
    assert (failed.reason, failed.place.file) == ("language", "language.column")
    assert "klingon" not in str(failed)


def test_without_a_default_a_blank_language_is_a_blank() -> None:
    failed = render(TEXTS, {"lang": " ", "name": "Zoë", "prenom": "Zoé"}, None)
    assert isinstance(failed, Failed)
    assert (failed.reason, failed.variable) == ("blank", "lang")


def test_a_region_of_its_own_comes_before_its_language() -> None:
    chooser = Chooser(["pt", "pt-BR", "zh-Hant"])
    assert [chooser.choose(value) for value in ("pt-br", "pt-PT", "PT", "zh_hant", "zh")] == [
        "pt-BR",
        "pt",
        "pt",
        "zh-Hant",
        None,
    ]


def test_every_string_that_is_given_by_language_is_chosen_also_inside_cards() -> None:
    content = {
        "text": {"en": "Hello", "fr": "Bonjour"},
        "metadata": {
            "subject": {"en": "News", "fr": "Nouvelles"},
            "voice_language": {"en": "en-GB", "fr": "fr-FR"},
            "name_from": "Octo",
            "cards": [{"title": {"en": "Sale", "fr": "Soldes {{ name }}"}, "url": "x", "size": {"w": 1}}],
        },
    }
    rendered = render(content, {"lang": "fr", "name": "Zoë"})
    assert isinstance(rendered, Rendered)
    assert rendered.content == {
        "text": "Bonjour",
        "metadata": {
            "subject": "Nouvelles",
            "voice_language": "fr-FR",
            "name_from": "Octo",
            "cards": [{"title": "Soldes Zoë", "url": "x", "size": {"w": 1}}],
        },
    }


def test_the_language_is_among_the_variables_and_so_are_those_of_every_text() -> None:
    assert compile_texts(TEXTS).variables == {"lang", "name", "prenom"}


def test_the_same_words_in_two_languages_are_one_content() -> None:
    content = {"text": {"en": "Taxi", "fr": "Taxi"}}
    one, other = (render(content, {"lang": language}) for language in ("en", "fr"))
    assert isinstance(one, Rendered)
    assert isinstance(other, Rendered)
    assert one.digest == other.digest
    assert one.language != other.language


@pytest.mark.parametrize(
    ("content", "default", "found"),
    [
        ({"text": "Hello"}, "en", [("language/none", "language", "no text is given by language")]),
        (
            {"text": {"en": "a", "fr": "b"}, "metadata": {"subject": {"en": "a"}}},
            "en",
            [("language/missing", "metadata.subject", "`metadata.subject` is not there in fr")],
        ),
        (
            {"text": {"en": "a"}, "metadata": {"cards": [{"title": {"de": "b", "fr": "c"}}]}},
            "en",
            [
                ("language/missing", "text", "`text` is not there in de, fr"),
                ("language/missing", "metadata.cards.0.title", "`metadata.cards.0.title` is not there in en"),
            ],
        ),
        (
            {"text": {"en": "a"}},
            "fr",
            [("language/default", "language.default", "no text is in the default language, fr")],
        ),
    ],
)
def test_what_is_not_there_in_every_language_is_a_problem(
    content: Mapping[str, Any], default: str, found: list[tuple[str, str, str]]
) -> None:
    assert {(one.rule, one.place.file, one.message) for one in problems(content, default)} == set(found)


def test_a_problem_in_one_language_stands_where_that_text_is_written() -> None:
    (problem,) = problems({"text": {"en": "Hello {{ name }}", "fr": "Bonjour\n{{ nom"}, "metadata": {"subject": "x"}})
    assert (problem.place.file, problem.place.line) == ("text.fr", 11)


def test_a_problem_of_a_text_without_language_is_told_once() -> None:
    assert len(problems({"text": {"en": "a", "fr": "b"}, "metadata": {"subject": "{{ x"}})) == 1


def test_the_column_of_the_language_is_a_column_and_not_a_var() -> None:
    wording = compile_texts(TEXTS)
    columns = ("lang", "name", "prenom")
    assert wording.check_names(columns, ()) == ()
    (missing,) = wording.check_names(("langue", "name", "prenom"), ())
    assert (missing.rule, missing.message) == ("language/column", "`lang` is no column of the audience")
    assert missing.hint == "did you mean `langue`?"
    (both,) = wording.check_names(columns, ("lang",))
    assert both.message == "`lang` is both a column and a var"


def test_values_are_escaped_in_the_html_body_of_every_language() -> None:
    wording = compile_texts({"text": {"en": "<b>{{ name }}</b>", "fr": "<i>{{ name }}</i>"}}, html=True)
    rendered = wording.renderer(("lang", "name"), {}).render(("fr", "<Zoë>"))
    assert isinstance(rendered, Rendered)
    assert rendered.content["text"] == "<i>&lt;Zoë&gt;</i>"


def test_typographic_characters_are_replaced_in_the_language_that_was_chosen() -> None:
    wording = compile_texts({"text": {"en": "it\u2019s", "fr": "l\u2019\u00e9t\u00e9"}}, optimize=True)
    rendered = wording.renderer(("lang",), {}).render(("de",))
    assert isinstance(rendered, Rendered)
    assert rendered.content["text"] == "it's"
    assert (rendered.written, rendered.language, rendered.by_default) == ("it\u2019s", "en", True)
