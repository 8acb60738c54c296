"""A Change → the SQL that makes it, each first statement a compare-and-swap on frame, status and run.

A statement is an (SQL, values) pair, written once for SQLite and PostgreSQL, with `?` for each value. When the first of
a change's statements touches no row, the frame was not as the change said, and the rest must not run.

How often a person was refused is always raised to more than any frame of theirs has counted: their next frame then has
an id that was never used, even if it holds the same people again.
"""

from datetime import UTC, datetime
from typing import Any

from octoplan.state.fields import kept
from octoplan.state.halts import ALL
from octoplan.state.interface import Again, Begin, Change, Child, Open, PutBack, Refused, Sent, Split, TakenOut, Unknown
from octoplan.state.records import owner_sql

Statement = tuple[str, tuple[Any, ...]]

_FREE = """UPDATE messages SET frame = NULL, refusals = 1 + (SELECT refusals FROM frames WHERE id = ?)
    WHERE (campaign, edition) = (SELECT campaign, edition FROM frames WHERE id = ?)
    AND frame = (SELECT no FROM frames WHERE id = ?)"""
# It never goes back: a clock that runs behind would make the frame look younger than it is to the next run.
_LAST_CHANGE = "last_change = CASE WHEN last_change > ? THEN last_change ELSE ? END"
# A frame that is begun is begun before the flag is durable: what is open then is all that can still leave.
_NOT_HALTED = f"""NOT EXISTS (SELECT 1 FROM meta WHERE name = '{ALL}'
    OR name = (SELECT '{ALL}:' || {owner_sql("c.name")} FROM campaigns c WHERE c.no = frames.campaign))"""
_MOVED = """UPDATE messages SET frame = (SELECT no FROM frames WHERE id = ?)
    WHERE (campaign, edition) = (SELECT campaign, edition FROM frames WHERE id = ?)
    AND frame = (SELECT no FROM frames WHERE id = ?) AND person = ?"""
_ERASE = "DELETE FROM bodies WHERE frame = ?"


def moment(at: datetime) -> str:
    """A moment → its text in the state: UTC, ISO 8601, sortable."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def person_bytes(person: int) -> bytes:
    """A person key → its 16 bytes, which sort as the keys do."""
    return person.to_bytes(16, "big")


def statements(change: Change) -> list[Statement]:
    """A change → its statements in order."""
    erase = (_ERASE, (change.frame,))
    made: list[Statement]
    match change:
        case Begin() | PutBack():
            made = _begun(change)
        case Again():
            made = [_swap(change, "attempts = attempts + 1, run = ?", change.run, holder=change.held_by)]
        case Open():
            made = [_swap(change, "why = ?", change.why)]
        case Sent():
            made = [_sent(change), erase]
        case Unknown():
            made = [_swap(change, "status = 'unknown', why = ?", change.why), erase]
        case Refused():
            made = [_refuse(change), *_freed(change), erase]
        case Split() | TakenOut():
            made = _apart(change)
    return made


def resolution(frame: str, *, sent: bool, why: str, at: datetime) -> list[Statement]:
    """A person's word on an unknown frame → its statements."""
    status = "sent" if sent else "refused"
    swap = ("UPDATE frames SET status = ?, why = ?, last_change = ? WHERE id = ? AND status = 'unknown'",)
    return [
        (*swap, (status, why, moment(at), frame)),
        *([] if sent else [(_FREE, (frame,) * 3)]),
    ]


def _swap(change: Change, setting: str, *values: Any, old: str = "sending", holder: str | None = None) -> Statement:
    """The compare-and-swap: `holder` is the run that has the frame now, None: the change's own."""
    at = moment(change.at)
    return (
        f"UPDATE frames SET {_LAST_CHANGE}, {setting} WHERE id = ? AND status = ? AND run = ?",
        (at, at, *values, change.frame, old, holder or change.run),
    )


def _begun(change: Begin | PutBack) -> list[Statement]:
    """A planned frame that is begun, or one that is planned again since not a byte of it was sent."""
    if isinstance(change, PutBack):
        back = _swap(change, "status = 'planned', attempts = 0, first_attempt = NULL")
        return [back, (_ERASE, (change.frame,))]
    set_to = "status = 'sending', attempts = 1, first_attempt = ?"
    sql, values = _swap(change, set_to, moment(change.at), old="planned")
    return [
        (f"{sql} AND {_NOT_HALTED}", values),
        ("INSERT INTO bodies (frame, sealed) VALUES (?, ?)", (change.frame, change.body)),
    ]


def _sent(change: Sent) -> Statement:
    cost = None if change.cost is None else str(change.cost)
    values = (change.ticket, cost, kept(change.units), change.why)
    return _swap(change, "status = 'sent', ticket = ?, cost = ?, units = ?, why = ?", *values)


def _refuse(change: Refused | Split) -> Statement:
    return _swap(change, "status = 'refused', code = ?, why = ?", change.code, change.why)


def _apart(change: Split | TakenOut) -> list[Statement]:
    """A frame whose people go into others, or into none."""
    if isinstance(change, TakenOut):
        return _taken_out(change)
    children = (statement for child in change.children for statement in _child(change, child))
    return [_refuse(change), (_ERASE, (change.frame,)), *children]


def _freed(change: Refused) -> list[Statement]:
    return [] if change.keep else [(_FREE, (change.frame,) * 3)]


def _taken_out(change: TakenOut) -> list[Statement]:
    """A frame that nobody has seen → its people out of it: who is gone into none, the others into the new one."""
    rest = change.rest
    moved: list[Statement] = [(_MOVED, (None, *(change.frame,) * 2, person_bytes(person))) for person in change.gone]
    if rest is not None:
        moved += [(_MOVED, (rest.id, *(change.frame,) * 2, person_bytes(person))) for person in rest.people]
    old = "sending" if change.begun else "planned"
    return [
        _swap(change, "attempts = attempts", old=old),
        *([] if rest is None else [_new_frame(change.frame, rest, change.at)]),
        *moved,
        (_ERASE, (change.frame,)),
        ("DELETE FROM frames WHERE id = ?", (change.frame,)),
    ]


def _new_frame(parent: str, child: Child, at: datetime) -> Statement:
    inherited = "campaign, edition, run, content, not_after, opens, wave, arm, due"
    return (
        f"""INSERT INTO frames (no, id, status, size, refusals, last_change, {inherited})
            SELECT (SELECT max(no) + 1 FROM frames), ?, 'planned', ?, ?, ?, {inherited} FROM frames WHERE id = ?""",
        (child.id, len(child.people), child.refusals, moment(at), parent),
    )


def _child(split: Split, child: Child) -> list[Statement]:
    moved = """UPDATE messages SET frame = (SELECT no FROM frames WHERE id = ?), refusals = ?
        WHERE (campaign, edition) = (SELECT campaign, edition FROM frames WHERE id = ?)
        AND frame = (SELECT no FROM frames WHERE id = ?) AND person = ?"""
    return [
        _new_frame(split.frame, child, split.at),
        *(
            (moved, (child.id, child.refusals, split.frame, split.frame, person_bytes(person)))
            for person in child.people
        ),
    ]
