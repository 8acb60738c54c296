"""One seed → a campaign, weather and deaths; resumed until it is done, and judged by the sandbox's own record."""

import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.conftest import PATIENCE
from tests.kills.author import NAME, Author
from tests.kills.forks import Process, Zygote
from tests.kills.moments import SILENT, Ambush, draw, is_silent
from tests.kills.sandbox import Served

STILL: Final = 2.0
"""Seconds within which a state can be unlocked, unless who holds it was stopped in the middle of writing."""

WEATHER: Final[tuple[Mapping[str, Any], ...]] = (
    {"kind": "reset_before"},
    {"kind": "reset_after"},
    {"kind": "truncated"},
    {"kind": "invalid_json"},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 503, "accept": True},
    {"kind": "status", "status": 302, "accept": True},
    {"kind": "status", "status": 400, "body": {"code": 9999}, "accept": True},
    {"kind": "status", "status": 403},
    {"kind": "status", "status": 400, "body": {"code": 104}},
    {"kind": "retry_after", "seconds": 1},
    {"kind": "slow", "seconds": 0.05},
    {"kind": "duplicate"},
    {"kind": "latency", "seconds": 0.03},
)
"""What happens to requests by chance. Nothing of it is a lie: what says no for good has not taken the message."""

LIVES: Final = 8
"""How much longer an apply lives than whoever makes its state, busy machine or not."""

ENDS: Final = frozenset({0, 4, 8, 9, 130, -signal.SIGKILL})
HELD: Final = frozenset({6})
SHUT_OUT: Final = frozenset({1, 6})
NEVER: Final = ("Traceback", "octoplan has a fault", NAME, "+336000", "nobody.")


@dataclass(slots=True, kw_only=True)
class Trial:
    """One trial. `tally` counts what befell whom; `story` tells it, for whoever has to find out.

    `usual`: about how many seconds an apply lives at present.
    """

    zygote: Zygote
    served: Served
    author: Author
    chance: random.Random
    env: Mapping[str, str]
    usual: float = 0.0
    tally: Counter[str] = field(default_factory=Counter)
    story: list[str] = field(default_factory=list)

    def run(self) -> None:
        """Live it through; AssertionError where somebody was sent to twice or left out, with the whole story."""
        try:
            self._run()
        except AssertionError as failure:
            failure.add_note("\n".join(self.story))
            raise

    def _run(self) -> None:
        self._blacklist()
        begun = time.monotonic()
        assert self._call("state", "init") == 0
        self.usual = LIVES * (time.monotonic() - begun)
        for _ in range(self.chance.choice((1, 1, 1, 1, 2, 2, 3))):
            self._change_weather()
            self.chance.choices(list(ROUNDS), list(ROUNDS.values()))[0](self)
            self._look()
            if self.chance.random() < 0.5:
                self.author.rewrite()
                self._blacklist()
                self.story.append(f"rewritten for {self.author.people}; {self.author.left} left")
        self.served.forget("/_sandbox/faults")
        self._finish()

    def die(self) -> None:
        """Kill an apply."""
        ambush = self._lie_in_wait()
        process = self._apply()
        ambush.strike(process, signal.SIGKILL)
        self._end(process, ENDS)

    def interrupt(self) -> None:
        """Ctrl-C once, or twice."""
        ambush = self._lie_in_wait()
        process = self._apply()
        if ambush.strike(process, signal.SIGINT):
            twice = self.chance.random() < 0.4
            process.has_ended(self.chance.uniform(0.0, 0.05))
            if twice:
                process.send_signal(signal.SIGINT)
            self.tally["Ctrl-C twice" if twice else "Ctrl-C once"] += 1
        self._end(process, ENDS)

    def meet(self) -> None:
        """Two at once: one of them works, and one of them is killed."""
        ambush = self._lie_in_wait()
        both = (self._apply(), self._apply())
        victim, other = self.chance.sample(both, 2)
        ambush.strike(victim, signal.SIGKILL)
        self._end(victim, ENDS | HELD)
        self._end_soon(other, ENDS | HELD)
        self.tally["two at once"] += 1

    def sleep(self) -> None:
        """One is stopped, the state unlocked, another one works; the first goes on before, amid or after that."""
        ambush = self._lie_in_wait()
        sleeper = self._apply()
        if not ambush.strike(sleeper, signal.SIGSTOP):
            self._end(sleeper, ENDS)
            return
        self._unlock(sleeper)
        worker = self._apply()
        worker.has_ended(self.chance.choice((0.0, 0.05, SILENT)))
        sleeper.send_signal(signal.SIGCONT)
        for process in (worker, sleeper):
            self._end_soon(process, ENDS | HELD | SHUT_OUT)
        self.tally["stopped and shut out"] += 1

    def live(self) -> None:
        """Nothing befalls it but the weather."""
        self._end_soon(self._apply(), ENDS)

    def _unlock(self, sleeper: Process) -> None:
        unlocking = self._start("state", "unlock")
        if not unlocking.has_ended(STILL):
            sleeper.send_signal(signal.SIGCONT)
            self.tally["stopped amid a transaction"] += 1
        self._end(unlocking, frozenset({0}))

    def _change_weather(self) -> None:
        self.served.forget("/_sandbox/faults")
        share = self.chance.choice((0.0, 0.1, 0.3, 0.6))
        kinds = self.chance.sample(WEATHER, self.chance.randint(1, 5))
        order = {"faults": kinds, "probability": share, "seed": self.chance.randrange(2**31)}
        self.served.tell("/_sandbox/faults", order)
        self.story.append(f"weather {share}: {kinds}")

    def _blacklist(self) -> None:
        if self.author.blacklist:
            self.served.tell("/_sandbox/blacklist", {"addresses": self.author.blacklist})

    def _finish(self) -> None:
        """Apply once more, in good weather: that settles what is open and sends all the rest."""
        self.served.settle()
        code, until = self._call("apply", "--auto-approve"), time.monotonic() + PATIENCE
        while code == 6 and self.author.state.startswith("postgres"):
            assert time.monotonic() < until, "the server does not notice that its client is dead"
            code = self._call("apply", "--auto-approve")
        assert code in (0, 8), "the last apply does not end well"
        left_out = set(self.author.expected()) - self._look()
        assert not left_out, f"somebody was left out: {left_out}"
        assert self._call("state", "check") == 0, "the state is broken"
        if self.chance.random() < 0.1:  # it costs as much as an apply
            assert self._call("plan", "--detailed-exitcode") == 0, "something is left to do"

    def _look(self) -> set[str]:
        """Hold what is true at any time against the sandbox's record; who has had the message."""
        self.served.settle()
        messages = self.served.messages()
        had = Counter(message["address"] for message in messages)
        assert set(had.values()) <= {1}, f"somebody got it twice: {had}"
        assert had.keys() <= set(self.author.allowed()), "somebody got it who must not"
        words = self.author.words()
        assert all(message["text"] in words[message["address"]] for message in messages), "somebody got other words"
        return set(had)

    def _lie_in_wait(self) -> Ambush:
        return Ambush(self.served, draw(self.chance, self.usual))

    def _apply(self) -> Process:
        self.tally["applies"] += 1
        return self._start("apply", "--auto-approve")

    def _start(self, *arguments: str) -> Process:
        folder = self.author.folder.path
        return self.zygote.start(folder, "--env", "production", *arguments, env=self.env)

    def _call(self, *arguments: str) -> int:
        return self._end(self._start(*arguments), frozenset(range(256)))

    def _end_soon(self, process: Process, allowed: frozenset[int]) -> None:
        """Let it live until it ends, or waits."""
        while not process.has_ended(0.02):
            if is_silent(process, self.served.counted):
                process.send_signal(signal.SIGKILL)
        self._end(process, allowed)

    def _end(self, process: Process, allowed: frozenset[int]) -> int:
        code, said = process.end(), process.said
        self.story.append(f"ended with {code}: {said}")
        self.tally["turned away by the lock"] += code == 6
        self.tally["found frames open"] += "settling" in said
        if code == -signal.SIGKILL:
            self.tally["killed"] += 1
            self.tally["killed while waiting to try again"] += said.rstrip().endswith(" s")
        assert code in allowed, f"exit code {code}"
        shown = [never for never in NEVER if never in said]
        assert not shown, f"it says {shown}"
        return code


ROUNDS: Final[Mapping[Callable[[Trial], None], int]] = {
    Trial.die: 8,
    Trial.interrupt: 3,
    Trial.meet: 2,
    Trial.sleep: 2,
    Trial.live: 1,
}
"""What may befall an apply, and how often it does."""
