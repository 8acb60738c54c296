"""A sandbox in memory, a clock that tests advance, and the contract's own requests."""

import copy
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from octoplan.sandbox.core import Sandbox
from octoplan.sandbox.exchange import Request
from octoplan.sandbox.storage import Storage

_SEND = "/v1/public/multi-channel/send"
_HEADERS = {"api-login": "me@example.com", "API-Key": "s3cret-k3y"}


class Clock:
    """Stands still until it is advanced."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 3, 10, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


def _sms(**changes: Any) -> dict[str, Any]:
    return {
        "channel": "sms",
        "text": "Hello, this is a test message.",
        "recipients": [{"phone_number": "+33600000123"}, {"phone_number": "+33600000124"}],
        "sender": "SenderName",
        "purpose": "alert",
        "metadata": {"type": "sms_premium"},
    } | changes


_CONTRACT: dict[str, dict[str, Any]] = {
    "sms": _sms(
        send_at="2024-12-19T10:00:00-07:00",
        list_name="sms_list",
        simulation_mode=False,
        recipient_tracking=True,
        auto_optimize_text=True,
        auto_remove_blacklisted_contacts=True,
        metadata={"type": "sms_premium", "with_replies": True},
    ),
    "voice_sms": {
        "channel": "voice_sms",
        "text": "Hello, this is a voice message test.",
        "recipients": [{"phone_number": "+33111222333"}, {"phone_number": "+33111222334"}],
        "sender": "SenderName",
        "send_at": "2024-12-19T10:00:00-07:00",
        "purpose": "alert",
        "list_name": "voice_sms_list",
        "simulation_mode": False,
        "auto_remove_blacklisted_contacts": True,
        "metadata": {
            "type": "voice_sms",
            "voice_gender": "male",
            "voice_language": "en-US",
            "get_back_pressed_keys": True,
        },
    },
    "rcs": {
        "channel": "rcs",
        "text": "Hello, this is a test RCS message.",
        "recipients": [{"phone_number": "+33111222333"}, {"phone_number": "+33111222334"}],
        "send_at": "2024-12-19T10:00:00-07:00",
        "purpose": "alert",
        "list_name": "rcs_list",
        "simulation_mode": False,
        "auto_remove_blacklisted_contacts": True,
        "metadata": {"with_replies": True},
    },
    "email": {
        "channel": "email",
        "text": "This is the content of your email.",
        "recipients": [{"email": "ann@example.com"}, {"email": "Bob@example.org"}],
        "sender": "SenderName",
        "send_at": "2024-12-19T10:00:00-07:00",
        "purpose": "alert",
        "list_name": "email_list",
        "metadata": {
            "email_from": "shop@example.com",
            "name_from": "Sender Name",
            "subject": "Test Email",
            "emailing_service": "gateway",
            "template_name": "welcome_email_template",
        },
    },
}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def storage() -> Iterator[Storage]:
    with Storage.in_memory() as storage:
        yield storage


@pytest.fixture
def sandbox(storage: Storage, clock: Clock) -> Sandbox:
    return Sandbox(storage, clock)


@pytest.fixture
def ask() -> Callable[..., tuple[int, dict[str, Any]]]:
    """Ask a sandbox: content as JSON, or raw bytes -> status, answer."""

    def ask(sandbox: Sandbox, content: object, headers: dict[str, str] | None = None) -> tuple[int, dict[str, Any]]:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        request = Request(method="POST", path=_SEND, headers=_HEADERS if headers is None else headers, body=body)
        answer = sandbox.answer(request)
        assert answer.headers["content-type"] == "application/json"
        found = json.loads(answer.body)
        assert isinstance(found, dict)
        return answer.status, found

    return ask


@pytest.fixture
def post(sandbox: Sandbox, ask: Callable[..., Any]) -> Callable[..., Any]:
    """Ask the test's own sandbox."""
    return lambda content, headers=None: ask(sandbox, content, headers)


@pytest.fixture
def sms() -> Callable[..., dict[str, Any]]:
    """Make an SMS request that nothing has to be forgiven of."""
    return _sms


@pytest.fixture
def contract() -> dict[str, dict[str, Any]]:
    """Give the contract's four request examples; the masked e-mail addresses are replaced."""
    return copy.deepcopy(_CONTRACT)
