"""The records of an export → the rows of a new state, in the transaction that makes it.

Bodies are not exported, so that nobody can send a frame again that was open: it comes in as unknown.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from types import MappingProxyType
from typing import Any, Final

from octoplan.errors import StateError
from octoplan.state import fields, ndjson
from octoplan.state.asides import Aside
from octoplan.state.cuts import Cuts
from octoplan.state.exports import Placed, Record
from octoplan.state.halts import Halted
from octoplan.state.hearing import note_last
from octoplan.state.interface import CampaignRecord, FrameRecord, RunRecord, Status
from octoplan.state.questions import QUESTIONS
from octoplan.state.recording import know
from octoplan.state.records import Forgotten, Skipped, Suppressed
from octoplan.state.statements import moment, person_bytes
from octoplan.state.steering import note_of
from octoplan.state.told import Delivery, Optout, Reply
from octoplan.state.writer import Writer

# What may be so in a state that is whole; open frames come in as unknown ones.
_MAY_BE: Final = frozenset(("sent/no-ticket", "run/not-ended", "sending/many"))
_WAS_OPEN: Final = "it was open when the state was exported, without its bytes"
_RUN: Final = ("id", "environment", "started_at", "ended_at", "recipients", "requests")
_FRAME: Final = (
    *("no", "id", "campaign", "edition", "run", "status", "size", "content", "refusals", "attempts"),
    *("first_attempt", "last_change", "not_after", "ticket", "cost", "units", "code", "why"),
    *("opens", "wave", "arm", "due"),
)
_NOTE: Final = ("name", "value")
_MESSAGE: Final = ("campaign", "edition", "person", "frame", "refusals")
_TABLES: Final[Mapping[type, tuple[str, Sequence[str]]]] = MappingProxyType(
    {
        RunRecord: ("runs", _RUN),
        FrameRecord: ("frames", _FRAME),
        Placed: ("messages", _MESSAGE),
        Skipped: ("skipped", ("campaign", "edition", "person", "why")),
        Delivery: ("deliveries", ("ticket", "person", "status", "standing", "at")),
        Optout: ("optouts", ("no", "person", "ticket", "at", "heard_at")),
        Reply: ("replies", ("ticket", "person", "mark", "at")),
        Forgotten: ("forgotten", ("person", "at")),
        Suppressed: ("suppressed", ("entry", "person")),
        Halted: ("meta", _NOTE),
        Cuts: ("meta", _NOTE),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What an export holds. `opened`: frames that were open, and come in as unknown; `halts`: flags that are set."""

    campaigns: int
    frames: int
    messages: int
    opened: int
    halts: int = 0


def count(records: Iterable[Record]) -> Moved:
    """All records of an export → how many there are."""
    counts: Counter[type] = Counter()
    opened = 0
    for record in records:
        counts[type(record)] += 1
        opened += isinstance(record, FrameRecord) and record.status is Status.SENDING
    return Moved(
        campaigns=counts[CampaignRecord],
        frames=counts[FrameRecord],
        messages=counts[Placed],
        opened=opened,
        halts=counts[Halted],
    )


def fill(writer: Writer, records: Iterable[Record]) -> None:
    """Records, in the order of an export → rows of an empty state; StateError where they break one of its rules."""
    rows = _Rows()
    for kind, alike in groupby(records, type):
        if kind is CampaignRecord:
            for record in alike:
                rows.know(writer, record)
        else:
            table, columns = _TABLES[kind]
            writer.insert(table, columns, map(rows.row, alike))
    if rows.optouts:
        note_last(writer)
    for rule, question in QUESTIONS.items():
        if rule not in _MAY_BE and writer.rows(f"SELECT q.name FROM ({question}) q LIMIT 1"):
            raise StateError(f"what the export holds is no whole state [{rule}]", hint=ndjson.HINT)


class _Rows:
    """Records → rows, by the numbers that campaigns and frames have got."""

    def __init__(self) -> None:
        self._campaigns: dict[str, int] = {}
        self._frames: dict[str, int] = {}
        self.optouts = 0

    def know(self, writer: Writer, record: Record) -> None:
        """A campaign → its row, whose number is remembered."""
        if isinstance(record, CampaignRecord):
            self._campaigns[record.name] = know(writer, record)

    def row(self, record: Record) -> Sequence[Any]:
        """Any other record → the values of its row."""
        match record:
            case RunRecord():
                values = [getattr(record, name) for name in _RUN]
            case FrameRecord():
                values = self._frame(record)
            case Placed():
                frame = self._frames[record.frame] if record.frame else None
                person = person_bytes(record.person)
                values = [self._campaigns[record.campaign], record.edition, person, frame, record.refusals]
            case Halted() | Cuts():
                values = list(note_of(record))
            case CampaignRecord():
                raise AssertionError(record.name)
            case _:
                values = self._aside(record)
        return [moment(one) if isinstance(one, datetime) else one for one in values]

    def _aside(self, record: Aside) -> list[Any]:
        """What is about no frame → the values of its row; opt-outs get numbers in the order in which they stand."""
        values: dict[str, Any] = {"person": person_bytes(record.person)}
        if isinstance(record, Skipped):
            values["campaign"] = self._campaigns[record.campaign]
        elif isinstance(record, Optout):
            self.optouts += 1
            values["no"] = self.optouts
        columns = _TABLES[type(record)][1]
        found = [values[name] if name in values else getattr(record, name) for name in columns]
        return ["" if one is None else one for one in found]

    def _frame(self, record: FrameRecord) -> list[Any]:
        number = self._frames[record.id] = len(self._frames) + 1
        values = {name: getattr(record, name) for name in _FRAME if name != "no"}
        values["campaign"] = self._campaigns[record.campaign]
        values["status"] = str(record.status)
        values["cost"] = None if record.cost is None else str(record.cost)
        values["units"] = fields.kept(record.units)
        if record.status is Status.SENDING:
            values |= {"status": str(Status.UNKNOWN), "why": record.why or _WAS_OPEN}
        return [number, *(values[name] for name in _FRAME if name != "no")]
