"""An AudienceSpec → its contact files, found and inspected, with columns and the checked `where`; then their rows.

Used alike for audiences, exclusions and suppressions.
"""

import difflib
import glob
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from octoplan.audience import numbers
from octoplan.audience.values import Origin, Reject
from octoplan.errors import Place, Problem, ProjectInvalid
from octoplan.project import AudienceSpec, Project
from octoplan.table import files, where
from octoplan.table.connection import Table
from octoplan.table.dialect import Unreadable
from octoplan.table.files import ContactFile

_MAGIC = frozenset("*?[")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The opened files of one spec. `mapping`: our name → theirs, where given. `where` is checked but not yet run."""

    spec: AudienceSpec
    files: tuple[ContactFile, ...] = ()
    mapping: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    region: str | None = None
    condition: where.Condition | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def own(self) -> tuple[str, ...]:
        """What the files call their columns; of several files, all names that occur."""
        return tuple(dict.fromkeys(name for file in self.files for name in file.columns))

    @property
    def columns(self) -> tuple[str, ...]:
        """The names that a template or a where may use: ours, then the files'."""
        return tuple(dict.fromkeys((*self.mapping, *self.own)))

    def theirs(self, name: str) -> str:
        """A name as used → the files' name of that column."""
        return self.mapping.get(name, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Loaded rows: the table `name` with f0, f1, ...; `fields`: the files' names of the columns → fi."""

    name: str
    count: int
    fields: Mapping[str, str]
    origins: tuple[Origin, ...]
    only: str = "true"  # SQL over fi: which rows count at all

    @property
    def lost(self) -> int:
        """How many rows could not be read."""
        return sum(origin.file.bad.rows for origin in self.origins if origin.file is not None)

    @property
    def first_lost(self) -> Iterator[Reject]:
        """The first of these, of each file."""
        for origin in self.origins:
            if origin.file is not None:
                for bad in origin.file.bad.first:
                    yield Reject(place=Place(file=origin.file.file.shown, line=bad.line), reason=bad.reason)


def open_reading(
    spec: AudienceSpec, project: Project, table: Table, around: "Reading | None" = None, keys: Sequence[str] = ()
) -> Reading:
    """A spec → its Reading; what is wrong with it in `problems`. `around`: the audience that a bare path inherits from.

    `keys`: names that are ours and may be inherited, the address fields.
    """
    found: list[ContactFile] = []
    problems: list[Problem] = []
    for path, place in _paths(spec, project, problems):
        try:
            found.append(files.inspect(table, path, project.shown(path)))
        except Unreadable as error:
            problems.append(unreadable(error, project.shown(path), place))
    reading = Reading(spec=spec, files=tuple(found), mapping=spec.columns, region=spec.region, problems=tuple(problems))
    if spec.inherits and around is not None:
        reading = _inherited(reading, around, keys)
    return reading if problems else _checked(reading, table)


def _inherited(reading: Reading, around: Reading, keys: Sequence[str]) -> Reading:
    theirs = {key: around.mapping[key] for key in keys if around.mapping.get(key) in reading.own}
    return Reading(
        spec=reading.spec,
        files=reading.files,
        mapping=MappingProxyType(theirs),
        region=around.region,
        problems=reading.problems,
    )


def _paths(spec: AudienceSpec, project: Project, problems: list[Problem]) -> Iterator[tuple[Path, Place]]:
    """A spec → its files, globs expanded in order of their names; what cannot be found goes to `problems`."""
    for index, written in enumerate(spec.sources):
        place = _source_place(spec, index)
        names = [written]
        if _MAGIC & set(written) and not (spec.base / written).is_file():
            names = sorted(glob.glob(written, root_dir=spec.base, recursive=True))  # noqa: PTH207 - leaves out dot files
            names = [name for name in names if not (spec.base / name).is_dir()]
            if not names:
                hint = f"it is relative to {project.shown(spec.base) or '.'}/"
                problems.append(
                    Problem(place=place, rule="file/missing", message=f"no file matches {written}", hint=hint)
                )
        for name in names:
            try:
                yield project.resolve(spec.base, name, place), place
            except ProjectInvalid as invalid:
                problems.extend(invalid.problems)


def _source_place(spec: AudienceSpec, index: int) -> Place:
    if spec.inherits:
        return spec.document.value_place(spec.pointer)
    keys = ("from", index) if len(spec.sources) > 1 else ("from",)
    return spec.place(*keys)


def unreadable(error: Unreadable, shown: str, place: Place) -> Problem:
    """A file that cannot be read → the Problem: at its line where that is known, else where it was named."""
    message = error.message if error.line else f"{shown}: {error.message}"
    at = Place(file=shown, line=error.line) if error.line else place
    return Problem(place=at, rule=error.rule, message=message, hint=error.hint)


def _checked(reading: Reading, table: Table) -> Reading:
    problems = [*_regional(reading), *_mapped(reading)]
    condition = None
    if reading.spec.where is not None and not problems:
        try:
            condition = where.parse(table, reading.spec.where, _resolve(reading))
        except where.Refused as refused:
            problems.append(where_problem(reading.spec, refused.message, refused.hint))
    return Reading(
        spec=reading.spec,
        files=reading.files,
        mapping=reading.mapping,
        region=reading.region,
        condition=condition,
        problems=tuple(problems),
    )


def where_problem(spec: AudienceSpec, message: str, hint: str = "") -> Problem:
    """What is wrong with a `where` → the Problem."""
    return Problem(
        place=spec.document.value_place((*spec.pointer, "where")), rule="audience/where", message=message, hint=hint
    )


def _regional(reading: Reading) -> Iterator[Problem]:
    """A region that no country has; nothing national could be read in it."""
    region = reading.spec.region
    if region is not None and not numbers.is_region(region):
        yield Problem(
            place=reading.spec.place("region"),
            rule="audience/region",
            message=f"{region} is no country's code",
            hint="two letters of ISO 3166-1: FR, GB, DE",
        )


def _mapped(reading: Reading) -> Iterator[Problem]:
    """The columns that `columns` names but a file lacks."""
    for ours, theirs in reading.mapping.items():
        for file in reading.files:
            if theirs not in file.types:
                yield missing_column(theirs, file, reading.spec.place("columns", ours))


def missing_column(name: str, file: ContactFile, place: Place) -> Problem:
    """A column that a file lacks → the Problem, with the columns there are."""
    near = difflib.get_close_matches(name, file.columns, 1)
    meant = f"did you mean {near[0]}? " if near else ""
    return Problem(
        place=place,
        rule="audience/column",
        message=f"{file.shown} has no column {name}",
        hint=f"{meant}it has: {listed(file.columns)}",
    )


def listed(names: Sequence[str], most: int = 20) -> str:
    """Names → one line."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return (", ".join(names[:most]) + more) or "none"


def _resolve(reading: Reading) -> Callable[[str], str]:
    """A Reading → what finds a column by its name in SQL: the very name, or the only one that differs in case."""
    columns = reading.columns

    def resolve(name: str) -> str:
        if name in columns:
            return reading.theirs(name)
        alike = [column for column in columns if column.casefold() == name.casefold()]
        if len(alike) == 1:
            return reading.theirs(alike[0])
        raise where.unknown_column(name, columns)

    return resolve


def address_column(reading: Reading, key: str) -> str | None:
    """A Reading and an address field → the files' name of the column that holds it, or None."""
    name = reading.theirs(key)
    return name if all(name in file.types for file in reading.files) else None


def load_reading(reading: Reading, table: Table, names: Sequence[str]) -> Rows:
    """A Reading and the files' names of the columns needed, the address first → their Rows.

    Raises ProjectInvalid: a file that lacks one of them, or that cannot be read to its end.
    """
    names = tuple(dict.fromkeys((*names, *(reading.condition.columns if reading.condition else ()))))
    place = _source_place(reading.spec, 0)
    lacking = [missing_column(name, file, place) for name in names for file in reading.files if name not in file.types]
    if lacking:
        raise ProjectInvalid(*lacking)
    rows = table.name("rows")
    try:
        loaded = files.load(table, reading.files, [names] * len(reading.files), rows)
    except Unreadable as error:
        raise ProjectInvalid(unreadable(error, error.shown, place)) from None
    return Rows(
        name=rows,
        count=sum(file.count for file in loaded),
        fields=MappingProxyType({name: f"f{number}" for number, name in enumerate(names)}),
        origins=tuple(Origin(first=file.first, count=file.count, file=file) for file in loaded),
    )
