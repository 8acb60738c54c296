"""What is rendered on several cores is what one core renders, byte for byte and in the same order."""

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from octoplan.campaign import Language
from octoplan.content import abreast
from octoplan.content.abreast import ENOUGH, Order, choose, render_abreast
from octoplan.content.variants import Batch, render_here
from octoplan.content.wording import Written, compile_wording
from octoplan.errors import OctoplanError
from octoplan.table.rows import Combination
from tests.content.conftest import locate

WRITTEN = Written(
    content={
        "text": {
            "en": "Hello {{ name }}, {{ points * 2 }} points until {{ day }}: it\u2019s {{ price }} {{ shop.city }}",
            "fr": "Bonjour {{ name }} \u2026 {{ shop['city'] }} {% if points > 50 %}\U0001f389{% endif %}" + "x" * 70,
        }
    },
    html_body=False,
    language=Language(column="lang", default="en"),
    optimize=True,
)
NAMES = ("lang", "name", "points", "day", "price", "shop")
ORDER = Order(written=WRITTEN, names=NAMES, constants={}, channel="sms")


def values(number: int) -> tuple[Any, ...]:
    """Values of every kind; some of them blank, and some that fail."""
    name = ["Zoë", "O\u2019Neil", "Łukasz", "", "{first_name}", "\U0001f600", "a\nb", "\x1f"][number % 8]
    points = "ten" if number % 11 == 5 else number
    day, price = date(2026, 1, 1) + timedelta(number), Decimal(number) / 4
    return ("fr", "EN", "de", None)[number % 4], name, points, day, price, {"city": f"Sainte-Anne {number % 7}"}


def batches(many: int, size: int) -> Iterator[list[Combination]]:
    for first in range(0, many * size, size):
        yield [
            Combination(number=number, people=number % 3 + 1, row=(0, number), values=values(number))
            for number in range(first, first + size)
        ]


def here(many: int, size: int) -> list[tuple[Sequence[Combination], Batch]]:
    return list(render_here(compile_wording(WRITTEN, locate).renderer(NAMES, {}), "sms")(batches(many, size)))


@pytest.mark.parametrize(("many", "size", "cores"), [(7, 40, 2), (5, 30, 3), (1, 20, 4), (0, 20, 2)])
def test_several_cores_make_what_one_makes_in_the_same_order(many: int, size: int, cores: int) -> None:
    alone = here(many, size)
    assert list(render_abreast(batches(many, size), ORDER, cores)) == alone
    if many > 1:
        assert all(batch.lines for _, batch in alone)
        assert any(batch.faulty for _, batch in alone)
        assert sum(batch.by_default for _, batch in alone) > 0


def test_a_process_that_is_killed_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    class Watched(abreast._Process):
        def __init__(self, order: Order) -> None:
            super().__init__(order)
            made.append(self._child)

    monkeypatch.setattr(abreast, "_Process", Watched)
    rendering = render_abreast(batches(50, 30), ORDER, 2)
    next(iter(rendering))
    os.kill(made[0].pid, signal.SIGKILL)
    with pytest.raises(OctoplanError, match="ended before it was done") as caught:
        list(rendering)
    assert caught.value.__suppress_context__
    assert [child.poll() is not None for child in made] == [True, True], "nobody is left behind"


def test_whoever_loses_interest_leaves_no_process_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    class Watched(abreast._Process):
        def __init__(self, order: Order) -> None:
            super().__init__(order)
            made.append(self._child)

    monkeypatch.setattr(abreast, "_Process", Watched)
    rendering = render_abreast(batches(50, 30), ORDER, 2)
    next(iter(rendering))
    rendering.close()  # type: ignore[attr-defined] # a generator
    assert len(made) == 2
    assert [child.poll() is not None for child in made] == [True, True]


def test_a_process_that_cannot_compile_says_so_by_ending(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(abreast, "_CODE", "import sys; sys.exit(3)")
    with pytest.raises(OctoplanError, match="ended before it was done"):
        list(render_abreast(batches(4, 2000), ORDER, 2))


def test_few_combinations_or_one_core_are_rendered_here(monkeypatch: pytest.MonkeyPatch) -> None:
    wording = compile_wording(WRITTEN, locate)
    monkeypatch.setattr(sys, "executable", "/nowhere")
    for combinations, cores in ((ENOUGH - 1, 8), (ENOUGH, 1)):
        assert list(choose(wording, ORDER, combinations, cores)(batches(2, 10))) == here(2, 10)
    with pytest.raises(FileNotFoundError):
        list(choose(wording, ORDER, ENOUGH, 2)(batches(2, 10)))
