"""Lots: people who may share a frame. Frames never mix them, and within one they are as if there were no other."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from octoplan.errors import OctoplanError
from octoplan.table.connection import Table
from octoplan.table.lots import Division, Lot
from octoplan.table.sending import Messages
from tests.table.test_sending import PREFIX, Held, keys, near, pack, prepare, sizes

WAVE = "(m.person % 3)::INTEGER"
ZONE = "CASE WHEN m.person % 2 = 0 THEN 'Europe/Paris' ELSE 'Europe/Rome' END"
ZONES = ("Europe/Rome", "Europe/Paris", "nobody's")
EVERYTHING = Division(wave=WAVE, zone=ZONE, zones=ZONES, arm="'a'", arms=("b", "a"))
people = st.dictionaries(keys | near, st.sampled_from("abc"), min_size=1, max_size=50)
patient = settings(deadline=None, max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])


@dataclass(frozen=True, slots=True, kw_only=True)
class Divided:
    """What came out: the lots, and each frame's id, lot and people, in order."""

    lots: tuple[Lot, ...]
    frames: tuple[tuple[str, int, tuple[int, ...]], ...]

    @property
    def by_lot(self) -> dict[tuple[int, str], set[tuple[str, tuple[int, ...]]]]:
        kept: dict[tuple[int, str], set[tuple[str, tuple[int, ...]]]] = {}
        for name, lot, persons in self.frames:
            kept.setdefault((self.lots[lot].wave, self.lots[lot].zone), set()).add((name, persons))
        return kept


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Table]:
    with Table(tmp_path_factory.mktemp("spill"), threads=1) as opened:
        yield opened


def divide(messages: Messages, size: int, division: Division) -> Divided:
    lots = messages.framing.divide(division)
    count = messages.framing.pack(size, PREFIX)
    messages.framing.identify(PREFIX)
    named = [row for batch in messages.framing.identified() for row in batch]
    rows = messages.framing.addressed(0, count, identified=True)
    assert [row.number for row in rows] == list(range(count)), "frames are numbered without a gap"
    assert [row.lot for row in rows] == [row[5] for row in named]
    return Divided(lots=lots, frames=tuple((row.id, row.lot, row.people) for row in rows))


def lot_of(person: int) -> tuple[int, str]:
    return person % 3, "Europe/Paris" if person % 2 == 0 else "Europe/Rome"


@patient
@given(people=people, size=sizes)
def test_the_frames_of_a_lot_are_those_of_its_people_packed_alone(
    table: Table, people: dict[int, str], size: int
) -> None:
    found = divide(prepare(table, people, {}), size, EVERYTHING)
    for lot, frames in found.by_lot.items():
        alone = {person: text for person, text in people.items() if lot_of(person) == lot}
        packed = pack(table, alone, size).frames
        assert frames == {(name, persons) for name, (persons, _, _) in packed.items()}
    assert {person for _, _, persons in found.frames for person in persons} == people.keys()


@patient
@given(people=people, size=sizes)
def test_lots_are_counted_and_frames_come_in_their_order(table: Table, people: dict[int, str], size: int) -> None:
    found = divide(prepare(table, people, {}), size, EVERYTHING)
    assert [lot.number for lot in found.lots] == list(range(len(found.lots)))
    assert [(lot.wave, lot.zone, lot.arm) for lot in found.lots] == sorted(
        (*lot_of, "a") for lot_of in {lot_of(person) for person in people}
    )
    for lot in found.lots:
        assert lot.people == sum(lot_of(person) == (lot.wave, lot.zone) for person in people)
    assert [lot for _, lot, _ in found.frames] == sorted(lot for _, lot, _ in found.frames)


@patient
@given(people=people, size=sizes)
def test_where_nobody_asks_for_lots_nothing_is_divided(table: Table, people: dict[int, str], size: int) -> None:
    messages = prepare(table, people, {})
    before = table.rows(f"DESCRIBE {messages.name}")
    found = divide(messages, size, Division())
    assert found.lots == ()
    assert table.rows(f"DESCRIBE {messages.name}") == before
    assert [(name, persons) for name, _, persons in found.frames] == [
        (name, persons) for name, (persons, _, _) in pack(table, people, size).frames.items()
    ]


def planned(found: Divided) -> Held:
    return {person: ("planned", 0, name) for name, _, persons in found.frames for person in persons}


PEOPLE: Mapping[int, str] = {number << 100 | number: "ab"[number % 2] for number in range(1, 60)}


def test_what_a_dead_run_left_planned_stays_as_it_is_in_the_order_of_its_lots(table: Table) -> None:
    first = divide(prepare(table, PEOPLE, {}), 4, EVERYTHING)
    held = planned(first)
    sent = {person for _, _, persons in first.frames[:3] for person in persons}
    left = {person: text for person, text in PEOPLE.items() if person not in sent}
    joined = {**left, **{(1 << 120) | number: "a" for number in range(6)}}
    again = divide(prepare(table, joined, {key: held[key] for key in left}), 4, EVERYTHING)
    assert {name for name, _, _ in again.frames} >= {name for name, _, _ in first.frames[3:]}
    assert [lot for _, lot, _ in again.frames] == sorted(lot for _, lot, _ in again.frames)


def test_a_frame_that_would_mix_lots_now_is_packed_anew(table: Table) -> None:
    first = divide(prepare(table, PEOPLE, {}), 10, Division(zone=ZONE, zones=ZONES))
    again = divide(prepare(table, PEOPLE, planned(first)), 10, Division(wave=WAVE))
    for _, lot, persons in again.frames:
        assert {person % 3 for person in persons} == {again.lots[lot].wave}


def test_what_is_joined_to_the_messages_may_say_the_lot(table: Table) -> None:
    name = table.name("zones")
    table.execute(f"CREATE TABLE {name} AS SELECT 'FR' AS country, 'Europe/Paris' AS zone")
    join = f"LEFT JOIN {name} z ON z.country = m.country"
    found = divide(prepare(table, PEOPLE, {}), 10, Division(zone="z.zone", zones=ZONES, joins=(join,)))
    assert [(lot.zone, lot.people) for lot in found.lots] == [("Europe/Paris", len(PEOPLE))]


def test_whoever_would_be_in_no_lot_is_no_reason_to_send_to_the_others_alone(table: Table) -> None:
    with pytest.raises(OctoplanError, match="somebody is in no lot"):
        divide(prepare(table, PEOPLE, {}), 10, Division(zone=ZONE, zones=("Europe/Rome", "nobody's")))
