"""What `from` names → contact files: paths and patterns inside the project, and sources of the environment by name."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from octoplan.audience import patterns
from octoplan.errors import Place, Problem, ProjectInvalid
from octoplan.project import Project
from octoplan.reading import is_file
from octoplan.spec import SECRETS, STDIN, AudienceSpec, SourceSpec, is_name
from octoplan.table import databases, files, objects
from octoplan.table.connection import Table
from octoplan.table.dialect import Unreadable
from octoplan.table.files import ContactFile


def locate(spec: AudienceSpec, project: Project, table: Table) -> tuple[tuple[ContactFile, ...], tuple[Problem, ...]]:
    """A spec without segment or query → its contact files, inspected, and what is wrong with them."""
    found: list[ContactFile] = []
    problems: list[Problem] = []
    for index, written in enumerate(spec.sources):
        try:
            found += _named(spec, written, spec.source_place(index), project, table)
        except ProjectInvalid as invalid:
            problems += invalid.problems
    return tuple(found), tuple(problems)


def _named(spec: AudienceSpec, written: str, place: Place, project: Project, table: Table) -> Sequence[ContactFile]:
    """An entry of `from` → its contact files; a name is a source where no file is called so."""
    if not is_name(written) or (written not in project.sources and is_file(spec.base / written)):
        return _inspected(_paths(written, spec.base, place, project), table, project, place)
    source = project.sources.get(written)
    if source is None:
        raise ProjectInvalid(unknown_name(written, place, project))
    if is_file(spec.base / written):
        message = f"{written} is a source of {project.seen_from}, and a file beside this one"
        raise _invalid(place, "audience/ambiguous", message, f"rename the source, or write ./{written} for the file")
    return bring(source, project, table)


def unknown_name(name: str, place: Place, project: Project) -> Problem:
    """A name that the environment has no source of, and no segment has → the Problem, with the names there are."""
    others = [env for env in project.environments if name in project.at(env, project.outside).sources]
    known = ", ".join(sorted({*project.sources, *project.segments.names()})) or "none"
    elsewhere = f"{', '.join(others)} has it: describe it under {project.seen_from} too. " if others else ""
    return Problem(
        place=place,
        rule="source/unknown",
        message=f"{name} is no segment, and no source of {project.seen_from}",
        hint=f"{elsewhere}names there are: {known}; the name of a file has an ending, such as .csv",
    )


def bring(source: SourceSpec, project: Project, table: Table) -> tuple[ContactFile, ...]:
    """A source → its contact files, brought in once for all who name it; ProjectInvalid with what is wrong."""
    if source.name in project.segments.names():
        message = f"{source.name} is a segment, and a source of {project.seen_from}"
        raise _invalid(source.place(), "audience/ambiguous", message, "rename one of them: from could mean either")
    if source.name not in table.kept:
        table.kept[source.name] = _brought(source, project, table)
    found: tuple[ContactFile, ...] = table.kept[source.name]
    return found


def _brought(source: SourceSpec, project: Project, table: Table) -> tuple[ContactFile, ...]:
    if source.variable is not None:
        return (_from_database(source, project, table),)
    found: list[ContactFile] = []
    for path in source.paths:
        if path == STDIN:
            found.append(_from_stdin(source, project, table))
        elif "://" in path:
            found += _from_store(source, path, table)
        else:
            places = _paths(path, project.root, source.place(), project)
            found += _inspected(places, table, project, source.place(), source.form)
    return tuple(found)


def _from_database(source: SourceSpec, project: Project, table: Table) -> ContactFile:
    variable, place = source.variable or "", source.place("database")
    address = project.outside.variables.get(variable) if variable.startswith(SECRETS) else None
    if not address:
        hint = f"it is to hold the address of the database of {source.name}; nothing else in the project does"
        raise _invalid(place, "source/variable", f"the environment variable {variable} is not set", hint)
    path = project.resolve(project.root, source.query or "", source.place("query"))
    try:
        query = databases.read_query(path)
        name = table.name("fetched")
        databases.fetch(table, address, query, name)
    except databases.Refused as refused:
        at = place if refused.about_address else Place(file=project.shown(path))
        raise _invalid(at, refused.rule, f"{source.name}: {refused.message}", refused.hint) from None
    return files.held(table, name, f"source {source.name}")


def _from_store(source: SourceSpec, address: str, table: Table) -> Iterator[ContactFile]:
    try:
        yield from objects.bring(table, address, source.form)
    except Unreadable as error:
        raise _invalid(source.place(), error.rule, f"{error.shown or address}: {error.message}", error.hint) from None


def _from_stdin(source: SourceSpec, project: Project, table: Table) -> ContactFile:
    """Standard input → a file in the table's own folder, since it can be read once and must be read twice."""
    stream = project.outside.stdin
    if stream is None or stream.isatty():
        why = "nothing is piped in" if stream is not None else "this command does not read people from there"
        message = f"{source.name} is standard input, and {why}"
        raise _invalid(source.place(), "source/stdin", message, "octoplan ... < FILE, or another environment")
    path = objects.spool(table, stream.read, f"stdin.{source.form}")
    try:
        return files.inspect(table, path, f"source {source.name}", source.form)
    except Unreadable as error:
        raise ProjectInvalid(unreadable(error, f"source {source.name}", source.place())) from None


def _paths(written: str, base: Path, place: Place, project: Project) -> list[Path]:
    """A path or pattern → the files, in order of their names; ProjectInvalid where there is none, or one is outside."""
    names = [written]
    if patterns.is_pattern(written) and not is_file(base / written):
        names = _matching(written, base, place, project)
    found: list[Path] = []
    problems: list[Problem] = []
    for name in names:
        try:
            found.append(project.resolve(base, name, place))
        except ProjectInvalid as invalid:
            problems += invalid.problems
    if problems:
        raise ProjectInvalid(*problems)
    return found


def _matching(pattern: str, base: Path, place: Place, project: Project) -> list[str]:
    """A pattern → the names of its files; ProjectInvalid where it matches none, or may not look into a folder."""
    try:
        names = patterns.matching(base, pattern)
    except OSError as error:
        folder = project.shown(Path(error.filename or base))
        message, hint = f"the folder {folder} cannot be read", "who stands in its files is not known: permit it"
        raise _invalid(place, "file/unreadable", message, hint) from None
    if not names:
        hint = f"it is relative to {project.shown(base) or '.'}/"
        raise _invalid(place, "file/missing", f"no file matches {pattern}", hint)
    return names


def _inspected(
    paths: Sequence[Path], table: Table, project: Project, place: Place, form: str | None = None
) -> list[ContactFile]:
    """Paths → contact files; ProjectInvalid with the Problems of all that cannot be read."""
    found: list[ContactFile] = []
    problems: list[Problem] = []
    for path in paths:
        shown = project.shown(path)
        try:
            found.append(files.inspect(table, path, shown, form))
        except Unreadable as error:
            problems.append(unreadable(error, shown, place))
    if problems:
        raise ProjectInvalid(*problems)
    return found


def unreadable(error: Unreadable, shown: str, place: Place) -> Problem:
    """A file that cannot be read → the Problem: at its line where that is known, else where it was named."""
    message = error.message if error.line else f"{shown}: {error.message}"
    at = Place(file=shown, line=error.line) if error.line else place
    return Problem(place=at, rule=error.rule, message=message, hint=error.hint)


def _invalid(place: Place, rule: str, message: str, hint: str) -> ProjectInvalid:
    return ProjectInvalid(Problem(place=place, rule=rule, message=message, hint=hint))
