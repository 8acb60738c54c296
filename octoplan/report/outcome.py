"""A plan and what its apply told → the Outcome: per campaign, what was to be sent and what became of it."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from octoplan.apply.events import Event, FrameDone, Listed, Started, Stopped, Waiting
from octoplan.plan import Plan, Step
from octoplan.report.lines import applied_line
from octoplan.state.told import Response

ENDINGS: Final = {
    0: "complete",
    1: "failed",
    3: "the project is not valid",
    4: "stopped by the gateway",
    5: "stopped by a guard",
    7: "the plan is stale",
    8: "some were refused",
    9: "some outcomes are not known",
    10: "declined",
}
"""Exit code → how an apply ended; 130, and whatever else there is, were interrupted."""

_ENDED: Final = frozenset(("sent", "refused", "open", "unknown", "opted_out"))
"""What is said of a frame whose people it counts; a split one lives on in its parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignOutcome:
    """One campaign: `planned` people, and how many of the people of this apply stand where.

    `waiting`: may not be sent to yet; `opted_out`: said STOP since the plan was drawn; `unsent`: planned and not begun
    beside them, so that the next apply sends it. `settled`: how many of those who were sent, refused, left open or
    unknown an earlier run had left open, so that nobody planned them.
    `parts` and `cost`: what the gateway said of what was sent, None where it said nothing; `heard`: what callbacks had
    told of the edition when the plan was drawn, None where they had told nothing.
    """

    name: str
    channel: str
    edition: int | None
    planned: int
    sent: int
    refused: int
    open: int
    unknown: int
    requests: int
    parts: int | None
    cost: Decimal | None
    settled: int = 0
    waiting: int = 0
    opted_out: int = 0
    heard: Response | None = None

    @property
    def unsent(self) -> int:
        """People who were planned, who need not wait, and whose frames were not begun."""
        begun = self.sent + self.refused + self.open + self.unknown + self.opted_out - self.settled
        return max(self.planned - begun - self.waiting, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One apply, from `began` to `ended`. `who`: masked addresses that were refused; `line`: its last line."""

    environment: str
    gateway: str
    currency: str
    run: str
    began: datetime
    ended: datetime
    code: int
    campaigns: tuple[CampaignOutcome, ...]
    stopped: tuple[str, ...]
    who: tuple[str, ...]
    line: str

    @property
    def ending(self) -> str:
        """How it ended, in a few words; not as complete where anybody has to wait, nor as refused where nobody was."""
        if self.code == 0 and any(one.waiting for one in self.campaigns):
            return "done but for who has to wait"
        if self.code == 8 and not any(one.refused for one in self.campaigns):  # noqa: PLR2004 - an exit code
            return "some were not begun"
        return ENDINGS.get(self.code, "interrupted")


def outcome_of(drawn: Plan, told: Sequence[Event], span: tuple[datetime, datetime], code: int) -> Outcome:
    """A plan, the events of its apply, when that began and ended, and its exit code → the Outcome."""
    began, ended = span
    return Outcome(
        environment=drawn.environment,
        gateway=drawn.gateway,
        currency=drawn.currency,
        run=next((event.run for event in told if isinstance(event, Started)), ""),
        began=began,
        ended=ended,
        code=code,
        campaigns=tuple(_campaigns(drawn, *_done(told), _waiting(told))),
        stopped=tuple(_stopped(told)),
        who=tuple(event.who for event in told if isinstance(event, Listed)),
        line=applied_line(told),
    )


def _done(told: Sequence[Event]) -> tuple[Sequence[FrameDone], Sequence[FrameDone]]:
    """Events → the last that was said of each frame: of those that an earlier run had left open, and of this run's."""
    begins = next((at for at, event in enumerate(told) if isinstance(event, Started)), len(told))
    last = {event.frame: (at, event) for at, event in enumerate(told) if isinstance(event, FrameDone)}
    settled = [event for at, event in last.values() if at < begins]
    return settled, [event for at, event in last.values() if at > begins]


def _waiting(told: Sequence[Event]) -> Mapping[str, int]:
    """Events → campaign → people who may not be sent to yet."""
    found: Counter[str] = Counter()
    for event in told:
        if isinstance(event, Waiting):
            found[event.campaign] += event.recipients
    return found


def _campaigns(
    drawn: Plan, settled: Sequence[FrameDone], begun: Sequence[FrameDone], waiting: Mapping[str, int]
) -> Iterator[CampaignOutcome]:
    """Campaigns by name: those that the plan sends, and those of which an earlier run had left something open."""
    done = (*settled, *begun)
    steps = {step.held_as or step.campaign: step for step in drawn.steps}
    named = {name for name, step in steps.items() if step.sends} | {event.campaign for event in done}
    for name in sorted(named):
        found = _campaign(name, steps.get(name), [event for event in done if event.campaign == name])
        before = sum(event.recipients for event in settled if event.campaign == name and event.status in _ENDED)
        yield replace(found, settled=before, waiting=waiting.get(name, 0))


def _campaign(name: str, step: Step | None, done: Sequence[FrameDone]) -> CampaignOutcome:
    def people(status: str) -> int:
        return sum(event.recipients for event in done if event.status == status)

    accepted = [event for event in done if event.status == "sent"]
    units = [event.units for event in accepted if event.units is not None]
    costs = [event.cost for event in accepted if event.cost is not None]
    return CampaignOutcome(
        name=step.campaign if step else name,
        channel=step.channel if step else "",
        edition=step.edition if step else None,
        planned=step.recipients if step and step.sends else 0,
        sent=people("sent"),
        refused=people("refused"),
        open=people("open"),
        unknown=people("unknown"),
        opted_out=people("opted_out"),
        requests=len([event for event in done if event.status not in ("planned", "opted_out")]),
        parts=sum(units) if units else None,
        cost=sum(costs, Decimal(0)) if costs else None,
        heard=step.heard if step else None,
    )


def _stopped(told: Sequence[Event]) -> Iterator[str]:
    for event in told:
        if isinstance(event, Stopped):
            yield event.why if event.campaign is None else f"{event.campaign}: {event.why}"
