"""The bytes of a callback, as JSON or as a form, say the same; what says nothing is told by rule, never quoted."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octoplan.ingest.callbacks import Callback
from octoplan.ingest.matching import Ear, canonical
from octoplan.state.keys import derive
from octoplan.state.told import Delivery, Heard, Optout, Reply
from octoplan.table.keys import person_key

KEYS = derive("correct horse battery staple", "0123456789abcdef")
NOW = datetime(2026, 11, 3, 10, 0, tzinfo=UTC)
AT = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)
EAR = Ear(keys=KEYS, now=NOW)
ANN, BOB = "+33600000001", "+33600000002"
DELIVERY = {
    "channel": "sms",
    "message_id": "sms_1",
    "list_name": "",
    "number": ANN,
    "status": "DELIVERED",
    "unit_price": 0.05,
    "delivery_date": "2026-11-03 09:30:00",
    "meta_data": {},
}
STOP = {"message_id": "sms_1", "number": ANN, "text": "STOP", "stop_date": "2026-11-03 09:30:00"}
REPLY = {
    "message_id": "sms_1",
    "number": ANN,
    "text": "yes, I am Ann",
    "sim_card_number": "12345",
    "reception_date": "2026-11-03 09:30:00",
}
GROUP = {
    "channel": "email",
    "message_id": "email_1",
    "meta_data": {"template_name": ""},
    "deliveries": [
        {"email": f"Person{n}@example.com", "status": "OPENED", "delivery_date": "2026-11-03 09:30:00"}
        for n in range(12)
    ],
}


def key(address: str) -> int:
    return person_key(KEYS.person, address)


def as_form(fields: dict[str, Any]) -> bytes:
    pairs: list[tuple[str, str]] = []

    def flatten(value: object, name: str) -> None:
        if isinstance(value, dict):
            for inner, one in value.items():
                flatten(one, f"{name}[{inner}]" if name else inner)
        elif isinstance(value, list):
            for at, one in enumerate(value):
                flatten(one, f"{name}[{at}]")
        else:
            pairs.append((name, str(value)))

    flatten(fields, "")
    return urlencode(pairs).encode()


def both(fields: dict[str, Any]) -> tuple[Heard, ...]:
    """Read it as JSON and as a form, which have to say the same."""
    heard, unusable = EAR.hear(json.dumps(fields).encode())
    assert unusable == ()
    assert EAR.hear(as_form(fields)) == (heard, ())
    return heard


def test_a_delivery_is_what_became_of_one_message() -> None:
    assert both(DELIVERY) == (Delivery(ticket="sms_1", person=key(ANN), status="DELIVERED", at=AT),)


def test_a_stop_is_an_optout_also_where_nothing_else_is_known() -> None:
    assert both(STOP) == (Optout(person=key(ANN), ticket="sms_1", at=AT, heard_at=NOW),)
    bare = {"number": ANN, "stop_date": "the day before yesterday"}
    assert both(bare) == (Optout(person=key(ANN), ticket="", at=None, heard_at=NOW),)


@pytest.mark.parametrize("blank", [None, "", " "])
def test_a_date_that_is_blank_decides_nothing_where_another_stands(blank: str | None) -> None:
    dates = {"stop_date": blank, "reception_date": blank, "delivery_date": blank, "deliveries": blank}
    for whole, kind in ((DELIVERY, Delivery), (STOP, Optout), (REPLY, Reply)):
        fields = {**dates, **whole}
        heard, unusable = EAR.hear(json.dumps(fields).encode())
        assert ([type(one) for one in heard], unusable) == ([kind], ())
        if blank is not None:
            assert EAR.hear(as_form(fields)) == (heard, ())
    heard, _ = EAR.hear(json.dumps({**dates, **GROUP}).encode())
    assert {type(one) for one in heard} == {Delivery}


def test_where_no_date_has_anything_in_it_the_first_of_them_decides() -> None:
    assert both({"number": ANN, "stop_date": "", "delivery_date": ""}) == (
        Optout(person=key(ANN), ticket="", at=None, heard_at=NOW),
    )


def test_a_reply_is_told_from_another_by_its_words_which_are_not_kept() -> None:
    (reply,) = both(REPLY)
    assert isinstance(reply, Reply)
    (other,) = both({**REPLY, "text": "no"})
    assert reply != other
    assert both(REPLY) == (reply,)
    assert "Ann" not in repr(reply)


def test_emails_of_one_ticket_come_together() -> None:
    heard = both(GROUP)
    assert heard == tuple(
        Delivery(ticket="email_1", person=key(f"person{n}@example.com"), status="OPENED", at=AT) for n in range(12)
    )


def test_several_callbacks_may_stand_in_one_array() -> None:
    heard, unusable = EAR.hear(json.dumps([DELIVERY, None, STOP, {"stop_date": ""}, REPLY]).encode())
    assert [type(one) for one in heard] == [Delivery, Optout, Reply]
    assert [one.rule for one in unusable] == ["ingest/json", "ingest/address"]


def test_a_status_that_is_not_known_is_undefined() -> None:
    (one,) = both({**DELIVERY, "status": "EATEN_BY_ANN"})
    assert isinstance(one, Delivery)
    assert one.status == "UNDEFINED"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("+33600000001", ANN),
        ("33600000001", ANN),
        (" +33 6 00 00 00 01 ", ANN),
        ("+33-600-000-001", ANN),
        ("+999123456789", "+999123456789"),
        ("0600000001", None),
        ("Ann", None),
        ("ANN@Example.com", "ANN@Example.com"),
    ],
)
def test_a_number_is_read_however_the_gateway_writes_it(written: str, meant: str | None) -> None:
    assert canonical(written) == meant


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        (b"", "ingest/empty"),
        (b"  \n", "ingest/empty"),
        (b"\xff\xfe+33600000001", "ingest/text"),
        (b'{"number": "+33600000001"', "ingest/json"),
        (b"[" * 100_000, "ingest/json"),
        (b"[]", "ingest/json"),
        (b'["+33600000001"]', "ingest/json"),
        (b"+33600000001", "ingest/form"),
        (b"deliveries=1&deliveries[0][email]=ann%40example.com", "ingest/form"),
        (b"=1", "ingest/form"),
        (b"x" * 2_000_000, "ingest/length"),
        (b'{"number": "+33600000001"}', "ingest/kind"),
        (b'{"stop_date": "", "number": {"a": 1}}', "ingest/address"),
        (b'{"stop_date": "", "number": "+33600000001\\u0000"}', "ingest/address"),
        (b'{"stop_date": "", "number": "\\ud800"}', "ingest/address"),
        (b'{"stop_date": "", "number": "0600000001"}', "ingest/address"),
        (b'{"delivery_date": "", "number": "+33600000001", "status": "READ"}', "ingest/ticket"),
        (b'{"reception_date": "", "number": "+33600000001"}', "ingest/ticket"),
        (b'{"delivery_date": "", "number": "+33600000001", "message_id": "1"}', "ingest/status"),
        (b'{"deliveries": "ann@example.com"}', "ingest/deliveries"),
        (b'{"deliveries": ["ann@example.com"]}', "ingest/deliveries"),
    ],
)
def test_what_says_nothing_is_told_by_rule_and_not_quoted(body: bytes, rule: str) -> None:
    heard, (unusable,) = EAR.hear(body)
    assert heard == ()
    assert unusable.rule == rule
    assert "600" not in unusable.reason
    assert "example" not in unusable.reason


@given(st.binary(max_size=300))
def test_no_bytes_break_it(body: bytes) -> None:
    heard, unusable = EAR.hear(body)
    assert len(heard) + len(unusable) >= 1


FIELDS = st.dictionaries(
    st.sampled_from(["number", "email", "message_id", "status", "stop_date", "delivery_date", "text", "deliveries"]),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=5,
    ),
)


@given(FIELDS)
def test_no_fields_break_it(fields: dict[str, Any]) -> None:
    heard, unusable = EAR.match([fields])
    assert len(heard) + len(unusable) >= 1


def test_an_address_is_in_no_repr() -> None:
    one = Callback(kind="reply", ticket="sms_1", address=ANN, at=None, said="I am Ann")
    assert ANN not in repr(one)
    assert "Ann" not in repr(one)
