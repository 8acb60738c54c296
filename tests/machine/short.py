"""The short road: the plan is drawn here, by the package's own laws of framing; state, apply and gateway are its own.

It costs a tenth of the whole road, which reads files into DuckDB, and so goes ten times as far.
"""

import secrets
from collections import defaultdict
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from octoplan.apply import run
from octoplan.apply.pace import Pace
from octoplan.apply.run import Applier, Recording
from octoplan.apply.tower import Flight
from octoplan.errors import OctoplanError
from octoplan.frame import Frame, Origin, body, leaves, request_id
from octoplan.gateways.octopush import Octopush, credentials
from octoplan.project import Environment
from octoplan.state import database
from octoplan.state.home import State
from octoplan.state.interface import FORMAT, CampaignRecord, Halted, Held, NewCampaign, NewFrame, Status
from octoplan.state.keys import derive
from octoplan.table.keys import person_key
from tests.machine.ends import LocalClock, NoWaiting, Process, WatchedStore, Wire
from tests.machine.judging import Ground
from tests.machine.world import CAMPAIGN, World, address_of

URL = "http://127.0.0.1:9/v1/public"
LINEAGE = "0123456789abcdef"
FREE = frozenset({Status.FREE, Status.PLANNED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags:
    """What the command line asks of an apply."""

    retry_refused: bool = False
    adopt_duplicates: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortRoad:
    """Applies over one state, one after the other, as processes would make them."""

    world: World
    ground: Ground

    @classmethod
    def begin(cls, world: World, folder: Path) -> "ShortRoad":
        """A folder → the road, its state made."""
        keys = derive("correct horse battery staple", LINEAGE)
        meta = {"format": str(FORMAT), "lineage": LINEAGE, "serial": "1", "epoch": "1", "key_check": keys.check}
        database.create(folder / "state.db", meta)
        return cls(world=world, ground=Ground(path=folder / "state.db", keys=keys, lineage=LINEAGE))

    def apply(self, process: Process, flags: Flags) -> int:
        """Settle, plan and send, as `octoplan apply` does; the exit code of what went wrong, or 0."""
        self.world.note("runs")
        process.order = (*self.world.files.fingerprint(), flags.retry_refused)
        try:
            with closing(WatchedStore(process, self.ground.path, writable=True)) as store, store.lock() as epoch:
                applier = self._applier(process, store, epoch, flags)
                list(run.settle(applier))
                if self._may_begin() and not self._is_blocked(store):
                    list(run.send(applier, self._recording(applier, flags)))
        except OctoplanError as error:
            return error.exit_code
        return 0

    def resolve(self, frame: str, *, sent: bool) -> None:
        """A person's word on an unknown frame."""
        process = Process(world=self.world)
        with closing(WatchedStore(process, self.ground.path, writable=True)) as store:
            assert store.resolve(frame, sent=sent, why="looked", at=self.world.local)

    def unlock(self) -> None:
        """Somebody shuts out whoever holds the state."""
        with closing(WatchedStore(Process(world=self.world), self.ground.path, writable=True)) as store:
            store.unlock()

    def halt(self, campaign: str) -> None:
        """Somebody halts a campaign, blank for everything."""
        with closing(WatchedStore(Process(world=self.world), self.ground.path, writable=True)) as store:
            store.halt(Halted(campaign=campaign, who="ann on desk", at=self.world.local))

    def resume(self) -> None:
        """Somebody lets everything go on."""
        with closing(WatchedStore(Process(world=self.world), self.ground.path, writable=True)) as store:
            for one in store.halts():
                store.resume(one.campaign)

    def close(self) -> None:
        """Nothing is left open."""

    def _applier(self, process: Process, store: WatchedStore, epoch: int, flags: Flags) -> Applier:
        world = self.world
        return Applier(
            run=f"run-{world.happened['runs']}",
            environment=Environment(
                name="production", gateway=URL, state="state.db", max_in_flight=world.places, frame_size=world.size
            ),
            state=State(store=store, keys=self.ground.keys, lineage=LINEAGE),
            epoch=epoch,
            gateway=Octopush(URL, credentials(None, None, URL), wire=Wire(process)),
            clock=LocalClock(world),
            pace=Pace(None, LocalClock(world)),
            stop=NoWaiting(world),
            random=lambda: 0.5,
            random_bytes=secrets.token_bytes,
            adopt_duplicates=flags.adopt_duplicates,
        )

    def _may_begin(self) -> bool:
        return not self.world.is_closed and self.world.is_open(self.world.local)

    @property
    def _opens(self) -> str:
        """When frames may leave, as a state keeps it, from two days ago on for a week."""
        midnight = self.world.local.replace(hour=0, minute=0, second=0, microsecond=0)
        spans = (
            (midnight + timedelta(days=day, hours=first), midnight + timedelta(days=day, hours=last))
            for day in range(-2, 8)
            for first, last in self.world.hours
        )
        return " ".join(f"{start:%Y%m%dT%H%M}/{end:%Y%m%dT%H%M}" for start, end in spans)

    def _is_blocked(self, store: WatchedStore) -> bool:
        """Whether the edition may not be sent: it was lowered, or the last one is not finished."""
        record = next(iter(store.campaigns()), None)
        edition = self.world.files.edition
        if record is None or record.edition == edition:
            return False
        present = self._present()
        held = [one for batch in store.messages(CAMPAIGN, record.edition) for one in batch]
        owed = any(one.status in FREE and one.person in present for one in held)
        doubtful = any(one.status in (Status.SENDING, Status.UNKNOWN) for one in held)
        blocked = edition < record.edition or owed or doubtful
        self.world.note("edition: blocked" if blocked else "edition: raised")
        return blocked

    def _present(self) -> dict[int, int]:
        people = self.world.files.people
        return {person_key(self.ground.keys.person, address_of(number)): number for number in people}

    def _recording(self, applier: Applier, flags: Flags) -> Recording:
        files = self.world.files
        frames = self._frames(applier, flags)
        campaign = NewCampaign(
            record=CampaignRecord(
                name=CAMPAIGN, edition=files.edition, channel="sms", definition={}, applied_at=self.world.local
            ),
            not_after=self.world.not_after,
            frames=[
                NewFrame(
                    number=number,
                    id=one.id,
                    size=len(one.people),
                    content=one.content,
                    refusals=one.refusals,
                    opens=one.opens,
                )
                for number, one in enumerate(frames)
            ],
            people=[sorted((person, number) for number, one in enumerate(frames) for person in one.people)],
            retry_refused=flags.retry_refused,
        )
        return Recording(
            recipients=sum(len(one.people) for one in frames),
            requests=len(frames),
            campaigns=(campaign,),
            flights=lambda: (Flight(frame=one, not_after=self.world.not_after) for one in frames),
        )

    def _frames(self, applier: Applier, flags: Flags) -> list[Frame]:
        """Who is free, by variant: frames that a dead run left planned and that still hold, the others packed anew."""
        files, keys = self.world.files, self.ground.keys
        origin = Origin(key=keys.request, lineage=LINEAGE, campaign=CAMPAIGN, edition=files.edition)
        held = {one.person: one for batch in applier.state.store.messages(CAMPAIGN, files.edition) for one in batch}
        numbers = self._present()
        refusals: dict[int, int] = {}
        texts: dict[str, list[int]] = defaultdict(list)
        for person in sorted(numbers):
            counted = _counted(held.get(person), flags)
            if counted is not None:
                refusals[person] = counted
                texts[f"{files.words}: Hi {files.people[numbers[person]]}"].append(person)
        made: list[Frame] = []
        for text in sorted(texts):
            content = keys.keyed_digest(text.encode())
            for people in _packed(texts[text], held, (origin, content, refusals), self.world.size):
                most = max(refusals[person] for person in people)
                name = request_id(origin, content, most, people)
                recipients = [{"phone_number": address_of(numbers[person])} for person in people]
                made.append(
                    Frame(
                        id=name,
                        origin=origin,
                        content=content,
                        refusals=most,
                        people=people,
                        opens=self._opens,
                        body=body(_settings(files.edition), {"text": text}, recipients, name),
                    )
                )
        return made


def _counted(held: Held | None, flags: Flags) -> int | None:
    """What the state has of a person → how often they were refused; None where they are not to be sent to."""
    if held is None:
        return 0
    if held.status in FREE:
        return held.refusals
    return held.refusals + 1 if flags.retry_refused and held.status is Status.REFUSED else None


def _packed(
    people: list[int], held: Mapping[int, Held], known: tuple[Origin, str, Mapping[int, int]], size: int
) -> list[tuple[int, ...]]:
    """The people of a variant → those of each of its frames."""
    origin, content, refusals = known
    planned: dict[str, list[int]] = defaultdict(list)
    for person in people:
        one = held.get(person)
        if one is not None and one.status is Status.PLANNED and one.frame is not None:
            planned[one.frame].append(person)
    kept = [
        tuple(some)
        for name, some in planned.items()
        if request_id(origin, content, max(refusals[one] for one in some), some) == name
    ]
    whole = {person for some in kept for person in some}
    return [*leaves([person for person in people if person not in whole], size), *kept]


def _settings(edition: int) -> Mapping[str, Any]:
    return {"channel": "sms", "purpose": "alert", "list_name": str(edition), "metadata": {"type": "sms_premium"}}
