"""A renderer and distinct combinations of values → rendered content with its parts, and what could not be rendered."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from octoplan import parts
from octoplan.campaign import Campaign
from octoplan.content.placeholders import has_placeholder
from octoplan.content.render import Failed, Rendered, Renderer
from octoplan.errors import Place, Problem
from octoplan.table.rows import Combination

# The contract: 1 to 1224 characters; for e-mail an assumption, since the page states one length for the parameter.
LONGEST: Final[Mapping[str, int]] = {"sms": 1224, "voice_sms": 1224, "rcs": 1224, "email": 1224}
LONGEST_SUBJECT: Final = 1000
_ROWS_SHOWN = 3

Row = tuple[int, int]
RowPlaces = Callable[[Sequence[Row]], Sequence[Place]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A reason for which people cannot be sent to: how many, and the first rows of them (file, record)."""

    place: Place
    rule: str
    message: str
    hint: str
    people: int
    rows: tuple[Row, ...]

    def problem(self, row_places: RowPlaces) -> Problem:
        """The fault → the Problem that its author sees, rows as file:line."""
        shown = ", ".join(str(place) for place in row_places(self.rows))
        people = f"{self.people:,} {'person' if self.people == 1 else 'people'}"
        message = f"{self.message}, for {people}{f' (first {shown})' if shown else ''}"
        return Problem(place=self.place, rule=self.rule, message=message, hint=self.hint)


@dataclass(slots=True)
class _Tally:
    people: int = 0
    rows: list[Row] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    place: Place
    rule: str
    message: str
    hint: str


class Faults:
    """Counts people by fault, and people left out because a value of theirs is blank."""

    def __init__(self) -> None:
        self._tallies: defaultdict[_Kind, _Tally] = defaultdict(_Tally)
        self.skipped = 0

    def add(self, kind: _Kind, combination: Combination) -> None:
        """One more combination with this fault."""
        tally = self._tallies[kind]
        tally.people += combination.people
        if len(tally.rows) < _ROWS_SHOWN:
            tally.rows.append(combination.row)

    def __iter__(self) -> Iterator[Fault]:
        for kind, tally in self._tallies.items():
            yield Fault(
                place=kind.place,
                rule=kind.rule,
                message=kind.message,
                hint=kind.hint,
                people=tally.people,
                rows=tuple(tally.rows),
            )


def render_all(
    combinations: Iterable[Sequence[Combination]],
    renderer: Renderer,
    campaign: Campaign,
    keep: Callable[[Sequence[Sequence[Any]]], None],
) -> Faults:
    """Batches of combinations → columns (combo, digest, content, units, parts, costly) for `keep`; the Faults.

    `content` is canonical JSON; `costly` the characters that force UCS-2, joined. What has a fault is not kept.
    """
    faults = Faults()
    for batch in combinations:
        rows = []
        for combination in batch:
            rendered = renderer.render(combination.values)
            kind = _fault(rendered, campaign)
            if kind is not None:
                _count(kind, combination, rendered, campaign, faults)
            elif isinstance(rendered, Rendered):
                rows.append(_row(combination.number, rendered, campaign))
        if rows:
            keep(list(zip(*rows, strict=True)))
    return faults


def _count(
    kind: _Kind, combination: Combination, rendered: Rendered | Failed, campaign: Campaign, faults: Faults
) -> None:
    if campaign.skip_missing and isinstance(rendered, Failed) and rendered.reason == "blank":
        faults.skipped += combination.people
    else:
        faults.add(kind, combination)


_canonical = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def _row(number: int, rendered: Rendered, campaign: Campaign) -> tuple[int, str, str, int, int, str]:
    content = _canonical(rendered.content)
    if campaign.channel != "sms":
        return number, rendered.digest.hex(), content, len(rendered.content.get("text", "")), 0, ""
    measured = parts.measure(rendered.content["text"])
    return number, rendered.digest.hex(), content, measured.units, measured.parts, "".join(measured.costly)


def _fault(rendered: Rendered | Failed, campaign: Campaign) -> _Kind | None:
    """What is wrong with a rendered combination, if anything is."""
    if isinstance(rendered, Failed):
        hint = _HINTS[rendered.reason].replace("NAME", rendered.variable or "name")
        return _Kind(place=rendered.place, rule=f"content/{rendered.reason}", message=rendered.message, hint=hint)
    for pointer, longest in (("text",), LONGEST[campaign.channel]), (("metadata", "subject"), LONGEST_SUBJECT):
        value = _found(rendered.content, pointer)
        fault = None if value is None else _text_fault(value, longest)
        if fault is not None:
            rule, message, hint = fault
            place = campaign.locate(pointer, 1, 1)
            return _Kind(place=place, rule=rule, message=f"the {pointer[-1]} {message}", hint=hint)
    return None


def _text_fault(text: str, longest: int) -> tuple[str, str, str] | None:
    """Rule, message and hint for a rendered text that the API would not take as meant."""
    if not text.strip():
        return "content/empty", "is empty once rendered", f"the API wants 1 to {longest} characters"
    if len(text) > longest:
        return "content/too-long", f"has more than {longest} characters once rendered", "shorten it"
    if has_placeholder(text):
        return (
            "content/placeholder",
            "gets a placeholder such as {first_name} from a value",
            "it would be sent as it stands; mend the contact file",
        )
    return None


def _found(content: Mapping[str, Any], pointer: tuple[str, ...]) -> str | None:
    value: Any = content
    for key in pointer:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, str) else None


_HINTS = {
    "blank": 'give it a fallback, {{ NAME | default("...", true) }}, or leave these people out: on_missing: skip',
    "error": "mend the template or the value",
    "limit": "let the template do less",
    "refused": "templates read values, and nothing else",
}
