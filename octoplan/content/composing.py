"""The distinct combinations of a campaign and its wording → all texts, composed of what their segments print.

It makes what `variants.render_all` makes, with the same faults, but renders each segment once for each combination of
its own variables only, and leaves what is done for everybody to SQL.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from octoplan import parts
from octoplan.campaign import Campaign
from octoplan.content.languages import Chooser, speechless
from octoplan.content.limits import LONGEST
from octoplan.content.placeholders import PLACEHOLDER
from octoplan.content.render import Failed, Rendered
from octoplan.content.segments import Piece, Segment, Segments, segments_of
from octoplan.content.templates import Templates
from octoplan.content.typography import REPLACED, cheaper, in_gsm7, typographic
from octoplan.content.variants import Faults, Kind, Row, find_fault
from octoplan.content.wording import Wording
from octoplan.table.composing import SLOT, Composition, Parts
from octoplan.table.rows import Measure, Printed

ENOUGH: Final = 20_000
"""Combinations from which on composing takes less time than rendering each."""

MOST_SHAPES: Final = 1_000
"""Of one segment; what has yet another is not taken apart."""

MOST_JOINED: Final = 24
"""Segments, of all languages, beyond which to join what they print takes more memory than there is."""

Shape = tuple[str, ...]
_ASTRAL = r"\x{10000}-\x{10FFFF}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """What was composed: the parts of all texts by language, the shapes of each segment by number, and the faults."""

    tongues: Sequence[Parts]
    shapes: Mapping[int, Sequence[Shape]]
    faults: Faults


def compose_all(composition: Composition, wording: Wording, names: Sequence[str], campaign: Campaign) -> Composed:
    """Compose the text of every combination; `names` are the columns, by number. What has a fault is left out."""
    printer = _Printer(composition, campaign, names)
    tags = sorted(wording.templates)
    if wording.written.language is not None:
        printer.choose_languages(tags, wording)
    tongues = printer.print_all([wording.templates[tag] for tag in tags])
    composition.compose(dict(zip(tags, tongues, strict=True)))
    if wording.written.optimize:
        composition.replace(_cheaper(batch) for batch in composition.replaceable())
    composition.measure()
    faults = _sort_out(composition, campaign, printer, tags)
    composition.filled(_measured(batch) for batch in composition.riddles())
    shapes = {number: tuple(found) for number, found in printer.shapes.items()}
    return Composed(tongues=tongues, shapes=shapes, faults=faults)


def _cheaper(batch: Sequence[tuple[int, str]]) -> list[list[int] | list[str]]:
    """(combination, text) → columns of those that are cheaper otherwise, see `Composition.replace`."""
    made = [(number, text, cheaper(text)) for number, text in batch]
    changed = [(number, text, instead) for number, text, instead in made if instead != text]
    return [
        [number for number, _, _ in changed],
        [instead for _, _, instead in changed],
        [typographic(text) for _, text, _ in changed],
        [parts.measure(text).parts - parts.measure(instead).parts for _, text, instead in changed],
    ]


def _measured(batch: Sequence[tuple[int, str]]) -> list[list[int]]:
    """(combination, text) → columns, see `Composition.filled`."""
    sizes = [(parts.measure(text), parts.measure(in_gsm7(text))) for _, text in batch]
    return [
        [number for number, _ in batch],
        [size.parts for size, _ in sizes],
        [size.over for size, _ in sizes],
        [narrow.parts for _, narrow in sizes],
    ]


class _Printer:
    """Prints segments, and numbers them, and the shapes and the failures that it meets."""

    def __init__(self, composition: Composition, campaign: Campaign, names: Sequence[str]) -> None:
        self._composition = composition
        self._campaign = campaign
        self._names = names
        self._texts = composition.columns_of_text()
        self._next = 0
        self.shapes: dict[int, dict[Shape, int]] = {}
        self.kinds: dict[tuple[Kind, bool], int] = {}

    def choose_languages(self, tags: Sequence[str], wording: Wording) -> None:
        """Choose the language of every value of the column that names it."""
        language = wording.written.language
        if language is None:
            raise AssertionError("where languages are chosen, something says how")
        chooser = Chooser(tags)
        for batch in self._composition.spoken(self._names.index(language.column)):
            rows: list[tuple[int, int | None, bool, int | None]] = []
            for number, value in batch:
                tag = chooser.choose(value) or language.default
                fault = self._fault(speechless(value, language.column, wording.place)) if tag is None else None
                by_default = chooser.choose(value) is None
                rows.append((number, None if tag is None else tags.index(tag), by_default, fault))
            self._composition.speak(list(zip(*rows, strict=True)))

    def print_all(self, languages: Sequence[Templates]) -> Sequence[Parts]:
        """Print the text in each language: in segments, or whole where these are too many to be joined."""
        if sum(map(self._count, languages)) <= MOST_JOINED:
            texts = [self._print_text(number, templates) for number, templates in enumerate(languages)]
            printed = [part for parts in texts for part in parts if isinstance(part, Printed)]
            if sum(map(self._composition.is_joined, printed)) <= MOST_JOINED:
                return texts
        self._next = 0
        return [self._print_text(number, templates, whole=True) for number, templates in enumerate(languages)]

    def _count(self, templates: Templates) -> int:
        """How many segments of a text are joined in any case."""
        compiled = templates.text
        if isinstance(compiled, str):
            return 0
        segments = segments_of(compiled, self._campaign.constants)
        return sum(isinstance(part, Segment) and not part.is_bare for part in segments.parts)

    def _print_text(self, tongue: int, templates: Templates, *, whole: bool = False) -> Parts:
        """Print the text in a language, by number: in segments, or whole where these are too heavy together."""
        compiled = templates.text
        if isinstance(compiled, str):
            return (compiled,)
        begin = self._next
        segments = segments_of(compiled, self._campaign.constants, whole=whole)
        printed = self._print(tongue, segments)
        if whole or segments.are_light:
            return printed
        self._next = begin
        return self._print_text(tongue, templates, whole=True)

    def _print(self, tongue: int, segments: Segments) -> Parts:
        return tuple(part if isinstance(part, str) else self._print_one(tongue, part) for part in segments.parts)

    def _print_one(self, tongue: int, segment: Segment) -> Printed:
        columns = tuple(self._names.index(name) for name in segment.names)
        bare = segment.is_bare and columns[0] in self._texts
        printed = Printed(number=self._next, tongue=tongue, columns=columns, flow=segment.is_flow, bare=bare)
        self._next += 1
        self.shapes[printed.number] = {}
        for batch in self._composition.combinations(printed):
            rows = [(one, *self._row(printed, segment.piece(values))) for one, values in batch]
            self._composition.printed(printed, list(zip(*rows, strict=True)))
        return printed

    def _row(self, printed: Printed, piece: Piece | Failed) -> tuple[str | None, int | None, str | None, int | None]:
        if isinstance(piece, Failed):
            return None, None, None, self._fault(piece)
        if not printed.flow or any(SLOT in slot for slot in piece.slots):
            return piece.text, None, None, None
        shapes = self.shapes[printed.number]
        if piece.shape not in shapes and len(shapes) >= MOST_SHAPES:
            return piece.text, None, None, None
        return piece.text, shapes.setdefault(piece.shape, len(shapes)), SLOT.join(piece.slots), None

    def _fault(self, failed: Failed) -> int:
        kind = find_fault(failed, self._campaign)
        if kind is None:
            raise AssertionError("a failure is a fault")
        skipped = self._campaign.skip_missing and failed.reason == "blank"
        return self.kinds.setdefault((kind, skipped), len(self.kinds))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A fault, the people whom it befalls, and the first combination that has it."""

    first: int
    kind: Kind
    skipped: bool
    people: int
    rows: Sequence[Row]


def _sort_out(composition: Composition, campaign: Campaign, printer: _Printer, tags: Sequence[str]) -> Faults:
    """Leave out what has a fault; the faults, by the first combination of each."""
    kinds = list(printer.kinds)
    found = [
        _Found(first=first, kind=kinds[fault][0], skipped=kinds[fault][1], people=people, rows=rows)
        for fault, people, rows, first in composition.failed()
    ]
    doubtful = list(_look_closely(composition, campaign, tags))
    composition.drop(one.first for one in doubtful)
    faults = Faults()
    for one in sorted([*found, *doubtful], key=lambda one: one.first):
        if one.skipped:
            faults.skipped += one.people
        else:
            faults.count(one.kind, one.people, one.rows)
    faults.by_default = composition.by_default()
    return faults


def _look_closely(composition: Composition, campaign: Campaign, tags: Sequence[str]) -> Iterator[_Found]:
    for batch in composition.doubtful():
        for combination, tongue, text in batch:
            rendered = Rendered(content={"text": text}, digest="", json="", language=tags[tongue])
            kind = find_fault(rendered, campaign)
            if kind is not None:
                number, people = combination.number, combination.people
                yield _Found(first=number, kind=kind, skipped=False, people=people, rows=[combination.row])


def measure_of(channel: str) -> Measure:
    """A channel → how SQL measures its texts, by the same rules as `parts`."""
    basic, double = _character_class(parts.BASIC), _character_class(parts.EXTENSION)
    return Measure(
        special=f"[^{basic}]",
        foreign=f"[^{basic}{double}]",
        double=double,
        wide_double=_ASTRAL,
        narrow=parts.ROOM["gsm7"],
        wide=parts.ROOM["ucs2"],
        doubtful=f"""NOT regexp_matches(text, '[!-~]') OR length(text) > {LONGEST[channel]}
            OR regexp_matches(text, '{PLACEHOLDER}')""",
        replaced=REPLACED,
    )


def _character_class(characters: frozenset[str]) -> str:
    """Characters → the inside of a bracket of a pattern, each by its number."""
    return "".join(f"\\x{{{ord(character):X}}}" for character in sorted(characters))
