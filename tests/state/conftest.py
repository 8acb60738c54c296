"""Stores of every kind, each beside the one interface, and what is recorded in them. Nobody in here exists."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from octoplan.state import database, postgres
from octoplan.state.address import parse
from octoplan.state.interface import (
    FORMAT,
    CampaignRecord,
    FrameRecord,
    Held,
    NewCampaign,
    NewFrame,
    RunRecord,
    Status,
    Store,
)
from octoplan.state.postgres import PostgresStore
from octoplan.state.sqlite import SqliteStore
from tests.state.server import Server, shared

NOW = datetime(2026, 11, 3, 10, 0, tzinfo=UTC)
META = {"format": str(FORMAT), "lineage": "0123456789abcdef", "serial": "1", "epoch": "1", "key_check": "c" * 32}
EPOCH = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of store: `make` an empty state in a folder, `open` it as often as wanted."""

    make: Callable[[Path], None]
    open: Callable[[Path, bool], Store]


def _url(folder: Path) -> Path:
    return folder / "url"


KINDS = {
    "sqlite": Kind(
        make=lambda folder: database.create(folder / "state.db", META),
        open=lambda folder, writable: SqliteStore(folder / "state.db", writable=writable),
    ),
    "postgres": Kind(
        make=lambda folder: postgres.create(parse(_url(folder).read_text(encoding="utf-8")), META),
        open=lambda folder, writable: PostgresStore(parse(_url(folder).read_text(encoding="utf-8")), writable=writable),
    ),
}


@dataclass(slots=True, kw_only=True)
class Bench:
    """An empty state and how to open it; everything opened is closed at the end."""

    kind: Kind
    folder: Path
    opened: list[Store] = field(default_factory=list)

    def open(self, *, writable: bool = True) -> Store:
        store = self.kind.open(self.folder, writable)
        self.opened.append(store)
        return store

    def close(self) -> None:
        while self.opened:
            self.opened.pop().close()


@pytest.fixture
def server(pytestconfig: pytest.Config) -> Server:
    """A real PostgreSQL server, the same for every test."""
    return shared(pytestconfig)


@pytest.fixture
def schema(server: Server) -> Iterator[str]:
    """A schema's name that no other test uses."""
    with server.spare_schema() as name:
        yield name


@pytest.fixture
def other_schema(server: Server) -> Iterator[str]:
    """A second one."""
    with server.spare_schema() as name:
        yield name


@pytest.fixture(params=sorted(KINDS))
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    kind = KINDS[request.param]
    if request.param == "postgres":
        server: Server = request.getfixturevalue("server")
        _url(tmp_path).write_text(server.address(request.getfixturevalue("schema")), encoding="utf-8")
    kind.make(tmp_path)
    made = Bench(kind=kind, folder=tmp_path)
    yield made
    made.close()


@pytest.fixture
def store(bench: Bench) -> Store:
    return bench.open()


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def run_record(name: str = "run-1") -> RunRecord:
    return RunRecord(id=name, environment="production", started_at=NOW, ended_at=None, recipients=5, requests=2)


def frame_id(number: int) -> str:
    return f"{number:032x}"


def campaign(
    frames: dict[int, Sequence[int]],
    *,
    name: str = "autumn-sale",
    edition: int = 1,
    refusals: int = 0,
    retry_refused: bool = False,
) -> NewCampaign:
    """Frame number (from 1; its id follows) → person keys, as a recording of one campaign."""
    placed = sorted((person, number - 1) for number, people in frames.items() for person in people)
    return NewCampaign(
        record=CampaignRecord(
            name=name, edition=edition, channel="sms", definition={"content": {"text": "Hi"}}, applied_at=NOW
        ),
        not_after=at(3600),
        frames=[
            NewFrame(number=number - 1, id=frame_id(number), size=len(people), content="c" * 32, refusals=refusals)
            for number, people in frames.items()
        ],
        people=[placed[:2], placed[2:]],
        retry_refused=retry_refused,
    )


def record(store: Store, *campaigns: NewCampaign, run: str = "run-1") -> None:
    store.record(run_record(run), EPOCH, campaigns)


def held(store: Store, name: str = "autumn-sale", edition: int = 1) -> dict[int, Held]:
    return {one.person: one for batch in store.messages(name, edition) for one in batch}


def statuses(store: Store, name: str = "autumn-sale", edition: int = 1) -> dict[int, str]:
    return {person: str(one.status) for person, one in held(store, name, edition).items()}


def frame(store: Store, number: int) -> FrameRecord:
    return store.frame(frame_id(number))


def everything(store: Store) -> tuple[object, ...]:
    """All that a state says, to be compared before and after."""
    names = [one.name for one in store.campaigns()]
    return (
        store.identity,
        store.campaigns(),
        store.runs(),
        tuple(store.frames()),
        tuple(held(store, name) for name in names),
        tuple(store.body(one.id) for one in store.frames(Status.SENDING)),
    )
