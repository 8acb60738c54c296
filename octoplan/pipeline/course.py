"""What a plan is drawn for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal, Self

from octoplan.audience.rejects import Rejects
from octoplan.gateways.interface import Gateway
from octoplan.limits import Accepted
from octoplan.pipeline.credit import Ask, unasked
from octoplan.planfile import PlanFile
from octoplan.project import Environment, Project
from octoplan.state.home import State
from octoplan.state.interface import CampaignRecord
from octoplan.state.records import is_own

Simulate = Literal["sample", "all", "none"]
Notice = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """The environment and its state, and what is asked of the plan.

    `gateway` None: nothing is simulated. `reviewed`: no message is planned that this file does not hold. `notice` is
    told what is being done, for progress; `pace` waits before each simulated request. `rejects` is given the rows that
    cannot be used. `cores`: how many may render. `accepted`: numbers that may pass a limit. `balance` asks the gateway
    for the credit, where a limit wants to know it. `records`: every campaign that the state has, by name; `holding`:
    the names of those that hold people. `windows`: what the project says of them.
    """

    environment: Environment
    state: State
    now: datetime
    gateway: Gateway | None = None
    simulate: Simulate = "none"
    retry_refused: bool = False
    targeted: bool = False
    reviewed: PlanFile | None = None
    cores: int = 1
    accepted: Accepted = field(default_factory=lambda: MappingProxyType({}))
    records: tuple[CampaignRecord, ...] = ()
    holding: frozenset[str] = frozenset()
    balance: Ask = unasked
    windows: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: MappingProxyType({}))
    notice: Notice = lambda _: None
    rejects: Rejects | None = None
    pace: Callable[[], object] = lambda: None

    @property
    def known(self) -> Mapping[str, CampaignRecord]:
        """What the state has of campaigns, by name."""
        return {record.name: record for record in self.records}

    def through(self, project: Project) -> Self:
        """The same, with what the state knows of campaigns and the project says of windows."""
        records = tuple(one for one in self.state.store.campaigns() if not is_own(one.name))
        return replace(self, records=records, holding=self.state.store.holding(), windows=project.windows)
