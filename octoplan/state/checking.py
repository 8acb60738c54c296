"""An open state and its keys → what is broken in it, and what is only worth knowing. It only reads.

That the state is the right one is known before: `home.open_state` has compared format, lineage and key.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from octoplan.state.home import State
from octoplan.state.interface import BodyLost, Identity
from octoplan.state.questions import FIRST, QUESTIONS, Breach

# What may be so in a state with which nothing is wrong.
NOTES: Final = frozenset(("sent/no-ticket", "run/not-ended"))
SEALED: Final = "sending/sealed"
MANY: Final = "sending/many"
RULES: Final = (*(rule for rule in QUESTIONS if rule not in NOTES), SEALED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What was found of a state. `max_in_flight`: how many frames it may hold in `sending`."""

    identity: Identity
    max_in_flight: int
    broken: tuple[Breach, ...]
    notes: tuple[Breach, ...]


def check(state: State, max_in_flight: int) -> Checked:
    """An open state, and how many of its frames may be in `sending` → what is broken; StateError if it cannot be read.

    Each rule is asked in one statement, so that an apply which is at work meanwhile is not taken for damage.
    """
    found = (*state.store.breaches(), *_sealed(state))
    broken = (one for one in found if one.rule not in NOTES and (one.rule != MANY or one.count > max_in_flight))
    return Checked(
        identity=state.store.identity,
        max_in_flight=max_in_flight,
        broken=tuple(broken),
        notes=tuple(one for one in found if one.rule in NOTES),
    )


def _sealed(state: State) -> Iterator[Breach]:
    """The bodies that cannot be unsealed with the state's key, as those of their frames."""
    lost: list[str] = []
    for frame, sealed in state.store.bodies():
        try:
            state.keys.unseal(frame, sealed)
        except BodyLost:
            lost.append(frame)
    if lost:
        yield Breach(rule=SEALED, count=len(lost), first=tuple(lost[:FIRST]))
