"""Flags that somebody set → what a plan says of them. Pure."""

from collections.abc import Sequence

from octoplan.campaign import Campaign
from octoplan.plan import Plan
from octoplan.state.halts import Halted


def halted_notices(halts: Sequence[Halted], campaigns: Sequence[Campaign]) -> tuple[str, ...]:
    """Which of the flags are about a plan of these campaigns, a sentence each."""
    concerned = {"", *(campaign.held_as for campaign in campaigns)}
    return tuple(f"{one.said}; `octoplan resume` lets it go on" for one in halts if one.campaign in concerned)


def halted_faults(halts: Sequence[Halted], plan: Plan) -> tuple[str, ...]:
    """Why nothing of a plan may be sent; a campaign that is halted lets the others go on."""
    return tuple(one.said for one in halts if not one.campaign and plan.has_changes)
