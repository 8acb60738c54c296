"""A drawn plan → its plan file; and a plan file → which messages of a draft it allows."""

import hmac
import json
from collections.abc import Callable, Sequence

from octoplan.campaign import Campaign
from octoplan.guards import dump
from octoplan.pipeline.drafts import Draft
from octoplan.plan import Plan, Step
from octoplan.planfile import PlanFile, Reviewed, message_prefix, readable
from octoplan.state.home import State


def plan_file(
    plan: Plan, drafts: Sequence[Draft], campaigns: Sequence[Campaign], state: State, made: tuple[str, tuple[str, ...]]
) -> PlanFile:
    """A plan and what it was drawn from → the file that a reviewed apply takes. `made`: salt in hex, and targets."""
    salt, targets = made
    by_name = {draft.campaign.name: draft for draft in drafts}
    steps = {step.campaign: step for step in plan.steps}
    reviewed = tuple(
        _reviewed(campaign, steps[campaign.name], by_name.get(campaign.name), state, salt) for campaign in campaigns
    )
    return PlanFile(
        environment=plan.environment,
        gateway=plan.gateway,
        lineage=plan.lineage,
        serial=state.store.identity.serial,
        digest=digest(plan, drafts, campaigns, state),
        salt=salt,
        targets=targets,
        campaigns=reviewed,
        guards=dump(plan.guards) if plan.guards else "",
    )


def digest(plan: Plan, drafts: Sequence[Draft], campaigns: Sequence[Campaign], state: State) -> str:
    """A plan and what it was drawn from → its digest: the same inputs and state key, the same digest, everywhere."""
    sending = {step.campaign for step in plan.steps if step.sends and step.recipients}
    digested = [
        plan.environment,
        plan.gateway,
        plan.lineage,
        [[one.name, definition(one, state.keys.keyed_digest)] for one in campaigns],
        sorted((draft.campaign.name, _total(draft, state)) for draft in drafts if draft.campaign.name in sending),
        sorted((step.campaign, _cost(step)) for step in plan.steps if step.sends),
        dump(plan.guards) if plan.guards else "",
        *_seeds(plan, drafts),
    ]
    return readable(hmac.digest(state.keys.digest, json.dumps(digested).encode(), "sha256"))


def _seeds(plan: Plan, drafts: Sequence[Draft]) -> list[list[str]]:
    """What own staff get, by request ids, which follow from people and words; nothing where there is none."""
    sending = {step.campaign for step in plan.steps if step.sends}
    seeded = [one.seeded for one in drafts if one.seeded and one.campaign.name in sending]
    found = sorted(ride.frame.id for one in seeded for ride in one.rides)
    return [found] if found else []


def covers(reviewed: PlanFile, campaign: Campaign, keyed_digest: Callable[[bytes], str]) -> bool:
    """A plan file and a campaign as it is now → whether that is one which was reviewed, as it was."""
    one = reviewed.campaign(campaign.name)
    return one is not None and (one.edition, one.definition) == (campaign.edition, definition(campaign, keyed_digest))


def definition(campaign: Campaign, keyed_digest: Callable[[bytes], str]) -> str:
    """A campaign → the keyed digest of everything its author wrote."""
    written = json.dumps(campaign.definition(keyed_digest), sort_keys=True, ensure_ascii=False)
    return keyed_digest(written.encode())


def _reviewed(campaign: Campaign, step: Step, draft: Draft | None, state: State, salt: str) -> Reviewed:
    sends = draft is not None and step.sends and step.recipients > 0
    return Reviewed(
        name=campaign.name,
        edition=campaign.edition,
        action=str(step.action),
        definition=definition(campaign, state.keys.keyed_digest),
        recipients=step.recipients if sends else 0,
        requests=step.requests if sends else 0,
        messages=draft.messages.hashes.all(message_prefix(campaign, state.keys.digest, salt))
        if draft is not None and sends
        else b"",
        cost=_cost(step),
        seeds=step.beside.messages if step.beside and step.sends else 0,
        simulated=step.simulation.requests if step.simulation and not step.simulation.refused else 0,
    )


def _cost(step: Step) -> str | None:
    return None if step.cost.amount is None else f"{step.cost.amount} {step.cost.currency}"


def _total(draft: Draft, state: State) -> list[str]:
    """Count and order-free sum of the unsalted hashes: the same messages, the same total, everywhere."""
    count, total = draft.messages.hashes.total(message_prefix(draft.campaign, state.keys.digest, ""))
    return [str(count), str(total)]
