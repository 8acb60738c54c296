"""A campaign that the state does not know → whether it is one that it does, under another name.

A file that gets another name is another campaign to the state: everybody would have the same message a second time.
"""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Any, Final

from octoplan.campaign import Campaign
from octoplan.pipeline.course import Course
from octoplan.pipeline.drafts import Draft
from octoplan.state.interface import CampaignRecord

_ALIKE: Final = 0.9
"""From which share of words in common on, of one and the other, two texts are nearly the same."""
_WORDS = re.compile(r"\w+|[^\w\s]")


def rename_faults(draft: Draft, course: Course) -> Iterator[str]:
    """A draft that would be sent for the first time → each campaign of the state whose message it seems to repeat.

    That is one of nearly the same words, when at least half of the people of either are people of both.
    """
    campaign = draft.campaign
    if campaign.held_as in course.holding or not draft.recipients:
        return
    for record in course.records:
        if record.name in campaign.not_moved_from or not _is_alike(campaign, record):
            continue
        if "pruned" in record.definition:
            yield (
                f"it says nearly the same as {record.name} of {record.applied_at.date()}, whose people were pruned, so"
                f" that nobody can tell whether it is that one: add moved_from: {record.name} if it is, or"
                f" not_moved_from: {record.name} if it is another"
            )
            continue
        before, now = _held(record, course), draft.audience.counts.people
        if 2 * min(before, now) < max(before, now):
            continue
        shared = _shared(draft, record, course)
        if 2 * shared >= before + now - shared:
            yield (
                f"{shared:,} of its {now:,} people are in {record.name} of {record.applied_at.date()} too, with nearly"
                f" the same words: if this is what that was called, add moved_from: {record.name};"
                f" if they are to get it again, not_moved_from: {record.name}"
            )


def _is_alike(campaign: Campaign, record: CampaignRecord) -> bool:
    if campaign.channel != record.channel:
        return False
    ours = _words([dict(campaign.content), dict(campaign.constants)])
    theirs = _words([record.definition.get("content"), record.definition.get("vars")])
    matcher = SequenceMatcher(None, ours, theirs, autojunk=False)
    return matcher.real_quick_ratio() >= _ALIKE and matcher.quick_ratio() >= _ALIKE and matcher.ratio() >= _ALIKE


def _words(content: Any) -> list[str]:
    """A tree of texts → their words and signs, in order; names of fields do not count."""
    if isinstance(content, str):
        return _WORDS.findall(content.casefold())
    if isinstance(content, dict):
        return [word for key in sorted(content) for word in _words(content[key])]
    if isinstance(content, list | tuple):
        return [word for item in content for word in _words(item)]
    return [] if content is None else [str(content)]


def _held(record: CampaignRecord, course: Course) -> int:
    return sum(course.state.store.counts(record.name, _edition(record, course)).values())


def _edition(record: CampaignRecord, course: Course) -> int:
    """The last edition that holds people: of the one that was applied last, all may have been left out."""
    return max(course.state.store.editions(record.name), default=record.edition)


def _shared(draft: Draft, record: CampaignRecord, course: Course) -> int:
    held = course.state.store.messages(record.name, _edition(record, course))
    return draft.messages.overlap([one.person for one in batch] for batch in held)
