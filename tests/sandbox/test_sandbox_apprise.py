"""Apprise, a client that nobody here wrote, sends through its own Octopush plug-in, and the sandbox judges it."""

import logging
from collections.abc import Callable, Iterator

import apprise
import pytest
from apprise.plugins.octopush import NotifyOctopush

from octoplan.sandbox.testing import Octopush, run_octopush

# it loads the plug-ins of all that it can notify, and with them modules that Python is about to drop
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

Notify = Callable[..., bool]
ANN, BOB, EVE = "+33600000123", "+33600000124", "+4915700000001"


@pytest.fixture
def octopush() -> Iterator[Octopush]:
    with run_octopush() as running:
        yield running


@pytest.fixture
def notify(octopush: Octopush, monkeypatch: pytest.MonkeyPatch) -> Notify:
    """Send a text as somebody with an apprise URL does; whether Apprise says that it went well."""
    monkeypatch.setattr(NotifyOctopush, "notify_url", f"{octopush.url}/sms-campaign/send")
    monkeypatch.setattr(NotifyOctopush, "request_rate_per_sec", 0)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    logging.getLogger("apprise").setLevel(logging.CRITICAL)

    def notify(text: str, *numbers: str, who: str = "ann@example.com", **options: str) -> bool:
        query = "?" + "&".join(f"{name}={value}" for name, value in options.items()) if options else ""
        client = apprise.Apprise()
        assert client.add(f"octopush://{who}/s3cret-k3y/{'/'.join(numbers)}{query}")
        return bool(client.notify(body=text))

    return notify


def test_an_sms_of_apprise_arrives_and_nothing_has_to_be_forgiven(octopush: Octopush, notify: Notify) -> None:
    assert notify("The disk is full.", ANN)
    (message,) = octopush.messages()
    assert (message.channel, message.address, message.text) == ("sms", ANN, "The disk is full.")
    assert (message.sender, message.purpose, message.options["type"]) == ("Apprise", "alert", "sms_premium")
    (entry,) = octopush.requests()
    assert entry.endpoint == "POST /v1/public/sms-campaign/send"
    assert octopush.forgiven() == ()


def test_each_recipient_is_a_request_unless_they_are_a_batch(octopush: Octopush, notify: Notify) -> None:
    assert notify("Hello", ANN, BOB, EVE)
    assert [one.contacts for one in octopush.requests()] == [1, 1, 1]
    octopush.reset()
    assert notify("Hello", ANN, BOB, EVE, batch="yes")
    assert [one.contacts for one in octopush.requests()] == [3]
    assert [one.address for one in octopush.messages()] == [ANN, BOB, EVE]
    assert octopush.forgiven() == ()


def test_a_batch_of_501_goes_out_as_500_and_one(octopush: Octopush, notify: Notify) -> None:
    numbers = [f"+336000{at:05}" for at in range(501)]
    assert notify("Hello", *numbers, batch="yes")
    assert [one.contacts for one in octopush.requests()] == [500, 1]
    assert [one.address for one in octopush.messages()] == numbers


def test_the_options_of_apprise_arrive(octopush: Octopush, notify: Notify) -> None:
    assert notify("Sale STOP au 30101", EVE, purpose="wholesale", type="sms_low_cost", replies="yes")
    (message,) = octopush.messages()
    assert (message.purpose, message.options["type"]) == ("wholesale", "sms_low_cost")
    assert message.options["with_replies"] is True
    assert octopush.forgiven() == ()


def test_characters_that_a_sender_may_not_have_are_deleted_and_noted(octopush: Octopush, notify: Notify) -> None:
    assert notify("Hello", ANN, who="My-Shop:ann@example.com")
    assert octopush.messages()[0].sender == "MyShop"
    assert [(one.field, one.how) for one in octopush.forgiven()] == [("sender", "changed")]


def test_apprise_says_that_a_refused_message_did_not_go(octopush: Octopush, notify: Notify) -> None:
    assert not notify("Sale", ANN, purpose="wholesale")
    assert [one.code for one in octopush.requests()] == [121]
    assert octopush.messages() == ()


def test_without_a_request_id_a_lost_answer_sends_twice(octopush: Octopush, notify: Notify) -> None:
    octopush.fault("reset_after")
    assert not notify("Hello", ANN)
    assert notify("Hello", ANN)
    assert [one.address for one in octopush.messages()] == [ANN, ANN]
