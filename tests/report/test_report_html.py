"""The HTML page and the comment: within their sizes whatever a plan holds, what matters most first."""

import re
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octoplan.audience.values import Counts
from octoplan.expense import Expense, Size
from octoplan.limits import Bound
from octoplan.plan import Action, Cost, Plan, Preview, Step
from octoplan.report import html, markdown
from octoplan.report.wording import MOST, chosen, readable, wordings

TEXT = "Hi {first_name}, 20% off in {shop} until Sunday, and coffee is on us. STOP au 30101. "


def preview(people: int, *extremes: str, text: str = TEXT) -> Preview:
    return Preview(
        content={"text": text}, language="", people=people, variants=1, units=(85, 85), parts=(1, 1), wide=False,
        extremes=extremes,
    )  # fmt: skip


def step(number: int, *, text: str = TEXT, **changes: object) -> Step:
    """A campaign of 3,334 people, with all that a section draws."""
    sale = Step(
        campaign=f"sale-{number:03}",
        channel="sms",
        purpose="wholesale",
        edition=1,
        action=Action.SEND,
        reason="not sent yet",
        recipients=3_334,
        requests=9,
        parts=4_000,
        variants=200,
        counts=Counts(rows=4_000, rejected={"blank": 600}, duplicates=66, people=3_334),
        cost=Cost(amount=Decimal(number + 100)),
        stated={"recipient_tracking": False},
        expense=Expense(sizes=(Size(encoding="gsm7", parts=1, people=3_334, variants=200),)),
        bounds=(Bound(name="recipients", most=5_000, real=3_334),),
        settings={"sender": "OctoShop"},
        previews=tuple(preview(600 - at, text=text) for at in range(MOST)),
        previewed=44,
    )
    return replace(sale, **changes)  # type: ignore[arg-type]  # a test's own keys


def plan(*steps: Step) -> Plan:
    return Plan(environment="production", gateway="octopush", lineage="0" * 16, steps=steps)


def test_300_campaigns_fit_the_page_and_what_is_left_out_is_counted() -> None:
    page = html.plan(plan(*(step(number, text=TEXT * 14) for number in range(300))))
    assert len(page.encode()) < html.LIMIT == 2_000_000
    shown = page.count('<section class="campaign')
    assert 50 < shown < 300
    assert f"{300 - shown} campaigns more did not fit into this page" in page
    assert page.count('<tr class="send">') == 300, "every campaign has its line in the table"


def test_300_campaigns_fit_the_comment_with_the_words_of_the_largest() -> None:
    comment = markdown.plan(plan(*(step(number, recipients=number + 1) for number in range(300))))
    assert len(comment.encode()) < markdown.LIMIT
    assert comment.index("sale-299") < comment.index("sale-000")
    first = comment[comment.index("<details>") : comment.index("</details>")]
    assert "<summary><code>sale-299</code>" in first
    assert "Hi {first_name}, 20% off in {shop}" in first
    assert "details more did not fit" in comment


_TEXTS = st.text(alphabet=st.sampled_from("ax|<&é\n{}@#`🎉\u202e"), max_size=3_000)


@given(name=_TEXTS, text=_TEXTS, campaigns=st.integers(0, 400), many=st.integers(0, 9))
def test_no_plan_passes_either_limit(name: str, text: str, campaigns: int, many: int) -> None:
    previews = tuple(preview(1, text=text) for _ in range(many))
    one = step(
        0, campaign=name, reason=text, blocked=(name, text), previews=previews, settings={"sender": text},
        counts=Counts(rows=1, rejected={f"{name}{at}": 1 for at in range(40)}, people=1),
    )  # fmt: skip
    whole = replace(
        plan(*[one] * campaigns), notices=(text,) * campaigns, blocked=(name,) * campaigns, loosened=(text,) * many
    )
    page, comment = html.plan(whole), markdown.plan(whole)
    assert len(page.encode()) <= html.LIMIT
    assert page.count("<section") == page.count("</section>")
    assert page.endswith("</main>\n</body>\n</html>")
    assert len(comment.encode()) < markdown.LIMIT
    assert comment.startswith("<!-- octoplan:plan production -->\n")


def test_a_campaign_whose_words_are_not_shown_says_where_they_are() -> None:
    drawn = plan(step(1, previews=()), step(2))
    assert html.plan(drawn).count("How it reads is not shown here: octoplan render sale-001") == 1
    assert markdown.plan(drawn).count("reads       not shown here: octoplan render sale-001") == 1
    assert "octoplan render sale-002" not in html.plan(drawn) + markdown.plan(drawn)


def test_what_blocks_a_plan_stands_first_and_leads_to_its_campaign() -> None:
    blocked = step(7, campaign="late", action=Action.BLOCKED, blocked=("no STOP mention",), recipients=1)
    page = html.plan(plan(step(1), blocked))
    assert page.index("Nothing is sent") < page.index("Who gets what") < page.index('<section class="campaign')
    assert '<li><a href="#c1">late</a>: no STOP mention</li>' in page
    assert page.index('id="c1"') < page.index('id="c2"')


def test_what_was_loosened_is_the_first_that_is_read(rich_plan: Plan) -> None:
    page = html.plan(rich_plan)
    assert page.index("Loosened since the last apply: max_recipients is 50000") < page.index("<h1>")


def test_a_limit_is_shown_with_its_number_its_bound_and_whether_it_holds() -> None:
    limits = (
        Bound(name="recipients", most=3_000, real=3_334, accepted=Decimal(3_500)),
        Bound(name="requests", most=5, real=9, accepted=Decimal(8)),
        Bound(name="cost", most=Decimal(100), real=None),
        Bound(name="growth", most=Decimal("0.2"), real=None),
        Bound(name="parts", most=5_000, real=4_000),
    )
    page = html.plan(replace(plan(step(1, bounds=())), bounds=limits))
    rows = re.findall(r'<tr class="(\w+)"><th scope="row">max_(\w+)</th>(.*?)</tr>', page)
    cells = {name: [kind, *re.findall(r"<td[^>]*>(.*?)</td>", rest)] for kind, name, rest in rows}
    assert cells == {
        "recipients": ["held", "3,334", "3,000", "accepted by name"],
        "requests": ["broken", "9", "5", "too much"],
        "cost": ["broken", "not known", "100.00", "not known, so refused"],
        "growth": ["held", "nothing to compare", "20.0 %", "holds"],
        "parts": ["held", "4,000", "5,000", "holds"],
    }


def test_the_page_is_allowed_its_own_style_and_nothing_else() -> None:
    page = html.plan(plan(step(1)))
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="(.*?)"', page)
    assert re.fullmatch(
        r"default-src &#x27;none&#x27;; style-src &#x27;sha256-[\w+/]{43}=&#x27;; "
        r"base-uri &#x27;none&#x27;; form-action &#x27;none&#x27;",
        policy,
    )
    assert "<script" not in page
    assert not re.search(r"\sstyle=", page)


def test_every_extreme_is_shown_however_few_people_get_it() -> None:
    previews = (*(preview(100 - at) for at in range(20)), preview(1, "longest"), preview(1, "shortest"))
    shown = chosen(step(1, previews=previews))
    assert len(shown) == MOST
    assert [one.people for one in shown] == [100, 99, 98, 97, 1, 1]
    assert [one.extremes for one in shown][-2:] == [("longest",), ("shortest",)]


def test_people_of_wordings_are_exact_only_where_all_variants_were_looked_at() -> None:
    assert [who for who, *_ in wordings(step(1, previews=(preview(5),)))] == ["5 people or more:"]
    assert [who for who, *_ in wordings(step(1, previews=(preview(1),), variants=44))] == ["1 person:"]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<h1>News</h1><p>Of &amp; for\n  <b>all</b></p>", "News\nOf & for all"),
        ("<style>p { color: red }</style><p>Hi<br>you</p><script>evil()</script>", "Hi\nyou"),
        ("<ul><li>one<li>two</ul>", "one\ntwo"),
        ("no markup < at & all", "no markup < at & all"),
        ("</style></script>still here<p", "still here<p"),
        ("", ""),
        ("<html><head><title>Shop</title><body><p>Hello", "Hello"),
        ("<head><meta charset=utf-8><style>p {}</style><p>Hello", "Hello"),
        ("<!--[if mso]>Outlook<![endif]--><![if !mso]>Others<![endif]>", "Others"),
        ("<![foo[x]]>one<![>two<![1]>three<![", "onetwothree<!["),
    ],
)
def test_a_letter_is_read_without_its_markup(source: str, text: str) -> None:
    assert readable(source) == text
