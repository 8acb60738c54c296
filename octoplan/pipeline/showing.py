"""A gathered campaign → some of its messages as people would see them; for `render` only.

Masked, a value is shown as its column's name, in the words that its person gets: see `content.masking`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from octoplan import parts
from octoplan.arms import HOLDOUT, VARIABLE
from octoplan.content import Failed, Renders
from octoplan.content.masking import mask
from octoplan.pipeline.gathering import Gathered
from octoplan.table.sending import Messages


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One person's message. `why`: the reason for which there is none."""

    address: str = field(repr=False)
    content: Mapping[str, Any] | None = field(repr=False)
    parts: int | None = None
    units: int | None = None
    encoding: str = ""
    why: str = ""


def show(gathered: Gathered, *, limit: int, person: int | None, masked: bool) -> tuple[Shown, ...]:
    """The first `limit` people of a campaign, or the one of that key → their messages."""
    people = gathered.audience
    messages = Messages(gathered.table, people.people, len(people.variables))
    constants = gathered.campaign.constants
    real = gathered.wording.renderer(people.variables, constants)
    seen = mask(gathered.wording, constants.keys()).renderer(people.variables, constants) if masked else real
    return tuple(_shown(to, values, (real, seen), gathered) for to, *values in messages.people(limit, person))


def show_person(gathered: Gathered, number: int) -> Shown | None:
    """The message of the person of this number, from 1, in the order of the rows; None where there are fewer."""
    people = gathered.audience
    found = Messages(gathered.table, people.people, len(people.variables)).person(number)
    if found is None:
        return None
    real = gathered.wording.renderer(people.variables, gathered.campaign.constants)
    return _shown(found[0], found[1:], (real, real), gathered)


def _shown(to: str, values: Sequence[Any], renders: tuple[Renders, Renders], gathered: Gathered) -> Shown:
    """One person's message, rendered for real and as it is shown. Its size is that of the real text in any case."""
    if gathered.campaign.arms and values[gathered.audience.variables.index(VARIABLE)] == HOLDOUT:
        return Shown(address=to, content=None, why="held out: gets nothing of this edition")
    real = renders[0].render(values)
    if isinstance(real, Failed):
        return Shown(address=to, content=None, why=real.message)
    rendered = real if renders[0] is renders[1] else renders[1].render(values)
    if isinstance(rendered, Failed):
        return Shown(address=to, content=None, why="it cannot be shown with names in place of values")
    if gathered.campaign.channel != "sms":
        return Shown(address=to, content=rendered.content)
    measured = parts.measure(real.content["text"])
    return Shown(
        address=to,
        content=rendered.content,
        parts=measured.parts,
        units=measured.units,
        encoding=measured.encoding,
    )
