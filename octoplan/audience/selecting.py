"""Loaded rows and a key → people in a table, each once, and what was left out with its reason."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType

from octoplan.audience import emails, numbering, numbers
from octoplan.audience.reading import Reading, Rows, where_problem
from octoplan.audience.rejects import Rejects, rejected_rows
from octoplan.audience.values import SHOWN, Counts, Reject, places
from octoplan.audience.verdict import Verdict
from octoplan.campaign import AddressField
from octoplan.errors import Problem, ProjectInvalid
from octoplan.region import Region
from octoplan.spec import AudienceSpec
from octoplan.table import people, verdicts
from octoplan.table.connection import Table, TableError
from octoplan.table.people import Filter, Making
from octoplan.table.rows import Check

_SAMPLE = 64  # one row of so many is looked at, to learn which countries' numbers there are


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """People in the table `name`, settled, duplicates still in; `counts` up to there, and the first rejects."""

    name: str
    counts: Counts
    rejects: tuple[Reject, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What people are selected by: the kind of address, the sub-key of their keys; and `fields`, what else is kept.

    `rejects`: is given the rows that cannot be used, where somebody asked for them. `without`: which good numbers are
    not wanted, see `numbers.UNREACHABLE`. `drawn`: see `Making`.
    """

    kind: AddressField
    key: bytes = field(repr=False)
    fields: Sequence[str] = ()
    without: tuple[str, ...] = ()
    rejects: Rejects | None = None
    drawn: str = ""


def select_rows(table: Table, reading: Reading, rows: Rows, wanted: Wanted, later: int = 0) -> Selection:
    """Loaded rows → those that `where` keeps and whose address is good. ProjectInvalid where `where` fails on a row.

    `later`: so many `where`s, of the outermost layers, are only noted, since something is chosen before them.
    """
    making = Making(
        rows=rows.name,
        count=rows.count,
        only=rows.only,
        firsts=[origin.first for origin in rows.origins],
        check=_check(table, rows, wanted, reading.region),
        key=wanted.key,
        tests=[Filter(condition=one, fields=[rows.fields[name] for name in one.columns]) for one in reading.conditions],
        later=later,
        fields=wanted.fields,
        drawn=wanted.drawn,
    )
    made = _make(table, reading, making)
    return settle(table, Settling(reading=reading, rows=rows, making=making, wanted=wanted), made)


def _check(table: Table, rows: Rows, wanted: Wanted, region: Region) -> Check:
    if wanted.kind == "email":
        return emails.check()
    some = f"{rows.name} WHERE (rowid < 1000 OR rowid % {_SAMPLE} = 0)"
    often = "GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 200"
    beginnings = [row[0] for row in table.rows(f"SELECT left(f0, 4) FROM {some} AND starts_with(f0, '+') {often}")]
    if region.column is None:
        return numbering.check(region.default, beginnings, wanted.without)
    cell = rows.fields[region.column]
    home = numbering.home_sql(f"{cell}::VARCHAR", region.default)
    homes = [row[0] for row in table.rows(f"SELECT {home} FROM {some} {often}")]
    return numbering.check_each(cell, region.default, homes, beginnings, wanted.without)


def judge(field: AddressField, region: str | None, without: Sequence[str] = ()) -> Callable[[str], Verdict]:
    """A kind of address, and the region it may be national in → what gives a Verdict on a text."""
    return emails.verdict if field == "email" else partial(numbers.verdict, region=region, without=without)


def _make(table: Table, reading: Reading, making: Making) -> str:
    if not making.tests:
        return people.make(table, making)
    specs = [layer.spec for layer in reading.layers if layer.condition is not None]
    for spec, test in zip(specs, making.tests, strict=True):
        _raise_if_no_condition(table, spec, making, test)
    try:
        return people.make(table, making)
    except TableError as error:
        tests = enumerate(specs, 1)
        spec = next((spec for number, spec in tests if people.fails(table, making, making.tests[:number])), specs[-1])
        raise ProjectInvalid(_where_failed(spec, error)) from None


def _raise_if_no_condition(table: Table, spec: AudienceSpec, making: Making, test: Filter) -> None:
    try:
        kind = people.check_condition(table, making, test)
    except TableError as error:
        raise ProjectInvalid(_where_failed(spec, error)) from None
    if kind != "BOOLEAN":
        hint = "compare something with something, as in country = 'FR'"
        raise ProjectInvalid(where_problem(spec, "where is no condition: it is neither true nor false", hint))


def _where_failed(spec: AudienceSpec, error: TableError) -> Problem:
    """What DuckDB refused while `where` ran → the Problem; what is no fault of `where` stays an error."""
    words = {
        "value": (
            "where fails on a row: a value is not what it is cast to, or compared with",
            "try_cast(x as integer) is NULL where x is no number",
        ),
        "expression": (
            "where does not fit the columns: a function or a comparison gets a type it cannot take",
            "columns of CSV files are text: cast(age as integer) > 17",
        ),
        "file": ("where fails: a pattern or an argument in it is not valid", "is the regular expression closed?"),
        "interrupted": ("where takes longer than 30 seconds", "make it simpler, or prepare a column in the file"),
    }
    if error.kind not in words:
        raise error
    message, hint = words[error.kind]
    return where_problem(spec, message, hint)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling:
    """People as made, what they were made from, and what was wanted."""

    reading: Reading
    rows: Rows
    making: Making
    wanted: Wanted


def settle(table: Table, settling: Settling, name: str) -> Selection:
    """The table of people as made → a Selection: what the fast check left open is decided."""
    rows, wanted = settling.rows, settling.wanted
    everyone, open_ones = verdicts.undecided(table, name)
    rejects = [*rows.first_lost]
    rejected: Mapping[str, int] = {}
    told = ""
    if open_ones:
        told = _tell(table, name, settling)
        people.settle(table, name, told, settling.making)
        rejected = dict(verdicts.rejected(table, name, told))
        first = verdicts.first_rejected(table, name, told, (SHOWN, numbers.UNREACHABLE))
        spots = places(rows.origins, [row for row, _ in first])
        rejects += [Reject(place=place, reason=reason) for place, (_, reason) in zip(spots, first, strict=True)]
    if wanted.rejects is not None and (rows.lost or rejected):
        asked_by = settling.reading.spec.document.shown
        wanted.rejects.take(rejected_rows(table, rows, verdicts.Rejected(name=name, verdicts=told), asked_by))
    if open_ones:
        verdicts.drop_rejected(table, name)
        table.execute(f"DROP TABLE {told}")
    people.finish(table, name)
    counts = Counts(
        rows=rows.count + rows.lost,
        unreadable=rows.lost,
        filtered=rows.count - everyone,
        rejected=_those(rejected, unreachable=False),
        unreachable=_those(rejected, unreachable=True),
    )
    ordered = sorted(rejects, key=lambda reject: reject.place)
    return Selection(name=name, counts=counts, rejects=tuple(ordered[:SHOWN]))


def _those(rejected: Mapping[str, int], *, unreachable: bool) -> Mapping[str, int]:
    found = {why: number for why, number in rejected.items() if (why in numbers.UNREACHABLE) == unreachable}
    return MappingProxyType(found)


def _tell(table: Table, name: str, settling: Settling) -> str:
    """People as made → a table with the verdict on every distinct text that the fast check left open."""
    wanted, check = settling.wanted, settling.making.check
    verdict = judge(wanted.kind, settling.reading.region.default, wanted.without)
    if check.cell:
        verdict = partial(numbers.verdict_at_home, without=wanted.without)
    told = verdicts.make_verdicts(table)
    in_sql = (*([check] if check.left_out else []), *check.further)
    for one in in_sql:
        verdicts.tell(table, name, told, one)
    for texts in verdicts.raw_values(table, name, told if in_sql else ""):
        judged = [verdict(text) for text in texts]
        table.append(
            told,
            (
                texts,
                [one.address for one in judged],
                [one.country for one in judged],
                [one.reason for one in judged],
                [None if one.address is None else emails.known_as(one.address) for one in judged],
            ),
        )
    return told
