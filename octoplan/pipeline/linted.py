"""A draft and what was sent of it → what lint finds, with what the messages cost and say, each asked in one query."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from octoplan.errors import Problem
from octoplan.lint import stop, unseen
from octoplan.lint.written import is_fixed
from octoplan.pipeline.drafts import Draft
from octoplan.pipeline.linting import French, Linting, begin
from octoplan.project import Project
from octoplan.state.interface import CampaignRecord


def lint_all(
    drafts: Sequence[Draft], project: Project, records: Mapping[str, CampaignRecord]
) -> Mapping[str, tuple[Problem, ...]]:
    """Drafts and what the state remembers, by name → the findings of each campaign."""
    sent = {name: record.definition.get("content") for name, record in records.items()}
    return {one.campaign.name: lint_draft(one, project, sent.get(one.campaign.held_as)) for one in drafts}


def lint_draft(draft: Draft, project: Project, sent: Mapping[str, Any] | None) -> tuple[Problem, ...]:
    """A draft, and the content that was sent last, if any was → its findings; none where nobody is to be sent to."""
    if not draft.recipients:
        return ()
    linting = begin(draft.campaign, project)
    asked = linting.asks_messages
    french = French(*draft.messages.breakdown.without(stop.MENTION_SQL, stop.FRANCE)) if asked else None
    more = [*_pushed(draft, linting), *(unseen.differences(draft.campaign, sent) if sent else ())]
    return linting.findings(french, *more)


def _pushed(draft: Draft, linting: Linting) -> Iterator[Problem]:
    """What the STOP mention costs where texts differ between people."""
    templated = [text for text in linting.texts if text.kind == "text" and not is_fixed(text)]
    if draft.campaign.channel == "sms" and templated:
        people = draft.messages.breakdown.pushed(stop.MENTION_SQL, stop.LENGTH)
        if people:
            yield stop.costs_a_part(draft.campaign, templated, people, draft.recipients)
