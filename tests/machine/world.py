"""The world around octoplan: files, two clocks, a network that loses things, and the sandbox, whose record judges.

What docs/reliability.md takes for granted is kept here or noted here: an id's fate is the same for every copy, what has
left arrives within an hour or never, and where a frame looked younger than it was, or a copy of the state was restored
too late or among other people and words, somebody may get a message twice, and `spoiled` says who.
"""

import json
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from octoplan.sandbox.core import Sandbox
from octoplan.sandbox.exchange import Request
from octoplan.sandbox.storage import Storage

START: Final = datetime(2026, 11, 3, 10, 0, tzinfo=UTC)
DAY: Final = timedelta(hours=24)
HOUR: Final = timedelta(hours=1)
CAMPAIGN: Final = "autumn-sale"
SECOND: Final = 1000
"""What the editions of the second campaign count from, here and in the name of the list that it is sent to."""

Message = tuple[int, str]
"""An edition and an address."""
Entry = tuple[str, Any]
"""What happened to the state: a plan was `recorded`, which follows from what; somebody was `refused`; it was `restored`
from which copy."""

LOST: Final = frozenset({"lost before", "lost after", "silent before", "silent after", "late"})
ANSWERS: Final[Mapping[str, tuple[int, bytes]]] = {
    "failed": (500, b"{}"),
    "busy": (429, b"{}"),
    "riddle": (400, b'{"code":9999}'),
    "poor": (400, b'{"code":104}'),
    "no access": (401, b"{}"),
}
"""What turns a request away before the API looks at it."""
FAULTS: Final = (*sorted(LOST), *sorted(ANSWERS), "garbled", "accept")


GREETINGS: Final = {"plain": "Hi", "warm": "Dear", "holdout": "nothing"}
"""What each variant begins with; whoever is held out gets nothing."""


def address_of(number: int) -> str:
    return f"+336000000{number:02}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A request that has left. `younger`: its frame looked younger by the local clock than it was."""

    id: str
    request: Request
    messages: tuple[Message, ...]
    at: datetime
    younger: bool


@dataclass(slots=True, kw_only=True)
class Files:
    """What the campaign's files say: names by number, which words, which edition."""

    people: dict[int, str]
    words: int = 0
    edition: int = 1

    def fingerprint(self) -> tuple[Any, ...]:
        return (tuple(sorted(self.people.items())), self.words, self.edition)


@dataclass(slots=True, kw_only=True)
class World:
    """Everything that outlives a process but the state. `offset`: how far the local clock is ahead of the truth.

    `journal`: what a restored state may have missed. `missed`: messages that a restored state knows nothing of, with
    the place in the journal from which on it does not know it. `hours`: those of UTC in which people may be reached,
    none: all. `arm_of`: an address → whose variant it is to get.
    """

    size: int = 3
    places: int = 2
    api_tells_time: bool = True
    not_after: datetime | None = None
    hours: tuple[tuple[int, int], ...] = ()
    arm_of: Callable[[str], str] | None = None
    files: Files = field(default_factory=lambda: Files(people={}))
    truth: datetime = START
    offset: timedelta = timedelta()
    bad: set[int] = field(default_factory=set)
    forbidden: set[int] = field(default_factory=set)
    faults: deque[str] = field(default_factory=deque)
    silent: dict[str, str] = field(default_factory=dict)
    fates: dict[str, tuple[int, bytes] | None] = field(default_factory=dict)
    bytes_of: dict[str, bytes] = field(default_factory=dict)
    left_at: dict[str, datetime] = field(default_factory=dict)
    late: list[Copy] = field(default_factory=list)
    accepted: set[str] = field(default_factory=set)
    accepted_at: dict[Message, datetime] = field(default_factory=dict)
    journal: list[Entry] = field(default_factory=list)
    missed: dict[Message, int] = field(default_factory=dict)
    spoiled: set[Message] = field(default_factory=set)
    happened: Counter[str] = field(default_factory=Counter)
    storage: Storage = field(default_factory=Storage.in_memory)
    sandbox: Sandbox = field(init=False)

    def __post_init__(self) -> None:
        self.sandbox = Sandbox(self.storage, lambda: self.truth)

    @property
    def local(self) -> datetime:
        """The time as the machine that octoplan runs on has it."""
        return self.truth + self.offset

    @property
    def is_closed(self) -> bool:
        """Whether the campaign is over, by the clock of the machine that octoplan runs on."""
        return self.not_after is not None and self.local > self.not_after

    def is_open(self, at: datetime) -> bool:
        """Whether people may be reached at a moment."""
        return not self.hours or any(first <= at.hour < last for first, last in self.hours)

    def note(self, what: str) -> None:
        """Count what really happened: a machine that never gets anywhere proves nothing."""
        self.happened[what] += 1

    def record(self) -> Counter[Message]:
        """How many messages everybody got, in each edition, by the sandbox's own record."""
        return Counter((int(one.list_name), one.address) for one in self.sandbox.messages())

    def on_the_way(self) -> set[Message]:
        """Who will have been accepted when the late copies have arrived."""
        waiting = (copy for copy in self._still_late if copy.id not in self.accepted and self.fates[copy.id] is None)
        return {message for copy in waiting for message in copy.messages}

    @property
    def _still_late(self) -> list[Copy]:
        return [copy for copy in self.late if self.truth - copy.at <= HOUR]

    @property
    def late_ids(self) -> set[str]:
        """The ids of requests that may arrive yet."""
        return {copy.id for copy in self._still_late}

    def read(self, request: Request, *, younger: bool) -> Copy:
        """A request that leaves → the copy; the same id always carries the same bytes, and meets the same fate."""
        body = json.loads(request.body)
        name = body["metadata"]["request_id"]
        addresses = [one["phone_number"] for one in body["recipients"]]
        assert self.bytes_of.setdefault(name, request.body) == request.body, "the same id with other bytes"
        self.left_at.setdefault(name, self.truth)
        if self.arm_of is not None:
            for arm in map(self.arm_of, addresses):
                assert f": {GREETINGS[arm]} " in body["text"], f"somebody of {arm} gets what is not for them"
                self.note(f"left: for somebody of {arm}")
        if name not in self.fates:
            self.fates[name] = self._fate(body["text"], addresses)
        messages = tuple((int(body["list_name"]), address) for address in addresses)
        return Copy(id=name, request=request, messages=messages, at=self.truth, younger=younger)

    def _fate(self, text: str, addresses: list[str]) -> tuple[int, bytes] | None:
        if any(address_of(number) in addresses for number in self.bad):
            return 400, b'{"code":181}'
        if any(text.startswith(f"{words}:") for words in self.forbidden):
            return 400, b'{"code":1340}'
        return None

    def exchange(self, copy: Copy) -> tuple[int, bytes] | None:
        """A copy leaves → what its sender is answered; None: nothing."""
        fault = self.silent.get(copy.id) or (self.faults.popleft() if self.faults else "accept")
        self.note(f"fault: {fault}")
        self.note("left")
        if copy.messages[0][0] < SECOND:
            self.note("left: of the first campaign")
        if fault.startswith("silent"):
            self.silent[copy.id] = "silent before"
        if fault == "late":
            self.late.append(copy)
        if fault in ANSWERS:
            return ANSWERS[fault]
        answer = self.arrive(copy) if fault in ("accept", "garbled", "lost after", "silent after") else None
        if fault == "garbled" and answer is not None and answer[0] == 201:
            return 200, b"<html>"
        return answer if fault in ("accept", "garbled") else None

    def arrive(self, copy: Copy) -> tuple[int, bytes]:
        """A copy reaches the API → its answer."""
        fate = self.fates[copy.id]
        if fate is not None:
            self.note(f"refused: {fate[1].decode()}")
            return fate
        answer = self.sandbox.answer(copy.request)
        if answer.status == 201:
            self._accept(copy)
        elif b"182" in answer.body:
            self.note("an id in use is turned away")
        return answer.status, answer.body

    def _accept(self, copy: Copy) -> None:
        self.accepted.add(copy.id)
        for message in copy.messages:
            if message in self.accepted_at:
                assert self._is_excused(message, copy), f"edition {message[0]}: accepted twice"
                self.spoiled.add(message)
            self.accepted_at[message] = self.truth

    def _is_excused(self, message: Message, copy: Copy) -> bool:
        """Whether somebody may get it twice, since what is taken for granted did not hold."""
        if copy.younger and not self.api_tells_time and self.truth - self.left_at[copy.id] >= DAY:
            self.note("twice: a frame looked younger than it was")
            return True
        if message not in self.missed:
            return False
        since = self.journal[self.missed[message] :]
        if self.truth - self.accepted_at[message] >= DAY:
            self.note("twice: restored after a day")
        elif any(kind == "refused" for kind, _ in since):
            self.note("twice: restored without a refusal")
        elif len({what for kind, what in since if kind == "recorded"}) > 1:
            self.note("twice: restored among other people or words")
        elif len({what for kind, what in since if kind == "restored"}) > 1:
            self.note("twice: restored from one copy and from another")
        else:
            return False
        return True

    def pass_time(self, by: timedelta, *, arrives: bool = True) -> None:
        """Time passes; what has left arrives within an hour or never."""
        if by > HOUR / 2:
            self.settle_late(arrives=arrives)
        self.truth += by

    def settle_late(self, *, arrives: bool) -> None:
        """The late copies arrive, or never will."""
        late, self.late = self._still_late, []
        for copy in late if arrives else ():
            self.note("a late copy arrives")
            self.arrive(copy)
