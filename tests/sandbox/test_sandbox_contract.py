from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from octoplan.sandbox.core import Sandbox
from octoplan.sandbox.errors import SandboxError
from octoplan.sandbox.exchange import Request
from octoplan.sandbox.records import Query
from octoplan.sandbox.rules import RULES
from octoplan.sandbox.settings import Settings
from octoplan.sandbox.storage import Storage

Post = Callable[..., tuple[int, dict[str, Any]]]
Make = Callable[..., dict[str, Any]]

TICKETS = {"sms": "sms_ticket", "voice_sms": "ticket_number", "rcs": "ticket_number", "email": "ticket_number"}
KEYS = {
    "sms": ["sms_ticket", "number_of_contacts", "total_cost", "number_of_sms_needed", "residual_credit", "message"],
    "voice_sms": ["ticket_number", "number_of_contacts", "total_cost", "estimated_duration", "residual_credit"],
    "rcs": ["ticket_number", "number_of_contacts", "total_cost", "residual_credit"],
    "email": ["ticket_number", "number_of_contacts", "total_cost", "residual_credit"],
}
PREFIXES = {"sms": "sms_", "voice_sms": "voice_", "rcs": "rcs_", "email": "email_"}


@pytest.mark.parametrize("channel", KEYS)
def test_the_contracts_example_is_accepted_with_the_documented_keys(
    channel: str, post: Post, contract: dict[str, dict[str, Any]], sandbox: Sandbox
) -> None:
    status, answer = post(contract[channel])
    assert status == 201
    assert list(answer) == KEYS[channel]
    assert answer[TICKETS[channel]].startswith(PREFIXES[channel])
    assert answer["number_of_contacts"] == 2
    messages = sandbox.messages(Query(ticket=answer[TICKETS[channel]]))
    assert [one.address for one in messages] == [next(iter(one.values())) for one in contract[channel]["recipients"]]
    assert {one.text for one in messages} == {contract[channel]["text"]}


@pytest.mark.parametrize("channel", KEYS)
def test_nothing_of_the_contracts_examples_has_to_be_forgiven(
    channel: str, post: Post, contract: dict[str, dict[str, Any]], sandbox: Sandbox
) -> None:
    post(contract[channel])
    (entry,) = sandbox.requests()
    assert entry.forgiven == ()


def test_parts_and_cost_are_summed_over_the_contacts(post: Post, sms: Make) -> None:
    _, answer = post(sms(text="é" * 161))
    assert answer["number_of_sms_needed"] == 4
    assert answer["total_cost"] == 0.18
    assert answer["residual_credit"] == 99999.82


def test_a_call_is_estimated_in_blocks_of_thirty_seconds(post: Post, contract: dict[str, dict[str, Any]]) -> None:
    assert post(contract["voice_sms"])[1]["estimated_duration"] == 30
    assert post(contract["voice_sms"] | {"text": "a" * 451})[1]["estimated_duration"] == 60


@pytest.mark.parametrize(
    "headers",
    [{}, {"api-key": "k"}, {"api-login": "l"}, {"api-key": "", "api-login": "l"}, {"api-key": " ", "api-login": "l"}],
)
def test_without_both_credentials_it_is_401(headers: dict[str, str], post: Post, sms: Make, sandbox: Sandbox) -> None:
    status, _ = post(sms(), headers)
    assert status == 401
    assert sandbox.count() == 0


def test_wholesale_to_france_without_stop_is_121_and_flat(post: Post, sms: Make) -> None:
    status, answer = post(sms(purpose="wholesale"))
    assert (status, answer["code"]) == (400, 121)
    assert set(answer) == {"code", "message"}


@pytest.mark.parametrize("text", ["Hi STOP au 30101", "Hi STOP au XXXXX", "STOP au 36111 Hi"])
def test_either_spelling_of_the_stop_mention_will_do(text: str, post: Post, sms: Make) -> None:
    assert post(sms(purpose="wholesale", text=text))[0] == 201


@pytest.mark.parametrize("text", ["Hi stop au 30101", "Hi STOP 30101", "Hi STOP AU 30101", "Hi STOP au xxxxx"])
def test_the_stop_mention_is_case_sensitive_and_whole(text: str, post: Post, sms: Make) -> None:
    assert post(sms(purpose="wholesale", text=text))[1]["code"] == 121


def test_only_wholesale_sms_to_french_numbers_needs_a_stop_mention(
    post: Post, sms: Make, contract: dict[str, dict[str, Any]]
) -> None:
    assert post(sms())[0] == 201
    assert post(sms(purpose="wholesale", recipients=[{"phone_number": "+4915700000001"}]))[0] == 201
    assert post(contract["rcs"] | {"purpose": "wholesale"})[0] == 201
    mixed = [{"phone_number": "+4915700000001"}, {"phone_number": "+33600000123"}]
    assert post(sms(purpose="wholesale", recipients=mixed))[1]["code"] == 121


def test_an_unsupported_voice_language_is_442_and_nested(post: Post, contract: dict[str, dict[str, Any]]) -> None:
    contract["voice_sms"]["metadata"]["voice_language"] = "ja-JP"
    assert post(contract["voice_sms"]) == (
        400,
        {
            "code": 400,
            "message": "Payload validation error.",
            "errors": {"voice_language": {"code": 442, "message": "Voice language not supported."}},
        },
    )


def test_a_destination_that_is_no_email_is_2005(post: Post, contract: dict[str, dict[str, Any]]) -> None:
    contract["email"]["recipients"].append({"email": "nobody"})
    assert post(contract["email"]) == (400, {"code": 2005, "message": "[destination email] field should be valid."})


@pytest.mark.parametrize("address", ["conan.o'brien@example.com", "!#$%&'*+-/=?^_`{|}~@example.com", "é@example.com"])
def test_an_email_may_have_any_letter_that_needs_no_quotes(
    post: Post, contract: dict[str, dict[str, Any]], address: str
) -> None:
    contract["email"]["recipients"] = [{"email": address}]
    assert post(contract["email"])[0] == 201


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"text": ""}, 107),
        ({"text": None}, 107),
        ({"text": "a" * 1225}, 189),
        ({"sender": "ab"}, 106),
        ({"sender": "abcdefghijkl"}, 106),
        ({"recipients": []}, 103),
        ({"recipients": None}, 103),
        ({"recipients": [{"email": "ann@example.com"}]}, 103),
        ({"recipients": [{"phone_number": "0600000123"}]}, 181),
        ({"recipients": [{"phone_number": "+33600000123"}, {"phone_number": "+0600000123"}]}, 181),
        ({"recipients": [{"phone_number": "+3360000012٣"}]}, 181),
    ],
)
def test_what_cannot_be_mended_is_refused(
    changes: dict[str, Any], code: int, post: Post, sms: Make, sandbox: Sandbox
) -> None:
    status, answer = post(sms(**changes))
    assert (status, answer["code"]) == (400, code)
    assert sandbox.count() == 0


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"channel": "fax"}, "channel"), ({"channel": None}, "channel"), ({"recipients": [{}] * 501}, "recipients")],
)
def test_an_unknown_channel_and_501_contacts_are_nested_errors(
    changes: dict[str, Any], field: str, post: Post, sms: Make
) -> None:
    status, answer = post(sms(**changes))
    assert (status, answer["code"], list(answer["errors"])) == (400, 400, [field])


def test_500_contacts_and_1224_characters_are_taken(post: Post, sms: Make, sandbox: Sandbox) -> None:
    people = [{"phone_number": f"+336000{n:05d}"} for n in range(500)]
    status, answer = post(sms(recipients=people, text="a" * 1224))
    assert (status, answer["number_of_contacts"], answer["number_of_sms_needed"]) == (201, 500, 4000)
    assert sandbox.count() == 500


def test_cards_or_a_template_stand_in_for_the_text(post: Post, contract: dict[str, dict[str, Any]]) -> None:
    del contract["rcs"]["text"], contract["email"]["text"]
    contract["rcs"]["metadata"] |= {"message_type": "rich_card", "cards": [{"title": "Hello"}]}
    assert post(contract["rcs"])[0] == 201
    assert post(contract["email"])[0] == 201
    del contract["email"]["metadata"]["template_name"]
    assert post(contract["email"])[1]["code"] == 107


def test_a_simulation_answers_in_the_documented_shape_and_keeps_no_message(
    post: Post, sms: Make, sandbox: Sandbox
) -> None:
    status, answer = post(sms(simulation_mode=True))
    assert (status, list(answer)) == (201, KEYS["sms"])
    assert sandbox.messages() == ()
    assert post(sms())[1]["residual_credit"] == 99999.91
    assert [entry.simulated for entry in sandbox.requests()] == [True, False]


def test_a_simulation_neither_uses_nor_asks_for_a_request_id(post: Post, sms: Make) -> None:
    real = sms(metadata={"request_id": "a1"})
    simulated = real | {"simulation_mode": True}
    assert [post(one)[0] for one in (simulated, simulated, real, simulated)] == [201, 201, 201, 201]
    assert post(real)[1]["code"] == 182


def test_a_simulation_checks_the_minimum_only(post: Post, sms: Make) -> None:
    assert post(sms(simulation_mode=True, purpose="wholesale", sender="x"))[0] == 201
    assert post(sms(simulation_mode=True, text=""))[1]["code"] == 107


def test_a_request_id_is_remembered_for_24_hours(post: Post, sms: Make, clock: Any, sandbox: Sandbox) -> None:
    request = sms(metadata={"request_id": "a1"})
    assert post(request)[0] == 201
    clock.advance(hours=23, minutes=59, seconds=59)
    assert post(request)[1]["code"] == 182
    assert sandbox.count() == 2
    clock.advance(seconds=1)
    assert post(request)[0] == 201
    clock.advance(hours=23)
    assert post(request)[1]["code"] == 182


def test_the_same_request_id_with_other_words_is_refused_too(post: Post, sms: Make) -> None:
    post(sms(metadata={"request_id": "a1"}))
    assert post(sms(text="Other words", metadata={"request_id": "a1"}))[1]["code"] == 182
    assert post(sms(metadata={"request_id": "a2"}))[0] == 201


@pytest.mark.parametrize(("uses_up", "second"), [(False, 201), (True, 400)])
def test_whether_a_refused_request_uses_up_its_id_is_a_switch(
    *,
    uses_up: bool,
    second: int,
    storage: Storage,
    clock: Any,
    ask: Callable[..., Any],
    sms: Make,
) -> None:
    sandbox = Sandbox(storage, clock, Settings(rules_off=frozenset({"refused_request_id"} if uses_up else ())))
    assert ask(sandbox, sms(sender="x", metadata={"request_id": "a1"}))[1]["code"] == 106
    assert ask(sandbox, sms(metadata={"request_id": "a1"}))[0] == second


def test_credit_runs_out_and_is_filled_up_by_a_reset(
    storage: Storage, clock: Any, ask: Callable[..., Any], sms: Make
) -> None:
    sandbox = Sandbox(storage, clock, Settings(credit=Decimal("0.1")))
    assert ask(sandbox, sms())[1]["residual_credit"] == 0.01
    assert ask(sandbox, sms())[1]["code"] == 104
    assert sandbox.count() == 2
    sandbox.reset()
    assert (sandbox.count(), sandbox.requests()) == (0, ())
    assert ask(sandbox, sms())[0] == 201


@pytest.mark.parametrize(("credit_first", "code"), [(False, 182), (True, 104)])
def test_whether_credit_or_request_id_is_looked_at_first_is_a_switch(
    *,
    credit_first: bool,
    code: int,
    storage: Storage,
    clock: Any,
    ask: Callable[..., Any],
    sms: Make,
) -> None:
    settings = Settings(credit=Decimal("0.1"), rules_off=frozenset({"credit_order"} if credit_first else ()))
    sandbox = Sandbox(storage, clock, settings)
    request = sms(metadata={"request_id": "a1"})
    assert ask(sandbox, request)[0] == 201
    assert ask(sandbox, request)[1]["code"] == code


def test_a_rule_that_is_off_is_not_checked(storage: Storage, clock: Any, ask: Callable[..., Any], sms: Make) -> None:
    sandbox = Sandbox(storage, clock, Settings(rules_off=frozenset({"stop_mention"})))
    assert ask(sandbox, sms(purpose="wholesale"))[0] == 201


def test_a_rule_that_does_not_exist_cannot_be_switched_off(storage: Storage, clock: Any) -> None:
    with pytest.raises(SandboxError, match="stop_mansion"):
        Sandbox(storage, clock, Settings(rules_off=frozenset({"stop_mansion"})))


def test_request_ids_may_be_remembered_for_another_time(
    storage: Storage, clock: Any, ask: Callable[..., Any], sms: Make
) -> None:
    sandbox = Sandbox(storage, clock, Settings(memory=timedelta(seconds=1)))
    assert ask(sandbox, sms(metadata={"request_id": "a1"}))[0] == 201
    clock.advance(seconds=1)
    assert ask(sandbox, sms(metadata={"request_id": "a1"}))[0] == 201


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/public/multi-channel/send"),
        ("POST", "/v1/public/multi-channel/send/"),
        ("POST", "/v1/public/other"),
        ("DELETE", "/"),
    ],
)
def test_any_other_path_or_method_is_404_in_json(method: str, path: str, sandbox: Sandbox) -> None:
    answer = sandbox.answer(Request(method=method, path=path, headers={}, body=b"{}"))
    assert (answer.status, answer.body[:1]) == (404, b"{")


def test_every_rule_has_one_id_and_a_source() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert all(rule.what and rule.off for rule in RULES)
    assert {rule.code for rule in RULES if rule.source == "contract" and not rule.assumption} >= {442, 2005, 401}


def test_credentials_are_shown_nowhere(post: Post, sms: Make, sandbox: Sandbox) -> None:
    post(sms())
    request = Request(method="POST", path="/", headers={"api-key": "s3cret-k3y"})
    assert "s3cret" not in repr(request)
    assert "s3cret" not in repr(sandbox.requests()) + repr(sandbox.messages())
