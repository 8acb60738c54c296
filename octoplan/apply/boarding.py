"""A draft that is recorded → its flights: all of them, or a wave after the other, each once the one before is over."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from octoplan.apply.events import Stopped, Waiting
from octoplan.apply.overrun import Expected
from octoplan.apply.run import Applier
from octoplan.apply.tower import Flight
from octoplan.apply.windows import is_in_time, too_late
from octoplan.campaign import Campaign
from octoplan.limits import Accepted
from octoplan.pipeline.drafts import Draft
from octoplan.pipeline.waving import Standing, stand
from octoplan.pricing import estimate
from octoplan.project import Prices
from octoplan.state.interface import FrameRecord, Status
from octoplan.table.rows import PackedFrame

_PEOPLE_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Boarding:
    """What flights are made with. `accepted`: what may pass a limit; `heard`: the last opt-out that a plan knows of.

    `free`: campaign → how many people of its edition were free when the run began it; it is filled then. `begun`: the
    last wave of a campaign that the run began, filled when it does.
    """

    applier: Applier
    accepted: Accepted
    heard: int
    free: dict[str, int] = field(default_factory=dict)
    begun: dict[str, int] = field(default_factory=dict)

    def begin(self, draft: Draft) -> None:
        """A draft was recorded, and what is due of it begins."""
        counts = self.applier.state.store.counts(draft.campaign.held_as, draft.campaign.edition)
        self.free[draft.campaign.name] = counts.get(Status.FREE, 0)

    def stand(self, draft: Draft, number: int) -> Standing:
        """A wave that is to follow in a draft, as the state has those before it now."""
        if draft.waves is None:
            msg = "a draft without waves has no wave to follow"
            raise AssertionError(msg)
        return stand(draft.waves.cut, number, self.applier.state.store, self.accepted, self.free_of(draft))

    def free_of(self, draft: Draft) -> int:
        """How many people of its edition are free, of whom nothing has to be done: if more are, some were refused.

        Those who were when the run began it, and who was taken out of it since.
        """
        campaign = draft.campaign
        return self.free.get(campaign.name, 0) + self.applier.gone.of(campaign.held_as)

    def later(self, draft: Draft) -> tuple[FrameRecord, ...]:
        """The frames that are still planned in waves of a draft that the run has not begun."""
        frames = self.applier.state.store.frames(Status.PLANNED, campaign=draft.campaign.held_as)
        begun = self.begun.get(draft.campaign.name, 0)
        return tuple(frame for frame in frames if frame.wave > begun and frame.edition == draft.campaign.edition)


def first_flights(draft: Draft, boarding: Boarding) -> Iterator[Flight]:
    """All flights of a draft, or those of the wave that is due."""
    if draft.waves or draft.seeded:
        boarding.begin(draft)
    if draft.waves is None:
        return _flights(draft, boarding, (0, draft.requests - 1))
    return _wave(draft, boarding, draft.waves.due)


def later_flights(drafts: Sequence[Draft], boarding: Boarding) -> Iterator[Iterable[Flight]]:
    """Wave after wave that may begin when it is asked for: what went before has come to its end by then."""
    for draft in drafts:
        for number in _later(draft):
            if not boarding.stand(draft, number).is_due(boarding.applier.clock.now()):
                break
            yield _wave(draft, boarding, number)


def still_waiting(drafts: Sequence[Draft], boarding: Boarding) -> Iterator[Stopped | Waiting]:
    """Once a run has sent what it may: whose waves have to wait, until when; and which must not begin."""
    stop = boarding.applier.stop
    for draft in drafts:
        name, waves = draft.campaign.held_as, draft.waves
        left = boarding.later(draft) if waves is not None and not stop.holds(name) else ()
        if waves is None or not left:
            continue
        number = min(frame.wave for frame in left)
        standing = boarding.stand(draft, number)
        if standing.faults:
            stop.halted = True
            yield Stopped(campaign=name, why=standing.faults[0])
            continue
        now = boarding.applier.clock.now()
        at = max(now, standing.begins or now)
        people = sum(frame.size for frame in left)
        waiting = sum(frame.size for frame in left if is_in_time(frame, at))
        why = waves.cut.waves.said(number)
        if waiting:
            yield Waiting(campaign=name, recipients=waiting, until=standing.begins, why=why, wave=number)
        if waiting < people:
            yield Stopped(campaign=name, why=f"{why}: {too_late(people - waiting)}")


def _later(draft: Draft) -> Sequence[int]:
    return [number for number in sorted(draft.waves.left) if number > draft.waves.due] if draft.waves else []


def _wave(draft: Draft, boarding: Boarding, number: int) -> Iterator[Flight]:
    """A wave that begins → its flights."""
    boarding.begun[draft.campaign.name] = number
    return _flights(draft, boarding, draft.messages.framing.wave(number))


def _flights(draft: Draft, boarding: Boarding, span: tuple[int, int]) -> Iterator[Flight]:
    """The frames of a draft from the first to the last of these → their flights, streamed.

    Those of a lot whose window is closed are left as they are.
    """
    campaign, applier = draft.campaign, boarding.applier
    heard = boarding.heard if applier.obeys_stop(campaign.purpose) else None
    step = max(1, _PEOPLE_AT_ONCE * draft.requests // draft.recipients)
    for lot, begin, end in _within(draft, span):
        for first in range(begin, end + 1, step):
            if not draft.opens(lot).holds(applier.clock.now()):
                break
            for frame, packed in draft.identified(first, min(first + step - 1, end)):
                expected = _expected(packed, campaign, applier.environment.prices)
                yield Flight(frame=frame, not_after=campaign.not_after, expected=expected, heard=heard)


def _within(draft: Draft, span: tuple[int, int]) -> Iterator[tuple[int, int, int]]:
    """Frames from the first to the last of these → each lot among them, with its first and last frame."""
    for lot, first, last in draft.messages.framing.spans():
        begin, end = max(first, span[0]), min(last, span[1])
        if begin <= end:
            yield lot, begin, end


def _expected(packed: PackedFrame, campaign: Campaign, prices: Prices | None) -> Expected:
    """What the plan says of one frame, which the gateway's answer is held against."""
    people = Counter(packed.countries)
    parts: Counter[str | None] = Counter()
    for place, count in zip(packed.countries, packed.parts, strict=True):
        parts[place] += count
    cost = estimate(campaign, prices, [(place, n, parts[place]) for place, n in people.items()], requests=1)
    if campaign.channel != "sms":
        return Expected(cost=cost.amount)
    alike = len(set(packed.parts)) == 1
    return Expected(parts=packed.parts[0], cost=cost.amount, each=() if alike else packed.parts)
