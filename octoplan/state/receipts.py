"""What became of frames, as lines of a file beside the state → values, and back: what `apply --receipts` leaves.

    {"octoplan":"receipts",...}     which state it is about; once, at the top
    {"kind":"run",...}              an apply begins
    {"kind":"campaign",...}         a campaign as it was sent, before its first receipt and whenever it changed
    {"kind":"receipt",...}          a frame came to an end, or stayed open when its run ended
    {"kind":"end",...}              the apply is over

A frame may have several receipts: the last one counts. People are their keys, addresses are nowhere.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from octoplan.errors import StateError
from octoplan.project import CHANNELS
from octoplan.state import fields, ndjson
from octoplan.state.fields import Check
from octoplan.state.interface import CampaignRecord
from octoplan.state.ndjson import Line

VERSION: Final = 1
KIND: Final = "receipts"
# Serials are counted up by one; a store adds to them as whole numbers.
SERIAL: Final = fields.whole(0, 2 * 10**9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Which state the receipts are about; `key_check` tells whether a key is the one that people are hashed with."""

    environment: str
    lineage: str
    key_check: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """An apply begins or is over: `serial` is the state's at that moment."""

    kind: str
    run: str
    serial: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of a frame: sent, refused, split, unknown or open.

    `keep`: its people stay refused, else a refusal frees them. `people` are empty where the state no longer knew who
    was in a frame that had been refused. `serial`: no state that is older can hold this.
    """

    run: str
    frame: str
    campaign: str
    edition: int
    content: str
    refusals: int
    status: str
    recipients: int
    at: datetime
    serial: int
    people: tuple[int, ...] = field(repr=False)
    keep: bool = False
    ticket: str | None = None
    cost: Decimal | None = None
    units: int | None = None
    code: int | None = None
    opens: str = ""
    wave: int = 0
    arm: str = ""
    due: str = ""

    @property
    def holds(self) -> bool:
        """Whether its people must not be sent to again: they had it, may have had it, or are refused for good."""
        return self.keep or self.status in ("sent", "unknown", "open")

    @property
    def is_whole(self) -> bool:
        """Whether it names as many people as it has recipients, or nobody where they are free again."""
        return len(self.people) == self.recipients or not (self.people or self.holds)


What = Header | Mark | CampaignRecord | Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of a file of receipts, and what it says."""

    line: Line
    what: What


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A whole file of receipts in short. `last`: the line of each frame's last receipt, and its status.

    `campaigns`: edition and moment of each as last told. `size`: bytes of all whole lines.
    """

    header: Header
    serial: int
    last: Mapping[str, tuple[int, str]]
    campaigns: Mapping[str, tuple[int, datetime]]
    size: int


def read(path: Path, shown: str) -> Iterator[Entry]:
    """A file of receipts → its entries, the Header first; StateError at the first line that cannot be believed."""
    checked = _Reading()
    for line in ndjson.read_lines(path, shown):
        what = _header(line) if line.number == 1 else _what(line)
        checked.check(line, what)
        yield Entry(line=line, what=what)
    if not checked.begun:
        raise StateError(f"{shown} is empty: it holds no receipts [import/header]", hint=ndjson.HINT)


def survey(path: Path, shown: str) -> Known:
    """A file of receipts → what it holds in short; StateError where any line cannot be believed."""
    serial, size = 0, 0
    headers: list[Header] = []
    last: dict[str, tuple[int, str]] = {}
    campaigns: dict[str, tuple[int, datetime]] = {}
    for entry in read(path, shown):
        size = entry.line.end
        match entry.what:
            case Header():
                headers.append(entry.what)
            case CampaignRecord(name=name, edition=edition, applied_at=applied_at):
                campaigns[name] = (edition, applied_at)
            case Mark():
                serial = max(serial, entry.what.serial)
            case Receipt(frame=frame, status=status):
                serial = max(serial, entry.what.serial)
                last[frame] = (entry.line.number, status)
    return Known(header=headers[0], serial=serial, last=last, campaigns=campaigns, size=size)


def header_line(header: Header) -> str:
    """The Header → the first line of a file."""
    named = {"environment": header.environment, "lineage": header.lineage, "key_check": header.key_check}
    return _dump({"octoplan": KIND, "version": VERSION, **named})


def mark_line(mark: Mark) -> str:
    """A Mark → its line."""
    return _dump({"kind": mark.kind, "run": mark.run, "serial": mark.serial, "at": mark.at.isoformat()})


def campaign_line(record: CampaignRecord) -> str:
    """A campaign's record → its line, the same as in an export."""
    values = {name: getattr(record, name) for name in record.__slots__}
    return _dump({"kind": "campaign", **values, "applied_at": record.applied_at.isoformat()})


def receipt_line(receipt: Receipt) -> str:
    """A Receipt → its line."""
    values = {name: getattr(receipt, name) for name in _RECEIPT if name not in {"kind", *_MAY_LACK}}
    values |= {name: value for name in _MAY_LACK if (value := getattr(receipt, name))}
    values["at"] = receipt.at.isoformat()
    values["cost"] = None if receipt.cost is None else str(receipt.cost)
    values["people"] = fields.packed(receipt.people)
    return _dump({"kind": "receipt", **values})


CAMPAIGN: Final[Mapping[str, Check]] = MappingProxyType(
    {
        "kind": fields.one_of("campaign"),
        "name": fields.text(),
        "edition": fields.whole(1),
        "channel": fields.one_of(*CHANNELS),
        "definition": fields.definition,
        "applied_at": fields.moment,
    }
)
_HEADER: Final[Mapping[str, Check]] = MappingProxyType(
    {
        "octoplan": fields.one_of(KIND),
        "version": fields.whole(1),
        "environment": fields.text(),
        "lineage": fields.digits(16),
        "key_check": fields.digits(32),
    }
)
_MARK: Final[Mapping[str, Check]] = MappingProxyType(
    {"kind": fields.one_of("run", "end"), "run": fields.text(), "serial": SERIAL, "at": fields.moment}
)
_RECEIPT: Final[Mapping[str, Check]] = MappingProxyType(
    {
        "kind": fields.one_of("receipt"),
        "run": fields.text(),
        "frame": fields.digits(32),
        "campaign": fields.text(),
        "edition": fields.whole(1),
        "content": fields.digits(1, 64),
        "refusals": fields.whole(0, fields.MOST - 1),
        "status": fields.one_of("sent", "refused", "split", "unknown", "open"),
        "keep": fields.flag,
        "ticket": fields.optional(fields.text()),
        "recipients": fields.whole(1, fields.PEOPLE),
        "cost": fields.optional(fields.money),
        "units": fields.optional(fields.whole(0, fields.COUNTED)),
        "code": fields.optional(fields.whole(-fields.MOST)),
        "at": fields.moment,
        "serial": SERIAL,
        "people": fields.people,
        "opens": fields.text(1_000_000),
        "wave": fields.whole(0),
        "arm": fields.text(),
        "due": fields.text(),
    }
)
_MAY_LACK: Final = ("opens", "wave", "arm", "due")
"""What a line has only where there is something to say."""


class _Reading:
    """What the lines of a file must keep to among themselves."""

    def __init__(self) -> None:
        self.begun = False
        self._campaigns: set[str] = set()
        self._frames: dict[str, tuple[Any, ...]] = {}
        self._people: dict[str, int] = {}

    def check(self, line: Line, what: What) -> None:
        """StateError where a line contradicts those before it, or itself."""
        self.begun = True
        if isinstance(what, CampaignRecord):
            self._campaigns.add(what.name)
        elif isinstance(what, Receipt):
            self._check_receipt(line, what)

    def _check_receipt(self, line: Line, one: Receipt) -> None:
        if one.campaign not in self._campaigns:
            raise line.wrong("import/reference", "no line before it tells of this campaign", "campaign")
        if one.keep and one.status != "refused":
            raise line.wrong("import/value", "only a refused frame keeps its people", "keep")
        if not one.is_whole:
            raise line.wrong("import/count", "there are more or fewer people than recipients", "people")
        said = (one.campaign, one.edition, one.content, one.refusals, one.recipients)
        people = hash(one.people)
        same = not one.people or self._people.setdefault(one.frame, people) == people
        if self._frames.setdefault(one.frame, said) != said or not same:
            raise line.wrong("import/twice", "an earlier receipt of this frame says otherwise", "frame")


def _header(line: Line) -> Header:
    if line.values.get("octoplan") != KIND:
        raise line.wrong("import/header", "these are no receipts of octoplan")
    if type(version := line.values.get("version")) is int and version > VERSION:
        raise line.wrong("import/header", f"its version is {version}, this octoplan reads {VERSION}", "version")
    values = line.read(_HEADER)
    return Header(environment=values["environment"], lineage=values["lineage"], key_check=values["key_check"])


def _what(line: Line) -> What:
    match line.kind:
        case "receipt":
            values = line.read(
                {key: check for key, check in _RECEIPT.items() if key in line.values or key not in _MAY_LACK}
            )
            return Receipt(**{name: value for name, value in values.items() if name != "kind"})
        case "campaign":
            return campaign(line)
        case "run" | "end":
            return Mark(**line.read(_MARK))
        case _:
            raise line.wrong("import/kind", "receipts have no line of this kind", "kind" if line.kind else "")


def campaign(line: Line) -> CampaignRecord:
    """A line of a campaign → its record."""
    values = line.read(CAMPAIGN)
    return CampaignRecord(**{name: value for name, value in values.items() if name != "kind"})


def _dump(values: Mapping[str, Any]) -> str:
    return json.dumps(dict(values), separators=(",", ":"), allow_nan=False)
