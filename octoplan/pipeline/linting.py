"""A campaign, and who of its people gets a STOP mention → what lint finds. It loads no duckdb."""

from dataclasses import dataclass
from typing import NamedTuple

from octoplan.campaign import Campaign
from octoplan.errors import Problem
from octoplan.lint import lint, stop, without
from octoplan.lint.prose import Prose, prose_of
from octoplan.lint.rules import AREA
from octoplan.project import Project

_OF_STOP = (f"{AREA}stop-missing", f"{AREA}stop-misspelled")


class French(NamedTuple):
    """People with a French number, and how many of them get a message without the STOP mention."""

    people: int
    without: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Linting:
    """A campaign that is looked at, with its texts."""

    campaign: Campaign
    project: Project
    texts: tuple[Prose, ...]

    @property
    def asks_messages(self) -> bool:
        """Whether only the messages tell who gets the STOP mention that Octopush asks for."""
        return self.campaign.channel == "sms" and stop.is_asked(self.campaign) and not stop.always_says(self.texts)

    def findings(self, french: French | None = None, *more: Problem) -> tuple[Problem, ...]:
        """All findings but those that are switched off; `french`: what the messages say, if they were asked."""
        found = list(lint(self.campaign, self.texts))
        if french is not None and french.people:
            found = [one for one in found if one.rule not in (_OF_STOP if french.without else _OF_STOP[:1])]
        if french is not None and french.without:
            found.append(stop.refused(self.campaign, self.texts, french.without))
        return without(sorted({*found, *more}), self.campaign, self.project)


def begin(campaign: Campaign, project: Project) -> Linting:
    """A campaign → ready to be looked at."""
    return Linting(campaign=campaign, project=project, texts=prose_of(campaign, project))
