"""A campaign and one address → whether that person gets it, by which rule not, and what the state has sent to them."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime

from octoplan.arms import HOLDOUT, VARIABLE
from octoplan.audience import numbers, steps
from octoplan.audience.finding import Found, Rule, find
from octoplan.audience.persons import person_of
from octoplan.audience.selecting import judge
from octoplan.campaign import Campaign
from octoplan.content import Failed
from octoplan.errors import ProjectInvalid
from octoplan.pipeline.arming import arm, arm_sql
from octoplan.pipeline.capping import Caps
from octoplan.pipeline.course import Course
from octoplan.pipeline.drafts import draft
from octoplan.pipeline.gathering import Gathered, Known, load, open_all, suppress
from octoplan.pipeline.judging import judge_one
from octoplan.pipeline.pending import NOTHING, Pending, pending
from octoplan.pipeline.texts import take_free
from octoplan.project import Environment, Project
from octoplan.state.home import State
from octoplan.state.interface import FrameRecord, Status
from octoplan.state.told import Heard
from octoplan.table import people
from octoplan.table.connection import Table
from octoplan.table.keys import KEY_BYTES

_UNSENT = (Status.FREE, Status.PLANNED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Had:
    """What a state holds of one person in one edition. `frame`: the request that they were in, None before any."""

    edition: int
    status: Status
    refusals: int
    frame: FrameRecord | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Everything about one person and one campaign. `address` as typed or normalised: it must only be shown masked.

    `heard`: what the gateway told of this person, of any campaign; `pending`: what somebody who is still to be sent to
    has to wait for.
    """

    campaign: Campaign
    address: str = field(repr=False)
    found: Found
    had: tuple[Had, ...]
    heard: tuple[Heard, ...] = ()
    pending: Pending = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Where to look. `state` None: nothing was ever sent. `open_table` is called if contact files are to be read."""

    project: Project
    campaign: Campaign
    environment: Environment
    state: State | None
    open_table: Callable[[], AbstractContextManager[Table]]
    now: datetime


def why(asked: Asked, typed: str) -> Answer:
    """An address as a person types it → the Answer; ProjectInvalid where the campaign is not valid."""
    state = asked.state
    campaign = asked.campaign if state is None else state.as_held(asked.campaign)
    verdict = judge(campaign.address_field, campaign.audience.home if campaign.audience else None)(typed)
    if verdict.address is None:
        found = Found(rule=Rule.INVALID, why=verdict.reason or "")
        return Answer(campaign=campaign, address=typed, found=found, had=())
    # Without a state nobody is looked up by the key, so any will do.
    key = state.keys.person if state else bytes(KEY_BYTES)
    person = person_of(key, verdict.address)
    forgotten = state.store.forgotten_at(person) if state else None
    if forgotten is not None:
        found = Found(rule=Rule.FORGOTTEN, why=f"on {forgotten.date()}")
        return Answer(campaign=campaign, address=verdict.address, found=found, had=())
    waiting = NOTHING
    if campaign.is_closed(asked.now):
        found = Found(rule=Rule.CLOSED, why="not_after has passed")
    elif (kind := _unreachable(campaign, verdict.address)) is not None:
        found = Found(rule=Rule.UNREACHABLE, why=kind)
    else:
        with asked.open_table() as table:
            found, waiting = _find(replace(asked, campaign=campaign), table, key, (person, verdict.address))
    if state and found.rule is Rule.IN:
        found = _decided_before(found, state, (campaign.held_as, campaign.edition), person)
    had = _history(state, campaign.held_as, person) if state else ()
    heard = state.store.told_of(person) if state else ()
    is_left = found.rule is Rule.IN and all(one.edition != campaign.edition or one.status in _UNSENT for one in had)
    shown = waiting if is_left else NOTHING
    return Answer(campaign=campaign, address=verdict.address, found=found, had=had, heard=heard, pending=shown)


def _unreachable(campaign: Campaign, address: str) -> str | None:
    """A good address → why the campaign leaves it out all the same, if it does."""
    without = () if campaign.sends_unreachable else numbers.left_out(campaign.channel)
    return judge(campaign.address_field, None, without)(address).reason


def _find(asked: Asked, table: Table, key: bytes, who: tuple[int, str]) -> tuple[Found, Pending]:
    """Somebody, by key and address, in the audience of a campaign, and what they have to wait for.

    The campaign is checked whole: where it is not valid nobody gets it.
    """
    campaign, (person, _) = asked.campaign, who
    (read,) = open_all(asked.project, [campaign], table)
    state = asked.state
    known = Known.of(state, state.store.last_optout(), remembers=False) if state else Known()
    suppressions = suppress(asked.project, [campaign], table, known)
    loaded = load(read)
    table.lock()
    found = find(loaded, suppressions, key, person)
    audience = arm(steps.select(loaded, suppressions, key, drawn=arm_sql("person", campaign, key)), campaign)
    if audience.problems:
        raise ProjectInvalid(*audience.problems)
    if found.rule is Rule.IN and not people.records_of(table, audience.people, person):
        found = replace(found, rule=Rule.UNCHOSEN)
    gathered = Gathered(campaign=campaign, wording=read.wording, audience=audience, table=table)
    waiting = _draw(gathered, asked, person)
    if found.rule is not Rule.IN:
        return found, NOTHING
    found = _rendered(gathered, found, person)
    if found.rule is Rule.IN and waiting.capped:
        found = replace(found, rule=Rule.CAPPED, why=waiting.capped)
    judged = judge_one(gathered, asked.project, who, asked.now, enforced=asked.environment.enforces_windows)
    return found, replace(waiting, judged=judged)


def _draw(gathered: Gathered, asked: Asked, person: int) -> Pending:
    """Draw the plan of this campaign alone → what somebody has to wait for; ProjectInvalid where it cannot be drawn."""
    if asked.state is None:
        _, problems = take_free(gathered)
        waiting = NOTHING
    else:
        course = Course(environment=asked.environment, state=asked.state, now=asked.now).through(asked.project)
        caps = Caps(asked.project.caps, course) if asked.project.caps else None
        drawn, problems = draft(gathered, course, caps)
        waiting = NOTHING if problems else pending(drawn, caps, course, person)
    if problems:
        raise ProjectInvalid(*problems)
    return waiting


def _decided_before(found: Found, state: State, edition: tuple[str, int], person: int) -> Found:
    """Somebody in the audience → the same, unless an earlier apply has left them out of this edition."""
    kept = (one for one in state.store.everything(person).messages if (one.campaign, one.edition) == edition)
    why = next((one.left_out for one in kept if one.left_out), "")
    if not why:
        return found
    if why == HOLDOUT:
        return replace(found, rule=Rule.HELD_OUT)
    return replace(found, rule=Rule.CAPPED, why="when it was sent")


def _rendered(gathered: Gathered, found: Found, person: int) -> Found:
    """Somebody in the audience → the same, unless a blank value leaves them out."""
    variables = gathered.audience.variables
    values = people.values_of(gathered.table, gathered.audience.people, person, len(variables))
    if gathered.campaign.arms and values[variables.index(VARIABLE)] == HOLDOUT:
        return Found(rule=Rule.HELD_OUT, rows=found.rows, count=found.count)
    rendered = gathered.wording.renderer(variables, gathered.campaign.constants).render(values)
    if not isinstance(rendered, Failed):
        return found
    return Found(rule=Rule.ON_MISSING, why=rendered.message, rows=found.rows, count=found.count)


def _history(state: State, campaign: str, person: int) -> tuple[Had, ...]:
    return tuple(
        Had(
            edition=edition,
            status=held.status,
            refusals=held.refusals,
            # Who is free, or in a frame that is only planned, was not sent to; such a frame may go at any moment.
            frame=None if held.frame is None or held.status is Status.PLANNED else state.store.frame(held.frame),
        )
        for edition, held in state.store.held(campaign, person).items()
    )
