"""A draft with seeds → what a run records and sends to own staff: a frame before all others, and one after them."""

from collections.abc import Iterable, Iterator, Sequence

from octoplan.apply.boarding import Boarding
from octoplan.apply.overrun import Expected
from octoplan.apply.run import Applier
from octoplan.apply.tower import Flight
from octoplan.pipeline.drafts import Draft
from octoplan.pipeline.seeding import Ride
from octoplan.state.interface import CampaignRecord, NewCampaign, NewFrame, Status


def new_seeds(draft: Draft, applier: Applier) -> Iterator[NewCampaign]:
    """A draft → what the state records of its seeds: planned with all the rest, so that no crash forgets them."""
    for ride in draft.rides:
        frame, campaign = ride.frame, draft.campaign
        made = NewFrame(
            number=0, id=frame.id, size=len(frame.people), content=frame.content, refusals=frame.refusals, due=frame.due
        )
        # nobody's STOP counts for it: the gateway turns away whoever said it
        definition = {
            "settings": {"purpose": "alert"},
            "not_after": campaign.not_after.isoformat() if campaign.not_after else None,
        }
        yield NewCampaign(
            record=CampaignRecord(
                name=frame.origin.campaign,
                edition=frame.origin.edition,
                channel=campaign.channel,
                definition=definition,
                applied_at=applier.clock.now(),
            ),
            not_after=campaign.not_after,
            frames=[made],
            people=[[(person, 0) for person in frame.people]],
        )


def first_seeds(draft: Draft) -> Iterator[Flight]:
    """What own staff get before anybody of the audience does, who wait until it has landed."""
    if draft.seeded and draft.seeded.first:
        yield _flight(draft, draft.seeded.first)


def last_seeds(drafts: Sequence[Draft], boarding: Boarding) -> Iterator[Iterable[Flight]]:
    """What own staff get once everybody who was planned has had it, asked for when nothing else may follow."""
    for draft in drafts:
        if draft.seeded and draft.seeded.last and _is_over(draft, boarding):
            yield [_flight(draft, draft.seeded.last)]


def _is_over(draft: Draft, boarding: Boarding) -> bool:
    """Whether nobody of the edition is planned, open, became free again or waits for a cap, and somebody has had it."""
    campaign = draft.campaign
    counts = boarding.applier.state.store.counts(campaign.held_as, campaign.edition)
    if boarding.applier.stop.holds(campaign.held_as) or Status.SENT not in counts or draft.over.waits:
        return False
    if not draft.recipients:
        return Status.SENDING not in counts
    freed = counts.get(Status.FREE, 0) > boarding.free_of(draft)
    return not (freed or counts.keys() & {Status.PLANNED, Status.SENDING})


def _flight(draft: Draft, ride: Ride) -> Flight:
    parts = ride.parts if draft.campaign.channel == "sms" else None
    expected = Expected(parts=parts, cost=ride.cost.amount)
    return Flight(frame=ride.frame, not_after=draft.campaign.not_after, expected=expected)
