"""The contract, sentence by sentence, in its order and quoted in short: what each of them makes the sandbox do.

Rows of its table of parameters are quoted as `name: what it says`. What other tests say better is only touched here.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from octoplan.sandbox.core import Sandbox
from octoplan.sandbox.endpoints import MULTI_CHANNEL_SEND, VOICE_LANGUAGES
from octoplan.sandbox.exchange import Request
from octoplan.sandbox.fields import CHANNEL, RECIPIENTS
from octoplan.sandbox.records import Message
from octoplan.sandbox.settings import Settings
from octoplan.sandbox.steering import Steering
from octoplan.sandbox.storage import Storage

CREDENTIALS = {"api-key": "k", "api-login": "l"}
PHONES = ("sms", "voice_sms", "rcs")
FLAGS = (True, False)


@dataclass(frozen=True, kw_only=True)
class Octopush:
    """A new sandbox, its clock, and the contract's examples."""

    sandbox: Sandbox
    clock: Any
    examples: dict[str, dict[str, Any]]

    def post(self, content: object, headers: dict[str, str] | None = None) -> tuple[int, dict[str, Any]]:
        """Send JSON, or bytes as they are."""
        body = content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False).encode()
        headers = CREDENTIALS if headers is None else headers
        request = Request(method="POST", path=MULTI_CHANNEL_SEND.path, headers=headers, body=body)
        answer = self.sandbox.answer(request)
        return answer.status, json.loads(answer.body)

    def send(self, channel: str, /, **changes: Any) -> tuple[int, dict[str, Any]]:
        """Send an example with changes; None takes a field away, `metadata` changes what stands in it."""
        content = self.examples[channel]
        metadata = content["metadata"] | changes.pop("metadata", {})
        content = content | changes | {"metadata": {name: one for name, one in metadata.items() if one is not None}}
        return self.post({name: one for name, one in content.items() if one is not None})

    def accept(self, channel: str, /, **changes: Any) -> Message:
        """Send what has to be accepted; the first message that it made."""
        status, answer = self.send(channel, **changes)
        assert status == 201, answer
        ticket = answer.get("sms_ticket") or answer["ticket_number"]
        return next(one for one in self.sandbox.messages() if one.ticket == ticket)

    def refuse(self, channel: str, /, **changes: Any) -> dict[str, Any]:
        """Send what has to be refused; the error. Nothing may have been sent."""
        before = self.sandbox.count()
        status, answer = self.send(channel, **changes)
        assert (status, self.sandbox.count()) == (400, before)
        return answer

    def forgiven(self) -> list[tuple[str, str]]:
        """What was forgiven of the last request: field and how."""
        return [(one.field, one.how) for one in self.sandbox.requests()[-1].forgiven]

    def keep(self, channel: str, name: str, *values: Any) -> None:
        """Each value of an option arrives as it is, and nothing has to be forgiven."""
        for value in values:
            assert self.accept(channel, metadata={name: value}).options[name] == value
            assert self.forgiven() == []

    def default(self, channel: str, name: str, wrong: Any, value: Any) -> None:
        """A wrong value of an option is defaulted, noted, and the message is sent all the same."""
        assert self.accept(channel, metadata={name: wrong}).options[name] == value
        assert (f"metadata.{name}", "defaulted") in self.forgiven()


Check = Callable[[Octopush], None]
SENTENCES: dict[str, Check] = {}


def says(sentence: str) -> Callable[[Check], Check]:
    """Put a check into the table, under the sentence that it is of."""

    def keep(check: Check) -> Check:
        assert sentence not in SENTENCES
        SENTENCES[sentence] = check
        return check

    return keep


@pytest.fixture
def octopush(storage: Storage, clock: Any, contract: dict[str, dict[str, Any]]) -> Octopush:
    return Octopush(sandbox=Sandbox(storage, clock), clock=clock, examples=contract)


@says("Encoding: UTF-8")
def _(octopush: Octopush) -> None:
    assert octopush.accept("sms", text="Où est l'été ? 🐙").text == "Où est l'été ? 🐙"
    latin = json.dumps(octopush.examples["sms"] | {"text": "été"}, ensure_ascii=False).encode("latin-1")
    assert octopush.post(latin) == (400, {"code": 400, "message": "The body is not a JSON object."})


@says("Your api-key and api-login identifiers must be added in the headers")
def _(octopush: Octopush) -> None:
    for headers in ({}, {"api-key": "k"}, {"api-login": "l"}):
        assert octopush.post(octopush.examples["sms"], headers)[0] == 401
    assert octopush.post(octopush.examples["sms"] | CREDENTIALS, {})[0] == 401  # not in the body
    assert octopush.sandbox.count() == 0
    assert octopush.post(octopush.examples["sms"], {"API-KEY": "k", "Api-Login": "l"})[0] == 201


@says("in modes: simple (1 contact)")
def _(octopush: Octopush) -> None:
    for channel, example in octopush.examples.items():
        octopush.accept(channel, recipients=example["recipients"][:1])
    assert octopush.sandbox.count() == 4


@says("campaign (up to 500 contacts)")
def _(octopush: Octopush) -> None:
    people = [{"phone_number": f"+336000{at:05}"} for at in range(501)]
    assert octopush.send("sms", recipients=people[:500])[1]["number_of_contacts"] == 500
    assert list(octopush.refuse("sms", recipients=people)["errors"]) == ["recipients"]


@says("phone numbers in the recipients parameter, an array containing objects of type contact")
def _(octopush: Octopush) -> None:
    numbers = ["+33600000123", "+4915700000001"]
    octopush.accept("sms", recipients=[{"phone_number": number} for number in numbers])
    assert [one.address for one in octopush.sandbox.messages()] == numbers
    assert octopush.forgiven() == []


@says("channel: Channel to send [sms, voice_sms, rcs, email]")
def _(octopush: Octopush) -> None:
    for channel in ("sms", "voice_sms", "rcs", "email"):
        assert octopush.accept(channel).channel == channel
    for wrong in ("fax", "", 1, None):
        assert list(octopush.refuse("sms", channel=wrong)["errors"]) == ["channel"]


@says("text: Message text (from 1 to 1224 characters)")
def _(octopush: Octopush) -> None:
    for channel in PHONES:
        assert octopush.accept(channel, text="a").text == "a"
        assert octopush.accept(channel, text="é" * 1224).text == "é" * 1224
        assert octopush.refuse(channel, text="é" * 1225)["code"] == 189
        assert octopush.refuse(channel, text="")["code"] == 107
        assert octopush.refuse(channel, text=None)["code"] == 107


@says("recipients: [{phone_number: +111222233334444}, ...] or [{email: ...}, ...] for email channel")
def _(octopush: Octopush) -> None:
    phones, emails = [{"phone_number": "+111222233334444"}], [{"email": "ann@example.com"}]
    for channel in PHONES:
        assert octopush.accept(channel, recipients=phones).address == "+111222233334444"
        assert octopush.refuse(channel, recipients=emails)["code"] == 103
    assert octopush.accept("email", recipients=emails).address == "ann@example.com"
    assert octopush.refuse("email", recipients=phones)["code"] == 103


@says("sender: if the user allows it, 3-11 alphanumeric characters (a-zA-Z0-9)")
def _(octopush: Octopush) -> None:
    for sender in ("abc", "ABCdef01234"):
        assert octopush.accept("sms", sender=sender).sender == sender
        assert octopush.forgiven() == []
    assert octopush.accept("sms", sender=None).sender == ""
    for sender in ("ab", "a-b", "abcdefghijkl"):
        assert octopush.refuse("sms", sender=sender)["code"] == 106


@says("send_at: When you want to send the campaign, ISO8601, for ex: 2018-10-03T07:42:39-07:00")
def _(octopush: Octopush) -> None:
    past = octopush.accept("sms", send_at="2018-10-03T07:42:39-07:00")
    assert (past.send_at, past.state) == ("2018-10-03T07:42:39-07:00", "sent")
    future = octopush.accept("sms", send_at="2026-11-03T12:00:00-07:00")
    assert (future.due, future.state) == (datetime(2026, 11, 3, 19, tzinfo=UTC), "held")
    octopush.clock.advance(hours=9)
    assert {one.state for one in octopush.sandbox.messages()} == {"sent"}
    assert octopush.forgiven() == []


@says("purpose: transactional/alert or marketing: [alert, wholesale]")
def _(octopush: Octopush) -> None:
    for purpose in ("alert", "wholesale"):
        assert octopush.accept("email", purpose=purpose).purpose == purpose
        assert octopush.forgiven() == []
    for wrong in ("marketing", "transactional", 1):
        assert octopush.accept("email", purpose=wrong).purpose == "wholesale"
        assert octopush.forgiven() == [("purpose", "defaulted")]


@says("list_name: list name you want to create for those contacts")
def _(octopush: Octopush) -> None:
    octopush.accept("sms", list_name="spring")
    octopush.accept("sms", list_name="autumn")
    assert [one.list_name for one in octopush.sandbox.messages()] == ["spring"] * 2 + ["autumn"] * 2


@says("simulation_mode: (optional) If this value is true, your request will be simulated")
def _(octopush: Octopush) -> None:
    for channel in octopush.examples:
        assert octopush.send(channel, simulation_mode=True)[0] == 201
    assert octopush.sandbox.count() == 0
    for real in (False, None):
        octopush.accept("sms", simulation_mode=real)
    assert [one.simulated for one in octopush.sandbox.requests()] == [True] * 4 + [False] * 2


@says("simulation_mode: you will receive a fake result")
def _(octopush: Octopush) -> None:
    for channel in octopush.examples:
        _, simulated = octopush.send(channel, simulation_mode=True)
        _, real = octopush.send(channel)
        assert list(simulated) == list(real)
        assert simulated["number_of_contacts"] == real["number_of_contacts"] == 2
        assert simulated["residual_credit"] > real["residual_credit"]  # it takes nothing of it


@says("simulation_mode: Only some minimal validations will be executed")
def _(octopush: Octopush) -> None:
    unchecked: list[dict[str, Any]] = [
        {"purpose": "wholesale"},
        {"sender": "x"},
        {"recipients": [{"phone_number": "x"}]},
    ]
    for changes in unchecked:
        octopush.refuse("sms", **changes)
        assert octopush.send("sms", simulation_mode=True, **changes)[0] == 201
    for changes in ({"text": ""}, {"text": "a" * 1225}, {"recipients": []}, {"channel": "fax"}):
        octopush.refuse("sms", simulation_mode=True, **changes)


@says("recipient_tracking: True for getting back recipient tracking")
def _(octopush: Octopush) -> None:
    for channel in octopush.examples:
        assert octopush.accept(channel, recipient_tracking=True).options["recipient_tracking"] is True
        assert octopush.forgiven() == []
        assert octopush.accept(channel, recipient_tracking=None).options["recipient_tracking"] is False


@says("auto_optimize_text: with false value, your text will not be optimized")
def _(octopush: Octopush) -> None:
    text = "C\N{RIGHT SINGLE QUOTATION MARK}est  l\N{RIGHT SINGLE QUOTATION MARK}été"
    kept = octopush.accept("sms", auto_optimize_text=False, text=text)
    assert (kept.options["auto_optimize_text"], kept.text) == (False, text)
    # on unless it is sent; how the robot does it is not published, so nothing is done here
    on = octopush.accept("sms", auto_optimize_text=None, text=text)
    assert (on.options["auto_optimize_text"], on.text) == (True, text)


@says("auto_optimize_text: your message could contain unicode characters that could increase the number of needed SMS")
def _(octopush: Octopush) -> None:
    people = [{"phone_number": "+33600000123"}]
    for text, needed in (("e" * 160, 1), ("\N{RIGHT SINGLE QUOTATION MARK}" + "e" * 159, 3)):
        _, answer = octopush.send("sms", auto_optimize_text=False, text=text, recipients=people)
        assert answer["number_of_sms_needed"] == needed


@says("auto_remove_blacklisted_contacts: true when you want to send with ignore blacklisted contacts")
def _(octopush: Octopush) -> None:
    for channel, example in octopush.examples.items():
        first, second = (next(iter(contact.values())) for contact in example["recipients"])
        Steering(octopush.sandbox).change_blacklist(add=[first])
        assert octopush.send(channel, auto_remove_blacklisted_contacts=False)[1]["number_of_contacts"] == 2
        assert octopush.send(channel, auto_remove_blacklisted_contacts=True)[1]["number_of_contacts"] == 1
        assert octopush.sandbox.messages()[-1].address == second


@says("metadata.type: [sms_premium, sms_low_cost] of the SMS Campaign")
def _(octopush: Octopush) -> None:
    octopush.keep("sms", "type", "sms_premium", "sms_low_cost")
    octopush.default("sms", "type", "voice_sms", "sms_premium")
    prices = [octopush.send("sms", metadata={"type": one})[1]["total_cost"] for one in ("sms_premium", "sms_low_cost")]
    assert prices[0] > prices[1]


@says("metadata.type: [voice_sms] of the Voice VMS Campaign")
def _(octopush: Octopush) -> None:
    octopush.keep("voice_sms", "type", "voice_sms")
    octopush.default("voice_sms", "type", "sms_premium", "voice_sms")


@says("metadata.with_replies: True for getting back recipient replies")
def _(octopush: Octopush) -> None:
    octopush.keep("sms", "with_replies", *FLAGS)
    octopush.keep("rcs", "with_replies", *FLAGS)
    octopush.accept("email", metadata={"with_replies": True})
    assert octopush.forgiven() == [("metadata.with_replies", "ignored")]


@says("metadata.voice_gender: Voice gender [male, female]")
def _(octopush: Octopush) -> None:
    octopush.keep("voice_sms", "voice_gender", "male", "female")
    octopush.default("voice_sms", "voice_gender", "robot", "female")


@says("metadata.voice_language: Voice Language [en-US, en-GB, el-GR, pl-PL, hu-HU, sv-SE, de-DE, es-ES, es-LA, ...]")
def _(octopush: Octopush) -> None:
    documented = ["en-US", "en-GB", "el-GR", "pl-PL", "hu-HU", "sv-SE", "de-DE", "es-ES", "es-LA"]
    documented += ["fr-FR", "it-IT", "pt-BR", "ru-RU"]
    assert frozenset(documented) == VOICE_LANGUAGES
    octopush.keep("voice_sms", "voice_language", *documented)
    for wrong in ("ja-JP", "fr", "fr-fr"):
        assert list(octopush.refuse("voice_sms", metadata={"voice_language": wrong})["errors"]) == ["voice_language"]


@says("metadata.get_back_pressed_keys: true when you want to get back pressed key")
def _(octopush: Octopush) -> None:
    octopush.keep("voice_sms", "get_back_pressed_keys", *FLAGS)


@says("metadata.request_id: (optional) To avoid sending same request multiple times, set up a request ID")
def _(octopush: Octopush) -> None:
    for _ in range(2):
        octopush.accept("sms")
    octopush.accept("sms", metadata={"request_id": "a1"})
    for channel in octopush.examples:
        octopush.refuse(channel, metadata={"request_id": "a1"})
    octopush.accept("sms", metadata={"request_id": "a2"})
    octopush.accept("sms", metadata={"request_id": "A1"})


@says("metadata.request_id: In case the duplication will be detected, a validation error will be returned")
def _(octopush: Octopush) -> None:
    octopush.accept("email", metadata={"request_id": "a1"})
    refused = octopush.refuse("email", metadata={"request_id": "a1"})
    assert refused == {"code": 182, "message": "This request_id was already used."}


@says("metadata.request_id: A request_id will expire after 24 hours")
def _(octopush: Octopush) -> None:
    octopush.accept("sms", metadata={"request_id": "a1"})
    octopush.clock.advance(hours=24, seconds=-1)
    octopush.refuse("sms", metadata={"request_id": "a1"})
    octopush.clock.advance(seconds=1)
    octopush.accept("sms", metadata={"request_id": "a1"})


@says("metadata.emailing_service: The emailing service for the email channel [mailbox, gateway]")
def _(octopush: Octopush) -> None:
    octopush.keep("email", "emailing_service", "mailbox", "gateway")
    assert "emailing_service" not in octopush.accept("email", metadata={"emailing_service": "pigeon"}).options
    assert octopush.forgiven() == [("metadata.emailing_service", "ignored")]


@says("metadata.email_from: The sender's email address for the email channel")
def _(octopush: Octopush) -> None:
    octopush.keep("email", "email_from", "shop@example.com")


@says("metadata.name_from: The sender's name for the email channel")
def _(octopush: Octopush) -> None:
    octopush.keep("email", "name_from", "The Octopus & Sons, Paris")


@says("metadata.subject: The subject for the email channel (max 1000 characters)")
def _(octopush: Octopush) -> None:
    octopush.keep("email", "subject", "a", "é" * 1000)
    assert octopush.accept("email", metadata={"subject": "é" * 1001}).options["subject"] == "é" * 1000
    assert octopush.forgiven() == [("metadata.subject", "changed")]


@says("metadata.template_name: The template name used for the email channel")
def _(octopush: Octopush) -> None:
    octopush.keep("email", "template_name", "welcome")
    assert octopush.accept("email", text=None).options["template_name"] == "welcome_email_template"
    assert octopush.refuse("email", text=None, metadata={"template_name": None})["code"] == 107


@says("metadata.body_format: plain_text (default) or html")
def _(octopush: Octopush) -> None:
    octopush.keep("email", "body_format", "plain_text", "html")
    assert octopush.accept("email").options["body_format"] == "plain_text"
    octopush.default("email", "body_format", "markdown", "plain_text")


@says("metadata.body_format: Applies only to the text field, not metadata.template_name")
def _(octopush: Octopush) -> None:
    message = octopush.accept("email", text="<b>Hi</b>", metadata={"body_format": "html", "template_name": "<b>"})
    assert (message.text, message.options["template_name"]) == ("<b>Hi</b>", "<b>")


@says("metadata.language: The language used for the unsubscription mention in the email channel")
def _(octopush: Octopush) -> None:
    octopush.keep("email", "language", "fr", "en")


@says("metadata.message_type: [simple_text, rich_card]. Default is simple_text, for the RCS channel")
def _(octopush: Octopush) -> None:
    octopush.keep("rcs", "message_type", "simple_text", "rich_card")
    assert octopush.accept("rcs").options["message_type"] == "simple_text"
    octopush.default("rcs", "message_type", "carousel", "simple_text")


@says("metadata.cards: visual cards with media and content, used when message_type is rich_card, for the RCS channel")
def _(octopush: Octopush) -> None:
    cards = [{"title": "Hello", "media": {"url": "https://example.com/a.png"}}]
    assert octopush.accept("rcs", metadata={"message_type": "rich_card", "cards": cards}).options["cards"] == cards
    assert octopush.forgiven() == []
    octopush.accept("rcs", metadata={"cards": cards})
    assert octopush.forgiven() == [("metadata.cards", "ignored")]
    octopush.accept("sms", metadata={"cards": cards})
    assert octopush.forgiven() == [("metadata.cards", "ignored")]


@says(
    "metadata.actions: interactive options (e.g., buttons), used when message_type is simple_text, for the RCS channel"
)
def _(octopush: Octopush) -> None:
    actions = [{"type": "open_url", "text": "Look", "url": "https://example.com"}]
    octopush.keep("rcs", "actions", actions)
    octopush.accept("rcs", metadata={"message_type": "rich_card", "cards": [{}], "actions": actions})
    assert octopush.forgiven() == [("metadata.actions", "ignored")]


@says("If a parameter has the wrong value, we will try to understand it anyway")
def _(octopush: Octopush) -> None:
    message = octopush.accept("sms", purpose=" ALERT ", metadata={"type": "SMS_PREMIUM"})
    assert (message.purpose, message.options["type"]) == ("alert", "sms_premium")
    assert octopush.forgiven() == [("purpose", "changed"), ("metadata.type", "changed")]


@says("If the parameter has the wrong type, we will try to format it as best we can")
def _(octopush: Octopush) -> None:
    message = octopush.accept("sms", text=42, list_name=7, recipients={"phone_number": "+33600000123"})
    assert (message.text, message.list_name, message.address) == ("42", "7", "+33600000123")
    assert octopush.forgiven() == [("text", "cast"), ("list_name", "cast"), ("recipients", "cast")]


@says("we have determined default values, which are indicated in our documentation")
def _(octopush: Octopush) -> None:
    assert octopush.accept("rcs", metadata={"message_type": 3}).options["message_type"] == "simple_text"
    assert octopush.accept("email", metadata={"body_format": []}).options["body_format"] == "plain_text"
    assert octopush.forgiven() == [("metadata.body_format", "defaulted")]


@says("If a parameter could not be recognized or fixed, we will ignore it, but your request will be sent")
def _(octopush: Octopush) -> None:
    octopush.accept("sms", sendat="2030-01-01T10:00:00Z", send_at="next week", metadata={"reqest_id": "a1"})
    assert sorted(octopush.forgiven()) == [
        ("metadata.reqest_id", "ignored"),
        ("send_at", "ignored"),
        ("sendat", "ignored"),
    ]
    assert {one.state for one in octopush.sandbox.messages()} == {"sent"}  # now, and not in 2030
    octopush.accept("sms", simulation_mod=True)
    assert octopush.sandbox.count() == 4


@says("we will try to: cast (convert) it so that it can be understood")
def _(octopush: Octopush) -> None:
    for value in ("true", "True", "1", 1, "yes"):
        assert octopush.accept("sms", metadata={"with_replies": value}).options["with_replies"] is True
        assert octopush.forgiven() == [("metadata.with_replies", "cast")]
        assert octopush.send("sms", simulation_mode=value)[0] == 201
    assert octopush.sandbox.count() == 10


@says("we will try to: format it (delete prohibited characters for example)")
def _(octopush: Octopush) -> None:
    message = octopush.accept("sms", sender="Octo-Shop!", recipients=[{"phone_number": "+33 (6) 00.00-01/23"}])
    assert (message.sender, message.address) == ("OctoShop", "+33600000123")
    assert octopush.forgiven() == [("sender", "changed"), ("recipients[].phone_number", "changed")]


@says("transmit several frames of 200 to 500 numbers at a time")
def _(octopush: Octopush) -> None:
    people = [{"phone_number": f"+336000{at:05}"} for at in range(700)]
    for frame in (people[:200], people[200:]):
        octopush.accept("sms", recipients=frame)
    assert octopush.forgiven() == []
    assert len({one.address for one in octopush.sandbox.messages()}) == 700


def check_example(octopush: Octopush, channel: str) -> None:
    """Every field of a request example arrives with its value, and nothing has to be forgiven."""
    example = octopush.examples[channel]
    message = octopush.accept(channel)
    told = {**message.options, "sender": message.sender, "purpose": message.purpose, "send_at": message.send_at}
    told |= {"text": message.text, "channel": message.channel, "list_name": message.list_name}
    wanted = {**example, **example["metadata"]}
    for name in wanted.keys() - {"recipients", "metadata", "simulation_mode"}:
        assert told[name] == wanted[name], name
    assert octopush.forgiven() == []
    assert octopush.sandbox.count() == len(example["recipients"])


@says("Request body example: SMS Campaign")
def _(octopush: Octopush) -> None:
    check_example(octopush, "sms")


@says("Request body example: Voice SMS Campaign")
def _(octopush: Octopush) -> None:
    check_example(octopush, "voice_sms")


@says("RCS: you must first create your identity, called an Agent")
def _(octopush: Octopush) -> None:
    sandbox = Sandbox(octopush.sandbox.storage, octopush.clock, Settings(rcs_agent=False))
    without = Octopush(sandbox=sandbox, clock=octopush.clock, examples=octopush.examples)
    without.refuse("rcs")
    without.accept("sms")
    octopush.accept("rcs")


@says("Request body example: RCS Campaign")
def _(octopush: Octopush) -> None:
    check_example(octopush, "rcs")


@says("Request body example: Email Campaign")
def _(octopush: Octopush) -> None:
    check_example(octopush, "email")


def check_answer(octopush: Octopush, channel: str, example: dict[str, Any]) -> None:
    """An answer has the keys of the documented one, in its order, and values of its types."""
    _, answer = octopush.send(channel)
    assert list(answer) == list(example)
    assert [type(one) for one in answer.values()] == [type(one) for one in example.values()]
    key = next(iter(example))
    assert len(answer[key]) == len(example[key])
    assert answer[key].partition("_")[0] == example[key].partition("_")[0]


@says("Server response example: Success of a SMS campaign")
def _(octopush: Octopush) -> None:
    example = {
        "sms_ticket": "sms_5f3fbce61266e",
        "number_of_contacts": 5,
        "total_cost": 5.00502839,
        "number_of_sms_needed": 5,
        "residual_credit": 50.75,
        "message": "******",
    }
    check_answer(octopush, "sms", example)
    assert octopush.send("sms")[1]["message"] == "******"


@says("Server response example: Bad request from an SMS campaign (121, Mention STOP is missing)")
def _(octopush: Octopush) -> None:
    # the sentence of code that Octopush published is longer than the one of this page; the code counts
    refused = octopush.refuse("sms", purpose="wholesale")
    assert (list(refused), refused["code"]) == (["code", "message"], 121)
    assert "STOP" in refused["message"]
    octopush.accept("sms", purpose="wholesale", text="Sale STOP au 30101")


@says("Server response example: Success of a Voice SMS campaign")
def _(octopush: Octopush) -> None:
    example = {
        "ticket_number": "voice_5f44ebf9e47b7",
        "number_of_contacts": 1,
        "total_cost": 0.05,
        "estimated_duration": 30,
        "residual_credit": 149.95,
    }
    check_answer(octopush, "voice_sms", example)
    Steering(octopush.sandbox).set_credit(Decimal(150))
    people = [{"phone_number": "+33111222333"}]
    _, answer = octopush.send("voice_sms", recipients=people, auto_remove_blacklisted_contacts=False)
    assert answer | {"ticket_number": example["ticket_number"]} == example


@says("Server response example: Bad request from a Voice campaign (400, errors, voice_language, 442)")
def _(octopush: Octopush) -> None:
    assert octopush.refuse("voice_sms", metadata={"voice_language": "xx-XX"}) == {
        "code": 400,
        "message": "Payload validation error.",
        "errors": {"voice_language": {"code": 442, "message": "Voice language not supported."}},
    }


@says("Server response example: Success of a Email campaign")
def _(octopush: Octopush) -> None:
    example = {
        "ticket_number": "email_5f44ebf9e47b7",
        "number_of_contacts": 1,
        "total_cost": 0.05,
        "residual_credit": 149.95,
    }
    check_answer(octopush, "email", example)


@says("Server response example: Bad request from a Email campaign (2005, [destination email] field should be valid)")
def _(octopush: Octopush) -> None:
    expected = {"code": 2005, "message": "[destination email] field should be valid."}
    for address in ("nobody", "a@b", "a b@example.com", "@example.com"):
        assert octopush.refuse("email", recipients=[{"email": address}]) == expected


@pytest.mark.parametrize("sentence", [pytest.param(one, id=one) for one in SENTENCES])
def test_the_sandbox_keeps_to_the_sentence(sentence: str, octopush: Octopush) -> None:
    SENTENCES[sentence](octopush)


PARAMETERS = [
    "channel",
    "text",
    "recipients",
    "sender",
    "send_at",
    "purpose",
    "list_name",
    "simulation_mode",
    "recipient_tracking",
    "auto_optimize_text",
    "auto_remove_blacklisted_contacts",
    "metadata.type",
    "metadata.with_replies",
    "metadata.voice_gender",
    "metadata.voice_language",
    "metadata.get_back_pressed_keys",
    "metadata.request_id",
    "metadata.emailing_service",
    "metadata.email_from",
    "metadata.name_from",
    "metadata.subject",
    "metadata.template_name",
    "metadata.body_format",
    "metadata.language",
    "metadata.message_type",
    "metadata.cards",
    "metadata.actions",
]
"""The names in the contract's table of parameters, in its order."""


def test_every_parameter_of_the_contract_has_a_sentence_and_a_row_and_no_row_is_without() -> None:
    quoted = dict.fromkeys(name for sentence in SENTENCES if (name := sentence.partition(": ")[0]) in PARAMETERS)
    assert list(quoted) == PARAMETERS
    rows = {row.label for row in MULTI_CHANNEL_SEND.fields}
    assert rows | {CHANNEL, RECIPIENTS} == set(PARAMETERS)
