"""What is found in a text, and what is left alone; where it stands; and that any text is looked at quickly."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octoplan import campaign as campaigns
from octoplan import project as projects
from octoplan.campaign import Campaign
from octoplan.errors import Problem
from octoplan.lint import lint, stop, unseen
from octoplan.lint.prose import prose_of
from octoplan.lint.unseen import HIDDEN, SPACES, seen
from octoplan.project import Project

HEAD = 'purpose: {purpose}\nopen: true\nrecipients: [{{phone_number: "+33600000101"}}]\n'
EMAIL = (
    "channel: email\npurpose: wholesale\nopen: true\nrecipients: [{email: ann@example.com}]\n"
    "metadata: {email_from: shop@example.com, subject: %s, body_format: %s}\n"
)
Look = Callable[..., list[tuple[str, int, int]]]


def loaded(folder: Path, text: str) -> tuple[Campaign, Project]:
    (folder / "campaigns").mkdir(exist_ok=True)
    (folder / "campaigns" / "one.yaml").write_text(text, encoding="utf-8")
    project = projects.load(folder)
    return campaigns.load(project)[0], project


def findings(folder: Path, text: str) -> tuple[Problem, ...]:
    campaign, project = loaded(folder, text)
    return lint(campaign, prose_of(campaign, project))


def sms(text: str, *, purpose: str = "alert", rest: str = "") -> str:
    body = "".join(f"  {line}\n" for line in text.split("\n"))
    return f"channel: sms\n{HEAD.format(purpose=purpose)}{rest}text: |\n{body}"


@pytest.fixture
def look(tmp_path: Path) -> Look:
    """A text of an SMS → what is found in it: rule, line of the text, column of it."""

    def look(text: str, **options: Any) -> list[tuple[str, int, int]]:
        above = sms("", **options).count("\n") - 1
        found = findings(tmp_path, sms(text, **options))
        return [(one.rule.removeprefix("lint/"), one.place.line - above, one.place.column - 2) for one in found]

    return look


@pytest.mark.parametrize(
    ("text", "rule", "column"),
    [
        ("Hi [name], come", "placeholder-left", 4),
        ("Hi [Your name], come", "placeholder-left", 4),
        ("Hi [insert offer here], come", "placeholder-left", 4),
        ("Hi [[first name]], come", "placeholder-left", 4),
        ("Hi <last name>, come", "placeholder-left", 4),
        ("Hi, <offer_text> it is", "placeholder-left", 5),
        ("Hi {prenom}, come", "placeholder-left", 4),
        ("Hi { first_name }, come", "placeholder-left", 4),
        ("Hi ${name}, come", "placeholder-left", 4),
        ("Hi %FIRSTNAME%, come", "placeholder-left", 4),
        ("Hi %first_name%, come", "placeholder-left", 4),
        ("Hi *|FNAME|*, come", "placeholder-left", 4),
        ("TODO: say what", "placeholder-left", 1),
        ("Lorem ipsum dolor", "placeholder-left", 1),
        ("Call XXX now", "placeholder-left", 6),
        ("See http://example.com/a", "link-not-https", 5),
        ("See www.example.com.", "link-not-https", 5),
        ("See shop.example.com/a", "link-not-https", 5),
        ("See https://bit.ly/a", "link-shortener", 5),
        ("See https://www.tinyurl.com/a", "link-shortener", 5),
        ("Come  in", "double-space", 5),
        ("COME IN TO THE SHOP", "all-caps", 1),
        ("a\u00a0b", "invisible-character", 2),
        ("Bonjour\u200b", "invisible-character", 8),
        ("See \u041ectoShop", "invisible-character", 5),
        ("See \u200eOctoShop", "invisible-character", 5),
        ("مرحبا\u200b", "invisible-character", 6),
        ("https://shop.example.com/a,http://example.com/b", "link-not-https", 28),
        ("See https://shop.example.com/a www.example.com", "link-not-https", 32),
    ],
)
def test_what_is_seldom_meant_is_found_where_it_stands(text: str, rule: str, column: int, look: Look) -> None:
    assert look(text) == [(rule, 1, column)]
    assert look(f"Hello\n{text}") == [(rule, 2, column)]


@pytest.mark.parametrize(
    "text",
    [
        "[OctoShop] Your code is {{ 'x' }}",
        "[Shop] [News] [Info] hello",
        "Size XXXL, 3 < 4 and 5 > 4, 100% OFF% of it",
        "From 10% to 50%, 20%-30% or 5 %off 10%",
        "Style {color: red} is CSS, {{ {'name': 1}['name'] }} a struct",
        "See https://shop.example.com/a?b=c and write to shop@example.com/now",
        "a.m./p.m., and/or, 3.50/kg, 24/7, v1.2/x",
        "https://not-bit.ly/x and https://bit.ly.example.com/x",
        "OK",
        "NASA and the ESA are agencies",
        "Two\n\n  spaces at the beginning of a line",
        "{{ 'a' }} {% if true %} b{% endif %}",
        "{# TODO: nobody reads  this, see http://example.com #}Hello",
        "ą 👩\u200d👩\u200d👧 ❤\ufe0f",
        "Привет, Москва",
        "Dix STOP au XXXXX",
        "Stopover in Paris from 30101 on",
        "https://shop.example.com/go?to=www.example.co.uk&from=bit.ly/a#www.example.org",
        "https://shop.example.com/www.example.org",
        "Open index.html/page or a/index.php/b",
        "\u200fمرحبا \u2068OctoShop\u2069 \u061c12\u200e",  # noqa: RUF001 - Arabic and Hebrew, which is the point
        "\u200fשלום OctoShop\u200f",  # noqa: RUF001 - Arabic and Hebrew, which is the point
        "Größe 38 à 20\u00a0h, 10\u202f€ ą",
    ],
)
def test_what_may_well_be_meant_is_left_alone(text: str, look: Look) -> None:
    assert look(text) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Sale", ["stop-missing"]),
        ("Sale. Stop au 30101", ["stop-misspelled"]),
        ("Sale. STOP AU 30101", ["stop-misspelled"]),
        ("Sale. STOP 30101", ["stop-misspelled"]),
        ("Sale. STOP SMS au 30101", ["stop-misspelled"]),
        ("Sale. STOP au30101", ["stop-misspelled"]),
        ("Sale. STOP: 30101", ["stop-misspelled"]),
        ("Sale. STOP au XXXX", ["placeholder-left", "stop-misspelled"]),
        ("Sale. STOP au 30101", []),
        ("Sale. STOP au XXXXX", []),
        ("Sale. Reply STOP", []),
        ("Pit stop 2026! STOP au 30101", []),
        ("Sale. Pour ne plus recevoir de SMS, dites-le", []),
    ],
)
def test_a_stop_mention_is_one_in_its_own_spelling_only(text: str, found: list[str], look: Look) -> None:
    assert sorted({rule for rule, _, _ in look(text, purpose="wholesale")}) == found
    if "stop-misspelled" not in found:
        assert [rule for rule, _, _ in look(text)] == []


@pytest.mark.parametrize(
    ("text", "always"),
    [
        ("Sale STOP au 30101", True),
        ("{% if x %}a{% endif %} STOP au 30101", True),
        ("STOP au 30101 {% if x %}a{% endif %}", True),
        ("{% set a = 1 %}{% if a %}b{% endif %}STOP au 30101", True),
        ("{% if x %}STOP au 30101{% endif %}", False),
        ("{%if x%}a{%endif%}{%if y%}STOP au 30101{%endif%}", False),
        ("{% if x %}a{% else %}STOP au 30101{% endif %}b", False),
        ("{# STOP au 30101 #}", False),
        ("{{ 'STOP au 30101' }}", False),
        ("STOP {{ 'au' }} 30101", False),
        ("STOP {% if x %}au {% endif %}au 30101", False),
    ],
)
def test_what_everybody_gets_for_sure_is_told_from_what_a_block_could_leave_out(
    text: str,
    always: bool,  # noqa: FBT001 - a case
    tmp_path: Path,
) -> None:
    campaign, project = loaded(tmp_path, sms(text, purpose="wholesale"))
    assert stop.always_says(prose_of(campaign, project)) == always


def test_each_language_is_asked_for_its_mention(tmp_path: Path) -> None:
    both = "language: {column: lang, default: en}\n"
    head = f"channel: sms\n{HEAD.format(purpose='wholesale')}{both}"
    campaign, project = loaded(tmp_path, f"{head}text: {{en: Sale STOP au 30101, fr: Soldes}}\n")
    assert not stop.always_says(prose_of(campaign, project))
    campaign, project = loaded(tmp_path, f"{head}text: {{en: Sale STOP au 30101, fr: Soldes STOP au 30101}}\n")
    assert stop.always_says(prose_of(campaign, project))


def test_a_call_may_say_in_any_words_how_to_stop_it(tmp_path: Path) -> None:
    voice = sms("Sale", purpose="wholesale").replace("channel: sms", "channel: voice_sms")
    voice += "metadata: {voice_gender: female, voice_language: en-GB}\n"
    assert [one.rule for one in findings(tmp_path, voice)] == ["lint/stop-missing"]
    assert findings(tmp_path, voice.replace("Sale", "Sale. To unsubscribe, press 9")) == ()
    assert findings(tmp_path, voice.replace("wholesale", "alert")) == ()
    assert findings(tmp_path, voice.replace("Sale", "Sale. STOP 30101")) == ()


@pytest.mark.parametrize("sender", ["123456", "12345", "Info", "SMS", "orange"])
def test_a_sender_of_nobody_is_refused_by_operators(sender: str, look: Look, tmp_path: Path) -> None:
    text = sms("Hello", rest=f'sender: "{sender}"\n')
    (found,) = findings(tmp_path, text)
    assert (found.rule, found.place.line, found.place.column) == ("lint/sender-refused", 5, 9)
    voice = text.replace("channel: sms", "channel: voice_sms")
    assert findings(tmp_path, f"{voice}metadata: {{voice_gender: male, voice_language: fr-FR}}\n") == ()
    for name in ("OctoShop", "Infos2go", "Orangerie", "1a2", "'36111'"):
        assert findings(tmp_path, sms("Hello", rest=f"sender: {name}\n")) == ()


def test_in_html_markup_is_no_text(tmp_path: Path) -> None:
    body = (
        "<style>p {color} TODO</style><!-- TODO --><html xmlns='http://www.w3.org/1999/xhtml'><name>"
        "<p class='TODO [name]'>Two  spaces, UPPER</p><a href='https://www.example.com/a'>b</a></html>"
    )
    assert findings(tmp_path, EMAIL % ("News", "html") + f'text: "{body}"\n') == ()
    linked = body.replace("https:", "http:").replace("UPPER", "[name]")
    found = [
        (one.rule, one.place.column) for one in findings(tmp_path, EMAIL % ("News", "html") + f'text: "{linked}"\n')
    ]
    assert found == [
        ("lint/placeholder-left", 8 + linked.index("[name]</p>")),
        ("lint/link-not-https", 8 + linked.index("http://www.ex")),
    ]


def test_a_subject_is_looked_at_as_a_text_is(tmp_path: Path) -> None:
    found = findings(tmp_path, EMAIL % ("SALE OF  EVERYTHING TODO", "plain_text") + "text: Hello\n")
    assert [one.rule for one in found] == ["lint/all-caps", "lint/double-space", "lint/placeholder-left"]


@pytest.mark.parametrize(
    ("lines", "place"),
    [
        ("text: We are #1 in town\n", "5:14"),
        ("text: Sale\t#friday\n", "5:12"),
        ("text: é 👩 #1\n", "5:11"),
        ("text: Order #{{ tongue }} is here\n", "5:13"),
        ("text: We\n  are #1\n", "6:7"),
        ("text:\n  fr: Nous #1\n  en: We\nlanguage: {column: tongue, default: en}\n", "6:12"),
        ("text: '{{ a }}'\nvars:\n  a: We #1\n", "7:9"),
        ("list_name: Friday #1\ntext: Hello\n", "5:19"),
        ("text: Hello\nvariants:\n  a: 50% #half\n  b:\n    share: 50% #half\n    text: We #1\n", "10:14"),
    ],
)
def test_a_text_that_a_comment_cuts_off_is_found_at_its_hash(lines: str, place: str, tmp_path: Path) -> None:
    head = HEAD.format(purpose="alert").replace('101"}', '101", tongue: fr}')
    found = [(one.rule, str(one.place)) for one in findings(tmp_path, f"channel: sms\n{head}{lines}")]
    assert found == [("lint/cut-by-comment", f"campaigns/one.yaml:{place}")]


def test_a_var_of_the_project_that_a_comment_cuts_off_is_found_where_a_template_names_it(tmp_path: Path) -> None:
    (tmp_path / "octoplan.yaml").write_text("octoplan: 1\nvars:\n  shop: We #1\n  other: They #2\n")
    found = [(one.rule, str(one.place)) for one in findings(tmp_path, sms("See {{ shop }}"))]
    assert found == [("lint/cut-by-comment", "octoplan.yaml:3:12")]


@pytest.mark.parametrize(
    "lines",
    [
        "text: Hello # to all\n",
        "text: Hello #\n",
        "text: Hello#1\n",
        "text: 'We are #1' #sure\n",
        "text: |  #words\n  We are #1\n",
        "list_name: friday\ntext: Hello\nedition: 1 #first\nmetadata: #all\n  type: sms_premium #TODO\n",
        "text: Hello\ntests:\n- name: a #b\n  given: {}\n  expect: {contains: Hello}\n",
    ],
)
def test_a_comment_that_is_one_is_left_alone(lines: str, tmp_path: Path) -> None:
    assert findings(tmp_path, f"channel: sms\n{HEAD.format(purpose='alert')}{lines}") == ()


@pytest.mark.parametrize("tag", ["{{ price }}", "{{-price-}}", "{{ price | default(1) }}", "{{ price ~ 'E' }}"])
@pytest.mark.parametrize(("written", "printed"), [("9.90", "9.9"), ("10.0", "10"), ("1e2", "100"), ("-.5", "-0.5")])
def test_a_fraction_that_is_printed_otherwise_than_written_is_found(
    tag: str, written: str, printed: str, tmp_path: Path
) -> None:
    (found,) = findings(tmp_path, sms(f"Only {tag}", rest=f"vars: {{price: {written}}}\n"))
    assert (found.rule, str(found.place)) == ("lint/zeros-lost", "campaigns/one.yaml:5:15")
    assert found.message == f"`price` is a number: {written} is printed as {printed}"
    (tmp_path / "octoplan.yaml").write_text(f"octoplan: 1\nvars: {{price: {written}}}\n")
    assert [str(one.place) for one in findings(tmp_path, sms(f"Only {tag}"))] == ["octoplan.yaml:2:15"]


@pytest.mark.parametrize(
    ("text", "price"),
    [
        ("Only {{ price }}", "9.95"),
        ("Only {{ price }}", "9"),
        ("Only {{ price }}", "'9.90'"),
        ("Only {{ price | round(1) }}", "9.90"),
        ("{% if price > 9 %}Much{% endif %}", "9.90"),
        ("Only {{ prices }}", "9.90, prices: 1"),
    ],
)
def test_a_fraction_that_is_printed_as_written_or_not_at_all_is_left_alone(
    text: str, price: str, tmp_path: Path
) -> None:
    assert findings(tmp_path, sms(text, rest=f"vars: {{price: {price}}}\n")) == ()


def test_strings_of_cards_and_actions_are_looked_at_for_links_and_placeholders(tmp_path: Path) -> None:
    rcs = sms("Hello").replace("channel: sms", "channel: rcs")
    found = findings(
        tmp_path,
        f"{rcs}metadata: {{actions: [{{type: OPEN_URL_IN_BROWSER, url: 'http://bit.ly/a', text: 'See  [name]'}}]}}\n",
    )
    assert [one.rule.removeprefix("lint/") for one in found] == ["link-not-https", "link-shortener", "placeholder-left"]


def test_a_var_that_a_template_names_is_looked_at_where_it_stands(tmp_path: Path) -> None:
    (tmp_path / "octoplan.yaml").write_text(
        "octoplan: 1\nvars: {page: 'http://example.com', other: http://b.example}\n"
    )
    text = sms("See {{ page }} {{ own }}", rest="vars: {own: 'http://c.example', unused: TODO}\n")
    found = [(str(one.place), one.rule) for one in findings(tmp_path, text)]
    assert found == [("campaigns/one.yaml:5:14", "lint/link-not-https"), ("octoplan.yaml:2:15", "lint/link-not-https")]


def test_a_text_file_is_looked_at_in_its_own_lines(tmp_path: Path) -> None:
    (tmp_path / "campaigns").mkdir()
    (tmp_path / "campaigns" / "words.txt").write_text("Hello\nTODO\n")
    text = sms("").split("text:", maxsplit=1)[0] + "text_file: words.txt\n"
    assert [str(one.place) for one in findings(tmp_path, text)] == ["campaigns/words.txt:2:1"]


@pytest.mark.parametrize(
    "text",
    [
        "Rabatt! Um sich abzumelden, antworten Sie NEIN",
        "Rabatt! Melden Sie sich hier ab: https://shop.example.com/a",
        "Rabatt! Melde dich per SMS ab.",
        "Rabatt! Newsletter abzubestellen: https://shop.example.com/a",
        "Korting! Afmelden: https://shop.example.com/a",
        "Korting! Meld je hier af.",
        "Oferta! Para cancelar responda NO",
        "Promo! Para cancelar, responda SAIR",
        "Sale! To cancel, reply NO",
        "Sconti! Per disiscriverti: https://shop.example.com/a",
        "خصم! لإلغاء الاشتراك أرسل 1",
    ],
)
def test_how_to_stop_may_be_said_in_the_words_of_the_country(text: str, look: Look) -> None:
    assert look(text, purpose="wholesale") == []


@pytest.mark.parametrize("text", ["Melden Sie sich ab sofort an", "Ab Montag gibt es Rabatt", "خصم كبير"])
def test_a_word_that_only_looks_like_how_to_stop_is_none(text: str, look: Look) -> None:
    assert [rule for rule, _, _ in look(text, purpose="wholesale")] == ["stop-missing"]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("Hi\u200b {{ 'x' }}", "it forces UCS-2: half as much fits into a part"),
        ("ą\u200b", "type the passage again"),
        ("\u0645\u200b", "type the passage again"),
    ],
)
def test_what_nobody_sees_is_said_to_force_ucs_2_only_where_nothing_else_does(
    text: str, hint: str, tmp_path: Path
) -> None:
    (found,) = findings(tmp_path, sms(text))
    assert found.hint == hint


def test_what_optimize_takes_out_is_not_told(look: Look) -> None:
    assert look("Bonjour\u00a0!", rest="optimize: gsm7\n") == []
    assert look("Bonjour\u2063!", rest="optimize: gsm7\n") == [("invisible-character", 1, 8)]


def test_other_spaces_matter_in_sms_only(tmp_path: Path) -> None:
    rcs = sms("Bonjour\u00a0! \u2009a").replace("channel: sms", "channel: rcs")
    assert findings(tmp_path, rcs) == ()


def test_texts_that_look_the_same_are_told_from_those_that_do_not(tmp_path: Path) -> None:
    def differs(now: str, before: str) -> list[str]:
        campaign, _ = loaded(tmp_path, sms(now))
        return [str(one.place) for one in unseen.differences(campaign, {"text": before})]

    assert differs("Hello you", "Hello you ") == ["campaigns/one.yaml:6:12"]
    assert differs("Hello\u00a0you", "Hello you") == ["campaigns/one.yaml:6:8"]
    assert differs("a\nHel\u200blo", "a\nHello") == ["campaigns/one.yaml:7:6"]
    assert differs("Hello you", "Hello me") == []
    assert differs("Hello you", "Hello you\n\nand more") == []
    campaign, _ = loaded(tmp_path, sms("Hello"))
    assert not list(unseen.differences(campaign, dict(campaign.content)))
    assert not list(unseen.differences(campaign, {"text": "Hello ", "metadata": {"subject": "News"}}))


@given(text=st.text(max_size=40), hidden=st.sampled_from(HIDDEN), at=st.integers(0, 40))
def test_a_hidden_character_is_not_seen_wherever_it_stands(text: str, hidden: str, at: int) -> None:
    # between a letter and its accent it would keep them apart; composed first, nothing is between them
    assert seen(seen(text)[:at] + hidden + seen(text)[at:]) == seen(text)
    assert seen(text.replace(" ", SPACES[at % len(SPACES)])) == seen(text)


@given(text=st.text(alphabet=st.sampled_from("[{<%$*|X STOPau301/.:htpsw\n\u00a0é\u0130\ue000"), max_size=80))
def test_every_text_is_looked_at_and_every_finding_stands_in_it(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    campaign, project = loaded(tmp_path_factory.mktemp("any"), sms("Hello", purpose="wholesale"))
    for channel in ("text", "html"):
        prose = prose_of(campaign_of(campaign, text, html=channel == "html"), project)
        assert all(len(one.words) == len(one.marked) == len(one.sheet.source) for one in prose)
        lint(campaign, prose)


def campaign_of(campaign: Campaign, text: str, *, html: bool) -> Campaign:
    from dataclasses import replace  # noqa: PLC0415

    settings = {**campaign.settings, "metadata": {"body_format": "html"} if html else {}}
    return replace(campaign, content={"text": text}, settings=settings)


@pytest.mark.parametrize(
    "unit",
    [
        "{{ ",
        "{% ",
        "<a_",
        "_a",
        "[a_a",
        "STOP au XXXXX ",
        "<",
        "<!--",
        "[first ",
        "a.",
        "STOP ",
        "X",
        " ",
        "http://",
        "*|A",
        "\u00a0",
        "Aa\u0410",
    ],
)
def test_a_hostile_text_of_a_megabyte_is_looked_at_quickly(unit: str, tmp_path: Path) -> None:
    campaign, project = loaded(tmp_path, sms("Hello", purpose="wholesale"))
    begin = time.process_time()
    for html in (False, True):
        hostile = campaign_of(campaign, unit * (1_000_000 // len(unit)), html=html)
        lint(hostile, prose_of(hostile, project))
    assert time.process_time() - begin < 5
