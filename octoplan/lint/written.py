"""A campaign as written → what lint finds in it, and which findings are switched off."""

from collections.abc import Iterable, Iterator, Sequence

from octoplan import parts
from octoplan.campaign import Campaign
from octoplan.content.typography import cheaper
from octoplan.errors import Problem
from octoplan.lint import comments, links, senders, stop, unseen, wording
from octoplan.lint.prose import Prose
from octoplan.lint.rules import AREA
from octoplan.project import Project

_OF_A_TEXT = (
    wording.placeholders,
    wording.capitals,
    wording.spaces,
    wording.zeros,
    links.plain_links,
    links.shorteners,
)


def lint(campaign: Campaign, texts: Sequence[Prose]) -> tuple[Problem, ...]:
    """A campaign and its texts → everything that is found without its people, by place; all of it warnings."""
    found = [problem for text in texts for rule in _OF_A_TEXT for problem in rule(text)]
    found += (problem for text in texts for problem in unseen.characters(text, campaign))
    found += (*comments.cut(campaign, texts), *senders.senders(campaign), *stop.stops(campaign, texts))
    return tuple(sorted({*found, *_fixed(campaign, texts)}))


def without(found: Iterable[Problem], campaign: Campaign, project: Project) -> tuple[Problem, ...]:
    """Findings → those of rules that neither the campaign nor the project has switched off."""
    off = {f"{AREA}{rule}" for rule in (*campaign.lint_off, *project.lint_off)}
    return tuple(problem for problem in found if problem.rule not in off)


def _fixed(campaign: Campaign, texts: Sequence[Prose]) -> Iterator[Problem]:
    """What the mention costs where everybody gets the same words; of other texts that is asked of the messages."""
    for text in texts:
        if campaign.channel == "sms" and text.kind == "text" and is_fixed(text) and stop.MENTION.search(text.words):
            written = text.sheet.source
            if 1 <= parts.measure(cheaper(written) if campaign.optimize else written).over <= stop.LENGTH:
                yield stop.costs_a_part(campaign, [text], 1, 1)


def is_fixed(text: Prose) -> bool:
    """Whether a text is the same for everybody who gets it."""
    return text.marked == text.sheet.source
