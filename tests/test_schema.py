import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema.validators import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from octoplan import schema
from octoplan.errors import Place, Problem, ProjectInvalid
from octoplan.schema import CHANNELS, check, check_campaign, check_project, schema_text
from octoplan.source import Document, load

PEOPLE = "audience: {from: audiences/customers.csv}\n"
SMS = "channel: sms\npurpose: wholesale\nopen: true\n" + PEOPLE + "text: Hi\n"
VOICE = SMS.replace("sms", "voice_sms") + "metadata: {voice_gender: female, voice_language: fr-FR}\n"
RCS = SMS.replace("sms", "rcs")
EMAIL = SMS.replace("sms", "email") + "metadata: {email_from: shop@example.com, subject: News}\n"
WHOLE = {"sms": SMS, "voice_sms": VOICE, "rcs": RCS, "email": EMAIL}

PROJECT = """\
octoplan: 1
environments:
  sandbox: {gateway: sandbox}
  production:
    gateway: octopush
    state: .octoplan/production.db
    simulate_to: ["+33600000000"]
    require_plan: true
    max_in_flight: 4
    requests_per_second: 10
    frame_size: 450
    prices: {sms_premium: {FR: 0.045, default: 0.09}, blacklist_check_per_request: 0.01, currency: EUR}
  local: {gateway: {url: "http://127.0.0.1:8025/v1/public"}, simulate_to: audience}
defaults: {all: {sender: OctoShop}, email: {metadata: {email_from: shop@example.com}}}
vars: {shop: OctoShop}
suppressions: {all: [{from: audiences/unsubscribed.csv, columns: {phone_number: mobile}, region: FR}], wholesale: []}
"""

CAMPAIGN = """\
# yaml-language-server: $schema=../schemas/campaign.schema.json
name: autumn-sale
edition: 1
channel: sms
purpose: wholesale
sender: OctoShop
send_at: 2026-12-01T10:00:00+01:00
not_after: 2026-12-01T18:00:00+01:00
audience:
  from: audiences/customers.csv
  where: country = 'FR' and opted_in = 'yes'
  columns: {phone_number: mobile}
  region: FR
  exclude: [audiences/competitors.csv]
text: |
  Hi {{ first_name | default("there", true) }}, {{ discount }}% off at {{ shop }} until Sunday. STOP au 30101
vars: {discount: 20}
auto_remove_blacklisted_contacts: true
metadata: {type: sms_premium, with_replies: false}
"""

# Every row of the contract's parameter table: its name, and its place in a campaign file.
CONTRACT = (
    ("channel", "channel"),
    ("text", "text"),
    ("recipients", "recipients"),
    ("sender", "sender"),
    ("send_at", "send_at"),
    ("purpose", "purpose"),
    ("list_name", "list_name"),
    ("simulation_mode", "simulation_mode"),
    ("recipient_tracking", "recipient_tracking"),
    ("auto_optimize_text", "auto_optimize_text"),
    ("auto_remove_blacklisted_contacts", "auto_remove_blacklisted_contacts"),
    ("Metadata", "metadata"),
    ("metadata.type", "metadata.type"),
    ("metadata.with_replies", "metadata.with_replies"),
    ("metadata.voice_gender", "metadata.voice_gender"),
    ("metadata.voice_language", "metadata.voice_language"),
    ("metadata.get_back_pressed_keys", "metadata.get_back_pressed_keys"),
    ("metadata.request_id", "metadata.request_id"),
    ("metadata.emailing_service", "metadata.emailing_service"),
    ("metadata.email_from", "metadata.email_from"),
    ("metadata.name_from", "metadata.name_from"),
    ("metadata.subject", "metadata.subject"),
    ("metadata.template_name", "metadata.template_name"),
    ("metadata.body_format", "metadata.body_format"),
    ("metadata.language", "metadata.language"),
    ("metadata.message_type", "metadata.message_type"),
    ("metadata.cards", "metadata.cards"),
    ("metadata.actions", "metadata.actions"),
)
OCTOPLANS_OWN = {"simulation_mode", "metadata.request_id"}

# Shapes are checked by walking all fields; these stand beside them, and say what must or must not go together.
NO_FIELDS = {
    "campaign",
    "no_template",
    "not_in_defaults",
    "window_shape",
    *(f"{channel}_campaign" for channel in CHANNELS),
}
OPEN = {"campaign.schema.json#/$defs/open_object"}


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("schema")


Check = Callable[[str], tuple[Problem, ...]]


def document(folder: Path, text: str, shown: str = "a.yaml") -> Document:
    (folder / "a.yaml").write_text(text, encoding="utf-8")
    return load(folder / "a.yaml", shown)


@pytest.fixture(scope="session")
def campaign(folder: Path) -> Check:
    return lambda text: check_campaign(document(folder, text))


@pytest.fixture(scope="session")
def project(folder: Path) -> Check:
    return lambda text: check_project(document(folder, text))


def raw(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(schema_text(name))
    return loaded


FILES = {f"{name}.schema.json": raw(name) for name in ("campaign", "octoplan")}
REGISTRY: Registry[Any] = Registry().with_resources(
    [(name, DRAFT202012.create_resource(contents)) for name, contents in FILES.items()]
)


def follow(file: str, pointer: str) -> tuple[str, dict[str, Any]]:
    """A place in a schema in; where its `$ref` leads, and what stands there, out."""
    shape: dict[str, Any] = FILES[file]
    for step in filter(None, pointer.split("/")):
        shape = shape[step.replace("~1", "/").replace("~0", "~")]
    if "$ref" not in shape:
        return f"{file}#{pointer}", shape
    other, _, inner = shape["$ref"].partition("#")
    return follow(other or file, inner)


def fields(file: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """A schema file in, every field of its shapes out: (where it is described, its schema)."""
    shapes = ["", *(f"/$defs/{name}" for name in FILES[file]["$defs"] if name not in NO_FIELDS)]
    for pointer in shapes:
        shape = follow(file, pointer)[1]
        for keyword in ("properties", "patternProperties"):
            for name in shape.get(keyword, ()):
                yield follow(file, f"{pointer}/{keyword}/{name.replace('~', '~0').replace('/', '~1')}")
        if "items" in shape:
            yield follow(file, f"{pointer}/items")
        if pointer:
            yield follow(file, pointer)


ALL_FIELDS = dict(field for file in FILES for field in fields(file))


def subschemas(shape: Any) -> Iterator[dict[str, Any]]:
    if isinstance(shape, dict):
        yield shape
        for key, value in shape.items():
            if key not in {"examples", "enum", "const", "required"}:
                yield from subschemas(value)
    elif isinstance(shape, list):
        for value in shape:
            yield from subschemas(value)


# --- the schemas themselves


@pytest.mark.parametrize("file", FILES)
def test_the_schemas_are_json_schema_2020_12(file: str) -> None:
    assert FILES[file]["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(FILES[file])


def test_there_are_many_fields() -> None:
    assert len(ALL_FIELDS) > 80


@pytest.mark.parametrize("where", ALL_FIELDS)
def test_every_field_has_a_title_a_description_and_examples_that_hold(where: str) -> None:
    field = ALL_FIELDS[where]
    assert field["title"]
    assert field["description"]
    if field.get("not") == {}:
        assert field["errorMessage"]
        return
    assert field["examples"]
    validator = Draft202012Validator({"$ref": where}, registry=REGISTRY)
    assert all(validator.is_valid(example) for example in field["examples"])


@pytest.mark.parametrize("where", ALL_FIELDS)
def test_no_field_lets_unknown_keys_in(where: str) -> None:
    field = ALL_FIELDS[where]
    if "object" in field.get("type", ()) or "patternProperties" in field or "properties" in field:
        assert field["additionalProperties"] is (where in OPEN)


def test_a_project_lets_no_unknown_key_in() -> None:
    assert FILES["octoplan.schema.json"]["additionalProperties"] is False


def test_a_campaign_goes_through_a_branch_that_lets_no_unknown_key_in() -> None:
    branches = FILES["campaign.schema.json"]["allOf"]
    channels = [branch["if"]["properties"]["channel"]["const"] for branch in branches]
    assert channels == list(CHANNELS) == FILES["campaign.schema.json"]["$defs"]["channel"]["enum"]
    for channel in channels:
        whole = FILES["campaign.schema.json"]["$defs"][f"{channel}_campaign"]
        assert {"$ref": f"#/$defs/{channel}"} in whole["allOf"]
        assert FILES["campaign.schema.json"]["$defs"][channel]["additionalProperties"] is False


@pytest.mark.parametrize("file", FILES)
def test_every_rule_that_people_can_break_has_our_words(file: str) -> None:
    conditions = [shape["if"] for shape in subschemas(FILES[file]) if "if" in shape]
    inside = [id(inner) for condition in conditions for inner in subschemas(condition)]
    for shape in subschemas(FILES[file]):
        asks = {
            "pattern",
            "minimum",
            "maximum",
            "maxLength",
            "minLength",
            "minItems",
            "anyOf",
            "not",
            "exclusiveMinimum",
        }
        if not asks.isdisjoint(shape) and id(shape) not in inside and not _part_of_a_not(FILES[file], shape):
            assert "errorMessage" in shape, shape


def _part_of_a_not(whole: Any, shape: dict[str, Any]) -> bool:
    outer = [*(each["not"] for each in subschemas(whole) if "not" in each)]
    outer += [each for any_of in subschemas(whole) for each in any_of.get("anyOf", ())]
    return any(inner is shape for each in outer for inner in subschemas(each))


@pytest.mark.parametrize("file", FILES)
def test_a_pattern_ends_with_a_dollar_or_has_none(file: str) -> None:
    for shape in subschemas(FILES[file]):
        for pattern in (*shape.get("patternProperties", ()), *([shape["pattern"]] if "pattern" in shape else ())):
            assert "$" not in pattern.removesuffix("$")
        assert not any(
            isinstance(value, str) and value.endswith("$") for key, value in shape.items() if key != "pattern"
        )


@pytest.mark.parametrize(("row", "place"), CONTRACT, ids=[row for row, _ in CONTRACT])
def test_every_row_of_the_contract_has_its_place_or_is_octoplans_own(row: str, place: str) -> None:
    above, _, name = place.rpartition(".")
    homes = [home for home in schema._homes() if (home.above, home.name) == (above, name)]
    assert homes
    assert all(bool(home.refused) is (row in OCTOPLANS_OWN) for home in homes)


def test_nothing_is_in_metadata_that_the_contract_does_not_know() -> None:
    known = {place for _, place in CONTRACT}
    assert {f"metadata.{home.name}" for home in schema._homes() if home.above == "metadata"} <= known


def test_the_voice_languages_are_those_of_the_contract() -> None:
    field = FILES["campaign.schema.json"]["$defs"]["voice_language_in"]
    contract = "en-US en-GB el-GR pl-PL hu-HU sv-SE de-DE es-ES es-LA fr-FR it-IT pt-BR ru-RU"
    assert field["enum"] == contract.split()


def test_the_wheels_folder_of_schemas_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "octoplan" / "_schemas").mkdir(parents=True)
    (tmp_path / "octoplan" / "_schemas" / "campaign.schema.json").write_text("{}")
    monkeypatch.setattr(schema, "__file__", str(tmp_path / "octoplan" / "schema.py"))
    assert schema_text("campaign") == "{}"


def test_importing_loads_neither_jsonschema_nor_pyyaml() -> None:
    code = "import sys, octoplan.schema; sys.exit(bool({'jsonschema', 'yaml'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --- what is valid


@pytest.mark.parametrize("channel", CHANNELS)
def test_the_least_campaign_of_a_channel_is_valid(campaign: Check, channel: str) -> None:
    assert campaign(WHOLE[channel]) == ()


def test_the_two_files_of_the_design_are_valid(campaign: Check, project: Check) -> None:
    assert campaign(CAMPAIGN) == ()
    assert project(PROJECT) == ()


@pytest.mark.parametrize(
    "text",
    [
        SMS.replace("text: Hi", "text_file: texts/a.txt"),
        SMS.replace(PEOPLE, "recipients: [{phone_number: '+33 6 00 00 01 23', n: 1, b: true, e: , prénom: Zoé}]\n"),
        SMS.replace("open: true", "open: false\nnot_after: 2026-12-01T18:00:00Z"),
        SMS.replace("from: audiences/customers.csv", "from: [a/*.csv, b.parquet], max_rejected: 0.5"),
        SMS.replace("from: audiences/customers.csv", "from: a.csv, max_rejected: 2.5 %, exclude: [{from: b.csv}]"),
        RCS
        + "sender: Octo & Søn, Paris\nmetadata: {message_type: simple_text, actions: [{type: x, deep: {y: [1]}}]}\n",
        RCS + "metadata: {message_type: rich_card, cards: [{title: '{{ a }}'}]}\n",
        RCS.replace("text: Hi", "metadata: {message_type: rich_card, cards: [{title: Hi}]}"),
        EMAIL.replace("text: Hi\n", "").replace("News", "News, template_name: welcome"),
        EMAIL.replace("News", "'{{ first_name }}, news', template_name: welcome, body_format: html, language: fr"),
        EMAIL.replace(PEOPLE, "recipients: [{email: zoe@example.com, phone_number: '0600'}]\n"),
        SMS + "optimize: gsm7\n",
        SMS.replace("text: Hi", "text: {en: Hi, pt-BR: Oi, zh-Hant: 嗨}\nlanguage: {column: lang, default: en}"),
        SMS.replace("text: Hi", "text_file: {en: en.txt, fr: fr.txt}\nlanguage: {column: lang}"),
        EMAIL.replace("News", "{en: News, fr: Nouvelles}, language: {en: en, fr: fr}, name_from: {en: A, fr: B}")
        + "language: {column: lang}\n",
        VOICE.replace("fr-FR", "{en: en-GB, fr: fr-FR}") + "language: {column: lang}\n",
        RCS.replace("text: Hi", "metadata: {message_type: rich_card, cards: [{title: {en: Hi, fr: Salut}}]}")
        + "language: {column: lang}\n",
    ],
)
def test_what_the_design_allows_is_valid(campaign: Check, text: str) -> None:
    assert campaign(text) == ()


@pytest.mark.parametrize(
    "text",
    [
        "octoplan: 1\n",
        "octoplan: 1\nenvironments: {a: {gateway: {url: https://api.example.com}, prices: {email: 0}}}\n",
        "octoplan: 1\ndefaults: {sms: {audience: {region: FR}}, voice_sms: {metadata: {voice_gender: male}}}\n",
        "octoplan: 1\nsuppressions: {alert: [a.csv], all: [{from: [a.csv, b.csv], where: x = 'y'}]}\n",
    ],
)
def test_a_part_is_enough_in_a_project(project: Check, text: str) -> None:
    assert project(text) == ()


# --- what is not


def rules(problems: tuple[Problem, ...]) -> list[str]:
    return [problem.rule for problem in problems]


def the_one(problems: tuple[Problem, ...]) -> Problem:
    (problem,) = problems
    return problem


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("sendat", "send_at"),
        ("send-at", "send_at"),
        ("sendAt", "send_at"),
        ("Sender", "sender"),
        ("sendr", "sender"),
        ("not_afer", "not_after"),
        ("editon", "edition"),
        ("auto_remove_blacklisted_numbers", "auto_remove_blacklisted_contacts"),
    ],
)
def test_a_misspelt_key_is_refused_with_the_one_that_was_meant(campaign: Check, key: str, meant: str) -> None:
    problem = the_one(campaign(SMS + f"{key}: x\n"))
    assert problem.rule == "schema/unknown-key"
    assert problem.place == Place(file="a.yaml", line=6, column=1)
    assert problem.message == f"`{key}`: there is no such field"
    assert problem.hint == f"did you mean `{meant}`?"


def test_an_unknown_key_like_none_lists_those_there_are(campaign: Check) -> None:
    problem = the_one(campaign(SMS + "metadata: {zebra: 1}\n"))
    assert problem.message == "`metadata.zebra`: there is no such field"
    assert problem.hint == "known here: type, with_replies"


@pytest.mark.parametrize(
    ("channel", "line", "message"),
    [
        ("sms", "metadata: {voice_language: fr-FR}", "`voice_language` goes with voice_sms, not with sms"),
        ("sms", "voice_language: fr-FR", "`voice_language` goes with voice_sms, not with sms"),
        ("sms", "metadata: {voice_langage: fr-FR}", "`voice_language` goes with voice_sms, not with sms"),
        ("rcs", "auto_optimize_text: false", "`auto_optimize_text` goes with sms, not with rcs"),
        ("rcs", "metadata: {subject: Hi}", "`subject` goes with email, not with rcs"),
        ("sms", "type: sms_premium", "`type` belongs under `metadata`"),
        ("sms", "region: FR", "`region` belongs under `audience`"),
        ("sms", "metadata: {sender: OctoShop}", "`sender` belongs at the top level of the campaign"),
    ],
)
def test_a_key_of_another_channel_or_level_says_where_it_goes(
    campaign: Check, channel: str, line: str, message: str
) -> None:
    problem = the_one(campaign(WHOLE[channel] + line + "\n"))
    assert (problem.rule, problem.message) == ("schema/unknown-key", message)


@pytest.mark.parametrize(
    ("channel", "old", "new"),
    [
        ("sms", "text: Hi", "text: {en: Hi}"),
        ("sms", "text: Hi", "text_file: {en: hi.txt}"),
        ("email", "subject: News", "subject: {en: News}"),
        ("email", "subject: News", "subject: News, name_from: {en: Us}"),
        ("email", "subject: News", "subject: News, language: {en: en}"),
        ("voice_sms", "voice_language: fr-FR", "voice_language: {en: en-GB}"),
    ],
)
def test_texts_by_language_need_to_know_who_gets_which(campaign: Check, channel: str, old: str, new: str) -> None:
    assert old in WHOLE[channel]
    problem = the_one(campaign(WHOLE[channel].replace(old, new)))
    assert problem.rule == "schema/required"
    assert "language: {column: lang, default: en}" in problem.message


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("text: Hi", "text: {english: Hi}", "`text.english`: a text, or texts by language"),
        (
            "text: Hi",
            "text: {warm: Hi}",
            "`text.warm`: a text, or texts by language: en, pt-BR, zh-Hant; a variant's own text",
        ),
        ("text: Hi", "text: {EN: Hi}", "`text.EN`: a text, or texts by language"),
        ("text: Hi", "text: {}", "`text`: a text, or texts by language"),
        ("text: Hi", "text: {en: ' '}", "`text.en`: the text is empty"),
        ("text: Hi", "text: {en: 5}", "`text.en`: must be text, not the number 5"),
        ("open: true", "open: true\noptimize: ucs2", "`optimize`: must be gsm7, not 'ucs2'"),
        ("open: true", "open: true\nlanguage: lang", "`language`: must be a mapping (`name: value` lines), not text"),
        ("open: true", "open: true\nlanguage: {default: en}", "`language.column`: say which column holds each"),
        ("open: true", "open: true\nlanguage: {column: lang, default: e}", "`language.default`: a language is two"),
    ],
)
def test_a_language_is_a_tag_and_says_what_it_must_be(campaign: Check, old: str, new: str, message: str) -> None:
    text = SMS.replace(old, new) + ("language: {column: lang}\n" if "language" not in new else "")
    assert the_one(campaign(text)).message.startswith(message)


@pytest.mark.parametrize("channel", CHANNELS)
def test_what_the_table_gives_to_other_channels_is_refused(campaign: Check, channel: str) -> None:
    metadata = {home.name for home in schema._homes() if home.above == "metadata"}
    own = {home.name for home in schema._homes() if home.channel == channel}  # at any level
    for name in metadata - own:
        text = WHOLE[channel].partition("metadata")[0] + f"metadata: {{{name}: x}}\n"
        messages = [problem.message for problem in campaign(text)]
        assert any(f"`{name}` goes with " in message and f"not with {channel}" in message for message in messages)


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("simulation_mode: true", "octoplan plan --simulate"),
        ("simulation-mode: true", "octoplan plan --simulate"),
        ("simulation_mod: true", "octoplan plan --simulate"),
        ("metadata: {request_id: x}", "request ids belong to octoplan"),
        ("request_id: x", "request ids belong to octoplan"),
    ],
)
def test_octoplans_own_fields_are_refused_with_that_explanation(campaign: Check, line: str, word: str) -> None:
    assert word in the_one(campaign(SMS + line + "\n")).message


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (
            "channel: smss\nzebra: 1\n",
            "`channel`: must be sms, voice_sms, rcs or email, not 'smss'",
            "did you mean sms?",
        ),
        ("chanel: sms\nzebra: 1\n", "`channel`: say what it goes out by", "did you mean it by `chanel`?"),
        ("purpose: alert\n", "`channel`: say what it goes out by", ""),
        ("channel: [sms]\nzebra: 1\n", "`channel`: must be text, not a list", 'for example `channel: "sms"`'),
        ("channel:\nzebra: 1\n", "`channel`: is empty: must be text", 'for example `channel: "sms"`'),
    ],
)
def test_without_a_channel_there_is_one_problem_not_forty(campaign: Check, text: str, message: str, hint: str) -> None:
    problem = the_one(campaign(text))
    assert problem.message.startswith(message)
    assert problem.hint == hint


def test_a_missing_purpose_is_never_left_to_the_api(campaign: Check) -> None:
    problem = the_one(campaign(SMS.replace("purpose: wholesale\n", "")))
    assert (problem.rule, problem.place.line) == ("schema/required", 1)
    assert "never left to the API" in problem.message


@pytest.mark.parametrize("line", ["", "open: false\n"])
def test_a_campaign_without_an_end_says_why_it_needs_one(campaign: Check, line: str) -> None:
    problem = the_one(campaign(SMS.replace("open: true\n", line)))
    assert problem.rule == "schema/required"
    assert "not_after" in problem.message
    assert "open: true" in problem.message
    assert "months later" in problem.message


@pytest.mark.parametrize(
    ("line", "other", "place"),
    [
        ("not_after: 2026-12-01T18:00:00+01:00", "not_after", "a.yaml:6:1"),
        ("recipients: [{phone_number: '+33600000123'}]", "audience", "a.yaml:4:1"),
        ("text_file: a.txt", "text", "a.yaml:5:1"),
    ],
)
def test_two_ways_of_saying_one_thing_are_refused_naming_both(
    campaign: Check, line: str, other: str, place: str
) -> None:
    problem = the_one(campaign(SMS + line + "\n"))
    assert problem.rule == "schema/conflict"
    assert problem.hint == f"`{other}` stands at {place}"


@pytest.mark.parametrize("missing", ["text: Hi\n", PEOPLE])
@pytest.mark.parametrize("channel", ["sms", "voice_sms", "rcs", "email"])
def test_words_and_people_are_required(campaign: Check, channel: str, missing: str) -> None:
    assert the_one(campaign(WHOLE[channel].replace(missing, ""))).rule == "schema/required"


def test_an_audience_without_files_is_refused(campaign: Check) -> None:
    problem = the_one(campaign(SMS.replace("from: audiences/customers.csv", "region: FR")))
    assert problem.message == "`audience.from`: say which files hold the people"
    assert problem.place.line == 4


@pytest.mark.parametrize("key", ["voice_gender: female, ", ", voice_language: fr-FR"])
def test_a_voice_needs_gender_and_language(campaign: Check, key: str) -> None:
    problem = the_one(campaign(VOICE.replace(key, "")))
    assert problem.rule == "schema/required"
    assert key.strip(", ").partition(":")[0] in problem.message


@pytest.mark.parametrize("text", [VOICE, EMAIL])
def test_a_missing_metadata_is_one_problem(campaign: Check, text: str) -> None:
    assert "`metadata`" in the_one(campaign(text.partition("metadata")[0])).message


def test_an_email_needs_a_sender_and_a_subject(campaign: Check) -> None:
    found = campaign(EMAIL.replace("email_from: shop@example.com, subject: News", "body_format: html"))
    assert [problem.message.partition(":")[0] for problem in found] == ["`metadata.email_from`", "`metadata.subject`"]


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ("{message_type: rich_card}", ["schema/required"]),
        ("{cards: [{a: b}]}", ["schema/conflict"]),
        ("{message_type: simple_text, cards: [{a: b}]}", ["schema/conflict"]),
        ("{message_type: rich_card, cards: [{a: b}], actions: [{a: b}]}", ["schema/conflict"]),
        ("{message_type: rich_card, cards: []}", ["schema/length"]),
        ("{actions: [text]}", ["schema/type"]),
    ],
)
def test_cards_go_with_rich_cards_and_actions_with_simple_text(
    campaign: Check, metadata: str, expected: list[str]
) -> None:
    assert rules(campaign(RCS + f"metadata: {metadata}\n")) == expected


@pytest.mark.parametrize("key", ["send_at", "not_after"])
@pytest.mark.parametrize(
    ("date", "rule"),
    [
        ("2026-12-01T10:00:00", "schema/offset"),
        ("2026-12-01 10:00", "schema/offset"),
        ("2026-12-01", "schema/date"),
        ("tomorrow", "schema/date"),
        ("2026-13-01T10:00:00+01:00", "schema/date"),
        ("2026-12-01T24:00:00+01:00", "schema/date"),
        ("2026-12-01T10:00:00 Europe/Paris", "schema/date"),
        ("2026-12-01T10:00:00+1:00", "schema/date"),
        ("20261201", "schema/type"),
        ("", "schema/type"),
        ("'2026-12-01T10:00:00+01:00\n\n  '", "schema/date"),
    ],
)
def test_a_date_needs_its_offset(campaign: Check, key: str, date: str, rule: str) -> None:
    problem = the_one(
        campaign(
            SMS.replace("open: true\n", "not_after: 2026-12-31T10:00:00Z\n" if key == "send_at" else "")
            + f"{key}: {date}\n"
        )
    )
    assert problem.rule == rule


@pytest.mark.parametrize("date", ["2026-12-01T10:00:00+01:00", "2026-12-01T10:00-07:00", "2026-12-01T10:00:00.5Z"])
def test_a_date_with_its_offset_is_valid(campaign: Check, date: str) -> None:
    assert campaign(SMS + f"send_at: {date}\n") == ()


@pytest.mark.parametrize("sender", ["ab", "OctoShopParis", "Octo Shop", "Océan", "a-b-c", "|\n  OctoShop\n", "''"])
@pytest.mark.parametrize("channel", ["sms", "voice_sms", "email"])
def test_a_sender_is_3_to_11_letters_and_digits(campaign: Check, channel: str, sender: str) -> None:
    problem = the_one(campaign(WHOLE[channel] + f"sender: {sender}\n"))
    assert problem.rule == "schema/pattern"
    assert "3 to 11 letters" in problem.message


@pytest.mark.parametrize(
    ("channel", "old", "new"),
    [
        ("sms", "text: Hi", "text: Hi\nsender: '{{ shop }}'"),
        ("rcs", "text: Hi", "text: Hi\nsender: '{{ shop }}'"),
        ("sms", "text: Hi", "text: Hi\nlist_name: 'a{% if b %}c{% endif %}'"),
        ("sms", "text: Hi", "text: Hi\nname: '{{ a }}'"),
        ("email", "shop@example.com", "'{{ shop }}@example.com'"),
        ("email", "subject: News", "subject: News, template_name: '{{ a }}'"),
        ("email", "subject: News", "subject: News, language: '{{ a }}'"),
    ],
)
def test_a_template_outside_its_places_is_refused(campaign: Check, channel: str, old: str, new: str) -> None:
    problem = the_one(campaign(WHOLE[channel].replace(old, new)))
    assert problem.rule == "schema/template"
    assert "metadata.subject" in problem.message


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("auto_optimize_text: 'yes'", "`auto_optimize_text`: must be true or false, not text 'yes'"),
        ("recipient_tracking: 1", "`recipient_tracking`: must be true or false, not the number 1"),
        ("edition: '2'", "`edition`: must be a whole number, not text '2'"),
        ("edition: 1.0", "`edition`: must be a whole number, not the number 1.0"),
        ("edition: true", "`edition`: must be a whole number, not true"),
        ("list_name: 5", "`list_name`: must be text, not the number 5"),
        ("list_name:", "`list_name`: is empty: must be text"),
        ("list_name: [a]", "`list_name`: must be text, not a list"),
        ("metadata: sms_premium", "`metadata`: must be a mapping (`name: value` lines), not text 'sms_premium'"),
        ("vars: {a: [1]}", "`vars.a`: must be text, a number or true or false, not a list"),
    ],
)
def test_a_wrong_type_says_what_it_must_be_and_what_it_is(campaign: Check, line: str, message: str) -> None:
    problem = the_one(campaign(SMS + line + "\n"))
    assert (problem.rule, problem.message) == ("schema/type", message)


@pytest.mark.parametrize(
    ("line", "rule", "hint"),
    [
        ("purpose: wholsale", "schema/enum", "did you mean wholesale?"),
        ("on_missing: ignore", "schema/enum", ""),
        ("edition: 0", "schema/range", "for example `edition: 1`"),
        ("edition: 202612010930", "schema/range", "for example `edition: 1`"),
        ("text: '  '", "schema/pattern", None),
        ("text: ''", "schema/pattern", None),
        ("name: a/b", "schema/pattern", None),
        (f"name: {'a' * 101}", "schema/length", None),
        ("audience: {from: []}", "schema/length", None),
        ("audience: {from: ''}", "schema/length", None),
        ("audience: {from: [a, '']}", "schema/length", None),
        ("audience: {from: a, where: ''}", "schema/pattern", None),
        ("audience: {from: a, region: France}", "schema/pattern", None),
        ("audience: {from: a, max_rejected: 5}", "schema/range", None),
        ("audience: {from: a, max_rejected: 1}", "schema/range", None),
        ("audience: {from: a, max_rejected: 5 percent}", "schema/pattern", None),
        ("audience: {from: a, exclude: [{where: x}]}", "schema/required", None),
        ("audience: {from: a, exclude: [{from: b, exclude: [c]}]}", "schema/unknown-key", None),
        ("audience: {from: a, exclude: [{from: b, max_rejected: 0.1}]}", "schema/unknown-key", None),
        ("audience: {from: a, columns: {phone_number: ''}}", "schema/length", None),
        ("audience: {from: a, columns: {first name: b}}", "schema/unknown-key", None),
        ("vars: {1st: x}", "schema/unknown-key", None),
        ("metadata: {type: voice_sms}", "schema/enum", None),
    ],
)
def test_a_wrong_value_is_refused_by_its_rule(campaign: Check, line: str, rule: str, hint: str | None) -> None:
    key = line.partition(":")[0]
    base = "".join(each for each in SMS.splitlines(keepends=True) if not each.startswith(f"{key}:"))
    problem = the_one(campaign(base + line + "\n"))
    assert problem.rule == rule
    assert hint is None or problem.hint == hint


@pytest.mark.parametrize(
    ("subject", "rule"),
    [("''", "schema/pattern"), ('"a\\nb"', "schema/pattern"), ("x" * 1001, "schema/length"), ("5", "schema/type")],
)
def test_a_subject_is_one_line_of_1_to_1000_characters(campaign: Check, subject: str, rule: str) -> None:
    assert the_one(campaign(EMAIL.replace("News", subject))).rule == rule


def test_a_long_subject_template_may_render_short(campaign: Check) -> None:
    assert campaign(EMAIL.replace("News", f"'{{# {'x' * 1000} #}}{{{{ a }}}}'")) == ()


def test_email_recipients_need_an_email(campaign: Check) -> None:
    problem = the_one(campaign(EMAIL.replace(PEOPLE, "recipients: [{phone_number: '+33600000123'}]\n")))
    assert problem.message.startswith("`recipients[0].email`")
    assert "phone numbers go with the other channels" in problem.message


@pytest.mark.parametrize(
    "recipients",
    [
        "[{phone_number: Zoé Martin}]",
        "[{phone_number: 33600000123}]",
        "[{phone_number: '0600000123'}]",
        "['+33600000123']",
        "[{phone_number: '+33600000123', name: [Zoé Martin]}]",
        "[{phone_number: '+33600000123', Zoé Martin: 1}]",
        "[{Zoé_Martin: '+33600000123'}]",
        "{Zoé Martin: '+33600000123'}",
        "Zoé Martin",
        "+33600000123",
        "[]",
    ],
)
def test_nothing_of_a_recipient_is_quoted(campaign: Check, recipients: str) -> None:
    found = campaign(SMS.replace(PEOPLE, f"recipients: {recipients}\n"))
    assert found
    for problem in found:
        told = (problem.message + problem.hint).replace('"+33600000123"', "").replace('"Zoé"', "")  # the examples
        assert not any(word in told for word in ("Martin", "33600000123", "0600000123"))


def test_an_address_is_not_quoted_anywhere(campaign: Check, project: Check) -> None:
    found = campaign(SMS + "edition: zoe@example.com\nrecipient_tracking: '+33600000777'\nvars: [zoe@example.com]\n")
    found += project("octoplan: 1\nenvironments: {a: {gateway: sandbox, simulate_to: Zoe}}\n")
    assert len(found) == 4
    assert not any(word in each.message for each in found for word in ("zoe", "Zoe", "33600000777"))


def test_all_problems_come_at_once_in_file_order(campaign: Check) -> None:
    found = campaign("edition: 0\nchannel: sms\nsendat: x\nopen: 'yes'\naudience: {form: a}\nmetadata: {type: x}\n")
    assert rules(found) == [
        *("schema/range", "schema/required", "schema/required"),
        *("schema/unknown-key", "schema/type", "schema/required", "schema/unknown-key", "schema/enum"),
    ]
    assert list(found) == sorted(found)


def test_a_problem_in_defaults_points_into_octoplan_yaml(folder: Path) -> None:
    project = document(folder, "octoplan: 1\ndefaults:\n  all:\n    sender: ab\n", "octoplan.yaml")
    merged = document(folder, SMS).merged_over(project.child(("defaults", "all")))
    place = Place(file="octoplan.yaml", line=4, column=5)
    assert the_one(check_campaign(merged)).place == the_one(check_project(project)).place == place


def test_two_files_that_contradict_each_other_are_both_named(folder: Path) -> None:
    project = document(folder, "octoplan: 1\ndefaults:\n  all: {text_file: a.txt}\n", "octoplan.yaml")
    problem = the_one(check_campaign(document(folder, SMS).merged_over(project.child(("defaults", "all")))))
    assert problem.place.file == "octoplan.yaml"
    assert problem.hint == "`text` stands at a.yaml:5:1"


@pytest.mark.parametrize(
    ("text", "rule", "word"),
    [
        ("{}", "schema/required", "octoplan: 1"),
        ("octoplan: 2", "schema/enum", "format 1"),
        ("octoplan: '1'", "schema/type", "whole number"),
        ("octoplan: 1\nenviroments: {}", "schema/unknown-key", "enviroments"),
        ("octoplan: 1\nenvironments: {a: {}}", "schema/required", "environments.a.gateway"),
        ("octoplan: 1\nenvironments: {a: {gateway: octopuss}}", "schema/enum", "octopush"),
        ("octoplan: 1\nenvironments: {a: {gateway: {}}}", "schema/required", "url"),
        ("octoplan: 1\nenvironments: {a: {gateway: {url: 'ftp://example.com'}}}", "schema/pattern", "https://"),
        ("octoplan: 1\nenvironments: {a: {gateway: {url: 'https://u:p@example.com'}}}", "schema/pattern", "password"),
        ("octoplan: 1\nenvironments: {a b: {gateway: sandbox}}", "schema/unknown-key", "environment's name"),
        ("octoplan: 1\nenvironments: {a: {gateway: sandbox, simulate_to: everybody}}", "schema/enum", "audience"),
        ("octoplan: 1\nenvironments: {a: {gateway: sandbox, simulate_to: []}}", "schema/length", "audience"),
        ("octoplan: 1\nenvironments: {a: {gateway: sandbox, simulate_to: [Zoe]}}", "schema/pattern", "international"),
        ("octoplan: 1\nenvironments: {a: {gateway: sandbox, frame_size: 501}}", "schema/range", "500"),
        ("octoplan: 1\nenvironments: {a: {gateway: sandbox, frame_size: 0}}", "schema/range", "500"),
        ("octoplan: 1\nenvironments: {a: {gateway: sandbox, max_in_flight: 65}}", "schema/range", "64"),
        ("octoplan: 1\nenvironments: {a: {gateway: sandbox, requests_per_second: 0}}", "schema/range", "above 0"),
        ("octoplan: 1\nenvironments: {a: {gateway: sandbox, require_plan: 'no'}}", "schema/type", "true or false"),
        ("octoplan: 1\nenvironments: {a: {gateway: sandbox, prices: {sms: 1}}}", "schema/unknown-key", "prices.sms"),
        ("octoplan: 1\nenvironments: {a: {gateway: sandbox, prices: {rcs: {fr: 1}}}}", "schema/unknown-key", "capital"),
        ("octoplan: 1\nenvironments: {a: {gateway: sandbox, prices: {rcs: {FR: -1}}}}", "schema/range", "from 0"),
        ("octoplan: 1\nenvironments: {a: {gateway: sandbox, prices: {currency: euro}}}", "schema/pattern", "EUR"),
        ("octoplan: 1\ndefaults: {all: {metadata: {}}}", "schema/unknown-key", "not with all"),
        ("octoplan: 1\ndefaults: {all: {auto_optimize_text: true}}", "schema/unknown-key", "goes with sms"),
        ("octoplan: 1\ndefaults: {sms: {metadata: {subject: x}}}", "schema/unknown-key", "not with sms"),
        ("octoplan: 1\ndefaults: {sms: {edition: 2}}", "schema/own-file", "own file"),
        ("octoplan: 1\ndefaults: {all: {name: a}}", "schema/own-file", "own file"),
        ("octoplan: 1\ndefaults: {all: {simulation_mode: true}}", "schema/reserved", "octoplan plan"),
        ("octoplan: 1\ndefaults: {sms_low: {}}", "schema/unknown-key", "sms_low"),
        ("octoplan: 1\nvars: {a: {}}", "schema/type", "text"),
        ("octoplan: 1\nsuppressions: {all: a.csv}", "schema/type", "list"),
        ("octoplan: 1\nsuppressions: {marketing: []}", "schema/unknown-key", "marketing"),
        ("octoplan: 1\nsuppressions: {all: [{from: a.csv, exclude: []}]}", "schema/unknown-key", "exclude"),
    ],
)
def test_a_wrong_project_is_refused_by_its_rule(project: Check, text: str, rule: str, word: str) -> None:
    problem = the_one(project(text + "\n"))
    assert problem.rule == rule
    assert word in problem.message


KEYS = st.sampled_from([*sorted({home.name for home in schema._homes()}), "zebra", "from", "sendat"])
LEAVES = st.sampled_from(
    [
        "sms",
        "email",
        "rcs",
        "rich_card",
        "alert",
        "2026-12-01T10:00:00Z",
        "Zoé Martin",
        "'{{ a }}'",
        "1",
        "1.5",
        "true",
        "",
    ]
)
FLOW = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda each: f"[{', '.join(each)}]")
        | st.dictionaries(KEYS, inner, max_size=4).map(
            lambda each: f"{{{', '.join(f'{k}: {v}' for k, v in each.items())}}}"
        )
    ),
    max_leaves=8,
)


@given(channel=st.sampled_from([*CHANNELS, "fax", ""]), pairs=st.dictionaries(KEYS, FLOW, max_size=8))
@settings(deadline=None, max_examples=300)
def test_any_campaign_gives_problems_in_order_with_places(folder: Path, channel: str, pairs: dict[str, str]) -> None:
    text = "".join(f"{key}: {value}\n" for key, value in ({"channel": channel} | pairs).items())
    try:
        read = document(folder, text)
    except ProjectInvalid:
        return
    for name in ("campaign", "octoplan"):
        found = check(read, name)
        assert list(found) == sorted(set(found))
        assert all(each.place.line and each.message and each.rule.startswith("schema/") for each in found)


@pytest.mark.parametrize("end", ["", "\\n", "@", "{"])
@pytest.mark.parametrize("body", ["x", " ", ".", "a@", "@.", "x.", "{", "0"])
def test_no_text_makes_a_pattern_slow(campaign: Check, body: str, end: str) -> None:
    long = f'"{body * 30_000}{end}"'
    before = time.perf_counter()
    campaign(EMAIL.replace("News", long).replace("shop@example.com", long) + f"name: {long}\nsend_at: {long}\n")
    assert time.perf_counter() - before < 1


def test_a_campaign_is_checked_in_milliseconds(folder: Path) -> None:
    read = document(folder, CAMPAIGN)
    check_campaign(read)
    fastest = min(_seconds(read) for _ in range(5))
    assert fastest < 0.015


def _seconds(read: Document) -> float:
    before = time.perf_counter()
    check_campaign(read)
    return time.perf_counter() - before
