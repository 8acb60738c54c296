"""Counts, variants and state → Plan: what would be sent, extended, left alone, and why. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from octoplan.audience.values import Counts, Reject
from octoplan.errors import GuardRefused, Problem
from octoplan.expense import Beside, Expense
from octoplan.guards import Guards
from octoplan.limits import Bound
from octoplan.state.told import Response
from octoplan.windows.rules import Ruled


class Action(StrEnum):
    """What an apply would do with a campaign."""

    SEND = "send"
    EXTEND = "extend"
    WAITING = "waiting"
    NOTHING = "nothing"
    CLOSED = "closed"
    BLOCKED = "blocked"
    REMOVED = "removed"


_SYMBOLS = {
    Action.SEND: "+",
    Action.EXTEND: "~",
    Action.WAITING: "…",
    Action.NOTHING: "=",
    Action.CLOSED: "=",
    Action.BLOCKED: "x",
    Action.REMOVED: "-",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """An estimate from the environment's prices. `amount` None: not known, for the reason in `why`."""

    amount: Decimal | None
    currency: str = "EUR"
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """What simulated requests were answered. `cost` is the gateway's own word on them, never a price."""

    requests: int
    recipients: str
    cost: Decimal | None = None
    units: int | None = None
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """People of the audience by what the state has of them in this edition."""

    sent: int = 0
    open: int = 0
    unknown: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One variant: its content, as the API would get it, how many people get it, and its size."""

    content: Mapping[str, Any]
    people: int
    units: int
    parts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A key of a campaign, as templates and settings were written when it was last sent, and as they are now.

    None: it was not there, or is not; both None where only digests are remembered.
    """

    key: str
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What some people get, with the names of variables in the place of their values: it holds nothing of a row.

    `content` is in the shape of the API's body, `language` blank where there is one only. `people` and `variants` count
    those of the variants looked at that read so, `units` and `parts` are the least and the most of them, `wide` says
    whether one is in UCS-2, and `extremes` of what they are the most or the least.
    """

    content: Mapping[str, Any]
    language: str
    people: int
    variants: int
    units: tuple[int, int]
    parts: tuple[int, int]
    wide: bool
    extremes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """People who may not be sent to yet, until when, and why. `until` None: that cannot be told beforehand."""

    people: int
    until: datetime | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One campaign's part of a plan.

    `recipients`, `requests`, `parts` (None: the channel has none) count what would be sent; `client_requests`: how many
    it would take if the gateway filled in nothing, None where it does not; `counts` is the funnel from the contact file
    to the people; `expense`: what makes it cost what it costs; `findings`: warnings of lint; `blocked`: why it may not
    be sent; `differences`: from what was last sent; `held_as`: the state's name for it, where that is another;
    `capped`: who is over a cap and left out, now or before; `held_back`: who waits until one frees, and is none of the
    recipients; `held_out`: who is in the holdout, now or before; `arms`: how many recipients get which variant of those
    that the author named; `gone`: people of this edition who are in the audience no more; `same_day`: who would get
    another message of the plan that day; `unreviewed`: whose message is not in the plan that was reviewed; `waits`: who
    of the recipients may not be sent to yet; `windows`: the rules that say so; `ends`: about when the last of it has
    left, None: at once, or not known; `beside`: what own staff get, who are none of the recipients; `heard`: what
    callbacks told of the people of this edition, None where they told nothing. `reason` is for people and must not
    steer.
    """

    campaign: str
    channel: str
    edition: int
    action: Action
    reason: str
    purpose: str = ""
    changed: bool = False
    recipients: int = 0
    requests: int = 0
    client_requests: int | None = None
    parts: int | None = None
    variants: int = 0
    skipped: int = 0
    unreviewed: int = 0
    counts: Counts | None = None
    rejects: tuple[Reject, ...] = ()
    standing: Standing = Standing()
    cost: Cost = Cost(amount=Decimal(0))
    stated: Mapping[str, Any] | None = None
    send_at: datetime | None = None
    not_after: datetime | None = None
    expense: Expense = field(default_factory=Expense)
    examples: tuple[Example, ...] = ()
    simulation: Simulation | None = None
    findings: tuple[Problem, ...] = ()
    blocked: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()
    bounds: tuple[Bound, ...] = ()
    settings: Mapping[str, Any] | None = None
    previews: tuple[Preview, ...] = ()
    previewed: int = 0
    held_as: str = ""
    gone: int = 0
    same_day: int = 0
    waits: tuple[Wait, ...] = ()
    capped: int = 0
    held_out: int = 0
    arms: tuple[tuple[str, int], ...] = ()
    held_back: tuple[Wait, ...] = ()
    windows: tuple[Ruled, ...] = ()
    ends: datetime | None = None
    beside: Beside | None = None
    heard: Response | None = None

    @property
    def waiting(self) -> int:
        """How many of its recipients may not be sent to yet."""
        return sum(wait.people for wait in self.waits)

    @property
    def symbol(self) -> str:
        """The step in one or two signs."""
        sign = _SYMBOLS[self.action]
        doubt = "?" if self.standing.unknown else ""
        if self.changed and self.action is Action.NOTHING:
            return f"!{doubt}"
        if doubt and self.action is Action.NOTHING:
            return doubt
        return sign + ("!" if self.changed else "") + doubt

    @property
    def sends(self) -> bool:
        """Whether anybody of it is still to be sent to, now or later: what counts of a plan."""
        return self.is_due or self.action is Action.WAITING

    @property
    def is_due(self) -> bool:
        """Whether an apply would send anything of it now."""
        return self.action in (Action.SEND, Action.EXTEND)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The difference between campaigns and state of one environment.

    `notices` are said once, above the steps. `blocked`: why nothing of the whole may be sent; `bounds`: the limits of
    the whole. `digest`: by which it is approved, empty where nobody asked for it. `loosened`: what `guards` allow that
    those of the last apply did not.
    """

    environment: str
    gateway: str
    lineage: str
    steps: tuple[Step, ...]
    currency: str = "EUR"
    notices: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()
    bounds: tuple[Bound, ...] = ()
    digest: str = ""
    guards: Guards | None = None
    loosened: tuple[str, ...] = ()

    @property
    def has_changes(self) -> bool:
        """Whether an apply would send anything now."""
        return any(step.is_due for step in self.steps)

    @property
    def is_left(self) -> bool:
        """Whether anything is left to be sent, now or later."""
        return any(step.sends for step in self.steps)

    @property
    def waiting(self) -> int:
        """People who would be sent to, but not yet."""
        return sum(step.waiting for step in self.steps if step.sends)

    @property
    def is_blocked(self) -> bool:
        """Whether the whole or a step is blocked: then nothing may be sent."""
        return bool(self.blocked) or any(step.blocked for step in self.steps)

    @property
    def weighed(self) -> tuple[Step, ...]:
        """The steps, those first that a reader must not miss: blocked ones, then by how many people they reach."""
        return tuple(sorted(self.steps, key=lambda step: (step.action is not Action.BLOCKED, -step.recipients)))

    @property
    def recipients(self) -> int:
        """People who would be sent to, those who have to wait too."""
        return sum(step.recipients for step in self.steps if step.sends)

    @property
    def requests(self) -> int:
        """Requests that this would take."""
        return sum(step.requests for step in self.steps if step.sends)

    @property
    def parts(self) -> int:
        """The parts of all SMS of this."""
        return sum(step.parts or 0 for step in self.steps if step.sends and step.channel == "sms")

    @property
    def cost(self) -> Cost:
        """The estimate of all steps; not known if it is not known of one."""
        costs = [step.cost for step in self.steps if step.sends]
        unknown = next((cost for cost in costs if cost.amount is None), None)
        if unknown is not None:
            return unknown
        return Cost(amount=sum((cost.amount or Decimal(0) for cost in costs), Decimal(0)), currency=self.currency)

    @property
    def findings(self) -> tuple[Problem, ...]:
        """The warnings of lint, by place; one about what campaigns share stands there once."""
        return tuple(sorted({finding for step in self.steps for finding in step.findings}))

    def raise_if_refused(self) -> None:
        """GuardRefused where the whole or a step is blocked: then nothing of it is sent."""
        blocked = [*self.blocked, *(f"{step.campaign}: {why}" for step in self.steps for why in step.blocked)]
        if blocked:
            raise GuardRefused(f"blocked: {'; '.join(blocked)}", hint="nothing was sent")
