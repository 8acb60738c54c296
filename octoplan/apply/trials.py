"""A campaign's real content and own staff → what a run records and sends of it, in a namespace of its own.

The name under which a state keeps it is one that no campaign can have, and every test send is an edition of that: no
edition of the campaign is spent, nobody in it counts as having had it, and the way of a frame is that of all others.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from octoplan.apply.run import Applier, Recording
from octoplan.apply.tower import Flight
from octoplan.audience.persons import person_of
from octoplan.campaign import Campaign
from octoplan.frame import Frame
from octoplan.pipeline.own import Own
from octoplan.state.interface import CampaignRecord, NewCampaign, NewFrame
from octoplan.state.records import TEST


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One message of a campaign, rendered, and who of the own staff gets it."""

    campaign: Campaign
    content: Mapping[str, Any] = field(repr=False)
    addresses: tuple[str, ...] = field(repr=False)


def recording(trial: Trial, applier: Applier) -> Recording:
    """A Trial → the Recording of a run that sends it once, now, whatever `send_at` says."""
    frame = _frame(trial, applier)
    record = CampaignRecord(
        name=frame.origin.campaign,
        edition=frame.origin.edition,
        channel=trial.campaign.channel,
        # nobody's STOP counts for it: the gateway turns away whoever said it
        definition={"settings": {"purpose": "alert"}},
        applied_at=applier.clock.now(),
    )
    size = len(frame.people)
    made = NewFrame(number=0, id=frame.id, size=size, content=frame.content, refusals=0)
    people = [[(person, 0) for person in frame.people]]
    return Recording(
        recipients=size,
        requests=1,
        campaigns=(NewCampaign(record=record, not_after=None, frames=[made], people=people),),
        flights=lambda: [Flight(frame=frame)],
    )


def _frame(trial: Trial, applier: Applier) -> Frame:
    key, campaign = applier.state.keys.person, trial.campaign
    name = f"{TEST}{campaign.name}"
    return Own(
        campaign=campaign,
        name=name,
        edition=1 + max(applier.state.store.editions(name), default=0),
        settings={key: value for key, value in campaign.settings.items() if key != "send_at"},
        content=trial.content,
        staff={person_of(key, address): address for address in trial.addresses},
    ).frame(applier.state)
