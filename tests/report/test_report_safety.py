"""Names are hostile and people are private: in every format, of every report."""

import json
import re
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from octoplan.apply.events import FrameDone, Retrying, Started, Stopped
from octoplan.audience.values import Counts, Reject
from octoplan.errors import OctoplanError, Place, Problem
from octoplan.expense import Costly, Expense, find_culprits
from octoplan.limits import Bound
from octoplan.plan import Action, Cost, Difference, Example, Plan, Preview, Simulation, Step
from octoplan.report import as_json, html, markdown, text
from octoplan.report.outcome import outcome_of
from octoplan.report.safe import masked, plain, words
from octoplan.report.style import joined
from octoplan.report.survey import CampaignStanding, Survey
from octoplan.state.interface import FrameRecord, Status

NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
HOSTILE = (
    "\x1b[2J\x1b]0;owned\x07",
    "a\nPlan: 0 to send, 0 to extend, 0 unchanged.",
    "a | b | c",
    "</pre></details><script>alert(1)</script>",
    "<!-- --> <img src=x onerror=alert(1)>",
    "![x](https://example.org/x.png) [y](javascript:alert(1)) https://example.org www.example.org",
    "`code` **bold** _it_ ~~no~~ \\| &lt; @octocat #1 octo/plan#1",
    "\u202eevil\u2066 \u200b\ufeff",
    "\x9b31m \x85 \u2028",
    "lone \ud800 surrogate",
    "[bold red]rich[/]",
)


CHANNELS = ("sms", "voice_sms", "rcs", "email")
TAGS = frozenset(
    (
        *("html", "head", "meta", "title", "style", "body", "main", "header", "section", "footer", "div", "span"),
        *("h1", "h2", "h3", "p", "a", "b", "i", "code", "ul", "li", "dl", "dt", "dd", "details", "summary"),
        *("table", "caption", "thead", "tbody", "tr", "th", "td", "figure", "figcaption"),
        *("svg", "desc", "text", "rect", "ins", "del"),
    )
)
ATTRIBUTES = frozenset(
    (
        *("lang", "charset", "http-equiv", "content", "name", "class", "id", "href", "scope", "role", "aria-hidden"),
        *("aria-labelledby", "aria-describedby", "viewbox", "width", "height", "x", "y", "rx", "text-anchor"),
    )
)


def _plan(name: str, *, personal: str = "") -> Plan:
    """A plan in which `name` stands wherever a file's author can put it, and `personal` where a row's value may be."""
    step = Step(
        campaign=name,
        channel=name,
        edition=1,
        action=Action.SEND,
        reason=name,
        purpose=name,
        changed=True,
        recipients=1,
        requests=1,
        variants=1,
        parts=1,
        counts=Counts(rows=2, rejected={name: 1}, people=1),
        rejects=(Reject(place=Place(file=name, line=3), reason=name),),
        cost=Cost(amount=None, why=name),
        stated={name: name},
        examples=(Example(content={"text": personal, "metadata": {"subject": personal}}, people=1, units=1, parts=1),),
        simulation=Simulation(requests=1, recipients=name, refused=(name,)),
        differences=(Difference(key=name, before=name, after=name), Difference(key=name)),
        bounds=(Bound(name="recipients", most=1, real=2),),
        settings={"sender": name, "metadata": {"email_from": name, "voice_gender": name, "template_name": name}},
        previews=tuple(_preview(name, channel) for channel in CHANNELS),
        previewed=1,
    )
    blocked = replace(
        step, action=Action.BLOCKED, blocked=(name, "another"), cost=Cost(amount=Decimal(1), currency=name)
    )
    gone = replace(step, action=Action.REMOVED)
    return Plan(
        environment=name, gateway=name, lineage=name, steps=(step, blocked, gone), notices=(name,), currency=name
    )


def _preview(name: str, channel: str) -> Preview:
    """A preview in which `name` stands in every text that an author writes."""
    item = {"title": name, "description": name, "media": {"url": name}, "suggestions": [{"text": name}, name]}
    metadata = {"subject": name, "name_from": name, "cards": [item, name], "actions": [item, name]}
    return Preview(
        content={"text": name, "metadata": metadata}, language=name, people=1, variants=1, units=(1, 1), parts=(1, 1),
        wide=True, extremes=("longest",) if channel == "sms" else (),
    )  # fmt: skip


def _survey(name: str) -> Survey:
    frame = FrameRecord(
        id="ab" * 16, campaign=name, edition=1, status=Status.SENDING, size=1, content="", run="", why=name,
        first_attempt=NOW - timedelta(hours=1),
    )  # fmt: skip
    standing = CampaignStanding(name=name, channel=name, edition=1, open=1)
    unknown = replace(frame, status=Status.UNKNOWN)
    return Survey(environment=name, lineage=name, campaigns=(standing,), unsettled=(frame, unknown))


def _texts(name: str) -> list[str]:
    """Every line of text that `name` can get into."""
    events = (
        FrameDone(campaign=name, frame=name, status=name, recipients=1, ticket=name, why=name),
        Retrying(campaign=name, frame=name, why=name, seconds=1),
        Stopped(campaign=name, why=name),
        Started(run=name, recipients=1, requests=1),
    )
    problem = Problem(place=Place(file=name, line=1), rule=name, message=name, hint=name)
    lines = [
        *text.plan(_plan(name)),
        *text.status(_survey(name), NOW),
        *text.problems([problem]),
        *text.error(OctoplanError(name, hint=name)),
        *(text.event(event) for event in events),
    ]
    return [line.text for line in lines]


class _Page(HTMLParser):
    """The tags and attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: set[str | None] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links |= {value for name, value in attrs if name in ("href", "src")}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_line_of_text_can_steer_a_terminal_or_begin_another_line(name: str) -> None:
    for line in _texts(name):
        assert not [one for one in line if unicodedata.category(one) in {"Cc", "Cf", "Cs", "Zl", "Zp"}]
        line.encode()


def test_a_name_cannot_pass_for_the_last_line() -> None:
    lines = joined(text.plan(_plan(HOSTILE[1]))).splitlines()
    assert [line for line in lines if line.startswith("Plan: ")] == ["Plan: 1 to send, 0 to extend, 0 unchanged."]


@pytest.mark.parametrize("name", HOSTILE)
def test_json_holds_only_ascii_and_gives_the_name_back(name: str) -> None:
    document = as_json.plan(_plan(name))
    assert document.isascii()
    assert "\x1b" not in document
    assert "\x7f" not in document
    assert json.loads(document)["steps"][0]["campaign"] == name
    assert as_json.event(Stopped(campaign=name, why=name)).count("\n") == 0


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_page_has_only_our_own_tags_and_loads_nothing(name: str, channel: str) -> None:
    page = _Page()
    plan = _plan(name)
    source = html.plan(replace(plan, steps=tuple(replace(step, channel=channel) for step in plan.steps)))
    page.feed(source)
    assert page.tags <= TAGS
    assert page.attributes <= ATTRIBUTES
    assert page.links <= {"#c1", "#c2", "#c3"}
    source.encode()


@pytest.mark.parametrize("name", HOSTILE)
def test_a_comment_holds_no_markup_but_ours(name: str) -> None:
    comment = markdown.plan(_plan(name))
    comment.encode()
    outside = re.sub(r"<pre>\n.*?</pre>", "", comment, flags=re.DOTALL)
    tags = set(re.findall(r"<[^>]*>", comment))
    assert {tag for tag in tags if not tag.startswith("<!-- octoplan:plan ")} <= {
        *("<code>", "</code>", "<details>", "</details>", "<summary>", "</summary>", "<pre>", "</pre>", "<br>"),
    }
    assert comment.count("<!--") == comment.count("-->") == 1
    rows = [line for line in outside.splitlines() if line.startswith("|")]
    assert {row.count("|") for row in rows} == {10}
    bare = outside.partition("\n")[2].replace("**", "")
    assert not [sign for sign in ("`", "*", "[", "]", "\\", "~", "://", "www.") if sign in bare]
    assert not re.search(r"[@#](?=\w)", re.sub(r"&#\d+;", "", bare))
    assert not re.search(r"&#(64|35);\w", re.sub(r"<code>.*?</code>", "", bare))


@pytest.mark.parametrize("name", ["GH-12", "see gh-7", f"as in {'5f3a' * 10}", "since 5f76b3b", "a@5f76b3b"])
def test_no_sentence_in_a_comment_refers_to_an_issue_or_a_commit(name: str) -> None:
    comment = markdown.plan(_plan(name))
    literal = re.sub(r"<pre>\n.*?</pre>|<code>.*?</code>", "", comment.partition("\n")[2], flags=re.DOTALL)
    assert not re.search(r"\bGH-\d|\b[0-9a-f]{7,40}\b", literal, re.IGNORECASE)


def test_a_run_can_be_copied_from_a_comment() -> None:
    started = Started(run="1fadf867fea70b2c", recipients=1, requests=1)
    outcome = outcome_of(_plan("sale"), [started], (NOW, NOW), 0)
    assert "run <code>1fadf867fea70b2c</code>" in markdown.applied(outcome)


@pytest.mark.parametrize("environment", ["production", "a-->b", "<script>", "x" * 500, "é\n"])
def test_the_marker_is_one_comment_and_always_the_same(environment: str) -> None:
    marker = markdown.marker(environment)
    assert re.fullmatch(r"<!-- octoplan:plan [A-Za-z0-9._-]{1,300} -->", marker)
    assert marker == markdown.marker(environment)
    assert markdown.marker("production") == "<!-- octoplan:plan production -->"


@pytest.mark.parametrize("sign", ["x", "|", "é", "🎉", "<"])
def test_a_comment_stays_under_its_limit_and_says_what_is_missing(sign: str) -> None:
    plan = _plan(sign * 5_000)
    comment = markdown.plan(replace(plan, steps=plan.steps * 100, notices=(sign * 5_000,) * 100))
    assert len(comment.encode()) < markdown.LIMIT
    assert "steps more did not fit into this comment" in comment
    assert "details more did not fit into this comment" in comment
    assert comment.count("<pre>") == comment.count("</pre>")


def test_a_comment_on_300_plain_steps_keeps_the_table_in_one_piece() -> None:
    step = Step(
        campaign="a", channel="sms", edition=1, action=Action.SEND, reason="why " * 100, recipients=1, requests=1
    )
    plan = Plan(environment="e", gateway="sandbox", lineage="0" * 16, steps=(step,) * 300)
    comment = markdown.plan(plan)
    assert len(comment.encode()) < markdown.LIMIT
    assert "Plan: 300 to send" in comment
    assert comment.index("| + |" if "| + |" in comment else "<code>+</code>") > comment.index("Plan: 300")


_PEOPLE = st.builds(
    lambda digits, mailbox, name: (f"+336000{digits:05}", f"{mailbox}@example.org", f"Xq{name}"),
    st.integers(0, 99_999),
    st.from_regex(r"[a-z]{4,12}\.[a-z]{4,12}", fullmatch=True),
    st.from_regex(r"[A-Z][a-z]{5,12}", fullmatch=True),
)


@given(person=_PEOPLE)
@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
def test_no_format_shows_an_address_a_name_or_a_rendered_word_of_an_example(person: tuple[str, str, str]) -> None:
    number, mailbox, name = person
    plan = _plan(f"not known: {number}, {mailbox}", personal=f"Dear {name}, we write to {number} and {mailbox}")
    # Names of campaigns and paths, and what an author wrote, are shown as they are; sentences are not.
    steps = tuple(replace(step, campaign="a", rejects=(), channel="sms", stated={}) for step in plan.steps)
    differs = (Difference(key="text", before=f"to {number}", after=f"to {mailbox}"),)
    steps = tuple(replace(step, previews=(), settings=None, differences=differs) for step in steps)
    steps = tuple(replace(step, counts=Counts(rows=2, people=2), purpose="alert") for step in steps)
    clean = replace(plan, steps=steps, environment="e", lineage="0" * 16, currency="EUR")
    clean = replace(clean, steps=tuple(replace(step, cost=replace(step.cost, currency="EUR")) for step in steps))
    for shown in (joined(text.plan(clean)), as_json.plan(clean), markdown.plan(clean), html.plan(clean)):
        assert not [secret for secret in (number, number[1:], mailbox, name, "Dear") if secret in shown]
        assert number[-2:] in shown


def test_letters_of_a_script_are_named_by_it_since_one_may_be_a_name() -> None:
    step = _plan("a").steps[0]
    touched = {"\u674e\u5f20": 1, "\u5f20": 2, "ж": 2, "ê": 9, "\ue000": 1}
    sets = [Costly(characters=one, country="FR", people=people, parts=0) for one, people in touched.items()]
    costly = replace(step, expense=Expense(culprits=find_culprits(sets, lambda _: None)))
    for shown in (joined(text.step(costly)), as_json.plan(replace(_plan("a"), steps=(costly,)))):
        assert "\u674e" not in shown
        assert "u674e" not in shown
    assert "CJK letters force UCS-2 for 3 people" in joined(text.step(costly))
    assert "ê forces UCS-2 for 9 people" in joined(text.step(costly))
    assert "U+E000 (no name) forces UCS-2 for 1 person" in joined(text.step(costly))


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("+33600000145", "+33…45"),
        ("+12025550145", "+1…45"),
        ("+79001234567", "+7…67"),
        ("+352621123456", "+352…56"),
        ("+2222333334444555", "+222…55"),
        ("06 00 00 01 45", "…45"),
        ("+33", "•••"),
        ("", "•••"),
        ("jean.dupont@example.com", "•••@•••.com"),
        ("jean@mail.example.CO.UK", "•••@•••.uk"),
        ("jean@[127.0.0.1]", "•••@•••"),
        ('"jean dupont"@example.net', "•••@•••.net"),
    ],
)
def test_a_masked_address_keeps_its_country_and_two_digits_or_its_last_label(address: str, shown: str) -> None:
    assert masked(address) == shown


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("number +33 6 00 00 01 45 is wrong", "number +33…45 is wrong"),
        ("0600000145, 0033600000145; 33600000145", "…45, …45; …45"),
        ("write to <jean@example.com>.", "write to •••@•••.com"),
        ('"jean dupont"@example.com said', "•••@•••.com said"),
        ("STOP au 30101 until 2026-12-01 10:00 +01:00", "STOP au 30101 until 2026-12-01 10:00 +01:00"),
        ("http://127.0.0.1:8025/v1/public", "http://127.0.0.1:8025/v1/public"),
        ("1,234,567 people at 10 @ 0.045", "1,234,567 people at 10 @ 0.045"),
        ("postgresql://user:secret@host/db", "•••@•••"),
    ],
)
def test_words_mask_what_looks_like_an_address_and_nothing_else(sentence: str, shown: str) -> None:
    assert words(sentence) == shown


@given(st.text())
def test_plain_text_is_one_printable_line_and_plain_again(value: str) -> None:
    shown = plain(value)
    assert "\n" not in shown
    assert not [one for one in shown if unicodedata.category(one) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}]
    assert plain(shown) == shown


@given(st.text(alphabet=st.sampled_from('+0123456789 .@a"<>-'), max_size=60))
def test_words_never_fail_and_are_words_again(value: str) -> None:
    assert words(words(value)) == words(value)
