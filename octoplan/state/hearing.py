"""The part of a store that is `Told` what callbacks say, in SQL, and who was left out of an edition."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from octoplan.state import faults, rows
from octoplan.state.asking import Asking
from octoplan.state.halting import HEARD
from octoplan.state.records import Forgotten, Skipped, Suppressed
from octoplan.state.rows import Row
from octoplan.state.statements import moment, person_bytes
from octoplan.state.told import DELIVERED, Delivery, Heard, Optout, Reply, Response, Took
from octoplan.state.writer import Writer

_AT_ONCE: Final = 500
# Whatever order callbacks come in, the one that stands furthest is kept; of two that stand alike, the later.
_DELIVERY: Final = """INSERT INTO deliveries (ticket, person, status, standing, at) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (person, ticket) DO UPDATE SET status = excluded.status, standing = excluded.standing, at = excluded.at
    WHERE (excluded.standing, excluded.at, excluded.status) > (deliveries.standing, deliveries.at, deliveries.status)"""
_OPTOUT: Final = """INSERT INTO optouts (no, person, ticket, at, heard_at)
    VALUES ((SELECT coalesce(max(no), 0) + 1 FROM optouts), ?, ?, ?, ?) ON CONFLICT (person, ticket) DO NOTHING"""
_REPLY: Final = """INSERT INTO replies (ticket, person, mark, at) VALUES (?, ?, ?, ?)
    ON CONFLICT (person, ticket, mark) DO NOTHING"""
# Beside the epoch, so that to ask whether anybody said STOP costs nothing before every first byte.
_LATEST: Final = """INSERT INTO meta (name, value) SELECT ?, CAST(max(no) AS TEXT) FROM optouts WHERE no > 0
    ON CONFLICT (name) DO UPDATE SET value = excluded.value"""
# Only what is about a message of ours: a ticket is a frame's, and its person is in it.
_OURS: Final = """JOIN frames f ON f.ticket = t.ticket JOIN messages m ON m.campaign = f.campaign
    AND m.edition = f.edition AND m.person = t.person AND m.frame = f.no JOIN campaigns c ON c.no = f.campaign"""
_BY_STATUS: Final = f"""SELECT c.name, f.edition, t.status, count(*) AS n FROM deliveries t {_OURS}
    GROUP BY c.name, f.edition, t.status"""
# SQLite keeps the order of a CROSS JOIN: of many messages, few are answered by a STOP or a reply.
_BY_EDITION: Final = """SELECT c.name, f.edition, count(DISTINCT t.person) AS n
    FROM {} t CROSS JOIN frames f CROSS JOIN messages m CROSS JOIN campaigns c
    WHERE f.ticket = t.ticket AND m.campaign = f.campaign AND m.edition = f.edition AND m.person = t.person
    AND m.frame = f.no AND c.no = f.campaign GROUP BY c.name, f.edition"""
_ANY_DELIVERY: Final = "SELECT d.person FROM deliveries d LIMIT 1"


_ONE_EDITION: Final = "WHERE c.name = ? AND f.edition = ?"
_SENT_BY_ARM: Final = f"""SELECT f.arm, count(*) AS n FROM messages m JOIN frames f ON f.no = m.frame
    JOIN campaigns c ON c.no = f.campaign {_ONE_EDITION} AND f.status = 'sent' GROUP BY f.arm ORDER BY f.arm"""
_BY_ARM: Final = f"SELECT f.arm, count(DISTINCT t.person) AS n FROM {{}} t {_OURS} {_ONE_EDITION}{{}} GROUP BY f.arm"
_ARRIVED: Final = f" AND t.status IN ({', '.join(repr(status) for status in sorted(DELIVERED))})"


class Hearing(Asking):
    """What was heard, and who was left out, in SQL."""

    def hear(self, heard: Sequence[Heard]) -> int:
        """One durable transaction: what is new or later than what was known is kept; how many were."""
        with self._begin() as writer:
            return hear(writer, heard)

    def responses(self) -> Mapping[tuple[str, int], Response]:
        """Campaign and edition → how its people took it, as far as anything was heard."""
        statuses: dict[tuple[str, int], dict[str, int]] = {}
        told = self._read(_BY_STATUS) if self._read(_ANY_DELIVERY) else ()  # else all messages were looked through
        for edition, status, many in rows.decode(told, _counted_status):
            statuses.setdefault(edition, {})[status] = many
        optouts = dict(rows.decode(self._read(_BY_EDITION.format("optouts")), _counted))
        replies = dict(rows.decode(self._read(_BY_EDITION.format("replies")), _counted))
        return {
            edition: Response(
                statuses=statuses.get(edition, {}), optouts=optouts.get(edition, 0), replies=replies.get(edition, 0)
            )
            for edition in sorted({*statuses, *optouts, *replies})
        }

    def took(self, campaign: str, edition: int) -> tuple[Took, ...]:
        """How the people of an edition took it, by variant."""

        def by_arm(asked: str) -> Mapping[str, int]:
            return dict(rows.decode(self._read(asked, campaign, edition), _counted_arm))

        delivered = by_arm(_BY_ARM.format("deliveries", _ARRIVED))
        opted_out, replied = by_arm(_BY_ARM.format("optouts", "")), by_arm(_BY_ARM.format("replies", ""))
        return tuple(
            Took(
                arm=arm,
                sent=sent,
                delivered=delivered.get(arm, 0),
                opted_out=opted_out.get(arm, 0),
                replied=replied.get(arm, 0),
            )
            for arm, sent in by_arm(_SENT_BY_ARM).items()
        )

    def last_optout(self) -> int:
        """The number of the latest opt-out, 0 before the first."""
        return int(self._read("SELECT coalesce(max(o.no), 0) AS no FROM optouts o")[0]["no"])

    def optouts(self, since: int = 0) -> Iterator[Sequence[Optout]]:
        """All opt-outs after the one of this number, in the order in which they were heard."""
        return self._batches(_optout, "SELECT o.* FROM optouts o WHERE o.no > ? ORDER BY o.no", since)

    def stopped(self) -> Iterator[Sequence[int]]:
        """Everybody who opted out, each once."""
        return self._batches(rows.person, "SELECT DISTINCT o.person FROM optouts o ORDER BY o.person")

    def opted_out(self, people: Sequence[int], since: int = 0) -> frozenset[int]:
        """Those of some people who opted out after the opt-out of this number."""
        found: set[int] = set()
        for first in range(0, len(people), _AT_ONCE):
            some = people[first : first + _AT_ONCE]
            asked = f"SELECT o.person FROM optouts o WHERE o.no > ? AND o.person IN ({', '.join('?' * len(some))})"
            found.update(rows.decode(self._read(asked, since, *map(person_bytes, some)), rows.person))
        return frozenset(found)

    def deliveries(self) -> Iterator[Sequence[Delivery]]:
        """All that is known of deliveries."""
        return self._batches(_delivery, "SELECT d.* FROM deliveries d ORDER BY d.person, d.ticket")

    def replies(self) -> Iterator[Sequence[Reply]]:
        """All replies."""
        return self._batches(_reply, "SELECT r.* FROM replies r ORDER BY r.person, r.ticket, r.mark")

    def told_of(self, person: int) -> tuple[Heard, ...]:
        """All that was heard of one person."""
        key = person_bytes(person)
        return (
            *rows.decode(self._read("SELECT d.* FROM deliveries d WHERE d.person = ? ORDER BY d.at", key), _delivery),
            *rows.decode(self._read("SELECT o.* FROM optouts o WHERE o.person = ? ORDER BY o.no", key), _optout),
            *rows.decode(self._read("SELECT r.* FROM replies r WHERE r.person = ? ORDER BY r.at", key), _reply),
        )

    def skipped(self, campaign: str, edition: int) -> Iterator[Sequence[Skipped]]:
        """Who by decision gets nothing in an edition, in person order."""
        asked = """SELECT s.person, s.why FROM skipped s JOIN campaigns c ON c.no = s.campaign
            WHERE c.name = ? AND s.edition = ? ORDER BY s.person"""

        def read(row: Row) -> Skipped:
            return Skipped(campaign=campaign, edition=edition, person=rows.person(row), why=row["why"])

        return self._batches(read, asked, campaign, edition)

    def all_skipped(self) -> Iterator[Sequence[Skipped]]:
        """Who by decision gets nothing in which edition, by campaign, edition and person."""
        asked = """SELECT c.name, s.edition, s.person, s.why FROM skipped s JOIN campaigns c ON c.no = s.campaign
            ORDER BY c.name, s.edition, s.person"""
        return self._batches(_skipped, asked)

    def forgotten(self) -> Iterator[Sequence[Forgotten]]:
        """Who asked to be forgotten, and when."""
        return self._batches(_forgotten, "SELECT g.person, g.at FROM forgotten g ORDER BY g.person")

    def remember(self, epoch: int, entry: str, left: Iterable[Sequence[int]], joined: Iterable[Sequence[int]]) -> None:
        """One transaction: who left a list of suppressions, and who joined it, by key, are known to have."""
        with self._begin() as writer:
            if writer.epoch != epoch:
                raise faults.shut_out()
            remember(writer, entry, left, joined)

    def suppressed_in(self, entry: str) -> Iterator[Sequence[int]]:
        """Who stood in one list of suppressions at the last apply."""
        return self._batches(
            rows.person, "SELECT l.person FROM suppressed l WHERE l.entry = ? ORDER BY l.person", entry
        )

    def suppressed(self) -> Iterator[Sequence[Suppressed]]:
        """Who stood in which list of suppressions at the last apply."""
        return self._batches(_suppressed, "SELECT l.entry, l.person FROM suppressed l ORDER BY l.entry, l.person")


def _counted_arm(row: Row) -> tuple[str, int]:
    return row["arm"], int(row["n"])


def remember(writer: Writer, entry: str, left: Iterable[Sequence[int]], joined: Iterable[Sequence[int]]) -> None:
    """Who left a list of suppressions and who joined it, in batches → the rows of that list.

    Whoever asked to be forgotten is in no list: who stands there is suppressed for good, without anybody saying which.
    """
    for batch in left:
        gone = [(entry, person_bytes(person)) for person in batch]
        writer.each("DELETE FROM suppressed WHERE entry = ? AND person = ?", gone)
    writer.insert(
        "suppressed", ("entry", "person"), ((entry, person_bytes(person)) for batch in joined for person in batch)
    )
    writer.change("DELETE FROM suppressed WHERE entry = ? AND person IN (SELECT person FROM forgotten)", entry)


def hear(writer: Writer, heard: Sequence[Heard]) -> int:
    """What was heard → rows, in an open transaction; how many were new, or later than what was known.

    Nothing is kept of whoever asked to be forgotten.
    """
    forgotten = _gone(writer, heard)
    heard = [one for one in heard if one.person not in forgotten]
    deliveries = [
        (one.ticket, person_bytes(one.person), one.status, one.standing, told(one.at))
        for one in heard
        if isinstance(one, Delivery)
    ]
    optouts = [
        (person_bytes(one.person), one.ticket, told(one.at), moment(one.heard_at))
        for one in heard
        if isinstance(one, Optout)
    ]
    replies = [
        (one.ticket, person_bytes(one.person), one.mark, told(one.at)) for one in heard if isinstance(one, Reply)
    ]
    wanted: tuple[tuple[str, list[tuple[Any, ...]]], ...] = (
        (_OPTOUT, [*optouts]),
        (_DELIVERY, [*deliveries]),
        (_REPLY, [*replies]),
    )
    new = {sql: writer.each(sql, values) for sql, values in wanted if values}
    if new.get(_OPTOUT):
        note_last(writer)
    return sum(new.values())


def note_last(writer: Writer) -> None:
    """Opt-outs that are there → the number of the last of them, where it is looked for."""
    writer.change(_LATEST, HEARD)


def _gone(writer: Writer, heard: Sequence[Heard]) -> frozenset[int]:
    people = [person_bytes(person) for person in sorted({one.person for one in heard})]
    found: set[int] = set()
    for first in range(0, len(people), _AT_ONCE):
        some = people[first : first + _AT_ONCE]
        asked = f"SELECT person FROM forgotten WHERE person IN ({', '.join('?' * len(some))})"
        found.update(rows.decode(writer.rows(asked, *some), rows.person))
    return frozenset(found)


def told(at: datetime | None) -> str:
    """When something is said to have been → its text in the state; blank where it was not told."""
    return moment(at) if at else ""


def _when(written: str) -> datetime | None:
    return datetime.fromisoformat(written) if written else None


def _delivery(row: Row) -> Delivery:
    return Delivery(ticket=row["ticket"], person=rows.person(row), status=row["status"], at=_when(row["at"]))


def _optout(row: Row) -> Optout:
    heard_at = datetime.fromisoformat(row["heard_at"])
    return Optout(person=rows.person(row), ticket=row["ticket"], at=_when(row["at"]), heard_at=heard_at)


def _reply(row: Row) -> Reply:
    return Reply(ticket=row["ticket"], person=rows.person(row), mark=row["mark"], at=_when(row["at"]))


def _skipped(row: Row) -> Skipped:
    return Skipped(campaign=row["name"], edition=row["edition"], person=rows.person(row), why=row["why"])


def _counted(row: Row) -> tuple[tuple[str, int], int]:
    return (row["name"], row["edition"]), row["n"]


def _counted_status(row: Row) -> tuple[tuple[str, int], str, int]:
    return (row["name"], row["edition"]), row["status"], row["n"]


def _forgotten(row: Row) -> Forgotten:
    return Forgotten(person=rows.person(row), at=datetime.fromisoformat(row["at"]))


def _suppressed(row: Row) -> Suppressed:
    return Suppressed(entry=row["entry"], person=rows.person(row))
