"""Campaigns → how their tests went, and what their words make of made-up rows; no contact file is read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from octoplan.campaign import Campaign
from octoplan.content import compile_campaign
from octoplan.content.madeup import MadeUp, make_up
from octoplan.content.trials import Trial, run_tests
from octoplan.errors import Problem, ProjectInvalid


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One campaign: its tests as they went, and the made-up rows."""

    campaign: Campaign
    trials: tuple[Trial, ...]
    made: MadeUp

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was not as expected, and what must hold of every row and does not."""
        failed = [problem for trial in self.trials for problem in trial.failures]
        return tuple(dict.fromkeys([*failed, *(problem for row in self.made.rows for problem in row.problems)]))


def try_all(campaigns: Iterable[Campaign]) -> tuple[Tried, ...]:
    """Campaigns → each as it was tried; ProjectInvalid with what is wrong with any of their templates."""
    tried: list[Tried] = []
    problems: list[Problem] = []
    for campaign in campaigns:
        try:
            wording = compile_campaign(campaign)
        except ProjectInvalid as invalid:
            problems.extend(invalid.problems)
            continue
        trials, made = run_tests(campaign, wording), make_up(campaign, wording)
        tried.append(Tried(campaign=campaign, trials=trials, made=made))
    if problems:
        raise ProjectInvalid(*problems)
    return tuple(tried)


def failing(campaigns: Sequence[Campaign]) -> tuple[Problem, ...]:
    """Campaigns → what their tests find; templates that do not compile are told of elsewhere."""
    found: list[Problem] = []
    for campaign in campaigns:
        if "tests" not in campaign.document.data:
            continue
        try:
            wording = compile_campaign(campaign)
        except ProjectInvalid:
            continue
        found += [problem for trial in run_tests(campaign, wording) for problem in trial.failures]
    return tuple(found)
