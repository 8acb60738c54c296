"""One person of a campaign → the window that they are sent to in, and whether it is open: for `octoplan why`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from octoplan.campaign import Campaign
from octoplan.pipeline.gathering import Gathered
from octoplan.pipeline.windowing import choice_of, window_of
from octoplan.project import Project
from octoplan.table import people
from octoplan.windows.window import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The window of one person, by the moment `at`: now, or the `send_at` of the campaign.

    `enforced` says whether nothing is sent outside it, or it is only shown; `refuses` whether who is outside blocks the
    campaign, in place of waiting.
    """

    window: Window
    at: datetime
    enforced: bool
    refuses: bool
    send_at: bool

    @property
    def is_open(self) -> bool:
        """Whether that moment is inside."""
        return self.window.opens(self.at).holds(self.at)

    @property
    def until(self) -> datetime | None:
        """When it closes, or opens again, as a clock of its first zone shows it; None where that is not known."""
        opens = self.window.opens(self.at)
        found = opens.closes(self.at) if self.is_open else opens.first_from(self.at)
        return None if found is None else self.window.shown(found)


def judge_one(
    gathered: Gathered, project: Project, who: tuple[int, str], now: datetime, *, enforced: bool
) -> Judged | None:
    """Somebody in a campaign's audience, by key and address → their window; None where no rule binds them.

    ProjectInvalid where their zone is not known: then nobody gets the campaign.
    """
    campaign, (person, address) = gathered.campaign, who
    choice = choice_of(campaign, project.windows)
    if not choice.binds:
        return None
    table, audience = gathered.table, gathered.audience
    values = people.values_of(table, audience.people, person, len(audience.variables))
    place = people.country_of(table, audience.people, person), _told(campaign, audience.variables, values)
    window = window_of(campaign, choice, place, address)
    if window is None:
        return None
    at, send_at = campaign.send_at or now, campaign.send_at is not None
    return Judged(window=window, at=at, enforced=enforced, refuses=choice.refuses, send_at=send_at)


def _told(campaign: Campaign, variables: Sequence[str], values: Sequence[object]) -> str:
    """What the column of time zones says of a person; blank where there is none, or it says nothing."""
    column = campaign.timezone.column
    value = values[variables.index(column)] if column is not None and column in variables else None
    return "" if value is None else str(value).strip()
