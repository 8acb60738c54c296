"""octoplan broken on purpose, inside one fork: whoever judges real runs must not let these pass."""

import os
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from octoplan.apply import flight, run
from octoplan.apply.events import Event
from octoplan.apply.ledger import Ledger
from octoplan.apply.run import Applier
from octoplan.pipeline.capping import Caps
from octoplan.state import statements
from octoplan.state.changes import Again, Begin, Change, Refused, Sent
from octoplan.state.halts import Clearance
from octoplan.table import arms


def take_for_unsent() -> None:
    """What a dead run left open was not sent: its people are free again, and get another request id."""
    _settle(lambda facts: Refused(**facts, code=None, why="guessed", keep=False))


def take_for_sent() -> None:
    """What a dead run left open was sent."""
    _settle(lambda facts: Sent(**facts, why="guessed"))


def write_late() -> None:
    """The intent is written down together with the outcome, after the request."""
    write = Ledger.write
    held: dict[str, Begin] = {}

    def write_both(ledger: Ledger, change: Change) -> bool:
        if isinstance(change, Begin):
            held[change.frame] = change
            return True
        begin = held.pop(change.frame, None)
        return (begin is None or write(ledger, begin)) and write(ledger, change)

    Ledger.write = write_both  # type: ignore[assignment, method-assign]


def ask_no_window() -> None:
    """The window is asked when it is planned, and not before a byte leaves."""
    flight.why_outside = lambda *_, **__: ""  # type: ignore[attr-defined]


def ask_no_halt() -> None:
    """Whether somebody has halted it is asked when it is planned, and not before a frame."""
    statements._NOT_HALTED = "1 = 1"
    Clearance.halt_of = lambda *_: None  # type: ignore[method-assign]


def draw_anew() -> None:
    """Every run draws anew who gets which variant."""
    real, drawn = arms.arm_sql, os.urandom(16).hex()

    def arm_sql(person: str, salt: str, shares: arms.Shares) -> str:
        return real(person, drawn, shares)

    arms.arm_sql = arm_sql


def count_no_plan() -> None:
    """A cap counts what the state has, and not what this very plan is about to send."""
    Caps.count = lambda *_: None  # type: ignore[method-assign]


def _settle(guess: Callable[[Mapping[str, Any]], Change]) -> None:
    def settle(applier: Applier) -> Iterator[Event]:
        for record in applier.open_frames:
            facts: dict[str, Any] = {"frame": record.id, "run": applier.run, "at": applier.clock.now()}
            applier.state.store.commit(applier.epoch, [Again(**facts, held_by=record.run), guess(facts)])
        return iter(())

    run.settle = settle


WAYS: Final[Mapping[str, Callable[[], None]]] = MappingProxyType(
    {
        "unsent": take_for_unsent,
        "sent": take_for_sent,
        "late": write_late,
        "outside": ask_no_window,
        "unhalted": ask_no_halt,
        "anew": draw_anew,
        "alone": count_no_plan,
    }
)
"""By the name that an order gives."""
