"""Valid campaigns and the state of an environment → the plan, and the drafts that an apply would send."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType

from octoplan.campaign import Campaign
from octoplan.errors import Problem, ProjectInvalid
from octoplan.guards import NOTE, guards_of, load, loosened, looser_limits
from octoplan.limits import Figures, bounds, breaches
from octoplan.pipeline.capped import capped_rows
from octoplan.pipeline.capping import Caps, in_order
from octoplan.pipeline.course import Course
from octoplan.pipeline.credit import credit_faults, least_left, sending
from octoplan.pipeline.drafts import Draft, draft
from octoplan.pipeline.gathering import Gathered, Known, gather
from octoplan.pipeline.halted import halted_faults, halted_notices
from octoplan.pipeline.lasting import with_ends
from octoplan.pipeline.linted import lint_all
from octoplan.pipeline.remembered import Compared, compare
from octoplan.pipeline.review import covers
from octoplan.pipeline.sameday import same_day
from octoplan.pipeline.simulation import simulate, stand_ins_for
from octoplan.pipeline.steps import closed_step, removed_steps, step, with_heard
from octoplan.pipeline.trying import failing
from octoplan.plan import Plan, Step
from octoplan.project import Project
from octoplan.state.interface import CampaignRecord
from octoplan.table.connection import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A plan, and the drafts it was drawn from, whose tables still hold the people to send to.

    `known`: what the state has of campaigns by name. `caps`: who of them is over one. `deciding`: of which campaigns an
    apply writes down that somebody is left out, also if nothing is sent; none that a reviewed plan does not hold as it
    is. `least_credit`: what must be left of the credit, None where nothing must. `heard`: the number of the last
    opt-out that it knows of.
    """

    plan: Plan
    drafts: tuple[Draft, ...]
    known: Mapping[str, CampaignRecord] = field(default_factory=lambda: MappingProxyType({}))
    caps: Caps | None = None
    deciding: frozenset[str] = frozenset()
    least_credit: Decimal | None = None
    heard: int = 0
    suppressed: Compared = field(default_factory=Compared)


def draw(project: Project, campaigns: Sequence[Campaign], table: Table, course: Course) -> Drawn:
    """Valid campaigns and the state → the plan; ProjectInvalid with the Problems of all campaigns."""
    course = course.through(project)
    known = course.known
    campaigns = [campaign.held_in(known, course.holding) for campaign in campaigns]
    active = [campaign for campaign in campaigns if not campaign.is_closed(course.now)]
    course.notice("reading contacts")
    heard = course.state.store.last_optout()  # asked first: who says STOP meanwhile is found before a frame is sent
    gathered = gather(project, active, table, Known.of(course.state, heard, remembers=True), course.rejects)
    course.notice("rendering and packing")
    caps = Caps(project.caps, course) if project.caps else None
    drafts, problems = _drafts(gathered, course, caps)
    linted = lint_all(drafts, project, known)
    problems += [*failing(active), *(problem for found in linted.values() for problem in found)]
    if any(problem.severity == "error" for problem in problems):
        raise ProjectInvalid(*problems)
    halts = course.state.store.halts()
    notices = (*_notices(course, campaigns, drafts), *halted_notices(halts, campaigns), *_lint_notice(linted))
    steps = _steps(campaigns, drafts, linted, same_day(drafts, table, course), course)
    suppressed = compare(project, course.state.store, table)
    plan = replace(
        _guarded(project, active, suppressed.loosened, course),
        steps=with_ends(with_heard(steps, course), drafts, course),
        notices=notices,
    )
    least = least_left(project, sending(plan, active))
    faults = (*credit_faults(least, plan, course.balance, course.accepted), *halted_faults(halts, plan))
    limited = _limited(project, plan, course)
    plan = replace(limited, blocked=(*limited.blocked, *faults))
    return Drawn(
        plan=plan,
        drafts=tuple(drafts),
        known=known,
        caps=caps,
        deciding=frozenset(_deciding(drafts, course)),
        least_credit=least,
        heard=heard,
        suppressed=suppressed,
    )


def _deciding(drafts: Sequence[Draft], course: Course) -> Iterator[str]:
    reviewed, keyed_digest = course.reviewed, course.state.keys.keyed_digest
    for one in drafts:
        leaves_out = one.over.left_out or one.held_out
        if leaves_out and (reviewed is None or covers(reviewed, one.campaign, keyed_digest)):
            yield one.campaign.name


def _guarded(project: Project, active: Sequence[Campaign], suppressed: Sequence[str], course: Course) -> Plan:
    """A plan without steps yet, with what its guards allow, and what of that the last apply did not.

    `suppressed`: what of it the lists of suppressions say.
    """
    prices, guards = course.environment.prices, guards_of(project, course.environment)
    looser = loosened(load(course.state.store.meta().get(NOTE)), guards)
    return Plan(
        environment=course.environment.name,
        gateway=course.environment.gateway,
        lineage=course.state.lineage,
        steps=(),
        currency=prices.currency if prices else "EUR",
        guards=guards,
        loosened=(*looser, *suppressed, *_looser_campaigns(active, course.known, looser)),
    )


def _drafts(gathered: Sequence[Gathered], course: Course, caps: Caps | None) -> tuple[list[Draft], list[Problem]]:
    drafts: list[Draft] = []
    problems: list[Problem] = []
    for one in in_order(gathered, course) if caps else gathered:
        drawn, found = draft(one, course, caps)
        drafts.append(drawn)
        problems.extend(found)
        problems.extend(_too_late(drawn, course.now))
        if caps and course.rejects is not None:
            course.rejects.take(capped_rows(drawn, caps))
    return sorted(drafts, key=lambda one: one.campaign.name), problems


def _steps(
    campaigns: Sequence[Campaign],
    drafts: Sequence[Draft],
    linted: Mapping[str, tuple[Problem, ...]],
    beside: Mapping[str, int],
    course: Course,
) -> list[Step]:
    """All campaigns, and drafts of those that are not closed → a step of each, by name, and of those that are gone.

    `linted`: what lint found in each; `beside`: how many of its people another campaign reaches that day.
    """
    course.notice("simulating")
    known = course.known
    steps = [closed_step(campaign, course) for campaign in campaigns if campaign.is_closed(course.now)]
    for one in drafts:
        name, record = one.campaign.name, known.get(one.campaign.held_as)
        made = step(one, record, course, simulate(one, course))
        steps.append(replace(made, findings=linted[name], same_day=beside.get(name, 0)))
    steps += [] if course.targeted else removed_steps(campaigns, course)
    return sorted(steps, key=lambda one: one.campaign)


def _looser_campaigns(
    campaigns: Sequence[Campaign], known: Mapping[str, CampaignRecord], said: Collection[str]
) -> Iterator[str]:
    """Campaigns and what was sent of them → which limits of theirs, but what is `said` of all, allow more than then."""
    for campaign in campaigns:
        record = known.get(campaign.held_as)
        before = record.definition.get("limits", {}) if record else {}
        own = (one for one in looser_limits(before, campaign.limits.written) if one not in said)
        yield from (f"{campaign.name}: {one}" for one in own)


def _lint_notice(linted: Mapping[str, Sequence[Problem]]) -> tuple[str, ...]:
    """How many warnings there are: each stands with its campaign, where a long report may fold it away."""
    count = len({finding for found in linted.values() for finding in found})
    return (f"{count:,} warning{'s' * (count != 1)} of lint, below",) if count else ()


def _too_late(drawn: Draft, now: datetime) -> list[Problem]:
    """A `send_at` in the past is a Problem only where somebody is still to be sent to."""
    campaign = drawn.campaign
    if campaign.send_at is None or campaign.send_at > now or not drawn.recipients:
        return []
    people = f"{drawn.recipients:,} {'person is' if drawn.recipients == 1 else 'people are'}"
    return [
        Problem(
            place=campaign.document.place(("send_at",)),
            rule="campaign/send-at-past",
            message=f"send_at has passed, and {people} still to be sent to",
            hint="the API would send at once; give a moment to come, or remove send_at to send now",
        )
    ]


def _limited(project: Project, plan: Plan, course: Course) -> Plan:
    """The plan with what it passes of the project's limits; how much each campaign grew is asked of that alone."""
    if not plan.is_left:
        return plan
    whole = Figures(recipients=plan.recipients, requests=plan.requests, parts=plan.parts, cost=plan.cost.amount)
    limits = replace(project.limits, growth=None)
    return replace(
        plan,
        blocked=breaches(limits, whole, course.accepted),
        bounds=bounds(limits, whole, course.accepted),
    )


def _notices(course: Course, campaigns: Sequence[Campaign], drafts: Sequence[Draft]) -> tuple[str, ...]:
    left_out = sum(one.left_out for one in drafts)
    notices = [] if course.reviewed is None else [f"reviewed plan {course.reviewed.digest}: nothing else is sent"]
    moved = [campaign for campaign in campaigns if campaign.held_as != campaign.name]
    notices += [f"{campaign.name}: what was sent as {campaign.held_as} was sent (moved_from)" for campaign in moved]
    if left_out:
        people = f"{left_out:,} {'person' if left_out == 1 else 'people'}"
        notices.append(f"{people} joined since, or their words changed: not in the reviewed plan, left out")
    notices += _shown_windows(course, drafts)
    if course.simulate != "none":
        alone = [one.campaign.name for one in drafts if one.recipients and stand_ins_for(one, course.environment) == ()]
        if alone:
            notices.append(
                f"not simulated, since simulate_to of {course.environment.name} has nobody: {', '.join(alone)}"
            )
    return tuple(notices)


def _shown_windows(course: Course, drafts: Sequence[Draft]) -> list[str]:
    """Who is outside their window where that is only shown."""
    count = sum(
        people for one in drafts if one.windows and not one.windows.enforced for _, people in one.windows.outside
    )
    if not count:
        return []
    people = f"{count:,} {'person is' if count == 1 else 'people are'}"
    return [f"{people} outside their window, which {course.environment.name} only shows (windows: enforce would wait)"]
