"""A real state → what `status` shows of it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from octoplan.project import Environment
from octoplan.report import text
from octoplan.report.style import joined
from octoplan.report.survey import survey
from octoplan.state.home import Home, open_state
from octoplan.state.interface import (
    Begin,
    CampaignRecord,
    NewCampaign,
    NewFrame,
    RunRecord,
    Sent,
    Store,
    Unknown,
)

NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    environment = Environment(name="sandbox", gateway="sandbox", state=".octoplan/sandbox.db")
    home = Home(root=tmp_path, environment=environment, secret="s" * 32, random_bytes=bytes)
    opened = open_state(home, writable=True).store
    yield opened
    opened.close()


def _record(store: Store, *, edition: int, run: str, costs: tuple[Decimal | None, ...] = ()) -> None:
    """A run of four frames of ten people: one sent for each cost, then one open, the rest planned."""
    frames = [NewFrame(number=n, id=run * 31 + f"{n}", size=10, content="00" * 16, refusals=0) for n in range(4)]
    campaign = NewCampaign(
        record=CampaignRecord(name="sale", edition=edition, channel="sms", definition={}, applied_at=NOW),
        not_after=None,
        frames=frames,
        people=[[(person, person // 10) for person in range(40)]],
    )
    with store.lock() as epoch:
        started = RunRecord(
            id=run, environment="sandbox", started_at=NOW, ended_at=None, recipients=40, requests=4,
        )  # fmt: skip
        store.record(started, epoch, [campaign])
        begun = frames[: len(costs) + 1]
        store.commit(epoch, [Begin(frame=one.id, run=run, at=NOW, body=b"sealed") for one in begun])
        done = zip(begun, costs, strict=False)
        store.commit(epoch, [Sent(frame=one.id, run=run, at=NOW, cost=cost) for one, cost in done])


def test_a_fresh_state_shows_nothing(store: Store) -> None:
    found = survey("sandbox", store)
    assert (found.campaigns, found.unsettled) == ((), ())
    assert "Nothing was ever sent." in joined(text.status(found, NOW))


def test_people_cost_and_run_are_those_of_the_present_edition(store: Store) -> None:
    _record(store, edition=1, run="a", costs=(Decimal(7), Decimal(7)))
    _record(store, edition=2, run="b", costs=(Decimal("0.45"), Decimal("0.405")))
    (standing,) = survey("sandbox", store).campaigns
    assert (standing.edition, standing.sent, standing.open, standing.waiting) == (2, 20, 10, 10)
    assert standing.cost == Decimal("0.855")
    assert standing.last_run is not None
    assert standing.last_run.id == "b"


def test_a_cost_that_was_not_always_told_is_unknown(store: Store) -> None:
    _record(store, edition=1, run="a", costs=(Decimal(7), None))
    (standing,) = survey("sandbox", store).campaigns
    assert standing.cost is None


def test_open_and_unknown_frames_are_listed_with_what_can_be_done(store: Store) -> None:
    _record(store, edition=1, run="a", costs=(Decimal(1), Decimal(1)))
    found = survey("sandbox", store)
    shown = joined(text.status(found, NOW + timedelta(hours=1)))
    assert "that is possible for 22 h 0 min more" in shown
    with store.lock() as epoch:
        store.commit(epoch, [Unknown(frame=one.id, run="a", at=NOW, why="a riddle") for one in found.unsettled])
    shown = joined(text.status(survey("sandbox", store), NOW))
    assert "a riddle" in shown
    assert "octoplan state resolve aaaaaaaaaaaa" in shown
    assert shown.endswith("Status: 20 sent, 0 refused, 0 open, 10 unknown.\n")
