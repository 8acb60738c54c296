"""The SQL that packs and names frames, held against `frame`'s pure functions on a real DuckDB."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from octoplan.frame import KEY_BITS, Origin, leaves, request_id
from octoplan.table import framing
from octoplan.table.connection import Table
from octoplan.table.rows import RENDERED
from octoplan.table.sending import Messages

ORIGIN = Origin(key=bytes(32), lineage="0123456789abcdef", campaign="autumn-sale", edition=1)
PREFIX = ORIGIN.prefix
keys = st.integers(min_value=0, max_value=2**KEY_BITS - 1)
near = st.integers(min_value=2**127, max_value=2**127 + 60)
sizes = st.integers(min_value=1, max_value=500) | st.integers(min_value=1, max_value=8)
Held = Mapping[int, tuple[str, int, str | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """What came out: id → people, refusals and content digest of each frame, in order of the frames."""

    frames: Mapping[str, tuple[tuple[int, ...], int, str]]

    @property
    def people(self) -> set[tuple[int, ...]]:
        return {people for people, _, _ in self.frames.values()}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Table]:
    with Table(tmp_path_factory.mktemp("spill"), threads=1) as opened:
        yield opened


def digest(name: str) -> str:
    return (name.encode().hex() * 32)[:32]


def line(number: int, text: str) -> str:
    """A combination and what it renders to, as `rows.RENDERED` has it."""
    values = {"combo": number, "digest": digest(text), "content": text, "units": 1, "parts": 1}
    return "\n".join(str(values.get(name, 0 if kind == "INTEGER" else "")) for name, kind in RENDERED)


def pack(table: Table, people: Mapping[int, str], size: int, held: Held | None = None) -> Packed:
    """Person → text, frame size, and what the state holds → the frames."""
    messages = prepare(table, people, held or {})
    count = messages.framing.pack(size, PREFIX)
    messages.framing.identify(PREFIX)
    named = {
        number: (name, digest, refusals)
        for batch in messages.framing.identified()
        for number, name, _, digest, refusals, _ in batch
    }
    sizes = {number: size for batch in messages.framing.identified() for number, _, size, _, _, _ in batch}
    assert sorted(named) == list(range(count)), "frames are numbered without a gap"
    rows = messages.framing.addressed(0, count, identified=True)
    placed = Counter(frame for batch in messages.framing.placed() for _, frame in batch)
    assert placed == sizes
    assert [row.id for row in rows] == [named[row.number][0] for row in rows]
    for row in rows:
        assert row.addresses == tuple(address_of(person) for person in row.people)
        assert row.countries == ("FR",) * len(row.people)
        assert {people[person] for person in row.people} == {row.content}
    return Packed(frames={row.id: (row.people, named[row.number][2], named[row.number][1]) for row in rows})


def prepare(table: Table, people: Mapping[int, str], held: Held) -> Messages:
    """People with one variable, each text of which is a variant, up to the point where they are packed."""
    name = table.name("people")
    table.execute(
        f"""CREATE TABLE {name} (person UHUGEINT, address VARCHAR, country VARCHAR, file INTEGER, record BIGINT,
            v0 VARCHAR)"""
    )
    order = list(people)
    columns = (order, [address_of(person) for person in order], ["FR"] * len(order), [0] * len(order))
    table.append(name, (*columns, list(range(len(order))), [people[person] for person in order]))
    messages = Messages(table, name, 1)
    messages.hold([lines_of(held)] if held else ())
    messages.free(["free", "planned"])
    messages.combine()
    for batch in messages.combinations():
        messages.rendered([line(one.number, one.values[0]) for one in batch])
    messages.vary()
    return messages


def lines_of(held: Held) -> list[str]:
    return [
        "\n".join((hex(person), status, str(refusals), frame or ""))
        for person, (status, refusals, frame) in held.items()
    ]


def address_of(person: int) -> str:
    return f"+336000{person % 100_000:05d}"


def law(people: Mapping[int, str], size: int) -> set[tuple[int, ...]]:
    """What `frame.leaves` makes of each variant."""
    return {
        leaf
        for text in set(people.values())
        for leaf in leaves(sorted(person for person in people if people[person] == text), size)
    }


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people=st.dictionaries(keys | near, st.sampled_from("abc"), min_size=1, max_size=80), size=sizes)
def test_sql_packs_as_the_pure_law_says_and_names_frames_as_it_does(
    table: Table, people: dict[int, str], size: int
) -> None:
    packed = pack(table, people, size)
    assert packed.people == law(people, size)
    for name, (persons, refusals, content) in packed.frames.items():
        assert refusals == 0
        assert name == request_id(ORIGIN, content, 0, persons)


@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people=st.dictionaries(keys | near, st.sampled_from("ab"), min_size=12, max_size=60), size=sizes)
def test_frames_are_the_same_however_few_people_are_named_and_kept_at_once(
    table: Table, monkeypatch: pytest.MonkeyPatch, people: dict[int, str], size: int
) -> None:
    at_once = pack(table, people, size)
    held: Held = {person: ("planned", 0, name) for name, (some, _, _) in at_once.frames.items() for person in some}
    with monkeypatch.context() as few:
        few.setattr(framing, "_PEOPLE_AT_ONCE", 5)
        assert pack(table, people, size) == at_once
        assert pack(table, people, max(1, size // 2), held) == at_once, "every frame is kept"


@pytest.mark.parametrize("size", [1, 2, 200, 450, 500])
def test_thousands_of_people_are_packed_as_the_pure_law_says(table: Table, size: int) -> None:
    people = {int.from_bytes(sha256(f"{number}".encode()).digest()[:16]): "aab"[number % 3] for number in range(3_000)}
    assert pack(table, people, size).people == law(people, size)


@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    refused=st.dictionaries(keys | near, st.integers(min_value=0, max_value=3), min_size=1, max_size=40),
    size=st.integers(min_value=1, max_value=10),
)
def test_the_next_frame_counts_the_refusals_of_its_people(table: Table, refused: dict[int, int], size: int) -> None:
    held: Held = {person: ("free", count, None) for person, count in refused.items()}
    packed = pack(table, dict.fromkeys(refused, "a"), size, held)
    for name, (persons, refusals, content) in packed.frames.items():
        assert refusals == max(refused[person] for person in persons)
        assert name == request_id(ORIGIN, content, refusals, persons)


def plan_of_a_dead_run(packed: Packed) -> dict[int, tuple[str, int, str | None]]:
    return {person: ("planned", 0, name) for name, (persons, _, _) in packed.frames.items() for person in persons}


PEOPLE = {number << 100: "ab"[number % 2] for number in range(1, 60)}


def test_what_a_dead_run_left_planned_stays_as_it_is(table: Table) -> None:
    first = pack(table, PEOPLE, 10)
    again = pack(table, PEOPLE, 10, plan_of_a_dead_run(first))
    assert again.frames.keys() == first.frames.keys()
    assert set(again.frames.values()) == set(first.frames.values())


def test_it_stays_even_if_frames_would_be_of_another_size_now(table: Table) -> None:
    first = pack(table, PEOPLE, 10)
    assert pack(table, PEOPLE, 25, plan_of_a_dead_run(first)).frames.keys() == first.frames.keys()


def test_only_the_frame_that_somebody_left_is_packed_anew(table: Table) -> None:
    first = pack(table, PEOPLE, 10)
    gone = min(PEOPLE)
    fewer = {person: text for person, text in PEOPLE.items() if person != gone}
    again = pack(table, fewer, 10, plan_of_a_dead_run(first))
    lost = first.frames.keys() - again.frames.keys()
    assert [gone in first.frames[name][0] for name in lost] == [True]
    assert {person for persons in again.people for person in persons} == fewer.keys()


def test_only_the_frame_whose_words_changed_is_packed_anew(table: Table) -> None:
    first = pack(table, PEOPLE, 10)
    someone = min(PEOPLE)
    other = {**PEOPLE, someone: "c"}
    again = pack(table, other, 10, plan_of_a_dead_run(first))
    lost = first.frames.keys() - again.frames.keys()
    assert [someone in first.frames[name][0] for name in lost] == [True]
    assert (someone,) in again.people


def test_somebody_new_joins_no_frame_that_is_kept(table: Table) -> None:
    first = pack(table, PEOPLE, 10)
    again = pack(table, {**PEOPLE, 5: "a"}, 10, plan_of_a_dead_run(first))
    assert again.frames.keys() > first.frames.keys()
    assert (5,) in again.people


def test_half_of_a_split_frame_that_was_not_begun_is_kept_too(table: Table) -> None:
    people = tuple(sorted(PEOPLE))[:5]
    name = request_id(ORIGIN, digest("a"), 1, people)
    held: Held = dict.fromkeys(people, ("planned", 1, name))
    assert pack(table, dict.fromkeys(people, "a"), 10, held).frames.keys() == {name}


def test_people_whom_the_state_holds_are_not_packed(table: Table) -> None:
    statuses = ("sent", "sending", "unknown", "refused")
    held: Held = {person: (statuses[number], 0, "f" * 32) for number, person in enumerate(sorted(PEOPLE)[:4])}
    packed = pack(table, PEOPLE, 10, held)
    assert {person for persons in packed.people for person in persons} == PEOPLE.keys() - held.keys()


def test_a_person_who_is_tried_again_counts_one_refusal_more(table: Table) -> None:
    messages = prepare_retried(table)
    messages.framing.pack(10, PREFIX)
    messages.framing.identify(PREFIX)
    ((_, name, _, content, refusals, _),) = next(iter(messages.framing.identified()))
    assert refusals == 3
    assert name == request_id(ORIGIN, content, 3, (7,))


def prepare_retried(table: Table) -> Messages:
    name = table.name("people")
    table.execute(
        f"""CREATE TABLE {name} AS SELECT 7::UHUGEINT AS person, '+33600000123' AS address, 'FR' AS country,
            0 AS file, 0 AS record"""
    )
    messages = Messages(table, name, 0)
    messages.hold([["\n".join(("0x7", "refused", "2", "e" * 32))]])
    assert messages.free(["free", "planned", "refused"], retried="refused") == 1
    assert messages.combine() == 1
    for (one,) in messages.combinations():
        messages.rendered([line(one.number, "a")])
    assert messages.vary() == 1
    return messages
