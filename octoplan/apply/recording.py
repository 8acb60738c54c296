"""A drawn plan → what the state records of it and what the gateway gets, both streamed from the table."""

from collections import Counter
from collections.abc import Iterable, Iterator

from octoplan.apply.overrun import Expected
from octoplan.apply.run import Applier, Recording
from octoplan.apply.tower import Flight
from octoplan.campaign import Campaign
from octoplan.guards import NOTE, dump
from octoplan.pipeline.drafts import Draft
from octoplan.pipeline.drawing import Drawn
from octoplan.pricing import estimate
from octoplan.project import Prices
from octoplan.state.interface import CampaignRecord, NewCampaign, NewFrame
from octoplan.table.rows import PackedFrame

_PEOPLE_AT_ONCE = 5_000


def recording(drawn: Drawn, applier: Applier, retry_refused: bool) -> Recording:  # noqa: FBT001 - a flag of the command
    """The drafts of a plan's steps that send → the Recording of one run."""
    sending = {step.campaign for step in drawn.plan.steps if step.is_due}
    drafts = [draft for draft in drawn.drafts if draft.campaign.name in sending]
    capped = [draft for draft in drawn.drafts if draft.over.left_out and draft not in drafts]
    for draft in drafts:
        draft.messages.framing.identify(draft.origin.prefix)
    return Recording(
        recipients=sum(draft.recipients for draft in drafts),
        requests=sum(draft.requests for draft in drafts),
        campaigns=(
            *(_new_campaign(draft, drawn, applier, retry_refused=retry_refused) for draft in drafts),
            *(_new_campaign(draft, drawn, applier, retry_refused=False) for draft in capped),
        ),
        flights=lambda: (flight for draft in drafts for flight in _flights(draft, applier, drawn.heard)),
        notes={NOTE: dump(drawn.plan.guards)} if drawn.plan.guards else {},
    )


def _new_campaign(draft: Draft, drawn: Drawn, applier: Applier, *, retry_refused: bool) -> NewCampaign:
    """A draft → its part of the recording, who is over a cap of it too; of one that nobody gets, only those."""
    campaign = draft.campaign
    return NewCampaign(
        record=CampaignRecord(
            name=campaign.held_as,
            edition=campaign.edition,
            channel=campaign.channel,
            definition=campaign.definition(applier.state.keys.keyed_digest),
            applied_at=applier.clock.now(),
        ),
        not_after=campaign.not_after,
        frames=_new_frames(draft) if draft.recipients else (),
        people=draft.messages.framing.placed() if draft.recipients else (),
        skipped=drawn.caps.left_out(draft.messages, campaign) if drawn.caps else (),
        retry_refused=retry_refused,
    )


def _new_frames(draft: Draft) -> Iterator[NewFrame]:
    for batch in draft.messages.framing.identified():
        for number, frame, size, content, refusals, _lot in batch:
            yield NewFrame(number=number, id=frame, size=size, content=content, refusals=refusals, due=draft.due)


def _flights(draft: Draft, applier: Applier, last_stop: int) -> Iterable[Flight]:
    heard = last_stop if applier.obeys_stop(draft.campaign.purpose) else None
    step = max(1, _PEOPLE_AT_ONCE * draft.requests // draft.recipients)
    for first in range(0, draft.requests, step):
        for frame, packed in draft.identified(first, first + step - 1):
            expected = _expected(packed, draft.campaign, applier.environment.prices)
            yield Flight(frame=frame, not_after=draft.campaign.not_after, expected=expected, heard=heard)


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
