"""octoplan broken on purpose, inside one fork: whoever judges real runs must not let these pass."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from octoplan.apply import run
from octoplan.apply.events import Event
from octoplan.apply.ledger import Ledger
from octoplan.apply.run import Applier
from octoplan.state.changes import Again, Begin, Change, Refused, Sent


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


def _settle(guess: Callable[[Mapping[str, Any]], Change]) -> None:
    def settle(applier: Applier) -> Iterator[Event]:
        for record in applier.open_frames:
            facts: dict[str, Any] = {"frame": record.id, "run": applier.run, "at": applier.clock.now()}
            applier.state.store.commit(applier.epoch, [Again(**facts, held_by=record.run), guess(facts)])
        return iter(())

    run.settle = settle


WAYS: Final[Mapping[str, Callable[[], None]]] = MappingProxyType(
    {"unsent": take_for_unsent, "sent": take_for_sent, "late": write_late}
)
"""By the name that an order gives."""
