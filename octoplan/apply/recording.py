"""A drawn plan → what the state records of it and what the gateway gets, both streamed from the table."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

from octoplan.apply.boarding import Boarding, first_flights, later_flights, still_waiting
from octoplan.apply.run import Applier, Recording
from octoplan.apply.seeding import first_seeds, last_seeds, new_seeds
from octoplan.apply.tower import Flight
from octoplan.guards import NOTE, dump
from octoplan.limits import Accepted
from octoplan.pipeline import remembered
from octoplan.pipeline.arming import held_out
from octoplan.pipeline.drafts import Draft
from octoplan.pipeline.drawing import Drawn
from octoplan.pipeline.sent_as import remembered as remembered_kinds
from octoplan.state.interface import CampaignRecord, NewCampaign, NewFrame


def recording(drawn: Drawn, applier: Applier, accepted: Accepted, *, retry_refused: bool) -> Recording:
    """The drafts of a plan's steps that send → the Recording of one run. `accepted`: what may pass a limit."""
    sending = {step.campaign for step in drawn.plan.steps if step.is_due}
    due = [draft for draft in drawn.drafts if draft.campaign.name in sending]
    drafts = [draft for draft in due if draft.recipients]  # of others only own staff still get something
    capped = [draft for draft in drawn.drafts if draft.campaign.name in drawn.deciding and draft not in drafts]
    boarding = Boarding(applier=applier, accepted=accepted, heard=drawn.heard)
    for draft in drafts:
        draft.messages.framing.identify(draft.origin.prefix)
    begins = [flight for draft in drafts for flight in first_seeds(draft)]

    def audience() -> Iterator[Flight]:
        return (flight for draft in drafts for flight in first_flights(draft, boarding))

    requests = sum(draft.requests for draft in drafts) + sum(len(draft.rides) for draft in due)
    return Recording(
        recipients=sum(draft.recipients for draft in drafts),
        requests=requests,
        campaigns=(
            *(_sending(draft, drawn, applier, retry_refused=retry_refused) for draft in drafts),
            *(_new_campaign(draft, drawn, applier) for draft in capped),
            *(made for draft in due for made in new_seeds(draft, applier)),
        ),
        flights=lambda: begins or audience(),
        later=lambda: chain([audience()] if begins else [], later_flights(drafts, boarding), last_seeds(due, boarding)),
        waiting=lambda: still_waiting(drafts, boarding),
        suppressed=drawn.suppressed.changes if requests else (),
        notes=_notes(drawn) if requests else {},
    )


def _notes(drawn: Drawn) -> dict[str, str]:
    """A drawn plan → what the state says of itself from now on."""
    said = {NOTE: dump(drawn.plan.guards) if drawn.plan.guards else "", remembered.NOTE: drawn.suppressed.note}
    return {name: value for name, value in said.items() if value}


def _sending(draft: Draft, drawn: Drawn, applier: Applier, *, retry_refused: bool) -> NewCampaign:
    """A draft of which somebody is sent to → its part of the recording."""
    return replace(
        _new(draft, drawn, applier, sends=True),
        frames=_new_frames(draft),
        people=draft.messages.framing.placed(),
        retry_refused=retry_refused,
        notes=dict([draft.waves.cut.kept.note]) if draft.waves else {},
    )


def _new_campaign(draft: Draft, drawn: Drawn, applier: Applier) -> NewCampaign:
    """A draft → who is left out of it for good; nobody of it is planned, also if some wait for their window."""
    return _new(draft, drawn, applier, sends=False)


def _new(draft: Draft, drawn: Drawn, applier: Applier, *, sends: bool) -> NewCampaign:
    """A draft → its record and who is left out of it for good; `sends`: whether somebody is to be sent to."""
    campaign, store = draft.campaign, applier.state.store
    sent_as = remembered_kinds(campaign, drawn.known.get(campaign.held_as), store.editions, sends=sends)
    return NewCampaign(
        record=CampaignRecord(
            name=campaign.held_as,
            edition=campaign.edition,
            channel=campaign.channel,
            definition={**campaign.definition(applier.state.keys.keyed_digest), **sent_as},
            applied_at=applier.clock.now(),
        ),
        not_after=campaign.not_after,
        frames=(),
        people=(),
        skipped=chain(
            drawn.caps.left_out(draft.messages, campaign) if drawn.caps else (),
            held_out(draft.messages) if draft.held_out else (),
        ),
    )


def _new_frames(draft: Draft) -> Iterator[NewFrame]:
    for batch in draft.messages.framing.identified():
        for number, frame, size, content, refusals, lot in batch:
            rails, due = draft.rails(lot), draft.due
            yield NewFrame(number=number, id=frame, size=size, content=content, refusals=refusals, due=due, **rails)
