"""All that a state holds → lines of JSON, for `octoplan state export`; people as hashes, bodies never."""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from octoplan.report.document import VERSION, line
from octoplan.report.safe import words
from octoplan.state.asides import KINDS, Aside
from octoplan.state.cuts import all_cuts
from octoplan.state.interface import FORMAT, CampaignRecord, FrameRecord, Identity, RunRecord, Store
from octoplan.state.steering import values_of


def export_header(environment: str, identity: Identity, key_check: str) -> str:
    """Which state it is, and what tells whether a key is its own → the first line; its format is that of the lines."""
    named = {"octoplan": "state", "version": VERSION, "environment": environment}
    return line({**named, **asdict(identity), "format": FORMAT, "key_check": key_check})


def export_lines(store: Store) -> Generator[str]:
    """An open state → campaigns, runs, frames, messages and so on, a line each; a batch is held at once."""
    for one in _records(store):
        yield line(one)


def export_end(lines: int) -> str:
    """How many lines there were after the first → the last line, without which an export is not whole."""
    return line({"kind": "end", "lines": lines})


def _records(store: Store) -> Iterator[dict[str, Any]]:
    campaigns = store.campaigns()
    yield from (_record("campaign", one) for one in campaigns)
    yield from (_record("run", one) for one in store.runs())
    for batch in store.all_frames():
        yield from (_record("frame", one) for one in batch)
    for campaign in campaigns:
        yield from _messages(store, campaign.name)
    asides: tuple[Iterator[Sequence[Aside]], ...] = (
        *(store.all_skipped(), store.deliveries(), store.optouts()),
        *(store.replies(), store.forgotten(), store.suppressed()),
    )
    for kind, batches in zip(KINDS, asides, strict=True):
        for told in batches:
            yield from (_aside(kind, one) for one in told)
    yield from (_checked({"kind": "halt", **values_of(one)}) for one in store.halts())
    yield from ({"kind": "waves", **values_of(one)} for one in all_cuts(store.meta()))


def _messages(store: Store, campaign: str) -> Iterator[dict[str, Any]]:
    for edition in store.editions(campaign):
        for batch in store.messages(campaign, edition):
            for one in batch:
                yield {
                    "kind": "message",
                    "campaign": campaign,
                    "edition": edition,
                    "person": f"{one.person:032x}",
                    "status": one.status,
                    "frame": one.frame,
                    "refusals": one.refusals,
                }


def _aside(kind: str, record: Aside) -> dict[str, Any]:
    values = {name: _written(getattr(record, name)) for name in record.__slots__}
    return {"kind": kind, **values, "person": f"{record.person:032x}"}


def _record(kind: str, record: CampaignRecord | RunRecord | FrameRecord) -> dict[str, Any]:
    """A record → the object of its line; what a person wrote as a reason is masked where it looks like an address."""
    return _checked({"kind": kind, **{name: _written(getattr(record, name)) for name in record.__slots__}})


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    return {**values, "why": words(values["why"])} if values.get("why") else values


def _written(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value
