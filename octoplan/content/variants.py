"""A renderer and distinct combinations of values → rendered content with its parts, and what could not be rendered."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from octoplan import parts
from octoplan.campaign import Campaign
from octoplan.content.languages import written_pointer
from octoplan.content.limits import LONGEST
from octoplan.content.placeholders import has_placeholder
from octoplan.content.render import Failed, Rendered
from octoplan.content.typography import in_gsm7, typographic
from octoplan.content.wording import Renders
from octoplan.errors import Place, Problem
from octoplan.source import Pointer
from octoplan.table.rows import Combination

LONGEST_SUBJECT: Final = 1000
VOICES: Final = frozenset(
    (
        "en-US",
        "en-GB",
        "el-GR",
        "pl-PL",
        "hu-HU",
        "sv-SE",
        "de-DE",
        "es-ES",
        "es-LA",
        "fr-FR",
        "it-IT",
        "pt-BR",
        "ru-RU",
    )
)
"""As in the schema: the API refuses any other, or takes its default."""
LANGUAGE: Final = re.compile(r"[A-Za-z]{2,8}([-_][0-9A-Za-z]{2,8})*")
"""The shape of a language's tag (BCP 47); which ones the API knows is not documented."""
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
class Kind:
    """A fault without the people whom it befalls."""

    place: Place
    rule: str
    message: str
    hint: str


class Faults:
    """Counts people by fault, people left out because a value of theirs is blank, and who gets the default language."""

    def __init__(self) -> None:
        self._tallies: defaultdict[Kind, _Tally] = defaultdict(_Tally)
        self.skipped = 0
        self.by_default = 0

    def add(self, kind: Kind, combination: Combination) -> None:
        """One more combination with this fault."""
        self.count(kind, combination.people, [combination.row])

    def count(self, kind: Kind, people: int, rows: Sequence[Row]) -> None:
        """More people with this fault, and their first rows."""
        tally = self._tallies[kind]
        tally.people += people
        tally.rows += rows[: max(_ROWS_SHOWN - len(tally.rows), 0)]

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Combinations that were rendered: `lines` of the good ones, and which ones, by place, have a fault.

    `by_default`: how many people get the default language, since they have none of those there are.
    """

    lines: Sequence[str] = field(repr=False)
    faulty: Sequence[int]
    by_default: int


Raw = tuple[int, int, Sequence[Any]]
"""A combination as it goes to whoever renders it: its number, how many people have it, its values."""
Render = Callable[[Iterable[Sequence[Combination]]], Iterable[tuple[Sequence[Combination], Batch]]]


def render_here(renders: Renders, channel: str) -> Render:
    """What renders → what renders batches one after the other, in this process."""

    def run(batches: Iterable[Sequence[Combination]]) -> Iterator[tuple[Sequence[Combination], Batch]]:
        for batch in batches:
            yield batch, render_batch([raw(one) for one in batch], renders, channel)

    return run


def raw(combination: Combination) -> Raw:
    """A combination → what of it is rendered."""
    return combination.number, combination.people, combination.values


def render_all(
    batches: Iterable[tuple[Sequence[Combination], Batch]],
    renders: Renders,
    campaign: Campaign,
    keep: Callable[[Sequence[str]], None],
) -> Faults:
    """Batches of combinations, rendered → their lines (see `table.rows`) for `keep`; the Faults of those that have one.

    `renders`: tells what is wrong with the latter.
    """
    faults = Faults()
    for combinations, batch in batches:
        faults.by_default += batch.by_default
        if batch.lines:
            keep(batch.lines)
        for place in batch.faulty:
            combination = combinations[place]
            _count(renders.render(combination.values), combination, campaign, faults)
    return faults


def _count(rendered: Rendered | Failed, combination: Combination, campaign: Campaign, faults: Faults) -> None:
    if campaign.skip_missing and isinstance(rendered, Failed) and rendered.reason == "blank":
        faults.skipped += combination.people
    else:
        kind = find_fault(rendered, campaign)
        if kind is None:
            raise AssertionError("what renders without a fault has none")
        faults.add(kind, combination)


def render_batch(batch: Sequence[Raw], renders: Renders, channel: str) -> Batch:
    """Combinations → what they render to."""
    lines, faulty, by_default = [], [], 0
    for place, (number, people, values) in enumerate(batch):
        rendered = renders.render(values)
        if isinstance(rendered, Failed) or _wrong(rendered.content, channel):
            faulty.append(place)
            continue
        lines.append(_line(number, rendered, channel))
        by_default += people if rendered.by_default else 0
    return Batch(lines=lines, faulty=faulty, by_default=by_default)


def _line(number: int, rendered: Rendered, channel: str) -> str:
    if channel != "sms":
        units = len(rendered.content.get("text", ""))
        return f"{number}\n{rendered.digest}\n{rendered.json}\n{units}\n0\n0\n0\n\n\n0\n{rendered.language}"
    text = rendered.content["text"]
    size = parts.measure(text)
    costly, narrow = "", size.parts
    if size.costly:
        costly = "".join(sorted(size.costly))  # a newline is not among them: it is in the alphabet
        narrow = parts.measure(in_gsm7(text)).parts if size.parts > 1 else 1
    replaced, saved = "", 0
    if rendered.written is not None:
        replaced, saved = typographic(rendered.written), parts.measure(rendered.written).parts - size.parts
    sizes = f"{size.units}\n{size.parts}\n{size.over}\n{narrow}"
    return f"{number}\n{rendered.digest}\n{rendered.json}\n{sizes}\n{costly}\n{replaced}\n{saved}\n{rendered.language}"


def find_fault(rendered: Rendered | Failed, campaign: Campaign) -> Kind | None:
    """What is wrong with a rendered combination, if anything is."""
    if isinstance(rendered, Failed):
        hint = _HINTS[rendered.reason].replace("NAME", rendered.variable or "name")
        return Kind(place=rendered.place, rule=f"content/{rendered.reason}", message=rendered.message, hint=hint)
    wrong = _wrong(rendered.content, campaign.channel)
    if wrong is None:
        return None
    pointer, (rule, message, hint) = wrong
    place = campaign.locate(written_pointer(campaign.content, pointer, rendered.language), 1, 1)
    return Kind(place=place, rule=rule, message=f"the {pointer[-1]} {message}", hint=hint)


def _wrong(content: Mapping[str, Any], channel: str) -> tuple[Pointer, tuple[str, str, str]] | None:
    """Rendered content → the pointer of a text that the API would not take as meant, with rule, message and hint."""
    text = content.get("text")
    if text is not None and (fault := _text_fault(text, LONGEST[channel])):
        return ("text",), fault
    subject = content["metadata"].get("subject") if channel == "email" else None
    if subject is not None and (fault := _text_fault(subject, LONGEST_SUBJECT)):
        return ("metadata", "subject"), fault
    return _setting_fault(content.get("metadata", {}), channel)


def _setting_fault(metadata: Mapping[str, Any], channel: str) -> tuple[Pointer, tuple[str, str, str]] | None:
    """Rendered metadata → the pointer of a setting that follows a column and names what the API does not know."""
    if channel == "voice_sms" and "voice_language" in metadata and metadata["voice_language"] not in VOICES:
        hint = f"there are {', '.join(sorted(VOICES))}"
        return ("metadata", "voice_language"), ("content/voice-language", "is none that can be read out in", hint)
    if channel == "email" and "language" in metadata and not LANGUAGE.fullmatch(metadata["language"].strip()):
        return ("metadata", "language"), ("content/language", "is no language", "two letters, as in fr or pt-BR")
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


_HINTS = {
    "blank": 'give it a fallback, {{ NAME | default("...", true) }}, or leave these people out: on_missing: skip',
    "error": "mend the template or the value",
    "language": "write the text in that language too, or say who gets which: `language: {column: ..., default: en}`",
    "limit": "let the template do less",
    "refused": "templates read values, and nothing else",
}
