"""What makes a step cost what it costs, and what would make it cheaper → labelled facts in safe words."""

from collections.abc import Iterator
from typing import NamedTuple

from octoplan.expense import Change, Culprit, Expense, Saving, Split, name_of
from octoplan.plan import Step
from octoplan.report.lines import count, money, people, several
from octoplan.report.safe import plain

_CHARACTERS = 6
_SIZES = 8
_CHANGES = 3
_ENCODINGS = {"gsm7": "GSM-7", "ucs2": "UCS-2"}


class Fact(NamedTuple):
    """A label and its lines, one thought each."""

    label: str
    lines: tuple[str, ...]


def expense_facts(step: Step) -> tuple[Fact, ...]:
    """A step → its facts about cost; those that have nothing to say have no lines."""
    found, currency = step.expense, plain(step.cost.currency)
    return (
        Fact("requests", tuple(_split_lines(step, found.split)) if found.split else ()),
        Fact("languages", tuple(_language_lines(found))),
        Fact("parts", tuple(_size_lines(found))),
        Fact("characters", tuple(_culprit_lines(found, currency))),
        Fact("replaced", tuple(_replaced_lines(found, currency))),
        Fact("cheaper", tuple(_change(change, currency) for change in found.changes[:_CHANGES])),
    )


def _split_lines(step: Step, split: Split) -> Iterator[str]:
    name = f"`{plain(split.variable)}`"
    yield f"{several(split.enough, 'request')} would do if all words were the same"
    yield f"{name} makes {several(step.variants, 'variant')}; without it there are at most {count(split.without)}"
    if split.rounded is not None:
        step_size, variants = split.rounded
        yield f"rounded down to {count(step_size)}s, {name} makes at most {several(variants, 'variant')}"


def _language_lines(found: Expense) -> Iterator[str]:
    for one in found.languages:
        same = " (the same words)" if "," in one.languages else ""
        yield f"{plain(one.languages)}: {people(one.people)}, {several(one.variants, 'variant')}{same}"
    if found.by_default:
        column = f"`{plain(found.language_column)}`"
        yield f"{people(found.by_default)} by default: {column} is blank, or names a language without a text"


def _size_lines(found: Expense) -> Iterator[str]:
    """Nothing where everybody's message has one part in the cheap alphabet, which the number of parts says already."""
    if all(size.encoding == "gsm7" and size.parts == 1 for size in found.sizes):
        return
    for size in found.sizes[:_SIZES]:
        encoding = _ENCODINGS[size.encoding]
        variants = several(size.variants, "variant")
        yield f"{several(size.parts, 'part')} in {encoding}: {people(size.people)}, {variants}"
    if len(found.sizes) > _SIZES:
        yield f"more: {people(sum(size.people for size in found.sizes[_SIZES:]))}"


def _culprit_lines(found: Expense, currency: str) -> Iterator[str]:
    for one in found.culprits[:_CHARACTERS]:
        yield _culprit(one, currency)
    if len(found.culprits) > _CHARACTERS:
        yield f"and {count(len(found.culprits) - _CHARACTERS)} more"


def _culprit(one: Culprit, currency: str) -> str:
    places = ["the text" if source == "text" else f"`{plain(source)}`" for source in one.sources]
    where = f", in {' and '.join(places)}," if places else ""
    said = f"{one.name}{where} {'force' if one.several else 'forces'} UCS-2 for {people(one.people)}"
    return f"{said}: {_saving(one.cost, currency)} more" if one.cost.parts else said


def _replaced_lines(found: Expense, currency: str) -> Iterator[str]:
    for one in found.replaced[:_CHARACTERS]:
        often = f"{count(one.times)} time{'' if one.times == 1 else 's'}"
        yield f"{name_of(one.character)[0]} by {_quoted(one.instead)} {often}, for {people(one.people)}"
    if len(found.replaced) > _CHARACTERS:
        yield f"and {count(len(found.replaced) - _CHARACTERS)} more characters"
    if found.replaced:
        yield f"saved {_saving(found.saved, currency)}" if found.saved.parts else "no message takes fewer parts by it"


def _quoted(instead: str) -> str:
    return {"": "nothing", " ": "a space"}.get(instead, instead)


def _change(change: Change, currency: str) -> str:
    less = f"{_saving(change.saving, currency)} less"
    if change.kind == "shorten":
        return f"{several(change.by, 'character')} shorter: {less}"
    if change.kind == "optimize":
        return f"`optimize: gsm7` replaces all typographic characters: {less}"
    name = name_of(change.character)[0]
    return f"replace {name} by {_quoted(change.instead)}: {less}" if change.instead else f"remove {name}: {less}"


def _saving(saving: Saving, currency: str) -> str:
    parts = several(saving.parts, "part")
    return parts if saving.amount is None else f"{parts} and {money(saving.amount)} {currency}"
