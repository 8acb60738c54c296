"""The part of a store that is about `Rights`, in SQL: what there is of a person, and how it goes."""

import json
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Final

from octoplan.state import faults, rows
from octoplan.state.hearing import Hearing
from octoplan.state.recording import release
from octoplan.state.records import Status
from octoplan.state.rights import PRUNED, Erased, Everything, Kept, OutcomeOpen
from octoplan.state.rows import Row
from octoplan.state.statements import moment, person_bytes
from octoplan.state.writer import Writer

_STANDING: Final = """SELECT m.campaign, m.edition, f.id, f.status, f.ticket, c.name FROM messages m
    JOIN campaigns c ON c.no = m.campaign LEFT JOIN frames f ON f.no = m.frame WHERE m.person = ?"""
_MESSAGES: Final = """SELECT c.name, c.channel, m.edition, m.refusals, coalesce(f.status, 'free') AS status,
        f.id, f.ticket, f.first_attempt, f.last_change, coalesce(f.due, '') AS due, coalesce(f.arm, '') AS arm
    FROM messages m JOIN campaigns c ON c.no = m.campaign LEFT JOIN frames f ON f.no = m.frame
    WHERE m.person = ? ORDER BY c.name, m.edition"""
_SKIPPED: Final = """SELECT c.name, c.channel, s.edition, s.why FROM skipped s JOIN campaigns c ON c.no = s.campaign
    WHERE s.person = ? ORDER BY c.name, s.edition"""
_OPEN: Final = ("sending", "unknown")
_TOLD: Final = ("deliveries", "replies", "optouts")


class Erasing(Hearing):
    """What there is of a person, and how it goes, in SQL."""

    @abstractmethod
    def _transaction(self) -> AbstractContextManager[Writer]:
        """A transaction whose end counts in the serial if it changed anything."""

    def scrub(self) -> None:
        """A server's files are its own."""

    def everything(self, person: int) -> Everything:
        """All that the state has of one person."""
        key = person_bytes(person)
        lists = self._read("SELECT l.entry FROM suppressed l WHERE l.person = ? ORDER BY l.entry", key)
        return Everything(
            messages=(
                *rows.decode(self._read(_MESSAGES, key), _kept),
                *rows.decode(self._read(_SKIPPED, key), _left_out),
            ),
            heard=self.told_of(person),
            lists=tuple(rows.decode(lists, lambda row: str(row["entry"]))),
            forgotten=self.forgotten_at(person),
        )

    def forgotten_at(self, person: int) -> datetime | None:
        """When somebody asked to be forgotten."""
        found = self._read("SELECT g.at FROM forgotten g WHERE g.person = ?", person_bytes(person))
        return rows.decode(found, lambda row: datetime.fromisoformat(row["at"]))[0] if found else None

    def any_forgotten(self) -> bool:
        """Whether anybody did."""
        return bool(self._read("SELECT g.at FROM forgotten g LIMIT 1"))

    def forget(self, epoch: int, person: int, at: datetime, tombstone: Callable[[], bytes]) -> Erased:
        """One transaction: the person is erased, and suppressed for good."""
        key = person_bytes(person)
        with self._transaction() as writer:
            if writer.epoch != epoch:
                raise faults.shut_out()
            standing = writer.rows(_STANDING, key)
            _check_settled(standing)
            for name in sorted({row["name"] for row in standing if row["status"] == "planned"}):
                release(writer, name)
            kept = unsent = 0
            for row in standing:
                if row["status"] in (None, "planned"):
                    unsent += _edition(writer, "DELETE FROM messages", key, row)
                else:
                    kept += _bury(writer, key, row, tombstone())
            told = sum(_lose(writer, key, tombstone))
            writer.change("INSERT INTO forgotten (person, at) VALUES (?, ?) ON CONFLICT DO NOTHING", key, moment(at))
        return Erased(messages=kept, unsent=unsent, told=told)

    def prune(self, epoch: int, campaign: str, note: Mapping[str, Any]) -> int:
        """One transaction: a campaign's people go, and their numbers stay; how many went."""
        with self._transaction() as writer:
            if writer.epoch != epoch:
                raise faults.shut_out()
            number = writer.value("SELECT no FROM campaigns WHERE name = ?", campaign)
            _check_settled(writer.rows("SELECT status, id FROM frames WHERE campaign = ?", number))
            release(writer, campaign)
            writer.change(
                """UPDATE frames SET why = ? WHERE campaign = ?
                   AND no IN (SELECT frame FROM messages WHERE campaign = ? AND frame IS NOT NULL)""",
                *(PRUNED, number, number),
            )
            gone = writer.change("DELETE FROM messages WHERE campaign = ?", number)
            writer.change("DELETE FROM skipped WHERE campaign = ?", number)
            for table in ("deliveries", "replies"):
                writer.change(
                    f"DELETE FROM {table} WHERE ticket IN (SELECT ticket FROM frames WHERE campaign = ?)", number
                )
            _note(writer, number, note)
        return gone


def _check_settled(standing: Any) -> None:
    """Pass frames whose outcome is known; OutcomeOpen for any other."""
    doubtful = sorted(row["id"] for row in standing if row["status"] in _OPEN)
    if doubtful:
        raise OutcomeOpen(
            f"the outcome of frame {doubtful[0][:12]} is not known yet: nothing was changed",
            hint="octoplan apply settles what is open; octoplan state resolve decides what is unknown",
        )


def _edition(writer: Writer, verb: str, key: bytes, row: Row, *values: Any) -> int:
    where = "WHERE campaign = ? AND edition = ? AND person = ?"
    return writer.change(f"{verb} {where}", *values, row["campaign"], row["edition"], key)


def _bury(writer: Writer, key: bytes, row: Row, tombstone: bytes) -> int:
    """A message that may have reached somebody, with what was told of it → under the tombstone's key."""
    for table in _TOLD if row["ticket"] else ():
        writer.change(f"UPDATE {table} SET person = ? WHERE person = ? AND ticket = ?", tombstone, key, row["ticket"])
    return _edition(writer, "UPDATE messages SET person = ?", key, row, tombstone)


def _lose(writer: Writer, key: bytes, tombstone: Callable[[], bytes]) -> Iterator[int]:
    """What was told of somebody beside the messages that are known → gone; who was left out counts on."""
    for row in writer.rows("SELECT campaign, edition FROM skipped WHERE person = ?", key):
        yield _edition(writer, "UPDATE skipped SET person = ?", key, row, tombstone())
    # An opt-out is never taken away, since they are known by their number: it only loses its person.
    yield writer.change("UPDATE optouts SET person = ? WHERE person = ?", tombstone(), key)
    for table in ("deliveries", "replies", "suppressed"):
        yield writer.change(f"DELETE FROM {table} WHERE person = ?", key)


def _note(writer: Writer, number: int, note: Mapping[str, Any]) -> None:
    definition = json.loads(writer.value("SELECT definition FROM campaigns WHERE no = ?", number))
    text = json.dumps({**definition, "pruned": dict(note)}, ensure_ascii=False, sort_keys=True)
    writer.change("UPDATE campaigns SET definition = ? WHERE no = ?", text, number)


def _kept(row: Row) -> Kept:
    return Kept(
        campaign=row["name"],
        edition=row["edition"],
        channel=row["channel"],
        status=Status(row["status"]),
        refusals=row["refusals"],
        frame=row["id"],
        ticket=row["ticket"],
        first_attempt=_when(row["first_attempt"]),
        last_change=_when(row["last_change"]),
        due=row["due"],
        arm=row["arm"],
    )


def _left_out(row: Row) -> Kept:
    return Kept(
        campaign=row["name"],
        edition=row["edition"],
        channel=row["channel"],
        status=Status.FREE,
        left_out=row["why"],
    )


def _when(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written) if written else None
