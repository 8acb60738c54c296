"""Drafts → how many people of each would get another message of the same plan on the same day."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from octoplan.pipeline.course import Course
from octoplan.pipeline.drafts import Draft
from octoplan.table import looking
from octoplan.table.connection import Table


def same_day(drafts: Sequence[Draft], table: Table, course: Course) -> Mapping[str, int]:
    """Drafts → campaign → people; whoever is reached by telephone and by e-mail is two, since nobody knows."""
    days: dict[str, list[Draft]] = defaultdict(list)
    for draft in drafts:
        if draft.recipients:
            sent = draft.campaign.send_at or course.now
            day = sent.astimezone(course.now.tzinfo).date()
            days[f"{draft.campaign.address_field} {day}"].append(draft)
    found: dict[str, int] = {}
    for beside in days.values():
        if len(beside) > 1:
            counts = looking.together(table, [draft.messages.name for draft in beside])
            found |= {draft.campaign.name: count for draft, count in zip(beside, counts, strict=True)}
    return found
