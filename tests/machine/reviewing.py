"""The machine on the whole road, with plan files: only what was reviewed is sent."""

from collections.abc import Sequence
from pathlib import Path

from hypothesis.stateful import precondition, rule

from octoplan.state.interface import Status
from tests.machine.ends import Process
from tests.machine.machine import FAULT_LISTS, Machine
from tests.machine.short import Flags
from tests.machine.whole import WholeRoad
from tests.machine.world import address_of

Reviewed = tuple[Path, frozenset[tuple[str, str]]]


class WholeMachine(Machine):
    """The same rules, and two more. `_reviewed`: a plan file and the messages that it was made for."""

    road: WholeRoad
    _reviewed: Reviewed | None = None
    _plan: Path | None = None

    @rule()
    def plan_is_reviewed(self) -> None:
        files = self.world.files
        path = self._folder / f"{self.world.happened['plans']}.plan"
        self.world.note("plans")
        code = self.road.plan(path)
        is_empty = not files.people and not self.world.is_closed  # a closed campaign's audience is not read
        assert code in ((3,) if is_empty else (0, 5)), code
        if path.exists():
            texts = {(address_of(number), f"{files.words}: Hi {name}") for number, name in files.people.items()}
            self._reviewed = (path, frozenset(texts))

    @precondition(lambda self: self._reviewed is not None)
    @rule(faults=FAULT_LISTS)
    def apply_what_was_reviewed(self, faults: Sequence[str]) -> None:
        assert self._reviewed is not None
        self._plan, reviewed = self._reviewed
        known = {message.id for message in self.world.sandbox.messages()}
        open_before = {message for message, held in self._standing.items() if held.status is Status.SENDING}
        try:
            self._apply(Process(world=self.world), faults)
        finally:
            self._plan = None
        for one in self.world.sandbox.messages():
            if one.id not in known and (int(one.list_name), one.address) not in open_before:
                assert (one.address, one.text) in reviewed, "somebody was sent to, or words, that nobody reviewed"
                self.world.note("reviewed and sent")

    def _call(self, process: Process, flags: Flags) -> int:
        return self.road.apply(process, flags, self._plan)
