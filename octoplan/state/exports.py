"""What `octoplan state export` wrote → the records of a whole state, or the first reason why it is none.

Its lines stand in one order: campaigns, runs, frames, messages, what `asides` and `steering` know, the end; messages by
campaign, edition and person, so that one which stands there twice is found without remembering them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from octoplan.errors import StateError
from octoplan.state import asides, fields, ndjson, steering
from octoplan.state.asides import Aside
from octoplan.state.fields import Check
from octoplan.state.interface import FORMAT, CampaignRecord, FrameRecord, Identity, RunRecord, Status
from octoplan.state.ndjson import HINT, Line
from octoplan.state.receipts import SERIAL, campaign
from octoplan.state.rights import PRUNED
from octoplan.state.steering import Steering

VERSION: Final = 1
KIND: Final = "state"
# How often a person unlocked it: each earlier epoch may have a lock that is looked for.
EPOCH: Final = fields.whole(0, 100_000)
_STATUSES: Final = tuple(str(one) for one in Status)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """Which state was exported; `key_check` tells whether a key is the one that its people are hashed with."""

    identity: Identity
    key_check: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A person of an edition; `frame` None: free."""

    campaign: str
    edition: int
    person: int
    frame: str | None
    refusals: int


Record = CampaignRecord | RunRecord | FrameRecord | Placed | Aside | Steering


def read_header(path: Path, shown: str) -> Exported:
    """A file → which state it is an export of; StateError where it is none, or of a newer octoplan."""
    line = next(iter(ndjson.read_lines(path, shown)), None)
    if line is None or line.values.get("octoplan") != KIND:
        raise StateError(f"{shown} is no export of a state [import/header]", hint=HINT)
    for key, newest in (("version", VERSION), ("format", FORMAT)):
        if type(found := line.values.get(key)) is int and found > newest:
            raise line.wrong("import/header", f"its {key} is {found}, this octoplan reads up to {newest}", key)
    values = line.read(_HEADER)
    identity = Identity(**{name: values[name] for name in ("format", "lineage", "serial", "epoch")})
    return Exported(identity=identity, key_check=values["key_check"])


def read(path: Path, shown: str) -> Iterator[Record]:
    """A file whose header was read → all its records in order; StateError where it is not whole or contradicts itself.

    What it ends with is known at its end only: nothing may be kept of what was read before.
    """
    reading = _Reading(_SHAPES)
    line: Line | None = None
    for line in ndjson.read_lines(path, shown):
        if line.number == 1:
            reading = _Reading(_FIRST if line.values.get("format") == 1 else _SHAPES)
            continue
        if reading.ended:
            raise line.wrong("import/end", "it stands after the end")
        record = reading.check(line)
        if record is not None:
            yield record
    if line is None or not reading.ended:
        raise StateError(f"{shown} has no end: it was cut off, or the export failed [import/end]", hint=HINT)


@dataclass(slots=True)
class _Seen:
    """A frame, and how many of its people were seen so far."""

    record: FrameRecord
    line: Line
    people: int = 0


class _Reading:
    """What was read so far of an export, as far as later lines must agree with it."""

    def __init__(self, shapes: Mapping[str, Mapping[str, Check]]) -> None:
        self.ended = False
        self._shapes = shapes
        self._kind = 0
        self._campaigns: set[str] = set()
        self._runs: set[str] = set()
        self._frames: dict[str, _Seen] = {}
        self._last: tuple[str, int, int] | None = None
        self._asides = asides.Reading()
        self._steering: set[tuple[str, str]] = set()

    def check(self, line: Line) -> Record | None:
        """A line → its record, None for the end."""
        kinds = tuple(self._shapes)
        if line.kind not in kinds:
            raise line.wrong("import/kind", "an export has no line of this kind", "kind" if line.kind else "")
        before, self._kind = self._kind, kinds.index(line.kind)
        if self._kind < before:
            raise line.wrong("import/order", f"it stands after {kinds[before]} lines", "kind")
        if line.kind == "campaign":
            return self._campaign(line)
        values = line.read(self._shapes[line.kind])
        del values["kind"]
        match line.kind:
            case "run":
                return self._run(line, RunRecord(**values))
            case "frame":
                return self._frame(line, FrameRecord(**{**values, "status": Status(values["status"])}))
            case "message":
                return self._message(line, values)
            case "end":
                self._end(line, values["lines"])
                return None
            case _:
                return self._other(line, values)

    def _other(self, line: Line, values: Mapping[str, Any]) -> Aside | Steering:
        if line.kind in steering.SHAPES:
            return self._steers(line, values)
        if "campaign" in values:
            self._known(line, values["campaign"])
        return self._asides.check(line, values)

    def _steers(self, line: Line, values: Mapping[str, Any]) -> Steering:
        """A flag of a campaign that was never applied holds as well; waves are of one that was."""
        here = (line.kind, values["campaign"])
        self._once(line, here in self._steering, "campaign")
        self._steering.add(here)
        if line.kind == "waves":
            self._known(line, values["campaign"])
        try:
            return steering.record(line.kind, values)
        except ValueError as wrong:
            raise line.wrong("import/value", f"it has to be {wrong}", "cuts") from None

    def _campaign(self, line: Line) -> CampaignRecord:
        record = campaign(line)
        self._once(line, record.name in self._campaigns, "name")
        self._campaigns.add(record.name)
        return record

    def _run(self, line: Line, record: RunRecord) -> RunRecord:
        self._once(line, record.id in self._runs, "id")
        self._runs.add(record.id)
        return record

    def _frame(self, line: Line, record: FrameRecord) -> FrameRecord:
        self._known(line, record.campaign)
        self._once(line, record.id in self._frames, "id")
        self._frames[record.id] = _Seen(record=record, line=_bare(line))
        return record

    def _message(self, line: Line, values: Mapping[str, Any]) -> Placed:
        self._known(line, values["campaign"])
        here = (values["campaign"], values["edition"], values["person"])
        if self._last is not None and here <= self._last:
            raise line.wrong("import/order", "this message stands there twice, or after a later one", "person")
        self._last = here
        self._join(line, values)
        return Placed(**{name: value for name, value in values.items() if name != "status"})

    def _join(self, line: Line, values: Mapping[str, Any]) -> None:
        """A message whose frame is known, of the same campaign and edition, and as it says → counted there."""
        seen = self._frames.get(values["frame"]) if values["frame"] else None
        if values["frame"] and seen is None:
            raise line.wrong("import/reference", "no line before it tells of this frame", "frame")
        if seen is None:
            fits = values["status"] == "free"
        else:
            there = (seen.record.campaign, seen.record.edition, str(seen.record.status))
            fits = there == (values["campaign"], values["edition"], values["status"])
            seen.people += 1
        if not fits:
            raise line.wrong("import/reference", "it is not of the campaign, edition and status of its frame", "frame")

    def _end(self, line: Line, lines: int) -> None:
        if lines != line.number - 2:
            raise line.wrong("import/count", "there are more or fewer lines than that", "lines")
        for seen in self._frames.values():
            freed = not seen.people and (seen.record.status is Status.REFUSED or seen.record.why == PRUNED)
            if seen.people != seen.record.size and not freed:
                raise seen.line.wrong("import/count", "there are more or fewer people in it than its size says")
        self.ended = True

    def _known(self, line: Line, name: str) -> None:
        if name not in self._campaigns:
            raise line.wrong("import/reference", "no line before it tells of this campaign", "campaign")

    @staticmethod
    def _once(line: Line, known: bool, key: str) -> None:  # noqa: FBT001 - what was found
        if known:
            raise line.wrong("import/twice", "it stands there twice", key)


def _bare(line: Line) -> Line:
    """A line → its place alone: that of each frame is kept until the end."""
    return Line(file=line.file, number=line.number, end=line.end, text="{}", values={})


_HEADER: Final[Mapping[str, Check]] = MappingProxyType(
    {
        "octoplan": fields.one_of(KIND),
        "version": fields.whole(1),
        "environment": fields.text(),
        "format": fields.whole(1),
        "lineage": fields.digits(16),
        "serial": SERIAL,
        "epoch": EPOCH,
        "key_check": fields.digits(32),
    }
)
_RUN: Final[Mapping[str, Check]] = MappingProxyType(
    {
        "kind": fields.one_of("run"),
        "id": fields.text(),
        "environment": fields.text(),
        "started_at": fields.moment,
        "ended_at": fields.optional(fields.moment),
        "recipients": fields.whole(0),
        "requests": fields.whole(0),
    }
)
_FRAME: Final[Mapping[str, Check]] = MappingProxyType(
    {
        "kind": fields.one_of("frame"),
        "id": fields.digits(32),
        "campaign": fields.text(),
        "edition": fields.whole(1),
        "status": fields.one_of(*_STATUSES[1:]),
        "size": fields.whole(1, fields.PEOPLE),
        "content": fields.digits(1, 64),
        "run": fields.text(),
        "refusals": fields.whole(0),
        "attempts": fields.whole(0),
        "first_attempt": fields.optional(fields.moment),
        "last_change": fields.optional(fields.moment),
        "not_after": fields.optional(fields.moment),
        "ticket": fields.optional(fields.text()),
        "cost": fields.optional(fields.money),
        "units": fields.optional(fields.whole(0, fields.COUNTED)),
        "code": fields.optional(fields.whole(-fields.MOST)),
        "why": fields.text(1_000_000),
    }
)
_FRAME_2: Final[Mapping[str, Check]] = MappingProxyType(
    {**_FRAME, "opens": fields.text(1_000_000), "wave": fields.whole(0), "arm": fields.text(), "due": fields.text()}
)
_MESSAGE: Final[Mapping[str, Check]] = MappingProxyType(
    {
        "kind": fields.one_of("message"),
        "campaign": fields.text(),
        "edition": fields.whole(1),
        "person": fields.person,
        "status": fields.one_of(*_STATUSES),
        "frame": fields.optional(fields.digits(32)),
        "refusals": fields.whole(0),
    }
)
_END: Final[Mapping[str, Check]] = MappingProxyType({"kind": fields.one_of("end"), "lines": fields.whole(0)})
# In the order in which they stand; the first format had less.
_FIRST: Final[Mapping[str, Mapping[str, Check]]] = MappingProxyType(
    {"campaign": MappingProxyType({}), "run": _RUN, "frame": _FRAME, "message": _MESSAGE, "end": _END}
)
_SHAPES: Final[Mapping[str, Mapping[str, Check]]] = MappingProxyType(
    {
        "campaign": MappingProxyType({}),
        "run": _RUN,
        "frame": _FRAME_2,
        "message": _MESSAGE,
        **asides.SHAPES,
        **steering.SHAPES,
        "end": _END,
    }
)
