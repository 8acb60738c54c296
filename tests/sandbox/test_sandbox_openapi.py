"""The OpenAPI document is valid, whole, and true of what the sandbox takes and answers."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from octoplan.sandbox.app import build_app
from octoplan.sandbox.control import Control
from octoplan.sandbox.core import Sandbox
from octoplan.sandbox.endpoints import ENDPOINTS, MULTI_CHANNEL_SEND
from octoplan.sandbox.faults import Faults
from octoplan.sandbox.openapi import build_openapi
from octoplan.sandbox.rules import RULES
from octoplan.sandbox.serve import serve_beside

Post = Callable[..., tuple[int, dict[str, Any]]]
Contract = dict[str, dict[str, Any]]
Check = Callable[..., list[str]]

DOCUMENT = build_openapi()
SEND = MULTI_CHANNEL_SEND.path
HEADERS = {"api-key": "k", "api-login": "l"}
OPERATIONS = [(method, path) for path, methods in DOCUMENT["paths"].items() for method in methods]


def problems(schema: dict[str, Any], value: object) -> list[str]:
    """What a schema of the document says against a value."""
    validator = Draft202012Validator(schema | {"components": DOCUMENT["components"]})
    return [error.message for error in validator.iter_errors(value)]


def body_schema(path: str, method: str = "post") -> dict[str, Any]:
    schema: dict[str, Any] = DOCUMENT["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"]
    return schema


def answer_schema(path: str, method: str, status: int) -> dict[str, Any]:
    content = DOCUMENT["paths"][path][method]["responses"][str(status)].get("content", {})
    schema: dict[str, Any] = content.get("application/json", {}).get("schema", {})
    return schema


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with serve_beside(build_app(sandbox)) as url, httpx.Client(base_url=url, trust_env=False) as client:
        yield client


def test_the_document_is_valid() -> None:
    validate(DOCUMENT)


def test_the_document_is_plain_json_and_the_same_each_time() -> None:
    assert json.loads(json.dumps(DOCUMENT)) == DOCUMENT == build_openapi()


def test_every_endpoint_is_in_it_and_no_other() -> None:
    found = {(method.upper(), path) for method, path in OPERATIONS if path.startswith("/v1/public")}
    assert found == set(ENDPOINTS)


def test_every_door_is_in_it_and_no_other(sandbox: Sandbox) -> None:
    routes = {
        (method, re.sub(r"\{(\w+):\w+\}", r"{\1}", route.path))
        for route in Control(sandbox, Faults()).routes()
        for method in set(route.methods or ()) - {"HEAD"}
    }
    found = {(method.upper(), path) for method, path in OPERATIONS if not path.startswith("/v1/public")}
    assert found == routes


def test_the_api_asks_for_credentials_and_the_doors_do_not() -> None:
    assert DOCUMENT["security"] == [{"api-key": [], "api-login": []}]
    for method, path in OPERATIONS:
        open_to_all = DOCUMENT["paths"][path][method].get("security") == []
        assert open_to_all is not path.startswith("/v1/public"), path


@pytest.mark.parametrize("channel", ["sms", "voice_sms", "rcs", "email"])
def test_the_contracts_example_fits_its_schema_and_no_other(channel: str, contract: Contract) -> None:
    assert problems(body_schema(SEND), contract[channel]) == []
    for other in contract.keys() - {channel}:
        name = f"multi_channel_send_body_{other}"
        assert problems({"$ref": f"#/components/schemas/{name}"}, contract[channel]) != []


@pytest.mark.parametrize(
    "changes",
    [
        {"sendat": "2027-01-01T10:00:00Z"},
        {"purpose": "marketing"},
        {"recipient_tracking": "true"},
        {"sender": "My Shop!"},
        {"recipients": []},
        {"recipients": [{"phone_number": "0600000123"}]},
        {"recipients": [{"phone_number": "+33600000123", "first_name": "Ann"}]},
        {"recipients": [{"phone_number": "+33600000123"}] * 501},
        {"text": ""},
        {"text": "a" * 1225},
        {"metadata": {"type": "sms_gold"}},
        {"metadata": {"voice_gender": "male"}},
        {"channel": "fax"},
    ],
    ids=str,
)
def test_what_would_be_forgiven_or_refused_does_not_fit(changes: dict[str, Any], contract: Contract) -> None:
    assert problems(body_schema(SEND), contract["sms"] | changes) != []


def test_cards_or_a_template_fit_without_a_text(contract: Contract) -> None:
    del contract["email"]["text"], contract["rcs"]["text"], contract["sms"]["text"]
    assert problems(body_schema(SEND), contract["email"]) == []
    assert problems(body_schema(SEND), contract["rcs"]) != []
    contract["rcs"]["metadata"] |= {"message_type": "rich_card", "cards": [{"title": "Hello"}]}
    assert problems(body_schema(SEND), contract["rcs"]) == []
    assert problems(body_schema(SEND), contract["sms"]) != []


def test_the_older_endpoints_know_the_contacts_own_fields() -> None:
    contact = {"phone_number": "+33600000123", "first_name": "Ann", "param5": "x"}
    body = {"text": "Hi {first_name}", "recipients": [contact], "type": "sms_low_cost"}
    assert problems(body_schema("/v1/public/sms-campaign/send"), body) == []
    assert problems(body_schema("/v1/public/sms-campaign/send"), body | {"metadata": {}}) != []
    assert problems(body_schema("/v1/public/voice-campaign/send"), body) != []


@pytest.mark.parametrize("channel", ["sms", "voice_sms", "rcs", "email"])
def test_what_is_answered_to_an_accepted_request_fits(channel: str, post: Post, contract: Contract) -> None:
    status, answer = post(contract[channel])
    assert problems(answer_schema(SEND, "post", status), answer) == []
    assert problems({"$ref": f"#/components/schemas/{channel}_accepted"}, answer) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"purpose": "wholesale"}, 121), ({"channel": "fax"}, 400), ({"text": ""}, 107), ({"recipients": []}, 103)],
)
def test_what_is_answered_to_a_refused_request_fits(
    changes: dict[str, Any], code: int, post: Post, contract: Contract
) -> None:
    status, answer = post(contract["sms"] | changes)
    assert (status, answer["code"]) == (400, code)
    assert problems(answer_schema(SEND, "post", 400), answer) == []


def test_every_example_of_an_answer_fits_its_own_schema() -> None:
    shown = 0
    for method, path in OPERATIONS:
        for status, answer in DOCUMENT["paths"][path][method]["responses"].items():
            for name, example in answer.get("content", {}).get("application/json", {}).get("examples", {}).items():
                shown += 1
                assert problems(answer_schema(path, method, int(status)), example["value"]) == [], (path, name)
    assert shown > len(RULES)


def test_every_rule_that_refuses_is_an_example_somewhere() -> None:
    shown = {
        name
        for method, path in OPERATIONS
        for answer in DOCUMENT["paths"][path][method]["responses"].values()
        for name in answer.get("content", {}).get("application/json", {}).get("examples", {})
    }
    assert {rule.id for rule in RULES if rule.code is not None} - shown == {"forgiving"}


def test_what_cancel_and_the_wallet_answer_fits(client: httpx.Client, sms: Callable[..., dict[str, Any]]) -> None:
    body = sms(send_at="2027-01-01T10:00:00+01:00")
    ticket = client.post(SEND, headers=HEADERS, json=body).json()["sms_ticket"]
    asked = {"channel": "sms", "ticket_number": ticket}
    cancel = "/v1/public/multi-channel/cancel"
    assert problems(body_schema(cancel, "delete"), asked) == []
    assert client.request("DELETE", cancel, headers=HEADERS, json=asked).status_code == 204
    again = client.request("DELETE", cancel, headers=HEADERS, json=asked)
    assert problems(answer_schema(cancel, "delete", again.status_code), again.json()) == []
    for query in ("", "?with_details=true", "?country_code=FR&product_name=premium_sms"):
        answer = client.get(f"/v1/public/wallet/check-balance{query}", headers=HEADERS)
        assert problems(answer_schema("/v1/public/wallet/check-balance", "get", 200), answer.json()) == []
    answer = client.get("/v1/public/wallet/check-credits?country_codes[]=FR", headers=HEADERS)
    assert problems(answer_schema("/v1/public/wallet/check-credits", "get", 200), answer.json()) == []


@pytest.mark.parametrize("channel", ["sms", "voice_sms", "rcs", "email"])
def test_what_every_door_shows_fits(channel: str, client: httpx.Client, contract: Contract) -> None:
    client.post(SEND, headers=HEADERS, json=contract[channel] | {"sendat": "soon"})
    client.post(SEND, headers=HEADERS, json=contract[channel] | {"text": "", "metadata": {}})
    number = client.get("/_sandbox/messages").json()["messages"][0]["id"]
    request = client.get("/_sandbox/requests").json()["requests"][0]["id"]
    asked = 0
    for method, path in OPERATIONS:
        if method == "get" and not path.startswith("/v1/public") and not path.endswith("/body"):
            answer = client.get(path.format(number=request if "requests" in path else number))
            assert answer.status_code == 200, path
            assert problems(answer_schema(path, "get", 200), answer.json()) == [], path
            asked += 1
    assert asked > 10


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("post", "clock", {"now": "2027-01-01T00:00:00Z", "frozen": True}),
        ("post", "clock", {"advance": "24h"}),
        ("post", "clock", {"advance": 90}),
        ("post", "clock", {"real": True}),
        ("post", "credit", {"amount": 12.5}),
        ("post", "settings", {"strict": True, "prices": {"sms_premium": {"FR": 0.05}}}),
        ("post", "settings", {"rules_off": ["stop_mention"], "request_id_hours": 1, "rcs_agent": False}),
        ("post", "blacklist", {"addresses": ["+33600000123"]}),
        ("delete", "blacklist", {"addresses": ["+33600000123"]}),
        ("post", "faults", {"faults": [{"kind": "status", "status": 503, "headers": {"x-a": "b"}, "times": 2}]}),
        ("post", "faults", {"faults": [{"kind": "latency", "seconds": 2}], "probability": 0.5, "seed": 7}),
    ],
    ids=str,
)
def test_what_a_door_takes_and_answers_fits(method: str, path: str, body: dict[str, Any], client: httpx.Client) -> None:
    assert problems(body_schema(f"/_sandbox/{path}", method), body) == []
    answer = client.request(method, f"/_sandbox/{path}", json=body)
    assert answer.status_code == 200
    assert problems(answer_schema(f"/_sandbox/{path}", method, 200), answer.json()) == []
    wrong = client.request(method, f"/_sandbox/{path}", json=body | {"other": 1})
    assert problems(body_schema(f"/_sandbox/{path}", method), body | {"other": 1}) != []
    assert problems(answer_schema(f"/_sandbox/{path}", method, wrong.status_code), wrong.json()) == []


def test_every_filter_that_the_document_names_filters(client: httpx.Client, contract: Contract) -> None:
    client.post(SEND, headers=HEADERS, json=contract["sms"])
    for parameter in DOCUMENT["paths"]["/_sandbox/messages"]["get"]["parameters"]:
        if parameter["schema"].get("type") == "integer" or "enum" in parameter["schema"]:
            answer = client.get("/_sandbox/messages", params={parameter["name"]: "x"})
            assert answer.status_code == 400, parameter["name"]
