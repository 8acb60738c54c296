"""Goldens of reports, and the made-up plans, states and events that they show. Nobody in here exists."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest

from octoplan.apply.events import Event, FrameDone, Listed, Retrying, Settling, Started, Stopped
from octoplan.audience.values import Counts, Reject
from octoplan.errors import Place, Problem
from octoplan.expense import (
    Change,
    Culprit,
    Expense,
    Replacement,
    Saving,
    Size,
    Split,
    Spoken,
    name_of,
)
from octoplan.limits import Bound
from octoplan.plan import Action, Cost, Difference, Example, Plan, Preview, Simulation, Standing, Step
from octoplan.report.survey import CampaignStanding, Survey
from octoplan.state.interface import FrameRecord, RunRecord, Status
from octoplan.state.told import Response

GOLDEN = Path(__file__).parents[1] / "golden"
PARIS = timezone(timedelta(hours=1))
NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)

Golden = Callable[[str, str, str], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rewrite-goldens", action="store_true", help="write what reports say now; read it in review")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Case, file and content → equal to the golden, or the golden written anew."""
    # The option is unknown where pytest starts above this folder: then goldens are only compared.
    rewrite = request.config.getoption("--rewrite-goldens", default=False)

    def check(case: str, file: str, content: str) -> None:
        path = GOLDEN / case / file
        if rewrite:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode())
        assert path.read_bytes().decode() == content

    return check


@pytest.fixture
def rich_plan() -> Plan:
    """One step of every kind, each with all that can be said about it."""
    return Plan(
        environment="production",
        gateway="https://api.octopush.com/v1/public",
        lineage="3f9c0a12b4de5f60",
        steps=(_reminder(), _sale(), _blocked(), *_quiet(), _vip()),
        loosened=("max_recipients is 50000, it was 5000", "require_plan is off"),
        notices=("nothing was simulated for e-mail: production names no simulate_to of that kind",),
        blocked=("51,930 parts are more than max_parts 50,000 (--accept parts=51930)",),
        bounds=(
            Bound(name="recipients", most=50_000, real=48_212),
            Bound(name="parts", most=50_000, real=51_930),
            Bound(name="cost", most=Decimal(2_000), real=None),
        ),
        digest="4K7M-Q2ZX-0VN8-HT31",
    )


def _preview(text: str, people: int, *extremes: str, **metadata: object) -> Preview:
    content = {"text": text, **({"metadata": metadata} if metadata else {})}
    return Preview(
        content=content, language="", people=people, variants=people // 200 + 1, units=(80, 128), parts=(1, 2),
        wide=people > 1_000, extremes=extremes,
    )  # fmt: skip


def _sale() -> Step:
    return Step(
        campaign="autumn-sale",
        channel="sms",
        purpose="wholesale",
        edition=1,
        action=Action.SEND,
        reason="not sent yet",
        recipients=48_000,
        requests=120,
        client_requests=35_412,
        parts=51_720,
        variants=214,
        skipped=3,
        counts=Counts(
            rows=52_113,
            unreadable=2,
            filtered=2_132,
            rejected={"too short": 14, "blank": 310},
            duplicates=425,
            excluded=23,
            suppressed=1_204,
            people=48_003,
        ),
        rejects=tuple(
            Reject(place=Place(file="campaigns/audiences/customers.csv", line=line), reason="blank")
            for line in (28, 1612, 1627, 1992, 2489, 3555, 3958)
        ),
        cost=Cost(amount=Decimal("2328.6")),
        stated={
            "recipient_tracking": False,
            "auto_remove_blacklisted_contacts": True,
            "auto_optimize_text": False,
        },
        send_at=datetime(2026, 12, 1, 10, tzinfo=PARIS),
        not_after=datetime(2026, 12, 1, 18, tzinfo=PARIS),
        expense=_sale_expense(),
        examples=(
            Example(content={"text": "Hi Zoé, 20% off"}, people=312, units=128, parts=1),
            Example(content={"text": "Hi Noël, 20% off"}, people=1, units=71, parts=2),
        ),
        simulation=Simulation(requests=2, recipients="1 stand-in", cost=Decimal("12.4"), units=2),
        bounds=(
            Bound(name="requests", most=100, real=120, accepted=Decimal(120)),
            Bound(name="growth", most=Decimal("0.2"), real=Decimal("0.0417")),
        ),
        settings={"channel": "sms", "sender": "OctoShop", "metadata": {"type": "sms_premium"}},
        previews=(
            _preview(
                "Hi {first_name}, 20% off in {shop} until Sunday.\nSTOP au 30101", 40_212, "longest", "most parts"
            ),
            _preview("Hi there, 20% off in {shop} until Sunday.\nSTOP au 30101", 310, "shortest"),
        ),
        previewed=44,
        findings=(_warning(15, "stop-costs-a-part", "the STOP mention takes another part for 212 of 48,000 people"),),
    )


def _warning(line: int, rule: str, message: str) -> Problem:
    place = Place(file="campaigns/autumn-sale.yaml", line=line, column=3)
    return Problem(place=place, rule=f"lint/{rule}", message=message, hint="say it shorter", severity="warning")


def _sale_expense() -> Expense:
    def saving(parts: int) -> Saving:
        return Saving(parts=parts, amount=Decimal("0.045") * parts)

    def culprit(character: str, people: int, parts: int, *sources: str) -> Culprit:
        name, several = name_of(character)
        return Culprit(
            name=name, several=several, characters=character, people=people, cost=saving(parts), sources=sources
        )

    return Expense(
        sizes=(
            Size(encoding="gsm7", parts=1, people=44_300, variants=180),
            Size(encoding="gsm7", parts=2, people=20, variants=2),
            Size(encoding="ucs2", parts=2, people=3_660, variants=31),
            Size(encoding="ucs2", parts=3, people=20, variants=1),
        ),
        culprits=(
            culprit("\u2019", 3_516, 2_480, "text"),
            culprit("ê", 1_204, 1_100, "first_name", "shop"),
            culprit("\u00a0", 12, 0, "text", "city"),
            culprit("🎉", 1, 1),
        ),
        changes=(
            Change(kind="optimize", saving=saving(2_492)),
            Change(kind="replace", character="\u2019", instead="'", saving=saving(2_480)),
            Change(kind="shorten", by=3, saving=saving(600)),
        ),
        replaced=(
            Replacement(character="\u2026", instead="...", times=24, people=12),
            Replacement(character="\u200b", instead="", times=1, people=1),
        ),
        saved=saving(13),
        languages=(
            Spoken(languages="fr", people=47_000, variants=190),
            Spoken(languages="en", people=900, variants=23),
            Spoken(languages="en, fr", people=100, variants=1),
        ),
        language_column="lang",
        by_default=17,
    )


def _reminder() -> Step:
    return Step(
        campaign="appointment-reminder",
        channel="voice_sms",
        purpose="alert",
        edition=12,
        action=Action.EXTEND,
        reason="people who joined since",
        changed=True,
        recipients=211,
        requests=1,
        variants=35,
        expense=Expense(split=Split(variable="points", enough=1, without=3, rounded=(10, 12))),
        counts=Counts(rows=4_000, people=4_000),
        standing=Standing(sent=3_779, open=5, unknown=4, refused=1),
        heard=Response(statuses={"DELIVERED": 3_700, "READ": 12, "EXPIRED": 41}, optouts=6, replies=12),
        cost=Cost(amount=None, why="no price for voice_sms"),
        stated={"auto_optimize_text": True},
        examples=(Example(content={"text": "Votre rendez-vous"}, people=211, units=17, parts=1),),
        simulation=Simulation(requests=1, recipients="the audience"),
        gone=3,
        same_day=17,
        differences=(
            Difference(key="audience"),
            Difference(key="metadata.voice_gender", after="female"),
            Difference(
                key="text",
                before="Bonjour {{ first_name }}, rendez-vous le 3",
                after="Bonjour {{ first_name }}, rendez-vous le 4 au +33 6 00 00 12 34",
            ),
        ),
        bounds=(Bound(name="growth", most=Decimal("0.2"), real=None),),
        settings={
            "channel": "voice_sms",
            "metadata": {"type": "voice_sms", "voice_gender": "female", "voice_language": "fr-FR"},
        },
        previews=(_preview("Bonjour, votre rendez-vous est {day} à {hour}.", 211),),
        previewed=35,
    )


def _vip() -> Step:
    return Step(
        campaign="vip-invitation",
        channel="rcs",
        edition=1,
        action=Action.SEND,
        reason="not sent yet",
        recipients=1,
        requests=1,
        variants=1,
        counts=Counts(rows=1, people=1),
        cost=Cost(amount=Decimal("0.125")),
        settings={"channel": "rcs", "sender": "OctoShop VIP"},
        previews=(_preview("You are invited, {first_name}.", 1, cards=[_CARD], actions=[{"label": "Call us"}]),),
        previewed=1,
    )


_CARD = {
    "title": "An evening at {store}",
    "description": "The autumn collection, before everyone else.",
    "media": {"url": "https://www.example.com/{store}.jpg", "height": "medium"},
    "suggestions": [{"type": "reply", "text": "I am coming"}, {"type": "open_url", "text": "Show me the way"}],
}


def _blocked() -> Step:
    faults = ("edition 1 is lower than 2, which was sent: editions only rise", "STOP mention missing")
    return Step(
        campaign="late-news",
        channel="email",
        edition=1,
        action=Action.BLOCKED,
        reason=faults[0],
        recipients=7,
        requests=1,
        variants=7,
        blocked=faults,
        simulation=Simulation(requests=1, recipients="the audience", refused=("STOP mention missing",)),
        settings={"channel": "email", "metadata": {"email_from": "news@example.com", "body_format": "html"}},
        previews=(_preview("<h1>News</h1><p>Of &amp; for <b>{city}</b></p>", 7, subject="News of {city}"),),
        previewed=7,
    )


def _quiet() -> tuple[Step, ...]:
    return (
        Step(
            campaign="newsletter", channel="email", edition=3, action=Action.NOTHING, reason="everybody has had it",
            changed=True, counts=Counts(rows=90, people=90), standing=Standing(sent=90),
            differences=(Difference(key="metadata.subject", before="News", after="<b>News</b>"),),
        ),
        Step(
            campaign="old-sale", channel="sms", edition=1, action=Action.CLOSED, reason="closed: not_after has passed",
            standing=Standing(sent=10), heard=Response(statuses={"DELIVERED": 9, "ACK": 1}),
        ),
        Step(
            campaign="pilot", channel="sms", edition=1, action=Action.NOTHING,
            reason="nobody new; some outcomes are not known", standing=Standing(sent=8, unknown=2),
        ),
        Step(campaign="gone", channel="sms", edition=1, action=Action.REMOVED, reason="no longer in the project"),
    )  # fmt: skip


@pytest.fixture
def empty_plan() -> Plan:
    return Plan(environment="sandbox", gateway="sandbox", lineage="00aa11bb22cc33dd", steps=())


@pytest.fixture
def settled_plan() -> Plan:
    """Everybody has had everything."""
    channels = {"autumn-sale": "sms", "newsletter": "email", "vip-invitation": "rcs"}
    steps = tuple(
        Step(
            campaign=name, channel=channel, edition=1, action=Action.NOTHING, reason="everybody has had it",
            counts=Counts(rows=1_000, suppressed=10, people=990), standing=Standing(sent=990),
        )
        for name, channel in channels.items()
    )  # fmt: skip
    return Plan(environment="sandbox", gateway="sandbox", lineage="00aa11bb22cc33dd", steps=steps)


@pytest.fixture
def survey() -> Survey:
    run = RunRecord(
        id="5e" * 16, environment="production", started_at=NOW - timedelta(hours=2), ended_at=None,
        recipients=5_263, requests=12,
    )  # fmt: skip
    ended = RunRecord(
        id="6f" * 16, environment="production", started_at=NOW - timedelta(days=9), ended_at=NOW - timedelta(days=9),
        recipients=90, requests=1,
    )  # fmt: skip
    return Survey(
        environment="production",
        lineage="3f9c0a12b4de5f60",
        campaigns=(
            CampaignStanding(
                name="autumn-sale", channel="sms", edition=1, sent=4_812, refused=1, open=450, unknown=300,
                waiting=12, cost=Decimal("216.5415"), last_run=run,
            ),
            CampaignStanding(name="newsletter", channel="email", edition=3, sent=90, cost=None, last_run=ended),
        ),
        unsettled=(_frame("ab", Status.SENDING, 1), _frame("cd", Status.SENDING, 24), _frame("ef", Status.UNKNOWN, 30)),
    )  # fmt: skip


def _frame(sign: str, status: Status, hours: int) -> FrameRecord:
    return FrameRecord(
        id=sign * 16, campaign="autumn-sale", edition=1, status=status, size=300, content="0" * 32, run="5e" * 16,
        attempts=6, first_attempt=NOW - timedelta(hours=hours), why="503",
        not_after=NOW + timedelta(hours=4) if sign == "ab" else None,
    )  # fmt: skip


@pytest.fixture
def events() -> tuple[Event, ...]:
    """A run in which a frame goes every way that there is."""

    def done(sign: str, status: str, recipients: int, why: str = "") -> FrameDone:
        return FrameDone(campaign="autumn-sale", frame=sign * 16, status=status, recipients=recipients, why=why)

    sent = FrameDone(
        campaign="autumn-sale", frame="1a" * 16, status="sent", recipients=4_400, ticket="sms_5f3fbce61266e",
        cost=Decimal("198.005"), units=4_812,
    )  # fmt: skip
    split = FrameDone(campaign="autumn-sale", frame="2b" * 16, status="split", recipients=2, code=181, why="one number")
    return (
        Settling(frames=1),
        done("9c", "open", 412, "503"),
        Started(run="5e" * 16, recipients=5_000, requests=12),
        sent,
        split,
        done("3c", "refused", 1, "one number of the frame was refused"),
        done("4d", "sent", 1),
        Listed(campaign="autumn-sale", frame="3c" * 16, who="+33…42 (audiences/people.csv:117)", code=181),
        done("9c", "sent", 412, "its request id was in use: an unanswered attempt had been accepted"),
        Retrying(campaign="autumn-sale", frame="5e" * 16, why="503", seconds=1.25),
        done("5e", "open", 450, "503"),
        done("6f", "unknown", 30, "no answer was had within 23 hours of the first attempt"),
        done("7a", "planned", 99),
        Stopped(campaign="autumn-sale", why="not_after has passed: nothing more of it is sent"),
        Stopped(why="the credentials were not accepted"),
    )


@pytest.fixture
def problems() -> tuple[Problem, ...]:
    sale, news = "campaigns/autumn-sale.yaml", "campaigns/newsletter.yaml"
    hint = "did you mean send_at?"
    return (
        Problem(place=Place(file=news), rule="file/empty", message="the file is empty"),
        Problem(place=Place(file=sale, line=12, column=5), rule="key/unknown", message="no key sendat", hint=hint),
        Problem(place=Place(file=sale, line=3, column=1), rule="key/missing", message="purpose is missing"),
        _warning(14, "all-caps", "81 % of the letters are capitals"),
    )
