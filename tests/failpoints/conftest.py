"""A project, a gateway that judges, and octoplan in builds that die at a named point. Nobody in here exists."""

import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from octoplan.state.interface import FrameRecord, Status
from octoplan.state.places import find
from tests.apply.gateway import ACCEPT, Judge, serve
from tests.conftest import Folder, Outcome
from tests.failpoints.points import VARIABLE
from tests.kills.forks import Zygote, begin_zygote
from tests.state import server
from tests.state.server import Server

ROOT = Path(__file__).parents[2]
PEOPLE = tuple(f"+336000{number:05d}" for number in range(20))
BAD = PEOPLE[7]
KEY = {"OCTOPLAN_STATE_KEY": "correct horse battery staple"}
PROJECT = """\
octoplan: 1
environments:
  production:
    gateway: {{url: "{url}"}}
    state: {state}
    require_plan: false
    windows: show
    max_in_flight: 2
    frame_size: {frame_size}
"""
CAMPAIGN = """\
channel: sms
purpose: wholesale
open: true
text: "Hello {{ first_name }}, STOP au 30101"
audience: {from: audiences/people.csv}
"""
APPLY = ("apply", "--auto-approve")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A project on its `folder`, its state at `state`, and the gateway that keeps the record which counts."""

    folder: Folder
    judge: Judge
    state: str
    zygote: Zygote
    env: Mapping[str, str] = field(default_factory=dict)
    server: Server | None = None
    environment: str = "production"

    def write(self, *, frame_size: int = 4) -> "Field":
        """Write the project's files."""
        rows = "".join(f"{address},Robin{number % 2}\n" for number, address in enumerate(PEOPLE))
        self.folder.write(
            {
                "octoplan.yaml": PROJECT.format(url=self.judge.url, state=self.state, frame_size=frame_size),
                "campaigns/autumn.yaml": CAMPAIGN,
                "campaigns/audiences/people.csv": f"phone_number,first_name\n{rows}",
            }
        )
        return self

    def call(self, *arguments: str, hurried: bool = False) -> Outcome:
        """Run octoplan in this process, at the present moment."""
        named = ("--env", self.environment, *arguments)
        return self.folder.call(*named, env=self.env, at=datetime.now(UTC), hurried=hurried)

    def die(self, order: str, *arguments: str) -> int:
        """Run octoplan in a process of its own, armed with one point; its exit code, or signal."""
        env = {**self.env, VARIABLE: order}
        process = self.zygote.start(self.folder.path, "--env", self.environment, *arguments, env=env)
        code = process.end()
        assert "Traceback" not in process.said
        return code

    def frames(self, *status: Status) -> tuple[FrameRecord, ...]:
        """Read what the state says of its frames."""
        with closing(find(self.folder.path, self.state).open(writable=False)) as store:
            return tuple(store.frames(*status))

    def mend_init(self) -> None:
        """Do what errors say after an init that was killed, and nothing else."""
        again = self.call("state", "init")
        if "move the old key away" in again.err:
            key = self.folder.path / f"{self.state}.key"
            key.rename(key.with_suffix(".old"))
            again = self.call("state", "init")
        if "exists already" in again.err:
            said = re.search(r"if its `state init` was interrupted, make it say (.*)", self.call("plan").err)
            assert said, again.err
            self.folder.write({"octoplan.lock.yaml": f"{said[1]}\n"})
        else:
            assert again.code == 0, again

    def finish(self, *flags: str) -> None:
        """Apply until nothing is left to do, saying of what is unknown what the gateway's record says of it."""
        self.judge.script = lambda _: ACCEPT
        for _ in range(4):
            outcome = self.call(*APPLY, *flags)
            unknown = self.frames(Status.UNKNOWN)
            for frame in unknown:
                word = "--sent" if frame.id in self.judge.accepted else "--not-sent"
                assert self.call("state", "resolve", frame.id, word, "--yes").code == 0
            if outcome.code in (0, 8) and not unknown:
                return
            assert outcome.code in (0, 8, 9) or "shut out" in outcome.err, outcome
        raise AssertionError("it never comes to an end")

    def check(self) -> None:
        """Hold that everybody has it once, by the gateway's record, and that the state is whole and says the same."""
        expected = dict.fromkeys(sorted(set(PEOPLE) - self.judge.bad - self.judge.stopped), 1)
        assert dict(sorted(self.judge.messages.items())) == expected
        checked = self.call("state", "check")
        assert checked.code == 0, checked.out
        planned = self.call("plan", "--detailed-exitcode")
        assert planned.code == 0, planned.out
        assert not self.frames(Status.SENDING, Status.UNKNOWN)
        # What a dead run planned for nobody but whoever has said STOP is left alone: there is nothing to be recorded.
        assert sum(one.size for one in self.frames(Status.PLANNED)) <= len(self.judge.stopped)
        assert {one.id for one in self.frames(Status.SENT)} == self.judge.accepted.keys()


@pytest.fixture
def judge() -> Iterator[Judge]:
    with serve() as served:
        yield served


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote]:
    with begin_zygote() as begun:
        yield begun


@pytest.fixture
def kind() -> str:
    """Say which state the test is about, where it does not say so itself."""
    return "sqlite"


@pytest.fixture
def ground(tmp_path: Path, judge: Judge, kind: str, zygote: Zygote, pytestconfig: pytest.Config) -> Iterator[Field]:
    """A Field without a state, on the kind of store that the test names."""
    folder = Folder(path=tmp_path / "project")
    if kind == "sqlite":
        yield Field(folder=folder, judge=judge, state=".octoplan/production.db", zygote=zygote).write()
        return
    running = server.shared(pytestconfig)
    with running.spare_schema() as schema:
        state = running.address(schema)
        yield Field(folder=folder, judge=judge, state=state, zygote=zygote, env=KEY, server=running).write()
