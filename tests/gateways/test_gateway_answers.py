import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octoplan.gateways.answers import read_answer, read_balance
from octoplan.gateways.codes import CODES
from octoplan.gateways.interface import Accepted, Balance, Duplicate, Outcome, Refused, Riddle, Unanswered
from octoplan.gateways.wire import LARGEST_ANSWER

SUCCESS = {
    "sms_ticket": "sms_5f3fbce61266e",
    "number_of_contacts": 5,
    "total_cost": 5.00502839,
    "number_of_sms_needed": 5,
    "residual_credit": 50.75,
    "message": "******",
}


def read(status: int, content: object, headers: dict[str, str] | None = None) -> Outcome:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return read_answer(status, headers or {}, body)


def nested(**errors: Any) -> dict[str, Any]:
    return {
        "code": 400,
        "message": "Payload validation error.",
        "errors": {name: {"code": code, "message": "x"} for name, code in errors.items()},
    }


@pytest.mark.parametrize("status", [200, 201, 202, 299])
def test_the_documented_sms_success_is_accepted_with_exact_money(status: int) -> None:
    assert read(status, SUCCESS) == Accepted(
        ticket="sms_5f3fbce61266e",
        contacts=5,
        cost=Decimal("5.00502839"),
        units=5,
        credit_left=Decimal("50.75"),
    )


def test_the_documented_voice_success_is_accepted_without_units() -> None:
    content = {
        "ticket_number": "voice_5f44ebf9e47b7",
        "number_of_contacts": 1,
        "total_cost": 0.05,
        "estimated_duration": 30,
        "residual_credit": 149.95,
    }
    outcome = read(201, content)
    assert outcome == Accepted(
        ticket="voice_5f44ebf9e47b7", contacts=1, cost=Decimal("0.05"), credit_left=Decimal("149.95")
    )


def test_the_documented_email_success_is_accepted() -> None:
    content = {
        "ticket_number": "email_5f44ebf9e47b7",
        "number_of_contacts": 1,
        "total_cost": 0.05,
        "residual_credit": 149.95,
    }
    outcome = read(201, content)
    assert isinstance(outcome, Accepted)
    assert outcome.ticket == "email_5f44ebf9e47b7"


def test_a_success_without_ticket_is_accepted_and_shows_none() -> None:
    assert read(200, {"number_of_contacts": 1}) == Accepted(contacts=1)
    assert read(200, {}) == Accepted()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("number_of_contacts", True),
        ("number_of_contacts", "5"),
        ("number_of_contacts", -1),
        ("number_of_contacts", 1.5),
        ("number_of_contacts", 10**30),
        ("total_cost", True),
        ("total_cost", "5"),
        ("total_cost", -1),
        ("total_cost", 1e300),
        ("total_cost", 1e-300),
        ("residual_credit", None),
        ("sms_ticket", 17),
        ("sms_ticket", ""),
        ("sms_ticket", "a\nb"),
        ("sms_ticket", "+33600000123"),
        ("sms_ticket", "x" * 101),
    ],
)
def test_a_value_that_is_not_what_it_should_be_is_none(field: str, value: object) -> None:
    names = {
        "number_of_contacts": "contacts",
        "total_cost": "cost",
        "residual_credit": "credit_left",
        "sms_ticket": "ticket",
    }
    outcome = read(201, SUCCESS | {field: value})
    assert isinstance(outcome, Accepted)
    assert getattr(outcome, names[field]) is None


def test_credit_may_be_negative() -> None:
    outcome = read(201, SUCCESS | {"residual_credit": -3})
    assert isinstance(outcome, Accepted)
    assert outcome.credit_left == -3


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"OK",
        b"[]",
        b'"sms_1"',
        b"\xff",
        b'{"a":',
        b"[" * 100_000,
        b'{"a":NaN}',
        b'{"a":' + b"9" * 5000 + b"}",
        b'{"total_cost":1e99999999999999999999}',
        b"{}" + b" " * LARGEST_ANSWER,
        b"<html>",
    ],
    ids=range(12),
)
def test_an_unreadable_success_is_no_answer(body: bytes) -> None:
    assert isinstance(read(200, body), Unanswered)


def test_an_error_in_a_success_is_a_riddle() -> None:
    assert isinstance(read(200, {"code": 121, "message": "x"}), Riddle)
    assert isinstance(read(200, SUCCESS | {"code": 0}), Accepted)


@pytest.mark.parametrize("status", [300, 301, 302, 307, 308, 399])
def test_a_redirect_is_a_riddle(status: int) -> None:
    assert isinstance(read(status, SUCCESS, {"location": "https://evil.example.com"}), Riddle)


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("content", [b"", b"<html>", {"code": 182}, {"code": 121}])
def test_no_access_is_about_the_account_whatever_the_body(status: int, content: object) -> None:
    outcome = read(status, content)
    assert isinstance(outcome, Refused)
    assert outcome.scope == "account"


@pytest.mark.parametrize(
    ("code", "scope"),
    [
        (103, "recipient"),
        (181, "recipient"),
        (2005, "recipient"),
        (106, "campaign"),
        (107, "campaign"),
        (121, "campaign"),
        (189, "campaign"),
        (1340, "campaign"),
        (1341, "campaign"),
        (104, "account"),
        (113, "account"),
    ],
)
def test_a_known_code_is_refused_in_its_scope(code: int, scope: str) -> None:
    outcome = read(400, {"code": code, "message": "+33600000123 is bad"})
    assert isinstance(outcome, Refused)
    assert (outcome.scope, outcome.code) == (scope, code)
    assert "336" not in outcome.reason


def test_the_documented_nested_error_names_its_field() -> None:
    outcome = read(400, nested(voice_language=442))
    assert outcome == Refused(
        scope="campaign", code=442, reason="the voice language is not supported", field="voice_language"
    )


def test_a_field_that_the_contract_does_not_know_is_not_repeated() -> None:
    outcome = read(400, nested(**{"+33600000123": 181}))
    assert isinstance(outcome, Refused)
    assert outcome.field is None


def test_nested_errors_take_the_widest_scope() -> None:
    outcome = read(400, nested(phone_number=181, text=189))
    assert isinstance(outcome, Refused)
    assert (outcome.scope, outcome.code, outcome.field) == ("campaign", 189, "text")
    assert getattr(read(400, nested(a=104, b=189, c=181)), "scope", None) == "account"


@pytest.mark.parametrize("code", [182, 120])
def test_a_used_request_id_is_a_duplicate_flat_or_nested(code: int) -> None:
    assert read(400, {"code": code, "message": "x"}) == Duplicate(code=code)
    assert read(400, nested(request_id=code)) == Duplicate(code=code)


@pytest.mark.parametrize(
    "content",
    [
        {"code": 438},
        {"code": 9999},
        {"code": "121"},
        {"code": True},
        {"code": 121.0},
        {"code": None},
        {"code": 400},
        {"code": 33600000123},
        {},
        [],
        b"<html>",
        b"",
        {"code": 121, "errors": {}},
        {"code": 121, "errors": []},
        {"code": 121, "errors": "x"},
        {"code": 121, "errors": {"a": 121}},
        nested(text=121, sender=9999),
        nested(request_id=182, text=121),
        nested(request_id=182, text=500),
    ],
)
@pytest.mark.parametrize("status", [400, 404, 422])
def test_what_is_not_known_is_a_riddle_and_quotes_nothing(status: int, content: object) -> None:
    outcome = read(status, content)
    assert isinstance(outcome, Riddle)
    assert "336" not in outcome.reason


@pytest.mark.parametrize("status", [500, 502, 503, 599])
@pytest.mark.parametrize("content", [b"", SUCCESS, {"code": 121}])
def test_a_broken_server_gave_no_answer(status: int, content: object) -> None:
    assert read(status, content) == Unanswered(reason=str(status))


def test_code_500_gave_no_answer_either() -> None:
    assert isinstance(read(400, {"code": 500, "message": "x"}), Unanswered)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7.0),
        ({"retry-after": " 0 "}, 0.0),
        ({"retry-after": "999999999"}, 86_400.0),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "1e3"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "9" * 400}, None),
        ({"retry-after": "Tue, 03 Nov 2026 10:00:30 GMT"}, None),
        ({"retry-after": "Tue, 03 Nov 2026 10:00:30 GMT", "Date": "Tue, 03 Nov 2026 10:00:00 GMT"}, 30.0),
        ({"retry-after": "Tue, 03 Nov 2026 09:00:00 GMT", "date": "Tue, 03 Nov 2026 10:00:00 GMT"}, 0.0),
        ({"retry-after": "Tue, 03 Nov 2026 10:00:30 GMT", "date": "nonsense"}, None),
        ({"retry-after": "Tue, 99 Nov 2026 10:00:30 GMT", "date": "Tue, 03 Nov 2026 10:00:00 GMT"}, None),
    ],
)
def test_too_many_requests_says_when_to_come_back(headers: dict[str, str], seconds: float | None) -> None:
    assert read(429, b"", headers) == Unanswered(reason="429", retry_after=seconds)


@pytest.mark.parametrize("status", [0, 100, 199, 600, 999])
def test_a_status_beyond_http_is_a_riddle(status: int) -> None:
    assert isinstance(read(status, SUCCESS), Riddle)


@given(st.integers(0, 999), st.dictionaries(st.text(max_size=12), st.text(max_size=40), max_size=3), st.binary())
def test_nothing_makes_it_raise(status: int, headers: dict[str, str], body: bytes) -> None:
    assert isinstance(read_answer(status, headers, body), Outcome)


@given(
    st.integers(100, 599),
    st.sampled_from(["retry-after", "date"]),
    st.text(max_size=60),
    st.recursive(
        st.none() | st.booleans() | st.sampled_from([*CODES, 400, 999]) | st.floats() | st.text(max_size=5),
        lambda inner: st.dictionaries(st.sampled_from(["code", "errors", "message", "text", "sms_ticket"]), inner),
    ),
)
def test_no_json_makes_it_raise_and_only_2xx_is_accepted(status: int, name: str, value: str, content: object) -> None:
    outcome = read(status, content, {name: value, "Date": "Tue, 03 Nov 2026 10:00:00 GMT"})
    assert isinstance(outcome, Outcome)
    assert not isinstance(outcome, Accepted) or 200 <= status < 300


@pytest.mark.parametrize(
    ("content", "amount"),
    [
        ({"amount": 12.54, "unit": "euros"}, "12.54"),
        ({"amount": 100}, "100"),
        ({"amount": 0, "unit": "EUR"}, "0"),
        ({"amount": -3.5, "unit": "euros", "wallet_packs": []}, "-3.5"),
    ],
)
def test_a_wallet_tells_its_credit_exactly(content: object, amount: str) -> None:
    assert read_balance(200, json.dumps(content).encode()) == Balance(amount=Decimal(amount))


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b""),
        (200, b"no json"),
        (200, b"\xff"),
        (200, b"[12.54]"),
        (200, b"{}"),
        (200, b'{"amount":null}'),
        (200, b'{"amount":true}'),
        (200, b'{"amount":"12.54"}'),
        (200, b'{"amount":NaN}'),
        (200, b'{"amount":Infinity}'),
        (200, b'{"amount":1e400}'),
        (200, b'{"amount":1e13}'),
        (200, b'{"amount":' + b"9" * 5000 + b"}"),
        (200, b'{"amount":0.0000000000001}'),
        (200, b'{"amount":12,"unit":"sms_premium"}'),
        (200, b'{"amount":12,"unit":["euros"]}'),
        (200, b'{"amount":12}' + b" " * LARGEST_ANSWER),
        (302, b'{"amount":12}'),
        (400, b'{"amount":12}'),
        (401, b'{"amount":12}'),
        (403, b'{"amount":12}'),
        (429, b'{"amount":12}'),
        (503, b'{"amount":12}'),
    ],
)
def test_a_credit_that_is_not_told_for_sure_is_not_known(status: int, body: bytes) -> None:
    told = read_balance(status, body)
    assert told.amount is None
    assert told.why


@given(status=st.integers(100, 599), body=st.binary(max_size=60))
def test_no_answer_of_a_wallet_raises_or_is_repeated(status: int, body: bytes) -> None:
    told = read_balance(status, body)
    assert (told.amount is None) == bool(told.why)
    readable = body.decode("latin-1")
    assert len(readable) < 12 or readable not in told.why
