"""Texts by language, from the campaign file to what people got, judged by the sandbox's own record."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import Folder, MakeProject

CAMPAIGN = """\
channel: sms
purpose: alert
open: true
audience: {from: audiences/people.csv}
language: {column: lang, default: en}
text:
  en: Hello {{ name }}
  fr: Bonjour {{ name }}
"""
ROWS = [("Ann", "en"), ("Zoé", "fr"), ("Léo", "FR_be"), ("Jan", "pl"), ("Bo", ""), ("Zoé", "fr")]
WORDS = ["Bonjour Léo", "Bonjour Zoé", "Bonjour Zoé", "Hello Ann", "Hello Bo", "Hello Jan"]


def people(rows: list[tuple[str, str]]) -> str:
    lines = (f"+336000003{number:02},{name},{language}\n" for number, (name, language) in enumerate(rows))
    return "phone_number,name,lang\n" + "".join(lines)


def folder_of(project: MakeProject, campaign: str = CAMPAIGN, rows: list[tuple[str, str]] = ROWS) -> Folder:
    folder: Folder = project({"campaigns/sale.yaml": campaign, "campaigns/audiences/people.csv": people(rows)})
    return folder


def step(folder: Folder) -> Any:
    outcome = folder.call("plan", "--json")
    assert outcome.code == 0, outcome.err
    return outcome.json["steps"][0]


def texts(folder: Folder) -> list[str]:
    return sorted(str(message.text) for message in folder.messages())


def test_masked_messages_are_in_the_words_that_people_get(project: MakeProject) -> None:
    campaign = CAMPAIGN.replace("Hello {{ name }}", "'Hello {{ name }}{% if born.year > 2000 %}, kid{% endif %}'")
    campaign = campaign.replace("people.csv", "people.ndjson")
    rows = [{"phone_number": "+33600000301", "name": "Ann", "lang": "en", "born": {"year": 2010}}]
    rows += [{"phone_number": "+33600000302", "name": "Zoé", "lang": "fr", "born": {"year": 1950}}]
    people = "\n".join(map(json.dumps, rows))
    folder = project({"campaigns/sale.yaml": campaign, "campaigns/audiences/people.ndjson": people})
    told = folder.call("render", "sale", "--json").json["messages"]
    assert [one["content"] and one["content"]["text"] for one in told] == ["Hello {name}, kid", "Bonjour {name}"]


def test_everybody_gets_their_language_and_whoever_has_none_the_default(project: MakeProject) -> None:
    folder = folder_of(project)
    planned = step(folder)
    assert planned["expense"]["languages"] == [
        {"language": "en", "people": 3, "variants": 3},
        {"language": "fr", "people": 3, "variants": 2},
    ]
    assert planned["expense"]["by_default"] == 2
    assert "2 people by default: `lang` is blank, or names a language without a text" in folder.call("plan").out
    assert folder.call("apply", "--auto-approve").code == 0
    assert texts(folder) == WORDS
    assert step(folder)["action"] == "nothing"


def test_a_reviewed_plan_sends_the_words_of_every_language(project: MakeProject) -> None:
    folder = folder_of(project)
    assert folder.call("plan", "--out", str(folder.path / "plan")).code == 0
    assert folder.call("apply", str(folder.path / "plan"), "--auto-approve").code == 0
    assert texts(folder) == WORDS


def test_people_whose_words_are_the_same_in_two_languages_share_a_request(project: MakeProject) -> None:
    folder = folder_of(project, CAMPAIGN.replace("Hello {{ name }}", "Taxi").replace("Bonjour {{ name }}", "Taxi"))
    planned = step(folder)
    assert (planned["requests"], planned["variants"]) == (1, 1)
    assert planned["expense"]["languages"] == [{"language": "en, fr", "people": 6, "variants": 1}]


def test_without_a_default_a_language_without_a_text_is_a_problem_with_a_count_and_no_value(
    project: MakeProject,
) -> None:
    rows = [*ROWS[:3], ("Jan", "klingon"), ("Bo", "klingon"), ("Cy", "elvish")]
    folder = folder_of(project, CAMPAIGN.replace(", default: en", ""), rows)
    for command in ("validate", "plan"):
        outcome = folder.call(command, "--json")
        assert outcome.code == 3
        (problem,) = outcome.json["problems"]
        assert problem["rule"] == "content/language"
        assert (problem["file"], problem["line"]) == ("campaigns/sale.yaml", 5)
        assert "`lang` names a language that there is no text in, for 3 people (first " in problem["message"]
        assert "people.csv:5" in problem["message"]
        assert "klingon" not in outcome.out + outcome.err


def test_without_a_default_a_blank_language_is_left_out_where_the_author_says_so(project: MakeProject) -> None:
    rows = [*ROWS[:3], ("Bo", "")]
    without = CAMPAIGN.replace(", default: en", "")
    assert folder_of(project, without, rows).call("plan").code == 3
    folder = folder_of(project, without + "on_missing: skip\n", rows)
    assert step(folder)["skipped"] == 1
    assert folder.call("apply", "--auto-approve").code == 0
    assert texts(folder) == ["Bonjour Léo", "Bonjour Zoé", "Hello Ann"]


def test_another_default_is_a_change_of_words(project: MakeProject) -> None:
    folder = folder_of(project)
    assert folder.call("apply", "--auto-approve").code == 0
    folder.write({"campaigns/sale.yaml": CAMPAIGN.replace("default: en", "default: fr")})
    assert step(folder)["changed"]


def test_a_language_column_that_is_not_there_is_a_problem_at_its_place(project: MakeProject) -> None:
    folder = folder_of(project, CAMPAIGN.replace("column: lang", "column: langue"))
    (problem,) = folder.call("validate", "--json").json["problems"]
    assert (problem["rule"], problem["line"]) == ("language/column", 5)
    assert problem["hint"] == "did you mean `lang`?"


def test_texts_by_language_may_stand_in_files_and_their_problems_in_these(project: MakeProject) -> None:
    head = CAMPAIGN.partition("text:")[0]
    files = {"campaigns/texts/en.txt": "Hello {{ name }}\n", "campaigns/texts/fr.txt": "Bonjour\n{{ nom }}\n"}
    folder = folder_of(project, head + "text_file: {en: texts/en.txt, fr: texts/fr.txt}\n").write(files)
    (problem,) = folder.call("validate", "--json").json["problems"]
    assert (problem["rule"], problem["file"], problem["line"]) == ("template/unknown-name", "campaigns/texts/fr.txt", 2)
    folder.write({"campaigns/texts/fr.txt": "Bonjour {{ name }}\n"})
    assert folder.call("apply", "--auto-approve").code == 0
    assert texts(folder) == WORDS


def test_a_text_that_is_too_long_in_one_language_is_a_problem_of_that_text(project: MakeProject) -> None:
    folder = folder_of(project, CAMPAIGN.replace("Bonjour", "x" * 1221))
    (problem,) = folder.call("validate", "--json").json["problems"]
    assert (problem["rule"], problem["line"]) == ("content/too-long", 8)
    assert "for 3 people" in problem["message"]


def test_inline_people_have_a_language_too(project: MakeProject) -> None:
    inline = """\
recipients:
  - {phone_number: "+33600000301", name: Ann, lang: en}
  - {phone_number: "+33600000302", name: Zoé, lang: fr}
"""
    folder = folder_of(project, CAMPAIGN.replace("audience: {from: audiences/people.csv}\n", inline))
    assert folder.call("validate").code == 0
    assert folder.call("apply", "--auto-approve").code == 0
    assert texts(folder) == ["Bonjour Zoé", "Hello Ann"]


EMAIL = """\
channel: email
purpose: alert
open: true
audience: {from: audiences/mail.csv}
language: {column: lang, default: en}
text: {en: "Hello {{ name }}", fr: "Bonjour {{ name }}"}
metadata:
  email_from: shop@example.com
  subject: {en: "News", fr: "Nouvelles"}
  name_from: {en: Shop, fr: Boutique}
  language: {en: en, fr: fr}
"""


@pytest.mark.parametrize(
    ("to", "subject", "name", "language"),
    [("ann@example.com", "News", "Shop", "en"), ("zoe@example.com", "Nouvelles", "Boutique", "fr")],
)
def test_an_email_is_in_one_language_from_subject_to_the_line_at_its_end(
    project: MakeProject, to: str, subject: str, name: str, language: str
) -> None:
    rows = "email,name,lang\nann@example.com,Ann,en\nzoe@example.com,Zoé,fr\n"
    folder: Folder = project({"campaigns/news.yaml": EMAIL, "campaigns/audiences/mail.csv": rows})
    assert folder.call("apply", "--auto-approve").code == 0
    bodies = [json.loads(entry.body) for entry in folder.requests()]
    (body,) = [one for one in bodies if one["recipients"] == [{"email": to}] and not one["simulation_mode"]]
    metadata = body["metadata"]
    assert (metadata["subject"], metadata["name_from"], metadata["language"]) == (subject, name, language)
