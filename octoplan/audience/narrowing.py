"""People, and the layers that they come through → those who come through all of them: `where`, exclusions, samples.

Without a sample inside, order does not matter, and every `where` is asked while people are made. With one it does:
whoever a segment draws is drawn before the campaign's own `where` is asked.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from octoplan.audience.reading import Reading
from octoplan.spec import AudienceSpec
from octoplan.table import people
from octoplan.table.connection import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """How many rows went, by what."""

    filtered: int = 0
    excluded: int = 0
    unchosen: int = 0


def later(reading: Reading) -> int:
    """A Reading → how many of its `where`s are asked only after an inner layer has drawn its sample."""
    first = _first_choice(reading)
    if first is None:
        return 0
    return sum(layer.condition is not None for layer in reading.layers[first + 1 :])


def has_inner_choice(reading: Reading) -> bool:
    """A Reading → whether one of its layers but the outermost takes a sample, or has a limit."""
    return _first_choice(reading) is not None


def _first_choice(reading: Reading) -> int | None:
    chosen = (n for n, layer in enumerate(reading.layers[:-1]) if layer.spec.sample or layer.spec.limit)
    return next(chosen, None)


def narrow(table: Table, name: str, reading: Reading, drops: Sequence[Callable[[str], int]]) -> Gone:
    """A table of people, and what leaves out the excluded of each layer → how many went; the last choice is to come."""
    first = _first_choice(reading)
    filtered = excluded = unchosen = noted = 0
    for number, (layer, drop) in enumerate(zip(reading.layers, drops, strict=True)):
        if first is not None and number > first and layer.condition is not None:
            filtered += people.keep(table, name, noted)
            noted += 1
        excluded += drop(name)
        if number < len(reading.layers) - 1:
            unchosen += choose(table, name, layer.spec)
    return Gone(filtered=filtered, excluded=excluded, unchosen=unchosen)


def choose(table: Table, name: str, spec: AudienceSpec) -> int:
    """A table of people → those whom `limit`, and then `sample`, take; how many rows went."""
    gone = 0
    if spec.limit is not None:
        gone += people.take_first(table, name, spec.limit)
    if spec.sample is not None:
        gone += people.draw(table, name, spec.sample, spec.name)
    return gone
