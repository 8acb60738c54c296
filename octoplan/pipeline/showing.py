"""A gathered campaign → some of its messages as people would see them; for `render` only.

Masked, a value is shown as its column's name: it is replaced before rendering, so nothing of it can reach the text.
Blank values stay blank, so that fallbacks show.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from octoplan import parts
from octoplan.arms import HOLDOUT, VARIABLE
from octoplan.content import Failed, Rendered, Renders
from octoplan.content.values import is_blank
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
    renderer = gathered.wording.renderer(people.variables, gathered.campaign.constants)
    return tuple(
        _shown(to, values, renderer, gathered, masked=masked) for to, *values in messages.people(limit, person)
    )


def show_person(gathered: Gathered, number: int) -> Shown | None:
    """The message of the person of this number, from 1, in the order of the rows; None where there are fewer."""
    people = gathered.audience
    found = Messages(gathered.table, people.people, len(people.variables)).person(number)
    if found is None:
        return None
    renderer = gathered.wording.renderer(people.variables, gathered.campaign.constants)
    return _shown(found[0], found[1:], renderer, gathered, masked=False)


def _shown(to: str, values: Sequence[Any], renderer: Renders, gathered: Gathered, *, masked: bool) -> Shown:
    """One person's message. Its size is that of the real text, also where the text is masked."""
    if gathered.campaign.arms and values[gathered.audience.variables.index(VARIABLE)] == HOLDOUT:
        return Shown(address=to, content=None, why="held out: gets nothing of this edition")
    rendered = real = renderer.render(values)
    if masked and isinstance(real, Rendered):
        rendered = renderer.render(_names(gathered.audience.variables, values))
    if isinstance(real, Failed):
        return Shown(address=to, content=None, why=real.message)
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


def _names(variables: Sequence[str], values: Sequence[Any]) -> list[Any]:
    return [
        value if is_blank(value) or name == VARIABLE else f"[{name}]"
        for name, value in zip(variables, values, strict=True)
    ]
