"""Valid campaigns → everything that can be known of them without network and state; what `validate` runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from octoplan.audience.seeds import check_seeds
from octoplan.campaign import Campaign
from octoplan.errors import Problem, ProjectInvalid
from octoplan.lint import stop
from octoplan.pipeline.inline import check_inline
from octoplan.pipeline.linting import French, begin
from octoplan.pipeline.trying import failing
from octoplan.project import Project

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from octoplan.audience.rejects import Rejects
    from octoplan.pipeline.gathering import Gathered
    from octoplan.table.connection import Table

    OpenTable = Callable[[], AbstractContextManager[Table]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """How contact files are read, only where there are some. `rejects` is given their rows that cannot be used.

    `cores`: how many may render.
    """

    open_table: "OpenTable"
    rejects: "Rejects | None" = None
    cores: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """How many people valid campaigns have, and the warnings about them, by place."""

    people: int
    warnings: tuple[Problem, ...]


def check(project: Project, campaigns: Sequence[Campaign], means: Means, now: datetime) -> Checked:
    """Everything that needs neither network nor state; ProjectInvalid with all Problems, warnings too."""
    active = [campaign for campaign in campaigns if not campaign.is_closed(now)]
    filed = [one for one in active if one.audience is not None or one.arms or project.suppressions_for(one.purpose)]
    failed = (*failing(active), *check_seeds(active))
    checked = [check_inline(one, project) for one in active if one.name not in {other.name for other in filed}]
    if filed:
        try:
            checked += _check_filed(project, filed, means)
        except ProjectInvalid as invalid:
            raise ProjectInvalid(*{*invalid.problems, *failed}) from None
    problems = tuple(sorted({problem for _, found in checked for problem in found} | {*failed}))
    if any(problem.severity == "error" for problem in problems):
        raise ProjectInvalid(*problems)
    return Checked(people=sum(people for people, _ in checked), warnings=problems)


def _check_filed(
    project: Project, campaigns: Sequence[Campaign], means: Means
) -> list[tuple[int, tuple[Problem, ...]]]:
    from octoplan.pipeline.gathering import Known, gather  # noqa: PLC0415 - the table's modules, only where files are read

    with means.open_table() as table:
        gathered = gather(project, campaigns, table, Known(), means.rejects)
        return [_check_messages(project, one, means.cores) for one in gathered]


def _check_messages(project: Project, gathered: "Gathered", cores: int) -> tuple[int, tuple[Problem, ...]]:
    """A gathered campaign, as if nobody had been sent to → how many people get it, and its Problems."""
    from octoplan.pipeline.texts import ask_free  # noqa: PLC0415 - as above

    linting = begin(gathered.campaign, project)
    asked = (stop.MENTION_SQL, stop.FRANCE) if linting.asks_messages else None
    people, problems, told = ask_free(gathered, cores, asked)
    return people, (*problems, *linting.findings(French(*told) if asked else None))
