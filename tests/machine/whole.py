"""The whole road: files, the command line in this process, DuckDB, plan files; only its ends are exchanged."""

import contextlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from octoplan import cli
from octoplan.cli.console import Console
from octoplan.gateways.octopush import Octopush
from octoplan.project import Environment
from octoplan.state import home
from octoplan.state.keys import derive
from tests.machine.ends import LocalClock, NoWaiting, Process, WatchedStore, Wire
from tests.machine.judging import Ground
from tests.machine.short import URL, Flags
from tests.machine.world import CAMPAIGN, World, address_of

SECRET = "correct horse battery staple"  # noqa: S105 - of nobody
STATE = ".octoplan/production.db"
PROJECT = """\
octoplan: 1
environments:
  production:
    {{gateway: {{url: "{url}"}}, state: {state}, require_plan: false, max_in_flight: {places}, frame_size: {size}}}
"""
FILE = """\
channel: sms
purpose: alert
edition: {edition}
list_name: "{edition}"
{end}
audience: {{from: audiences/people.csv}}
text: "{words}: Hi {{{{ name }}}}"
"""


@dataclass(slots=True, kw_only=True)
class WholeRoad:
    """Commands on one project, one after the other, as processes would be. `patch`: undone in the end.

    `more`: what else the campaign's file says.
    """

    world: World
    folder: Path
    ground: Ground
    current: Process
    patch: pytest.MonkeyPatch = field(default_factory=pytest.MonkeyPatch)
    more: str = ""

    @classmethod
    def begin(cls, world: World, folder: Path) -> "WholeRoad":
        """A folder → the road, its project and state made."""
        project = PROJECT.format(url=URL, state=STATE, places=world.places, size=world.size)
        (folder / "octoplan.yaml").write_text(project, encoding="utf-8")
        (folder / "campaigns" / "audiences").mkdir(parents=True)
        environment = Environment(name="production", gateway=URL, state=STATE)
        place = home.Home(root=folder, environment=environment, secret=SECRET, random_bytes=lambda count: b"\1" * count)
        lineage = home.create(place)
        ground = Ground(path=folder / STATE, keys=derive(SECRET, lineage), lineage=lineage)
        road = cls(world=world, folder=folder, ground=ground, current=Process(world=world))
        road._exchange_ends()
        road.prepare()
        return road

    def prepare(self) -> None:
        """What else a road of another kind makes at first."""

    def _exchange_ends(self) -> None:
        def store(path: Path, *, writable: bool) -> WatchedStore:
            return WatchedStore(self.current, path, writable=writable)

        def gateway(url: str, own: Any) -> Octopush:
            return Octopush(url, own, wire=Wire(self.current))

        self.patch.setattr("octoplan.state.sqlite.SqliteStore", store)
        self.patch.setattr("octoplan.gateways.octopush.Octopush", gateway)
        self.patch.setattr("octoplan.apply.pace.Stop", lambda: NoWaiting(self.world))
        # Another applier is called in the middle of the first, by any of its threads: signals need the main one.
        self.patch.setattr("octoplan.cli.apply._interruptible", lambda _: contextlib.nullcontext())
        self.patch.setattr("octoplan.cli.apply.chance", lambda: 0.5)

    def apply(self, process: Process, flags: Flags, plan: Path | None = None) -> int:
        """Run `octoplan apply --auto-approve`; its exit code."""
        self.world.note("runs")
        process.order = (*self.world.files.fingerprint(), flags.retry_refused, plan)
        self.write()
        asked = (["--retry-refused"] if flags.retry_refused else []) + (
            ["--adopt-duplicates"] if flags.adopt_duplicates else []
        )
        with self._as(process):
            return self._call("apply", *([str(plan)] if plan else []), "--auto-approve", *asked)

    def plan(self, out: Path) -> int:
        """Run `octoplan plan --out FILE`; its exit code."""
        self.write()
        with self._as(Process(world=self.world)):
            return self._call("plan", "--out", str(out))

    def resolve(self, frame: str, *, sent: bool) -> None:
        """A person's word on an unknown frame."""
        with self._as(Process(world=self.world)):
            word = "--sent" if sent else "--not-sent"
            assert self._call("state", "resolve", frame, word, "--yes", "--why", "looked") == 0

    def unlock(self) -> None:
        """Somebody shuts out whoever holds the state."""
        with self._as(Process(world=self.world)):
            assert self._call("state", "unlock") == 0

    def halt(self, campaign: str) -> None:
        """Somebody halts a campaign, blank for everything."""
        self.write()
        with self._as(Process(world=self.world)):
            assert self._call("halt", *(["--campaign", campaign] if campaign else [])) == 0

    def resume(self) -> None:
        """Somebody lets everything go on."""
        self.write()
        with self._as(Process(world=self.world)):
            assert self._call("resume") == 0
            assert self._call("resume", "--campaign", CAMPAIGN) == 0

    def close(self) -> None:
        """Put back what was exchanged."""
        self.patch.undo()

    def write(self) -> None:
        """Write the campaign as the world has it."""
        files, end = self.world.files, self.world.not_after
        text = FILE.format(
            edition=files.edition,
            words=files.words,
            end=f"not_after: {end.isoformat()}" if end else "open: true",
        )
        rows = "".join(f"{address_of(number)},{name}\n" for number, name in sorted(files.people.items()))
        (self.folder / "campaigns" / f"{CAMPAIGN}.yaml").write_text(text + self.more, encoding="utf-8")
        people = self.folder / "campaigns" / "audiences" / "people.csv"
        people.write_text(f"phone_number,name\n{rows}", encoding="utf-8")

    @contextlib.contextmanager
    def _as(self, process: Process) -> Iterator[None]:
        """Run the block as this process, and go on as the former one."""
        former, self.current = self.current, process
        try:
            yield
        finally:
            self.current = former

    def _call(self, *arguments: str) -> int:
        out, err = io.StringIO(), io.StringIO()
        console = Console(
            out=out,
            err=err,
            stdin=io.StringIO(),
            environ={"OCTOPLAN_STATE_KEY": SECRET},
            clock=LocalClock(self.world),
        )
        code = cli.run(["-C", str(self.folder), "--env", "production", *arguments], console)
        assert "octoplan has a fault" not in err.getvalue(), err.getvalue()
        assert "+336" not in out.getvalue() + err.getvalue()
        return code
