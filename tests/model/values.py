"""A state of the model: values that are compared and hashed, small on purpose, without a name that does not matter.

Three merges keep it small, and are sound. *Runs*: a process is known by the slot it lives in, and once it is dead all
its frames belong to DEAD: no rule tells one dead run from another. *Time*: frames, ids and requests have ages, not
dates, and an age above FORGOTTEN is as good as any. *Sent frames* are dissolved into their people: nothing reads them.
A process that is stopped is one that takes no step while others do, so stopping needs no step of its own.

People are bits of a mask. A frame's id is (people, text, refusals, salt); the salt is 0 where ids are derived.
"""

from typing import NamedTuple

DEAD = -1
FRESH, OLD, FORGOTTEN = 0, 1, 2
"""Ages: younger than 23 hours, older than 23, older than 24. One tick of the model carries everything one further."""

Id = tuple[int, int, int, int]


class Frame(NamedTuple):
    """A frame as the state has it. `run` is a slot or DEAD; `body` False: lost; `placed` False: not its people yet.

    `slip`: by how much it looks older than it is.
    """

    id: Id
    status: str  # planned, sending, unknown
    run: int = DEAD
    age: int = FRESH
    body: bool = True
    placed: bool = True
    slip: int = 0

    @property
    def people(self) -> int:
        """Who is in it."""
        return self.id[0]


class Person(NamedTuple):
    """A message outside of frames in flight: '' (free, or in such a frame), sent or refused."""

    status: str = ""
    refusals: int = 0


class Store(NamedTuple):
    """What is durable."""

    frames: tuple[Frame, ...]
    people: tuple[Person, ...]


class Request(NamedTuple):
    """What leaves: the id as the API gets it, and what it would do."""

    id: Id
    people: int
    text: int


class Lane(NamedTuple):
    """One thread of an applier. `frame` is its frame in the state, `rest` the halves that it flies afterwards."""

    frame: Id
    pc: str  # intent, asked, waiting, silent, answered
    request: Request
    doubt: bool = False
    tries: int = 0
    age: int = FRESH
    answer: str = ""
    rest: tuple[Id, ...] = ()
    slip: int = 0


class Process(NamedTuple):
    """An applier. `shut`: the state was unlocked since it began; `places`: lanes that may be taken.

    `agreed`: whether the clocks did when it began. `gained`: what the local one had gained when it recorded its run,
    and `since`: by how much it was moved then.
    """

    pc: str  # settling, planning, recording, sending
    places: int
    shut: bool = False
    stop: bool = False
    plan: tuple[Id, ...] = ()
    lanes: tuple[Lane, ...] = ()
    reviewed: int = -1
    agreed: bool = True
    gained: int = 0
    since: int = 0


class Copy(NamedTuple):
    """A request on its way. `sender` DEAD: nobody waits for its answer. `looked`: its id was looked up and is new."""

    request: Request
    sender: int
    age: int = FRESH
    looked: bool = False


class Api(NamedTuple):
    """The other side. `seen`: ids it remembers, and their age; `taken`: what it ever accepted; `counts`: per person."""

    seen: tuple[tuple[Id, int], ...]
    taken: tuple[Id, ...]
    counts: tuple[int, ...]


class Clocks(NamedTuple):
    """By how much each clock was moved since the state noted what they say."""

    local: int = 0
    api: int = 0


class Budget(NamedTuple):
    """How often each thing may still happen: the bounds of the model.

    `silences`: an answer is not heard; `riddles`: not understood; `poor`: the account is refused; `ticks`: all but an
    hour of a day pass; `edits` of the text, `joins` to the audience; `bodies` are lost; `closings`: not_after passes;
    `jumps`: a clock is moved; `stops`: somebody says STOP; `halts`: somebody halts everything, and maybe resumes it;
    `turns`: the window closes or opens.
    """

    runs: int = 0
    crashes: int = 0
    silences: int = 0
    riddles: int = 0
    poor: int = 0
    ticks: int = 0
    edits: int = 0
    joins: int = 0
    unlocks: int = 0
    bodies: int = 0
    closings: int = 0
    restores: int = 0
    jumps: int = 0
    stops: int = 0
    halts: int = 0
    turns: int = 0


class State(NamedTuple):
    """Everything. `past`: the copy that may be restored; `reviewed`: texts, as bits; `fault`: what no step may do.

    `stopped`: who has said STOP. `halted`: everything is, and `spare`: so many more may be accepted, since it was said
    that so many frames were in flight. `outside`: the window is closed.
    """

    store: Store
    processes: tuple[Process | None, Process | None]
    network: tuple[Copy, ...]
    api: Api
    left: Budget
    text: int = 0
    audience: int = 0
    closed: bool = False
    past: Store | None = None
    restored: bool = False
    reviewed: int = 0
    fault: str = ""
    clocks: Clocks = Clocks()
    stopped: int = 0
    halted: bool = False
    spare: int = 0
    outside: bool = False


class Deed(NamedTuple):
    """A step: `kind` is run (an applier goes on), api (a request arrives), silence, or world (all that need not be)."""

    kind: str
    slot: int
    words: str
    after: State


def members(mask: int) -> list[int]:
    """A mask → who is in it."""
    return [bit for bit in range(mask.bit_length()) if mask >> bit & 1]


def mask_of(people: tuple[int, ...] | list[int]) -> int:
    """People → their mask."""
    return sum(1 << person for person in people)
