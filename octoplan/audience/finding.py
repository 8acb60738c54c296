"""A loaded audience and one person → whether they are in it, by which rule not, and the rows where they stand."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from octoplan.audience.exclusions import Exclusion, Suppressions, exclude
from octoplan.audience.reading import Reading, Rows, ready
from octoplan.audience.selecting import Wanted, select_rows
from octoplan.audience.steps import Loaded, reading_of
from octoplan.audience.values import places
from octoplan.errors import Place, ProjectInvalid
from octoplan.table import people
from octoplan.table.connection import Table

_SHOWN = 3


class Rule(StrEnum):
    """What decides about one person, in the order in which it is asked."""

    INVALID = "invalid"
    CLOSED = "closed"
    UNREACHABLE = "unreachable"
    ABSENT = "absent"
    WHERE = "where"
    EXCLUDED = "excluded"
    SUPPRESSED = "suppressed"
    OPTED_OUT = "opted_out"
    FORGOTTEN = "forgotten"
    UNCHOSEN = "unchosen"
    HELD_OUT = "held_out"
    CAPPED = "capped"
    ON_MISSING = "on_missing"
    IN = "in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The rule that decides, and `why` in our words. `rows`: the first that hold the person, of `count` in all.

    Where somebody is excluded or suppressed, the rows are those that say so.
    """

    rule: Rule
    why: str = ""
    rows: tuple[Place, ...] = ()
    count: int = 0


def find(loaded: Loaded, suppressions: Suppressions, key: bytes, person: int) -> Found:
    """A loaded audience and a person key → what `select` makes of that person; to be asked before `select` is.

    `key`: the 16-byte sub-key of person keys. ProjectInvalid where the audience cannot be selected.
    """
    campaign, table = loaded.opened.campaign, loaded.opened.table
    problems = (*loaded.problems, *suppressions.problems_for(campaign.purpose))
    if loaded.rows is None or problems:
        raise ProjectInvalid(*problems)
    wanted = Wanted(kind=campaign.address_field, key=key)
    reading = reading_of(loaded.opened)
    rows = ready(reading, loaded.rows, table)
    standing = _records(table, replace(reading, layers=()), rows, wanted, person)
    if not standing:
        return Found(rule=Rule.ABSENT)
    kept = _records(table, reading, rows, wanted, person) if reading.conditions else standing
    if not kept:
        return _found(Rule.WHERE, rows, standing)
    excluded = [exclusion for layer in loaded.within for exclusion in layer]
    against = (
        *_against(Rule.EXCLUDED, excluded, table, wanted, person),
        *_against(Rule.SUPPRESSED, suppressions.of(campaign.purpose), table, wanted, person),
    )
    if against:
        return against[0]
    optouts = suppressions.opted_out(campaign.purpose)
    said_stop = any(people.is_listed(table, one, person) for one in optouts)
    return _found(Rule.OPTED_OUT if said_stop else Rule.IN, rows, kept)


def _against(rule: Rule, entries: Sequence[Exclusion], table: Table, wanted: Wanted, person: int) -> Iterator[Found]:
    """The contact files of people who may not be reached → what is found of this one in them."""
    for entry in entries:
        others = exclude(table, entry, wanted)
        if others is not None:
            records = people.records_of(table, others, person)
            table.execute(f"DROP TABLE {others}")
            if records:
                yield _found(rule, ready(entry.reading, entry.rows[wanted.kind], table), records)


def _records(table: Table, reading: Reading, rows: Rows, wanted: Wanted, person: int) -> list[int]:
    selection = select_rows(table, reading, rows, wanted)
    records = people.records_of(table, selection.name, person)
    table.execute(f"DROP TABLE {selection.name}")
    return records


def _found(rule: Rule, rows: Rows, records: Sequence[int]) -> Found:
    return Found(rule=rule, rows=places(rows.origins, records[:_SHOWN]), count=len(records))
