"""The part of a store that tells whom it has `Reached`, in SQL."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import ClassVar, Final

from octoplan.state import rows
from octoplan.state.asking import Asking
from octoplan.state.reached import Reached
from octoplan.state.records import Status, owner_sql
from octoplan.state.rights import PRUNED
from octoplan.state.rows import Row
from octoplan.state.statements import moment, person_bytes

# What goes to own staff is nobody's message: it is kept under names that no campaign can have.
_TESTS: Final = "test:%"
_REACHED: Final = f"""SELECT f.no, c.name, f.edition, f.status, f.first_attempt, f.last_change, f.due
    FROM frames f JOIN campaigns c ON c.no = f.campaign
    WHERE f.status IN ('sending', 'sent', 'unknown') AND (f.status = 'sending' OR f.last_change > ? OR f.due > ?)
    AND c.name NOT LIKE ? AND c.name = {owner_sql("c.name")} ORDER BY c.name, f.edition, f.no"""
_HOLDING: Final = """SELECT c.name FROM campaigns c WHERE EXISTS (SELECT 1 FROM messages m WHERE m.campaign = c.no)
    OR EXISTS (SELECT 1 FROM frames f WHERE f.campaign = c.no AND f.why = ?)"""
_WANTED: Final = "wanted (name, edition) AS (VALUES {wanted})"
_SIZE: Final = f"""WITH {_WANTED} SELECT coalesce(sum(f.size), 0) AS people
    FROM wanted w JOIN campaigns c ON c.name = w.name JOIN frames f ON f.campaign = c.no AND f.edition = w.edition"""
# Rows are put together by the database: a million of them, one by one, would cost Python more than all other steps.
_FOUND: Final = """FROM wanted w JOIN campaigns c ON c.name = w.name
    JOIN messages m ON m.campaign = c.no AND m.edition = w.edition
    WHERE m.person >= r.low AND m.person <= r.high AND m.frame IS NOT NULL"""
_ONCE: Final = f"SELECT {{join}}({{hex}} || m.frame, ' ') {_FOUND}"
_OFTEN: Final = f"""SELECT {{join}}({{hex}} || replace(frames, ',', ' ' || {{hex}}), ' ') FROM (
    SELECT m.person, {{join}}(CAST(m.frame AS TEXT), ',') AS frames {_FOUND}
    GROUP BY m.person HAVING count(*) >= {{at_least}}) m"""
# Who is in all editions is looked up in the others, which takes half as long as to count.
_EVERYWHERE: Final = "SELECT {join}({texts}, ' ') FROM {tables} WHERE m.person >= r.low AND m.person <= r.high{each}"
_OF_EDITION: Final = """ AND {m}.campaign = (SELECT no FROM campaigns WHERE name = ?)
    AND {m}.edition = CAST(? AS INTEGER) AND {m}.person = m.person AND {m}.frame IS NOT NULL"""
_PLACED: Final = (
    f"WITH {_WANTED}, ranges (low, high) AS (VALUES {{ranges}}) SELECT ({{people}}) AS people FROM ranges r"
)
_PEOPLE, _AT_ONCE, _FEW = 1_000, 100, 8
_KEYS: Final = 1 << 128


class Reaching(Asking):
    """Frames, the moments of each, and who is in them, in SQL."""

    _join: ClassVar[str]
    """What puts texts of many rows together, with what stands between them."""
    _hex: ClassVar[str]
    """The person of a row `m` in hex digits."""

    def holding(self) -> frozenset[str]:
        """Campaigns that hold people, or held some that were pruned."""
        return frozenset(rows.decode(self._read(_HOLDING, PRUNED), lambda row: str(row["name"])))

    def reached(self, since: datetime) -> Sequence[Reached]:
        """Frames that may have reached their people after a moment."""
        at = moment(since)
        return rows.decode(self._read(_REACHED, at, at, _TESTS), _reached)

    def placed(self, editions: Sequence[tuple[str, int]], at_least: int) -> Iterator[Sequence[str]]:
        """Who is in how many frames of some editions, by ranges of keys: see `Reaches`."""
        named = [value for edition in editions for value in edition]
        wanted = ", ".join(["(?, CAST(? AS INTEGER))"] * len(editions))
        (people,) = rows.decode(self._read(_SIZE.format(wanted=wanted), *named), lambda row: int(row["people"]))
        everywhere = len(editions) == at_least <= _FEW
        asked, more = (self._everywhere(at_least), named) if everywhere else (self._often(at_least), ())
        ranges = _ranges(people // _PEOPLE + 1)
        while some := list(islice(ranges, _AT_ONCE)):
            sql = _PLACED.format(wanted=wanted, ranges=", ".join(["(?, ?)"] * len(some)), people=asked)
            found = self._read(sql, *named, *(key for bounds in some for key in bounds), *more)
            yield [text for text in rows.decode(found, lambda row: row["people"]) if text]

    def _everywhere(self, editions: int) -> str:
        """How many editions there are → the question who of a range `r` of keys is in all of them."""
        names = ["m", *(f"m{number}" for number in range(1, editions))]
        texts = " || ' ' || ".join(f"{self._hex} || {name}.frame" for name in names)
        tables = " CROSS JOIN ".join(f"messages {name}" for name in names)
        each = "".join(_OF_EDITION.format(m=name) for name in names)
        return _EVERYWHERE.format(join=self._join, texts=texts, tables=tables, each=each)

    def _often(self, at_least: int) -> str:
        """Of how many editions somebody must be → the question who of a range `r` of keys is."""
        asked = _ONCE if at_least == 1 else _OFTEN
        return asked.format(join=self._join, hex=self._hex, at_least=at_least)


def _ranges(count: int) -> Iterator[tuple[bytes, bytes]]:
    """How many ranges → the first and the last key of each: keys are hashes, so that all hold about as many people."""
    for number in range(count):
        low, end = (_KEYS * at // count for at in (number, number + 1))
        yield person_bytes(low), person_bytes(end - 1)


def _reached(row: Row) -> Reached:
    return Reached(
        no=row["no"],
        campaign=row["name"],
        edition=row["edition"],
        status=Status(row["status"]),
        first_attempt=_when(row["first_attempt"]),
        last_change=_when(row["last_change"]),
        due=_when(row["due"]),
    )


def _when(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written) if written else None
