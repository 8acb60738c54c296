"""A plan and the drafts it was drawn from → the same plan, with how the messages read, nothing of a row in it.

Looked at are the variants that most people get, the extremes, and one of each set of blank values: what is rendered a
second time is a handful for each campaign, however many people it has.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from octoplan.content import Rendered
from octoplan.content.masking import mask
from octoplan.pipeline.drafts import Draft
from octoplan.plan import Plan, Preview, Step
from octoplan.table.spread import Sample

LOOKED_AT = 40
"""Variants of a campaign, beside the extremes."""


def with_previews(plan: Plan, drafts: Sequence[Draft], most: int) -> Plan:
    """A plan → with previews in its steps; in as many as `most` campaigns, by weight."""
    by_name = {draft.campaign.name: draft for draft in drafts if draft.recipients}
    chosen = {step.campaign for step in [step for step in plan.weighed if step.campaign in by_name][:most]}
    steps = (_previewed(step, by_name[step.campaign]) if step.campaign in chosen else step for step in plan.steps)
    return replace(plan, steps=tuple(steps))


def _previewed(step: Step, draft: Draft) -> Step:
    samples = draft.messages.samples(LOOKED_AT)
    found: dict[tuple[str, str], tuple[Rendered, list[Sample]]] = {}
    for rendered, sample in _masked(draft, samples):
        found.setdefault((rendered.json, sample.language), (rendered, []))[1].append(sample)
    previews = [_preview(rendered, alike) for rendered, alike in found.values()]
    return replace(
        step, previews=tuple(sorted(previews, key=lambda one: (-one.people, one.units))), previewed=len(samples)
    )


def _masked(draft: Draft, samples: Sequence[Sample]) -> Iterator[tuple[Rendered, Sample]]:
    """Samples → what they read like; one that cannot be rendered without its values is left out."""
    constants = draft.campaign.constants
    renderer = mask(draft.wording, constants.keys()).renderer(draft.audience.variables, constants)
    for sample in samples:
        rendered = renderer.render(sample.values)
        if isinstance(rendered, Rendered):
            yield rendered, sample


def _preview(rendered: Rendered, alike: Sequence[Sample]) -> Preview:
    units, parts = [sample.units for sample in alike], [sample.parts for sample in alike]
    return Preview(
        content=rendered.content,
        language=alike[0].language,
        people=sum(sample.people for sample in alike),
        variants=len(alike),
        units=(min(units), max(units)),
        parts=(min(parts), max(parts)),
        wide=any(sample.wide for sample in alike),
        extremes=tuple(sorted({extreme for sample in alike for extreme in sample.extremes})),
    )
