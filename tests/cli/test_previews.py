"""`plan --format html` and `markdown` show how messages read: the wordings of all channels, with names for values."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from tests.conftest import Folder, MakeProject

MADE_UP = ("Xanthippe", "Wilhelmine", "Ploudalmezeau", "Zwevegemstad")
PEOPLE = "phone_number,email,first_name,town,points,lang\n" + "".join(
    f"+3360000{number:04},person{number}@example.com,{MADE_UP[number % 2] if number % 5 else ''},"
    f"{MADE_UP[2 + number % 2]},{number},{('fr', 'en')[number % 2]}\n"
    for number in range(100)
)
AUDIENCE = "purpose: alert\nopen: true\naudience: {from: people.csv}\n"
FILES = {
    "campaigns/people.csv": PEOPLE,
    "campaigns/sms.yaml": f"""channel: sms
sender: OctoShop
{AUDIENCE}text: >-
  Hi {{{{ first_name | default("there", true) }}}}, {{% if points | int > 49 %}}gold{{% else %}}tin{{% endif %}} days
  at {{{{ shop }}}} in {{{{ town | upper }}}}.
vars: {{shop: OctoShop}}
""",
    "campaigns/spoken.yaml": f"""channel: voice_sms
{AUDIENCE}language: {{column: lang, default: en}}
text: {{fr: "Bonjour {{{{ town }}}}.", en: "Hello {{{{ town }}}}."}}
metadata: {{voice_gender: female, voice_language: fr-FR}}
""",
    "campaigns/letter.yaml": f"""channel: email
{AUDIENCE}text: "<p>Dear <b>{{{{ town }}}}</b></p>"
metadata: {{email_from: shop@example.com, subject: "For {{{{ town }}}}", body_format: html}}
""",
    "campaigns/card.yaml": f"""channel: rcs
{AUDIENCE}metadata:
  message_type: rich_card
  cards:
    - title: "Come to {{{{ town }}}}"
      media: {{url: "https://example.com/{{{{ town }}}}.jpg"}}
      suggestions: [{{text: "Yes"}}]
""",
}  # fmt: skip


@pytest.fixture
def folder(project: MakeProject) -> Folder:
    return project(FILES)


def shown(folder: Folder, form: str) -> str:
    outcome = folder.call("plan", "--format", form)
    assert outcome.code == 0, outcome
    return outcome.out


def wordings(page: str) -> list[str]:
    """The words of every telephone and letter of a page, without markup, in order."""
    drawn = re.findall(r'<div class="phone.*?</div></?fig', page, re.DOTALL)
    return [re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", one.removesuffix("<fig")))) for one in drawn]


def test_each_channel_is_drawn_with_every_wording_that_it_has(folder: Folder) -> None:
    page = shown(folder, "html")
    said = " | ".join(wordings(page))
    for branch in ("gold", "tin"):
        assert re.search(rf"Hi \{{first_name\}} , {branch} days at OctoShop in \{{town\}} \.", said)
        assert re.search(rf"Hi there, {branch} days at OctoShop in \{{town\}} \.", said)
    assert "read aloud, female, fr-FR Bonjour {town} ." in said
    assert "Hello {town} ." in said
    assert "shop@example.com For {town} Dear {town}" in said
    assert "picture: https://example.com/ {town} .jpg Come to {town} Yes" in said
    assert "Looked at" not in page, "a hundred people are fewer variants than are looked at"


def test_people_of_all_wordings_are_the_recipients(folder: Folder) -> None:
    page = shown(folder, "html")
    section = page[page.index("> sms</h2>") :].partition("</section>")[0]
    counts = [int(found) for found in re.findall(r"<figcaption><b>(\d+) people</b>", section)]
    assert sum(counts) == 100
    assert len(counts) == 4


def test_a_comment_has_the_words_too(folder: Folder) -> None:
    comment = html.unescape(shown(folder, "markdown"))
    assert re.search(r"reads +\d+ people:\n +Hi \{first_name\}, (gold|tin) days", comment)
    assert "subject: For {town}" in comment
    assert "Dear {town}" in comment
    assert "card: Come to {town}, https://example.com/{town}.jpg, Yes" in comment


def test_other_formats_do_without_words(folder: Folder) -> None:
    for form in ("text", "json"):
        assert "days at" not in shown(folder, form)


def test_the_extremes_are_shown_among_many_variants(folder: Folder) -> None:
    rows = "".join(f"+336000{number:05},{'N' * (number + 1)}\n" for number in range(120))
    folder.write({"campaigns/people.csv": "phone_number,name\n" + rows})
    folder.write({name: None for name in FILES if name.endswith(".yaml")})
    text = 'text: "{% if name | length > 119 %}the very longest{% endif %} {{ name }}"'
    folder.write({"campaigns/many.yaml": f"channel: sms\n{AUDIENCE}{text}\n"})
    page = shown(folder, "html")
    assert "Looked at: the 41 variants that most people get, and the extremes of all." in page
    (longest,) = re.findall(r"<figcaption><b>1 person or more</b>.*?</figcaption>", page)
    assert "the longest" in longest
    assert "NN" not in page
    assert any("the very longest {name}" in said for said in wordings(page))


def test_what_the_gateway_fills_in_is_shown_by_its_name_as_well(folder: Folder) -> None:
    folder.write({"campaigns/sms.yaml": FILES["campaigns/sms.yaml"] + "personalization: server\n"})
    assert any("Hi {first_name} , tin days" in said for said in wordings(shown(folder, "html")))


def test_limits_are_shown_with_their_numbers(folder: Folder) -> None:
    folder.write({"octoplan.yaml": "octoplan: 1\nlimits: {max_recipients: 500}\n"})
    folder.write({"campaigns/sms.yaml": FILES["campaigns/sms.yaml"] + "limits: {max_recipients: 99}\n"})
    outcome = folder.call("plan", "--format", "html")
    assert outcome.code == 5
    assert "Nothing is sent: this plan is blocked" in outcome.out
    assert re.search(r"max_recipients</th><td[^>]*>300</td><td[^>]*>500</td><td>holds", outcome.out)
    assert re.search(r"max_recipients</th><td[^>]*>100</td><td[^>]*>99</td><td>too much", outcome.out)


_NAMES = st.from_regex(r"Xq[a-z]{3,9}", fullmatch=True)


@given(
    first=_NAMES,
    town=_NAMES,
    number=st.integers(10_000, 99_999),
    filtered=st.sampled_from(["", " | upper", " | reverse", " | replace('X', 'x')", "[1:]", " | list | join('-')"]),
)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nobody_of_the_audience_is_in_the_bytes_of_any_format(
    folder: Folder, first: str, town: str, number: int, filtered: str
) -> None:
    head = PEOPLE.partition("\n")[0]
    rows = f"{head}\n+336000{number},{first}.{number}@example.org,{first},{town},7,fr\n"
    text = f'text: "{{% set own = town %}}{{{{ first_name{filtered} }}}} {{{{ own{filtered} }}}}."'
    sms = re.sub(r"text: >-\n.*\n.*\n", f"{text}\n", FILES["campaigns/sms.yaml"])
    assert sms != FILES["campaigns/sms.yaml"]
    folder.write({"campaigns/people.csv": rows, "campaigns/sms.yaml": sms})
    letters = (first, first[1:], first[::-1], "-".join(first), town, town[1:], town[::-1], "-".join(town))
    for form in ("text", "json", "markdown", "html"):
        said = shown(folder, form).lower()
        assert not [one for one in (*letters, f"6000{number}", f"{number}@") if one.lower() in said]
