"""A campaign with inline recipients → its Problems, without a table: validating it loads no duckdb."""

from octoplan.audience.inline import Person, read_inline
from octoplan.campaign import Campaign
from octoplan.content import compile_campaign
from octoplan.content.variants import render_all, render_here
from octoplan.errors import Problem, ProjectInvalid
from octoplan.table.rows import Combination


def check_inline(campaign: Campaign) -> tuple[int, tuple[Problem, ...]]:
    """A campaign without contact files → how many people it has, and its Problems."""
    try:
        wording = compile_campaign(campaign)
    except ProjectInvalid as invalid:
        return 0, invalid.problems
    inline = read_inline(campaign)
    problems = (*inline.problems, *wording.check_names(inline.columns, campaign.constants))
    if problems:
        return 0, problems
    names = tuple(sorted(wording.variables - campaign.constants.keys()))
    combinations = [_combination(number, person, names) for number, person in enumerate(inline.people)]
    renders = wording.renderer(names, campaign.constants)
    batches = render_here(renders, campaign.channel)([combinations])
    faults = render_all(batches, renders, campaign, lambda _: None)
    found = (fault.problem(lambda rows: [inline.people[number].place for _, number in rows]) for fault in faults)
    return len(inline.people) - faults.skipped, tuple(found)


def _combination(number: int, person: Person, names: tuple[str, ...]) -> Combination:
    return Combination(
        number=number, people=1, row=(0, number), values=tuple(person.values.get(name) for name in names)
    )
