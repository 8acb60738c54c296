import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from math import ceil, log2
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octoplan.content.digests import text_digest
from octoplan.errors import OctoplanError
from octoplan.frame import (
    KEY_BITS,
    Frame,
    Origin,
    body,
    check_words,
    leaves,
    personal_body,
    request_id,
    words_digest,
)

ORIGIN = Origin(key=bytes(range(32)), lineage="0123456789abcdef", campaign="autumn-sale", edition=1)
CONTENT = "00112233445566778899aabbccddeeff"
SETTINGS: Mapping[str, Any] = {
    "channel": "sms",
    "purpose": "alert",
    "auto_optimize_text": False,
    "metadata": {"type": "sms_premium"},
}
keys = st.integers(min_value=0, max_value=2**KEY_BITS - 1)
near = st.integers(min_value=0, max_value=40)
"""Keys that share 122 bits and more: a trie of great depth."""


def frame(size: int) -> Frame:
    people = tuple(range(1, size + 1))
    name = request_id(ORIGIN, CONTENT, 0, people)
    recipients = [{"phone_number": f"+336000{person:05d}"} for person in people]
    sent = body(SETTINGS, {"text": "Bonjour à tous"}, recipients, name)
    return Frame(id=name, origin=ORIGIN, content=CONTENT, refusals=0, people=people, body=sent)


def recipients_of(one: Frame) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(one.body)["recipients"]
    return found


def test_a_request_id_is_the_same_in_every_version_of_octoplan() -> None:
    # sha256sum of the parts, joined by 0x1f: key in hex, lineage, campaign, edition, content, refusals, people
    assert request_id(ORIGIN, CONTENT, 0, (1, 2, 2**128 - 1)) == "b39a9193168b0805807932e041607890"


@pytest.mark.parametrize(
    "other",
    [
        request_id(replace(ORIGIN, key=bytes(32)), CONTENT, 0, (1, 2)),
        request_id(replace(ORIGIN, lineage="other"), CONTENT, 0, (1, 2)),
        request_id(replace(ORIGIN, campaign="other"), CONTENT, 0, (1, 2)),
        request_id(replace(ORIGIN, edition=2), CONTENT, 0, (1, 2)),
        request_id(ORIGIN, "ff" * 16, 0, (1, 2)),
        request_id(ORIGIN, CONTENT, 1, (1, 2)),
        request_id(ORIGIN, CONTENT, 0, (1, 3)),
        request_id(ORIGIN, CONTENT, 0, (1,)),
        request_id(ORIGIN, CONTENT, 0, (12,)),
    ],
)
def test_a_request_id_follows_from_each_of_its_inputs(other: str) -> None:
    own = request_id(ORIGIN, CONTENT, 0, (1, 2))
    assert own != other
    assert len(other) == 32
    assert set(other) <= set("0123456789abcdef")


def test_no_key_and_no_person_is_in_the_repr_of_a_frame() -> None:
    shown = repr(frame(3))
    assert "+3360" not in shown
    assert "people" not in shown
    assert "\\x01\\x02\\x03" not in shown


def test_halves_are_a_partition_with_new_ids_and_bodies_of_exactly_their_people() -> None:
    whole = frame(7)
    first, second = whole.halves()
    assert first.people + second.people == whole.people
    assert recipients_of(first) + recipients_of(second) == recipients_of(whole)
    assert [len(half.people) == len(recipients_of(half)) for half in (first, second)] == [True, True]
    assert len({whole.id, first.id, second.id}) == 3
    for half in (first, second):
        request = json.loads(half.body)
        assert request["metadata"] == {"type": "sms_premium", "request_id": half.id}
        assert half.id == request_id(ORIGIN, CONTENT, 1, half.people)
        assert half.refusals == 1
        assert {**request, "recipients": 0, "metadata": 0} == {
            **json.loads(whole.body),
            "recipients": 0,
            "metadata": 0,
        }


@given(size=st.integers(min_value=2, max_value=500), at=st.floats(min_value=0, max_value=1, exclude_max=True))
def test_one_bad_person_stands_alone_after_as_many_splits_as_the_logarithm_says(size: int, at: float) -> None:
    bad = 1 + int(at * size)
    current, splits = frame(size), 0
    while len(current.people) > 1:
        current = next(half for half in current.halves() if bad in half.people)
        splits += 1
    assert current.people == (bad,)
    assert splits <= ceil(log2(size))
    assert current.refusals == splits


@given(people=st.sets(keys | near, max_size=60), size=st.integers(min_value=1, max_value=20))
def test_leaves_are_a_partition_in_order_and_none_is_too_large(people: set[int], size: int) -> None:
    found = list(leaves(sorted(people), size))
    assert [person for leaf in found for person in leaf] == sorted(people)
    assert all(1 <= len(leaf) <= size for leaf in found)


@given(
    people=st.sets(keys | near, min_size=1, max_size=60), size=st.integers(min_value=1, max_value=20), new=keys | near
)
def test_one_person_more_changes_one_frame_only(people: set[int], size: int, new: int) -> None:
    before, after = set(leaves(sorted(people), size)), set(leaves(sorted(people | {new}), size))
    gone = before - after
    assert len(gone) <= 1
    # What came instead holds the people of that frame and the new one, nobody else.
    expected = {person for leaf in gone for person in leaf} | ({new} - people)
    assert {person for leaf in after - before for person in leaf} == expected


@given(people=st.sets(keys | near, min_size=2, max_size=60), size=st.integers(min_value=1, max_value=20))
def test_no_two_neighbouring_leaves_would_fit_into_their_parent(people: set[int], size: int) -> None:
    found = list(leaves(sorted(people), size))
    for one, two in pairwise(found):
        shared = KEY_BITS - (one[0] ^ two[-1]).bit_length()
        under = [person for person in people if not (person ^ one[0]) >> (KEY_BITS - shared)]
        assert len(under) > size


def test_a_real_request_states_that_it_is_no_simulation_and_carries_its_id() -> None:
    made = json.loads(body(SETTINGS, {"text": "Hi"}, [{"phone_number": "+33600000123"}], "ab" * 16))
    assert made == {
        "channel": "sms",
        "purpose": "alert",
        "auto_optimize_text": False,
        "text": "Hi",
        "recipients": [{"phone_number": "+33600000123"}],
        "simulation_mode": False,
        "metadata": {"type": "sms_premium", "request_id": "ab" * 16},
    }


def test_a_simulated_request_states_it_and_carries_no_id() -> None:
    made = json.loads(body({"channel": "rcs"}, {"text": "Hi"}, [{"phone_number": "+33600000123"}], None))
    assert made == {
        "channel": "rcs",
        "text": "Hi",
        "recipients": [{"phone_number": "+33600000123"}],
        "simulation_mode": True,
    }


def test_metadata_of_settings_and_content_is_merged_and_neither_is_changed() -> None:
    settings = {"channel": "email", "metadata": {"email_from": "shop@example.com"}}
    content = {"text": "Hi", "metadata": {"subject": "Sale"}}
    made = json.loads(body(settings, content, [{"email": "ann@example.org"}], "cd" * 16))
    assert made["metadata"] == {"email_from": "shop@example.com", "subject": "Sale", "request_id": "cd" * 16}
    assert settings == {"channel": "email", "metadata": {"email_from": "shop@example.com"}}
    assert content == {"text": "Hi", "metadata": {"subject": "Sale"}}


def test_a_body_is_utf_8_as_it_was_written() -> None:
    made = body({"channel": "sms"}, {"text": "Été €"}, [{"phone_number": "+33600000123"}], None)
    assert "Été €".encode() in made


OLDER: Mapping[str, Any] = {
    **SETTINGS,
    "auto_remove_blacklisted_contacts": True,
    "metadata": {"type": "sms_low_cost", "with_replies": True},
}


def personal_frame(size: int, *, whose: str = "Ann") -> Frame:
    """People whose words differ, in one request that the gateway fills."""
    people = tuple(range(1, size + 1))
    digests = [text_digest(f"Hi {whose} {person}") for person in people]
    name = request_id(ORIGIN, words_digest(digests), 0, people)
    to = [{"phone_number": f"+336000{person:05d}", "param1": f"{whose} {person}"} for person in people]
    sent = personal_body(OLDER, "Hi {param1}", to, name)
    return Frame(id=name, origin=ORIGIN, content=words_digest(digests), refusals=0, people=people, body=sent)


def test_the_older_endpoint_gets_its_own_names_and_no_metadata() -> None:
    made = json.loads(
        personal_body(OLDER, "Hi {param1}", [{"phone_number": "+33600000123", "param1": "Ann"}], "ab" * 16)
    )
    assert made == {
        "purpose": "alert",
        "auto_optimize_text": False,
        "auto_remove_blacklisted_numbers": True,
        "type": "sms_low_cost",
        "with_replies": True,
        "text": "Hi {param1}",
        "recipients": [{"phone_number": "+33600000123", "param1": "Ann"}],
        "simulation_mode": False,
        "request_id": "ab" * 16,
    }


def test_halves_of_a_personal_frame_keep_each_persons_words_and_have_ids_of_their_own_words() -> None:
    whole = personal_frame(5)
    halves = whole.halves()
    assert [to for half in halves for to in recipients_of(half)] == recipients_of(whole)
    for half in halves:
        own = words_digest(text_digest(f"Hi Ann {person}") for person in half.people)
        assert half.content == own
        assert half.id == request_id(ORIGIN, own, 1, half.people)
        request = json.loads(half.body)
        assert request["request_id"] == half.id
        assert "metadata" not in request


def test_the_id_of_a_personal_frame_follows_from_what_each_person_gets() -> None:
    assert personal_frame(3).id != personal_frame(3, whose="Zoë").id
    assert words_digest(["a", "b"]) != words_digest(["b", "a"])


def test_a_request_that_would_say_anything_else_than_was_planned_is_not_made() -> None:
    digests = [text_digest("Hi Ann"), text_digest("Hi Zoë")]
    assert check_words("Hi {param1}", [{"param1": "Ann"}, {"param1": "Zoë"}], digests) == words_digest(digests)
    for wrong in ([{"param1": "Ann"}, {"param1": "Zoe"}], [{"param1": "Ann"}], [{"param1": "Zoë"}, {"param1": "Ann"}]):
        with pytest.raises(OctoplanError, match="would not say what was planned"):
            check_words("Hi {param1}", wrong, digests)
