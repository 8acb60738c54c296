"""An AudienceSpec → its Reading: contact files found and inspected, columns known, every `where` and query checked."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from types import MappingProxyType

from octoplan.audience import numbers
from octoplan.audience.locating import bring, locate, unknown_name
from octoplan.audience.reading import Asking, Layer, Reading, missing_column, where_problem
from octoplan.errors import Problem, ProjectInvalid
from octoplan.project import Project
from octoplan.region import Region
from octoplan.spec import AudienceSpec
from octoplan.table import files, where
from octoplan.table import query as queries
from octoplan.table.connection import Table
from octoplan.table.files import ContactFile


def open_reading(
    spec: AudienceSpec, project: Project, table: Table, around: "Reading | None" = None, keys: Sequence[str] = ()
) -> Reading:
    """A spec → its Reading; what is wrong with it in `problems`. `around`: the audience that a bare path inherits from.

    `keys`: names that are ours and may be inherited, the address fields.
    """
    if spec.segment is not None:
        return _upon(spec, spec.segment, project, table)
    if spec.query is not None:
        return _asked(spec, spec.query, project, table)
    found, problems = locate(spec, project, table)
    reading = Reading(spec=spec, files=found, mapping=spec.columns, problems=problems)
    if spec.inherits and around is not None:
        reading = _inherited(reading, around, keys)
    return reading if problems else _checked(reading, table)


def _upon(spec: AudienceSpec, segment: AudienceSpec, project: Project, table: Table) -> Reading:
    """A spec that builds on a segment → the segment's Reading, with what the spec says laid over it."""
    if segment.name in project.sources:
        message = f"{segment.name} is a segment, and a source of {project.seen_from}"
        hint = "rename one of them: from could mean either"
        clash = Problem(place=spec.source_place(0), rule="audience/ambiguous", message=message, hint=hint)
        return Reading(spec=spec, problems=(clash,))
    inner = open_reading(segment, project, table)
    if inner.problems:
        return replace(inner, spec=spec)
    mapping = {**inner.mapping, **{ours: inner.theirs(theirs) for ours, theirs in spec.columns.items()}}
    return _checked(replace(inner, spec=spec, mapping=MappingProxyType(mapping)), table)


def _asked(spec: AudienceSpec, written: str, project: Project, table: Table) -> Reading:
    """A segment with a query → its Reading: the query checked, its sources found, its columns known."""
    place = spec.document.value_place((*spec.pointer, "query"))
    inputs: dict[str, tuple[ContactFile, ...]] = {}

    def columns_of(name: str) -> tuple[str, ...] | None:
        source = project.sources.get(name)
        if source is None:
            raise ProjectInvalid(unknown_name(name, place, project))
        inputs[name] = bring(source, project, table)
        return tuple(dict.fromkeys(column for file in inputs[name] for column in file.columns))

    try:
        query = queries.parse(table, written, columns_of)
        types = {name: _types(found) for name, found in inputs.items()}
        described = queries.describe(table, query, types)
    except ProjectInvalid as invalid:
        return Reading(spec=spec, problems=invalid.problems)
    except where.Refused as refused:
        problem = Problem(place=place, rule="segment/query", message=refused.message, hint=refused.hint)
        return Reading(spec=spec, problems=(problem,))
    shown = f"segment {spec.name}"
    result = ContactFile(path=spec.base, shown=shown, format="rows", gzipped=False, types=described)
    asking = Asking(query=query, inputs=MappingProxyType(inputs))
    reading = Reading(spec=spec, files=(result,), mapping=spec.columns, asking=asking)
    return _checked(reading, table)


def _types(found: Sequence[ContactFile]) -> dict[str, str]:
    """The files of a source → its columns and the types that these will have in one table."""
    names = dict.fromkeys(name for file in found for name in file.types)
    return {name: files.common_type([file.types[name] for file in found if name in file.types]) for name in names}


def _inherited(reading: Reading, around: Reading, keys: Sequence[str]) -> Reading:
    """A bare path → read as the audience around it, by those of its columns that it has."""
    theirs = {key: around.mapping[key] for key in keys if around.mapping.get(key) in reading.own}
    region = around.region if around.region.column in reading.own else replace(around.region, column=None)
    return replace(reading, mapping=MappingProxyType(theirs), region=region)


def _checked(unread: Reading, table: Table) -> Reading:
    """A Reading but for its outermost layer → with that, checked."""
    spec = unread.spec
    reading = unread if spec.region is None else replace(unread, region=_theirs(spec.region, unread))
    problems = [*_regional(reading), *_mapped(reading)]
    condition = None
    if spec.where is not None and not problems:
        prefix = f"l{len(reading.layers)}w" if reading.layers else "w"
        try:
            condition = where.parse(table, spec.where, _resolve(reading), prefix)
        except where.Refused as refused:
            problems.append(where_problem(spec, refused.message, refused.hint))
    layer = Layer(spec=spec, condition=condition, mapping=reading.mapping, region=reading.region)
    return replace(reading, layers=(*reading.layers, layer), problems=tuple(problems))


def _theirs(region: Region, reading: Reading) -> Region:
    """A region as written → with the files' name of its column."""
    return region if region.column is None else replace(region, column=reading.theirs(region.column))


def _regional(reading: Reading) -> Iterator[Problem]:
    """A region that no country has, in which nothing national could be read; or that the files have no column of."""
    spec, (column, default) = reading.spec, (reading.region.column, reading.region.default)
    if spec.region is not None and default is not None and not numbers.is_region(default):
        yield Problem(
            place=spec.place("region", *(() if column is None else ("default",))),
            rule="audience/region",
            message=f"{default} is no country's code",
            hint="two letters of ISO 3166-1: FR, GB, DE",
        )
    if column is not None:
        place = spec.source_place(0) if spec.inherits else spec.place("region", "column")
        # Files of e-mail addresses only, beside others, have no numbers to read.
        with_numbers = [file for file in reading.files if reading.theirs("phone_number") in file.types]
        for file in with_numbers or reading.files:
            if column not in file.types:
                yield missing_column(column, file, place)


def _mapped(reading: Reading) -> Iterator[Problem]:
    """The columns that `columns` names but a file lacks."""
    for ours in reading.spec.columns:
        theirs = reading.theirs(ours)
        for file in reading.files:
            if theirs not in file.types and ours in reading.mapping:
                yield missing_column(theirs, file, reading.spec.place("columns", ours))


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
