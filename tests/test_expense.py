"""The laws of what makes a campaign cheaper, held against measuring the other texts."""

from collections import Counter
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from octoplan.content.typography import REPLACED, cheaper, in_gsm7
from octoplan.expense import (
    LONGEST_CUT,
    Change,
    Costly,
    Saving,
    find_changes,
    find_culprits,
    find_replacements,
    saving,
    worth_telling,
)
from octoplan.parts import measure

TEXTS = st.text(alphabet=st.sampled_from(["a", "é", "ł", "ж", "🎉", "\u2019", "\u2026", "\u00a0"]), max_size=6).flatmap(
    lambda some: st.integers(0, 200).map(lambda more: some + "x" * more)
)
PEOPLE = st.lists(st.tuples(TEXTS, st.sampled_from(["FR", "DE", None]), st.integers(1, 5)), max_size=8)
PRICES = {"FR": Decimal("0.05"), "DE": Decimal("0.08")}


def price(country: str | None) -> Decimal | None:
    return PRICES.get(country or "")


def costly_of(people: list[tuple[str, str | None, int]]) -> list[Costly]:
    return [
        Costly(
            characters="".join(sorted(measure(text).costly)),
            country=country,
            people=many,
            parts=many * max(measure(text).parts - measure(in_gsm7(text)).parts, 0),
        )
        for text, country, many in people
        if measure(text).costly
    ]


def overs_of(people: list[tuple[str, str | None, int]]) -> list[tuple[int, str | None, int]]:
    return [(measure(text).over, country, many) for text, country, many in people if measure(text).over]


@given(people=PEOPLE)
def test_each_change_saves_as_many_parts_as_texts_that_were_changed_so_have_less(
    people: list[tuple[str, str | None, int]],
) -> None:
    changes = find_changes(costly_of(people), overs_of(people), REPLACED, price)
    for change in changes:
        saved: Counter[str | None] = Counter()
        for text, country, many in people:
            saved[country] += many * max(measure(text).parts - measure(changed(text, change)).parts, 0)
        if change.kind == "shorten":
            # who is cut to less than one part before may save more than one
            assert change.saving.parts <= saved.total()
        else:
            assert change.saving.parts == saved.total()
            assert change.saving == saving(saved, price)
    assert [change.saving.parts for change in changes] == sorted((one.saving.parts for one in changes), reverse=True)


def changed(text: str, change: Change) -> str:
    if change.kind == "shorten":
        return text[: -change.by]
    if change.kind == "optimize":
        return cheaper(text)
    # where something else forces UCS-2 all the same, nobody would replace it
    alone = set(measure(text).costly) <= {change.character}
    return text.replace(change.character, change.instead) if alone else text


@given(people=PEOPLE)
def test_what_culprits_cost_is_counted_for_people_once_and_never_more_than_all_of_it(
    people: list[tuple[str, str | None, int]],
) -> None:
    costly = costly_of(people)
    culprits = find_culprits(costly, price)
    assert sum(one.cost.parts for one in culprits) <= sum(one.parts for one in costly)
    assert all(one.people <= sum(each.people for each in costly) for one in culprits)
    if len(culprits) == 1:
        assert culprits[0].people == sum(each.people for each in costly)
        assert culprits[0].cost.parts == sum(one.parts for one in costly)


def test_letters_of_another_script_are_one_culprit_together() -> None:
    costly = [
        Costly(characters="жя", country="FR", people=3, parts=6),
        Costly(characters="ж", country="FR", people=2, parts=2),
        Costly(characters="ж🎉", country="FR", people=1, parts=1),
    ]
    cyrillic, party = find_culprits(costly, price)
    assert (cyrillic.name, cyrillic.several, cyrillic.characters) == ("Cyrillic letters", True, "жя")
    assert (cyrillic.people, cyrillic.cost) == (6, Saving(parts=8, amount=Decimal("0.40")))
    assert (party.people, party.cost.parts) == (1, 0)


def test_a_price_that_is_not_known_leaves_the_amount_unknown() -> None:
    assert saving({"FR": 2, None: 1}, price) == Saving(parts=3, amount=None)
    assert saving({"FR": 2, "DE": 1}, price) == Saving(parts=3, amount=Decimal("0.18"))


def test_a_cut_is_the_one_that_saves_most_for_each_character() -> None:
    (change,) = find_changes([], [(1, "FR", 10), (3, "FR", 50), (LONGEST_CUT, "FR", 60)], REPLACED, price)
    assert (change.kind, change.by, change.saving.parts) == ("shorten", 3, 60)


def test_a_change_that_saves_less_than_one_part_of_a_hundred_is_not_told() -> None:
    changes = find_changes([], [(1, "FR", 10)], REPLACED, price)
    assert worth_telling(changes, 1_000) == changes
    assert worth_telling(changes, 1_001) == ()


def test_replacements_are_counted_as_often_as_they_were_made() -> None:
    found = find_replacements([("\u2019\u2019\u2026", 3), ("\u2019", 4)], REPLACED)
    assert [(one.character, one.instead, one.times, one.people) for one in found] == [
        ("\u2019", "'", 10, 7),
        ("\u2026", "...", 3, 3),
    ]
