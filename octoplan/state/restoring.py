"""Receipts → a state that was restored from an old copy, inside one transaction: what it has forgotten comes back.

Receipts are brought back in the order in which they were written, each as far as it says more than the state does, so
that to bring the same ones twice changes nothing. Nobody becomes free to be sent to who was not so before, but by a
refusal that the state had missed. Who is in another frame that may have reached them stays there; a frame that was
sent takes its people out of one that is unknown, since a person might say of that one that it was not sent.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from octoplan.state import fields
from octoplan.state.interface import CampaignRecord
from octoplan.state.ndjson import Line
from octoplan.state.receipts import Entry, Mark, Receipt
from octoplan.state.recording import know, release
from octoplan.state.rows import Row
from octoplan.state.statements import moment, person_bytes
from octoplan.state.writer import Writer

BROUGHT: Final = "brought back from a receipt"
LOST: Final = "brought back from a receipt that says open: its bytes are lost"
_LEFT: Final = "its people are in frames that receipts say were sent"
# Which receipt says more than a frame in this status: None is a frame that the state lacks.
_MORE: Final[Mapping[str | None, tuple[str, ...]]] = {
    None: ("sent", "refused", "split", "unknown", "open"),
    "planned": ("sent", "refused", "split", "unknown", "open"),
    "sending": ("sent", "refused", "split", "unknown"),
    "unknown": ("sent", "refused", "split"),
    "refused": ("sent",),
    "sent": (),
}
_GUARDS: Final = "opens, wave, arm, due"
_RAISED: Final = "refusals = CASE WHEN refusals > ? THEN refusals ELSE ? END"


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What receipts brought back. `frames`: how many by status, `people` in them; `freed`: people refused before.

    `elsewhere`: people who stay in another frame, since it may have reached them too; `left_out`: frames all of whose
    people do. `unnamed`: refused frames of which nobody knows who was in them. `released`: campaigns whose planned
    frames were dissolved.
    """

    frames: Mapping[str, int]
    people: int
    freed: int
    elsewhere: int
    left_out: int
    unnamed: int
    released: int
    campaigns: int
    raised: bool

    @property
    def is_nothing(self) -> bool:
        """Whether the state had it all."""
        return not (self.frames or self.campaigns or self.raised)


def bring(writer: Writer, entries: Iterable[Entry]) -> Brought:
    """Entries of a file of receipts, all about this state → what they brought; StateError where one cannot be so."""
    restoring = _Restoring(writer)
    serial = 0
    for entry in entries:
        match entry.what:
            case CampaignRecord():
                restoring.know(entry.what)
            case Receipt():
                restoring.bring(entry.line, entry.what)
                serial = max(serial, entry.what.serial)
            case Mark():
                serial = max(serial, entry.what.serial)
    raised = int(writer.value("SELECT value FROM meta WHERE name = 'serial'")) < serial
    if raised:
        writer.change("UPDATE meta SET value = ? WHERE name = 'serial'", str(serial))
    return restoring.brought(raised=raised)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ground:
    """A campaign by its number in the state, and one of its editions."""

    campaign: int
    name: str
    edition: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """A frame of the state as it stands."""

    no: int
    status: str
    size: int


class _Restoring:
    """One transaction of bringing back, and what it came to so far."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._frames: Counter[str] = Counter()
        self._counts: Counter[str] = Counter()
        self._released: set[str] = set()

    def brought(self, *, raised: bool) -> Brought:
        """Everything so far → what it came to."""
        names = ("people", "freed", "elsewhere", "left_out", "unnamed", "campaigns")
        counts = {name: self._counts[name] for name in names}
        return Brought(frames=dict(self._frames), released=len(self._released), raised=raised, **counts)

    def know(self, record: CampaignRecord) -> None:
        """A campaign that the state lacks, or has as it was before → as the receipts have it."""
        told = (record.edition, moment(record.applied_at))
        found = self._writer.rows("SELECT edition, applied_at FROM campaigns WHERE name = ?", record.name)
        if found and (found[0]["edition"], found[0]["applied_at"]) >= told:
            return
        know(self._writer, record)
        self._counts["campaigns"] += 1

    def bring(self, line: Line, one: Receipt) -> None:
        """A receipt → into the state, if it says more than the state does."""
        writer = self._writer
        number = writer.value("SELECT no FROM campaigns WHERE name = ?", one.campaign)
        ground = _Ground(campaign=number, name=one.campaign, edition=one.edition)
        found = writer.rows("SELECT no, campaign, edition, status, size FROM frames WHERE id = ?", one.frame)
        if found and (found[0]["campaign"], found[0]["edition"]) != (number, one.edition):
            raise line.wrong("import/reference", "the state has this frame in another campaign or edition", "frame")
        frame = _Frame(no=found[0]["no"], status=found[0]["status"], size=found[0]["size"]) if found else None
        if one.status not in _MORE[frame.status if frame else None]:
            return
        if frame and frame.status == "planned":
            one = replace(one, people=one.people or self._people(ground, frame.no))
            self._release(ground)
            frame = None
        if one.holds:
            self._hold(ground, one, frame)
        else:
            self._free(ground, one, frame)

    def _hold(self, ground: _Ground, one: Receipt, frame: _Frame | None) -> None:
        """A frame whose people had it, may have had it or are refused → there, with all of them who may be in it."""
        standing = self._standing(ground, one.people)
        taken = [person for person in one.people if _may_move(standing.get(person), frame, one)]
        self._counts["elsewhere"] += len(one.people) - len(taken)
        if not taken:
            self._counts["left_out"] += frame is None
            return
        rows = [standing[person] for person in taken if person in standing]
        if any(row["status"] == "planned" for row in rows):
            self._release(ground)
        self._leave(ground, frame, rows)
        number = self._write(ground, one, frame, _size(frame, rows, len(taken)))
        self._place(ground, (taken, [person for person in taken if person not in standing]), number, one.refusals)
        self._counts["people"] += len(taken)

    def _leave(self, ground: _Ground, frame: _Frame | None, rows: Sequence[Row]) -> None:
        """Where people stand who are about to be put into this frame → without them there."""
        for row, moved in Counter(map(_of, rows)).items():
            if row.status == "refused" and moved < row.size and not _is(row, frame):
                self._dissolve(ground, row.no)
            elif row.status == "unknown" and not _is(row, frame):
                self._shrink(row, moved)

    def _free(self, ground: _Ground, one: Receipt, frame: _Frame | None) -> None:
        """A frame that was definitely refused → there, and its people free, known to have been refused once more."""
        standing = self._standing(ground, one.people)
        if any(row["status"] == "planned" for row in standing.values()):
            self._release(ground)
        number = self._write(ground, one, frame, one.recipients)
        if frame and sum(row["frame"] == frame.no for row in standing.values()) < frame.size:
            self._dissolve(ground, number)
        free = [person for person in one.people if _is_free(standing.get(person), number)]
        new = [person for person in one.people if person not in standing]
        self._place(ground, (free, new), None, one.refusals + 1)
        self._counts["freed"] += len(free)
        self._counts["unnamed"] += not one.people

    def _people(self, ground: _Ground, frame: int) -> tuple[int, ...]:
        asked = "SELECT person FROM messages WHERE campaign = ? AND edition = ? AND frame = ? ORDER BY person"
        found = self._writer.rows(asked, ground.campaign, ground.edition, frame)
        return tuple(int.from_bytes(row["person"], "big") for row in found)

    def _standing(self, ground: _Ground, people: Sequence[int]) -> dict[int, Row]:
        """People → where each stands whom the edition knows."""
        if not people:
            return {}
        found = self._writer.rows(
            f"""SELECT m.person AS person, m.frame AS frame, f.status AS status, f.size AS size FROM messages m
                LEFT JOIN frames f ON f.no = m.frame
                WHERE m.campaign = ? AND m.edition = ? AND m.person IN ({_marks(people)})""",
            *(ground.campaign, ground.edition, *map(person_bytes, people)),
        )
        return {int.from_bytes(row["person"], "big"): row for row in found}

    def _write(self, ground: _Ground, one: Receipt, frame: _Frame | None, size: int) -> int:
        """A receipt → its frame's row, made or mended; its number."""
        status = _STATUS[one.status]
        self._frames[status] += 1
        why = LOST if one.status == "open" else BROUGHT
        cost = None if one.cost is None else str(one.cost)
        told = (status, size, moment(one.at), one.ticket, cost, fields.kept(one.units), one.code, why)
        if frame is None:
            columns = "status, size, last_change, ticket, cost, units, code, why"
            made: int = self._writer.value(
                f"""INSERT INTO frames (no, id, campaign, edition, run, content, refusals, {_GUARDS}, {columns})
                    VALUES ((SELECT coalesce(max(no), 0) + 1 FROM frames), {_marks(range(18))}) RETURNING no""",
                *(one.frame, ground.campaign, ground.edition, one.run, one.content, one.refusals),
                *(one.opens, one.wave, one.arm, one.due),
                *told,
            )
            return made
        self._writer.change(
            """UPDATE frames SET status = ?, size = ?, last_change = ?, ticket = ?, cost = ?, units = ?, code = ?,
               why = ? WHERE no = ?""",
            *told,
            frame.no,
        )
        self._writer.change("DELETE FROM bodies WHERE frame = ?", one.frame)
        return frame.no

    def _place(
        self, ground: _Ground, who: tuple[Sequence[int], Sequence[int]], frame: int | None, refusals: int
    ) -> None:
        """People, and those among them whom the edition does not know yet → in the frame, or in none."""
        people, new = who
        rows = ((ground.campaign, ground.edition, person_bytes(person), frame, refusals) for person in new)
        if new:
            self._writer.insert("messages", ("campaign", "edition", "person", "frame", "refusals"), rows)
        if len(new) < len(people):
            self._writer.change(
                f"""UPDATE messages SET frame = ?, {_RAISED}
                    WHERE campaign = ? AND edition = ? AND person IN ({_marks(people)})""",
                *(frame, refusals, refusals, ground.campaign, ground.edition, *map(person_bytes, people)),
            )

    def _dissolve(self, ground: _Ground, frame: int) -> None:
        """A refused frame → its people free, refused once more than it had counted."""
        refusals = 1 + self._writer.value("SELECT refusals FROM frames WHERE no = ?", frame)
        self._writer.change(
            f"UPDATE messages SET frame = NULL, {_RAISED} WHERE campaign = ? AND edition = ? AND frame = ?",
            *(refusals, refusals, ground.campaign, ground.edition, frame),
        )

    def _shrink(self, frame: _Frame, moved: int) -> None:
        """An unknown frame some of whose people had it in another one → of the size that is left of it."""
        if moved < frame.size:
            self._writer.change("UPDATE frames SET size = size - ? WHERE no = ?", moved, frame.no)
        else:
            self._writer.change("UPDATE frames SET status = 'refused', why = ? WHERE no = ?", _LEFT, frame.no)

    def _release(self, ground: _Ground) -> None:
        """The campaign's planned frames, certainly not sent → dissolved as wholes: a frame has as many as it says."""
        release(self._writer, ground.name)
        self._released.add(ground.name)


_STATUS: Final = {"sent": "sent", "refused": "refused", "split": "refused", "unknown": "unknown", "open": "unknown"}


def _of(row: Row) -> _Frame:
    return _Frame(no=row["frame"], status=row["status"], size=row["size"])


def _is(one: _Frame, other: _Frame | None) -> bool:
    return other is not None and one.no == other.no


def _size(frame: _Frame | None, rows: Sequence[Row], taken: int) -> int:
    """A frame, where those stand who are put into it, and how many they are → how many are in it then.

    One that was refused holds all of its people or none.
    """
    inside = sum(row["frame"] == frame.no for row in rows) if frame else 0
    if frame is None or (frame.status == "refused" and not inside):
        return taken
    return frame.size + taken - inside


def _may_move(row: Row | None, frame: _Frame | None, one: Receipt) -> bool:
    """Whether somebody who stands so may be put into the receipt's frame."""
    if row is None or row["frame"] is None or row["status"] == "planned" or _is(_of(row), frame):
        return True
    return row["status"] == "refused" or (row["status"] == "unknown" and one.status == "sent")


def _is_free(row: Row | None, frame: int) -> bool:
    """Whether somebody who stood so is in no frame, now that this one has let go of them."""
    return row is None or row["frame"] is None or row["frame"] == frame or row["status"] == "planned"


def _marks(values: Sequence[Any]) -> str:
    return ", ".join("?" * len(values))
