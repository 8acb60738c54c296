"""A campaign with inline recipients → its Problems, without a table: validating it loads no duckdb."""

from collections.abc import Sequence

from octoplan.audience.inline import Person, read_inline
from octoplan.campaign import Campaign
from octoplan.content import compile_campaign
from octoplan.content.variants import render_all, render_here
from octoplan.errors import Problem, ProjectInvalid
from octoplan.lint import stop
from octoplan.pipeline.linting import French, begin
from octoplan.project import Project
from octoplan.table.rows import Combination


def check_inline(campaign: Campaign, project: Project) -> tuple[int, tuple[Problem, ...]]:
    """A campaign without contact files → how many people it has, and its Problems, findings of lint among them."""
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
    lines: list[str] = []
    faults = render_all(batches, renders, campaign, lines.extend)
    found = (fault.problem(lambda rows: [inline.people[number].place for _, number in rows]) for fault in faults)
    linting = begin(campaign, project)
    french = _french(inline.people, lines) if linting.asks_messages else None
    return len(inline.people) - faults.skipped, (*found, *linting.findings(french))


def _french(people: Sequence[Person], lines: Sequence[str]) -> French:
    """People, and what they get, a line each as in `table.rows` → who of France gets it without a STOP mention."""
    rendered = (line.split("\n", 3) for line in lines)
    french = [content for number, _, content, _ in rendered if people[int(number)].country == stop.FRANCE]
    return French(people=len(french), without=sum(stop.MENTION.search(content) is None for content in french))


def _combination(number: int, person: Person, names: tuple[str, ...]) -> Combination:
    return Combination(
        number=number, people=1, row=(0, number), values=tuple(person.values.get(name) for name in names)
    )
