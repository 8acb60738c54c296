"""A state → what `status` shows of it: people by campaign, cost so far, and what is open or unknown. It only reads."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from octoplan.state.interface import OLDEST, CampaignRecord, FrameRecord, Halted, RunRecord, Status, Store
from octoplan.state.records import FIRST, LAST, TEST, is_own, is_seed, owner
from octoplan.state.told import Response


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignStanding:
    """The present edition of a campaign, in people.

    `waiting` are certainly not sent to. `cost` is what the gateway said in the account's money, None where it did not
    say it of every request that was sent; it must not be shown as an estimate. `response`: what callbacks told.
    """

    name: str
    channel: str
    edition: int
    sent: int = 0
    refused: int = 0
    open: int = 0
    unknown: int = 0
    waiting: int = 0
    cost: Decimal | None = Decimal(0)
    last_run: RunRecord | None = None
    response: Response = field(default_factory=lambda: Response(statuses={}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What a state knows now. `unsettled`: frames that are open or unknown.

    `tests`, `seeds`: what was sent to own staff by `octoplan test`, and along with campaigns.
    """

    environment: str
    lineage: str
    campaigns: tuple[CampaignStanding, ...] = ()
    tests: tuple[CampaignStanding, ...] = ()
    seeds: tuple[CampaignStanding, ...] = ()
    unsettled: tuple[FrameRecord, ...] = ()
    halted: tuple[Halted, ...] = ()


def survey(environment: str, store: Store) -> Survey:
    """An open state → its Survey. StateError as the store raises it."""
    runs, records, heard = {run.id: run for run in store.runs()}, store.campaigns(), store.responses()
    sent = [record for record in records if not is_own(record.name)]
    seeds = {owner(record.name): record for record in records if is_seed(record.name)}
    return Survey(
        environment=environment,
        lineage=store.identity.lineage,
        campaigns=tuple(_told(_standing(record, store, runs), heard) for record in sent),
        tests=tuple(
            _own(record, store, record.name.removeprefix(TEST), (TEST,))
            for record in records
            if record.name.startswith(TEST)
        ),
        seeds=tuple(_own(record, store, name, (FIRST, LAST)) for name, record in sorted(seeds.items())),
        unsettled=tuple(store.frames(Status.SENDING, Status.UNKNOWN)),
        halted=store.halts(),
    )


def replay_until(frame: FrameRecord) -> datetime | None:
    """An open frame → until when it may be replayed: 23 h after its first attempt, never past `not_after`.

    The API forgets a request id after 24 hours. None: its first attempt is not known.
    """
    if frame.first_attempt is None:
        return None
    until = frame.first_attempt + OLDEST
    return until if frame.not_after is None else min(until, frame.not_after)


def _standing(record: CampaignRecord, store: Store, runs: dict[str, RunRecord]) -> CampaignStanding:
    counts = store.counts(record.name, record.edition)
    frames = [frame for frame in store.frames(*Status, campaign=record.name) if frame.edition == record.edition]
    ran = [runs[frame.run] for frame in frames if frame.run in runs]
    return CampaignStanding(
        name=record.name,
        channel=record.channel,
        edition=record.edition,
        sent=counts.get(Status.SENT, 0),
        refused=counts.get(Status.REFUSED, 0),
        open=counts.get(Status.SENDING, 0),
        unknown=counts.get(Status.UNKNOWN, 0),
        waiting=counts.get(Status.FREE, 0) + counts.get(Status.PLANNED, 0),
        cost=_cost(frame.cost for frame in frames if frame.status is Status.SENT),
        last_run=max(ran, key=lambda run: run.started_at, default=None),
    )


def _told(one: CampaignStanding, heard: Mapping[tuple[str, int], Response]) -> CampaignStanding:
    response = heard.get((one.name, one.edition))
    return replace(one, response=response) if response else one


def _own(record: CampaignRecord, store: Store, name: str, kinds: Sequence[str]) -> CampaignStanding:
    """What own staff were sent of a campaign, all together, under the campaign's own name."""
    frames = [frame for kind in kinds for frame in store.frames(Status.SENT, campaign=f"{kind}{name}")]
    return CampaignStanding(
        name=name,
        channel=record.channel,
        edition=record.edition,
        sent=sum(frame.size for frame in frames),
        cost=_cost(frame.cost for frame in frames),
    )


def _cost(costs: Iterable[Decimal | None]) -> Decimal | None:
    known = list(costs)
    amounts = [cost for cost in known if cost is not None]
    return sum(amounts, Decimal(0)) if len(amounts) == len(known) else None
