"""Who is over a cap: by a state that tells only of those who could be, and by whoever looks at every hour."""

import itertools
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from octoplan.campaign import Campaign
from octoplan.caps import Cap
from octoplan.pipeline.capping import Caps
from octoplan.pipeline.course import Course
from octoplan.state import database
from octoplan.state.interface import OLDEST
from octoplan.state.sqlite import SqliteStore
from octoplan.state.statements import moment
from octoplan.table.connection import Table
from tests.state.conftest import META, NOW, campaign, frame_id, record
from tests.table.test_sending import prepare

HOUR = timedelta(hours=1)
PEOPLE = tuple(range(1, 7))
KINDS = [("wholesale", "sms"), ("wholesale", "voice_sms"), ("alert", "sms")]
hours = st.integers(min_value=-60, max_value=60)
some = st.sets(st.sampled_from(PEOPLE), min_size=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """An edition in the state. `begun`: hours from now; `took`: hours to the answer; `due`: hours from now, or None."""

    kind: tuple[str, str]
    people: frozenset[int]
    status: str
    begun: int
    took: int
    due: int | None

    @property
    def hours(self) -> tuple[int, int]:
        """The first and the last hour, from now, at which it may have reached its people."""
        first, last = self.begun, self.begun + self.took
        if self.status == "sending":
            last = max(last, 0, first + OLDEST // HOUR)
        if self.due is not None:
            first, last = max(first, self.due), max(last, self.due)
        return first, last

    @property
    def counts(self) -> bool:
        return self.status in ("sending", "sent", "unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A campaign of the plan; `send_at`: hours from now, None for at once."""

    kind: tuple[str, str]
    people: frozenset[int]
    send_at: int | None

    @property
    def hours(self) -> tuple[int, int]:
        return (0, 1) if self.send_at is None else (self.send_at, self.send_at)


sent = st.builds(
    Sent,
    kind=st.sampled_from(KINDS),
    people=some.map(frozenset),
    status=st.sampled_from(["sent", "sent", "sent", "sending", "unknown", "refused", "planned"]),
    begun=st.integers(min_value=-60, max_value=0),
    took=st.integers(min_value=0, max_value=3),
    due=st.none() | hours,
)
planned = st.builds(
    Planned,
    kind=st.sampled_from(KINDS),
    people=some.map(frozenset),
    send_at=st.none() | st.integers(min_value=1, max_value=60),
)
caps = st.builds(
    Cap,
    purpose=st.just("wholesale"),
    channel=st.sampled_from([None, None, "sms"]),
    at_most=st.integers(min_value=1, max_value=3),
    within=st.integers(min_value=1, max_value=48).map(lambda many: many * HOUR),
    over=st.sampled_from(["skip", "wait"]),
)


def is_over(cap: Cap, mine: Sequence[tuple[int, int]], new: tuple[int, int]) -> bool:
    """Hours at which a person may have been reached, and may be now → whether a stretch can hold too many of them."""
    within = cap.within // HOUR
    return any(
        sum(first < start + within and last >= start for first, last in mine) >= cap.at_most
        for start in range(-200, 201)
        if new[0] < start + within and new[1] >= start
    )


def oracle(state: Sequence[Sent], plan: Sequence[Planned], rules: Sequence[Cap]) -> list[dict[int, int]]:
    """The same, for all: for each campaign of the plan, in its order → who is over which cap."""
    had: dict[int, list[tuple[tuple[str, str], tuple[int, int]]]] = {person: [] for person in PEOPLE}
    for one in state:
        for person in one.people if one.counts else ():
            had[person].append((one.kind, one.hours))
    found = []
    for wanted in plan:
        over: dict[int, int] = {}
        for (number, cap), person in itertools.product(enumerate(rules), sorted(wanted.people)):
            mine = [at for kind, at in had[person] if cap.is_for(*kind)]
            if person not in over and cap.is_for(*wanted.kind) and is_over(cap, mine, wanted.hours):
                over[person] = number
        for person in wanted.people - over.keys():
            had[person].append((wanted.kind, wanted.hours))
        found.append(over)
    return found


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Table]:
    with Table(tmp_path_factory.mktemp("spill"), threads=1) as opened:
        yield opened


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("states")


def state_of(folder: Path, editions: Sequence[Sent]) -> SqliteStore:
    """A real state in which these editions stand, each in a frame of its own."""
    path = folder / "state.db"
    for old in folder.iterdir():
        old.unlink()
    database.create(path, META)
    store = SqliteStore(path, writable=True)
    made = [
        campaign({number: sorted(one.people)}, name=f"c{number}")
        for number, one in enumerate(editions, 1)
        if one.people
    ]
    record(
        store,
        *(
            replace(
                new, record=replace(new.record, channel=one.kind[1], definition={"settings": {"purpose": one.kind[0]}})
            )
            for new, one in zip(made, editions, strict=True)
        ),
    )
    with closing(sqlite3.connect(path, isolation_level=None)) as written:
        for number, one in enumerate(editions, 1):
            if one.status != "planned":
                begun, answered = (moment(NOW + at * HOUR) for at in (one.begun, one.begun + one.took))
                due = "" if one.due is None else moment(NOW + one.due * HOUR)
                written.execute(
                    "UPDATE frames SET status = ?, first_attempt = ?, last_change = ?, due = ? WHERE id = ?",
                    (one.status, begun, answered, due, frame_id(number)),
                )
    return store


def course_of(store: SqliteStore) -> Course:
    return cast("Course", SimpleNamespace(now=NOW, records=store.campaigns(), state=SimpleNamespace(store=store)))


def campaign_of(one: Planned) -> Campaign:
    at: datetime | None = None if one.send_at is None else NOW + one.send_at * HOUR
    return cast("Campaign", SimpleNamespace(purpose=one.kind[0], channel=one.kind[1], send_at=at))


def found_by(table: Table, store: SqliteStore, plan: Sequence[Planned], rules: Sequence[Cap]) -> list[dict[int, int]]:
    """What the plan's own code says, campaign by campaign."""
    told = Caps(rules, course_of(store))
    found = []
    for one in plan:
        # The messages of those who are left are counted by their number here: that of a table made anew.
        messages, asked = prepare(table, dict.fromkeys(sorted(one.people), "Hi"), {}), campaign_of(one)
        over = told.leave_out(messages, asked)
        rows: Mapping[int, int] = {}
        if any(cap.is_for(*one.kind) for cap in rules):
            rows = dict(table.rows(f"SELECT person::BIGINT, cap FROM over_{messages.audience}"))
        assert over.people == len(rows)
        assert messages.count_free() == len(one.people) - len(rows)
        table.execute(f"CREATE OR REPLACE TABLE {messages.name} AS FROM todo_{messages.audience}")
        if messages.count_free():
            told.count(messages, asked)
        found.append(dict(rows))
    for name in ("reached", "recent"):
        table.execute(f"DROP TABLE IF EXISTS {name}")
    return found


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    state=st.lists(sent, max_size=6),
    plan=st.lists(planned, min_size=1, max_size=4),
    rules=st.lists(caps, min_size=1, max_size=3),
)
def test_who_is_over_a_cap_is_who_is_when_every_hour_and_everybody_is_looked_at(
    table: Table, folder: Path, state: list[Sent], plan: list[Planned], rules: list[Cap]
) -> None:
    with closing(state_of(folder, state)) as store:
        assert found_by(table, store, plan, rules) == oracle(state, plan, rules)


def week(people: Sequence[int]) -> Sent:
    return Sent(kind=KINDS[0], people=frozenset(people), status="sent", begun=-2, took=0, due=None)


def test_only_those_are_brought_who_could_be_over_a_cap(
    table: Table, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, int]] = []
    whole = SqliteStore.placed

    def seen(self: SqliteStore, editions: Any, at_least: int) -> Any:
        asked.append((len(editions), at_least))
        return whole(self, editions, at_least)

    monkeypatch.setattr(SqliteStore, "placed", seen)
    rule = Cap(purpose="wholesale", at_most=4, within=10 * HOUR)
    state = [week((1, 2)), week((1, 2)), week((1, 3)), week((1,))]
    plan = [Planned(kind=KINDS[0], people=frozenset(PEOPLE), send_at=None) for _ in range(6)]
    with closing(state_of(folder, state)) as store:
        assert found_by(table, store, plan, [rule]) == oracle(state, plan, [rule])
    assert asked == [(4, 4), (4, 2), (4, 1)], "fewer are enough, with each campaign of the plan, and half at most"
