"""A segment, a source or a campaign → its audience as a whole: counts, columns, overlaps, a few people.

No template is rendered and no state is asked: what is looked at are the people.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from octoplan.audience import steps
from octoplan.audience.exclusions import open_suppressions
from octoplan.audience.rejects import Rejects
from octoplan.audience.steps import Loaded, Opened
from octoplan.audience.values import Audience, Counts, Reject
from octoplan.campaign import AddressField, Campaign
from octoplan.errors import Place, Problem, ProjectInvalid
from octoplan.project import Project
from octoplan.region import region_of
from octoplan.spec import AudienceSpec
from octoplan.table import looking
from octoplan.table.connection import Table
from octoplan.table.keys import KEY_BYTES

_FEW = 5
_KEY = bytes(KEY_BYTES)  # nobody is looked up by the key, so any will do
_CHANNELS = MappingProxyType({"phone_number": "sms", "email": "email"})
Kind = Literal["segment", "source", "campaign"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is looked at.

    `campaigns`: the one of that name; or those that stand for whatever would name it in `from`, by either kind of
    address, of which the first is taken that the files have.
    """

    name: str
    kind: Kind
    campaigns: tuple[Campaign, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnFact:
    """A column of the files: its name, what it is used as, its kind, and of how many people it is blank."""

    name: str
    ours: tuple[str, ...]
    kind: str
    blank: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Another campaign, and how many people it shares; None where its audience is not valid."""

    campaign: str
    people: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Surveyed:
    """An audience as a whole. `few`: addresses of a few people, which must only be shown masked."""

    subject: Subject
    by: AddressField
    counts: Counts
    rejects: tuple[Reject, ...]
    columns: tuple[ColumnFact, ...]
    overlaps: tuple[Overlap, ...]
    few: tuple[str, ...] = field(repr=False)
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """How people are to be read where nothing says it: by which address, in which column, in which country."""

    by: AddressField | None
    column: str | None
    region: str | None

    @property
    def given(self) -> bool:
        """Whether there are any."""
        return bool(self.by or self.column or self.region)


def find_named(project: Project, name: str, hints: Hints) -> Subject | None:
    """A name, as it would stand in `from` → the segment or source of that name; None where there is none."""
    segment = project.segments.find(name, Place(file=name))
    source = project.sources.get(name)
    described = segment or source
    if described is None:
        return None
    kinds: tuple[AddressField, ...] = (hints.by,) if hints.by else ("phone_number", "email")
    specs = {
        kind: AudienceSpec(
            name=name,
            base=project.root,
            sources=(name,),
            document=described.document,
            pointer=described.pointer,
            columns=MappingProxyType({kind: hints.column} if hints.column else {}),
            region=region_of(hints.region),
            max_rejected=1.0,
            segment=segment,
        )
        for kind in kinds
    }
    campaigns = tuple(_stand_in(name, spec, _CHANNELS[kind]) for kind, spec in specs.items())
    return Subject(name=name, kind="segment" if segment else "source", campaigns=campaigns)


def _stand_in(name: str, spec: AudienceSpec, channel: str) -> Campaign:
    """What an audience could name → a campaign that has just this audience, for all who read audiences.

    Its purpose is none, so that only the suppressions of every purpose are asked; whoever is in it counts.
    """
    return Campaign(
        name=name,
        edition=1,
        channel=channel,
        purpose="",
        content=MappingProxyType({}),
        settings=MappingProxyType({}),
        constants=MappingProxyType({}),
        document=spec.document,
        audience=spec,
        sends_unreachable=True,
        send_at=None,
        not_after=None,
        skip_missing=False,
    )


def survey(
    subject: Subject, others: Sequence[Campaign], project: Project, table: Table, rejects: Rejects | None
) -> Surveyed:
    """A Subject, and the campaigns that people could be in too → what there is to say of it.

    ProjectInvalid where its audience cannot be read; that nobody is left, or too many rows are, stands in `problems`.
    """
    loaded = _load(_opened(subject, project, table))
    campaign = loaded.opened.campaign
    beside = [
        (one.name, _load(steps.open_audience(one, project, table), columns=False))
        for one in others
        if one.address_field == campaign.address_field and one.name != _own_name(subject)
    ]
    suppressions = open_suppressions(project, {campaign.address_field}, table)
    table.lock()
    if rejects is not None:
        rejects.begin(steps.columns_read([loaded], suppressions))
    audience = steps.select(loaded, suppressions, _KEY, rejects)
    if not audience.people:
        raise ProjectInvalid(*audience.problems)
    return Surveyed(
        subject=subject,
        by=campaign.address_field,
        counts=audience.counts,
        rejects=audience.rejects,
        columns=_columns(loaded, audience, table),
        overlaps=tuple(
            Overlap(campaign=name, people=_shared(table, audience, steps.select(one, suppressions, _KEY)))
            for name, one in beside
        ),
        few=tuple(looking.some(table, audience.people, _FEW)),
        problems=audience.problems,
    )


def _opened(subject: Subject, project: Project, table: Table) -> Opened:
    """A Subject → its audience, opened, by the first kind of address that it has; ProjectInvalid where it cannot be."""
    opened = [steps.open_audience(one, project, table) for one in subject.campaigns]
    good = next((one for one in opened if not one.problems), None)
    if good is None:
        raise ProjectInvalid(*opened[0].problems)
    return good


def _own_name(subject: Subject) -> str | None:
    return subject.name if subject.kind == "campaign" else None


def _load(opened: Opened, *, columns: bool = True) -> Loaded:
    """An opened audience → in the table, with every column of its files, or with the address only."""
    own = opened.reading.own if opened.reading is not None else opened.columns
    return steps.load(opened, own if columns else ())


def _shared(table: Table, audience: Audience, other: Audience) -> int | None:
    if not other.people:
        return None
    count = looking.shared(table, audience.people, other.people)
    table.execute(f"DROP TABLE {other.people}")
    return count


def _columns(loaded: Loaded, audience: Audience, table: Table) -> tuple[ColumnFact, ...]:
    reading = loaded.opened.reading
    mapping = reading.mapping if reading is not None else {}
    found = looking.columns(table, audience.people, len(audience.variables))
    return tuple(
        ColumnFact(
            name=name,
            ours=tuple(ours for ours, theirs in mapping.items() if theirs == name),
            kind=column.kind,
            blank=column.blank,
        )
        for name, column in zip(audience.variables, found, strict=True)
    )
