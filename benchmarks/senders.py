"""Three that send the same bodies: octoplan with a state that is durable, its client without one, and a script."""

import json
import os
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import requests

from benchmarks.measure import CommandFailed
from octoplan.apply.events import FrameDone, Started
from octoplan.apply.pace import Pace, Stop
from octoplan.apply.run import Applier, Recording, send
from octoplan.apply.tower import Flight
from octoplan.cli.console import SystemClock
from octoplan.frame import Frame, Origin, body, request_id
from octoplan.gateways.interface import Accepted
from octoplan.gateways.octopush import Octopush, credentials
from octoplan.project import Environment
from octoplan.state import database
from octoplan.state.home import State
from octoplan.state.interface import FORMAT, CampaignRecord, NewCampaign, NewFrame
from octoplan.state.keys import Keys, derive
from octoplan.state.sqlite import SqliteStore

LINEAGE = "0123456789abcdef"
_SETTINGS = {"channel": "sms", "purpose": "alert", "metadata": {"type": "sms_premium"}}
_CONTENT = {"text": "Your parcel has arrived at the shop."}
_RUN = "0123456789abcdef"


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is sent: so many frames of so many people, at most so many at a time, to the gateway at `url`."""

    url: str
    frames: tuple[Frame, ...]
    in_flight: int


def keys() -> Keys:
    """Nothing more → the keys of every state here: nobody's."""
    return derive("a key that belongs to nobody", LINEAGE)


def make_load(port: int, frames: int, people: int, in_flight: int) -> Load:
    """How many frames of how many people → the Load; every number is +33 6 00 0x xx xx, over and over."""
    origin = Origin(key=keys().request, lineage=LINEAGE, campaign="parcels", edition=1)
    made = tuple(_frame(origin, range(first * people, (first + 1) * people)) for first in range(frames))
    return Load(url=f"http://127.0.0.1:{port}/v1/public", frames=made, in_flight=in_flight)


def _frame(origin: Origin, numbers: range) -> Frame:
    people = tuple(number << 64 for number in numbers)
    name = request_id(origin, "c" * 32, 0, people)
    recipients = [{"phone_number": f"+336000{number % 100_000:05}"} for number in numbers]
    made = body(_SETTINGS, _CONTENT, recipients, name)
    return Frame(id=name, origin=origin, content="c" * 32, refusals=0, people=people, body=made)


def durably(load: Load, folder: Path, clock: Callable[[], float]) -> float:
    """Send as an apply does, with a new state in `folder` → the seconds from the first request on.

    To record the plan is a measurement of its own, and not in these seconds.
    """
    path = folder / f"state-{len(list(folder.iterdir()))}.db"
    meta = {"format": str(FORMAT), "lineage": LINEAGE, "serial": "1", "epoch": "1", "key_check": keys().check}
    database.create(path, meta)
    with closing(SqliteStore(path, writable=True)) as store, store.lock() as epoch:
        events = send(_applier(load, store, epoch), _recording(load))
        if not isinstance(next(events), Started):
            raise CommandFailed("the run did not start")
        start = clock()
        sent = sum(isinstance(event, FrameDone) and event.status == "sent" for event in events)
        seconds = clock() - start
    _check(sent, load)
    return seconds


def _applier(load: Load, store: SqliteStore, epoch: int) -> Applier:
    return Applier(
        run=_RUN,
        environment=Environment(
            name="production",
            gateway=load.url,
            state="state.db",
            max_in_flight=load.in_flight,
            requests_per_second=None,
        ),
        state=State(store=store, keys=keys(), lineage=LINEAGE),
        epoch=epoch,
        gateway=Octopush(load.url, credentials(None, None, load.url)),
        clock=SystemClock(),
        pace=Pace(None, SystemClock()),
        stop=Stop(),
        random=lambda: 0.5,
        random_bytes=os.urandom,
    )


def _recording(load: Load) -> Recording:
    frames = load.frames
    record = CampaignRecord(name="parcels", edition=1, channel="sms", definition={}, applied_at=datetime.now(UTC))
    campaign = NewCampaign(
        record=record,
        not_after=None,
        frames=(
            NewFrame(number=number, id=one.id, size=len(one.people), content=one.content, refusals=0)
            for number, one in enumerate(frames)
        ),
        people=([(person, number) for person in one.people] for number, one in enumerate(frames)),
    )
    return Recording(
        recipients=sum(len(one.people) for one in frames),
        requests=len(frames),
        campaigns=(campaign,),
        flights=lambda: (Flight(frame=one) for one in frames),
    )


def without_state(load: Load, clock: Callable[[], float]) -> float:
    """Send with the same client in as many threads, and remember nothing → the seconds."""
    gateway = Octopush(load.url, credentials(None, None, load.url))
    waiting: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
    for one in [*(frame.body for frame in load.frames), *[None] * load.in_flight]:
        waiting.put(one)
    sent: queue.SimpleQueue[bool] = queue.SimpleQueue()

    def lane() -> None:
        with closing(gateway.connect()) as connection:
            while (content := waiting.get()) is not None:
                sent.put(isinstance(connection.send(content), Accepted))

    threads = [threading.Thread(target=lane) for _ in range(load.in_flight)]
    start = clock()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = clock() - start
    _check(sum(_drain(sent)), load)
    return seconds


def _drain(sent: "queue.SimpleQueue[bool]") -> Iterator[bool]:
    while not sent.empty():
        yield sent.get()


def one_by_one(load: Load, clock: Callable[[], float]) -> float:
    """Send as a script does, with `requests.post`, one after the other → the seconds."""
    bodies = [json.loads(frame.body) for frame in load.frames]
    headers = {"api-login": "me@example.com", "api-key": "key"}
    start = clock()
    answers = [
        requests.post(f"{load.url}/multi-channel/send", json=content, headers=headers, timeout=60) for content in bodies
    ]
    seconds = clock() - start
    _check(sum(answer.status_code == requests.codes.created for answer in answers), load)
    return seconds


def _check(sent: int, load: Load) -> None:
    if sent != len(load.frames):
        raise CommandFailed(f"{sent} of {len(load.frames)} requests were accepted: their time would mean nothing")
