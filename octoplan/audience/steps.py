"""The three steps from a Campaign to its Audience: open, load, select."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from octoplan.audience.exclusions import Suppressions, Within, drops, no_address, open_within, problems_within
from octoplan.audience.inline import Inline, read_inline
from octoplan.audience.inline_rows import load_inline
from octoplan.audience.narrowing import Gone, choose, has_inner_choice, later, narrow
from octoplan.audience.numbers import left_out
from octoplan.audience.opening import open_reading
from octoplan.audience.reading import Reading, Rows, address_column, load_reading, ready
from octoplan.audience.rejects import Rejects
from octoplan.audience.selecting import Selection, Wanted, judge, select_rows
from octoplan.audience.values import Audience, Counts, Reject
from octoplan.campaign import AddressField, Campaign
from octoplan.errors import Place, Problem, ProjectInvalid
from octoplan.project import Project
from octoplan.spec import AudienceSpec
from octoplan.table import people
from octoplan.table.connection import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A campaign's audience whose files are found and inspected. `columns`: the names a template may use."""

    campaign: Campaign
    project: Project
    table: Table
    columns: tuple[str, ...]
    problems: tuple[Problem, ...]
    reading: Reading | None = None
    inline: Inline | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """An audience whose rows, and those of its exclusions, are in the table. With `problems`, `rows` is None."""

    opened: Opened
    variables: tuple[str, ...]
    problems: tuple[Problem, ...]
    rows: Rows | None = None
    within: Within = ()


def open_audience(campaign: Campaign, project: Project, table: Table) -> Opened:
    """A Campaign → its audience, opened: files found, columns known, `where` checked; Problems with all of that."""
    if campaign.audience is None:
        inline = read_inline(campaign)
        return Opened(
            campaign=campaign,
            project=project,
            table=table,
            columns=inline.columns,
            problems=inline.problems,
            inline=inline,
        )
    reading = open_reading(campaign.audience, project, table)
    problems = reading.problems
    if not problems and address_column(reading, campaign.address_field) is None:
        problems = (no_address(reading, (campaign.address_field,)),)
    return Opened(
        campaign=campaign, project=project, table=table, columns=reading.columns, problems=problems, reading=reading
    )


def load(opened: Opened, variables: Collection[str]) -> Loaded:
    """An opened audience, and the columns that templates use → it is in the table; names it lacks are left out."""
    used = tuple(name for name in dict.fromkeys(variables) if name in opened.columns)
    if opened.problems:
        return Loaded(opened=opened, variables=used, problems=opened.problems)
    within: Within = ()
    if opened.reading is not None:
        within = open_within(opened.reading, opened.project, opened.table, opened.campaign.address_field)
    problems = [*problems_within(within)]
    rows = None
    try:
        rows = _rows(opened, used)
    except ProjectInvalid as invalid:
        problems += invalid.problems
    return Loaded(
        opened=opened,
        variables=used,
        problems=tuple(problems),
        rows=None if problems else rows,
        within=within,
    )


def _rows(opened: Opened, used: tuple[str, ...]) -> Rows:
    key = opened.campaign.address_field
    if opened.reading is None:
        return load_inline(opened.campaign, opened.table, tuple(dict.fromkeys((key, *used))))
    reading = opened.reading
    names = [reading.theirs(key), *(reading.theirs(name) for name in used), *reading.needed(key)]
    return load_reading(reading, opened.table, names)


def select(
    loaded: Loaded, suppressions: Suppressions, key: bytes, rejects: Rejects | None = None, drawn: str = ""
) -> Audience:
    """A loaded audience → its Audience: those that `where` keeps, with a good address, once, and who may be reached.

    `key`: the 16-byte sub-key of person keys. Once per Loaded; any number of audiences share the suppressions.
    `rejects` is given the rows that cannot be used. `drawn`: SQL over `person`, kept as a value behind the variables.
    """
    campaign = loaded.opened.campaign
    problems = (*loaded.problems, *suppressions.problems_for(campaign.purpose))
    if loaded.rows is None or problems:
        return _invalid(loaded, problems)
    try:
        without = () if campaign.sends_unreachable else left_out(campaign.channel)
        wanted = Wanted(kind=campaign.address_field, key=key, rejects=rejects, without=without, drawn=drawn)
        return _select(loaded, loaded.rows, suppressions, wanted)
    except ProjectInvalid as invalid:
        return _invalid(loaded, invalid.problems)


def _invalid(loaded: Loaded, problems: tuple[Problem, ...]) -> Audience:
    inline = loaded.opened.inline
    return Audience(
        people="",
        variables=loaded.variables,
        counts=inline.counts if inline else Counts(),
        rejects=inline.rejects if inline else (),
        problems=problems,
    )


def _select(loaded: Loaded, unready: Rows, suppressions: Suppressions, wanted: Wanted) -> Audience:
    opened = loaded.opened
    table, reading = opened.table, reading_of(opened)
    rows = ready(reading, unready, table)
    fields = [rows.fields[reading.theirs(name)] for name in loaded.variables]
    selection = select_rows(table, reading, rows, replace(wanted, fields=fields), later(reading))
    counts = _narrowed(loaded, selection, suppressions, wanted)
    table.execute(f"DROP TABLE {rows.name}")
    return Audience(
        people=selection.name,
        variables=loaded.variables,
        counts=counts,
        rejects=selection.rejects,
        problems=tuple(_problems(loaded, counts, selection.rejects)),
        origins=rows.origins,
    )


def _narrowed(loaded: Loaded, selection: Selection, suppressions: Suppressions, wanted: Wanted) -> Counts:
    """Selected people → each once, without the excluded and suppressed, and of those whom `sample` and `limit` take."""
    opened, name = loaded.opened, selection.name
    table, reading = opened.table, reading_of(opened)
    own = drops(table, loaded.within, wanted)
    inner = has_inner_choice(reading)
    gone = narrow(table, name, reading, own) if inner else Gone()
    duplicates = people.drop_duplicates(table, name)
    gone = gone if inner else narrow(table, name, reading, own)
    suppressed = suppressions.drop(table, name, opened.campaign.purpose, wanted)
    optouts = suppressions.opted_out(opened.campaign.purpose)
    opted_out = sum(people.drop_excluded(table, name, one) for one in optouts)
    return replace(
        selection.counts,
        filtered=selection.counts.filtered + gone.filtered,
        duplicates=duplicates,
        excluded=gone.excluded,
        suppressed=suppressed,
        opted_out=opted_out,
        unchosen=gone.unchosen + choose(table, name, reading.spec),
        people=people.count(table, name),
    )


def columns_read(loaded: Iterable[Loaded], suppressions: Suppressions) -> tuple[str, ...]:
    """Loaded audiences and the suppressions → the columns of all files that they are read from."""
    entries = [entry for one in loaded for layer in one.within for entry in layer]
    readings = [one.opened.reading for one in loaded if one.opened.reading is not None]
    readings += [entry.reading for entry in (*entries, *suppressions.entries.values())]
    return tuple(dict.fromkeys(name for reading in readings for name in (*reading.inputs, *reading.own)))


def reading_of(opened: Opened) -> Reading:
    """An opened audience → its Reading; of inline recipients, one without files."""
    return opened.reading or Reading(spec=_no_spec(opened))


def _no_spec(opened: Opened) -> AudienceSpec:
    """Inline recipients → a spec without files, for what reads both alike."""
    document = opened.campaign.document
    return AudienceSpec(
        name=opened.campaign.name,
        base=document.path.parent,
        sources=(),
        document=document,
        pointer=("recipients",),
    )


def _problems(loaded: Loaded, counts: Counts, rejects: tuple[Reject, ...]) -> Iterator[Problem]:
    """What became of the rows → Problems: too many were left out, or nobody is left."""
    campaign = loaded.opened.campaign
    spec = campaign.audience or _no_spec(loaded.opened)
    place: Place = spec.place() if campaign.audience is None else spec.place("from")
    unusable = counts.unreadable + sum(counts.rejected.values())
    considered = counts.rows - counts.filtered
    if unusable > spec.max_rejected * considered:
        reasons = ", ".join(f"{number:,} {why}" for why, number in _reasons(counts))
        first = "; ".join(str(reject) for reject in rejects)
        yield Problem(
            place=place,
            rule="audience/max-rejected",
            message=f"{unusable:,} of {considered:,} rows cannot be used, more than max_rejected "
            f"({100 * spec.max_rejected:.3g} %): {reasons}; {first}",
            hint="mend the rows, leave them out with where, or raise max_rejected",
        )
    elif counts.people == 0 and not counts.opted_out:  # a STOP is no fault of the author's
        yield Problem(
            place=place,
            rule="audience/empty",
            message=f"nobody is left: {counts}",
            hint="remove the campaign, or let it reach someone",
        )


def _reasons(counts: Counts) -> tuple[tuple[str, int], ...]:
    unreadable = (("unreadable", counts.unreadable),) if counts.unreadable else ()
    return (*unreadable, *counts.rejected.items())


def normalise(address: str, field: AddressField, region: str | None) -> str | None:
    """An address as a person types it → as an audience holds it; None where it is none."""
    return judge(field, region)(address).address
