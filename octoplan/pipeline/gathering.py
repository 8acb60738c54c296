"""Campaigns → their compiled templates and their people, all files loaded before the table is locked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

from octoplan.arms import VARIABLE
from octoplan.audience import steps
from octoplan.audience.exclusions import Suppressions, open_suppressions
from octoplan.audience.rejects import Rejects
from octoplan.audience.seeds import check_seeds
from octoplan.audience.steps import Loaded, Opened
from octoplan.audience.values import Audience
from octoplan.campaign import Campaign
from octoplan.content import Wording, compile_campaign
from octoplan.errors import Problem, ProjectInvalid
from octoplan.pipeline.arming import arm, arm_sql, clash
from octoplan.project import Project
from octoplan.state.home import State
from octoplan.table import people, remembered
from octoplan.table.connection import Table
from octoplan.table.keys import KEY_BYTES
from octoplan.windows.checking import check_windows


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """A campaign whose templates are compiled and whose people are in the table."""

    campaign: Campaign
    wording: Wording
    audience: Audience
    table: Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A campaign whose templates are compiled and whose files are found."""

    campaign: Campaign
    wording: Wording
    opened: Opened


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of people beside the files: the sub-key of their keys, and who said STOP, by key, in batches.

    The default is for those who look nobody up, for whom any key will do. `optouts` None: nobody did. `forgotten`:
    likewise, who asked to be forgotten. `remembers`: whether what suppressions hold is to be compared with before.
    """

    person_key: bytes = field(default=bytes(KEY_BYTES), repr=False)
    optouts: Iterable[Sequence[int]] | None = None
    forgotten: Iterable[Sequence[int]] | None = None
    remembers: bool = False

    @classmethod
    def of(cls, state: State, heard: int, *, remembers: bool) -> Self:
        """What a state knows of people whom no file leaves out. `heard`: the number of the last opt-out."""
        store = state.store
        return cls(
            person_key=state.keys.person,
            optouts=store.stopped() if heard else None,
            forgotten=([one.person for one in batch] for batch in store.forgotten()) if store.any_forgotten() else None,
            remembers=remembers,
        )


def gather(
    project: Project,
    campaigns: Sequence[Campaign],
    table: Table,
    known: Known,
    rejects: Rejects | None = None,
) -> tuple[Gathered, ...]:
    """Campaigns → people and templates of each; ProjectInvalid with the Problems of all of them.

    `rejects` is given the rows that cannot be used, those of invalid audiences too.
    """
    check_windows(project, campaigns)
    if problems := check_seeds(campaigns):
        raise ProjectInvalid(*problems)
    read = open_all(project, campaigns, table)
    suppressions = suppress(project, campaigns, table, known)
    loaded = [load(one) for one in read]
    table.lock()
    if rejects is not None:
        rejects.begin(steps.columns_read(loaded, suppressions))
    gathered = []
    for one, rows in zip(read, loaded, strict=True):
        drawn = arm_sql("person", one.campaign, known.person_key)
        audience = arm(steps.select(rows, suppressions, known.person_key, rejects, drawn), one.campaign)
        gathered.append(Gathered(campaign=one.campaign, wording=one.wording, audience=audience, table=table))
    found = {problem for one in gathered for problem in one.audience.problems}
    if found:
        raise ProjectInvalid(*found)
    return tuple(gathered)


def suppress(project: Project, campaigns: Sequence[Campaign], table: Table, known: Known) -> Suppressions:
    """Whom a project's files leave out of these campaigns, and whom what is known of people does."""
    found = open_suppressions(project, {campaign.address_field for campaign in campaigns}, table)
    if known.remembers and project.suppressions:
        remembered.begin(table)
        found = replace(found, remembers=True)
    if known.optouts is not None:
        found = replace(found, optouts=people.make_listed(table, known.optouts))
    if known.forgotten is not None:
        found = replace(found, forgotten=people.make_listed(table, known.forgotten))
    return found


def open_all(project: Project, campaigns: Sequence[Campaign], table: Table) -> list[Read]:
    """Campaigns → each with its templates compiled and its headers read; ProjectInvalid with the Problems of all."""
    read: list[Read] = []
    problems: list[Problem] = []
    for campaign in campaigns:
        try:
            read.append(_open(project, campaign, table))
        except ProjectInvalid as invalid:
            problems.extend(invalid.problems)
    if problems:
        raise ProjectInvalid(*set(problems))  # campaigns that share a file share its Problem
    return read


def load(read: Read) -> Loaded:
    """A campaign that is read → its rows in the table, with the columns that its templates use."""
    zone = read.campaign.timezone.column
    variables = read.wording.variables - read.campaign.constants.keys() | ({zone} if zone is not None else set())
    return steps.load(read.opened, tuple(sorted(variables)))


def _open(project: Project, campaign: Campaign, table: Table) -> Read:
    """Templates compiled and headers read: what can be known before a row is loaded."""
    wording = compile_campaign(campaign)
    opened = steps.open_audience(campaign, project, table)
    problems = [*opened.problems]
    if not problems:
        problems += clash(campaign, wording.variables, opened.columns)
        own = (VARIABLE,) if campaign.arms else ()
        problems += [] if problems else wording.check_names((*opened.columns, *own), campaign.constants)
        problems += _no_zone(campaign, opened)
    if problems:
        raise ProjectInvalid(*problems)
    return Read(campaign=campaign, wording=wording, opened=opened)


def _no_zone(campaign: Campaign, opened: Opened) -> list[Problem]:
    """The column that is said to tell people's time zone is there."""
    column = campaign.timezone.column
    if column is None or column in opened.columns:
        return []
    return [
        Problem(
            place=campaign.document.value_place(("timezone", "column")),
            rule="campaign/timezone",
            message=f"there is no column {column}, which is to tell the time zone",
            hint=f"the audience has {', '.join(opened.columns)}"[:300],
        )
    ]
