"""A gathered campaign minus what the state has → rendered, packed messages: a Draft."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypedDict

from octoplan.audience.values import Audience
from octoplan.campaign import Campaign
from octoplan.content import Wording
from octoplan.content.variants import Faults
from octoplan.errors import Problem
from octoplan.frame import Frame, Origin, body, check_words, personal_body
from octoplan.pipeline.arming import by_arm, hold_out
from octoplan.pipeline.capping import Caps, Over
from octoplan.pipeline.course import Course
from octoplan.pipeline.gathering import Gathered
from octoplan.pipeline.lots import divide
from octoplan.pipeline.seeding import Edition, Ride, Seeded, seed
from octoplan.pipeline.texts import fill
from octoplan.pipeline.waving import Waved, cut, wave
from octoplan.pipeline.windowing import Windowed, window_all
from octoplan.plan import Standing
from octoplan.planfile import message_prefix
from octoplan.state.home import State
from octoplan.state.interface import Held, Skipped, Status
from octoplan.state.statements import moment
from octoplan.table.lots import Lot
from octoplan.table.rows import PackedFrame
from octoplan.table.sending import Messages
from octoplan.windows.opens import ALWAYS, Opens

_FREE = (Status.FREE, Status.PLANNED)


class Rails(TypedDict):
    """What guard rails say of a frame."""

    opens: str
    wave: int
    arm: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A campaign's messages, packed into frames in the table, ready to be counted, simulated or sent."""

    campaign: Campaign
    wording: Wording
    audience: Audience
    messages: Messages
    origin: Origin
    standing: Standing
    reached: int
    recipients: int
    requests: int
    skipped: int
    by_default: int
    left_out: int
    over: Over = field(default_factory=Over)
    """Who is over a cap, and gets nothing now."""
    decided: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """How many people were left out of this edition before, by the reason."""
    held_out: int = 0
    """How many people are held out of this edition now."""
    gone: int = 0
    """How many people the state has in this edition who are in the audience no more."""
    client_requests: int | None = None
    """How many requests rendering here would take; None where that is what is done."""
    lots: tuple[Lot, ...] = ()
    """Who may share a frame, by the number that a frame says; none: everybody."""
    waves: Waved | None = None
    """Who is in which wave, and which is due; None: everybody at once."""
    windows: Windowed | None = None
    """When its people may be sent to; None: always."""
    seeded: Seeded | None = None
    """What own staff get beside; None: nothing, or nothing any more."""

    def frames(self, first: int, last: int) -> Iterator[Frame]:
        """Frames by number, as simulated requests."""
        for packed in self.messages.framing.addressed(first, last, identified=False):
            yield self._frame(packed)

    def identified(self, first: int, last: int) -> Iterator[tuple[Frame, PackedFrame]]:
        """Frames by number, once their request ids are known, with what they were packed from."""
        for packed in self.messages.framing.addressed(first, last, identified=True):
            yield self._frame(packed), packed

    def _frame(self, packed: PackedFrame) -> Frame:
        recipients: list[dict[str, str]] = [{self.campaign.address_field: to} for to in packed.addresses]
        content, made, settings = packed.digest, packed.id or None, self.campaign.settings
        if packed.text is None:
            request = body(settings, json.loads(packed.content), recipients, made)
        else:
            content = check_words(packed.text, packed.values, packed.digests)
            recipients = [to | values for to, values in zip(recipients, packed.values, strict=True)]
            request = personal_body(settings, packed.text, recipients, made)
        return Frame(
            id=packed.id,
            origin=self.origin,
            content=content,
            refusals=packed.refusals,
            people=packed.people,
            body=request,
            due=self.due,
            **self.rails(packed.lot),
        )

    @property
    def rides(self) -> tuple[Ride, ...]:
        """The messages that own staff get beside."""
        return self.seeded.rides if self.seeded else ()

    @property
    def due(self) -> str:
        """When the gateway hands its messages on, as a state has it; blank for at once."""
        return moment(self.campaign.send_at) if self.campaign.send_at else ""

    def opens(self, lot: int) -> Opens:
        """A lot's number → when its people may be sent to."""
        return self.windows.opens(self.lots[lot]) if self.windows is not None and self.lots else ALWAYS

    def rails(self, lot: int) -> Rails:
        """A lot's number → what the state keeps of it with each of its frames."""
        wave, arm = (self.lots[lot].wave, self.lots[lot].arm) if self.lots else (0, "")
        return {"opens": self.opens(lot).text, "wave": wave, "arm": arm}

    def unsent(self, state: State, edition: int) -> int:
        """How many of these people another edition still owes a message: free after a refusal or a death of its run."""
        owed = (
            [held.person for held in batch if held.status in _FREE]
            for batch in state.store.messages(self.campaign.held_as, edition)
        )
        return self.messages.overlap(owed)


def draft(gathered: Gathered, course: Course, caps: Caps | None = None) -> tuple[Draft, tuple[Problem, ...]]:
    """A gathered campaign and the state → its Draft, and the Problems of rendering."""
    campaign, people, state = gathered.campaign, gathered.audience, course.state
    size = course.environment.frame_size
    messages = Messages(gathered.table, people.people, len(people.variables))
    origin = Origin(key=state.keys.request, lineage=state.lineage, campaign=campaign.held_as, edition=campaign.edition)
    counts = state.store.counts(campaign.held_as, campaign.edition)
    stood = _stand(messages, campaign, counts, course)
    spared = _spare(gathered, messages, course, caps, stood.free) if stood.free else _Spared(decided=stood.decided)
    faults, shares = fill(gathered, messages, course.cores) if spared.free else (Faults(), False)
    rendered = messages.count() if spared.free else 0
    recipients = _reviewed(messages, campaign, course) if rendered else 0
    divided = _divide(gathered, messages, course, known=bool(counts)) if recipients else _Divided()
    if caps and recipients:
        caps.count(messages, campaign)
    edition = Edition(recipients=recipients, counts=counts, waits=bool(spared.over.waits))
    drawn = Draft(
        campaign=campaign,
        wording=gathered.wording,
        audience=people,
        messages=messages,
        origin=origin,
        standing=stood.standing,
        reached=_reached(counts, retry_refused=course.retry_refused),
        recipients=recipients,
        requests=messages.framing.pack(size, origin.prefix) if recipients else 0,
        skipped=faults.skipped,
        by_default=faults.by_default,
        left_out=rendered - recipients,
        over=spared.over,
        decided=spared.decided,
        held_out=spared.held_out,
        gone=stood.gone,
        lots=divided.lots,
        waves=divided.waves,
        windows=divided.windows,
        seeded=seed(gathered, messages, edition, course),
        client_requests=messages.framing.client_requests(size) if shares and recipients else None,
    )
    return drawn, (*(fault.problem(people.places) for fault in faults), *divided.odd)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spared:
    """Who of the free people gets nothing now: by decision, by reason; held out; over a cap. `free`: who is left."""

    free: int = 0
    decided: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    held_out: int = 0
    over: Over = field(default_factory=Over)


def _spare(gathered: Gathered, messages: Messages, course: Course, caps: Caps | None, free: int) -> _Spared:
    """A campaign of which so many are `free` → the same people without those who get nothing now."""
    campaign = gathered.campaign
    decided = messages.decide(_decided(batch) for batch in _skipped(campaign, course))
    free = messages.count_free() if decided else free
    held_out = hold_out(messages, campaign, gathered.audience) if free else 0
    over = caps.leave_out(messages, campaign) if caps and free else Over()
    return _Spared(free=free - held_out - over.people, decided=decided, held_out=held_out, over=over)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Divided:
    """What of a campaign's messages may not share a frame, and why: `odd`, people whose window cannot be told."""

    lots: tuple[Lot, ...] = ()
    windows: Windowed | None = None
    waves: Waved | None = None
    odd: tuple[Problem, ...] = ()


def _divide(gathered: Gathered, messages: Messages, course: Course, *, known: bool) -> _Divided:
    """A campaign whose messages are known → the same, divided by all guard rails; `known`: as `cut` has it."""
    windows, by_window, odd = window_all(gathered, course)
    found, by_wave = cut(gathered, messages, course, known=known)
    lots = divide(messages, by_wave, by_window, by_arm(gathered.campaign, course.state.keys.person))
    waved = wave(found, lots, course, gathered.campaign.not_after)
    return _Divided(lots=lots, windows=windows, waves=waved, odd=odd)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stood:
    """How the state knows an audience, how many of it are free, how many it knows beside.

    `decided`: who was left out before, by reason; it is looked up where nobody is free only.
    """

    standing: Standing
    free: int = 0
    gone: int = 0
    decided: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


def _stand(messages: Messages, campaign: Campaign, counts: Mapping[Status, int], course: Course) -> _Stood:
    """A campaign's audience → how the state knows it; `counts`: all it knows of this edition."""
    store = course.state.store
    if counts.keys() == {Status.SENT}:
        known, decided = _key_total(campaign, course)
        if messages.key_total() == known:  # it is the same people, and all have had it or were left out
            return _Stood(standing=Standing(sent=counts[Status.SENT]), decided=decided)
    messages.hold(_lines(batch) for batch in store.messages(campaign.held_as, campaign.edition) if counts)
    present = messages.standing()
    return _Stood(
        standing=_standing(present, retry_refused=course.retry_refused),
        free=_free(messages, retry_refused=course.retry_refused),
        gone=sum(counts.values()) - sum(present.values()),
    )


def _key_total(campaign: Campaign, course: Course) -> tuple[tuple[int, int], Mapping[str, int]]:
    """How many people an edition has sent to or left out, the sum of their keys; how many it left out, by reason."""
    count, total = course.state.store.key_total(campaign.held_as, campaign.edition)
    decided = Counter[str]()
    for batch in _skipped(campaign, course):
        count, total = count + len(batch), total + sum(one.person for one in batch)
        decided.update(one.why for one in batch)
    return (count, total), decided


def _skipped(campaign: Campaign, course: Course) -> Iterator[Sequence[Skipped]]:
    return course.state.store.skipped(campaign.held_as, campaign.edition)


def _decided(batch: Sequence[Skipped]) -> list[str]:
    return [f"{one.person:#x}\n{one.why}" for one in batch]


def _free(messages: Messages, *, retry_refused: bool) -> int:
    if retry_refused:
        return messages.free((*_FREE, Status.REFUSED), retried=Status.REFUSED)
    return messages.free(_FREE)


def _standing(counts: Mapping[str, int], *, retry_refused: bool) -> Standing:
    return Standing(
        sent=counts.get(Status.SENT, 0),
        open=counts.get(Status.SENDING, 0),
        unknown=counts.get(Status.UNKNOWN, 0),
        refused=0 if retry_refused else counts.get(Status.REFUSED, 0),
    )


def _reached(counts: Mapping[Status, int], *, retry_refused: bool) -> int:
    """How many messages of an edition are sent, open, unknown or refused for good, whoever is in the audience now."""
    passed = (*_FREE, Status.REFUSED) if retry_refused else _FREE
    return sum(people for status, people in counts.items() if status not in passed)


def _reviewed(messages: Messages, campaign: Campaign, course: Course) -> int:
    """Messages that the reviewed plan does not hold are left out; how many stay."""
    if course.reviewed is None:
        return messages.count()
    planned = course.reviewed.campaign(campaign.name)
    prefix = message_prefix(campaign, course.state.keys.digest, course.reviewed.salt)
    return messages.keep(prefix, planned.messages if planned else b"")


def _lines(batch: Sequence[Held]) -> list[str]:
    return [f"{held.person:#x}\n{held.status}\n{held.refusals}\n{held.frame or ''}" for held in batch]
