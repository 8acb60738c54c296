"""SQL that holds people against caps: who has had, or is about to have, too many messages in too little time.

Tables, for all campaigns of a plan:

    reached   frame, kind, first, last      when the people of a frame were, or will be, reached: microseconds
    recent    person, frame                 who is in which

and with the name of the people's table as suffix:

    over      person, cap, free             who is over which cap, and from when on not any more
    todo      loses them

and for the time of one question

    near      person, first, last           messages that count, of which a stretch can hold one and the new one
    summed    person, messages, first, last who has so many of them that they could be over the cap; the latest `first`
                                            and the earliest `last`
    many      person                        who has more than just so many
    mine      person, first, last           their messages
    starts    person, start                 where a stretch that holds most of them can begin
    full      person                        who of those is over it

A message may have reached its person at any moment from `first` to `last`; `kind` says by number which caps count it.
Stretches of time begin with what they begin at, and end just before what they end at.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from octoplan.table.connection import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """When a frame's people were reached, in microseconds; `kind`: which caps count it, by a number of the caller's."""

    frame: int
    kind: int
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A cap, by its number: it counts messages of these `kinds`, of which `within` microseconds may hold `at_most`."""

    number: int
    kinds: frozenset[int]
    at_most: int
    within: int


class Capping:
    """Everybody who was reached lately, and whoever is about to be, for all campaigns of a plan."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._planned = 0
        table.execute("CREATE TABLE reached (frame BIGINT, kind INTEGER, first BIGINT, last BIGINT)")
        table.execute("CREATE TABLE recent (person UHUGEINT, frame BIGINT)")

    def frames(self, reached: Sequence[Reach]) -> None:
        """Frames that were sent lately."""
        columns = ([getattr(one, name) for one in reached] for name in ("frame", "kind", "first", "last"))
        self._table.append("reached", tuple(columns))

    def people(self, batches: Iterable[Sequence[str]]) -> None:
        """Who is in frames, instead of whom was known to be before: texts of many, divided by blanks, in batches.

        Each is 32 hex digits and a frame's number; who is in none that was sent lately does not count.
        """
        self._table.execute("DELETE FROM recent WHERE frame > 0")
        for texts in batches:
            self._table.execute(
                """INSERT INTO recent SELECT ('0x' || left(one, 32))::UHUGEINT, frame FROM (
                    SELECT one, substr(one, 33)::BIGINT AS frame
                    FROM (SELECT unnest(string_split(text, ' ')) AS one FROM (SELECT unnest(?) AS text)))
                    SEMI JOIN reached USING (frame)""",
                (list(texts),),
            )

    def plan(self, messages: str, kind: int, moment: tuple[int, int]) -> None:
        """The table of a campaign's messages → its people are about to be reached."""
        self._planned -= 1  # the state's frames have numbers above 0
        self._table.execute("INSERT INTO reached VALUES (?, ?, ?, ?)", (self._planned, kind, *moment))
        self._table.execute(f"INSERT INTO recent SELECT person, {self._planned} FROM {messages}")

    def begin(self, name: str) -> None:
        """Nobody is over a cap yet."""
        self._table.execute(f"CREATE TABLE over_{name} (person UHUGEINT, cap INTEGER, free BIGINT)")

    def hold(self, name: str, bound: Bound, moment: tuple[int, int]) -> int:
        """Free people, who would be reached at some moment from the first to the last → who is over the cap; how many.

        A stretch that holds most messages begins with the latest moment of one of them, or with that of the new one.
        """
        if not bound.kinds:
            return 0
        first, last = moment
        given = {"first": first, "last": last, "within": bound.within, "cap": bound.number}
        if bound.at_most == 1:  # whoever has one near the new one has two in a stretch
            return self._table.execute(
                f"""INSERT INTO over_{name} SELECT person, $cap, max(last) + $within FROM ({_near(bound)})
                    SEMI JOIN todo_{name} USING (person) ANTI JOIN over_{name} USING (person) GROUP BY person""",
                given,
            )
        given["most"] = bound.at_most
        # One query of all of it takes two to four times as long, as DuckDB 2.0 plans it.
        for step, asked in _steps(name, bound).items():
            self._ask(f"CREATE TABLE {step}_{name} AS {asked}", given)
        # All messages of one who has just so many are in a stretch if they are in the one that begins with the first.
        found = self._ask(
            f"""INSERT INTO over_{name} SELECT person, $cap, last + $within FROM summed_{name}
                WHERE messages = $most AND first < least(last, $last) + $within""",
            given,
        )
        found += self._ask(
            f"""INSERT INTO over_{name} SELECT person, $cap, list_sort(list(last), 'DESC')[$most] + $within
                FROM mine_{name} SEMI JOIN full_{name} USING (person) GROUP BY person""",
            given,
        )
        for step in _steps(name, bound):
            self._table.execute(f"DROP TABLE {step}_{name}")
        return found

    def _ask(self, sql: str, given: Mapping[str, int]) -> int:
        """A statement, and values of which it names some."""
        return self._table.execute(sql, {key: value for key, value in given.items() if f"${key}" in sql})

    def waits(self, name: str, cap: int) -> tuple[int, int]:
        """A cap → how many people are over it, and from when on the first of them is not any more."""
        (row,) = self._table.rows(f"SELECT count(*), coalesce(min(free), 0) FROM over_{name} WHERE cap = ?", (cap,))
        return int(row[0]), int(row[1])

    def over(self, name: str, person: int) -> tuple[int, int] | None:
        """The cap that somebody is over, and from when on not any more; None where they are over none."""
        asked = f"SELECT cap, free FROM over_{name} WHERE person = ?::UHUGEINT"
        return next(((int(cap), int(free)) for cap, free in self._table.rows(asked, (str(person),))), None)

    def rows(self, name: str, batch: int) -> Iterable[list[tuple[Any, ...]]]:
        """Who is over a cap: (record, address, cap), in order of their rows, in batches."""
        return self._table.batches(
            f"SELECT p.record, p.address, o.cap FROM over_{name} o JOIN {name} p USING (person) ORDER BY p.record",
            (),
            batch,
        )

    def keys(self, name: str, caps: Sequence[int], batch: int) -> Iterable[list[int]]:
        """The people who are over some caps, in order of their keys, in batches."""
        wanted = ", ".join(map(str, caps)) or "NULL"
        asked = f"SELECT hex(person) FROM over_{name} WHERE cap IN ({wanted}) ORDER BY person"
        return ([int(key, 16) for (key,) in rows] for rows in self._table.batches(asked, (), batch))


def _near(bound: Bound) -> str:
    """SQL: messages that a cap counts, of which a stretch can hold one and the new one, by person."""
    return f"""SELECT person, first, last FROM recent JOIN reached USING (frame)
        WHERE kind IN ({", ".join(map(str, sorted(bound.kinds)))})
        AND last > $first - $within AND first < $last + $within"""


def _steps(name: str, bound: Bound) -> dict[str, str]:
    """The tables of one question → the SQL that makes each, in order."""
    return {
        "near": _near(bound),
        "summed": f"""SELECT person, count(*) AS messages, max(first) AS first, min(last) AS last FROM near_{name}
            SEMI JOIN todo_{name} USING (person) ANTI JOIN over_{name} USING (person)
            GROUP BY person HAVING count(*) >= $most""",
        "many": f"SELECT person FROM summed_{name} WHERE messages > $most",
        "mine": f"FROM near_{name} SEMI JOIN many_{name} USING (person)",
        "starts": f"""SELECT person, least(last, $last) AS start FROM mine_{name}
            UNION SELECT person, $last AS start FROM many_{name}""",
        "full": f"""SELECT DISTINCT person FROM (
            SELECT b.person FROM starts_{name} b JOIN mine_{name} m USING (person)
            WHERE m.first < b.start + $within AND m.last >= b.start
            GROUP BY b.person, b.start HAVING count(*) >= $most)""",
    }
