"""The messages of a campaign with `waves` → who is in which, which wave is due, and who has to wait for theirs."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from octoplan import durations
from octoplan.limits import WAVE, Accepted
from octoplan.pipeline.course import Course
from octoplan.pipeline.gathering import Gathered
from octoplan.plan import Wait
from octoplan.state.cuts import Cuts, cuts_of
from octoplan.state.interface import FrameRecord, Status, Store
from octoplan.table import waving
from octoplan.table.lots import Division, Lot
from octoplan.table.sending import Messages
from octoplan.waves import Passed, Waves, begins, too_bad

_ENDED = (Status.SENT, Status.REFUSED, Status.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Where a campaign's people are cut into waves, and what a state keeps of that."""

    waves: Waves
    kept: Cuts

    @property
    def campaign(self) -> str:
        """As the state calls it."""
        return self.kept.campaign

    @property
    def edition(self) -> int:
        """Of the campaign."""
        return self.kept.edition


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is known of a wave that is to follow. `under_way`: frames of waves before it without an end."""

    number: int
    under_way: int
    begins: datetime | None
    faults: tuple[str, ...]

    def is_due(self, now: datetime) -> bool:
        """Whether it may begin now."""
        return not self.under_way and not self.faults and (self.begins is None or self.begins <= now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waved:
    """A campaign's people by wave, as many as are `left` of each; `due`: the wave that an apply sends, 0: none."""

    cut: Cut
    left: Mapping[int, int]
    due: int
    waits: tuple[Wait, ...]
    faults: tuple[str, ...]


def cut(gathered: Gathered, messages: Messages, course: Course, *, known: bool) -> tuple[Cut | None, Division]:
    """A campaign → where it is cut, and what divides its messages by that; None without waves.

    First it is cut where those are who get it. Once it was recorded the cuts stay as they are, until its author writes
    other waves, which cut everybody of the audience; `known`: the state has people of this edition, so that whoever it
    does not hold has joined since.
    """
    campaign, waves = gathered.campaign, gathered.campaign.waves
    if not waves.each:
        return None, Division()
    name, written = campaign.held_as, campaign.document.data["waves"]
    seed = waving.seed_of(name, campaign.edition)
    kept = cuts_of(course.state.store.meta(), name)
    if known and kept is not None and (kept.edition, kept.waves) == (campaign.edition, written):
        found = Cut(waves=waves, kept=kept)
        before = _before(found, course.state.store)
        return found, waving.division(gathered.table, messages.audience, seed, kept.cuts, before)
    audience = gathered.audience
    people, count = (audience.people, audience.counts.people) if known else (messages.name, messages.count())
    at = waving.cuts(gathered.table, people, seed, waves.ends(count))
    new = Cuts(campaign=name, edition=campaign.edition, waves=written, cuts=at)
    return Cut(waves=waves, kept=new), waving.division(gathered.table, messages.audience, seed, at, None)


def _before(found: Cut, store: Store) -> waving.Before:
    frames = [one for one in store.frames(campaign=found.campaign) if one.edition == found.edition]
    return waving.Before(
        planned={one.id: one.wave for one in frames if one.status is Status.PLANNED and one.wave},
        begun=max((one.wave for one in frames if one.status is not Status.PLANNED), default=0),
    )


def wave(found: Cut | None, lots: Sequence[Lot], course: Course, not_after: datetime | None) -> Waved | None:
    """Where a campaign is cut, and the lots that are left of it → which wave is due, and who waits.

    A wave that can begin only after `not_after`, however fast the others are over, is a fault.
    """
    if found is None or not lots:
        return None
    left: Counter[int] = Counter()
    for lot in lots:
        left[lot.wave] += lot.people
    first = min(left)
    standing = stand(found, first, course.state.store, course.accepted)
    due = first if standing.is_due(course.now) else 0
    waits = [] if due else [Wait(people=left[first], until=standing.begins, why=_why(found, standing))]
    later = sorted(number for number in left if number > first)
    waits += [Wait(people=left[number], until=None, why=_said(found.waves, number)) for number in later]
    late = _late(found.waves, sorted(left), standing.begins or course.now, not_after)
    return Waved(cut=found, left=left, due=due, waits=tuple(waits), faults=(*standing.faults, *late))


def _late(waves: Waves, left: Sequence[int], begins: datetime, not_after: datetime | None) -> tuple[str, ...]:
    """The waves that are left, and when the first of them may begin → why one of them never may."""
    for number in left:
        begins += waves.each[number - 1].after if number > left[0] else timedelta()
        if not_after is not None and begins > not_after:
            return (f"{waves.said(number)} cannot begin before not_after",)
    return ()


def stand(found: Cut, number: int, store: Store, accepted: Accepted, free: int | None = None) -> Standing:
    """A wave that is to follow, as the state has those before it.

    `free`: in a run, how many people of the edition were free once it was recorded. Then what is planned is under way,
    and so is whoever became free since: refused for the campaign's sake, and planned in a wave by the next apply.
    """
    if number == 1:
        return Standing(number=1, under_way=0, begins=None, faults=())
    before = [
        frame
        for frame in store.frames(campaign=found.campaign)
        if frame.edition == found.edition and 0 < frame.wave < number
    ]
    passed = _passed(found, before, store, free)
    is_accepted = accepted.get(WAVE, 0) >= number
    bad = () if is_accepted else too_bad(found.waves, passed)
    said = f"{found.waves.said(number)} does not begin: {'; '.join(bad)} (--accept {WAVE}={number})"
    return Standing(
        number=number,
        under_way=passed.under_way,
        begins=begins(found.waves, number, passed),
        faults=(said,) if bad else (),
    )


def _passed(found: Cut, before: Sequence[FrameRecord], store: Store, free: int | None) -> Passed:
    open_now = (Status.SENDING,) if free is None else (Status.SENDING, Status.PLANNED)
    ended = [one.last_change for one in before if one.status in _ENDED and one.last_change is not None]
    counts = store.counts(found.campaign, found.edition)
    freed = free is not None and counts.get(Status.FREE, 0) > free
    told = store.responses().get((found.campaign, found.edition)) if found.waves.stop_if.shares else None
    return Passed(
        under_way=sum(one.status in open_now for one in before) + freed,
        ended=max(ended, default=None),
        sent=counts.get(Status.SENT, 0),
        counts={
            "refused": counts.get(Status.REFUSED, 0),
            "undelivered": told.failed if told else 0,
            "opted_out": told.optouts if told else 0,
        },
    )


def _why(found: Cut, standing: Standing) -> str:
    if standing.under_way:
        return f"{found.waves.said(standing.number)}: the one before has frames without an answer"
    return _said(found.waves, standing.number)


def _said(waves: Waves, number: int) -> str:
    after = waves.each[number - 1].after
    when = f"{durations.write(after)} after" if after else "after"
    return f"{waves.said(number)}, {when} the one before"
