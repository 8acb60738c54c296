import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest

from octoplan.sandbox import endpoints
from octoplan.sandbox.core import Sandbox
from octoplan.sandbox.exchange import Request
from octoplan.sandbox.fields import Channel, text
from octoplan.sandbox.reading import read_submission
from octoplan.sandbox.settings import Settings
from octoplan.sandbox.steering import Steering
from octoplan.sandbox.storage import Storage

Make = Callable[..., dict[str, Any]]
Call = Callable[..., tuple[int, Any]]

KEYS = {"api-key": "k", "api-login": "l"}
SOON = "2026-11-03T12:00:00+00:00"


@pytest.fixture
def call(sandbox: Sandbox) -> Call:
    """Ask the test's own sandbox: method, path below /v1/public, content -> status, answer."""

    def call(method: str, path: str, content: object = None, headers: dict[str, str] | None = None) -> tuple[int, Any]:
        path, _, query = path.partition("?")
        body = b"" if content is None else json.dumps(content).encode()
        request = Request(
            method=method,
            path=f"/v1/public{path}",
            query=query,
            headers=KEYS if headers is None else headers,
            body=body,
        )
        answer = sandbox.answer(request)
        return answer.status, json.loads(answer.body) if answer.body else None

    return call


@pytest.fixture
def steering(sandbox: Sandbox) -> Steering:
    return Steering(sandbox)


def older_sms(**changes: Any) -> dict[str, Any]:
    return {
        "text": "Hello {first_name}, see you at {param1}",
        "recipients": [
            {"phone_number": "+33600000123", "first_name": "Ann", "last_name": "Lee", "param1": "9:30"},
            {"phone_number": "+33600000124", "first_name": "Bob", "param1": "10:15", "param2": None},
        ],
        "type": "sms_premium",
        "purpose": "alert",
        "sender": "OctoShop",
        "with_replies": False,
        "request_id": "a1",
        "auto_remove_blacklisted_numbers": False,
    } | changes


def test_an_older_sms_campaign_is_personalised_by_the_server(call: Call, sandbox: Sandbox) -> None:
    status, answer = call("POST", "/sms-campaign/send", older_sms())
    assert status == 201
    assert next(iter(answer)) == "sms_ticket"
    assert [one.text for one in sandbox.messages()] == ["Hello Ann, see you at 9:30", "Hello Bob, see you at 10:15"]
    assert sandbox.requests()[0].forgiven == ()


def test_each_personal_text_is_counted_and_paid_by_itself(call: Call, sandbox: Sandbox) -> None:
    people = [
        {"phone_number": "+33600000123", "first_name": "A"},
        {"phone_number": "+33600000124", "first_name": "é" * 50},
    ]
    _, answer = call("POST", "/sms-campaign/send", older_sms(text="x" * 140 + "{first_name}", recipients=people))
    assert answer["number_of_sms_needed"] == 3
    assert answer["total_cost"] == pytest.approx(3 * 0.045)
    assert [one.parts for one in sandbox.messages()] == [1, 2]


@pytest.mark.parametrize(
    ("person", "noted"),
    [
        ({"first_name": "x" * 51}, ("recipients[].first_name", "changed")),
        ({"first_name": 7}, ("recipients[].first_name", "cast")),
        ({"first_name": ["x"]}, ("recipients[].first_name", "ignored")),
        ({}, ("recipients[].first_name", "defaulted")),
        ({"first_name": "Ann", "param6": "x"}, ("recipients[].param6", "ignored")),
    ],
)
def test_a_personal_field_that_is_wrong_is_noted_and_sent(
    person: dict[str, Any], noted: tuple[str, str], call: Call, sandbox: Sandbox
) -> None:
    body = older_sms(text="Hello {first_name}!", recipients=[{"phone_number": "+33600000123"} | person])
    assert call("POST", "/sms-campaign/send", body)[0] == 201
    assert noted in {(note.field, note.how) for note in sandbox.requests()[0].forgiven}
    assert len(sandbox.messages()[0].text) <= len("Hello !") + 50


def test_braces_that_name_no_field_stay_as_they_are(call: Call, sandbox: Sandbox) -> None:
    call("POST", "/sms-campaign/send", older_sms(text="{first_name} {param6} {} {First_Name} {"))
    assert sandbox.messages()[0].text == "Ann {param6} {} {First_Name} {"


def test_the_multi_channel_page_knows_no_personal_fields(call: Call, sandbox: Sandbox, sms: Make) -> None:
    people = [{"phone_number": "+33600000123", "first_name": "Ann"}]
    call("POST", "/multi-channel/send", sms(text="Hello {first_name}", recipients=people))
    assert sandbox.messages()[0].text == "Hello {first_name}"
    assert {note.field for note in sandbox.requests()[0].forgiven} == {"recipients[].first_name"}


def test_a_stop_mention_may_come_from_a_personal_field(call: Call) -> None:
    people = [{"phone_number": "+33600000123", "param1": "STOP au 30101"}, {"phone_number": "+33600000124"}]
    body = older_sms(text="Sale {param1}", purpose="wholesale", recipients=people)
    assert call("POST", "/sms-campaign/send", body)[1]["code"] == 121
    assert call("POST", "/sms-campaign/send", body | {"recipients": people[:1]})[0] == 201


def test_an_older_voice_campaign_answers_as_a_call(call: Call, sandbox: Sandbox) -> None:
    body = {
        "text": "Your appointment is tomorrow.",
        "recipients": [{"phone_number": "+33600000123"}],
        "sender": "OctoShop",
        "purpose": "alert",
        "voice_gender": "female",
        "voice_language": "fr-FR",
    }
    status, answer = call("POST", "/voice-campaign/send", body)
    assert (status, answer["estimated_duration"]) == (201, 30)
    assert answer["ticket_number"].startswith("voice_")
    assert sandbox.requests()[0].forgiven == ()
    assert call("POST", "/voice-campaign/send", body | {"voice_language": "ja-JP"})[1]["errors"]["voice_language"]


def test_the_newer_fields_are_none_of_the_older_page(call: Call, sandbox: Sandbox) -> None:
    body = older_sms(metadata={"request_id": "b"}, auto_remove_blacklisted_contacts=True, channel="sms")
    assert call("POST", "/sms-campaign/send", body)[0] == 201
    noted = {note.field for note in sandbox.requests()[0].forgiven}
    assert noted == {"metadata", "auto_remove_blacklisted_contacts", "channel"}


def test_request_ids_are_one_memory_for_all_endpoints(call: Call, sms: Make) -> None:
    assert call("POST", "/sms-campaign/send", older_sms())[0] == 201
    assert call("POST", "/multi-channel/send", sms(metadata={"request_id": "a1"}))[1]["code"] == 182


def ticket_of(call: Call, sms: Make, **changes: Any) -> str:
    return str(call("POST", "/multi-channel/send", sms(send_at=SOON, **changes))[1]["sms_ticket"])


def test_a_held_campaign_of_two_is_canceled_and_paid_back(
    call: Call, sms: Make, sandbox: Sandbox, steering: Steering
) -> None:
    before = steering.credit()
    ticket = ticket_of(call, sms)
    assert {one.state for one in sandbox.messages()} == {"held"}
    assert call("DELETE", "/multi-channel/cancel", {"channel": "sms", "ticket_number": ticket}) == (204, None)
    assert {one.state for one in sandbox.messages()} == {"canceled"}
    assert steering.credit() == before


@pytest.mark.parametrize("wrong", ["recipients", "channel", "ticket", "twice", "late", "sent"])
def test_what_cannot_be_canceled_is_refused_and_stays(
    wrong: str, call: Call, sms: Make, sandbox: Sandbox, clock: Any
) -> None:
    people = [{"phone_number": f"+3360000012{n}"} for n in range(3 if wrong == "recipients" else 2)]
    ticket = ticket_of(call, sms, recipients=people)
    asked = {"channel": "rcs" if wrong == "channel" else "sms", "ticket_number": "x" if wrong == "ticket" else ticket}
    clock.advance(minutes={"late": 110, "sent": 121}.get(wrong, 0))
    if wrong == "twice":
        assert call("DELETE", "/multi-channel/cancel", asked)[0] == 204
    status, answer = call("DELETE", "/multi-channel/cancel", asked)
    assert (status, list(answer["errors"])) == (400, ["ticket_number"])
    expected = {"twice": "canceled", "sent": "sent"}.get(wrong, "held")
    assert {one.state for one in sandbox.messages()} == {expected}


def test_ten_minutes_and_one_second_ahead_can_be_canceled(call: Call, sms: Make, clock: Any) -> None:
    ticket = ticket_of(call, sms)
    clock.advance(minutes=109, seconds=59)
    assert call("DELETE", "/multi-channel/cancel", {"channel": "sms", "ticket_number": ticket})[0] == 204


def test_a_thousand_cancellations_a_month_are_all(call: Call, sms: Make, clock: Any) -> None:
    for _ in range(1000):
        ticket = ticket_of(call, sms, recipients=[{"phone_number": "+33600000123"}])
        assert call("DELETE", "/sms-campaign/cancel", {"ticket_number": ticket})[0] == 204
    ticket = ticket_of(call, sms)
    assert call("DELETE", "/sms-campaign/cancel", {"ticket_number": ticket})[0] == 400
    clock.advance(days=28)
    later = call("POST", "/multi-channel/send", sms(send_at="2026-12-24T10:00:00Z"))[1]["sms_ticket"]
    assert call("DELETE", "/sms-campaign/cancel", {"ticket_number": later})[0] == 204


def test_the_wallet_tells_its_credit_in_euros(call: Call, steering: Steering) -> None:
    steering.set_credit(Decimal("12.54"))
    assert call("GET", "/wallet/check-balance") == (200, {"amount": 12.54, "unit": "euros"})


def test_the_wallet_tells_what_its_credit_is_worth_in_a_country(call: Call, steering: Steering) -> None:
    steering.set_credit(Decimal("12.54"))
    asked = "/wallet/check-balance?country_code=FR&product_name=sms_premium&with_details=true"
    status, answer = call("GET", asked)
    assert (status, answer["amount"], answer["unit"]) == (200, 278, "sms_premium")
    assert [pack["credit"] for pack in answer["wallet_packs"]] == [12.54]


def test_the_wallet_counts_units_by_country(call: Call, steering: Steering) -> None:
    steering.set_credit(Decimal(1))
    answer = call("GET", "/wallet/check-credits?country_codes[]=FR&country_codes%5B%5D=ES&country_codes[]=nowhere")[1]
    assert list(answer) == ["FR", "ES"]
    assert answer["FR"] == {"premium_sms": 22, "vocal_sms": 20, "low_cost_sms": 31, "hlr": 100}
    assert set(call("GET", "/wallet/check-credits")[1]) == {"FR", "US"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/wallet/check-balance"),
        ("GET", "/wallet/check-credits"),
        ("DELETE", "/multi-channel/cancel"),
        ("POST", "/sms-campaign/send"),
    ],
)
def test_no_endpoint_answers_without_credentials(method: str, path: str, call: Call) -> None:
    assert call(method, path, {} if method != "GET" else None, headers={})[0] == 401


def test_a_future_date_is_held_until_the_sandboxs_clock_reaches_it(
    call: Call, sms: Make, sandbox: Sandbox, steering: Steering
) -> None:
    call("POST", "/multi-channel/send", sms(send_at=SOON))
    assert {one.state for one in sandbox.messages()} == {"held"}
    steering.set_clock(ahead=timedelta(hours=2))
    assert {one.state for one in sandbox.messages()} == {"sent"}


def test_a_past_date_is_sent_at_once(call: Call, sms: Make, sandbox: Sandbox, clock: Any) -> None:
    call("POST", "/multi-channel/send", sms(send_at="2020-01-01T00:00:00Z"))
    assert {(one.state, one.due) for one in sandbox.messages()} == {("sent", clock())}


def test_who_is_blacklisted_is_left_out_and_not_paid_for(
    call: Call, sms: Make, sandbox: Sandbox, steering: Steering
) -> None:
    steering.change_blacklist(add=["+33600000123"])
    _, answer = call("POST", "/multi-channel/send", sms(auto_remove_blacklisted_contacts=True))
    assert (answer["number_of_contacts"], answer["total_cost"]) == (1, 0.055)
    assert [one.address for one in sandbox.messages()] == ["+33600000124"]
    steering.change_blacklist(add=["+33600000124"])
    assert call("POST", "/multi-channel/send", sms(auto_remove_blacklisted_contacts=True))[1]["code"] == 103
    assert call("POST", "/multi-channel/send", sms())[1]["number_of_contacts"] == 2
    steering.change_blacklist(remove=["+33600000123", "+33600000124"])
    assert steering.blacklist() == ()


def test_a_price_table_can_be_changed_row_by_row(call: Call, sms: Make, steering: Steering) -> None:
    steering.change({"prices": {"sms_premium": {"FR": 1.5, "default": 0}}})
    steering.change({"prices": {"email": {"default": 7}}})
    people = [{"phone_number": "+33600000123"}, {"phone_number": "+4915700000001"}]
    assert call("POST", "/multi-channel/send", sms(recipients=people))[1]["total_cost"] == 1.5
    body = {"channel": "email", "text": "x", "purpose": "alert", "recipients": [{"email": "ann@example.com"}]}
    assert call("POST", "/multi-channel/send", body)[1]["total_cost"] == 7


def test_people_read_the_number_that_the_placeholder_stands_for(call: Call, sms: Make, sandbox: Sandbox) -> None:
    call("POST", "/multi-channel/send", sms(purpose="wholesale", text="Sale! STOP au XXXXX"))
    assert sandbox.messages()[0].text == "Sale! STOP au 30101"


MANY = [{"phone_number": f"+336{n:08d}"} for n in range(501)]
OFF: dict[str, tuple[dict[str, Any], Any]] = {
    "channel": ({"channel": "fax"}, lambda a: a["sms_ticket"]),
    "recipients": (
        {"recipients": [{"phone_number": f"+336{n:08d}"} for n in range(501)]},
        lambda a: a["number_of_contacts"] == 501,
    ),
    "no_recipient": ({"recipients": []}, lambda a: a["number_of_contacts"] == 0),
    "text": ({"text": ""}, lambda a: a["sms_ticket"]),
    "text_length": ({"text": "x" * 2000}, lambda a: a["number_of_sms_needed"] == 28),
    "sender": ({"sender": "x"}, lambda a: a["sms_ticket"]),
    "stop_mention": ({"purpose": "wholesale"}, lambda a: a["sms_ticket"]),
    "number": ({"recipients": [{"phone_number": "06"}]}, lambda a: a["sms_ticket"]),
}


@pytest.mark.parametrize("rule", OFF)
def test_a_rule_that_is_off_lets_the_request_pass(
    rule: str, storage: Storage, clock: Any, ask: Callable[..., Any], sms: Make
) -> None:
    changes, holds = OFF[rule]
    assert ask(Sandbox(storage, clock), sms(**changes))[0] == 400
    status, answer = ask(Sandbox(storage, clock, Settings(rules_off=frozenset({rule}))), sms(**changes))
    assert status == 201
    assert holds(answer)


def test_every_other_rule_can_be_switched_off_too(
    storage: Storage, clock: Any, ask: Callable[..., Any], sms: Make, contract: dict[str, dict[str, Any]]
) -> None:
    def answer(rule: str, body: object, **headers: Any) -> tuple[int, Any]:
        found = ask(Sandbox(storage, clock, Settings(rules_off=frozenset({rule}))), body, **headers)
        assert isinstance(found, tuple)
        return found

    wrong_language = contract["voice_sms"] | {"metadata": {"voice_language": "ja-JP"}}
    wrong_email = contract["email"] | {"recipients": [{"email": "nobody"}]}
    twice = sms(recipients=[{"phone_number": "+33600000123"}] * 2)
    assert answer("authentication", sms(), headers={})[0] == 201
    assert answer("body", b"nonsense")[1]["errors"]["channel"]
    assert answer("body_size", b"x" * (10 * 2**20 + 1))[1]["code"] == 400
    assert answer("voice_language", wrong_language)[0] == 201
    assert answer("destination_email", wrong_email)[0] == 201
    assert answer("duplicates", twice)[1]["number_of_contacts"] == 1
    assert answer("prices", sms())[1]["total_cost"] == 0
    assert answer("blacklist_check", sms(auto_remove_blacklisted_contacts=True))[1]["total_cost"] == 0.09
    assert answer("duration", contract["voice_sms"] | {"text": "x" * 1000})[1]["estimated_duration"] == 30
    assert "ticket_number" not in answer("rcs_answer", contract["rcs"])[1]
    assert answer("simulation_checks", sms(sender="x", simulation_mode=True))[1]["code"] == 106
    for _ in range(2):
        assert answer("request_id", sms(metadata={"request_id": "a1"}))[0] == 201
    broke = Sandbox(storage, clock, Settings(rules_off=frozenset({"credit"}), credit=Decimal(0)))
    storage_before = broke.count()
    with storage.transaction() as ledger:
        ledger.set_credit(Decimal(0))
    assert ask(broke, sms())[1]["residual_credit"] == 0
    assert broke.count() == storage_before + 2
    later = Sandbox(storage, clock, Settings(rules_off=frozenset({"send_at", "credit"})))
    ask(later, sms(send_at=SOON))
    assert later.messages()[-1].state == "sent"
    spelled = Sandbox(storage, clock, Settings(rules_off=frozenset({"stop_placeholder", "credit"})))
    ask(spelled, sms(purpose="wholesale", text="Sale! STOP au XXXXX"))
    assert spelled.messages()[-1].text == "Sale! STOP au XXXXX"


def test_rcs_without_an_agent_is_refused(call: Call, steering: Steering, contract: dict[str, dict[str, Any]]) -> None:
    assert call("POST", "/multi-channel/send", contract["rcs"])[0] == 201
    steering.change({"rcs_agent": False})
    assert call("POST", "/multi-channel/send", contract["rcs"])[1]["code"] == 106


def test_a_strict_sandbox_refuses_what_it_would_forgive_field_by_field(
    call: Call, sms: Make, steering: Steering, sandbox: Sandbox
) -> None:
    steering.change({"strict": True})
    status, answer = call("POST", "/multi-channel/send", sms(sendat="soon", sender="My Shop"))
    assert (status, set(answer["errors"])) == (400, {"sendat", "sender"})
    assert sandbox.count() == 0
    assert len(sandbox.requests()[0].forgiven) == 2
    assert call("POST", "/multi-channel/send", sms())[0] == 201


def test_a_new_channel_and_a_new_field_are_one_row_each() -> None:
    live_chat = Channel(name="live_chat", address="phone_number", ticket_key="ticket_number", ticket_prefix="live_chat")
    endpoint = replace(
        endpoints.MULTI_CHANNEL_SEND,
        channels=MappingProxyType({**endpoints.CHANNELS, "live_chat": live_chat}),
        fields=(*endpoints.MULTI_CHANNEL_SEND.fields, text("conversation", "live_chat")),
    )
    body = {
        "channel": "live_chat",
        "text": "Hi",
        "purpose": "alert",
        "recipients": [{"phone_number": "+33600000123"}],
        "conversation": "c1",
    }
    found = read_submission(json.dumps(body).encode(), endpoint)
    assert found is not None
    assert (found.channel, found.option("conversation"), found.forgiven) == ("live_chat", "c1", ())
