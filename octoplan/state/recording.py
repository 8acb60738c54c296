"""A run's plan → rows, inside one transaction of a store: what dead runs left planned is released, then all is added.

Frames that a resumed run claims again have the same ids, since an id follows from content and people: to release and to
add in one transaction is to claim.
"""

import json
from collections.abc import Iterable, Iterator, Sequence

from octoplan.errors import StateError
from octoplan.state.interface import CampaignRecord, NewCampaign, RunRecord
from octoplan.state.statements import moment, person_bytes
from octoplan.state.writer import Placed, Writer

_NEW = ("id", "size", "content", "refusals", "opens", "wave", "arm", "due")
_SKIP = """INSERT INTO skipped (campaign, edition, person, why) VALUES (?, ?, ?, ?)
    ON CONFLICT (campaign, edition, person) DO UPDATE SET why = excluded.why"""
NOTE = "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
"""What has a state say something of itself, by name."""
_PLANNED = "status = 'planned' AND campaign = (SELECT no FROM campaigns WHERE name = ?)"


def release(writer: Writer, campaign: str) -> None:
    """A campaign's planned frames are dissolved; their people are free, how often they were refused stays known.

    Those of other campaigns stay planned: to be packed anew they would get other ids, by which the API does not know
    again what a state that was restored from a copy had sent.
    """
    writer.change(f"UPDATE messages SET frame = NULL WHERE frame IN (SELECT no FROM frames WHERE {_PLANNED})", campaign)
    writer.change(f"DELETE FROM frames WHERE {_PLANNED}", campaign)


def record(writer: Writer, run: RunRecord, campaigns: Sequence[NewCampaign]) -> None:
    """The run, its campaigns, their frames as planned, and who is in which."""
    writer.change(
        "INSERT INTO runs (id, environment, started_at, recipients, requests) VALUES (?, ?, ?, ?, ?)",
        *(run.id, run.environment, moment(run.started_at), run.recipients, run.requests),
    )
    for campaign in campaigns:
        release(writer, campaign.record.name)
        _record_campaign(writer, run, campaign)


def know(writer: Writer, record: CampaignRecord) -> int:
    """A campaign as it is now → in the state; its number there."""
    number: int = writer.value(
        """INSERT INTO campaigns (name, edition, channel, definition, applied_at) VALUES (?, ?, ?, ?, ?)
           ON CONFLICT (name) DO UPDATE SET edition = excluded.edition, channel = excluded.channel,
           definition = excluded.definition, applied_at = excluded.applied_at RETURNING no""",
        record.name,
        record.edition,
        record.channel,
        json.dumps(dict(record.definition), ensure_ascii=False, sort_keys=True),
        moment(record.applied_at),
    )
    return number


def _record_campaign(writer: Writer, run: RunRecord, campaign: NewCampaign) -> None:
    record = campaign.record
    number = know(writer, record)
    for name, value in campaign.notes.items():
        writer.change(NOTE, name, value)
    if campaign.retry_refused:
        _free_refused(writer, number, record.edition)
    first = writer.value("SELECT coalesce(max(no), 0) + 1 FROM frames")
    not_after = moment(campaign.not_after) if campaign.not_after else None
    shared = (number, record.edition, run.id, "planned", not_after)
    writer.insert(
        "frames",
        ("campaign", "edition", "run", "status", "not_after", "no", *_NEW),
        ((*shared, first + new.number, *(getattr(new, name) for name in _NEW)) for new in campaign.frames),
    )
    _place_people(writer, (number, record.edition, first), campaign.people)
    for batch in campaign.skipped:
        writer.each(_SKIP, [(number, record.edition, person_bytes(person), why) for person, why in batch])


def _place_people(writer: Writer, ground: tuple[int, int, int], people: Iterable[Sequence[tuple[int, int]]]) -> None:
    campaign, edition, first = ground
    wanted = 0

    def rows() -> Iterator[Placed]:
        nonlocal wanted
        for batch in people:
            wanted += len(batch)
            yield from ((campaign, edition, person_bytes(person), first + number) for person, number in batch)

    placed = writer.place(rows())
    if placed != wanted:
        raise StateError(
            f"{wanted - placed} of the people to record are in a frame already; nothing was recorded or sent",
            hint="`octoplan state check` tells what is wrong",
        )


def _free_refused(writer: Writer, campaign: int, edition: int) -> None:
    writer.change(
        """UPDATE messages SET frame = NULL, refusals = refusals + 1 WHERE campaign = ? AND edition = ?
           AND frame IN (SELECT no FROM frames WHERE status = 'refused')""",
        campaign,
        edition,
    )
