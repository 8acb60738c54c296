"""Caps, the state and a plan's campaigns → who is over a cap, campaign by campaign, in the order of their moments."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Final

from octoplan.campaign import Campaign
from octoplan.caps import Cap
from octoplan.pipeline.course import Course
from octoplan.pipeline.gathering import Gathered
from octoplan.pipeline.sent_as import Kind, kinds_of
from octoplan.plan import Wait
from octoplan.state.interface import OLDEST, Status
from octoplan.state.reached import Reached
from octoplan.table.capping import Bound, Capping, Reach
from octoplan.table.sending import Messages
from octoplan.together import ahead

SLACK: Final = timedelta(hours=1)
"""How long after the plan a message may leave that is sent at once: somebody has to approve, and runs take time."""
WHY: Final = "cap"
_BATCH: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Over:
    """Who of a campaign's free people is over a cap: how many are left out, and who waits."""

    left_out: int = 0
    waits: tuple[Wait, ...] = ()

    @property
    def people(self) -> int:
        """How many that are."""
        return self.left_out + self.waiting

    @property
    def waiting(self) -> int:
        """How many of them wait."""
        return sum(wait.people for wait in self.waits)


def in_order(gathered: Sequence[Gathered], course: Course) -> list[Gathered]:
    """Campaigns → in the order in which their messages reach people, then by name: whom two want, the first gets."""
    return sorted(gathered, key=lambda one: (_moment(one.campaign, course.now)[0], one.campaign.name))


@dataclass(slots=True, kw_only=True)
class _Coming:
    """One edition that is about to be sent, of which everybody has one message at most. `load` puts it in."""

    kind: int
    load: Callable[[Capping], None]
    loaded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sent:
    """One edition in the state, of which everybody has one message at most."""

    kind: int
    name: str
    edition: int


class Caps:
    """The caps of a project over all campaigns of one plan.

    The state is read when a campaign first needs it, and its people only where there are as many editions as a cap
    allows messages: with fewer nobody can be over it. Of its people only those are read who are in so many of them
    that, with all that is about to be sent, they could be over a cap.
    """

    def __init__(self, caps: Sequence[Cap], course: Course) -> None:
        self._caps = tuple(caps)
        self._course = course
        self._kinds: dict[frozenset[Kind], int] = {}
        self._capping: Capping | None = None
        self._begun: set[str] = set()
        self._coming: list[_Coming] = []
        self._sent: list[_Sent] = []
        self._brought: frozenset[_Sent] = frozenset()
        self._at_least = 0

    def leave_out(self, messages: Messages, campaign: Campaign) -> Over:
        """A campaign whose free people are known → who of them is over a cap, and free no more."""
        caps = self._of(campaign)
        if not caps:
            return Over()
        capping = self._known(messages)
        capping.begin(messages.audience)
        self._begun.add(messages.audience)
        moment = _micros(_moment(campaign, self._course.now))
        over = {
            number: capping.hold(messages.audience, self._bound(number, cap), moment) if self._load(cap) else 0
            for number, cap in caps
        }
        if any(over.values()):
            messages.leave_out(f"over_{messages.audience}")
        waiting = [(number, cap) for number, cap in caps if over[number] and cap.over == "wait"]
        return Over(
            left_out=sum(over[number] for number, cap in caps if cap.over == "skip"),
            waits=tuple(_wait(cap, *capping.waits(messages.audience, number), campaign) for number, cap in waiting),
        )

    def count(self, messages: Messages, campaign: Campaign) -> None:
        """A campaign whose messages are known → they count for those that come after it."""
        if self._of(campaign):
            self._known(messages)
            kind = self._kind(frozenset([(campaign.purpose, campaign.channel)]))
            moment = _micros(_moment(campaign, self._course.now))
            self._coming.append(_Coming(kind=kind, load=lambda capping: capping.plan(messages.name, kind, moment)))

    def left_out(self, messages: Messages, campaign: Campaign) -> Iterator[Sequence[tuple[int, str]]]:
        """A campaign → who is left out for this edition, as (person, why), in batches."""
        caps = [number for number, cap in self._of(campaign) if cap.over == "skip"]
        if caps and self._capping is not None and messages.audience in self._begun:
            for keys in self._capping.keys(messages.audience, caps, _BATCH):
                yield [(key, WHY) for key in keys]

    def over(self, messages: Messages, campaign: Campaign, person: int) -> tuple[Cap, Wait] | None:
        """A campaign and one of its people → the cap that they are over, and their Wait if it lets them; None: none."""
        found = None
        if self._capping is not None and messages.audience in self._begun:
            found = self._capping.over(messages.audience, person)
        if found is None:
            return None
        number, free = found
        return self._caps[number], _wait(self._caps[number], 1, free, campaign)

    def listed(self, messages: Messages) -> Iterator[Sequence[tuple[int, str, str]]]:
        """A campaign → everybody over a cap, as (record, address, which cap), in order of their rows, in batches."""
        if self._capping is not None and messages.audience in self._begun:
            for rows in self._capping.rows(messages.audience, _BATCH):
                yield [(record, address, f"over {self._caps[number].said}") for record, address, number in rows]

    def _of(self, campaign: Campaign) -> list[tuple[int, Cap]]:
        named = enumerate(self._caps)
        return [(number, cap) for number, cap in named if cap.is_for(campaign.purpose, campaign.channel)]

    def _bound(self, number: int, cap: Cap) -> Bound:
        within = cap.within // timedelta(microseconds=1)
        return Bound(number=number, kinds=self._counted(cap), at_most=cap.at_most, within=within)

    def _counted(self, cap: Cap) -> frozenset[int]:
        return frozenset(kind for kinds, kind in self._kinds.items() if _is_for(cap, kinds))

    def _load(self, cap: Cap) -> bool:
        """Whether anybody can be over a cap at all; then everybody who can be is in the table."""
        counted = self._counted(cap)
        sent = frozenset(one for one in self._sent if one.kind in counted)
        coming = [one for one in self._coming if one.kind in counted]
        if self._capping is None or len(sent) + len(coming) < cap.at_most:
            return False
        for one in coming:
            if not one.loaded:
                one.load(self._capping)
                one.loaded = True
        if sent:
            self._bring(self._capping, sent, max(cap.at_most - len(coming), 1))
        return True

    def _bring(self, capping: Capping, sent: frozenset[_Sent], at_least: int) -> None:
        """Editions of the state, and of how many of them somebody must be in → these people are in the table.

        With fewer, or with more editions, those of before are among them. Each time it is half as many at most, so that
        a plan of many campaigns, of which each counts for the next, does not bring them again for each.
        """
        if sent <= self._brought and at_least >= self._at_least:
            return
        if self._brought:
            at_least = max(min(at_least, self._at_least // 2), 1)
        self._brought, self._at_least = self._brought | sent, at_least
        editions = sorted((one.name, one.edition) for one in self._brought)
        capping.people(ahead(self._course.state.store.placed(editions, at_least)))

    def _kind(self, kinds: frozenset[Kind]) -> int:
        """What an edition was sent as → its number: an edition is of one, so that each message counts once."""
        return self._kinds.setdefault(kinds, len(self._kinds))

    def _known(self, messages: Messages) -> Capping:
        """Everybody who was reached lately, read from the state once for all campaigns."""
        if self._capping is None:
            self._capping = Capping(messages.table)
            self._read(self._capping)
        return self._capping

    def _read(self, capping: Capping) -> None:
        """Which editions reached somebody lately, and when each of their frames did."""
        course, longest = self._course, max(cap.within for cap in self._caps)
        found = course.state.store.reached(course.now - longest)
        # asked after it: an apply beside this plan may have begun a campaign that the course does not know
        records = {record.name: record for record in course.state.store.campaigns()}
        for (name, edition), frames in groupby(found, key=lambda one: (one.campaign, one.edition)):
            kinds = kinds_of(records[name], edition)
            if not any(_is_for(cap, kinds) for cap in self._caps):
                continue
            kind = self._kind(kinds)
            capping.frames([_reach(one, kind, course.now) for one in frames])
            self._sent.append(_Sent(kind=kind, name=name, edition=edition))


def _wait(cap: Cap, people: int, free: int, campaign: Campaign) -> Wait:
    """A campaign with a `send_at` waits for nothing that comes by itself."""
    until = None if campaign.send_at else datetime.fromtimestamp(free / 10**6, UTC)
    return Wait(people=people, until=until, why=cap.said)


def _is_for(cap: Cap, kinds: frozenset[Kind]) -> bool:
    return any(cap.is_for(purpose, channel) for purpose, channel in kinds)


def _moment(campaign: Campaign, now: datetime) -> tuple[datetime, datetime]:
    """A campaign → the first and the last moment at which its messages reach people."""
    if campaign.send_at is not None and campaign.send_at > now:
        return campaign.send_at, campaign.send_at
    return now, now + SLACK


def _reach(frame: Reached, kind: int, now: datetime) -> Reach:
    """A frame → when its people were reached: no sooner than it was begun, and no later than its end was written down.

    One that is open may still arrive, by a replay, until it is too old for that.
    """
    first = frame.first_attempt or frame.last_change or now
    last = max(frame.last_change or now, first)
    if frame.status is Status.SENDING:
        last = max(last, now, first + OLDEST)
    if frame.due is not None:
        first, last = max(first, frame.due), max(last, frame.due)
    micros = _micros((first, last))
    return Reach(frame=frame.no, kind=kind, first=micros[0], last=micros[1])


def _micros(moment: tuple[datetime, datetime]) -> tuple[int, int]:
    first, last = ((at - _BEGINNING) // timedelta(microseconds=1) for at in moment)
    return first, last


_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
