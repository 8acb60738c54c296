"""Valid campaigns → everything that can be known of them without network and state; what `validate` runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from octoplan.campaign import Campaign
from octoplan.errors import ProjectInvalid
from octoplan.pipeline.inline import check_inline
from octoplan.project import Project

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from octoplan.audience.rejects import Rejects
    from octoplan.errors import Problem
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


def check(project: Project, campaigns: Sequence[Campaign], means: Means, now: datetime) -> int:
    """Everything that needs neither network nor state → how many people there are; ProjectInvalid with all Problems."""
    active = [campaign for campaign in campaigns if not campaign.is_closed(now)]
    filed = [one for one in active if one.audience is not None or project.suppressions_for(one.purpose)]
    checked = [check_inline(campaign) for campaign in active if campaign.name not in {one.name for one in filed}]
    if filed:
        checked += _check_filed(project, filed, means)
    problems = [problem for _, found in checked for problem in found]
    if problems:
        raise ProjectInvalid(*problems)
    return sum(people for people, _ in checked)


def _check_filed(
    project: Project, campaigns: Sequence[Campaign], means: Means
) -> list[tuple[int, tuple["Problem", ...]]]:
    from octoplan.pipeline.gathering import gather  # noqa: PLC0415
    from octoplan.pipeline.texts import take_free  # noqa: PLC0415 - the table's modules, only where files are read

    with means.open_table() as table:
        # Nobody is looked up by the key, so any will do.
        gathered = gather(project, campaigns, table, bytes(16), means.rejects)
        return [take_free(one, means.cores) for one in gathered]
