from collections.abc import Callable
from typing import Any

import pytest

from octoplan.sandbox.core import Sandbox

Post = Callable[..., tuple[int, dict[str, Any]]]
Make = Callable[..., dict[str, Any]]


def forgiven(sandbox: Sandbox) -> set[tuple[str, str]]:
    return {(one.field, one.how) for one in sandbox.requests()[-1].forgiven}


@pytest.mark.parametrize(
    ("changes", "noted"),
    [
        ({"sendat": "2027-01-01T10:00:00Z"}, ("sendat", "ignored")),
        ({"simulation_mod": True}, ("simulation_mod", "ignored")),
        ({"request_id": "a1"}, ("request_id", "ignored")),
        ({"send_at": "tomorrow"}, ("send_at", "ignored")),
        ({"send_at": 1796112000}, ("send_at", "ignored")),
        ({"send_at": "2027-01-01T10:00:00"}, ("send_at", "changed")),
        ({"simulation_mode": "perhaps"}, ("simulation_mode", "defaulted")),
        ({"recipient_tracking": "true"}, ("recipient_tracking", "cast")),
        ({"auto_optimize_text": 0}, ("auto_optimize_text", "cast")),
        ({"purpose": "marketing"}, ("purpose", "defaulted")),
        ({"purpose": "ALERT"}, ("purpose", "changed")),
        ({"channel": "SMS"}, ("channel", "changed")),
        ({"text": 42}, ("text", "cast")),
        ({"text": "Hello \ud83d"}, ("text", "changed")),
        ({"list_name": ["a"]}, ("list_name", "ignored")),
        ({"list_name": ""}, ("list_name", "ignored")),
        ({"sender": "My Shop!"}, ("sender", "changed")),
        ({"sender": "!!"}, ("sender", "changed")),
        ({"metadata": "none"}, ("metadata (not an object)", "ignored")),
        ({"metadata": {"type": "sms_gold"}}, ("metadata.type", "defaulted")),
        ({"metadata": {"voice_gender": "male"}}, ("metadata.voice_gender", "ignored")),
        ({"metadata": {"sentAt": "x"}}, ("metadata.sentAt", "ignored")),
        ({"metadata": {"request_id": 17}}, ("metadata.request_id", "cast")),
        ({"recipients": {"phone_number": "+33600000123"}}, ("recipients", "cast")),
        ({"recipients": ["+33600000123"]}, ("recipients", "cast")),
        ({"recipients": [{"phone_number": "+33 6 00-00.01(23)"}]}, ("recipients[].phone_number", "changed")),
        ({"recipients": [{"phone_number": "+33600000123"}, {}]}, ("recipients", "ignored")),
        (
            {"recipients": [{"phone_number": "+33600000123", "first_name": "Ann"}]},
            ("recipients[].first_name", "ignored"),
        ),
    ],
)
def test_wrong_data_is_forgiven_noted_and_sent(
    changes: dict[str, Any], noted: tuple[str, str], post: Post, sms: Make, sandbox: Sandbox
) -> None:
    text = "Hello STOP au 30101"
    status, _ = post(sms(text=text) | changes)
    assert status == 201
    assert forgiven(sandbox) == {noted}
    assert sandbox.count() > 0


def test_an_absent_purpose_is_wholesale_and_noted(post: Post, sms: Make, sandbox: Sandbox) -> None:
    request = sms(text="Hello STOP au 30101")
    del request["purpose"]
    assert post(request)[0] == 201
    assert forgiven(sandbox) == {("purpose", "defaulted")}
    assert sandbox.messages()[0].purpose == "wholesale"


def test_the_changed_value_is_what_is_sent(post: Post, sms: Make, sandbox: Sandbox) -> None:
    post(sms(sender="My Shop!", recipients=[{"phone_number": "+33 600 000 123"}], send_at="2027-07-01T10:00:00"))
    (message,) = sandbox.messages()
    assert (message.sender, message.address) == ("MyShop", "+33600000123")
    assert message.send_at == "2027-07-01T10:00:00+02:00"


def test_a_misspelt_simulation_mode_is_a_real_send(post: Post, sms: Make, sandbox: Sandbox) -> None:
    assert post(sms(simulationMode=True))[0] == 201
    assert sandbox.count() == 2


def test_a_simulation_mode_in_words_is_a_simulation(post: Post, sms: Make, sandbox: Sandbox) -> None:
    assert post(sms(simulation_mode="True"))[0] == 201
    assert sandbox.count() == 0


def test_a_voice_message_without_language_and_gender_is_sent_and_noted(
    post: Post, contract: dict[str, dict[str, Any]], sandbox: Sandbox
) -> None:
    assert post(contract["voice_sms"] | {"metadata": {}})[0] == 201
    assert forgiven(sandbox) == {("metadata.voice_language", "defaulted"), ("metadata.voice_gender", "defaulted")}


def test_cards_of_a_simple_text_are_noted(post: Post, contract: dict[str, dict[str, Any]], sandbox: Sandbox) -> None:
    contract["rcs"]["metadata"]["cards"] = [{"title": "Hello"}]
    post(contract["rcs"])
    assert forgiven(sandbox) == {("metadata.cards", "ignored")}


def test_the_sender_of_rcs_is_free_text(post: Post, contract: dict[str, dict[str, Any]], sandbox: Sandbox) -> None:
    assert post(contract["rcs"] | {"sender": "The Octopus & Sons"})[0] == 201
    assert sandbox.messages()[0].sender == "The Octopus & Sons"
    assert forgiven(sandbox) == set()


def test_a_note_counts_contacts_and_never_holds_their_values(post: Post, sms: Make, sandbox: Sandbox) -> None:
    people = [{"phone_number": f"+33 6000001{n:02d}", "first_name": "Ann"} for n in range(7)]
    post(sms(recipients=people))
    notes = sandbox.requests()[0].forgiven
    assert [note.times for note in notes] == [7, 7]
    assert "6000001" not in repr(notes)
    assert "Ann" not in repr(notes)


def test_endless_wrong_names_make_a_bounded_list(post: Post, sms: Make, sandbox: Sandbox) -> None:
    post(sms() | {f"key{n}" + "x" * 1000: n for n in range(3000)})
    notes = sandbox.requests()[0].forgiven
    assert len(notes) == 100
    assert max(len(note.field) for note in notes) == 60


def test_cards_nested_too_deeply_are_ignored(post: Post, contract: dict[str, dict[str, Any]], sandbox: Sandbox) -> None:
    deep: dict[str, Any] = {}
    for _ in range(60):
        deep = {"in": deep}
    contract["rcs"]["metadata"] |= {"message_type": "rich_card", "cards": [deep]}
    assert post(contract["rcs"])[0] == 201
    assert forgiven(sandbox) == {("metadata.cards", "ignored")}
