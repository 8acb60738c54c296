"""A run's plan → rows, inside one transaction of SQLite: what dead runs left planned is released, then all is added.

Frames that a resumed run claims again have the same ids, since an id follows from content and people: to release and to
add in one transaction is to claim.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence

from octoplan.errors import StateError
from octoplan.state.interface import NewCampaign, RunRecord
from octoplan.state.statements import moment, person_bytes


def release(writer: sqlite3.Connection) -> None:
    """Every planned frame is dissolved; its people are free, how often they were refused stays known."""
    writer.execute(
        """UPDATE messages SET frame = NULL
           WHERE frame IN (SELECT no FROM frames WHERE status = 'planned')"""
    )
    writer.execute("DELETE FROM frames WHERE status = 'planned'")


def record(writer: sqlite3.Connection, run: RunRecord, campaigns: Sequence[NewCampaign]) -> None:
    """The run, its campaigns, their frames as planned, and who is in which."""
    release(writer)
    writer.execute(
        "INSERT INTO runs (id, environment, started_at, recipients, requests) VALUES (?, ?, ?, ?, ?)",
        (run.id, run.environment, moment(run.started_at), run.recipients, run.requests),
    )
    for campaign in campaigns:
        _record_campaign(writer, run, campaign)


def _record_campaign(writer: sqlite3.Connection, run: RunRecord, campaign: NewCampaign) -> None:
    record = campaign.record
    number = writer.execute(
        """INSERT INTO campaigns (name, edition, channel, definition, applied_at) VALUES (?, ?, ?, ?, ?)
           ON CONFLICT (name) DO UPDATE SET edition = excluded.edition, channel = excluded.channel,
           definition = excluded.definition, applied_at = excluded.applied_at RETURNING no""",
        (
            record.name,
            record.edition,
            record.channel,
            json.dumps(dict(record.definition), ensure_ascii=False, sort_keys=True),
            moment(record.applied_at),
        ),
    ).fetchone()[0]
    if campaign.retry_refused:
        _free_refused(writer, number, record.edition)
    first = writer.execute("SELECT coalesce(max(no), 0) + 1 FROM frames").fetchone()[0]
    not_after = moment(campaign.not_after) if campaign.not_after else None
    writer.executemany(
        """INSERT INTO frames (no, id, campaign, edition, run, status, size, content, refusals, not_after)
           VALUES (?, ?, ?, ?, ?, 'planned', ?, ?, ?, ?)""",
        (
            (first + new.number, new.id, number, record.edition, run.id, new.size, new.content, new.refusals, not_after)
            for new in campaign.frames
        ),
    )
    _place_people(writer, (number, record.edition, first), campaign.people)


def _place_people(
    writer: sqlite3.Connection, ground: tuple[int, int, int], people: Iterable[Sequence[tuple[int, int]]]
) -> None:
    campaign, edition, first = ground
    wanted = 0

    def rows() -> Iterator[tuple[int, int, bytes, int]]:
        nonlocal wanted
        for batch in people:
            wanted += len(batch)
            yield from ((campaign, edition, person_bytes(person), first + number) for person, number in batch)

    placed = writer.executemany(
        """INSERT INTO messages (campaign, edition, person, frame) VALUES (?, ?, ?, ?)
           ON CONFLICT DO UPDATE SET frame = excluded.frame WHERE frame IS NULL""",
        rows(),
    ).rowcount
    if placed != wanted:
        raise StateError(
            f"{wanted - placed} of the people to record are in a frame already; nothing was recorded or sent",
            hint="`octoplan state check` tells what is wrong",
        )


def _free_refused(writer: sqlite3.Connection, campaign: int, edition: int) -> None:
    writer.execute(
        """UPDATE messages SET frame = NULL, refusals = refusals + 1 WHERE campaign = ? AND edition = ?
           AND frame IN (SELECT no FROM frames WHERE status = 'refused')""",
        (campaign, edition),
    )
