"""The machine, and somebody who halts and resumes: while it is halted nothing leaves but what was on its way."""

from collections.abc import Sequence

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.machine.ends import MOMENTS, Process
from tests.machine.machine import FAULT_LISTS, Machine
from tests.machine.reviewing import WholeMachine
from tests.machine.world import CAMPAIGN

_WHAT = st.sampled_from(("", CAMPAIGN))


class HaltMachine(Machine):
    """A machine that is halted at times."""

    @rule(faults=FAULT_LISTS, what=_WHAT, resumes=st.booleans())
    def apply_while_it_is_halted(self, faults: Sequence[str], what: str, *, resumes: bool) -> None:
        """Nothing is begun and nothing is replayed."""
        self.road.halt(what)
        left = self._left(what)
        self._apply(Process(world=self.world), faults)
        assert self._left(what) == left, "something left while it was halted"
        self.world.note("halted")
        if resumes:
            self.road.resume()

    @precondition(lambda self: self._has_work)
    @rule(faults=FAULT_LISTS, where=st.sampled_from(MOMENTS), nth=st.sampled_from((0, 0, 1)), what=_WHAT)
    def apply_and_be_halted(self, faults: Sequence[str], where: str, nth: int, what: str) -> None:
        """Another machine halts a run at some moment: what is on its way then is all that leaves."""
        left: list[int] = []

        def halt(_process: Process, where: str) -> None:
            self.road.halt(what)
            left.append(self._left(what))
            self.world.note(f"halted: {where}")

        self._apply(Process(world=self.world, where=where, nth=nth, then=halt), faults)
        assert not left or self._left(what) <= left[0] + 1, "more left than was on its way"
        self.road.resume()

    def _left(self, what: str) -> int:
        """How many requests have left of the first campaign, which alone is halted by name; blank: of everything."""
        return self.world.happened["left: of the first campaign" if what else "left"]

    def _finish(self) -> None:
        self.road.resume()
        super()._finish()


class WholeHaltMachine(HaltMachine, WholeMachine):
    """The same with files and commands."""
