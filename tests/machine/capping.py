"""The machine on the whole road, with two campaigns for the same people, and a cap that allows them one message."""

from collections import Counter
from dataclasses import dataclass, replace
from typing import Final

from hypothesis.stateful import invariant

from octoplan.state.interface import Status
from tests.machine.halting import HaltMachine
from tests.machine.whole import FILE, WholeRoad
from tests.machine.world import CAMPAIGN, SECOND, address_of

OTHER: Final = "book-fair"
CAP: Final = "caps: [{{purpose: alert, at_most: 1, within: 900d, over: {over}}}]\n"


@dataclass(slots=True, kw_only=True)
class CapRoad(WholeRoad):
    """Whoever is over the cap waits, where frames are of an even size, or is left out."""

    def prepare(self) -> None:
        """Write the cap."""
        self.ground = replace(self.ground, campaigns=(CAMPAIGN, OTHER))
        with (self.folder / "octoplan.yaml").open("a", encoding="utf-8") as project:
            project.write(CAP.format(over="skip" if self.world.size % 2 else "wait"))

    def write(self) -> None:
        """Write the campaigns as the world has them; the second one stays as it is."""
        WholeRoad.write(self)
        end = self.world.not_after
        text = FILE.format(edition=1, words="Books", end=f"not_after: {end.isoformat()}" if end else "open: true")
        text = text.replace(": Hi ", " of all kinds and a reading, ")
        text = text.replace('list_name: "1"', f'list_name: "{SECOND + 1}"')
        (self.folder / "campaigns" / f"{OTHER}.yaml").write_text(text, encoding="utf-8")


class CapMachine(HaltMachine):
    """Nobody gets a second message, of whichever campaign and edition, in good times or bad."""

    def copy_takes_the_states_place(self, which: int) -> None:
        """Never: a cap counts what the state knows, and a copy may not know everything."""

    @invariant()
    def nobody_is_over_the_cap(self) -> None:
        counts = Counter(address for _, address in self.world.accepted_at)
        assert not counts or max(counts.values()) == 1, f"over the cap: {counts}"

    def _judge_the_end(self) -> None:
        """Everybody of the present audience has one of the two, or was refused, or it is closed."""
        world, ground = self.world, self.road.ground
        with ground.look() as state:
            standing = ground.standing(state)
        had = {address for _, address in world.accepted_at}
        refused = {address for (_, address), held in standing.items() if held.status is Status.REFUSED}
        for address in map(address_of, world.files.people):
            assert world.is_closed or address in had | refused, f"{address} was left out of both"
            world.note(f"at the end: {'one of the two' if address in had else 'none of the two'}")
