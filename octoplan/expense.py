"""Counts of texts → what makes a campaign cost what it costs, and what would make it cheaper. Pure.

Nothing here holds a value of a row: a character that forces UCS-2 is told alone, and those of other scripts than Latin
are told by their script, since one letter of some is somebody's whole name.
"""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Literal

Country = str | None
Price = Callable[[Country], Decimal | None]
"""A country → the price of a part there, None where it is not known."""

LONGEST_CUT: Final = 20
"""Characters: to make a text shorter by more is to write another one."""
_WORTH_TELLING: Final = 100  # a change is told if it saves at least one part of so many


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How many people get a message of so many parts, in how many variants."""

    encoding: Literal["gsm7", "ucs2"]
    parts: int
    people: int
    variants: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What own staff get beside the recipients: so many `people` so many messages in all.

    `parts`: of all, None where the channel has none; `cost`: None where it is not known. `addresses`: only masked ones
    may be shown.
    """

    people: int
    messages: int
    parts: int | None
    cost: Decimal | None
    addresses: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Saving:
    """Parts, and what they cost; `amount` None: a price is not known."""

    parts: int
    amount: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Culprit:
    """Characters of one name that force UCS-2: whom they touch, and what they cost where nothing else forces it too.

    `sources`: where they stand, `text` or the names of columns and vars; empty where that was not looked for.
    """

    name: str
    several: bool
    characters: str
    people: int
    cost: Saving
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What would make the campaign cheaper: `replace` a character, `optimize` all of them, or `shorten` by so many."""

    kind: Literal["replace", "optimize", "shorten"]
    saving: Saving
    character: str = ""
    instead: str = ""
    by: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """A typographic character that was replaced: by what, how often, for how many people."""

    character: str
    instead: str
    times: int
    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """How many people get the words of a language, in how many variants; or of several, where these are the same."""

    languages: str
    people: int
    variants: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Why there are many requests: a variable, and how many variants there would be without it, or with it rounded.

    `enough`: how many requests would do if all words were the same; `rounded`: (to what, variants).
    """

    variable: str
    enough: int
    without: int
    rounded: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expense:
    """Everything that can be said about what a campaign costs. `saved`: by what was replaced."""

    sizes: tuple[Size, ...] = ()
    culprits: tuple[Culprit, ...] = ()
    changes: tuple[Change, ...] = ()
    replaced: tuple[Replacement, ...] = ()
    saved: Saving = Saving(parts=0, amount=Decimal(0))
    languages: tuple[Spoken, ...] = ()
    language_column: str = ""
    by_default: int = 0
    split: Split | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Costly:
    """People of a country whose texts have just these costly characters, and how many parts they have more for it."""

    characters: str
    country: Country
    people: int
    parts: int


def name_of(character: str) -> tuple[str, bool]:
    """A character → itself, named where the eye could mistake it; or its script, which means several."""
    kind, name = unicodedata.category(character)[0], unicodedata.name(character, "no name")
    if kind == "L" and not name.startswith("LATIN "):
        script = name.partition(" ")[0]
        return f"{script if script == 'CJK' else script.capitalize()} letters", True
    if kind == "L":
        return character, False
    shown = f"U+{ord(character):04X}" if kind in "CZM" else character
    return f"{shown} ({name.lower()})", False


def find_culprits(costly: Iterable[Costly], price: Price) -> tuple[Culprit, ...]:
    """Sets of costly characters → the culprits, by how many people they touch."""
    people: Counter[tuple[str, bool]] = Counter()
    parts: defaultdict[tuple[str, bool], Counter[Country]] = defaultdict(Counter)
    characters: defaultdict[tuple[str, bool], set[str]] = defaultdict(set)
    for one in costly:
        names = {name_of(character) for character in one.characters}
        people.update(dict.fromkeys(names, one.people))
        for character in one.characters:
            characters[name_of(character)].add(character)
        if len(names) == 1:
            parts[names.pop()][one.country] += one.parts
    return tuple(
        Culprit(
            name=name,
            several=several,
            characters="".join(sorted(characters[name, several])),
            people=many,
            cost=saving(parts[name, several], price),
        )
        for (name, several), many in sorted(people.items(), key=lambda item: (-item[1], item[0]))
    )


def find_changes(
    costly: Iterable[Costly], overs: Iterable[tuple[int, Country, int]], instead: Mapping[str, str], price: Price
) -> tuple[Change, ...]:
    """Sets of costly characters, and (units over, country, people) → the changes that bring a part back, best first.

    `instead`: the typographic characters, and what may stand for each. A change is counted only for texts in which
    nothing else forces UCS-2.
    """
    alone: defaultdict[str, Counter[Country]] = defaultdict(Counter)
    together: Counter[Country] = Counter()
    for one in costly:
        if set(one.characters) <= instead.keys():
            together[one.country] += one.parts
            if len(one.characters) == 1:
                alone[one.characters][one.country] += one.parts
    changes = [
        Change(kind="replace", character=character, instead=instead[character], saving=saving(parts, price))
        for character, parts in alone.items()
    ]
    every = saving(together, price)
    if every.parts > max((change.saving.parts for change in changes), default=0):
        changes.append(Change(kind="optimize", saving=every))
    changes += _shorten(overs, price)
    useful = [change for change in changes if change.saving.parts]
    return tuple(sorted(useful, key=lambda change: (-change.saving.parts, change.kind, change.character)))


def _shorten(overs: Iterable[tuple[int, Country, int]], price: Price) -> list[Change]:
    """The cut that saves most parts for each character that goes."""
    by: defaultdict[int, Counter[Country]] = defaultdict(Counter)
    for over, country, people in overs:
        for cut in range(over, LONGEST_CUT + 1):
            by[cut][country] += people
    best = max(by, key=lambda cut: (by[cut].total() / cut, -cut), default=0)
    return [Change(kind="shorten", by=best, saving=saving(by[best], price))] if best else []


def worth_telling(changes: Sequence[Change], parts: int) -> tuple[Change, ...]:
    """Changes and all parts of a campaign → those that save enough of them to speak of."""
    return tuple(change for change in changes if change.saving.parts * _WORTH_TELLING >= parts)


def find_replacements(replaced: Iterable[tuple[str, int]], instead: Mapping[str, str]) -> tuple[Replacement, ...]:
    """(the characters that were replaced, each as often as it was, people) → the replacements, most people first."""
    times: Counter[str] = Counter()
    people: Counter[str] = Counter()
    for characters, many in replaced:
        for character, often in Counter(characters).items():
            times[character] += often * many
            people[character] += many
    return tuple(
        Replacement(character=character, instead=instead[character], times=times[character], people=many)
        for character, many in sorted(people.items(), key=lambda item: (-item[1], item[0]))
    )


def saving(parts: Mapping[Country, int], price: Price) -> Saving:
    """Parts by country → their sum and what they cost."""
    priced = [(price(country), number) for country, number in parts.items() if number]
    known = [each * number for each, number in priced if each is not None]
    amount = sum(known, Decimal(0)) if len(known) == len(priced) else None
    return Saving(parts=sum(parts.values()), amount=amount)
