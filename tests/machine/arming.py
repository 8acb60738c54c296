"""The machine on the whole road, with variants and a holdout: who gets which is worked out once more by hand."""

from dataclasses import dataclass

from tests.by_hand import SHARES, arm_of
from tests.machine.halting import HaltMachine
from tests.machine.whole import WholeRoad
from tests.machine.world import CAMPAIGN, address_of


@dataclass(slots=True, kw_only=True)
class ArmRoad(WholeRoad):
    """Each person is of one variant, whatever befalls the campaign, in every edition (see `World.read`)."""

    def prepare(self) -> None:
        """Tell the world who is to get what."""
        key = self.ground.keys.person
        self.world.arm_of = lambda address: arm_of(key, CAMPAIGN, address)

    def write(self) -> None:
        """Write the campaign as the world has it, with a text for one of the variants."""
        warm = f'{{share: {SHARES["warm"]}%, text: "{self.world.files.words}: Dear {{{{ name }}}}"}}'
        plain, holdout = f"{SHARES['plain']}%", f"{SHARES['holdout']}%"
        self.more = f"variants: {{plain: {plain}, warm: {warm}, holdout: {holdout}}}\n"
        WholeRoad.write(self)


class ArmMachine(HaltMachine):
    """Whoever is held out gets nothing, ever."""

    def _is_left_out(self, number: int) -> bool:
        assert self.world.arm_of is not None
        return self.world.arm_of(address_of(number)) == "holdout"
