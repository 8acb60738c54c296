"""Whatever receipts know and a state does not is found, and what a state knows better is not; in every store."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from octoplan.errors import StateError
from octoplan.report.compared import TOLD
from octoplan.state import receipts
from octoplan.state.against import RULES, Compared, compare, forgotten
from octoplan.state.interface import Begin, Open, Refused, Sent, Store, Unknown
from octoplan.state.receipts import Known, Receipt
from tests.state.conftest import EPOCH, at, campaign, everything, frame_id, record
from tests.state.given import BEGIN, HEADER, KEYS, bring, of, receipt, sent, write

PEOPLE = (10, 11, 12)
File = Callable[..., Path]


@pytest.fixture
def file(tmp_path: Path) -> File:
    return lambda *what, **header: write(tmp_path / "receipts.ndjson", *what, header=replace(HEADER, **header))


def against(store: Store, path: Path) -> Compared:
    return compare(of(store), path, path.name)


def found(store: Store, path: Path) -> dict[str, tuple[int, tuple[str, ...]]]:
    return {one.rule: (one.count, one.first) for one in against(store, path).broken}


def lost(store: Store, path: Path) -> int:
    return forgotten(of(store), path, path.name, receipts.survey(path, path.name))


def keys(*people: int) -> tuple[str, ...]:
    return tuple(f"{person:032x}" for person in people)


@pytest.fixture
def begun(store: Store) -> Store:
    """A state with one frame in sending."""
    record(store, campaign({1: PEOPLE}))
    sealed = KEYS.seal(frame_id(1), b"{}", lambda n: b"n" * n)
    assert all(store.commit(EPOCH, [Begin(frame=frame_id(1), run="run-1", at=at(1), body=sealed)]))
    return store


def test_every_rule_has_a_sentence() -> None:
    assert set(TOLD) == set(RULES)


def test_a_state_that_has_all_its_receipts_lacks_nothing(store: Store, file: File) -> None:
    path = file(
        sent(1, PEOPLE),
        receipt(2, "unknown", (20, 21)),
        receipt(3, "refused", (30,), keep=True),
        receipt(4, "refused", (40, 41)),
        receipt(5, "split", (50, 51)),
        receipt(6, "open", (60,)),
    )
    bring(store, path)
    before = everything(store)
    compared = against(store, path)
    assert (compared.receipts, compared.broken) == (6, ())
    assert lost(store, path) == 0
    assert everything(store) == before


def test_a_frame_that_is_missing_is_found_with_the_people_who_would_get_it_again(store: Store, file: File) -> None:
    record(store, campaign({9: (10, 11)}))
    path = file(sent(1, PEOPLE))
    assert found(store, path) == {
        "receipts/missing": (1, (frame_id(1),)),
        "receipts/free": (3, keys(*PEOPLE)),
    }
    assert lost(store, path) == 3


@pytest.mark.parametrize("ending", ["sent", "unknown", "open"])
def test_a_frame_that_is_only_planned_has_forgotten_the_people_who_had_it(
    ending: str, store: Store, file: File
) -> None:
    record(store, campaign({1: PEOPLE, 2: (20, 21)}))
    path = file(receipt(1, ending, PEOPLE), receipt(2, "refused", (20, 21)))
    assert found(store, path)["receipts/free"] == (3, keys(*PEOPLE))
    assert lost(store, path) == 3
    bring(store, path)
    assert lost(store, path) == 0


def test_a_frame_that_freed_its_people_has_forgotten_them_where_its_receipt_says_sent(begun: Store, file: File) -> None:
    assert all(begun.commit(EPOCH, [Unknown(frame=frame_id(1), run="run-1", at=at(2), why="no answer")]))
    assert begun.resolve(frame_id(1), sent=False, why="somebody", at=at(3))
    assert lost(begun, file(receipt(1, "unknown", PEOPLE))) == 0
    path = file(receipt(1, "unknown", PEOPLE), sent(1, PEOPLE))
    assert lost(begun, path) == 3
    bring(begun, path)
    assert lost(begun, path) == 0


def test_people_in_another_frame_are_found_and_would_not_be_sent_to(store: Store, file: File) -> None:
    bring(store, file(sent(9, (10, 11))))
    path = file(sent(1, PEOPLE[:2]))
    assert found(store, path) == {
        "receipts/missing": (1, (frame_id(1),)),
        "receipts/elsewhere": (2, keys(10, 11)),
    }
    assert lost(store, path) == 0


def test_a_state_that_is_behind_is_found(store: Store, file: File) -> None:
    assert found(store, file(replace(BEGIN, kind="end", serial=77))) == {"receipts/behind": (1, ("77",))}


def test_another_ticket_is_found(store: Store, file: File) -> None:
    bring(store, file(sent(1, PEOPLE)))
    assert found(store, file(sent(1, PEOPLE, ticket="sms_other"))) == {"receipts/ticket": (1, (frame_id(1),))}
    assert found(store, file(sent(1, PEOPLE, ticket=None))) == {}


def test_another_size_is_found(store: Store, file: File) -> None:
    bring(store, file(sent(1, PEOPLE)))
    assert found(store, file(sent(1, (*PEOPLE, 13)))) == {
        "receipts/size": (1, (frame_id(1),)),
        "receipts/free": (1, keys(13)),
    }


@pytest.mark.parametrize(
    ("one", "names"),
    [(receipt(1, "refused", PEOPLE), PEOPLE), (receipt(1, "split", PEOPLE), PEOPLE)],
    ids=["refused", "split"],
)
def test_a_refusal_that_was_missed_is_found(one: Receipt, names: tuple[int, ...], store: Store, file: File) -> None:
    assert found(store, file(one)) == {
        "receipts/missing": (1, (frame_id(1),)),
        "receipts/refusals": (3, keys(*names)),
    }
    assert lost(store, file(one)) == 0


def test_a_frame_that_stands_otherwise_is_found(begun: Store, file: File) -> None:
    assert found(begun, file(sent(1, PEOPLE))) == {"receipts/status": (1, (frame_id(1),))}
    change = Refused(frame=frame_id(1), run="run-1", at=at(2), code=121, why="STOP", keep=False)
    assert all(begun.commit(EPOCH, [change]))
    assert found(begun, file(sent(1, PEOPLE))) == {
        "receipts/status": (1, (frame_id(1),)),
        "receipts/free": (3, keys(*PEOPLE)),
    }


@pytest.mark.parametrize("sent_", [True, False], ids=["sent", "not sent"])
def test_what_a_person_has_resolved_since_is_not_held_against_the_state(
    begun: Store, file: File, *, sent_: bool
) -> None:
    assert all(begun.commit(EPOCH, [Unknown(frame=frame_id(1), run="run-1", at=at(2), why="no answer")]))
    path = file(receipt(1, "unknown", PEOPLE))
    assert found(begun, path) == {}
    assert begun.resolve(frame_id(1), sent=sent_, why="somebody", at=at(3))
    assert found(begun, path) == {}


def test_what_was_settled_since_is_not_held_against_the_state(begun: Store, file: File) -> None:
    path = file(receipt(1, "open", PEOPLE))
    assert all(begun.commit(EPOCH, [Open(frame=frame_id(1), run="run-1", at=at(2), why="no answer")]))
    assert found(begun, path) == {}
    assert all(begun.commit(EPOCH, [Sent(frame=frame_id(1), run="run-1", at=at(3), ticket="sms_1")]))
    assert found(begun, path) == {}


def test_of_several_receipts_of_a_frame_the_last_counts(begun: Store, file: File) -> None:
    assert all(begun.commit(EPOCH, [Sent(frame=frame_id(1), run="run-1", at=at(3), ticket="sms_1")]))
    assert found(begun, file(receipt(1, "unknown", PEOPLE), sent(1, PEOPLE))) == {}
    assert "receipts/status" in found(begun, file(sent(1, PEOPLE), receipt(1, "refused", PEOPLE)))


def test_what_an_apply_that_is_at_work_adds_is_left_for_the_next_check(
    store: Store, file: File, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = file(sent(1, PEOPLE))
    bring(store, path)
    survey = receipts.survey

    def surveyed(path: Path, shown: str) -> Known:
        known = survey(path, shown)
        write(path, sent(1, PEOPLE), receipt(2, "open", (20,)), sent(2, (20,)))
        return known

    monkeypatch.setattr(receipts, "survey", surveyed)
    assert against(store, path) == Compared(receipts=1, serial=1, broken=())


def test_whoever_was_retried_after_a_refusal_is_not_held_against_the_state(store: Store, file: File) -> None:
    path = file(receipt(1, "refused", (10,), keep=True))
    bring(store, path)
    record(store, campaign({2: (10,)}, refusals=1, retry_refused=True))
    assert found(store, path) == {}


def test_only_the_first_are_named_and_all_are_counted(store: Store, file: File) -> None:
    many = found(store, file(sent(1, range(100, 400))))
    assert many["receipts/free"] == (300, keys(*range(100, 105)))


@pytest.mark.parametrize(
    ("header", "said"),
    [({"lineage": "f" * 16}, "receipts of another state"), ({"key_check": "f" * 32}, "hashed with another key")],
)
def test_receipts_of_another_state_or_key_are_refused(
    header: dict[str, str], said: str, store: Store, file: File
) -> None:
    with pytest.raises(StateError, match=said):
        against(store, file(sent(1, PEOPLE), **header))
