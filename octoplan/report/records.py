"""What the state remembers of campaigns → text or JSON, for `octoplan state list` and `show`."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from octoplan.durations import moment
from octoplan.report.document import document
from octoplan.report.lines import count, people
from octoplan.report.safe import plain, words
from octoplan.report.style import BLANK, Line, Style
from octoplan.report.text import ID_SHOWN
from octoplan.state.interface import CampaignRecord, FrameRecord


def text_campaigns(records: Sequence[CampaignRecord]) -> list[Line]:
    """Campaigns that were sent → a line each."""
    if not records:
        return [Line(Style.SAME, "Nothing was ever sent.")]
    name = max(len(plain(record.name)) for record in records)
    return [
        Line(
            Style.PLAIN,
            f"{plain(record.name):<{name}}  {record.channel:<9}  edition {record.edition}  "
            f"applied {moment(record.applied_at)}",
        )
        for record in records
    ]


def json_campaigns(records: Sequence[CampaignRecord]) -> str:
    """Campaigns that were sent → a versioned document."""
    return document("campaigns", campaigns=[_row(record) for record in records])


def text_campaign(record: CampaignRecord, frames: Sequence[FrameRecord]) -> list[Line]:
    """A campaign as it was last sent → its definition and its frames."""
    definition = json.dumps(dict(record.definition), ensure_ascii=False, indent=2, sort_keys=True)
    return [
        Line(Style.TITLE, f"{plain(record.name)}, {record.channel}, edition {record.edition}"),
        Line(Style.DETAIL, f"last applied {moment(record.applied_at)}, as follows; people only as digests"),
        *(Line(Style.PLAIN, plain(line)) for line in definition.splitlines()),
        BLANK,
        Line(Style.TITLE, f"{count(len(frames))} frames"),
        *(Line(Style.PLAIN, _frame(frame)) for frame in frames),
    ]


def json_campaign(record: CampaignRecord, frames: Sequence[FrameRecord]) -> str:
    """A campaign as it was last sent, with its frames → a versioned document."""
    return document("campaign", campaign=_row(record), frames=[_row(frame) for frame in frames])


def _frame(frame: FrameRecord) -> str:
    when = moment(frame.last_change) if frame.last_change else "-"
    ticket = f"  ticket {plain(frame.ticket)}" if frame.ticket else ""
    why = f"  {words(frame.why)}" if frame.why else ""
    size = people(frame.size)
    return f"{frame.id[:ID_SHOWN]}  edition {frame.edition}  {frame.status:<8}{size:>12}  {when}{ticket}{why}"


def _row(record: CampaignRecord | FrameRecord) -> dict[str, Any]:
    """A record → its row in a document; moments and amounts are text."""
    return {
        name: str(value) if isinstance(value, datetime | Decimal) else value for name, value in asdict(record).items()
    }
