"""Variants and holdouts, from the campaign file to what people got, judged by the sandbox's own record."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octoplan.table.arms import Shares, arm_of, arm_sql
from octoplan.table.connection import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Folder, MakeProject

CAMPAIGN = """\
channel: sms
purpose: alert
open: true
audience: {from: people.csv}
text: Hi {{ first_name }}
variants:
  a: 45%
  b: {share: 45%, text: "Hello {{ first_name }}, nice"}
  holdout: 10%
"""


def people(first: int, last: int) -> str:
    lines = (f"+3360000{number:04},P{number % 7}\n" for number in range(first, last))
    return "phone_number,first_name\n" + "".join(lines)


def folder_of(project: MakeProject, campaign: str = CAMPAIGN, many: int = 300) -> Folder:
    folder: Folder = project({"campaigns/sale.yaml": campaign, "campaigns/people.csv": people(0, many)})
    return folder


def asked(folder: Folder, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(folder.path / ".octoplan" / "sandbox.db")) as state:
        return state.execute(sql).fetchall()


def texts(folder: Folder) -> dict[str, str]:
    """Address → the text that the sandbox received for it."""
    received = [(message.address, str(message.text)) for message in folder.messages()]
    assert len({address for address, _ in received}) == len(received), "somebody got two messages"
    return dict(received)


def test_everybody_gets_the_words_of_one_variant_and_the_record_is_the_sandboxes(project: MakeProject) -> None:
    folder = folder_of(project)
    step = folder.call("plan", "--json").json["steps"][0]
    shares = {one["variant"]: one["people"] for one in step["arms"]}
    assert set(shares) == {"a", "b"}
    assert sum(shares.values()) + step["held_out"] == 300
    applied = folder.call("apply", "--auto-approve")
    assert applied.code == 0, applied.err
    assert f"; {step['held_out']} held out." in applied.out
    got = Counter("b" if text.startswith("Hello") else "a" for text in texts(folder).values())
    assert dict(got) == shares
    assert dict(asked(folder, "SELECT arm, sum(size) FROM frames GROUP BY arm")) == shares
    assert asked(folder, "SELECT why, count(*) FROM skipped GROUP BY why") == [("holdout", step["held_out"])]
    assert not folder.call("plan", "--json").json["steps"][0]["recipients"]


def test_who_is_held_out_stays_so_in_this_edition_when_the_shares_change(project: MakeProject) -> None:
    folder = folder_of(project)
    assert folder.call("apply", "--auto-approve").code == 0
    before = texts(folder)
    folder.write({"campaigns/sale.yaml": CAMPAIGN.replace("a: 45%", "a: 55%").replace("  holdout: 10%\n", "")})
    assert folder.call("apply", "--auto-approve").code == 0
    assert texts(folder) == before
    assert folder.call("state", "check").code == 0


def test_nobody_changes_variant_when_others_join_and_those_are_divided_too(project: MakeProject) -> None:
    folder = folder_of(project)
    assert folder.call("apply", "--auto-approve").code == 0
    before = texts(folder)
    folder.write({"campaigns/people.csv": people(0, 600)})
    assert folder.call("apply", "--auto-approve").code == 0
    after = texts(folder)
    assert {address: text for address, text in after.items() if address in before} == before
    held = asked(folder, "SELECT count(*) FROM skipped")[0][0]
    assert len(after) + held == 600


def test_the_next_edition_divides_people_as_the_last_did(project: MakeProject) -> None:
    folder = folder_of(project)
    assert folder.call("apply", "--auto-approve").code == 0
    first = {message.address: message.text for message in folder.messages()}
    folder.write({"campaigns/sale.yaml": f"edition: 2\n{CAMPAIGN}"})
    assert folder.call("apply", "--auto-approve").code == 0
    every = Counter((message.address, message.text) for message in folder.messages())
    assert every == Counter(dict.fromkeys(first.items(), 2))


def test_another_campaign_divides_the_same_people_otherwise(project: MakeProject) -> None:
    folder = folder_of(project)
    assert folder.call("apply", "--auto-approve").code == 0
    one = texts(folder)
    other = CAMPAIGN.replace("Hi", "Salut").replace("Hello", "Hi")
    folder.write({"campaigns/sale.yaml": None, "campaigns/other.yaml": f"not_moved_from: sale\n{other}"})
    assert folder.call("apply", "--auto-approve").code == 0
    both = Counter(
        (one[message.address].startswith("Hello"), str(message.text).startswith("Hi"))
        for message in folder.messages()
        if message.address in one and message.text != one[message.address]
    )
    assert min(both.values()) > 300 // 10


@pytest.mark.parametrize("personalization", ["client", "server"])
def test_both_roads_of_personal_texts_say_the_same_words(project: MakeProject, personalization: str) -> None:
    folder = folder_of(project, f"personalization: {personalization}\n{CAMPAIGN}")
    assert folder.call("apply", "--auto-approve").code == 0
    got = texts(folder)
    rest = {address: int(address[-4:]) % 7 for address in got}
    assert set(got.values()) == {f"Hi P{n}" for n in range(7)} | {f"Hello P{n}, nice" for n in range(7)}
    assert all(f"P{rest[address]}" in text for address, text in got.items())
    arms = dict(asked(folder, "SELECT arm, sum(size) FROM frames GROUP BY arm"))
    assert arms == Counter("b" if text.startswith("Hello") else "a" for text in got.values())


def test_variants_and_languages_go_together(project: MakeProject) -> None:
    campaign = CAMPAIGN.replace("text: Hi {{ first_name }}", "text: {en: Hi, fr: Salut}").replace(
        'text: "Hello {{ first_name }}, nice"', "text: {en: Hello, fr: Bonjour}"
    )
    folder = folder_of(project, f"language: {{column: first_name, default: en}}\n{campaign}")
    folder.write({"campaigns/people.csv": people(0, 200).replace("P1", "fr")})
    assert folder.call("apply", "--auto-approve").code == 0
    assert set(texts(folder).values()) == {"Hi", "Salut", "Hello", "Bonjour"}


def test_subjects_of_variants_and_a_template_that_names_the_variant(project: MakeProject) -> None:
    folder: Folder = project(
        {
            "campaigns/news.yaml": """\
channel: email
purpose: alert
open: true
audience: {from: people.csv}
text: You are in {{ variant }}
metadata: {email_from: shop@example.com, subject: News}
variants:
  a: 50%
  b: {share: 50%, metadata: {subject: "More news"}}
""",
            "campaigns/people.csv": "email\n" + "".join(f"p{number}@example.com\n" for number in range(60)),
        }
    )
    assert folder.call("apply", "--auto-approve").code == 0
    said = {(message.text, str(message.options["subject"])) for message in folder.messages()}
    assert said == {("You are in a", "News"), ("You are in b", "More news")}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("a: 45%", "a: 40%", "sale.yaml:6:1: error: the shares of variants add up to 95 %, not to 100 %"),
        ("a: 45%", "a: 45.0001%", "add up to 100.0001 %, not to 100 %"),
        ("a: 45%", "a: 45", "sale.yaml:7:3: error: `variants.a`"),
        ("a: 45%", "A: 45%", "a variant's name is at most 30 small letters"),
        ("text: Hi {{ first_name }}\n", "", "sale.yaml:6:3: error: `text` is not there for a"),
        ("Hello {{ first_name }}", "Hello {{ first_name", "sale.yaml:8:"),
        ("Hello {{ first_name }}", "Hello {% endif %}{% if true %}", "sale.yaml:8:"),
        ("Hello {{ first_name }}", "Hello {{ frist_name }}", "sale.yaml:8:35: error: `frist_name` is neither"),
        ("holdout: 10%", "holdout: {share: 10%, text: no}", "sale.yaml:9:3"),
    ],
)
def test_what_is_wrong_with_variants_is_a_problem_where_it_stands(
    project: MakeProject, old: str, new: str, said: str
) -> None:
    folder = folder_of(project, CAMPAIGN.replace(old, new))
    outcome = folder.call("validate")
    assert outcome.code == 3
    assert said in outcome.err


def test_a_holdout_alone_and_a_column_named_variant_are_problems(project: MakeProject) -> None:
    alone = CAMPAIGN.split("variants:", maxsplit=1)[0] + "variants: {holdout: 100%}\n"
    assert "somebody must get the message" in folder_of(project, alone).call("validate").err
    folder = folder_of(project, CAMPAIGN)
    folder.write({"campaigns/people.csv": people(0, 9).replace("first_name", "first_name,variant").replace("P", "P,")})
    folder.write({"campaigns/people.csv": "phone_number,first_name,variant\n+33600000001,Ann,x\n"})
    assert "is each person's variant, and a column" in folder.call("validate").err


def test_a_test_without_a_variant_holds_for_every_one(project: MakeProject) -> None:
    tests = """\
tests:
  - given: {first_name: Ann}
    expect: {contains: Hello}
  - given: {first_name: Ann, variant: b}
    expect: {contains: Hello}
  - given: {first_name: Ann, variant: holdout}
    expect: {fails: true}
"""
    outcome = folder_of(project, CAMPAIGN + tests).call("test")
    assert outcome.code == 3
    assert 'test 1, variant a: expected that the text contains "Hello"; it is "Hi Ann"' in outcome.err
    assert "test 1, variant b" not in outcome.err
    assert "test 3: nobody gets such a variant" in outcome.err


def test_render_and_why_know_who_is_held_out(project: MakeProject) -> None:
    folder = folder_of(project, CAMPAIGN.replace("a: 45%", "a: 1%").replace("holdout: 10%", "holdout: 54%"), 40)
    shown = folder.call("render", "sale", "--limit", "40", "--json").json["messages"]
    assert 0 < sum(one["why"] == "held out: gets nothing of this edition" for one in shown) < 40
    assert folder.call("apply", "--auto-approve").code == 0
    got = texts(folder)
    out = next(f"+3360000{number:04}" for number in range(40) if f"+3360000{number:04}" not in got)
    assert "held out" in folder.run("why", "sale", typed=f"{out}\n").out


def rendered(folder: Folder, name: str = "sale") -> list[str]:
    """How the texts that `render` shows begin, in the order of the rows; blank for whoever is held out."""
    shown = folder.call("render", name, "--limit", "300", "--json")
    assert (shown.code, shown.err) == (0, "")
    return [one["content"]["text"].split()[0] if one["content"] else "" for one in shown.json["messages"]]


def test_render_shows_everybody_the_variant_that_they_get(project: MakeProject) -> None:
    folder = folder_of(project)
    early = folder.call("render", "sale", "--json")
    assert (early.code, early.err) == (0, "sandbox has no state yet: who gets which variant is decided with it\n")
    assert folder.call("apply", "--auto-approve").code == 0
    got = texts(folder)
    assert rendered(folder) == [got.get(f"+3360000{number:04}", "").partition(" ")[0] for number in range(300)]


def test_a_campaign_with_another_name_shows_everybody_the_same_variant(project: MakeProject) -> None:
    folder = folder_of(project, many=40)
    assert folder.call("apply", "--auto-approve").code == 0
    before = rendered(folder)
    folder.path.joinpath("campaigns/sale.yaml").rename(folder.path / "campaigns/winter.yaml")
    folder.write({"campaigns/winter.yaml": f"moved_from: sale\n{CAMPAIGN}", "campaigns/people.csv": people(0, 60)})
    after = rendered(folder, "winter")
    assert after[:40] == before
    for number in range(40, 60):
        told = folder.call("why", "winter", typed=f"+3360000{number:04}\n").out
        assert ("held out" in told) == (after[number] == ""), number
    assert folder.call("apply", "--auto-approve").code == 0
    got = texts(folder)
    assert after == [got.get(f"+3360000{number:04}", "").partition(" ")[0] for number in range(60)]
    folder.write({"staff.yaml": 'seeds: [{phone_number: "+33600009001"}]\n'})
    seen = [after.index("Hello"), after.index("Hi"), len(after) - 1 - after[::-1].index("Hello")]
    rows = [flag for row in seen for flag in ("--row", str(row + 1))]
    assert folder.call("test", "winter", "--to", str(folder.path / "staff.yaml"), *rows).code == 0
    sent = [str(one.text) for one in folder.messages() if one.address == "+33600009001"]
    assert [text.split()[0] for text in sent] == ["Hello", "Hi", "Hello"]
    compared = folder.call("report", "winter")
    assert (compared.code, compared.out) == (0, folder.call("report", "sale").out)


def test_a_reviewed_plan_sends_its_variants_and_records_who_is_held_out(project: MakeProject) -> None:
    folder = folder_of(project)
    plan = str(folder.path / "plan")
    planned = folder.call("plan", "--out", plan, "--json").json["steps"][0]
    assert folder.call("apply", plan, "--auto-approve").code == 0
    assert len(texts(folder)) == planned["recipients"] == 300 - planned["held_out"]
    assert asked(folder, "SELECT count(*) FROM skipped") == [(planned["held_out"],)]


def test_where_everybody_who_is_left_is_held_out_that_is_written_down(project: MakeProject) -> None:
    campaign = CAMPAIGN.replace("a: 45%", "a: 0.5%").replace("share: 45%", "share: 0.5%").replace("10%", "99%")
    folder = folder_of(project, campaign, 5)
    applied = folder.call("apply", "--auto-approve")
    assert applied.code == 0, applied.err
    assert asked(folder, "SELECT count(*) FROM skipped") == [(5 - len(folder.messages()),)]


def test_who_was_held_out_is_never_said_to_have_had_it(project: MakeProject) -> None:
    folder = folder_of(project)
    held_out = folder.call("plan", "--json").json["steps"][0]["held_out"]
    assert folder.call("apply", "--auto-approve").code == 0
    plan = folder.call("plan").out
    assert f"nobody new; {held_out} people are held out" in plan
    assert f"No changes. Everybody has had these messages, but for {held_out} people left out by decision." in plan
    assert plan.splitlines()[-1].endswith(f"; {held_out} held out.")


def test_who_is_held_out_is_written_down_while_everybody_else_waits_for_their_window(project: MakeProject) -> None:
    folder = folder_of(project, f"{CAMPAIGN}window: {{hours: 10:00-12:00, why: they are at lunch}}\n")
    folder.write({"octoplan.yaml": "octoplan: 1\nenvironments: {sandbox: {gateway: sandbox, windows: enforce}}\n"})
    early = folder.call("apply", "--auto-approve", at=datetime(2026, 11, 3, 8, 0, tzinfo=UTC))
    assert (early.code, folder.messages()) == (0, ()), early.err
    ((held_out,),) = asked(folder, "SELECT count(*) FROM skipped")
    assert (held_out > 10, asked(folder, "SELECT count(*) FROM frames")) == (True, [(0,)])
    assert f"{300 - held_out} waiting" in early.last
    assert folder.call("apply", "--auto-approve", at=datetime(2026, 11, 3, 10, 0, tzinfo=UTC)).code == 0
    assert len(folder.messages()) == 300 - held_out


SALTS = st.text("0123456789abcdef", min_size=32, max_size=32)


def test_waves_hold_people_of_every_variant_and_change_nobodys(project: MakeProject) -> None:
    folder = folder_of(project)
    assert folder.call("apply", "--auto-approve").code == 0
    words = texts(folder)
    folder.write({"campaigns/sale.yaml": f"edition: 2\nwaves: [{{people: 60}}, {{rest: true}}]\n{CAMPAIGN}"})
    for _ in range(2):
        assert folder.call("apply", "--auto-approve").code == 0
    every = Counter((message.address, str(message.text)) for message in folder.messages())
    assert every == Counter(dict.fromkeys(words.items(), 2))
    waves = asked(folder, "SELECT count(DISTINCT arm) FROM frames WHERE edition = 2 GROUP BY wave")
    assert waves == [(2,), (2,)]


PERSONS = st.integers(min_value=0, max_value=2**128 - 1)
SHARES = (("a", Fraction(45, 100)), ("b", Fraction(45, 100)), ("holdout", Fraction(10, 100)))


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Table]:
    with Table(tmp_path_factory.mktemp("table")) as opened:
        yield opened


@st.composite
def divided(draw: st.DrawFn) -> Shares:
    parts = draw(st.lists(st.integers(min_value=1, max_value=10**6), min_size=1, max_size=6))
    return [(f"a{number}", Fraction(part, sum(parts))) for number, part in enumerate(parts)]


@settings(max_examples=60)
@given(st.lists(PERSONS, min_size=1, max_size=30), divided(), SALTS)
def test_sql_and_python_draw_the_same(table: Table, persons: list[int], shares: Shares, salt: str) -> None:
    rows = table.rows(
        f"SELECT {arm_sql('p', salt, shares)} FROM (SELECT unnest(?::VARCHAR[])::UHUGEINT AS p)",
        ([hex(person) for person in persons],),
    )
    assert [row[0] for row in rows] == [arm_of(person, salt, shares) for person in persons]


@settings(max_examples=40)
@given(SALTS, divided())
def test_shares_are_kept_within_what_chance_allows(table: Table, salt: str, shares: Shares) -> None:
    many = 20_000
    rows = table.rows(
        f"SELECT {arm_sql('p', salt, shares)} AS arm, count(*) "
        f"FROM (SELECT ('0x' || left(sha256(i::VARCHAR), 32))::UHUGEINT AS p FROM range({many}) r(i)) GROUP BY 1"
    )
    found = dict(rows)
    for label, share in shares:
        deviation = float(many * share * (1 - share)) ** 0.5
        assert abs(found.get(label, 0) - float(many * share)) <= 6 * deviation + 1


SALT = "9e3779b97f4a7c15123456789abcdef1"


def test_every_draw_has_an_arm_at_the_very_ends_too() -> None:
    assert {arm_of(person << 20, SALT, SHARES) for person in range(500)} == {"a", "b", "holdout"}
    third = [("a", Fraction(1, 3)), ("b", Fraction(1, 3)), ("c", Fraction(1, 3))]
    assert all(arm_of(person << 20, SALT, third) in "abc" for person in range(500))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", ""], ids=repr)
def test_the_line_end_of_a_variants_text_file_is_no_character_of_its_message(project: MakeProject, end: str) -> None:
    campaign = CAMPAIGN.replace('text: "Hello {{ first_name }}, nice"', "text_file: b.txt")
    folder = folder_of(project, campaign, many=60)
    folder.write({"campaigns/b.txt": f"First line{end}{'b' * (160 - 10 - bool(end))}{end}".encode()})
    step = folder.call("plan", "--json").json["steps"][0]
    assert (step["parts"], {one["parts"] for one in step["examples"]}) == (step["recipients"], {1})
    assert 160 in {one["units"] for one in step["examples"]}
