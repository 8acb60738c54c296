"""A draft whose messages are packed → what makes it cost what it costs, and what would make it cheaper."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from math import ceil

from octoplan.content.typography import REPLACED
from octoplan.expense import (
    LONGEST_CUT,
    Costly,
    Culprit,
    Expense,
    Price,
    Size,
    Split,
    Spoken,
    find_changes,
    find_culprits,
    find_replacements,
    saving,
    worth_telling,
)
from octoplan.pipeline.course import Course
from octoplan.pipeline.drafts import Draft
from octoplan.pricing import price_of

_LOOKED_FOR = 6  # culprits whose sources are looked for: as many as a report shows
_MANY_TIMES = 4  # frames are between half full and full, so that up to about twice as many as need be is no wonder
_FEW = 20


def expense(draft: Draft, course: Course) -> Expense:
    """A draft with recipients → its Expense."""
    language = draft.campaign.language
    found = Expense(split=_split(draft, course))
    if language is not None:
        spoken = [
            Spoken(languages=languages, people=people, variants=variants)
            for languages, people, variants in draft.messages.breakdown.languages()
        ]
        column, by_default = language.column, draft.by_default
        found = replace(found, languages=tuple(spoken), language_column=column, by_default=by_default)
    return _in_parts(found, draft, course) if draft.campaign.channel == "sms" else found


def _in_parts(found: Expense, draft: Draft, course: Course) -> Expense:
    """What only an SMS has: parts, and what forces UCS-2."""
    breakdown = draft.messages.breakdown
    price = partial(price_of, draft.campaign, course.environment.prices)
    sizes = [
        Size(encoding="ucs2" if wide else "gsm7", parts=parts, people=people, variants=variants)
        for wide, parts, people, variants in breakdown.sizes()
    ]
    costly = [
        Costly(characters=characters, country=country, people=people, parts=parts)
        for characters, country, people, parts in breakdown.costly()
    ]
    every = sum(size.parts * size.people for size in sizes)
    changes = worth_telling(find_changes(costly, breakdown.overs(LONGEST_CUT), REPLACED, price), every)
    found = replace(found, sizes=tuple(sizes), culprits=_culprits(draft, costly, price), changes=changes)
    return _replaced(found, draft, price) if draft.campaign.optimize else found


def _replaced(found: Expense, draft: Draft, price: Price) -> Expense:
    rows = draft.messages.breakdown.replaced()
    saved: Counter[str | None] = Counter()
    for _, country, _, parts in rows:
        saved[country] += parts
    told = find_replacements([(characters, people) for characters, _, people, _ in rows], REPLACED)
    return replace(found, replaced=told, saved=saving(saved, price))


def _culprits(draft: Draft, costly: Sequence[Costly], price: Price) -> tuple[Culprit, ...]:
    found = find_culprits(costly, price)
    names = draft.audience.variables
    brought = draft.messages.breakdown.sources([one.characters for one in found[:_LOOKED_FOR]])
    told = [
        replace(one, sources=(*draft.wording.sources(one.characters, draft.campaign.constants), *_named(names, by)))
        for one, by in zip(found, brought, strict=False)
    ]
    return (*told, *found[_LOOKED_FOR:])


def _named(names: Sequence[str], numbers: set[int]) -> list[str]:
    return [names[number] for number in sorted(numbers)]


def _split(draft: Draft, course: Course) -> Split | None:
    """Why there are many more requests than people need, if a variable is to blame."""
    enough = ceil(draft.recipients / course.environment.frame_size)
    if draft.requests < _MANY_TIMES * enough + _FEW:
        return None
    found = draft.messages.breakdown.splitting()
    if found is None:
        return None
    number, without = found
    variants = draft.messages.spread.variants()
    rounded = draft.messages.breakdown.rounded(number, variants)
    return Split(variable=draft.audience.variables[number], enough=enough, without=without, rounded=rounded)
