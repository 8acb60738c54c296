"""Whatever is broken in a state is found, and what is not broken is not: by damage made with SQL, in every store."""

import sqlite3
from contextlib import closing

import pytest

from octoplan.report.checked import SAID
from octoplan.state.address import parse
from octoplan.state.checking import MANY, NOTES, RULES, SEALED, Checked, check
from octoplan.state.home import State
from octoplan.state.interface import Begin, Change, Child, Refused, Sent, Split, Store, Unknown
from octoplan.state.keys import derive
from octoplan.state.questions import FIRST, QUESTIONS
from octoplan.state.server import connect
from tests.state.conftest import EPOCH, META, Bench, at, campaign, everything, frame_id, record

KEYS = derive("correct horse battery staple", META["lineage"])
OTHER = derive("another horse battery staple", META["lineage"])
NONCE = b"n" * 12
# Which frame of `lived` is in which status.
PLANNED, SENDING, SENT, KEPT, FREED, SPLIT, UNKNOWN = range(1, 8)
# What forbids the damage, which a disk or a person with a tool does not ask.
UNGUARDED = {
    "postgres": (
        "ALTER TABLE messages DROP CONSTRAINT messages_pkey",
        "ALTER TABLE frames DROP CONSTRAINT frames_status_check",
    ),
    "sqlite": (
        "PRAGMA ignore_check_constraints = ON",
        "ALTER TABLE messages RENAME TO guarded",
        "CREATE TABLE messages AS SELECT * FROM guarded",
    ),
}
ID = {number: f"id = '{frame_id(number)}'" for number in range(1, 8)}
ONE = f"frame = (SELECT no FROM frames WHERE {ID[SENT]})"
DAMAGE = {
    "message/twice": f"INSERT INTO messages SELECT * FROM messages WHERE {ONE}",
    "message/campaign": "UPDATE messages SET campaign = 99, frame = NULL WHERE frame IS NULL",
    "message/no-frame": f"UPDATE messages SET frame = 9999 WHERE {ONE}",
    "message/foreign-frame": f"UPDATE messages SET edition = 7 WHERE {ONE}",
    "frame/campaign": f"UPDATE frames SET campaign = 99 WHERE {ID[SENT]}",
    "frame/size": f"UPDATE frames SET size = 2 WHERE {ID[SENT]}",
    "frame/status": f"UPDATE frames SET status = 'lost' WHERE {ID[SENT]}",
    "planned/attempted": f"UPDATE frames SET attempts = 1 WHERE {ID[PLANNED]}",
    "sending/first-attempt": f"UPDATE frames SET first_attempt = NULL WHERE {ID[SENDING]}",
    "sending/body": "DELETE FROM bodies",
    "body/kept": f"UPDATE bodies SET frame = '{frame_id(SENT)}'",
    SEALED: "UPDATE bodies SET sealed = (SELECT person FROM messages ORDER BY person LIMIT 1)",
    MANY: f"UPDATE frames SET status = 'sending', first_attempt = '{at(1).isoformat()}', attempts = 1",
    "skipped/campaign": "INSERT INTO skipped SELECT 99, 1, person, 'cap' FROM messages LIMIT 1",
    "skipped/sent": f"INSERT INTO skipped SELECT campaign, edition, person, 'cap' FROM messages WHERE {ONE}",
    "sent/no-ticket": f"UPDATE frames SET ticket = NULL WHERE {ID[SENT]}",
    "run/not-ended": "UPDATE runs SET ended_at = NULL",
}
# What cannot be so without something else being wrong as well.
BESIDE = {
    "message/twice": {"frame/size"},
    "message/no-frame": {"frame/size"},
    "frame/campaign": {"message/foreign-frame"},
    "body/kept": {"sending/body"},
    MANY: {"frame/size", "sending/body"},
}


@pytest.fixture
def lived(store: Store) -> Store:
    """A state with a frame of every status, whose run has ended."""
    record(store, campaign({number: (number * 10, number * 10 + 1, number * 10 + 2) for number in range(1, 8)}))
    begun = [
        Begin(frame=frame_id(number), run="run-1", at=at(1), body=KEYS.seal(frame_id(number), b"{}", lambda _: NONCE))
        for number in range(SENDING, UNKNOWN + 1)
    ]
    halves = (
        Child(id=frame_id(11), people=(60, 61), refusals=1),
        Child(id=frame_id(12), people=(62,), refusals=1),
    )
    changes: tuple[Change, ...] = (
        *begun,
        Sent(frame=frame_id(SENT), run="run-1", at=at(2), ticket="sms_1"),
        Refused(frame=frame_id(KEPT), run="run-1", at=at(2), code=181, why="a number", keep=True),
        Refused(frame=frame_id(FREED), run="run-1", at=at(2), code=121, why="STOP", keep=False),
        Split(frame=frame_id(SPLIT), run="run-1", at=at(2), code=181, why="a number", children=halves),
        Unknown(frame=frame_id(UNKNOWN), run="run-1", at=at(2), why="no answer"),
    )
    assert all(store.commit(EPOCH, changes))
    store.end("run-1", EPOCH, at(3))
    return store


def checked(store: Store, *, most: int = 1) -> Checked:
    return check(State(store=store, keys=KEYS, lineage=META["lineage"]), most)


def damage(bench: Bench, *statements: str) -> None:
    """Change the state behind our back, as nothing of ours could."""
    url = bench.folder / "url"
    if url.exists():
        with connect(parse(url.read_text(encoding="utf-8")), writable=True) as connection:
            for statement in (*UNGUARDED["postgres"], *statements):
                connection.execute(statement.encode())
        return
    with closing(sqlite3.connect(bench.folder / "state.db", isolation_level=None)) as connection:
        for statement in (*UNGUARDED["sqlite"], *statements):
            connection.execute(statement)


def rules(found: Checked) -> set[str]:
    return {one.rule for one in found.broken}


def test_every_rule_has_damage_that_breaks_it_and_a_sentence() -> None:
    assert DAMAGE.keys() == SAID.keys() == {*RULES, *NOTES}
    assert set(QUESTIONS) == set(DAMAGE) - {SEALED}


def test_a_state_in_which_everything_happened_is_whole(lived: Store, bench: Bench) -> None:
    assert checked(lived).broken == ()
    assert checked(lived).notes == ()
    damage(bench)
    assert checked(bench.open()).broken == ()


def test_an_empty_state_is_whole(store: Store) -> None:
    assert (checked(store).broken, checked(store).notes) == ((), ())
    assert checked(store).identity == store.identity


@pytest.mark.parametrize("rule", [rule for rule in DAMAGE if rule not in NOTES])
def test_what_breaks_a_rule_is_found(rule: str, lived: Store, bench: Bench) -> None:
    assert rules(checked(lived)) == set()
    damage(bench, DAMAGE[rule])
    assert rules(checked(bench.open(writable=False))) == {rule} | BESIDE.get(rule, set())


@pytest.mark.parametrize("rule", sorted(NOTES))
def test_what_may_be_so_is_a_note(rule: str, lived: Store, bench: Bench) -> None:
    damage(bench, DAMAGE[rule])
    found = checked(bench.open(writable=False))
    assert found.broken == ()
    assert [one.rule for one in found.notes] == [rule]


def test_a_breach_names_frames_and_people_by_their_hashes(lived: Store, bench: Bench) -> None:
    damage(bench, DAMAGE["frame/size"], DAMAGE["message/foreign-frame"])
    found = {one.rule: one for one in checked(bench.open()).broken}
    assert (found["frame/size"].count, found["frame/size"].first) == (1, (frame_id(SENT),))
    people = tuple(f"{person:032x}" for person in (30, 31, 32))
    assert (found["message/foreign-frame"].count, found["message/foreign-frame"].first) == (3, people)


def test_of_many_only_the_first_are_named(lived: Store, bench: Bench) -> None:
    damage(bench, "UPDATE messages SET frame = 9999 WHERE frame IS NOT NULL")
    (found,) = [one for one in checked(bench.open()).broken if one.rule == "message/no-frame"]
    assert found.count == 18
    assert len(found.first) == FIRST


def test_as_many_frames_as_may_be_in_flight_are_no_breach(lived: Store) -> None:
    assert rules(checked(lived, most=1)) == set()
    assert rules(checked(lived, most=0)) == {MANY}


def test_a_body_that_another_key_sealed_is_found(lived: Store) -> None:
    found = check(State(store=lived, keys=OTHER, lineage=META["lineage"]), 1)
    assert [(one.rule, one.count, one.first) for one in found.broken] == [(SEALED, 1, (frame_id(SENDING),))]


def test_a_check_changes_nothing(lived: Store, bench: Bench) -> None:
    before = everything(lived)
    checked(bench.open(writable=False))
    assert everything(lived) == before


def test_all_frames_come_in_order_also_those_of_several_campaigns(lived: Store) -> None:
    other = campaign({21: (5,), 22: (6,)}, name="thanks")
    record(lived, other, run="run-2")
    flat = [one for batch in lived.all_frames() for one in batch]
    assert flat == list(lived.frames())
    assert [one.campaign for one in flat][-2:] == ["thanks", "thanks"]


def test_what_is_held_of_a_person_is_known_by_edition(lived: Store) -> None:
    record(lived, campaign({31: (30, 33)}, edition=2), run="run-2")
    assert lived.editions("autumn-sale") == (1, 2)
    assert lived.editions("no-such") == ()
    found = lived.held("autumn-sale", 30)
    assert [(edition, str(one.status), one.frame) for edition, one in found.items()] == [
        (2, "planned", frame_id(31)),
        (1, "sent", frame_id(SENT)),
    ]
    assert lived.held("autumn-sale", 50)[1].frame is None
    assert lived.held("autumn-sale", 999) == lived.held("no-such", 30) == {}
