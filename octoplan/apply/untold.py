"""A state and the file of its receipts → those that the file lacks: their run died, or a person has resolved a frame.

A frame that the file knows had the people that it says, whatever became of them in the state: somebody may have been
forgotten since, or stand in another frame. Who was in a frame that is pruned, or that was refused and freed them before
anything told of it, nobody knows any more.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Final

from octoplan.state import fields, receipts
from octoplan.state.home import State
from octoplan.state.interface import FrameRecord, Status, Store
from octoplan.state.receipts import Known, Receipt
from octoplan.state.restoring import BROUGHT, LOST
from octoplan.state.rights import PRUNED
from octoplan.state.statements import person_bytes

_ENDED: Final = (Status.SENT, Status.REFUSED, Status.UNKNOWN)
_SAME: Final = {
    "sent": Status.SENT,
    "refused": Status.REFUSED,
    "split": Status.REFUSED,
    "unknown": Status.UNKNOWN,
}
_TOLD: Final = ("ticket", "cost", "units", "code", "opens", "wave", "arm", "due")


def untold(state: State, path: Path, known: Known | None, now: datetime) -> Iterator[Receipt]:
    """An open state, its file and what that holds, None if it is new → receipts to add, which can be read again."""
    store = state.store
    frames = sorted(_frames(store, known), key=_edition)
    told = _told(path, frozenset(frame.id for frame in frames)) if known and frames else {}
    serial = store.identity.serial
    for edition, alike in groupby(frames, _edition):
        group = list(alike)
        people = _people(store, edition, frozenset(one.id for one in group if _is_asked(one, told.get(one.id))))
        for frame in group:
            receipt = _again(frame, fields.keys(people.get(frame.id, b"")), told.get(frame.id), serial, now)
            if receipt.is_whole:
                yield receipt


def _edition(frame: FrameRecord) -> tuple[str, int]:
    return frame.campaign, frame.edition


def _frames(store: Store, known: Known | None) -> Iterator[FrameRecord]:
    """Frames that came to an end without a receipt that says so."""
    ended = {run.id for run in store.runs() if run.ended_at is not None}
    told = {frame: status for frame, (_, status) in known.last.items()} if known else {}
    for batch in store.all_frames():
        for frame in batch:
            status = told.get(frame.id)
            unheard = frame.run not in ended and frame.why not in (BROUGHT, LOST, PRUNED)
            new = unheard if status is None else _SAME.get(status) is not frame.status
            if frame.status in _ENDED and new:
                yield frame


def _told(path: Path, wanted: frozenset[str]) -> dict[str, Receipt]:
    """A file and some of its frames → a receipt of each, one that names its people if there is one."""
    found: dict[str, Receipt] = {}
    for entry in receipts.read(path, str(path)):
        if isinstance(entry.what, Receipt) and entry.what.frame in wanted:
            named = found.get(entry.what.frame)
            found[entry.what.frame] = named if named and named.people else entry.what
    return found


def _is_asked(frame: FrameRecord, told: Receipt | None) -> bool:
    """Whether the state is asked who is in a frame: of one that was refused, since that tells whether it keeps them."""
    return frame.status is Status.REFUSED or not (told and told.people)


def _people(store: Store, edition: tuple[str, int], wanted: frozenset[str]) -> Mapping[str, bytes | bytearray]:
    """An edition and some of its frames → who is in each, by one look at all of its people: the bytes of their keys."""
    found: dict[str, bytearray] = {}
    for batch in store.messages(*edition) if wanted else ():
        for one in batch:
            if one.frame in wanted:
                found.setdefault(one.frame, bytearray()).extend(person_bytes(one.person))
    return found


def _again(frame: FrameRecord, people: tuple[int, ...], told: Receipt | None, serial: int, now: datetime) -> Receipt:
    """A frame as the state has it, who is in it there, and what was told of it → its receipt."""
    return Receipt(
        run=frame.run,
        frame=frame.id,
        campaign=frame.campaign,
        edition=frame.edition,
        content=frame.content,
        refusals=frame.refusals,
        status=str(frame.status),
        keep=frame.status is Status.REFUSED and bool(people),
        recipients=told.recipients if told else frame.size,
        at=frame.last_change or now,
        serial=serial,
        people=told.people if told and told.people else people,
        **{name: getattr(frame, name) for name in _TOLD},
    )
