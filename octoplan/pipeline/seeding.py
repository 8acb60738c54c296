"""A campaign with `seeds` → what its own staff get of an edition: a message when it begins, and one when it is over.

Each is a frame of its own, kept under a name of its own, so that nobody's message of the edition is spent by it.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from octoplan.audience.persons import person_of
from octoplan.audience.seeds import Seed, reached
from octoplan.campaign import Campaign
from octoplan.frame import Frame
from octoplan.pipeline.course import Course
from octoplan.pipeline.gathering import Gathered
from octoplan.pipeline.own import Own
from octoplan.pipeline.showing import show_person
from octoplan.plan import Cost
from octoplan.pricing import estimate
from octoplan.seeds import Seeds
from octoplan.state.interface import Status
from octoplan.state.records import FIRST, LAST
from octoplan.state.statements import moment
from octoplan.table.sending import Messages

_FREE: Final = (Status.FREE, Status.PLANNED)
_TRIED: Final = 100  # rows that are looked at for a message, where nobody is left to be sent to


@dataclass(frozen=True, slots=True, kw_only=True)
class Ride:
    """One message to own staff. `parts`: those of one of them; `cost`: of all."""

    frame: Frame
    parts: int
    cost: Cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeded:
    """What own staff still get: `first` when the edition begins, `last` when everybody who was planned has had it.

    `staff`: their addresses.
    """

    staff: tuple[str, ...] = field(repr=False)
    first: Ride | None = None
    last: Ride | None = None

    @property
    def rides(self) -> tuple[Ride, ...]:
        """Both, or the one that is left."""
        return tuple(one for one in (self.first, self.last) if one is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """How an edition stands: how many are to be sent to now, whom the state has where, whether others wait."""

    recipients: int
    counts: Mapping[Status, int]
    waits: bool

    @property
    def is_begun(self) -> bool:
        """Whether anything of it may have reached anybody."""
        return bool(self.counts.keys() - {*_FREE})

    @property
    def is_over(self) -> bool:
        """Whether nobody is left to be sent to, and the gateway has taken something."""
        return not (self.recipients or self.waits or Status.SENDING in self.counts) and Status.SENT in self.counts


def seed(gathered: Gathered, messages: Messages, edition: Edition, course: Course) -> Seeded | None:
    """A campaign whose messages are made → what own staff get of it; None: nothing, or nothing any more.

    Once for each edition, to those who were named when it was begun: whoever is added to the file later gets what has
    not begun by then. Whoever asked to be forgotten gets nothing.
    """
    campaign = gathered.campaign
    if campaign.seeds is None or not _is_reviewed(campaign, course):
        return None
    staff = _staff(campaign.seeds, campaign, course)
    first, last = (_left(name, staff, campaign, course) for name in (FIRST, LAST))
    if not edition.recipients or (edition.is_begun and not first.held):
        first = replace(first, people={})
    if not edition.recipients and not (last.held and edition.is_over and not _is_past(campaign, course)):
        last = replace(last, people={})
    words = _words(gathered, messages, edition) if first.people or last.people else None
    if words is None:
        return None
    return Seeded(
        staff=tuple(one.address for one in staff.values()),
        first=_ride(first, words, campaign, course),
        last=_ride(last, words, campaign, course),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Left:
    """Who still gets the message that is kept under a name, how often it was refused, and whether it `held` before."""

    name: str
    people: Mapping[int, Seed] = field(repr=False)
    refusals: int
    held: bool


def _left(name: str, staff: Mapping[int, Seed], campaign: Campaign, course: Course) -> _Left:
    name = f"{name}{campaign.held_as}"
    held = {one.person: one for batch in course.state.store.messages(name, campaign.edition) for one in batch}
    free = {person for person, one in held.items() if one.status in _FREE}
    begun = len(free) < len(held)
    people = {person: one for person, one in staff.items() if person in free or not begun}
    refusals = max((held[person].refusals for person in people if person in held), default=0)
    return _Left(name=name, people=people, refusals=refusals, held=bool(held))


def _staff(seeds: Seeds, campaign: Campaign, course: Course) -> Mapping[int, Seed]:
    key, store = course.state.keys.person, course.state.store
    staff = {person_of(key, one.address): one for one in reached(seeds.document, campaign)}
    if not store.any_forgotten():
        return staff
    return {person: one for person, one in staff.items() if store.forgotten_at(person) is None}


def _is_reviewed(campaign: Campaign, course: Course) -> bool:
    """Whether the reviewed plan, if there is one, has something for own staff too."""
    planned = course.reviewed.campaign(campaign.name) if course.reviewed else None
    return course.reviewed is None or (planned is not None and planned.seeds > 0)


def _is_past(campaign: Campaign, course: Course) -> bool:
    return campaign.send_at is not None and campaign.send_at <= course.now


def _words(gathered: Gathered, messages: Messages, edition: Edition) -> tuple[Mapping[str, Any], int] | None:
    """The content and parts of the first person's message, of those who are sent to now, or else of all."""
    if edition.recipients:
        content, parts = messages.first()
        return json.loads(content), parts
    for number in range(1, _TRIED + 1):
        shown = show_person(gathered, number)
        if shown is None:
            return None
        if shown.content is not None:
            return shown.content, shown.parts or 0
    return None


def _ride(left: _Left, words: tuple[Mapping[str, Any], int], campaign: Campaign, course: Course) -> Ride | None:
    if not left.people:
        return None
    content, parts = words
    own = Own(
        campaign=campaign,
        name=left.name,
        edition=campaign.edition,
        settings=campaign.settings,
        content=content,
        staff={person: one.address for person, one in left.people.items()},
    )
    made = own.frame(course.state, left.refusals)
    countries = Counter(one.country for one in left.people.values())
    by_country = [(country, people, people * parts) for country, people in countries.items()]
    return Ride(
        frame=replace(made, due=moment(campaign.send_at) if campaign.send_at else ""),
        parts=parts,
        cost=estimate(campaign, course.environment.prices, by_country, requests=1),
    )
