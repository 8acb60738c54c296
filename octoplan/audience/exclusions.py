"""The contact files nobody of whom may be reached: `exclude` of a campaign, and the project's suppressions.

A row of them that cannot be read could be the very person who said no, so that a single one stops everything.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType

from octoplan.audience.narrowing import choose, later, narrow
from octoplan.audience.opening import open_reading
from octoplan.audience.reading import Reading, Rows, listed, load_reading, ready
from octoplan.audience.selecting import Selection, Wanted, select_rows
from octoplan.campaign import AddressField
from octoplan.errors import Place, Problem, ProjectInvalid
from octoplan.project import Project
from octoplan.spec import AudienceSpec
from octoplan.table import people, remembered
from octoplan.table.connection import Table
from octoplan.table.files import ContactFile

FIELDS: tuple[AddressField, ...] = ("phone_number", "email")
_ABOUT: Mapping[AddressField, str] = MappingProxyType({"phone_number": "phone numbers", "email": "e-mail addresses"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """One file, or glob, of people to leave out, loaded: rows by kind of address. Empty `rows`: it has Problems.

    `within`: of a segment, those whom each of its layers leaves out, who are therefore not left out by it.
    """

    reading: Reading
    rows: Mapping[AddressField, Rows] = field(default_factory=lambda: MappingProxyType({}))
    within: Mapping[AddressField, "Within"] = field(default_factory=lambda: MappingProxyType({}))
    problems: tuple[Problem, ...] = ()


Within = tuple[tuple[Exclusion, ...], ...]
"""The exclusions of each layer of a Reading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppressions:
    """The project's suppressions, opened and loaded once for all campaigns.

    `optouts`: the table of those who said STOP, blank where nobody did; `forgotten`: likewise, of those who asked to be
    forgotten, whom no purpose reaches. `remembers`: whether what the files hold is kept, to be compared with before.
    """

    entries: Mapping[int, Exclusion]
    project: Project
    optouts: str = ""
    forgotten: str = ""
    remembers: bool = False

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with the files themselves, whether a campaign needs them or not."""
        return tuple(problem for entry in self.entries.values() for problem in entry.problems)

    def problems_for(self, purpose: str) -> tuple[Problem, ...]:
        """A campaign's purpose → what is wrong with the files that it needs."""
        return tuple(problem for entry in self.of(purpose) for problem in entry.problems)

    def drop(self, table: Table, name: str, purpose: str, wanted: "Wanted") -> int:
        """A table of people of a campaign of this purpose → without those who are suppressed; how many rows went."""
        gone = 0
        for own in ("all", purpose):
            for spec, called in _named(self.project.suppressions.get(own, ())):
                others = exclude(table, self.entries[id(spec)], wanted)
                if others is not None:
                    gone += people.drop_excluded(table, name, others)
                    if self.remembers:
                        remembered.keep(table, f"{own} {wanted.kind} {called}", others)
                    table.execute(f"DROP TABLE {others}")
        return gone

    def opted_out(self, purpose: str) -> tuple[str, ...]:
        """A campaign's purpose → the tables of those who have said that they want nothing of it."""
        tables = (self.optouts if self.project.obeys_stop(purpose) else "", self.forgotten)
        return tuple(table for table in tables if table)

    def of(self, purpose: str) -> tuple[Exclusion, ...]:
        """A campaign's purpose → the suppressions that apply to it."""
        return tuple(self.entries[id(spec)] for spec in self.project.suppressions_for(purpose))


def _named(specs: Iterable[AudienceSpec]) -> Iterator[tuple[AudienceSpec, str]]:
    """The entries of a list of suppressions → each with a name of its own: its files, numbered if they come again."""
    seen: Counter[str] = Counter()
    for spec in specs:
        files = ", ".join(spec.sources)
        seen[files] += 1
        yield spec, files if seen[files] == 1 else f"{files} ({seen[files]})"


def open_suppressions(project: Project, kinds: Collection[AddressField], table: Table) -> Suppressions:
    """A Project, and the kinds of address that its campaigns reach → its Suppressions, loaded, with their Problems."""
    specs = [spec for entries in project.suppressions.values() for spec in entries]
    loaded = {id(spec): _fill(_open(spec, project, table, None, FIELDS), project, table, kinds) for spec in specs}
    return Suppressions(entries=MappingProxyType(loaded), project=project)


def open_within(reading: Reading, project: Project, table: Table, kind: AddressField) -> Within:
    """A Reading → the exclusions of each of its layers, opened and loaded."""
    return tuple(
        tuple(
            open_exclusion(spec, project, table, replace(reading, mapping=layer.mapping, region=layer.region), kind)
            for spec in layer.spec.exclude
        )
        for layer in reading.layers
    )


def problems_within(within: Within) -> tuple[Problem, ...]:
    """The exclusions of some layers → what is wrong with them."""
    return tuple(problem for layer in within for exclusion in layer for problem in exclusion.problems)


def open_exclusion(
    spec: AudienceSpec, project: Project, table: Table, around: Reading | None, kind: AddressField
) -> Exclusion:
    """An entry of a campaign's `exclude` → an Exclusion by that campaign's kind of address."""
    return _fill(_open(spec, project, table, around, (kind,)), project, table, (kind,))


def _open(
    spec: AudienceSpec, project: Project, table: Table, around: Reading | None, kinds: Sequence[AddressField]
) -> Exclusion:
    """A spec, and the kinds of address that it may hold → opened, not yet loaded."""
    reading = open_reading(spec, project, table, around, kinds)
    if reading.problems:
        return Exclusion(reading=reading, problems=reading.problems)
    if any(not _held(reading, file, kinds) for file in reading.files):
        return Exclusion(reading=reading, problems=(no_address(reading, kinds),))
    if len({reading.theirs(kind) for kind in kinds}) < len(kinds):
        return Exclusion(reading=reading, problems=(_one_column(spec, reading.theirs(kinds[0])),))
    return Exclusion(reading=reading)


def _fill(opened: Exclusion, project: Project, table: Table, kinds: Collection[AddressField]) -> Exclusion:
    """An opened Exclusion → with the rows of those kinds that it holds."""
    if opened.problems:
        return opened
    reading = opened.reading
    held = [kind for kind in FIELDS if kind in kinds and _holding(reading, kind)]
    try:
        rows = {kind: _load(reading, table, kind) for kind in held}
    except ProjectInvalid as invalid:
        return Exclusion(reading=reading, problems=invalid.problems)
    within = {kind: open_within(reading, project, table, kind) for kind in held}
    return Exclusion(
        reading=reading,
        rows=MappingProxyType(rows),
        within=MappingProxyType(within),
        problems=tuple(problem for each in within.values() for problem in problems_within(each)),
    )


def _held(reading: Reading, file: ContactFile, kinds: Sequence[AddressField]) -> tuple[AddressField, ...]:
    """A file → the kinds of address that it has a column of."""
    return tuple(kind for kind in kinds if reading.theirs(kind) in file.types)


def _holding(reading: Reading, kind: AddressField) -> tuple[ContactFile, ...]:
    """A kind of address → the files that have a column of it."""
    return tuple(file for file in reading.files if _held(reading, file, (kind,)))


def _load(reading: Reading, table: Table, kind: AddressField) -> Rows:
    part = replace(reading, files=_holding(reading, kind))
    found = [reading.theirs(other) for other in FIELDS if other != kind and _holding(part, other)]
    others = [name for name in found if name != reading.theirs(kind)]
    rows = load_reading(part, table, [reading.theirs(kind), *others, *reading.needed(kind)], others)
    # A list of both kinds has rows with only one of them; a row with neither is nobody, and so a Problem.
    given = " OR ".join(f"coalesce(trim(f{number}::VARCHAR), '') <> ''" for number in range(1, len(others) + 1))
    return replace(rows, only=f"(coalesce(trim(f0), '') <> '' OR NOT ({given}))") if others else rows


def no_address(reading: Reading, kinds: Sequence[str]) -> Problem:
    """Files without a column of addresses → the Problem, with the columns there are."""
    lacking = next((file for file in reading.files if not any(reading.theirs(k) in file.types for k in kinds)), None)
    shown, names = (lacking.shown, lacking.columns) if lacking else ("the audience", reading.own)
    wanted = " or ".join(kinds)
    return Problem(
        place=reading.spec.place(),
        rule="audience/address",
        message=f"{shown} has no column {wanted}, and columns does not say which one it is",
        hint=f"add columns: {{{kinds[0]}: ...}} with one of: {listed(names)}",
    )


def _one_column(spec: AudienceSpec, name: str) -> Problem:
    """A column that would hold both kinds of address → the Problem."""
    return Problem(
        place=spec.place("columns"),
        rule="audience/address",
        message=f"{' and '.join(FIELDS)} are the same column, {name}",
        hint="a column holds one kind of address: name the other's column, or leave it out",
    )


def exclude(table: Table, exclusion: Exclusion, wanted: Wanted) -> str | None:
    """An Exclusion and what is wanted of it → the table of its people, None where it holds only the other kind.

    ProjectInvalid where a single row of it cannot be used.
    """
    rows = exclusion.rows.get(wanted.kind)
    if rows is None:
        return None
    reading = exclusion.reading
    rows = ready(reading, rows, table)
    selection = select_rows(table, reading, rows, replace(wanted, fields=(), without=(), drawn=""), later(reading))
    problems = tuple(_unusable(reading, selection, wanted.kind))
    if problems:
        raise ProjectInvalid(*problems)
    narrow(table, selection.name, reading, drops(table, exclusion.within[wanted.kind], wanted))
    choose(table, selection.name, reading.spec)
    return selection.name


def drops(table: Table, within: Within, wanted: Wanted) -> list[Callable[[str], int]]:
    """The exclusions of each layer → for each, what takes their people out of a table and says how many rows went."""
    return [partial(_drop_all, table, layer, wanted) for layer in within]


def _drop_all(table: Table, exclusions: Sequence[Exclusion], wanted: Wanted, name: str) -> int:
    return sum(drop(table, name, exclusion, wanted) for exclusion in exclusions)


def drop(table: Table, name: str, exclusion: Exclusion, wanted: Wanted) -> int:
    """A table of people, and those who may not be among them → how many rows went."""
    others = exclude(table, exclusion, wanted)
    if others is None:
        return 0
    gone = people.drop_excluded(table, name, others)
    table.execute(f"DROP TABLE {others}")
    return gone


def _unusable(reading: Reading, selection: Selection, kind: AddressField) -> Iterator[Problem]:
    """The rows of a suppression that cannot be used → one Problem for each of the first."""
    for reject in selection.rejects:
        yield Problem(
            place=reject.place,
            rule="audience/suppression",
            message=f"{reject.reason}: it could be someone who must not be reached",
            hint=f"this file leaves out {_ABOUT[kind]}; mend or remove the row",
        )
    if not selection.rejects and (selection.counts.rejected or selection.counts.unreadable):
        place: Place = reading.spec.place()
        yield Problem(place=place, rule="audience/suppression", message="a row cannot be used")
