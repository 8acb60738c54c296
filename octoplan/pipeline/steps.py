"""Drafts and what the state remembers of campaigns → the steps of a plan."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from octoplan.audience.values import Counts
from octoplan.campaign import Campaign
from octoplan.decision import decide, decide_left_out
from octoplan.expense import Beside, Expense
from octoplan.limits import Figures, bounds, breaches
from octoplan.pipeline.arming import WHY as HELD
from octoplan.pipeline.capping import WHY
from octoplan.pipeline.course import Course
from octoplan.pipeline.differences import differences
from octoplan.pipeline.drafts import Draft
from octoplan.pipeline.expenses import expense
from octoplan.pipeline.renames import rename_faults
from octoplan.pipeline.simulation import stand_ins_for
from octoplan.pipeline.waiting import waits
from octoplan.plan import Action, Cost, Example, Simulation, Standing, Step, Wait
from octoplan.pricing import estimate
from octoplan.state.interface import CampaignRecord, Status

_EXAMPLES = 3
_STATED = ("auto_optimize_text", "auto_remove_blacklisted_contacts", "recipient_tracking")
_VISIBLE = ("content", "settings", "vars", "language", "optimize")


def step(draft: Draft, record: CampaignRecord | None, course: Course, simulation: Simulation | None) -> Step:
    """A draft → its step."""
    campaign, messages = draft.campaign, draft.messages
    counted = draft.recipients > 0
    by_country = messages.spread.parts_by_country() if counted else []
    cost = estimate(campaign, course.environment.prices, by_country, draft.requests)
    parts = sum(parts for _, _, parts in by_country) if campaign.channel == "sms" else None
    figures = _figures(draft, course, parts or 0, cost)
    blocked = (
        *_edition_faults(draft, record, course),
        *rename_faults(draft, course),
        *_simulation_faults(draft, simulation, course),
        *(breaches(campaign.limits, figures, course.accepted) if counted else ()),
        *_rail_faults(draft),
    )
    waiting = waits(draft, course)
    action, reason = _decided(draft, blocked, waiting)
    return replace(
        _railed(draft, _of(campaign, action, reason, draft.standing)),
        changed=_changed(campaign, record, course),
        recipients=draft.recipients,
        requests=draft.requests,
        client_requests=draft.client_requests,
        parts=parts,
        variants=messages.spread.variants() if counted else 0,
        skipped=draft.skipped,
        unreviewed=draft.left_out,
        counts=draft.audience.counts,
        rejects=draft.audience.rejects,
        cost=cost,
        stated={key: campaign.settings[key] for key in _STATED if key in campaign.settings},
        expense=expense(draft, course) if counted else Expense(),
        examples=_examples(draft) if counted else (),
        simulation=simulation,
        blocked=blocked,
        differences=differences(campaign, record, course.state.keys.keyed_digest),
        bounds=bounds(campaign.limits, figures, course.accepted) if counted else (),
        settings=campaign.settings,
        waits=waiting,
    )


def _rail_faults(draft: Draft) -> tuple[str, ...]:
    """Why the guard rails of a draft do not let it be sent."""
    return (*(draft.waves.faults if draft.waves else ()), *(draft.windows.faults if draft.windows else ()))


def _railed(draft: Draft, decided: Step) -> Step:
    """A step → with what the guard rails of its draft make of its people."""
    return replace(
        decided,
        gone=draft.gone,
        held_back=draft.over.waits,
        capped=_capped(draft),
        windows=draft.windows.ruled if draft.windows else (),
        held_out=_held_out(draft),
        arms=_arms(draft),
        beside=_beside(draft),
    )


def _beside(draft: Draft) -> Beside | None:
    """What own staff get."""
    if draft.seeded is None or not draft.seeded.rides:
        return None
    rides = draft.seeded.rides
    costs = [ride.cost.amount for ride in rides]
    known = [cost for cost in costs if cost is not None]
    return Beside(
        people=len({person for ride in rides for person in ride.frame.people}),
        messages=sum(len(ride.frame.people) for ride in rides),
        parts=sum(ride.parts * len(ride.frame.people) for ride in rides) if draft.campaign.channel == "sms" else None,
        cost=sum(known, Decimal(0)) if len(known) == len(costs) else None,
        addresses=draft.seeded.staff,
    )


def _arms(draft: Draft) -> tuple[tuple[str, int], ...]:
    """How many get which variant, in the order in which they are written."""
    people: Counter[str] = Counter()
    for lot in draft.lots:
        people[lot.arm] += lot.people
    return tuple((arm.label, people[arm.label]) for arm in draft.campaign.arms if people[arm.label])


def _left_out(draft: Draft) -> Mapping[str, int]:
    """A draft → how many get nothing of this edition, by what is said of one of them."""
    return {
        "over a cap": _capped(draft),
        "held out": _held_out(draft),
        "skipped, since a variable is blank": draft.skipped,
        "not in the reviewed plan": draft.left_out,
    }


def _held_out(draft: Draft) -> int:
    return draft.held_out + draft.decided.get(HELD, 0)


def _capped(draft: Draft) -> int:
    return draft.over.left_out + draft.decided.get(WHY, 0)


def _decided(draft: Draft, blocked: Sequence[str], waiting: Sequence[Wait]) -> tuple[Action, str]:
    """What an apply would do with a draft, and why."""
    decided = decide(
        recipients=draft.recipients, standing=draft.standing, reached=draft.reached, blocked=blocked, waits=waiting
    )
    action, reason = decide_left_out(decided, _left_out(draft), draft.over.waits, sent=draft.standing.sent)
    if not blocked and not draft.audience.counts.people:
        return action, _nobody(draft.audience.counts)
    if action is Action.NOTHING and draft.seeded is not None and draft.seeded.last is not None:
        return Action.EXTEND, "own staff still get the last message"
    if action is Action.EXTEND and draft.campaign.waves.each:
        return action, "its next wave, or people who joined since"
    return action, reason


def _nobody(counts: Counts) -> str:
    """Counts of an audience of which nobody is left, somebody having said STOP → why."""
    reasons = (("excluded", counts.excluded), ("suppressed", counts.suppressed))
    others = [f"{people:,} {why}" for why, people in reasons if people]
    stops = f"{counts.opted_out:,} said STOP"
    return f"nobody is left: {', '.join((*others, stops))}" if others else "everybody has said STOP"


def closed_step(campaign: Campaign, course: Course) -> Step:
    """A campaign past its `not_after` → its step; its audience is not read."""
    counts = course.state.store.counts(campaign.held_as, campaign.edition)
    return _of(campaign, Action.CLOSED, "closed: not_after has passed", _standing(counts))


def _of(campaign: Campaign, action: Action, reason: str, standing: Standing) -> Step:
    """A campaign and what is decided about it → its step, before anything is counted."""
    return Step(
        campaign=campaign.name,
        channel=campaign.channel,
        purpose=campaign.purpose,
        edition=campaign.edition,
        held_as=campaign.held_under or "",
        action=action,
        reason=reason,
        standing=standing,
        send_at=campaign.send_at,
        not_after=campaign.not_after,
    )


def removed_steps(campaigns: Sequence[Campaign], course: Course) -> list[Step]:
    """What the state has sent and the project does not name any more → its steps."""
    present = {campaign.held_as for campaign in campaigns}
    return [
        Step(
            campaign=record.name,
            channel=record.channel,
            edition=record.edition,
            action=Action.REMOVED,
            reason=_removed(record, course),
        )
        for record in course.records
        if record.name not in present and record.name in course.holding
    ]


def with_heard(steps: Sequence[Step], course: Course) -> list[Step]:
    """Steps → the same, with what was heard of the people of their edition."""
    told = course.state.store.responses()
    return [replace(one, heard=told.get((one.held_as or one.campaign, one.edition))) for one in steps]


def _removed(record: CampaignRecord, course: Course) -> str:
    written = record.definition.get("settings", {}).get("send_at")
    if written is None or datetime.fromisoformat(written) <= course.now:
        return "no longer in the project; what was sent stays known"
    sent = course.state.store.counts(record.name, record.edition).get(Status.SENT, 0)
    people = f"{sent:,} {'message' if sent == 1 else 'messages'}"
    return f"no longer in the project, but the gateway has {people} for {written}, which cannot be recalled"


def _edition_faults(draft: Draft, record: CampaignRecord | None, course: Course) -> tuple[str, ...]:
    edition = draft.campaign.edition
    if record is not None and edition == record.edition and "pruned" in record.definition:
        when = record.definition["pruned"]["at"][:10]
        return (
            f"the people of edition {edition} were pruned on {when}: nobody can tell who has had it; raise the edition",
        )
    if record is None or edition == record.edition:
        return ()
    if edition < record.edition:
        return (f"edition {edition} is lower than {record.edition}, which was sent: editions only rise",)
    counts = course.state.store.counts(record.name, record.edition)
    left = {
        "open": counts.get(Status.SENDING, 0),
        "unknown": counts.get(Status.UNKNOWN, 0),
        "unsent": draft.unsent(course.state, record.edition) if counts.keys() & {Status.FREE, Status.PLANNED} else 0,
    }
    said = ", ".join(f"{count:,} {word}" for word, count in left.items() if count)
    return (f"edition {record.edition} still has people who are {said}; finish it first",) if said else ()


def _figures(draft: Draft, course: Course, parts: int, cost: Cost) -> Figures:
    """What the limits of a campaign bound."""
    return Figures(
        recipients=draft.recipients,
        requests=draft.requests,
        parts=parts,
        cost=cost.amount,
        growth=_growth(draft, course),
    )


def _growth(draft: Draft, course: Course) -> Decimal | None:
    """The share of people that this edition would have more than the last one; None where there was none."""
    campaign, store = draft.campaign, course.state.store
    if campaign.limits.growth is None:
        return None
    earlier = [edition for edition in store.editions(campaign.held_as) if edition < campaign.edition]
    before = sum(store.counts(campaign.held_as, max(earlier)).values()) if earlier else 0
    return Decimal(draft.recipients + draft.reached) / before - 1 if before else None


def _simulation_faults(draft: Draft, simulation: Simulation | None, course: Course) -> tuple[str, ...]:
    if simulation is not None:
        return tuple(f"the gateway refused a simulated request: {why}" for why in simulation.refused)
    if not course.environment.require_simulation or not draft.recipients:
        return ()
    reviewed = course.reviewed.campaign(draft.campaign.name) if course.reviewed else None
    if reviewed is not None and reviewed.simulated:
        return ()
    name = course.environment.name
    nobody = stand_ins_for(draft, course.environment) == ()
    why = f"simulate_to of {name} has nobody for it" if nobody else "plan it with --simulate sample"
    return (f"not simulated, which require_simulation of {name} asks for: {why}",)


def _changed(campaign: Campaign, record: CampaignRecord | None, course: Course) -> bool:
    """Whether people of this edition have had other words or settings than the file says now."""
    if record is None or record.edition != campaign.edition:
        return False
    present = json.loads(json.dumps(campaign.definition(course.state.keys.keyed_digest)))
    return any(present.get(key) != record.definition.get(key) for key in _VISIBLE)


def _standing(counts: Mapping[Status, int]) -> Standing:
    return Standing(
        sent=counts.get(Status.SENT, 0),
        open=counts.get(Status.SENDING, 0),
        unknown=counts.get(Status.UNKNOWN, 0),
        refused=counts.get(Status.REFUSED, 0),
    )


def _examples(draft: Draft) -> tuple[Example, ...]:
    return tuple(
        Example(content=json.loads(row.content), people=row.people, units=row.units, parts=row.parts)
        for row in draft.messages.spread.examples(_EXAMPLES)
    )
