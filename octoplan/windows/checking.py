"""What project and campaigns say of windows → Problems that their shape does not show."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from octoplan.campaign import Campaign
from octoplan.errors import Problem, ProjectInvalid
from octoplan.project import Project
from octoplan.source import Document, Pointer
from octoplan.windows.moments import zone
from octoplan.windows.packs import packs
from octoplan.windows.rules import spans


def check_windows(project: Project, campaigns: Sequence[Campaign]) -> None:
    """ProjectInvalid with the Problems of all of them."""
    found = {problem for campaign in campaigns for problem in _campaign(campaign)}
    if project.document is not None:
        found |= {
            problem
            for country, written in project.windows.items()
            for problem in _hours(written, project.document, ("windows", country))
        }
    if found:
        raise ProjectInvalid(*found)


def _campaign(campaign: Campaign) -> Iterator[Problem]:
    document, default = campaign.document, campaign.timezone.default
    yield from _hours(campaign.window, document, ("window",))
    if default is not None and zone(default) is None:
        yield Problem(
            place=document.value_place(("timezone", "default")),
            rule="campaign/timezone",
            message="there is no such time zone",
            hint="time zones are IANA names, such as Europe/Paris",
        )
    pack = packs().get(campaign.window["pack"]) if "pack" in campaign.window else None
    if pack is not None and campaign.channel not in pack.channels:
        yield Problem(
            place=document.value_place(("window", "pack")),
            rule="campaign/window",
            message=f"the pack {pack.name} says nothing about {campaign.channel}",
            hint=f"it is for {', '.join(sorted(pack.channels))}",
        )


def _hours(written: Mapping[str, Any], document: Document, pointer: Pointer) -> Iterator[Problem]:
    """Hours of one's own end after they begin."""
    if "hours" not in written:
        return
    try:
        spans(written.get("days", "mon-sun"), written["hours"])
    except ValueError:
        yield Problem(
            place=document.value_place((*pointer, "hours")),
            rule="window/hours",
            message="these hours end before they begin",
            hint='a span is within one day, which ends at 24:00: write ["22:00-24:00", "00:00-06:00"]',
        )
