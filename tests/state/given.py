"""Receipts and exports of states that nobody ever had, as files."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from octoplan.report.exported import export_end, export_header, export_lines
from octoplan.state import receipts
from octoplan.state.home import State
from octoplan.state.interface import CampaignRecord, Store
from octoplan.state.keys import derive
from octoplan.state.receipts import Header, Mark, Receipt
from octoplan.state.restoring import Brought
from tests.state.conftest import EPOCH, META, NOW, at, frame_id

KEYS = derive("correct horse battery staple", META["lineage"])
HEADER = Header(environment="production", lineage=META["lineage"], key_check=KEYS.check)
CAMPAIGN = CampaignRecord(
    name="autumn-sale", edition=1, channel="sms", definition={"content": {"text": "Hi"}}, applied_at=NOW
)
BEGIN = Mark(kind="run", run="run-1", serial=1, at=NOW)


def of(store: Store) -> State:
    return State(store=store, keys=KEYS, lineage=META["lineage"])


def receipt(number: int, status: str, people: Sequence[int], *, serial: int = 1, **other: Any) -> Receipt:
    """What became of the frame of this number."""
    made = Receipt(
        run="run-1",
        frame=frame_id(number),
        campaign="autumn-sale",
        edition=1,
        content="c" * 32,
        refusals=0,
        status=status,
        recipients=len(people),
        at=at(5),
        serial=serial,
        people=tuple(people),
    )
    return replace(made, **other)


def sent(number: int, people: Sequence[int], **other: Any) -> Receipt:
    answer: dict[str, Any] = {"ticket": f"sms_{number}", "cost": Decimal("0.09"), "units": 2}
    return receipt(number, "sent", people, **answer | other)


def line(what: Header | Mark | CampaignRecord | Receipt) -> str:
    match what:
        case Header():
            return receipts.header_line(what)
        case Mark():
            return receipts.mark_line(what)
        case CampaignRecord():
            return receipts.campaign_line(what)
        case Receipt():
            return receipts.receipt_line(what)


def write(path: Path, *what: Receipt | CampaignRecord | Mark, header: Header = HEADER) -> Path:
    """Write a file of receipts, begun as every run begins it."""
    lines = [line(one) for one in (header, BEGIN, CAMPAIGN, *what)]
    path.write_text("".join(f"{one}\n" for one in lines), encoding="utf-8")
    return path


def bring(store: Store, path: Path, *, rehearse: bool = False, epoch: int = EPOCH) -> Brought:
    return store.bring(epoch, receipts.read(path, path.name), rehearse=rehearse)


def export(store: Store, path: Path) -> Path:
    """Write the export of a state, as the command does."""
    identity = store.identity
    lines = list(export_lines(store))
    text = [export_header("production", identity, KEYS.check), *lines, export_end(len(lines))]
    return write_lines(path, text)


def write_lines(path: Path, lines: Iterable[str]) -> Path:
    path.write_text("".join(f"{one}\n" for one in lines), encoding="utf-8")
    return path


def changed(line: str, **values: Any) -> str:
    """Change some values of a line; ... takes the key away."""
    made = json.loads(line) | values
    return json.dumps({key: value for key, value in made.items() if value is not ...}, separators=(",", ":"))


def moment(seconds: float) -> datetime:
    return at(seconds)
