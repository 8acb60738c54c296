"""Campaigns of a state and of the project → whose people may go, and why the others' may not. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from octoplan.campaign import Campaign
from octoplan.caps import Cap
from octoplan.state.interface import CampaignRecord, FrameRecord, Status
from octoplan.state.records import owner


@dataclass(frozen=True, slots=True, kw_only=True)
class Prunable:
    """A campaign that was sent. `kept`: why its people stay, blank where they may go; `is_doubtful`: an outcome."""

    name: str
    people: int
    kept: str = ""
    is_doubtful: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Which campaigns may lose their people: closed ones, on which nothing has happened for so long, at `now`."""

    older_than: timedelta
    now: datetime
    caps: Sequence[Cap]
    campaigns: Sequence[Campaign]


def judge(record: CampaignRecord, frames: Iterable[FrameRecord], people: int, terms: Terms) -> Prunable:
    """A campaign as the state has it, with its frames and how many people it holds → whether those may go."""
    frames = tuple(frames)
    doubtful = sum(one.status in (Status.SENDING, Status.UNKNOWN) for one in frames)
    if doubtful:
        kept = f"{doubtful:,} {'frame is' if doubtful == 1 else 'frames are'} open or unknown"
    else:
        kept = _kept(record, frames, terms)
    return Prunable(name=record.name, people=people, kept=kept, is_doubtful=bool(doubtful))


def _kept(record: CampaignRecord, frames: Sequence[FrameRecord], terms: Terms) -> str:
    file = next((one for one in terms.campaigns if owner(record.name) in (one.name, one.moved_from)), None)
    if file is not None and not file.is_closed(terms.now):
        return "its file is not closed"
    closed = _closed(record.definition)
    if closed is None:
        return "it is open: it has no not_after"
    last = max((one for frame in frames for one in _moments(frame)), default=closed)
    if max(closed, last) > terms.now - terms.older_than:
        return f"closed or last changed on {max(closed, last).date()}"
    counting = max((cap.within for cap in terms.caps), default=timedelta())
    return "a cap still counts its messages" if last > terms.now - counting else ""


def _closed(definition: Mapping[str, Any]) -> datetime | None:
    written = definition.get("not_after")
    return datetime.fromisoformat(written) if written else None


def _moments(frame: FrameRecord) -> Iterable[datetime]:
    due = datetime.fromisoformat(frame.due) if frame.due else None
    return (one for one in (frame.first_attempt, frame.last_change, due) if one is not None)
