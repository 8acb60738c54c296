"""What a state remembers of a campaign → as messages of which purpose and channel each of its editions was sent.

A definition is that of the last apply. Where its purpose or channel is another one than before, it also says what
editions were sent as: caps count what was sent as it was, whatever its file has become.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from octoplan.campaign import Campaign
from octoplan.state.interface import CampaignRecord

KEY: Final = "sent_as"
"""Under which a definition keeps it: edition → every (purpose, channel)."""

Kind = tuple[str, str]
"""Purpose and channel."""


def kinds_of(record: CampaignRecord, edition: int) -> frozenset[Kind]:
    """A record and an edition → what that was sent as: several where they changed between its applies."""
    said = record.definition.get(KEY, {}).get(str(edition))
    return frozenset((purpose, channel) for purpose, channel in said) if said else frozenset([_kind(record)])


def remembered(
    campaign: Campaign, record: CampaignRecord | None, editions: Callable[[str], Collection[int]], *, sends: bool
) -> Mapping[str, Any]:
    """A campaign and its record of before → what its new definition says besides; nothing where nothing ever changed.

    `editions` tells those that hold people; `sends`: whether this apply sends it, or only writes down who is left out.
    """
    if record is None:
        return {}
    now = (campaign.purpose, campaign.channel)
    if KEY not in record.definition and _kind(record) == now:
        return {}
    known = {str(edition): [_kind(record)] for edition in editions(record.name)} | record.definition.get(KEY, {})
    if sends:
        present = str(campaign.edition)
        known[present] = sorted({*map(tuple, known.get(present, ())), now})
    return {KEY: known}


def _kind(record: CampaignRecord) -> Kind:
    return str(record.definition.get("settings", {}).get("purpose", "")), record.channel
