"""A World: how many people, what is wrong with them, which rules hold, and how often each thing may happen."""

from dataclasses import dataclass, field, replace
from functools import cache
from typing import Self

from octoplan.frame import KEY_BITS, leaves
from tests.model.laws import Assumption, Rule
from tests.model.values import (
    FORGOTTEN,
    FRESH,
    Api,
    Budget,
    Clocks,
    Frame,
    Id,
    Person,
    Request,
    State,
    Store,
    mask_of,
    members,
)

_KEY_WIDTH = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """One small world. `bad`: people whom the API refuses; `bad_texts`: texts it refuses; `absent`: who joins later.

    `keys`: the first bits of each person's key. `copied`: the state was copied before its first run. `adopts`: every
    run has --adopt-duplicates where that is true. `left`: who is in a frame that the API accepted and a dead run left
    open; since then the local clock was moved by `ahead`. `jumps`: by how many ticks a clock is moved; `lone`: no clock
    but the local one is known. `strict`: to begin a frame, or to ask for one, after a halt is a fault, even if nobody
    gets more for it. `without`: the rules and assumptions that do not hold.
    """

    name: str
    budget: Budget
    people: int = 1
    size: int = 1
    places: int = 1
    tries: int = 2
    keys: tuple[int, ...] = (0, 1, 2, 3)
    bad: int = 0
    bad_texts: frozenset[int] = frozenset()
    absent: int = 0
    copied: bool = False
    adopts: bool = False
    reviews: bool = False
    left: int = 0
    ahead: int = 0
    jumps: tuple[int, ...] = ()
    lone: bool = False
    strict: bool = True
    without: frozenset[Rule | Assumption] = field(default=frozenset())

    def holds(self, law: Rule | Assumption) -> bool:
        """Whether this rule or assumption is in force."""
        return law not in self.without

    @property
    def oldest(self) -> int:
        """Beyond which age all are the same: where clocks are moved, none within reach is."""
        return FORGOTTEN + (self.budget.ticks if self.jumps else 0)

    def lacking(self, *laws: Rule | Assumption) -> Self:
        """The same world without these."""
        return replace(self, without=self.without | {*laws})

    def start(self) -> State:
        """Nobody is there, and nobody was sent to but who is in a frame that is still open."""
        everybody = (1 << self.people) - 1
        opened = [(people, 0, 0, 0) for people in self.leaves(self.left)]
        frames = tuple(Frame(id=name, status="sending", slip=self.ahead) for name in opened)
        taken = tuple(self.request(name).id for name in opened)
        counts = tuple(self.left >> person & 1 for person in range(self.people))
        store = Store(frames=frames, people=(Person(),) * self.people)
        return State(
            store=store,
            past=store if self.copied else None,
            processes=(None, None),
            network=(),
            api=Api(seen=tuple((name, FRESH) for name in taken), taken=taken, counts=counts),
            left=self.budget,
            clocks=Clocks(local=self.ahead),
            audience=everybody & ~self.absent,
        )

    def leaves(self, people: int) -> tuple[int, ...]:
        """People → the frames that they are packed into, by octoplan's own law."""
        return _leaves(people, self.size, self.keys)

    def request(self, frame: Id) -> Request:
        """A frame → what leaves: its id as this world's rules make it, and its bytes."""
        people, text, refusals, salt = frame
        name = (
            people if self.holds(Rule.ID_NAMES_PEOPLE) else 0,
            text if self.holds(Rule.ID_NAMES_CONTENT) else 0,
            refusals if self.holds(Rule.REFUSALS_ARE_COUNTED) else 0,
            salt,
        )
        return Request(id=name, people=people, text=text)

    def would_refuse(self, request: Request) -> str:
        """Whether the API refuses these bytes: '', campaign or recipient."""
        if request.text in self.bad_texts:
            return "campaign"
        return "recipient" if request.people & self.bad else ""


@cache
def _leaves(people: int, size: int, keys: tuple[int, ...]) -> tuple[int, ...]:
    wide = {keys[person] << (KEY_BITS - _KEY_WIDTH): person for person in members(people)}
    return tuple(mask_of([wide[key] for key in leaf]) for leaf in leaves(sorted(wide), size))
