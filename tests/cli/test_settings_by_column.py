"""Settings that follow a column: people of other values go in other requests, by the sandbox's record."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from octoplan.content.variants import VOICES

if TYPE_CHECKING:
    from tests.conftest import Folder, MakeProject

VOICE = """\
channel: voice_sms
purpose: alert
open: true
audience: {from: people.csv}
text: Hello
metadata: {voice_gender: female, voice_language: {column: voice, default: fr-FR}}
"""
PEOPLE = "phone_number,voice\n+33600000101,fr-FR\n+33600000102,de-DE\n+33600000103,\n+33600000104,de-DE\n"


def folder_of(project: MakeProject, campaign: str = VOICE, people: str = PEOPLE) -> Folder:
    folder: Folder = project({"campaigns/call.yaml": campaign, "campaigns/people.csv": people})
    return folder


def test_everybody_hears_their_voice_and_whoever_has_none_the_default(project: MakeProject) -> None:
    folder = folder_of(project)
    applied = folder.call("apply", "--auto-approve")
    assert applied.code == 0, applied.err
    heard = {message.address[-3:]: message.options["voice_language"] for message in folder.messages()}
    assert heard == {"101": "fr-FR", "102": "de-DE", "103": "fr-FR", "104": "de-DE"}
    assert len({message.ticket for message in folder.messages()}) == 2
    assert not folder.call("plan", "--json").json["steps"][0]["recipients"]


def test_a_voice_that_there_is_not_is_a_problem_with_a_count_and_no_value(project: MakeProject) -> None:
    folder = folder_of(project, people=PEOPLE + "+33600000105,klingon\n+33600000106,klingon\n")
    for command in ("validate", "plan"):
        outcome = folder.call(command)
        assert outcome.code == 3
        assert "the voice_language is none that can be read out in, for 2 people" in outcome.err
        assert "klingon" not in outcome.err + outcome.out


def test_without_a_default_a_blank_is_a_problem_or_leaves_out(project: MakeProject) -> None:
    campaign = VOICE.replace(", default: fr-FR", "")
    assert "`voice` is blank, for 1 person" in folder_of(project, campaign).call("validate").err
    folder = folder_of(project, f"on_missing: skip\n{campaign}")
    assert folder.call("apply", "--auto-approve").code == 0
    assert len(folder.messages()) == 3


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("column: voice", "column: vioce", "did you mean `voice`?"),
        ("default: fr-FR", "default: fr", "metadata.voice_language.default"),
        ("column: voice, ", "", "call.yaml:6:"),
        ("column: voice", 'column: "{{ voice }}"', "name a column of the audience"),
    ],
)
def test_what_is_wrong_with_it_is_told_where_it_stands(project: MakeProject, old: str, new: str, said: str) -> None:
    outcome = folder_of(project, VOICE.replace(old, new)).call("validate")
    assert outcome.code == 3
    assert said in outcome.err


def test_the_line_that_unsubscribes_follows_a_column_too(project: MakeProject) -> None:
    folder: Folder = project(
        {
            "campaigns/news.yaml": """\
channel: email
purpose: alert
open: true
audience: {from: people.csv}
text: News
metadata: {email_from: shop@example.com, subject: News, language: {column: lang, default: en}}
""",
            "campaigns/people.csv": "email,lang\na@example.com,fr\nb@example.com,\n",
        }
    )
    assert folder.call("apply", "--auto-approve").code == 0
    assert {message.address: message.options["language"] for message in folder.messages()} == {
        "a@example.com": "fr",
        "b@example.com": "en",
    }


def test_the_voices_are_those_of_the_schema() -> None:
    schema = json.loads((Path(__file__).parents[2] / "schemas" / "campaign.schema.json").read_text(encoding="utf-8"))
    assert frozenset(schema["$defs"]["voice_language_in"]["enum"]) == VOICES
