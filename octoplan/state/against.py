"""A state and a file of its receipts → what the state lacks or says otherwise. It only reads.

A state may know more than a receipt: a frame that was open or unknown may have been settled or resolved since.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final

from octoplan.errors import StateError
from octoplan.state import receipts
from octoplan.state.home import State
from octoplan.state.interface import FrameRecord, Held, Status
from octoplan.state.questions import FIRST, Breach
from octoplan.state.receipts import Header, Known, Receipt
from octoplan.state.rights import PRUNED

BEHIND: Final = "receipts/behind"
MISSING: Final = "receipts/missing"
STATUS: Final = "receipts/status"
TICKET: Final = "receipts/ticket"
SIZE: Final = "receipts/size"
FREE: Final = "receipts/free"
ELSEWHERE: Final = "receipts/elsewhere"
REFUSALS: Final = "receipts/refusals"
RULES: Final = (BEHIND, MISSING, STATUS, TICKET, SIZE, FREE, ELSEWHERE, REFUSALS)
_REFUSED: Final = (Status.REFUSED,)
# What a frame may be now, of which this was the last receipt.
_NOW: Final[Mapping[str, tuple[Status, ...]]] = MappingProxyType(
    {
        "sent": (Status.SENT,),
        "refused": _REFUSED,
        "split": _REFUSED,
        "unknown": (Status.UNKNOWN, Status.SENT, Status.REFUSED),
        "open": (Status.SENDING, Status.UNKNOWN, Status.SENT, Status.REFUSED),
    }
)
_FREE: Final = (Status.FREE, Status.PLANNED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What receipts say that the state does not. `serial`: the last one they tell of."""

    receipts: int
    serial: int
    broken: tuple[Breach, ...]


def check_header(header: Header, state: State, shown: str) -> None:
    """Pass receipts of this very state; StateError for those of another one, or of people hashed with another key."""
    if header.lineage != state.lineage:
        raise StateError(
            f"{shown} holds receipts of another state: lineage {header.lineage}, this one is {state.lineage}",
            hint="nothing was changed; name the file that belongs to this state",
        )
    if header.key_check != state.keys.check:
        raise StateError(
            f"the people in {shown} are hashed with another key than those of the state",
            hint="nothing was changed; with another key nobody would be recognised",
        )


def compare(state: State, path: Path, shown: str) -> Compared:
    """An open state and a file of receipts → what is missing or otherwise; StateError where they are not its own."""
    known = receipts.survey(path, shown)
    check_header(known.header, state, shown)
    found = _Found()
    gone = _gone(state)
    if state.store.identity.serial < known.serial:
        found.add(BEHIND, str(known.serial))
    frames = {one.id: one for batch in state.store.all_frames() for one in batch}
    for receipt in _last(path, shown, known):
        for rule, names in _differences(receipt, frames.get(receipt.frame), state, gone):
            found.add(rule, *names)
    return Compared(receipts=len(known.last), serial=known.serial, broken=found.breaches())


def forgotten(state: State, path: Path, shown: str, known: Known) -> int:
    """An open state and its receipts → how many people, in frames that it lacks, it would send to a second time.

    A frame that is planned, or refused where the receipt says sent, is lacked as well: it lets its people be sent to.
    """
    gone = _gone(state)
    there = {one.id: one.status for batch in state.store.all_frames() for one in batch}
    lacking = (one for one in _last(path, shown, known) if _is_lacking(one, there.get(one.frame)))
    lacking = (one for one in lacking if (one.campaign, one.edition) not in gone.editions)
    return sum(len(names) for one in lacking for rule, names in _people(one, None, state, gone) if rule == FREE)


def _is_lacking(one: Receipt, status: Status | None) -> bool:
    """Whether a frame that stands so, None: nowhere, knows less of its people than its receipt does."""
    return status in (None, Status.PLANNED) or (status is Status.REFUSED and one.status == "sent")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gone:
    """Who is not in the state any more, and need not be: people who asked for it, and those of pruned editions."""

    people: frozenset[int]
    editions: frozenset[tuple[str, int]]


def _gone(state: State) -> _Gone:
    frames = (one for batch in state.store.all_frames() for one in batch)
    return _Gone(
        people=frozenset(one.person for batch in state.store.forgotten() for one in batch),
        editions=frozenset((one.campaign, one.edition) for one in frames if one.why == PRUNED),
    )


def _last(path: Path, shown: str, known: Known) -> Iterator[Receipt]:
    """A file of receipts → the last one of every frame that is known; an apply that is at work adds others."""
    last = {number for number, _ in known.last.values()}
    for entry in receipts.read(path, shown):
        if isinstance(entry.what, Receipt) and entry.line.number in last:
            yield entry.what


@dataclass(slots=True)
class _Found:
    """Findings so far: how many by rule, and the first of them by name."""

    counts: dict[str, int] = field(default_factory=dict)
    first: dict[str, list[str]] = field(default_factory=dict)

    def add(self, rule: str, *names: str) -> None:
        self.counts[rule] = self.counts.get(rule, 0) + len(names)
        named = self.first.setdefault(rule, [])
        named += names[: FIRST - len(named)]

    def breaches(self) -> tuple[Breach, ...]:
        return tuple(
            Breach(rule=rule, count=self.counts[rule], first=tuple(self.first[rule]))
            for rule in RULES
            if self.counts.get(rule)
        )


def _differences(
    one: Receipt, frame: FrameRecord | None, state: State, gone: _Gone
) -> Iterator[tuple[str, tuple[str, ...]]]:
    if frame is None:
        yield MISSING, (one.frame,)
    elif frame.status not in _NOW[one.status]:
        yield STATUS, (one.frame,)
    elif one.ticket and frame.status is Status.SENT and frame.ticket != one.ticket:
        yield TICKET, (one.frame,)
    if frame is not None and frame.size != one.recipients:
        yield SIZE, (one.frame,)
    if (one.campaign, one.edition) not in gone.editions:
        yield from _people(one, frame, state, gone)


def _people(
    one: Receipt, frame: FrameRecord | None, state: State, gone: _Gone
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """A receipt, and its frame if the state has it → the people of it who stand where they should not.

    Who asked to be forgotten stands nowhere, and is never sent to again.
    """
    if not one.holds:
        held = _find(one, state)
        left = (person for person in one.people if person not in gone.people)
        yield REFUSALS, _named(person for person in left if _is_unaware(held.get(person), one.refusals))
        return
    if frame is not None and frame.status is Status.REFUSED and one.status != "sent":
        return
    held = {person: found for person, found in _find(one, state).items() if found.status not in _FREE}
    if not one.keep:
        yield FREE, _named(person for person in one.people if person not in held and person not in gone.people)
    yield ELSEWHERE, _named(person for person, found in held.items() if found.frame != one.frame)


def _find(one: Receipt, state: State) -> Mapping[int, Held]:
    return state.store.find(one.campaign, one.edition, one.people)


def _is_unaware(held: Held | None, refusals: int) -> bool:
    """Whether somebody could get an id a second time that a refusal may have used up."""
    return held is None or (held.status in _FREE and held.refusals <= refusals)


def _named(people: Iterator[int]) -> tuple[str, ...]:
    return tuple(f"{person:032x}" for person in people)
