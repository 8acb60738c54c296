"""One seed → a campaign, weather and deaths; resumed until it is done, and judged by the sandbox's own record."""

import json
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from tests.conftest import PATIENCE
from tests.kills.author import NAME, Author
from tests.kills.clock import AFTERNOON, BEFORE_NOON, HOURS, NOON, PLACES, StandingClock
from tests.kills.forks import Process, Zygote
from tests.kills.moments import SILENT, Ambush, draw, draw_early, is_silent
from tests.kills.sandbox import Served
from tests.kills.weather import WEATHER

STILL: Final = 2.0
"""Seconds within which a state can be unlocked, unless who holds it was stopped in the middle of writing."""

LIVES: Final = 8
"""How much longer an apply lives than whoever makes its state, busy machine or not."""

INTERRUPTED: Final = 130
ENDS: Final = frozenset({0, 4, 8, 9, INTERRUPTED, -signal.SIGKILL})
HELD: Final = frozenset({6})
HALTED: Final = frozenset({5})
SHUT_OUT: Final = frozenset({1, 6})
LEFT_OPEN: Final = "octoplan has a fault: ResourceWarning\n"
"""What Ctrl-C finds between its opening and the word that would close it: told only where warnings are errors."""
NEVER: Final = ("Traceback", "octoplan has a fault", NAME, "+336000", "nobody.")


@dataclass(slots=True, kw_only=True)
class Trial:
    """One trial. `tally` counts what befell whom; `story` tells it, for whoever has to find out.

    `rounds`: what may befall an apply. `usual`: about how many seconds one lives at present. `clock`: the one that
    everybody lives by, if there are windows. `looked`: how many of the requests that arrived were judged by it.
    """

    zygote: Zygote
    served: Served
    author: Author
    chance: random.Random
    env: Mapping[str, str]
    clock: StandingClock | None = None
    rounds: Mapping[Callable[["Trial"], None], int] = field(default_factory=lambda: ROUNDS)
    usual: float = 0.0
    looked: int = 0
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
        self.author.know_state(self.env.get("OCTOPLAN_STATE_KEY"))
        self.tally.update(self.author.rails.names)
        self.story.append(f"{self.author.rails}, for {self.author.people}")
        for _ in range(self.chance.choice((1, 1, 1, 1, 2, 2, 3))):
            self._change_weather()
            self._draw_round()(self)
            self._look()
            self._pass_time()
            if self.chance.random() < 0.5:
                self.author.rewrite()
                self._blacklist()
                self.story.append(f"rewritten for {self.author.people}; {self.author.left} left")
        self.served.forget("/_sandbox/faults")
        self._finish()
        rails = self.author.rails
        if rails.arms and not rails.second and self.chance.random() < 0.1:  # one more message would be over the cap
            self.author.begin_edition()
            self.tally["editions"] += 1
            self._finish()

    def _draw_round(self) -> Callable[["Trial"], None]:
        if self.clock is not None and self.clock.at < BEFORE_NOON and self.chance.random() < 0.5:
            return Trial.close
        return self.chance.choices(list(self.rounds), list(self.rounds.values()))[0]

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

    def halt(self) -> None:
        """Another process halts it at some moment; it may be killed too, another begins nothing. Then it goes on."""
        process = self._stop_at_a_moment()
        halting = self._start("--json", "halt", "--why", "a broken link")
        if self.chance.random() < 0.3 or not halting.has_ended(STILL):
            process.send_signal(signal.SIGCONT)
        self._end(halting, frozenset({0}))
        arrived, told = len(self.served.counted.sends), json.loads(halting.out.read_text(encoding="utf-8"))
        self._go_on(process, ENDS | HALTED)
        if self.chance.random() < 0.3:
            self._end_soon(self._apply(), ENDS | HALTED)
        self.served.settle()
        more = len(self.served.counted.sends) - arrived
        assert more <= told["frames"], f"{more} requests arrived after a halt that said {told['frames']}"
        self._end(self._start("resume"), frozenset({0}))
        self.tally["halted"] += 1
        self.tally["halted in flight"] += bool(told["frames"])

    def close(self) -> None:
        """The window closes while an apply is at work: what has asked before is all that arrives. It may be killed."""
        if self.clock is None or self.clock.at >= BEFORE_NOON:
            self.die()
            return
        self.clock.move(BEFORE_NOON)
        process = self._stop_at_a_moment()
        arrived = len(self.served.counted.sends)  # before the clock is moved: what left already may arrive after that
        self.clock.move(NOON)
        self.tally["closed in mid-run"] += not process.has_ended()
        self._go_on(process, ENDS)
        if self.chance.random() < 0.5:
            self._end_soon(self._apply(), ENDS)
        self.served.settle()
        more = len(self.served.counted.sends) - arrived
        assert more <= self.author.lanes, f"{more} requests arrived outside of the window"
        self._judge_hours(arrived)
        self.looked += more

    def _stop_at_a_moment(self) -> Process:
        """An apply that stands still, unless it has ended: mostly when the most of it is still to come."""
        ambush = self._lie_in_wait() if self.chance.random() < 0.3 else Ambush(self.served, draw_early(self.chance))
        process = self._apply()
        ambush.strike(process, signal.SIGSTOP)
        return process

    def _go_on(self, process: Process, allowed: frozenset[int]) -> None:
        """Let one that stands still live on, or kill it."""
        process.send_signal(signal.SIGKILL if self.chance.random() < 0.3 else signal.SIGCONT)
        self._end_soon(process, allowed)

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

    def _pass_time(self) -> None:
        if self.clock is not None and self.chance.random() < 0.7:
            at = self.clock.at
            self.clock.move(self.chance.choice([place for place in PLACES if place >= at] or [at]))
            self.story.append(f"it is {self.clock.at}")

    def _judge_hours(self, until: int) -> None:
        """Hold when those requests arrived that were not looked at yet against the window."""
        new, self.looked = self.served.counted.sends[self.looked : until], until
        outside = [at for at in new if self.clock is not None and not HOURS.holds(at)]
        assert not outside, f"something arrived outside of the window: {outside}"

    def _blacklist(self) -> None:
        if self.author.blacklist:
            self.served.tell("/_sandbox/blacklist", {"addresses": self.author.blacklist})

    def _finish(self) -> None:
        """Apply once more, in good weather: that settles what is open and sends all the rest."""
        self.served.settle()
        if self.clock is not None:
            self.clock.move(AFTERNOON)
        code, until = self._call("apply", "--auto-approve"), time.monotonic() + PATIENCE
        while code == 6 and self.author.state.startswith("postgres"):
            assert time.monotonic() < until, "the server does not notice that its client is dead"
            code = self._call("apply", "--auto-approve")
        assert code in (0, 8), "the last apply does not end well"
        left_out = set(self.author.expected()) - self._look()
        assert not left_out, f"somebody was left out: {left_out}"
        assert self._call("state", "check") == 0, "the state is broken"
        if self.chance.random() < 0.1:  # it costs as much as an apply
            left = 2 if self.author.waits else 0
            assert self._call("plan", "--detailed-exitcode") in (0, left), "something is left to do"

    def _look(self) -> set[str]:
        """Hold what is true at any time against the sandbox's record; who has had the message of this edition."""
        self.served.settle()
        self._judge_hours(len(self.served.counted.sends))
        messages, words = self.served.messages(), self.author.words()
        assert {message["address"] for message in messages} <= words.keys(), "somebody got it who must not"
        told = [(message["address"], words[message["address"]].get(message["text"])) for message in messages]
        assert all(edition for _, edition in told), "somebody got other words"
        had = Counter(told)
        assert set(had.values()) <= {1}, f"somebody got it twice: {had}"
        return {address for address, edition in had if edition == self.author.edition}

    def _lie_in_wait(self) -> Ambush:
        return Ambush(self.served, draw(self.chance, self.usual))

    def _apply(self) -> Process:
        self.tally["applies"] += 1
        return self._start("apply", "--auto-approve")

    def _start(self, *arguments: str) -> Process:
        folder = self.author.folder.path
        clock = str(self.clock.path) if self.clock else ""
        return self.zygote.start(folder, "--env", "production", *arguments, env=self.env, clock=clock)

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
        told = said.replace(LEFT_OPEN, "") if code == INTERRUPTED else said
        shown = [never for never in NEVER if never in told]
        assert not shown, f"it says {shown}"
        return code


ROUNDS: Final[Mapping[Callable[[Trial], None], int]] = {
    Trial.die: 8,
    Trial.interrupt: 3,
    Trial.meet: 2,
    Trial.sleep: 2,
    Trial.halt: 3,
    Trial.live: 1,
}
"""What may befall an apply, and how often it does; besides, where there is a window, that closes."""
